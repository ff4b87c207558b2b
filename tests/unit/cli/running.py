"""Commands, run in this process or as one of their own; and a demo on a part of its data."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, cast
from unittest import mock

from libredb.cli.console import Console
from libredb.cli.demo import story
from libredb.cli.main import main

CHARACTERS = 1_200
"""Enough to have the Greek block among them."""


def run_demo(
    directory: Path, after_kill: Callable[[Path], None] | None = None, *, kills: int = 1
) -> tuple[int, str]:
    """Run a small demo; return its exit code and what it printed."""
    out = io.StringIO()
    options = story.Options(directory, kills, CHARACTERS)
    code = story.run(Console(out, io.StringIO()), options, after_kill=after_kill)
    return code, out.getvalue()


def raise_error(error: BaseException) -> Callable[..., object]:
    """Return a function that takes anything and raises `error`."""

    def fail(*args: object) -> object:
        raise error

    return fail


def start_demo(*arguments: str, temporary: Path | None = None) -> subprocess.Popen[str]:
    """Start `libredb demo` as a process, in `temporary` as its place for temporary files."""
    environment = {} if temporary is None else {"TMPDIR": str(temporary)}
    return subprocess.Popen(
        [sys.executable, "-m", "libredb", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | environment,
        text=True,
    )


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read what the process prints, up to and including the first line with `text`."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"it ended with {process.wait()} and never printed {text!r}")


def named(value: object) -> str:
    """Return what a case is called in a report: its arguments, and nothing for what it expects."""
    return " ".join(map(str, cast(list[object], value)))[:60] if isinstance(value, list) else ""


class Ran(NamedTuple):
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str
    data: bytes
    """What it has printed on stdout, as bytes."""


def run(*arguments: str, stdin: bytes = b"", encoding: str = "utf-8") -> Ran:
    """Run a command in this process, its streams pipes of this encoding."""
    out, err = io.BytesIO(), io.BytesIO()
    with (
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding)),
        mock.patch.object(sys, "stdout", io.TextIOWrapper(out, encoding)),
        mock.patch.object(sys, "stderr", io.TextIOWrapper(err, encoding)),
    ):
        try:
            code = main(list(arguments))
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        data = out.getvalue()
        return Ran(code, data.decode(encoding, "replace"), err.getvalue().decode(encoding), data)


@contextmanager
def unchanged(folder: Path) -> Iterator[None]:
    """Fail if a file of a folder has other bytes or another time afterwards, or is new or gone."""
    before = _facts(folder)
    yield
    assert _facts(folder) == before


def _facts(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
