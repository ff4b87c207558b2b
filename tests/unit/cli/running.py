"""A demo on a part of its data, run in this process or as a command of its own."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from libredb.cli.console import Console
from libredb.cli.demo import story

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
