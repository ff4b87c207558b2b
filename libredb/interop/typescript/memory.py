"""A file system in memory: where a database is made that may come into its place only as a whole.

It keeps the promises of the port, as far as one process can ask for them; nothing of it outlives
the object. A file is replaced as an operating system does it, by a rename. Absent on purpose:
crashes and faults, which the simulator has.
"""

import errno
import weakref
from collections.abc import Sequence
from os import urandom

from libredb.kernel.filesystem import LogFile

NEXT = ".next"

Files = dict[str, bytearray]


class MemoryFile:
    """A handle on a file."""

    def __init__(self, data: bytearray, files: Files) -> None:
        """Take the bytes of a file, and the folder that it is in or was in."""
        self._data: bytearray | None = data
        self._files = files

    def _opened(self) -> bytearray:
        if self._data is None:
            raise OSError(errno.EBADF, "the file was closed")
        return self._data

    def size(self) -> int:
        """Return its length."""
        return len(self._opened())

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end."""
        return bytes(self._opened()[offset : offset + length])

    def write(self, offset: int, data: bytes, /) -> int:
        """Write at `offset`, with zeros in between where that is behind the end."""
        held = self._opened()
        held.extend(bytes(max(0, offset - len(held))))
        held[offset : offset + len(data)] = data
        return len(data)

    def sync(self) -> None:
        """Do nothing: no crash leaves anything of it."""

    def truncate(self, length: int, /) -> None:
        """Let it end at `length`."""
        held = self._opened()
        del held[length:]
        held.extend(bytes(length - len(held)))

    def in_place(self) -> bool:
        """Whether a name leads to it."""
        return any(data is self._data for data in self._files.values())

    def close(self) -> None:
        """Forget the bytes."""
        self._data = None


class MemoryLock:
    """The lock of a database."""

    why_gone: str = "the lock was released; open the database again"

    def __init__(self) -> None:
        """Take it."""
        self.held: bool = True

    def release(self) -> None:
        """Let it go."""
        self.held = False


class MemoryFileSystem:
    """Files by name."""

    def __init__(self) -> None:
        """Begin without one."""
        self._files: Files = {}
        self._locks: dict[str, weakref.ref[MemoryLock]] = {}

    def lock(self, path: str, /) -> MemoryLock:
        """Take the lock of the database, or raise BlockingIOError at once."""
        known = self._locks.get(path)
        held = known and known()
        if held and held.held:
            raise BlockingIOError(errno.EAGAIN, "the database is open")
        lock = MemoryLock()
        self._locks[path] = weakref.ref(lock)
        return lock

    def open(self, path: str, /, *, writable: bool) -> Sequence[LogFile]:
        """Return the file of that name, if there is one."""
        return [MemoryFile(self._files[path], self._files)] if path in self._files else []

    def create_next(self, path: str, _: LogFile | None, /) -> MemoryFile:
        """Return a new file beside it."""
        data = self._files[path + NEXT] = bytearray()
        return MemoryFile(data, self._files)

    def replace(self, path: str, _: LogFile | None, __: LogFile, /) -> None:
        """Let the next file take the name."""
        self._files[path] = self._files.pop(path + NEXT)

    def sync_directory(self, path: str, /) -> None:
        """Do nothing, as `sync`."""

    def discard_next(self, path: str, _: LogFile, /) -> None:
        """Forget the next file."""
        self._files.pop(path + NEXT, None)

    def entropy(self, length: int, /) -> bytes:
        """Return unpredictable bytes."""
        return urandom(length)
