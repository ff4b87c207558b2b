"""The database: where store, transactions and log meet. Durable first, visible second.

A commit appends its record, syncs it, applies it to the store, and returns: nobody sees a commit
that is not durable. Two options put several commits under one sync. A group is acknowledged when
its block is left. A window lets the last commits be pending: they are visible at once, and a
power loss may take them, always from the end.
Without a path there is no log, and everything else is the same.
Absent on purpose: background threads, timers, retries.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Literal, Self, TypeVar

from libredb.kernel import record
from libredb.kernel.errors import StorageError, UsageError, UsageValueError
from libredb.kernel.guard import GROUP, Guard, Turn
from libredb.kernel.log import CompactionReport, GroupCommit, Log
from libredb.kernel.store import Entry, OrderedStore
from libredb.kernel.transaction import (
    BytesLike,
    ReadTransaction,
    Transaction,
    as_bytes,
    run,
)

T = TypeVar("T")
Mode = Literal["rwc", "rw", "r"]
READ_ONLY = "this database is open for reading only; open it with mode 'rw' to change it"


class Database:
    """An open database; a context manager, which closes it.

    Invariant: outside of a commit, the store is what replaying the log gives.
    """

    def __init__(
        self, store: OrderedStore, log: Log | None, mode: Mode, group_commit: GroupCommit | None
    ) -> None:
        """Put the parts together; use `libredb.open`."""
        self.mode = mode
        self._refusal = READ_ONLY if mode == "r" else None
        self._store = store
        self._log = log
        self._window = group_commit or GroupCommit(commits=1)
        self._memory_version = 0
        self._guard = Guard()

    # Transactions

    def transact(self, fn: Callable[[Transaction], T], /) -> T:
        """Run `fn` in a transaction, commit, and return its result. It is never run twice.

        The commit is durable when this returns, unless a window is open or a group is running.

        Raises:
            UsageError: a transaction of this thread is running; or it is too large or async.
            StorageError: storage failed; the outcome is unknown and the database has to be
            reopened.
        """
        # `transaction` once more: going through it would cost each commit a second context.
        turn = self._turn("a transaction", inside_group=True)
        with turn.lock, turn:
            tx = Transaction(self._store, refusal=self._refusal)
            try:
                result = run(fn, tx)
            finally:
                writes = tx.end()
            self._commit(writes)
            return result

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Begin a transaction; leaving the block commits it, an exception aborts it.

        Durability and errors are those of `transact`.
        """
        turn = self._turn("a transaction", inside_group=True)
        with turn.lock, turn:
            tx = Transaction(self._store, refusal=self._refusal)
            try:
                yield tx
            finally:
                writes = tx.end()
            self._commit(writes)

    @contextmanager
    def read(self) -> Iterator[ReadTransaction]:
        """Begin a transaction that only reads; it sees one state, pending commits included."""
        turn = self._turn("a transaction", inside_group=True)
        with turn.lock, turn:
            tx = Transaction(self._store, refusal="a transaction made by read() cannot write")
            try:
                yield tx
            finally:
                tx.end()

    def get(self, key: BytesLike) -> bytes | None:
        """Return the value of `key`, or None."""
        turn = self._turn("a read", inside_group=True)
        with turn.lock, turn:
            return self._store.get(as_bytes(key, "key"))

    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Return the entries of `[start, end)`, ascending by byte, as they are at this call.

        All of them are held in memory; `read()` scans lazily.
        """
        with self.read() as tx:
            return iter(list(tx.scan(start, end, reverse=reverse, limit=limit)))

    def _commit(self, writes: dict[bytes, bytes | None]) -> None:
        """Append, sync, apply: durable first, visible second. Without ops there is no record."""
        if not writes:
            return
        size = record.payload_length(writes.items())
        if size > record.MAX_PAYLOAD_BYTES:
            raise UsageValueError(
                f"a transaction of {size} bytes is larger than {record.MAX_PAYLOAD_BYTES}; split it"
            )
        payload = record.encode_ops(writes.items()) if self._log else b""
        with self._guard.latch:
            if self._log is None:
                self._memory_version += 1
            else:
                self._log.append(payload)
                if self._log.fills(self._window) and not self._guard.in_group:
                    self._log.sync()
            self._store.apply(writes.items())

    # Durability

    @contextmanager
    def group(self) -> Iterator[None]:
        """Commit several transactions with one sync; leaving the block acknowledges them all.

        An exception in the block still syncs what was committed before it. Other threads wait, so
        that they never see a commit that is not durable.
        """
        turn = self._turn(GROUP)
        with turn.lock, turn:
            try:
                yield
            except BaseException:
                if self._guard.latch.failure is None:
                    self._sync()
                raise
            self._sync()

    def sync(self) -> None:
        """Make every commit durable before returning."""
        turn = self._turn("a sync", inside_group=True)
        with turn.lock, turn:
            self._sync()

    def compact(self) -> CompactionReport:
        """Write the live entries into a new log and let it take the place of the old one.

        Syncs first. `version` rises by the number of snapshot records, all durable on return. Costs
        a pass over all entries, and disk space for both files while it runs.
        """
        turn = self._turn("a compaction")
        with turn.lock, turn:
            if self.mode == "r":
                raise UsageError(READ_ONLY)
            if self._log is None:
                return CompactionReport(0, 0, 0, 0)
            with self._guard.latch:
                return self._log.compact(self._store)

    def backup(self) -> Iterator[bytes]:
        """Sync, then yield the bytes of a closed database file; write them to a new file.

        The database waits until the iterator is used up or closed.
        """
        turn = self._turn("a backup")
        with turn.lock, turn:
            if self._log is None:
                raise UsageError("a database in memory has no file; copy its entries instead")
            self._sync()
            yield from self._log.image()

    def close(self) -> None:
        """Sync, close and unlock; calling it twice is fine. After a failure nothing is written.

        Raises:
            UsageError: a transaction or group of this thread is running.
            StorageError: storage failed; the database is closed, pending commits may be lost.
        """
        if self.closed or self._forked:
            self._guard.closed = True
            return
        turn = self._guard.turn("close()", closing=True)
        with turn.lock, turn:
            if self.closed:
                return
            self._guard.closed = True
            if self._log is None:
                return
            if self.mode != "r" and self._guard.latch.failure is None:
                self._log.close()
            else:
                with suppress(StorageError):
                    self._log.release()

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close; an exception already in flight is not masked by one of closing."""
        try:
            self.close()
        except Exception:
            if error is None:
                raise

    # What it looks like

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._guard.closed

    @property
    def path(self) -> str | None:
        """The path it was opened with, None in memory."""
        return self._log.path if self._log else None

    @property
    def version(self) -> int:
        """The number of the last commit."""
        return self._log.version if self._log else self._memory_version

    @property
    def durable_version(self) -> int:
        """The last commit known to be durable."""
        return self._log.durable_version if self._log else self._memory_version

    @property
    def pending_commits(self) -> int:
        """How many commits are not known durable; a read-only open cannot know of the last."""
        return self.version - self.durable_version

    @property
    def pending_bytes(self) -> int:
        """The bytes of the log that a power loss may take."""
        return self._log.pending_bytes if self._log else 0

    @property
    def log_bytes(self) -> int:
        """The length of the log; when it is a multiple of `live_bytes`, compaction pays."""
        return self._log.end if self._log else 0

    @property
    def live_bytes(self) -> int:
        """What the live entries take in a compacted log, headers apart."""
        return self._store.size_bytes + record.SET_OVERHEAD * len(self._store)

    @property
    def _forked(self) -> bool:
        return self._log is not None and not self._log.held

    def _turn(self, what: str, *, inside_group: bool = False) -> Turn:
        """Return a turn, unless this is a forked child: there the lock may never become free."""
        if self._forked:
            self._guard.check()
            raise UsageError("the database was opened before a fork; open it again in the child")
        return self._guard.turn(what, inside_group=inside_group)

    def _sync(self) -> None:
        self._guard.check()
        if self._log is not None and self.mode != "r":
            with self._guard.latch:
                self._log.sync()
