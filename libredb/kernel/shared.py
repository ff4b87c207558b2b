"""Threads share a sync: one serves all whose commits were appended when it began.

    append   under the turn, which then goes on to the next; the commit *waits* for a sync
    sync     those who wait for the same one stand at one door. Who comes through it looks whether
             its own commit is durable by now; the first finds that it is not, takes the right to
             sync, notes what was appended, syncs, and applies all of that in order
    return   only now, each thread by itself

A thread takes turn, door, sync and state in this order. Commits that wait are a level of their own
on top of the store, which only transactions that write look through; what such a one has seen is
durable when it returns, whatever becomes of itself. So each return is an acknowledgement, and reads
see nothing that a power loss takes. After a failure nobody who waits is acknowledged any more.
Absent on purpose: a thread that syncs for others, and waiting for more commits to come along.
"""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from sys import maxsize
from threading import RLock, local
from typing import TypeVar

from libredb.kernel.commit import Commits, Shown
from libredb.kernel.database import Database
from libredb.kernel.errors import DatabaseFailedError, UsageError
from libredb.kernel.facts import Mode
from libredb.kernel.guard import A_READ, A_TRANSACTION, Block, Guard, owned
from libredb.kernel.latch import Latch
from libredb.kernel.level import Level, Op, Writes
from libredb.kernel.log import GroupCommit, Log, ask
from libredb.kernel.overlay import Overlay
from libredb.kernel.placement import Place
from libredb.kernel.transaction import Transaction

T = TypeVar("T")

CLOSED = (
    "the database failed, and was closed, before this commit was durable; open it again: what is "
    "there then is what happened"
)
UNBOUNDED = GroupCommit(commits=maxsize, size_bytes=maxsize)
"""The window of a log that is never synced by who appends."""


@dataclass(frozen=True, slots=True)
class SharedSync:
    """Threads that commit at the same time share a sync; each returns when its own is durable.

    A transaction may see commits of other threads that are not durable yet; they are when it
    returns or raises, and so is its own. An interrupt while it waits for the sync of another thread
    ends only the waiting: what it committed is there with the next commit, or `sync`, or `close`.
    One that meets the thread that syncs leaves the outcome open, as in any database.
    """


class Latches(Latch):
    """The latch of who has the turn, and one of who syncs at the same time; closed if either is."""

    def __init__(self) -> None:
        """Begin open."""
        self.syncing: Latch = Latch()
        super().__init__()

    @property
    def failure(self) -> BaseException | None:
        """What the one of them holds that is closed; otherwise that of the turn."""
        return self.syncing.failure if self.syncing.closed else self._failure

    @failure.setter
    def failure(self, failure: BaseException | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride] - it stands for an attribute
        self._failure = failure

    @property
    def closed(self) -> bool:
        """Whether a write or a sync failed."""
        return self.syncing.closed or super().closed


class Own(local):
    """What each thread has for itself: a lock, held from before its commit is appended on.

    What its last transaction has seen or made is durable when `version` is; who waits for that
    stands at `door`.
    """

    def __init__(self) -> None:
        """Make that of the calling thread."""
        self.lock: RLock = RLock()
        self.held: Callable[[], bool] = owned(self.lock)
        self.version: int = 0
        self.door: RLock = self.lock


class SharedGuard(Guard):
    """Knows besides when a thread is in the middle of a commit without having the turn."""

    def __init__(self, why_gone: Callable[[], str | None]) -> None:
        """Create a guard that is free, open, and has seen no failure."""
        super().__init__(why_gone)
        self.latches: Latches = Latches()
        self.latch: Latch = self.latches
        self.own: Own = Own()

    def begin(self, what: str, *, inside_group: bool = False) -> bool:
        """Refuse besides what would append or sync in the middle of a commit of the same thread."""
        may_read = what is A_READ and not self._has_state()
        if self.own.held() and not self._has_turn() and not may_read:
            raise UsageError(f"{what} cannot begin inside a commit of the same thread")
        return super().begin(what, inside_group=inside_group)


