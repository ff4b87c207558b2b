"""Notices: who asked for it is told of each commit, once, in order, by a thread that commits.

A commit queues a notice for each callback while it has the state, so they stand in version order.
It delivers when it holds no right any more, so a callback may call the database. One delivery runs
at a time: who finds one running leaves its notices to it, also a callback that commits.
Nobody may wait for the right to deliver, and no interrupt may keep it. So it is never handed over.
Each delivery brings a lock of its own, which `with` takes, free as it is, and C code gives back
whatever happens. A delivery runs if and only if its lock is held, and asking that waits for nobody.
Once one has ended, `setdefault` lets exactly one other follow it. An iterator in C takes a notice
off the queue and makes the call, so no interrupt comes between the two.
Absent on purpose: notices that outlive the process (see `changes`), and threads of their own.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat, starmap
from operator import call
from threading import Lock
from weakref import ref

from libredb.kernel.guard import Guard
from libredb.kernel.level import Op

Callback = Callable[[int, tuple[Op, ...]], object]
"""What is called with the version of a commit and its ops."""
Notice = tuple[Callback, int, tuple[Op, ...]]


class Delivery:
    """A delivery, and the one that follows it. Its lock is taken before it follows, and once."""

    def __init__(self) -> None:
        """Prepare; it has not run."""
        self.running: Lock = Lock()
        self.next: dict[None, Delivery] = {}


class Notices:
    """The callbacks of one database, and what they have not been told yet.

    Invariant: the queue has, in order, the notices of all commits that no callback was called for;
    those above commit `due` are not to be told yet.
    """

    def __init__(self, guard: Guard) -> None:
        """Begin without a callback."""
        self.subscribers: dict[Callback, None] = {}
        self.queue: deque[Notice] = deque()
        self.due: int = 0
        """The last commit that may be told: those of a group that is running are above."""
        self._guard = guard
        self._calls = starmap(call, iter(self.queue.popleft, None))
        self._last = Delivery()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Tell `callback` of every commit applied from now on, until the result is called."""
        subscriber = partial(callback)  # another one each time, also for the same callback
        self.subscribers[subscriber] = None
        return partial(self.subscribers.pop, subscriber, None)

    def add(self, version: int, ops: Iterable[Op], *, grouped: bool) -> None:
        """Queue the notices of a commit that is visible; in a group they are not due yet."""
        self.queue.extend(zip(tuple(self.subscribers), repeat(version), repeat(tuple(ops))))
        if not grouped:
            self.due = version

    def deliver(self) -> None:
        """Make every call that is due, unless this thread holds a right or a delivery runs.

        A callback that fails is reported, and the next one is called.
        """
        while self._next() and not self._guard.holds_any() and self._deliver_alone():
            pass  # what was queued in the moment between the last look and the end

    def _next(self) -> Notice | None:
        """Return the first notice if it is due; another delivery may take it meanwhile."""
        if not self.queue:  # as after nearly every block, and faster told than by an IndexError
            return None
        try:
            notice = self.queue[0]
        except IndexError:
            return None
        return notice if notice[1] <= self.due else None

    def _deliver_alone(self) -> bool:
        """Deliver what is due; return whether no other delivery did so."""
        mine, last = Delivery(), self._last
        with mine.running:
            while last is not mine:
                if last.running.locked():
                    return False
                last = last.next.setdefault(None, mine)
            self._last = mine
            while notice := self._next():
                if notice[0] not in self.subscribers:
                    self.queue.popleft()
                    continue
                try:
                    next(self._calls)
                except Exception as error:  # noqa: BLE001 - it is reported, whatever it is
                    _report(error)
        return True


def _report(error: Exception) -> None:
    """Give `error` to `sys.unraisablehook`, as Python does with one that nobody can catch."""
    errors, watched = [error], Delivery()
    del error  # or its traceback, which knows this call, would keep it until a garbage collection

    def callback_of_on_commit(_: object) -> None:
        raise errors.pop()

    _watch = ref(watched, callback_of_on_commit)
    del watched
