"""One open file: positional reads and writes that are whole or raise, and room kept ahead.

A sync that changes the length of a file also has to write the file system's own journal, and takes
half as long again as one that does not. So the first write after a sync that would grow the file
first fills it with zeros up to the next mebibyte, and the commits that follow overwrite zeros:

    | records | this write |  zeros, up to a multiple of 1 MiB  |
    ^ offset 0      the end of the file before ^ this write: zeros are never put below it

Room is a favour and no promise: where it is refused (disk full, quota, a limit on file sizes),
what was filled is cut off again and the write goes on without it. Deliberately absent: fallocate,
which reserves blocks that still have to be journaled at their first write; cutting the room off at
close, which is the log's own truncate; and a buffer.
"""

import contextlib
import errno
import os
import warnings

from libredb.kernel.filesystem import Uncopyable
from libredb_osfs.handle import Handle
from libredb_osfs.sync import sync_data

STEP_BYTES = 1 << 20
"""Room ends at a multiple of this."""

SMALL_BYTES = STEP_BYTES // 16
"""Only growth up to this is worth room: beyond it, writing twice costs more than the journal."""


class OsLogFile(Uncopyable):
    """A log file on a descriptor of its own. Keeps P1 to P6.

    Invariant: room is reserved by a write if and only if (1) a sync returned and neither a
    truncate nor growth came after it, (2) the write grows the file, by at most SMALL_BYTES, and
    (3) it ends beyond the room that was refused last. By (1) neither a next file, which is
    written in big pieces before its first sync, nor the second unsynced commit pays for it.
    """

    def __init__(self, handle: Handle, length_bytes: int) -> None:
        """Work on `handle`, a file of `length_bytes` that nobody else writes to."""
        self.handle = handle
        # Where the file ends as far as this object knows; it only tells a write whether to look.
        self._end = length_bytes
        self._may_reserve = False
        self._refused_end = 0

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
        end = offset + len(data)
        if end > self._end:
            self._grow_to(end, descriptor)
        _write_all(descriptor, data, offset)
        return len(data)

    def sync(self) -> None:
        """Make every earlier write and truncate of this file durable."""
        sync_data(self.handle.descriptor())
        self._may_reserve = True

    def truncate(self, length: int, /) -> None:
        """Cut the file to `length`, not yet durable, and forget the room behind it."""
        os.ftruncate(self.handle.descriptor(), length)
        self._end = length
        self._may_reserve = False
        self._refused_end = 0

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
        may_reserve, self._may_reserve = self._may_reserve, False
        self._end = end
        if may_reserve and end > self._refused_end:
            # Zeros go where the file really ends, not where this object believes it does.
            size = os.fstat(descriptor).st_size
            if size <= end <= size + SMALL_BYTES:
                self._reserve(size, (end // STEP_BYTES + 1) * STEP_BYTES, descriptor)

    def _reserve(self, size: int, room_end: int, descriptor: int) -> None:
        """Fill `[size, room_end)` with zeros, or leave the file as it was."""
        try:
            _write_all(descriptor, bytes(room_end - size), size)
            self._end = room_end
        except OSError:
            # A full disk is asked again only after the log has grown through the room it refused:
            # at most one vain attempt in a mebibyte, and no clock to tell when there is space.
            self._refused_end = room_end
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)

    def __del__(self) -> None:
        """Give back the descriptor of a file that was dropped, and say that it was."""
        handle: Handle | None = getattr(self, "handle", None)  # __init__ may never have run
        if handle is not None and handle.is_open:
            with contextlib.suppress(OSError):
                handle.close()
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