class SharedCommits(Commits):
    """What was committed, and what was appended and waits.

    Invariant: the commits after `shown.version` up to `shown.appended` are in `_waiting`, in order,
    and `_above` has the last op of each key of theirs. `_door` is for those that no sync has begun
    for. Whoever changes one of these has the state. The log is changed by who has the turn, but for
    what it says is durable.
    """

    def __init__(self, guard: SharedGuard, level: Level, place: Place | None, log: Log) -> None:
        """Put the parts together; nothing waits."""
        self._waiting: deque[tuple[int, list[Op]]] = deque()
        self._above: Level = Level()
        self._door: RLock = RLock()
        self._log: Log = log
        super().__init__(guard, level, place, log, UNBOUNDED)
        self._own = guard.own
        self._right, self._has_right = guard.sync, owned(guard.sync)
        self._syncing = guard.latches.syncing

    def begin(self) -> Transaction:
        """Return a transaction on what was appended; the turn and the step are the caller's."""
        self._own.version = 0
        self._guard.check(A_TRANSACTION)
        self._own.version, self._own.door = self.shown.appended, self._door
        return Transaction(Overlay(self._above, self.store), self.shown.appended + 1)

    def begin_group(self) -> None:
        """Sync and apply what waits, and begin a group; in it there is nothing else to wait for."""
        self.sync()
        super().begin_group()

    def commit(self, writes: Writes | None, *, grouped: bool) -> None:
        """Append `writes`; the commit then waits, but for one of a group, which is applied.

        A sync may have failed while the function ran, so the latch is asked again.
        """
        self._guard.check()
        super().commit(writes, grouped=grouped)

    def acknowledged(self, work: Callable[[], T]) -> T:
        """Return `work()`, or raise what it raises, once what it has seen and made is durable.

        Raises:
            DatabaseFailedError: nobody knows whether that version is durable.
        """
        with self._own.lock:
            try:
                return work()
            except BaseException as error:
                if error is self._latch.failure:
                    self._own.version = 0  # it says itself that the outcome is unknown
                raise
            finally:
                self._wait()

    def sync(self) -> None:
        """Make everything that was appended by now durable, and apply that.

        What others append meanwhile is not covered, so what is covered is noted before the sync.
        """
        with self._right:
            self._guard.check()
            with self._state:
                noted, self._door = self.shown, RLock()
            if noted.durable_version == noted.appended:
                return
            with self._syncing.running, self._syncing:
                ask("sync", self._log.path, self._log.file.sync)
                with self._state:
                    self._log.durable_version = noted.appended
                    self._log.durable_end = noted.log_bytes
                    self._settle(self.shown.appended, self.shown.log_bytes)

    def close(self, *, clean: bool) -> None:
        """Close, which syncs what waits, and applies it; see `Commits.close`."""
        super().close(clean=clean)
        self._syncing.failure = None  # or its traceback would keep alive what failed

    def _wait(self) -> None:
        """Return when what this thread has seen is durable: it finds that so, or makes it so."""
        version = self._own.version
        if self.shown.version >= version:
            return
        with self._own.door:
            if self.shown.version >= version:
                return
            with self._right:
                if self.shown.version < version:
                    if self._guard.closed:
                        raise DatabaseFailedError(CLOSED)
                    self.sync()

    def _apply(self, ops: list[Op]) -> None:
        """Let a commit wait that was appended; in a group, which nobody sees, apply it."""
        if self._has_right():
            self.store.apply(ops)
        else:
            self._own.version, self._own.door = self._log.version, self._door
            self._waiting.append((self._log.version, ops))
            for key, value in ops:
                self._above.put(key, value)

    def _show(self) -> None:
        """Let everybody see what the log says by now; the turn is the caller's."""
        self._log = self.log or self._log
        self._settle(self._log.version, self._log.end)

    def _settle(self, appended: int, end: int) -> None:
        """Apply what is durable, in order, and tell; `appended` is the last record, up to `end`."""
        durable, waiting = self._log.durable_version, self._waiting
        settled: list[tuple[int, list[Op]]] = []
        while waiting and waiting[0][0] <= durable:
            settled.append(waiting.popleft())
            self.store.apply(settled[-1][1])
        if settled:
            self._above = Level(dict(chain.from_iterable(ops for _, ops in waiting)))
        version = waiting[0][0] - 1 if waiting else appended
        self.shown: Shown = Shown(version, durable, appended, end - self._log.durable_end, end)
        for version, ops in settled:
            self.notices.add(version, ops, grouped=False)


class SharedDatabase(Database):
    """A database whose threads share a sync; what is not told here is as in `Database`."""

    def __init__(self, level: Level, place: Place, log: Log, mode: Mode) -> None:
        """Put the parts together; use `libredb.open`."""
        super().__init__(level, place, log, mode, None)
        guard = SharedGuard(place.why_gone)
        self._guard = guard
        self._commits = self._shared = SharedCommits(guard, level, place, log)

    def _transact(self, fn: Callable[[Transaction], T], *, grouped: bool) -> T:
        work = partial(super()._transact, fn, grouped=grouped)
        return work() if grouped else self._shared.acknowledged(work)

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; leaving the block commits it, an exception aborts it."""
        block = super().transaction()
        assert isinstance(block, Block), "`Database` makes one"
        block.around = self._shared.acknowledged
        return block

    def close(self) -> None:
        """Close, once what waits is durable and was told; see `Database.close`."""
        try:
            with suppress(UsageError, DatabaseFailedError):  # it is closed, or `close` says it too
                self.sync()
        finally:
            super().close()
