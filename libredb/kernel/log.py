"""The log, the only kernel file that does I/O. It is the database; there is no other data file.

A commit is one write at the end and one sync. Recovery writes again what it shows and syncs it:
after a failed sync, or a kill before one, an operating system shows bytes that are not on the
disk, and the next sync does not carry them unless they are written again. One mechanism puts a
file in place, for a new database (a compaction of nothing) and for a compacted one: everything is
written beside the current file and synced, the header last of all, and only then does it take the
place. A crash leaves the whole old or the whole new state.
Absent on purpose: retrying a failed sync, and work behind the caller's back.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from libredb.kernel import record
from libredb.kernel.errors import (
    IncompleteReadError,
    LogFileError,
    StorageError,
    UsageError,
    UsageValueError,
    storage_error,
)
from libredb.kernel.filesystem import FileLock, FileSystem, LogFile
from libredb.kernel.record import RECORDS_OFFSET, FileHeader
from libredb.kernel.recovery import Replay, choose, replay
from libredb.kernel.store import Entry, OrderedStore
from libredb.kernel.transaction import check_count

P = ParamSpec("P")
T = TypeVar("T")

PIECE_BYTES = 1 << 20
"""Snapshot records have about this size, and a backup is read in pieces of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCommit:
    """A bounded window of pending commits: a sync happens when either bound is reached.

    A crash of the process loses nothing. A crash of the operating system or a power loss may lose
    the commits since the last sync that returned: fewer than `commits`, always the last ones,
    never one in the middle. Idle time does not shrink the window; `Database.sync` does.
    """

    commits: int
    size_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing."""
        for bound in (self.commits, self.size_bytes):
            check_count(bound, "a bound of a window")
        if self.commits < 1 or self.size_bytes < 1:
            raise UsageValueError(f"the bounds of a window must be 1 or more: {self}")


@dataclass(frozen=True, slots=True)
class CompactionReport:
    """What `compact` did: bytes of the log before and after, entries kept, the new generation."""

    bytes_before: int
    bytes_after: int
    entries: int
    generation: int


@dataclass(slots=True)
class Reading:
    """What was read at a path: a log (`found`), a refusal (`error`), or nothing yet (neither)."""

    size_bytes: int = 0
    data: bytes = b""
    found: Replay | None = None
    error: LogFileError | None = None


class Log:
    """The log at a path, of which at most one file is open.

    Invariant: everything before `end` is whole records, the last of them commit `version`. Commits
    up to `durable_version` are known synced; those after it take the last `pending_bytes`.
    """

    def __init__(self, path: str, fs: FileSystem) -> None:
        """Prepare a log; nothing is touched yet."""
        self.path = path
        self._fs = fs
        self._lock: FileLock | None = None
        self._file: LogFile | None = None
        self.header: FileHeader = FileHeader(bytes(8), 0, 0, 0)
        self.version: int = 0
        self.durable_version: int = 0
        self.pending_bytes: int = 0
        self.end: int = RECORDS_OFFSET
        self._check_seed = self._last_check = self.header.check_seed

    @property
    def held(self) -> bool:
        """Whether this process may use the log: False in a child that was forked from its owner."""
        return self._lock is None or self._lock.held

    def exists(self) -> bool:
        """Return whether there is a file that may hold this log."""
        files = self._ask("open", self._fs.open, self.path, writable=False)
        for file in files:
            self._ask("close", file.close)
        return bool(files)

    def lock(self) -> None:
        """Take the lock that writing needs."""
        self._lock = self._ask("lock", self._fs.lock, self.path)

    def read(self, *, writable: bool) -> Reading:
        """Read everything and let recovery judge it; nothing is written."""
        files = self._ask("open", self._fs.open, self.path, writable=writable)
        reading = Reading()
        try:
            sizes = [self._ask("measure", file.size) for file in files]
            reading.size_bytes = sum(sizes)
            lengths = [min(size, record.FILE_HEADER_LENGTH) for size in sizes]
            heads = [self._read(f, 0, n) for f, n in zip(files, lengths, strict=True)]
            index = choose(self.path, list(zip(heads, sizes, strict=True)))
            if index is not None:
                reading.data = self._read(files[index], 0, sizes[index])
                reading.found = replay(self.path, reading.data)
                self._file = files[index]
        except LogFileError as error:
            reading.error = error
        finally:
            for file in files:
                if file is not self._file:
                    self._ask("close", file.close)
        return reading

    def adopt(self, found: Replay) -> None:
        """Take what was found as the state of this log."""
        self.header, self.version, self.end = found.header, found.version, found.end
        self.durable_version, self._last_check = found.durable_version, found.last_check
        self._check_seed = found.header.check_seed
        self.pending_bytes = found.end - found.proven

    def recover(self, found: Replay, data: bytes) -> None:
        """Make durable what was found: always all of these steps, in this order.

        The other slot is emptied only after the sync. Until then its header may be the only one
        that is on the disk, however whole the chosen slot looks.
        """
        self.adopt(found)
        self._write(0, found.header.encode())
        if found.tail:
            self._ask("truncate", self._current.truncate, found.end)
        if found.proven < found.end:
            self._write(found.proven, data[found.proven : found.end])
        self._ask("sync", self._current.sync)
        self._ask("sync the directory of", self._fs.sync_directory, self.path)
        self._ask("clean up beside", self._fs.discard_next, self.path, self._current)
        if found.mark != found.end or found.damaged_mark:
            self._write_mark()
        self.durable_version, self.pending_bytes = self.version, 0

    def append(self, payload: bytes) -> None:
        """Append one record; it is not yet durable."""
        unsynced = self.version - self.durable_version
        data, check = record.encode_record(
            self.version + 1, unsynced, payload, self._check_seed, self._last_check
        )
        self._write(self.end, data)
        self.version += 1
        self.end += len(data)
        self.pending_bytes += len(data)
        self._last_check = check

    def sync(self) -> None:
        """Make every record durable; without pending ones there is nothing to do."""
        if self.durable_version < self.version:
            try:
                self._current.sync()
            except OSError as error:
                raise storage_error(error, f"cannot sync {self.path!r}") from error
            self.durable_version, self.pending_bytes = self.version, 0

    def fills(self, window: GroupCommit) -> bool:
        """Whether as much is pending as `window` allows."""
        return (
            self.version - self.durable_version >= window.commits
            or self.pending_bytes >= window.size_bytes
        )

    def compact(self, store: OrderedStore) -> CompactionReport:
        """Replace the log by its next generation, which starts with a snapshot of `store`."""
        self.sync()
        before, old = self.end, self._current
        try:
            self.put_in_place(store, old, self.header.generation + 1)
        finally:
            self._ask("close", old.close)
        return CompactionReport(before, self.end, len(store), self.header.generation)

    def put_in_place(
        self, store: OrderedStore, current: LogFile | None = None, generation: int = 0
    ) -> None:
        """Write the next file whole, its header last, and let it take the place of `current`."""
        salt = self._ask("draw a salt for", self._fs.entropy, 8)
        records = sum(1 for _ in snapshot_pieces(store))
        header = FileHeader(salt, generation, records, self.version)
        if not header.in_range:
            raise UsageError("this database cannot be compacted again; copy it into a new one")
        self._file = self._ask("create the next file of", self._fs.create_next, self.path, current)
        self.header = header
        self._check_seed = self._last_check = self.header.check_seed
        self.end = RECORDS_OFFSET
        self._write(0, bytes(RECORDS_OFFSET))
        for piece in snapshot_pieces(store):
            self.append(record.encode_ops(piece))
        self._ask("sync", self._current.sync)
        self._write_mark()
        self._ask("sync", self._current.sync)
        self._write(0, self.header.encode())
        self._ask("sync", self._current.sync)
        self._ask("replace", self._fs.replace, self.path, current, self._current)
        self.durable_version, self.pending_bytes = self.version, 0

    def image(self) -> Iterator[bytes]:
        """Yield the bytes of this log as its file has them once it is closed."""
        yield self.header.encode().ljust(record.MARK_OFFSET, b"\0")
        mark = record.encode_mark(self.end, self._check_seed)
        yield mark.ljust(RECORDS_OFFSET - record.MARK_OFFSET, b"\0")
        for offset in range(RECORDS_OFFSET, self.end, PIECE_BYTES):
            yield self._read(self._current, offset, min(PIECE_BYTES, self.end - offset))

    def close(self) -> None:
        """Sync, write the mark, give reserved space back, sync, and release in any case."""
        try:
            self.sync()
            self._write_mark()
            self._ask("truncate", self._current.truncate, self.end)
            self._ask("sync", self._current.sync)
        finally:
            self.release()

    def release(self) -> None:
        """Give file and lock back; nothing is written."""
        with ExitStack() as stack:
            if self._lock is not None:
                stack.callback(self._ask, "unlock", self._lock.release)
            if self._file is not None:
                stack.callback(self._ask, "close", self._file.close)

    @property
    def _current(self) -> LogFile:
        assert self._file is not None, "the log is used before it is opened"
        return self._file

    def _write_mark(self) -> None:
        self._write(record.MARK_OFFSET, record.encode_mark(self.end, self._check_seed))

    def _write(self, offset: int, data: bytes) -> None:
        try:  # written out here and in `sync`: `_ask` would cost every commit a few calls
            count = self._current.write(offset, data)
        except OSError as error:
            raise storage_error(error, f"cannot write to {self.path!r}") from error
        if count != len(data):
            raise StorageError(
                f"cannot write to {self.path!r}: {count} of {len(data)} bytes at byte {offset}"
            )

    def _read(self, file: LogFile, offset: int, length: int) -> bytes:
        data = self._ask("read", file.read, offset, length)
        if len(data) != length:
            raise IncompleteReadError(
                self.path,
                offset + len(data),
                f"storage returned {len(data)} of {length} bytes; nothing was changed, try again",
            )
        return data

    def _ask(self, what: str, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the port, and turn its OSError into ours."""
        try:
            return ask(*args, **kwargs)
        except OSError as error:
            raise storage_error(error, f"cannot {what} {self.path!r}") from error


def snapshot_pieces(store: OrderedStore) -> Iterator[list[Entry]]:
    """Yield all entries in key order, as many at a time as fill a record of about PIECE_BYTES."""
    piece: list[Entry] = []
    size = 0
    for key, value in store.scan(b"", None):
        piece.append((key, value))
        size += record.SET_OVERHEAD + len(key) + len(value)
        if size >= PIECE_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
