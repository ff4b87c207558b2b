"""A command in a real terminal: a pty of some width, in this process."""

import fcntl
import os
import pty
import re
import struct
import sys
import termios
import threading
from collections.abc import Mapping
from unittest import mock

from libredb.cli.main import main

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves a cursor or changes a colour."""


def run_in_terminal(
    *arguments: str,
    columns: int = 80,
    encoding: str = "utf-8",
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run a command whose stdout and stderr are a terminal; return its exit code and what it shows.

    The environment has nothing about terminals but what is given.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    pieces: list[bytes] = []
    reader = threading.Thread(target=_read_all, args=(ours, pieces))
    reader.start()
    kept = {name: os.environ[name] for name in os.environ if name not in ("COLUMNS", "NO_COLOR")}
    wanted = kept | {"TERM": "xterm-256color"} | dict(environment or {})
    try:
        with (
            open(theirs, "w", encoding=encoding, buffering=1) as out,  # noqa: PTH123 - a descriptor has no path
            mock.patch.dict(os.environ, wanted, clear=True),
            mock.patch.object(sys, "stdout", out),
            mock.patch.object(sys, "stderr", out),
        ):
            try:
                code = main(list(arguments))
            except SystemExit as stopped:
                code = int(stopped.code or 0)
    finally:
        reader.join()
        os.close(ours)
    return code, b"".join(pieces).decode(encoding).replace("\r\n", "\n")


def without_sequences(shown: str) -> str:
    """Return the text of what was shown, without colours and movements."""
    return SEQUENCE.sub("", shown)


def _read_all(descriptor: int, pieces: list[bytes]) -> None:
    try:
        while piece := os.read(descriptor, 4096):
            pieces.append(piece)
    except OSError:
        return  # Linux says so when nobody has the other end any more
