"""What a file system hands out: open files and locks, each of one life.

A handle knows the file system it came from and the life it was made in. When that life is over,
reading and writing raise OSError, and closing does nothing, because the system has closed it long
ago. Absent on purpose: buffers. Every call reaches the file system at once.
"""

import errno
from collections.abc import Callable
from typing import Any, Protocol

from libredb.kernel.filesystem import Uncopyable
from sim.world.disk import DiskFile

Effect = Callable[..., Any]


class Hook(Protocol):
    """What stands between the kernel and the storage."""

    def __call__(
        self, name: str, where: str, effect: Effect, arguments: tuple[Any, ...], /
    ) -> object:
        """Perform the call `name` on the file `where`: return `effect(*arguments)`, or do not."""
        ...


class Crash(BaseException):
    """The simulated process is gone; no call of this life does anything any more."""


class World(Protocol):
    """What a handle needs of the file system that made it; see `SimFileSystem`."""

    life: int
    dead: bool
    handles: int

    def perform(self, name: str, where: str, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        """Let one call of the port happen."""
        ...

    def leads_to(self, file: DiskFile) -> bool:
        """Return whether a path leads to `file`."""
        ...

    def holder(self, path: str) -> "SimLock | None":
        """Return the lock that is held on `path`."""
        ...

    def forget_lock(self, path: str) -> None:
        """Let the lock of `path` go."""
        ...


class SimLogFile(Uncopyable):
    """One open file (P1 to P6)."""

    __slots__ = ("__weakref__", "_closed", "_fs", "_life", "_writable", "disk_file")

    def __init__(self, fs: World, disk_file: DiskFile, *, writable: bool) -> None:
        """Open `disk_file` for as long as the present life of `fs` lasts."""
        self._fs = fs
        self._life = fs.life
        self._writable = writable
        self._closed = False
        self.disk_file = disk_file
        fs.handles += 1

    def _file(self, *, writing: bool = False) -> DiskFile:
        if self._closed or self._life != self._fs.life:
            raise OSError(errno.EBADF, "the handle is closed, or of an earlier life")
        if writing and not self._writable:
            raise OSError(errno.EBADF, "the file was opened for reading only")
        return self.disk_file

    def size(self) -> int:
        """Return the length of the file, reserved zero bytes included."""
        file = self._file()
        return self._fs.perform("size", file.name, file.size, ())

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end of the file."""
        file = self._file()
        return self._fs.perform("read", file.name, file.read, (offset, length))

    def write(self, offset: int, data: bytes, /) -> int:
        """Write `data` at `offset`, not yet durable; return the count of bytes written."""
        file = self._file(writing=True)
        return self._fs.perform("write", file.name, file.write, (offset, bytes(data)))

    def sync(self) -> None:
        """Make every earlier write and truncate durable, lost pages excepted; no later one (P17).

        Threads may write and read while the hook lets it last. One sync of a file runs at a time.
        """
        file = self._file()
        file.begin_sync()
        try:
            self._fs.perform("sync", file.name, file.sync, ())
        finally:
            file.covered = None

    def truncate(self, length: int, /) -> None:
        """End the file at `length`, not yet durable."""
        file = self._file(writing=True)
        self._fs.perform("truncate", file.name, file.truncate, (length,))

    def in_place(self) -> bool:
        """Return whether an entry still leads to this file."""
        file = self._file()
        return self._fs.perform("in_place", file.name, self._fs.leads_to, (file,))

    def close(self) -> None:
        """Give the handle back without making anything durable."""
        if self._closed:
            return
        self._closed = True
        if self._life == self._fs.life:
            self._fs.handles -= 1
            if not self._fs.dead:
                self._fs.perform("close", self.disk_file.name, nothing, ())

    def __del__(self) -> None:
        """Give the handle of a dropped file back (P6)."""
        if not self._closed and self._life == self._fs.life:
            self._closed = True  # collected in a cycle, it may still be closed by its owner
            self._fs.handles -= 1


class SimLock(Uncopyable):
    """The right to write to one database (P7, P8)."""

    __slots__ = ("__weakref__", "_fs", "_life", "_path")

    def __init__(self, fs: World, path: str) -> None:
        """Belong to the present life of `fs`."""
        self._fs = fs
        self._life = fs.life
        self._path = path

    @property
    def held(self) -> bool:
        """Whether this life is the lock's own, and it was not released."""
        return self._life == self._fs.life and self._fs.holder(self._path) is self

    @property
    def why_gone(self) -> str:
        """Say what became of it."""
        return "the simulated process that had the lock is gone, or gave it back"

    def release(self) -> None:
        """Let the next one in; calling it twice is fine."""
        if self.held and not self._fs.dead:
            self._fs.forget_lock(self._path)
            self._fs.perform("release", self._path, nothing, ())


def nothing() -> None:
    """Do nothing, which is what closing does to the contents."""
