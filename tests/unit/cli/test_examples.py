"""Claim: the example in the help of a command works as it stands, where `app.libredb` is."""

import shlex
from pathlib import Path

import pytest

from libredb.cli.commands import load
from tests.unit.cli.running import run

pytestmark = pytest.mark.cpython  # commands open files of the operating system

# Those that change what another one needs come last; the demo has tests of its own.
NAMES = [
    *("inspect", "get", "scan", "find", "log", "verify", "backup", "restore", "shell"),
    *("completion", "set", "delete", "compact"),
]


def test_every_example_works_in_the_folder_of_a_database(app: Path) -> None:
    for name in NAMES:
        program, *arguments = shlex.split(load(name).EXAMPLE)
        assert program == "libredb"
        done = run(*arguments)
        assert (done.code, done.err) == (0, ""), name
        is_silent = name in {"set", "delete"}
        assert (done.out == "") == is_silent, name
