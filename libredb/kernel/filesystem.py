"""The port: what the kernel asks of storage, as numbered promises.

An adapter (`libredb_osfs`, `libredb_opfs`, the simulator) implements `FileSystem` and `LogFile`;
the kernel relies on the promises below and on nothing else, and tests/conformance checks each of
them for every adapter. A path names one database, not one file: an adapter may keep it in a file
that is replaced by a rename, or in two slots of which one is empty. Adapters know no format and
raise only OSError. Absent on purpose: append, seek, rename, listing, time.
"""

from collections.abc import Sequence
from typing import NoReturn, Protocol, SupportsIndex, runtime_checkable

from libredb.kernel.errors import UsageTypeError, UsageValueError


class LogFile(Protocol):
    """One open file of a database; offsets and lengths are in bytes.

    P1  `read` returns exactly the bytes last written, and stops short only at the end of the file.
    P2  `write` puts all bytes at the offset, or raises, and what it wrote outlives the process
        (kill -9), though not a power loss. It returns how many it wrote, and the kernel treats any
        other count than it asked for as a failure.
    P3  A write behind the end leaves zero bytes between. An adapter may keep more zero bytes
        behind the last byte written (room it reserved), but only in a file that `open` found or
        `replace` put in place; `size` counts them, `truncate` drops them.
    P4  When `sync` returns, every write and truncate before it survives a power loss. When it
        raises, nothing is promised, and the kernel never asks again.
    P5  After `truncate` the file ends at the length given.
    P6  `close` never makes anything durable, gives the handle back, and may be called twice.
        A file that is dropped without `close` gives its handle back as well.
    P16 `in_place` tells whether `open` would find this file: not after it, or a folder on the way
        to it, was renamed, removed or replaced behind the back of the adapter.
    P17 Where there are threads, `write` and `read` may run in others while `sync` runs in one. It
        covers the writes that had returned when it was called, and no others.
    """

    def size(self) -> int:
        """Return the length of the file, reserved zero bytes included."""
        ...

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end of the file."""
        ...

    def write(self, offset: int, data: bytes, /) -> int:
        """Write all of `data` at `offset`, not yet durable; return the count of bytes written."""
        ...

    def sync(self) -> None:
        """Make every earlier write and truncate of this file durable."""
        ...

    def truncate(self, length: int, /) -> None:
        """Cut the file to `length`, not yet durable."""
        ...

    def in_place(self) -> bool:
        """Return whether the path still leads to this file."""
        ...

    def close(self) -> None:
        """Give the handle back without making anything durable."""
        ...


class FileLock(Protocol):
    """The right to write to one database.

    P7  While one is held no other `lock` of the same path succeeds, in any process; it ends with
        `release`, with the process, or with the object being collected.
    P8  `held` is False after `release`, and in a process forked from the one that took the lock;
        `why_gone` then says why, and what to do.
    """

    @property
    def held(self) -> bool:
        """Whether this process may still write."""
        ...

    @property
    def why_gone(self) -> str:
        """Why it is not held any more, as a sentence for the user."""
        ...

    def release(self) -> None:
        """Let the next one in; calling it twice is fine."""
        ...


@runtime_checkable
class FileSystem(Protocol):
    """Where databases live.

    P9   `lock` never waits for a holder to go: a held lock is BlockingIOError.
    P10  `open` returns every file that may hold the database, in a fixed order, and creates none:
         a path with nothing behind it gives an empty sequence.
    P11  `create_next` returns an empty file beside `current` (a file of `open`, or None) that no
         `open` takes for the database as long as its header is zero. What was left there is gone.
         It and `replace` raise, and change nothing, if `current` is not in place any more.
    P12  `replace` puts the synced next file in the place of `current`. A crash at any moment
         leaves either one or both to `open`, never neither. When it returns, the next file is
         the only one that is not empty, and no power loss brings the old one back.
    P13  When `sync_directory` returns, the file `open` finds at the path survives a power loss.
    P14  When `discard_next` returns, `open` finds no file but `current` that is not empty, and no
         power loss brings one back, even one that looked empty before.
    P15  `entropy` returns unpredictable bytes.
    """

    def lock(self, path: str, /) -> FileLock:
        """Take the lock of the database, or raise BlockingIOError at once."""
        ...

    def open(self, path: str, /, *, writable: bool) -> Sequence[LogFile]:
        """Open the files that may hold the database; with `writable` the lock is held."""
        ...

    def create_next(self, path: str, current: LogFile | None, /) -> LogFile:
        """Create the empty file that shall take the place of `current`."""
        ...

    def replace(self, path: str, current: LogFile | None, following: LogFile, /) -> None:
        """Put `following` in the place of `current`, durably."""
        ...

    def sync_directory(self, path: str, /) -> None:
        """Make the directory entry of the database durable."""
        ...

    def discard_next(self, path: str, current: LogFile, /) -> None:
        """Remove what an unfinished `create_next` or `replace` left beside `current`."""
        ...

    def entropy(self, length: int, /) -> bytes:
        """Return `length` unpredictable bytes."""
        ...


class PathLike(Protocol):
    """What `os.PathLike[str]` is: something that is a path in the file system."""

    def __fspath__(self) -> str:
        """Return the path as text."""
        ...


def text_path(path: object) -> str:
    """Return a path as text.

    Raises:
        UsageTypeError: it is no str, and no `os.PathLike[str]`.
        UsageValueError: it is empty, or holds a zero character.
    """
    fspath = getattr(type(path), "__fspath__", None)
    text: object = path if fspath is None else fspath(path)
    if not isinstance(text, str):
        raise UsageTypeError(f"path must be a str or os.PathLike[str], not {type(path).__name__}")
    if not text or "\0" in text or text == ":memory:":
        raise UsageValueError(f"{text!r} is no path; open without one for a database in memory")
    return text


class Uncopyable:
    """A base for what holds an open file: a copy would close it behind the original's back.

    One method is enough, because copying, copying deeply and pickling all come through it.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn:
        """Refuse."""
        raise TypeError(
            f"{type(self).__name__} cannot be copied or pickled: it holds an open file; "
            "open the database again"
        )
