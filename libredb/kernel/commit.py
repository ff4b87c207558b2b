"""The commit: append, sync, apply. Durable first, visible second.

    check, encode | append, sync, apply, queue the notices | tell them, return

Between the bars the latch is armed: a failure there refuses everything until the database is opened
again, and the commit may be there then. By default each commit syncs: a window of one. With a wider
one a commit is visible before it is durable; a group syncs at its end, and shows no entry to others
before, though `version` counts its commits. What is visible is one value that is replaced as a
whole: whoever looks at it needs no lock.
The caller has the turn and the step; the state is taken to apply and to queue.
Absent on purpose: who may commit now (guard.py), and what a transaction is (transaction.py).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from libredb.kernel import record
from libredb.kernel.errors import StorageError, UsageError, UsageValueError
from libredb.kernel.filesystem import Uncopyable
from libredb.kernel.guard import A_READ, A_TRANSACTION, Guard
from libredb.kernel.level import Level, Op, Writes
from libredb.kernel.log import GroupCommit, Log
from libredb.kernel.notices import Notices
from libredb.kernel.placement import Place
from libredb.kernel.report import CompactionReport
from libredb.kernel.snapshot import Snapshot
from libredb.kernel.store import NOTHING, OrderedStore
from libredb.kernel.transaction import INTERRUPTED, ReadTransaction, Transaction


class Shown(NamedTuple):
    """What a database tells about itself: which commits are visible, durable, and in the log."""

    version: int
    durable_version: int
    appended: int
    pending_bytes: int
    log_bytes: int


class Commits(Uncopyable):
    """What was committed: the store, and the log it can be made from again.

    Invariant: outside of `commit` the store is what replaying the log gives, and `shown` fits both.
    Without a log there is the store alone, and everything in it counts as durable.
    """

    def __init__(
        self,
        guard: Guard,
        level: Level,
        place: Place | None,
        log: Log | None,
        window: GroupCommit | None,
        *,
        refusal: str | None = None,
    ) -> None:
        """Put the parts together; `refusal` says why nothing may be written, None permits it."""
        self.snapshot: Snapshot | None = place.snapshot_of(log) if place and log else None
        below = self.snapshot.order if self.snapshot else NOTHING
        self.store: OrderedStore = OrderedStore(level, guard.state, below=below)
        self.place = place
        self.log = log
        self.shown: Shown = Shown(0, 0, 0, 0, 0)
        self.notices: Notices = Notices(guard)
        self.note_read: Callable[[ReadTransaction], object] = bool
        """Called with what each `read()` is given."""
        self._refusal = refusal
        self._guard = guard
        self._latch = guard.latch
        self._state = guard.state
        self._window = window or GroupCommit(commits=1)
        self._show()

    def begin(self) -> Transaction:
        """Return a transaction on what is committed; the turn and the step are the caller's."""
        self._guard.check(A_TRANSACTION)
        return Transaction(self.store, self.shown.version + 1, self._refusal)

    def begin_group(self) -> None:
        """Begin a group; the turn, the right to sync and the state are the caller's."""
        self._guard.begin_group()

    def begin_reading(self) -> ReadTransaction:
        """Return a transaction that reads what is committed at this moment; nothing is held."""
        self._guard.begin(A_READ, inside_group=True)
        with self._state:
            self._guard.check()
            return ReadTransaction(self.store.view(), self.shown.version)

    def begin_read(self) -> ReadTransaction:
        """Return what a `read()` is given; see `begin_reading`."""
        tx = self.begin_reading()
        self.note_read(tx)
        return tx

    @contextmanager
    def reading(self) -> Iterator[ReadTransaction]:
        """Begin to read, as a block; whatever interrupts it, there is nothing to give back."""
        tx = self.begin_read()
        try:
            yield tx
        finally:
            tx.end()

    def commit(self, writes: Writes | None, *, grouped: bool) -> None:
        """Commit `writes`; without any there is no record, and no new version.

        Inside a group there is no sync, whatever is pending.

        Raises:
            UsageError: the transaction aborted itself (None), or is too large.
        """
        if writes is None:
            raise UsageError(INTERRUPTED)
        if not writes:
            return
        ops: list[Op] = list(writes.items())
        size = record.payload_length(ops)
        if size > record.MAX_PAYLOAD_BYTES:
            raise UsageValueError(
                f"a transaction of {size} bytes is larger than {record.MAX_PAYLOAD_BYTES}; split it"
            )
        self.require_undamaged()
        log = self.log
        payload = record.encode_ops(ops) if log else b""
        with self._latch.running, self._latch:
            if log:
                log.append(payload)
                if not grouped and log.fills(self._window):
                    log.sync()
            with self._state:
                self._apply(ops)
                if log is None:
                    version = self.shown.version + 1
                    self.shown = Shown(version, version, version, 0, 0)
                self._show()
                # What waits for the sync of another thread is not visible yet, and is told then.
                if self.notices.subscribers and self.shown.version == self.shown.appended:
                    self.notices.add(self.shown.version, ops, grouped=grouped)

    def finish(self, tx: Transaction, error: BaseException | None, grouped: bool) -> None:  # noqa: FBT001 - as a block calls it
        """End the transaction of a block, and commit it unless an exception left the block."""
        writes = tx.end()
        if error is None:
            self.commit(writes, grouped=grouped)

    def follow(self, step: Callable[[], object]) -> None:
        """Let `step` take what is visible to a commit that somebody else made."""
        with self._latch.running, self._latch, self._state:
            step()
            self._show()

    def sync(self) -> None:
        """Make everything that is pending durable; where nothing may be written, nothing is."""
        if self.log and self._refusal is None:
            with self._latch.running, self._latch:
                self.log.sync()
                self._show()

    def require_undamaged(self) -> None:
        """Refuse to build on top of damage that a read has found.

        Raises:
            CorruptLogError: the first that was found.
        """
        if self.snapshot is not None:
            self.snapshot.require_undamaged()

    def compact(self) -> CompactionReport:
        """Let a log of the live entries take the place of the log; see `Database.compact`."""
        if self._refusal is not None:
            raise UsageError(self._refusal)
        store, place, current, snapshot = self.store, self.place, self.log, self.snapshot
        if place is None or current is None or snapshot is None:
            return CompactionReport(0, 0, len(store.level.ops), 0)
        self.require_undamaged()
        self.sync()
        with self._state:
            newer = store.level.order()
        following = place.compact(current, snapshot, newer)
        written = place.snapshot_of(following)
        with self._latch.running, self._latch:
            place.put(current.file, following)
            with self._state:
                self.log, self.snapshot = following, written
                store.replace(Level(last_below=written.index.last_key), written.order)
                self._show()
            place.let_go(but=following.file)
        generation = following.header.generation
        return CompactionReport(current.end, following.end, written.index.entries, generation)

    def close(self, *, clean: bool) -> None:
        """Close the log, and give files and lock back; called again, only what is left of them.

        If it is not to be clean, nothing is written, and no error is raised.
        """
        if self.place is None:
            return
        if self.snapshot is not None:
            self.snapshot.closed = True
        if self.log is None or not clean or self._refusal is not None:
            with suppress(StorageError):
                self.place.release()
            return
        try:
            self.log.close(marked=self.snapshot is None or self.snapshot.damage is None)
            self._show()
        finally:
            self.place.release()

    def _apply(self, ops: list[Op]) -> None:
        """Let everybody see a commit; the state is the caller's."""
        self.store.apply(ops)

    def _show(self) -> None:
        """Let everybody see what the log says by now."""
        if log := self.log:
            pending = log.end - log.durable_end
            self.shown = Shown(log.version, log.durable_version, log.version, pending, log.end)
