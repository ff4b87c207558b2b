"""The latch: nobody begins anything after a failure of which the outcome is unknown.

It is armed *before* the first byte is handed over and disarmed at the very end, so that nothing
that ends this time early can leave it open. Only closing the database ends it.
Absent on purpose: a second try. What was asked for may have happened.
"""

from threading import Lock
from types import TracebackType


class InterruptedWork(Exception):  # noqa: N818 - not an error: the note of one, until it is known
    """What the latch holds while a write runs, and for ever if nobody could say how it ended."""


class Latch:
    """A context around writes: `with latch.running, latch:`. Leaving it early closes it for good.

    Invariant: it is closed if and only if it holds a failure that no running write put there.
    """

    def __init__(self) -> None:
        """Begin open."""
        self.failure: BaseException | None = None
        self.running: Lock = Lock()

    def __enter__(self) -> None:
        """Arm: whatever happens now, the outcome is unknown."""
        self.failure = InterruptedWork("the work was interrupted before its outcome was known")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Disarm, or remember why not. An interrupt just before this leaves it armed."""
        self.failure = error

    @property
    def closed(self) -> bool:
        """Whether a write failed. A reader asks this while another thread may be writing."""
        failure = self.failure
        if type(failure) is not InterruptedWork:
            return failure is not None
        # Every write arms with an object of its own. If nobody writes now, and it is there after
        # that was seen, then its write is over and never disarmed.
        return not self.running.locked() and self.failure is failure
