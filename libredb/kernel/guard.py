"""Who may use the database right now: one thread at a time, and nobody after a failure.

The lock is held for the whole length of a transaction, a group, a sync, a compaction or a backup;
other threads wait. A thread that would wait for itself gets an error instead, with one exception:
what a group is for may run inside it.
The latch closes when the outcome of a write is unknown. It is armed *before* the first byte is
handed over and disarmed at the very end, so that nothing that ends this time early, not even
KeyboardInterrupt or MemoryError, can leave it open. Only closing the database ends it.
Absent on purpose: time limits, and readers beside a writer.
"""

from contextlib import AbstractContextManager, nullcontext
from threading import Lock, get_ident
from types import TracebackType

from libredb.kernel.errors import DatabaseFailedError, UsageError

GROUP = "a group"
_NOTHING = nullcontext()
_INTERRUPTED = UsageError("the work was interrupted before its outcome was known")


class Latch:
    """A context around writes: leaving it by an exception closes the latch for good."""

    failure: BaseException | None = None

    def __enter__(self) -> None:
        """Arm: whatever happens now, the outcome is unknown."""
        self.failure = _INTERRUPTED

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Disarm, or remember why not."""
        self.failure = error


class Turn:
    """One thing that a thread does with the database: `with turn.lock, turn:`.

    The lock comes first and is taken in one step that cannot be interrupted half-way; the turn
    then notes who has it. Within the thread's own group there is nothing to wait for.
    """

    __slots__ = ("_closing", "_guard", "_outside", "_what", "lock")

    def __init__(
        self, guard: "Guard", lock: AbstractContextManager[object], what: str, *, closing: bool
    ) -> None:
        """Prepare; see `Guard.turn`."""
        self.lock: AbstractContextManager[object] = lock
        self._guard = guard
        self._what = what
        self._closing = closing
        self._outside: tuple[int | None, tuple[str, ...]] = (None, ())

    def __enter__(self) -> None:
        """Begin, unless the database was closed or failed while this thread waited."""
        guard = self._guard
        if (guard.closed or guard.latch.failure) and not self._closing:
            guard.check()
        self._outside = guard.thread, guard.doing
        guard.thread, guard.doing = get_ident(), (*guard.doing, self._what)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Go back to what was done before."""
        self._guard.thread, self._guard.doing = self._outside


class Guard:
    """The lock and the latch of one database.

    Invariant: `thread` is the thread that holds the lock, and `doing` what for, outermost first;
    None and empty while it is free.
    """

    def __init__(self) -> None:
        """Create a guard that is free, open, and has seen no failure."""
        self.latch: Latch = Latch()
        self.closed: bool = False
        self.thread: int | None = None
        self.doing: tuple[str, ...] = ()
        self._lock = Lock()

    @property
    def in_group(self) -> bool:
        """Whether a group is running."""
        return self.doing[:1] == (GROUP,)

    def turn(self, what: str, *, inside_group: bool = False, closing: bool = False) -> Turn:
        """Return a turn for `what`; `inside_group` lets it run within the thread's own group.

        Only `closing` may have its turn after a failure. Entering the turn raises UsageError when
        the database is closed, and DatabaseFailedError when the latch is.

        Raises:
            UsageError: this thread is in the middle of something and would wait for itself.
        """
        if self.thread != get_ident():
            return Turn(self, self._lock, what, closing=closing)
        if inside_group and self.doing == (GROUP,):
            return Turn(self, _NOTHING, what, closing=closing)
        raise UsageError(f"{what} cannot begin inside {self.doing[-1]} of the same thread")

    def check(self) -> None:
        """Raise unless the database is open and has not failed."""
        if self.closed:
            raise UsageError("the database is closed")
        if self.latch.failure is not None:
            raise DatabaseFailedError(
                f"an earlier failure left an outcome unknown ({self.latch.failure!r}); close the "
                "database and open it again: what is there then is what happened"
            ) from self.latch.failure
