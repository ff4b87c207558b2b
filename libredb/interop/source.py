"""The bytes of an import: read once, from the front, and counted and digested as they are used.

A format takes its bytes here and nowhere else. `offset` is how many were taken, and `position()`
tells it with the SHA-256 of them all, so that a later run can find out that it goes on in the same
file. What is read ahead is not taken yet. Absent on purpose: seeking; a resumed import reads the
bytes before its place once more, which is what the digest is for.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from libredb.kernel.errors import UsageTypeError, UsageValueError

Source = str | os.PathLike[str] | BinaryIO
"""A path, or a stream of bytes that is read from where it is."""

MAX_ROW_BYTES = 64 << 20
"""The longest line: one that never ends must not fill the memory."""

CHUNK_BYTES = 1 << 18


class Position(NamedTuple):
    """A place in a source, and the digest of all that is before it."""

    offset: int
    sha256: str


class ByteSource:
    """A stream of bytes with a name. Invariant: `offset` bytes were taken, with `lines` ends."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Take a stream, which may be where it likes, and what errors call it."""
        if isinstance(file, io.TextIOBase):
            raise UsageTypeError(f"{name} is a stream of text; open it with mode 'rb'")
        self.name = name
        self.size: int | None = _size(file)
        self.offset: int = 0
        self.lines: int = 0
        self._file = file
        self._digest = sha256()
        self._undigested: list[bytes] = []

    def readline(self) -> bytes:
        """Take the next line, with its end; empty at the end of the source.

        Of a line of more than MAX_ROW_BYTES it is the beginning.
        """
        line = self._file.readline(MAX_ROW_BYTES)
        self.offset += len(line)
        self.lines += line[-1:] == b"\n"
        self._undigested.append(line)
        return line

    def read_ahead(self, length: int = CHUNK_BYTES) -> bytes:
        """Return the next bytes, which are to be taken later; empty at the end of the source."""
        return self._file.read(length)

    def take(self, data: bytes) -> None:
        """Count bytes that were read ahead."""
        self.offset += len(data)
        self.lines += data.count(b"\n")
        self._undigested.append(data)

    def skip_to(self, offset: int) -> None:
        """Take all bytes up to an offset, or up to the end if that comes first."""
        while self.offset < offset:
            data = self._file.read(min(CHUNK_BYTES, offset - self.offset))
            if not data:
                return
            self.take(data)
            self.position()

    def position(self) -> Position:
        """Return the place up to which bytes were taken."""
        self._digest.update(b"".join(self._undigested))
        self._undigested.clear()
        return Position(self.offset, self._digest.hexdigest())


@contextmanager
def opened(source: Source) -> Iterator[ByteSource]:
    """Open a path for the block, or take a stream as it is."""
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            yield ByteSource(file, os.fspath(source))
    else:
        yield ByteSource(source, str(getattr(source, "name", "the stream")))


def require_rewindable(source: ByteSource) -> None:
    """Refuse to resume what nobody can read again.

    Raises:
        UsageValueError: it is a pipe, a socket or a terminal.
    """
    if source.size is None:
        raise UsageValueError(
            f"{source.name} cannot be resumed, for it is no file; import it from a file"
        )


def _size(file: BinaryIO) -> int | None:
    """Return how many bytes there are from here to the end, or None where the end is not known."""
    if not file.seekable():
        return None
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end - here
