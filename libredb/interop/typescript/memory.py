"""A file system in memory: where a database is made that may come into its place only as a whole.

It keeps the promises of the port as far as one thread and one process can ask for them. A file is
replaced as an operating system does it, by a rename. Absent on purpose: crashes and faults, which
the simulator has.
"""

from collections.abc import Sequence
from os import urandom

from libredb.kernel.filesystem import LogFile

NEXT = ".next"


class MemoryFile:
    """A file; it is open as long as somebody has it."""

    def __init__(self, files: dict[str, "MemoryFile"]) -> None:
        """Begin empty, in the folder `files`."""
        self._files = files
        self._data = bytearray()

    def size(self) -> int:
        """Return its length."""
        return len(self._data)

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end."""
        return bytes(self._data[offset : offset + length])

    def write(self, offset: int, data: bytes, /) -> int:
        """Write at `offset`, with zeros in between where that is behind the end."""
        self._data.extend(bytes(max(0, offset - len(self._data))))
        self._data[offset : offset + len(data)] = data
        return len(data)

    def sync(self) -> None:
        """Do nothing: no crash leaves anything of it."""

    def truncate(self, length: int, /) -> None:
        """Cut it to `length`."""
        del self._data[length:]

    def in_place(self) -> bool:
        """Whether a name leads to it."""
        return any(file is self for file in self._files.values())

    def close(self) -> None:
        """Do nothing."""


class MemoryLock:
    """The lock of a database that nobody else knows."""

    why_gone = "the lock was released; open the database again"

    def __init__(self) -> None:
        """Take it."""
        self.held = True

    def release(self) -> None:
        """Let it go."""
        self.held = False


class MemoryFileSystem:
    """Files by name."""

    def __init__(self) -> None:
        """Begin without one."""
        self._files: dict[str, MemoryFile] = {}

    def lock(self, _: str, /) -> MemoryLock:
        """Take the lock; it is never held, for whoever has this opens one database once."""
        return MemoryLock()

    def open(self, path: str, /, *, writable: bool) -> Sequence[LogFile]:
        """Return the file of that name, if there is one."""
        return [self._files[path]] if path in self._files else []

    def create_next(self, path: str, _: LogFile | None, /) -> MemoryFile:
        """Return a new file beside it."""
        file = self._files[path + NEXT] = MemoryFile(self._files)
        return file

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
