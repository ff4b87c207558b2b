"""The bytes of stdin and stdout, where a command takes or gives them as they are."""

import sys
from collections.abc import Iterator
from typing import TextIO

PIECE_BYTES = 1 << 20


def from_stdin() -> bytes:
    """Return all of stdin; whoever types it is told how that ends."""
    if sys.stdin.isatty():
        print("libredb: type the value, then Ctrl-D at the start of a line", file=sys.stderr)
    return sys.stdin.buffer.read()


def pieces_of_stdin() -> Iterator[bytes]:
    """Yield stdin, a mebibyte at a time."""
    while piece := sys.stdin.buffer.read(PIECE_BYTES):
        yield piece


def write_bytes(out: TextIO, data: bytes) -> None:
    """Write bytes behind what was written as text."""
    out.flush()
    out.buffer.write(data)
