"""Who may do what right now, as told by locks.

    turn     the right to write: one transaction, group, sync, compaction or backup at a time
    step     what runs within the turn; a group leaves it free, for the transactions inside it
    sync     the right to sync, where threads share one (shared.py); a part of the turn elsewhere
    state    what reads see: held for the moment of a read, and by a commit while it is applied

A thread takes them in this order (a transaction of a group its step last, as nobody else can have
one then), and gets an error where it would wait for itself. Who has one is
what the lock says, never a note beside it: C code takes and leaves a lock in one step, and a
KeyboardInterrupt fits before every statement of Python that could write or erase a note.
Absent on purpose: time limits.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from operator import call
from threading import RLock
from types import GeneratorType, TracebackType
from typing import Any, Generic, TypeVar, cast
from weakref import ref

from libredb.kernel.errors import DatabaseFailedError, UsageError
from libredb.kernel.latch import InterruptedWork, Latch

A_TRANSACTION, A_READ, A_GROUP = "a transaction", "a read", "a group"
ELSEWHERE = "transact_async()"
_HINTS = {
    A_TRANSACTION: "; use the transaction that is running, or its own tx.transact()",
    A_READ: "; use the transaction that is running: tx.get(), tx.scan()",
    ELSEWHERE: "; use the transaction that is running, or transact() in a group",
}

NOBODY = object()  # whose a group is while there is none
NOTHING = nullcontext()

T = TypeVar("T")
Exit = TypeVar("Exit", bound=Callable[..., None])


class Guard:
    """The locks and the latch of one database."""

    def __init__(self, why_gone: Callable[[], str | None] = lambda: None) -> None:
        """Create a guard that is free, open, and has seen no failure.

        `why_gone` says why this process may not use the database any more, None if it may: in a
        forked child, nobody will ever give back a lock that another thread of the parent had.
        """
        self.why_gone: Callable[[], str | None] = why_gone
        self.latch: Latch = Latch()
        self.closed: bool = False
        self.turn: RLock = RLock()
        self.step: RLock = RLock()
        self.sync: RLock = RLock()
        self.state: RLock = RLock()
        self.rights: tuple[RLock, ...] = (self.turn, self.sync, self.state)
        self._has_turn, self._has_step = owned(self.turn), owned(self.step)
        self._has_state = owned(self.state)
        self._doing: str = A_READ  # what the turn was last taken for; only messages ask
        self._group_task: object = NOBODY
        self.entered: dict[Block[Any], None] = {}  # those of `with` that have locks, in order

    def begin(self, what: str, *, inside_group: bool = False) -> bool:
        """Refuse what would wait for itself; return whether it is inside the caller's own group.

        Raises:
            UsageError: this thread, or another task of it, is in the middle of something.
        """
        if (why := self.why_gone()) is not None:
            self.check()
            raise UsageError(why)
        if not self.holds_any():
            return False
        for block in reversed(list(self.entered)):
            if block.is_abandoned:
                block.end(InterruptedWork())
                return self.begin(what, inside_group=inside_group)
        if self._has_step() or not (self._has_turn() and self._has_state()):
            outer = A_READ if self._has_state() and not self._has_turn() else self._doing
            hint = _HINTS.get(what, "") if outer in _HINTS else ""
            raise UsageError(f"{what} cannot begin inside {outer} of the same thread{hint}")
        if self._group_task is not current_task():
            raise UsageError(f"{what} cannot begin inside a group of another task of this thread")
        if not inside_group:
            hint = _HINTS.get(what, "")
            raise UsageError(f"{what} cannot begin inside a group of the same thread{hint}")
        return True

    def holds_any(self) -> bool:
        """Whether this thread has some right."""
        return self._has_turn() or self._has_step() or self._has_state()

    def begin_group(self) -> None:
        """Note which task the group belongs to; its thread has just taken the turn."""
        self.check(A_GROUP)
        self._group_task = current_task()

    def end_group(self) -> None:
        """Let nobody join the group any more; its thread has the step again."""
        self._group_task = NOBODY

    def moment(self) -> RLock:
        """Return what to hold while reading: the state, which a group of the caller has."""
        return self.step if self.begin(A_READ, inside_group=True) else self.state

    def check(self, what: str | None = None) -> None:
        """Raise unless the database is open and has not failed; `what` has the turn now.

        Raises:
            UsageError: it is closed.
            DatabaseFailedError: a write failed.
        """
        if what is not None:
            self._doing = what
        if self.closed:
            raise UsageError("the database is closed")
        failure = self.latch.failure
        if failure is not None and self.latch.closed:
            error = DatabaseFailedError(
                f"an earlier failure left an outcome unknown ({failure!r}); close the database and "
                "open it again: what is there then is what happened"
            )
            error.errno = failure.errno if isinstance(failure, OSError) else None
            raise error from failure


class BoundExit:
    """An `__exit__` that `with` calls as C code, and that nothing but the `with` holds.

    Python code can be interrupted before its first statement. But whatever happens, `with` lets go
    of what it called. The block watches for that, and ends then, or with the next call.
    """

    def __init__(self, method: Callable[..., None]) -> None:
        """Wrap the `__exit__` of a `Block`."""
        self._method = method

    def __get__(self, block: "Block[Any] | None", owner: object) -> Callable[..., None]:
        """Return the exit of one block; of the class, for `ExitStack`, the plain method."""
        if block is None:
            return self._method
        leave = partial(self._method, block)
        block.watch = ref(leave, lambda _: block.end(InterruptedWork()))
        return leave


def bound_exit(method: Exit) -> Exit:
    """Let a method be looked up through a `BoundExit`; its type stays what it is."""
    return cast(Exit, BoundExit(method))


class Block(Generic[T]):
    """A `with` block of the caller's, which has some of the locks until it is left.

    Inside a group of the caller's it has the step alone. It belongs to the thread that enters it.
    `start` is called when the locks are taken. `finish` is called when the block is left, with what
    `start` returned, the exception that left it, and whether it was inside a group. If it raises,
    it is called again with that: it may have been interrupted before it did anything. `around` is
    given the end of the block to run.
    """

    def __init__(
        self,
        guard: Guard,
        what: str,
        locks: tuple[RLock, ...],
        start: Callable[[], T],
        finish: Callable[[T, BaseException | None, bool], object],
        afterwards: Callable[[], object] = int,
    ) -> None:
        """Prepare; nothing is taken yet. `locks` are one to three, in the order of the guard.

        `afterwards` is called when `with` has left the block, and the locks were given back.
        """
        self._guard = guard
        self._what = what
        self._holding = _hold(locks)
        self._is_mine = owned(locks[0])
        self._start = start
        self._finish = finish
        self._afterwards = afterwards
        self._started: list[T] = []
        self.around: Callable[[Callable[[], None]], None] = call
        self.watch: ref[partial[None]] | None = None

    def __enter__(self) -> T:
        """Wait for the locks, and start."""
        if self._started:
            raise UsageError("this block was entered already; make another one")
        self._grouped = self._guard.begin(self._what, inside_group=self._what != A_GROUP)
        if self._grouped:
            self._holding = _hold((self._guard.step,))
            self._is_mine = owned(self._guard.step)
        try:
            next(self._holding)
            if self.watch is not None:
                for left in [b for b in list(self._guard.entered) if not b.is_entered]:
                    self._guard.entered.pop(left, None)
                self._guard.entered[self] = None
            self._started.append(self._start())
        except BaseException as error:
            self.end(error)
            raise
        return self._started[0]

    @bound_exit
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Finish, and give the locks back.

        Raises:
            UsageError: another thread entered it, and has the locks for ever; that is a failure.
        """
        if not self._is_mine():
            lost = UsageError("a block must be left by the thread that entered it")
            self._guard.latch.failure = lost
            raise lost
        self.end(error)
        self._afterwards()

    def end(self, error: BaseException | None) -> None:
        """Finish and give the locks back, as far as that has not been done."""
        if self.is_entered:
            self.around(partial(self._end, error))

    def _end(self, error: BaseException | None) -> None:
        _require_room(3)  # a generator that is closed without any gives nothing back
        with self._guard.step if self._what == A_GROUP else NOTHING:  # so that nobody joins it
            try:
                try:
                    self._finish_with(error)
                except BaseException as failure:
                    self._finish_with(failure)  # it may have been interrupted before it began
                    raise
            finally:
                self._holding.close()
                self.watch = None
                self._guard.entered.pop(self, None)

    @property
    def is_entered(self) -> bool:
        """Whether this thread is in the block: C code tells, and no step of ours."""
        return self._holding.gi_suspended and self._is_mine()

    @property
    def is_abandoned(self) -> bool:
        """Whether `with` let go of it in this thread, and it has not ended all the same."""
        return self.is_entered and self.watch is not None and self.watch() is None

    def _finish_with(self, error: BaseException | None) -> None:
        for started in self._started:
            self._finish(started, error, self._grouped)

    def __del__(self) -> None:
        """End a block that was entered by hand and dropped."""
        if hasattr(self, "watch"):
            self.end(InterruptedWork())


def _holding(locks: tuple[RLock, ...]) -> Iterator[None]:
    """Hold one to three locks from the first `next` on, until this closes or fails."""
    held = False
    try:
        with locks[0], locks[len(locks) // 2], locks[-1]:
            held = True
            yield
    except RuntimeError:
        if not held:  # otherwise another thread has dropped it, and they stay
            raise


_hold = cast("Callable[[tuple[RLock, ...]], GeneratorType[None, None, None]]", _holding)


def _require_room(calls: int) -> None:
    """Raise RecursionError where nothing has begun, if so many more calls would."""
    if calls:
        _require_room(calls - 1)


def owned(lock: RLock) -> Callable[[], bool]:
    """Return the question whether this thread has `lock`, which `threading.Condition` asks too."""
    name = "_is_owned"  # no public name tells; asking is all that is done with it
    return getattr(lock, name)


def current_task() -> object:
    """Return the asyncio task that runs in this thread, None if there is none."""
    asyncio = sys.modules.get("asyncio")  # not imported here: who has tasks has imported it
    try:
        return asyncio.current_task() if asyncio else None
    except (RuntimeError, AttributeError):  # no loop runs here; or it is being imported just now
        return None
