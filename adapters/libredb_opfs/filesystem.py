"""The port on two files of the origin private file system (OPFS).

    libredb/<name>/slot-0    one of them is the database; while it is compacted, the next
    libredb/<name>/slot-1    generation grows in the other, and then the old one is emptied

OPFS has no synchronous rename, so a file is never moved: `replace` is a truncate and a flush. Both
files are opened once, by `acquire`, because opening is asynchronous; the browser gives each to one
owner alone, so the whole file system is ours while it is open. Adapters know no format: which slot
is the database is for the kernel to judge. Absent on purpose: buffers.

Room is kept ahead as `libredb.room` says: it helps wherever the browser syncs data without the
journal of its file system.
"""

import errno
import io
import os
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import NoReturn, Protocol, Self

from libredb.kernel.filesystem import LogFile, Uncopyable
from libredb.room import Room
from libredb_opfs.refusal import os_error

STAGING_BYTES = 1 << 18
"""Room for what crosses between Python and JavaScript in one call; a commit is rarely larger."""

STEP_BYTES = 1 << 18
"""Room ends at a multiple of this: smaller than on a server, because a site has a quota."""

SMALL_BYTES = STEP_BYTES // 4
"""Only growth up to this is worth room."""

SLOTS = (0, 1)


class Bridge(Protocol):
    """The JavaScript side, see bridge.js: numbers in, a number out, -1 for a refusal."""

    def refusal(self) -> Sequence[str]:
        """Return the name and the text of the exception behind the last -1."""
        ...

    def size(self, slot: int, /) -> int:
        """Return the length of a slot in bytes."""
        ...

    def read(self, slot: int, offset: int, length: int, /) -> int:
        """Fill the staging area from the slot and return the count."""
        ...

    def write(self, slot: int, offset: int, length: int, /) -> int:
        """Write the begin of the staging area to the slot and return the count."""
        ...

    def fill(self, slot: int, start: int, end: int, /) -> int:
        """Write zeros to `[start, end)` of the slot and return the count."""
        ...

    def flush(self, slot: int, /) -> int:
        """Make the slot durable."""
        ...

    def truncate(self, slot: int, length: int, /) -> int:
        """Cut the slot."""
        ...

    def close(self) -> None:
        """Give both files back to the browser."""
        ...


