"""Who may use the database right now: one thread at a time, and nobody after a failure.

The lock is held for the whole length of a transaction, a group, a sync, a compaction or a backup;
other threads wait. A thread that would wait for itself gets an error instead, with one exception:
what a group is for may run inside it.
The latch closes when the outcome of a write is unknown. It is armed *before* the first byte is
handed over and disarmed at the very end, so that nothing that ends this time early, not even
KeyboardInterrupt or MemoryError, can leave it open. Only closing the database ends it.
Absent on purpose: time limits, and readers beside a writer.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import TracebackType

from libredb.kernel.errors import DatabaseFailedError, UsageError

GROUP = "a group"
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


class Guard:
    """The lock and the latch of one database.

    Invariant: `_thread` is the thread that holds the lock, and `_doing` what for, outermost first;
    None and empty while it is free.
    """

    def __init__(self) -> None:
        """Create a guard that is free, open, and has seen no failure."""
        self.closed: bool = False
        self.latch: Latch = Latch()
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._doing: tuple[str, ...] = ()

    @property
    def in_group(self) -> bool:
        """Whether a group is running."""
        return self._doing[:1] == (GROUP,)

    @contextmanager
    def hold(
        self, what: str, *, inside_group: bool = False, closing: bool = False
    ) -> Iterator[None]:
        """Hold the lock for `what`; only `closing` may do so after a failure.

        Raises:
            UsageError: this thread holds it already (a group with `inside_group` apart), or the
                database is closed.
            DatabaseFailedError: the latch is closed.
        """
        outside = self._thread, self._doing
        nested = self._thread == threading.get_ident()
        if nested and not (inside_group and self._doing == (GROUP,)):
            raise UsageError(f"{what} cannot begin inside {self._doing[-1]} of the same thread")
        with nullcontext() if nested else self._lock:
            try:
                self._thread, self._doing = threading.get_ident(), (*self._doing, what)
                if not closing:
                    self.check()
                yield
            finally:
                self._thread, self._doing = outside if nested else (None, ())

    def check(self) -> None:
        """Raise unless the database is open and has not failed."""
        if self.closed:
            raise UsageError("the database is closed")
        if self.latch.failure is not None:
            raise DatabaseFailedError(
                f"an earlier failure left an outcome unknown ({self.latch.failure!r}); close the "
                "database and open it again: what is there then is what happened"
            ) from self.latch.failure
