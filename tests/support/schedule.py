"""Threads that run one at a time, in an order that a test decides.

Every lock of the kernel is replaced by one that knows the schedule, and storage is the simulator's.
Before a lock is taken, and before and after each call of the port, a thread stops, and the schedule
chooses who goes on: of those that do not wait for a lock. So a schedule is the list of its choices,
and the same list gives the same run. A choice of 0 is the thread that ran last, as long as it can.

    schedule = Schedule(choose)          # choose(count) -> 0 <= choice < count
    with schedule.locks():
        db = libredb.open("p", fs=fs, group_commit=libredb.SharedSync())
    schedule.run([work, work])           # raises Deadlock where nobody can go on

A sync takes effect with the writes that had returned when it was called (P17), some time before it
returns; so whoever runs in between finds the simulated disk in either state.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sim.world.filesystem import SimFileSystem

Choose = Callable[[int], int]

PATIENCE_SECONDS = 60
"""A thread that is let go and does not stop again by then hangs outside of the schedule."""


class Deadlock(AssertionError):  # noqa: N818 - no error of the database: a fault that was found
    """Every thread that is left waits for a lock."""


class Worker:
    """One thread of a schedule."""

    def __init__(self, number: int, work: Callable[[], object]) -> None:
        self.number = number
        self.work = work
        self.go = threading.Semaphore(0)
        self.waits_for: ScheduledLock | None = None
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.stopped = threading.Semaphore(0)
        self.error: BaseException | None = None

    def _run(self) -> None:
        self.go.acquire()
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - it is handed over
            self.error = error
        self.ended = True
        self.stopped.release()


class ScheduledLock:
    """A lock that is asked for in the order of the schedule; re-entrant or not."""

    def __init__(self, schedule: "Schedule", *, reentrant: bool) -> None:
        self._schedule = schedule
        self._reentrant = reentrant
        self.owner: int | None = None
        self._depth = 0

    def free_for(self, thread: int) -> bool:
        """Whether that thread would get it now."""
        return self.owner is None or (self._reentrant and self.owner == thread)

    def __enter__(self) -> bool:
        """Take it, as soon as the schedule lets this thread go on and it is free."""
        self._schedule.stop(self)
        me = threading.get_ident()
        if not self.free_for(me):
            raise Deadlock("a thread that is not in the schedule would wait for ever")
        self.owner = me
        self._depth += 1
        return True

    def __exit__(self, *_: object) -> None:
        """Give it back."""
        assert self._is_owned(), "a lock is given back by who has it"
        self._depth -= 1
        if not self._depth:
            self.owner = None

    def locked(self) -> bool:
        """Whether anybody has it."""
        return self.owner is not None

    def _is_owned(self) -> bool:
        return self.owner == threading.get_ident()


class Schedule:
    """Lets threads go on one at a time, as `choose` says, and calls `between` before each step."""

    def __init__(self, choose: Choose, between: Callable[[], object] = int) -> None:
        self._choose = choose
        self._between = between
        self._workers: list[Worker] = []
        self._current: dict[int, Worker] = {}
        self.steps = 0

    @contextmanager
    def locks(self) -> Iterator[None]:
        """Let what is made in this block have locks of this schedule."""
        names = ("guard.RLock", "shared.RLock", "latch.Lock")
        patches = [
            mock.patch(f"libredb.kernel.{name}", self._maker(reentrant=name.endswith("RLock")))
            for name in names
        ]
        for patch in patches:
            patch.start()
        try:
            yield
        finally:
            for patch in patches:
                patch.stop()

    def _maker(self, *, reentrant: bool) -> Callable[[], ScheduledLock]:
        return lambda: ScheduledLock(self, reentrant=reentrant)

    def hook(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        """Stop before and after a call of the port."""
        self.stop()
        result = effect(*arguments)
        self.stop()
        return result

    def stop(self, lock: ScheduledLock | None = None) -> None:
        """Let the schedule choose who goes on; `lock` is what this thread needs for that."""
        worker = self._current.get(threading.get_ident())
        if worker is not None:
            worker.waits_for = lock
            worker.stopped.release()
            worker.go.acquire()
            worker.waits_for = None

    def run(self, works: list[Callable[[], object]]) -> list[BaseException | None]:
        """Run each in a thread of its own to its end; return what they raised.

        Raises:
            Deadlock: nobody can go on.
        """
        workers = [Worker(number, work) for number, work in enumerate(works)]
        for worker in workers:
            worker.thread.start()
            self._current[worker.thread.ident or 0] = worker
        last: Worker | None = None
        while left := [worker for worker in workers if not worker.ended]:
            able = [worker for worker in left if self._may_go_on(worker)]
            if not able:
                raise Deadlock(f"{len(left)} threads wait for each other after {self.steps} steps")
            if last in able:  # first in the list: to go on costs no choice
                able.sort(key=lambda worker: worker is not last)
            last = able[self._choose(len(able))] if len(able) > 1 else able[0]
            self.steps += 1
            self._between()
            last.go.release()
            assert last.stopped.acquire(timeout=PATIENCE_SECONDS), "a thread waits for what is real"
        for worker in workers:
            worker.thread.join(PATIENCE_SECONDS)
        return [worker.error for worker in workers]

    def _may_go_on(self, worker: Worker) -> bool:
        lock = worker.waits_for
        return lock is None or lock.free_for(worker.thread.ident or 0)


def follow(choices: list[int], taken: list[tuple[int, int]]) -> Choose:
    """Return what makes `choices`, then always 0; `taken` gets each choice and out of how many."""
    rest = iter(choices)

    def choose(count: int) -> int:
        choice = next(rest, 0)
        taken.append((choice, count))
        return choice

    return choose


def enumerated(run: Callable[[Choose], object], most_switches: int) -> int:
    """Call `run` with every schedule of at most so many switches that nobody had to make.

    Returns:
        How many there are.
    """
    waiting: list[list[int]] = [[]]
    count = 0
    while waiting:
        choices = waiting.pop()
        taken: list[tuple[int, int]] = []
        try:
            run(follow(choices, taken))
        except BaseException as error:
            error.add_note(f"the choices of this schedule: {[choice for choice, _ in taken]}")
            raise
        count += 1
        if sum(choice > 0 for choice in choices) == most_switches:
            continue
        for index in range(len(choices), len(taken)):
            made = [choice for choice, _ in taken[:index]]
            waiting += [[*made, other] for other in range(1, taken[index][1])]
    return count


def storage(schedule: Schedule) -> SimFileSystem:
    """Return a simulated file system whose calls are steps of `schedule`."""
    fs = SimFileSystem()
    fs.hook = schedule.hook
    return fs