class OpfsLogFile(Uncopyable):
    """One slot, as an open file; keeps P1 to P6. The browser's handle belongs to the file system.

    A file keeps its file system alive, and a closed file refuses everything.
    """

    def __init__(self, fs: "OpfsFileSystem", slot: int, room: Room) -> None:
        """Open a slot of `fs`; `room` is for this object alone."""
        self._fs = fs
        self._bridge = fs.bridge
        self._staging = fs.staging
        self.slot = slot
        self._open = True
        self.room = room

    def size(self) -> int:
        """Return the length of the file."""
        self._require_open()
        return self._checked(self._bridge.size(self.slot))

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end of the file."""
        self._require_open()
        pieces = io.BytesIO()  # gives its bytes away without a copy
        staging = memoryview(self._staging)
        while length:
            asked = min(length, STAGING_BYTES)
            count = self._checked(self._bridge.read(self.slot, offset, asked))
            if count == 0:
                break
            if count > asked:
                raise OSError(
                    errno.EIO, f"the browser claims to have read {count} of {asked} bytes"
                )
            pieces.write(staging[:count])
            offset += count
            length -= count
        return pieces.getvalue()

    def write(self, offset: int, data: bytes | memoryview, /) -> int:
        """Write all of `data` at `offset`, not yet durable; return the count of bytes written.

        Data that fits into the staging area crosses to JavaScript in one call.

        Raises:
            OSError: ENOSPC if the quota is exhausted, which browsers tell by an exception or by a
                wrong count; what is in the file at the offset is unknown then.
        """
        self._require_open()
        length = len(data)
        if offset + length > self.room.end:
            self._grow_to(offset + length)
        if length <= STAGING_BYTES:
            self._staging[:length] = data
            count = self._bridge.write(self.slot, offset, length)
            if count != length:
                self._refuse_count(count, length)
            return length
        rest = memoryview(data)
        for start in range(0, length, STAGING_BYTES):
            self.write(offset + start, rest[start : start + STAGING_BYTES])
        return length

    def sync(self) -> None:
        """Make every earlier write and truncate of this file durable."""
        self._require_open()
        end = self.room.end
        self._checked(self._bridge.flush(self.slot))
        self.room.synced(end)

    def truncate(self, length: int, /) -> None:
        """Cut the file to `length`, not yet durable, and forget the room behind it."""
        self._require_open()
        self._checked(self._bridge.truncate(self.slot, length))
        self.room.truncated(length)

    def in_place(self) -> bool:
        """Return True: nobody but us can move or remove what the browser gave to us alone."""
        self._require_open()
        return True

    def close(self) -> None:
        """Refuse everything from now on; nothing is made durable."""
        self._open = False

    def empty(self) -> None:
        """Cut the file to nothing, durably, also if it is empty already.

        Seeing it empty does not mean that it is empty on the disk: whoever emptied it may have
        ended before the flush.
        """
        if self.size() > 0:
            self.truncate(0)
        self.sync()

    def _grow_to(self, end: int) -> None:
        """Expect a write that ends at `end`, and reserve room behind it where that is worth it."""
        if self.room.grows(end):
            size = self.size()
            room_end = self.room.wanted(end, size)
            if room_end and self._bridge.fill(self.slot, size, room_end) == room_end - size:
                self.room.granted(room_end)
            elif room_end:  # what there is of it goes, and the write goes on
                self.room.refused(room_end)
                self._bridge.truncate(self.slot, size)

    def _refuse_count(self, count: int, length: int) -> NoReturn:
        self._checked(count)
        raise OSError(
            errno.ENOSPC,
            f"the browser claims to have written {count} of {length} bytes: most likely the "
            "quota of this site or the disk is exhausted; see libredb_opfs.storage()",
        )

    def _require_open(self) -> None:
        if not self._open:
            raise OSError(errno.EBADF, "the file is closed")

    def _checked(self, answer: int) -> int:
        """Return the bridge's answer, or raise what it refused."""
        if answer < 0:
            name, text = self._bridge.refusal()
            raise os_error(name, text)
        return answer


class OpfsFileLock(Uncopyable):
    """The right to write, inside this worker; keeps P7 and P8.

    Other tabs and workers are kept out by the browser, which gave the files to us alone.
    """

    def __init__(self, fs: "OpfsFileSystem") -> None:
        """Hold the lock of `fs`."""
        self._fs: OpfsFileSystem | None = fs

    @property
    def held(self) -> bool:
        """Whether this worker may still write."""
        return self._fs is not None and not self._fs.closed

    @property
    def why_gone(self) -> str:
        """Why it is not held any more, for the message to whoever needs it."""
        return "the lock was released" if self._fs is None else self._fs.why_closed

    def release(self) -> None:
        """Let the next one in; calling it twice is fine."""
        self._fs = None


