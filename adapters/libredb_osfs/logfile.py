"""One open file: positional reads and writes that are whole or raise, and room kept ahead.

When room is kept, and why, is told in `libredb.room`. Where it is refused, what was filled is cut
off again and the write goes on. Deliberately absent: fallocate, which reserves blocks that still
have to be journaled at their first write; cutting the room off at close, which is the log's own
truncate; and a buffer.
"""

import contextlib
import errno
import os
import warnings

from libredb.kernel.filesystem import Uncopyable
from libredb.room import Room
from libredb_osfs.handle import Handle
from libredb_osfs.sync import sync_data

STEP_BYTES = 1 << 20
"""Room ends at a multiple of this."""

SMALL_BYTES = STEP_BYTES // 16
"""Only growth up to this is worth room."""


class OsLogFile(Uncopyable):
    """A log file on a descriptor of its own. Keeps P1 to P6."""

    droppable = False
    """Whether dropping it without `close` is no mistake: it is only read, or was replaced."""

    def __init__(self, handle: Handle, room: Room) -> None:
        """Work on `handle`, a file that nobody else writes to; `room` is for it alone."""
        self.handle = handle
        self.room = room

    def size(self) -> int:
        """Return the length of the file, reserved zero bytes included."""
        return os.fstat(self.handle.descriptor()).st_size

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end of the file."""
        descriptor = self.handle.descriptor()
        data = os.pread(descriptor, length, offset)
        if len(data) == length:
            return data
        # The system may return less than there is, for example by its limit of 2 GiB a call. Only
        # an empty answer means the end of the file.
        pieces = [data]
        while data and length > len(data):
            offset += len(data)
            length -= len(data)
            data = os.pread(descriptor, length, offset)
            pieces.append(data)
        return b"".join(pieces)

    def write(self, offset: int, data: bytes, /) -> int:
        """Write all of `data` at `offset`, not yet durable; return the count of bytes written.

        Raises:
            OSError: Some of the bytes may be in the file, and some may not.
        """
        descriptor = self.handle.descriptor()
        length = len(data)
        if offset + length > self.room.end:
            self._grow_to(offset + length, descriptor)
        _write_all(descriptor, data, offset)
        return length

    def sync(self) -> None:
        """Make every earlier write and truncate of this file durable."""
        end = self.room.end
        sync_data(self.handle.descriptor())
        self.room.synced(end)

    def truncate(self, length: int, /) -> None:
        """Cut the file to `length`, not yet durable, and forget the room behind it."""
        os.ftruncate(self.handle.descriptor(), length)
        self.room.truncated(length)

    def in_place(self) -> bool:
        """Return whether its path still leads to this file.

        It does not after the file, or a folder on the way to it, was renamed, removed or replaced:
        whoever opens the path does not find what is written then.
        """
        opened = os.fstat(self.handle.descriptor())
        try:
            return os.path.samestat(opened, os.lstat(self.handle.path))
        except (FileNotFoundError, NotADirectoryError):
            return False

    def close(self) -> None:
        """Give the descriptor back without making anything durable; twice is fine."""
        self.handle.close()

    def _grow_to(self, end: int, descriptor: int) -> None:
        """Expect a write that ends at `end`, and reserve room behind it where that is worth it."""
        if self.room.grows(end):
            size = os.fstat(descriptor).st_size
            room_end = self.room.wanted(end, size)
            if room_end:
                self._reserve(size, room_end, descriptor)

    def _reserve(self, size: int, room_end: int, descriptor: int) -> None:
        """Fill `[size, room_end)` with zeros, or leave the file as it was."""
        try:
            _write_all(descriptor, bytes(room_end - size), size)
            self.room.granted(room_end)
        except OSError:
            self.room.refused(room_end)
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)

    def __del__(self) -> None:
        """Give back the descriptor of a file that was dropped, and say that it was."""
        handle: Handle | None = getattr(self, "handle", None)  # __init__ may never have run
        if handle is not None and handle.is_open:
            with contextlib.suppress(OSError):
                handle.close()
            if not self.droppable:
                message = f"libredb database left open: {handle.path}"
                warnings.warn(message, ResourceWarning, stacklevel=2, source=self)


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write until every byte was taken, in one call where the system lets us.

    After a signal Python goes on by itself, unless the handler raised, and that passes through.
    """
    count = os.pwrite(descriptor, data, offset)
    if count == len(data):
        return
    rest = memoryview(data)
    while count < len(rest):
        if count == 0:
            raise OSError(errno.ENOSPC, "the system accepted no more bytes")
        rest = rest[count:]
        offset += count
        count = os.pwrite(descriptor, rest, offset)
