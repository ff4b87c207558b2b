"""Claim: `libredb delete` deletes one key, and says if it was not there."""

from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import run

pytestmark = pytest.mark.cpython  # commands open files of the operating system


@pytest.mark.parametrize(
    "arguments",
    [
        ["greeting"],
        ["--hex", "6772656574696e67"],
        ["theme", "-n", "settings"],
        ["n1", "--namespace", "notes"],
        ["2", "-n", "people"],
    ],
    ids=" ".join,
)
def test_what_is_deleted_is_gone_and_cannot_be_deleted_again(
    app: Path, arguments: list[str]
) -> None:
    assert run("delete", "app.libredb", *arguments) == (0, "", "", b"")
    assert run("get", "app.libredb", *arguments).code == 1
    again = run("delete", "app.libredb", *arguments)
    assert again.code == 1
    assert again.err.startswith("libredb: there is no key '")
    assert run("verify", "app.libredb", "--deep").code == 0


def test_what_cannot_be_deleted_is_told(app: Path) -> None:
    assert run("delete", "app.libredb", "\\xfe\\x00").code == 2
    assert run("delete", "app.libredb", "x", "-n", "nothing").code == 1
    assert run("delete", "missing.libredb", "x").code == 5
    with libredb.open(app):
        assert run("delete", "app.libredb", "greeting").code == 3