class OpfsFileSystem(Uncopyable):
    """One database in OPFS, open until `close`; keeps P9 to P15. Made by `libredb_opfs.acquire`.

    The path a database is opened by is a name for messages: the folder was chosen by `acquire`. But
    a second path is refused while the first one has content, so that nobody opens one database
    twice under two names and believes they are two.
    """

    closed = True  # of an object whose __init__ did not come to its end

    def __init__(self, name: str, bridge: Bridge, staging: bytearray) -> None:
        """Serve the files that `bridge` opened; `staging` is what it shares with us."""
        self.name = name
        self.bridge = bridge
        self.staging = staging
        self._path: str | None = None
        self._lock: weakref.ref[OpfsFileLock] | None = None
        self.closed = False

    def lock(self, path: str, /) -> OpfsFileLock:
        """Take the lock of the database, or raise BlockingIOError at once."""
        self._require_open()
        self._require_path(path)
        holder = self._lock() if self._lock is not None else None
        if holder is not None and holder.held:
            raise BlockingIOError(errno.EAGAIN, "the database is open for writing already", path)
        lock = OpfsFileLock(self)
        self._lock = weakref.ref(lock)
        return lock

    def open(self, path: str, /, *, writable: bool) -> Sequence[OpfsLogFile]:
        """Return both slots in their order, or nothing if both are empty.

        There are no handles for reading only, so `writable` makes no difference.
        """
        self._require_open()
        self._require_path(path)
        sizes = [file.size() for file in self._files()]
        if not any(sizes):
            return ()
        self._path = path
        return tuple(
            OpfsLogFile(self, slot, Room(STEP_BYTES, SMALL_BYTES, end=size, placed=True))
            for slot, size in zip(SLOTS, sizes, strict=True)
        )

    def create_next(self, path: str, current: LogFile | None, /) -> OpfsLogFile:
        """Return the slot that is not `current`, emptied; the first one if there is no current."""
        self._require_open()
        self._require_path(path)
        self._path = path
        following = next(file for file in self._files() if not _same(file, current))
        following.empty()
        return following

    def replace(self, path: str, current: LogFile | None, following: LogFile, /) -> None:
        """Empty every slot but `following`, durably; which one is current is not asked."""
        del current
        self.discard_next(path, following)
        assert isinstance(following, OpfsLogFile), f"a file of another file system: {following!r}"
        following.room.placed()

    def sync_directory(self, path: str, /) -> None:
        """Do nothing: there is nothing to do, and nothing that could be done.

        Both files exist since `acquire` and are never renamed or removed, and OPFS has no call to
        sync a directory.
        """

    def discard_next(self, path: str, current: LogFile, /) -> None:
        """Empty every slot but `current`, durably."""
        self._require_open()
        self._require_path(path)
        for file in self._files():
            if not _same(file, current):
                file.empty()

    def entropy(self, length: int, /) -> bytes:
        """Return `length` unpredictable bytes; Pyodide takes them from the browser."""
        return os.urandom(length)

    def clear(self) -> None:
        """Empty both slots, durably: the database is gone. Refused while the lock is held.

        Raises:
            BlockingIOError: a database is open.
        """
        self._path = None
        lock = self.lock(self.name)
        try:
            for file in self._files():
                file.empty()
        finally:
            lock.release()

    def close(self) -> None:
        """Give the files back, so that another worker or tab can acquire them; twice is fine.

        Close the database first. Nothing is made durable here. A call that was interrupted is
        finished by the next.
        """
        if not self.closed:
            self.bridge.close()  # it may be called twice as well
            self.closed = True

    @property
    def why_closed(self) -> str:
        """What to tell whoever uses a file system that was closed."""
        return f"the file system {self.name!r} was closed; acquire it again"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        """Give the files of a file system that was dropped back to the browser."""
        self.close()

    def _files(self) -> tuple[OpfsLogFile, ...]:
        """Return both slots, as files that are no database yet."""
        return tuple(OpfsLogFile(self, slot, Room(STEP_BYTES, SMALL_BYTES)) for slot in SLOTS)

    def _require_open(self) -> None:
        if self.closed:
            raise OSError(errno.EBADF, self.why_closed)

    def _require_path(self, path: str) -> None:
        if self._path not in {None, path}:
            raise FileNotFoundError(
                errno.ENOENT,
                f"the file system {self.name!r} holds one database, opened as {self._path!r}; "
                "acquire() another one for this",
                path,
            )


def _same(file: OpfsLogFile, other: LogFile | None) -> bool:
    """Whether both are the same slot."""
    if other is None:
        return False
    assert isinstance(other, OpfsLogFile), f"a file of another file system: {other!r}"
    return file.slot == other.slot
