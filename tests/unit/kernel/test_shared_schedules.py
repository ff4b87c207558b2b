"""Claim: however threads that share a sync take turns, each acknowledgement was durable by then.

The order in which threads go on is the schedule's; see tests/support/schedule.py. Small cases are
enumerated up to a number of switches, larger ones are drawn from seeds. After each step the power
is lost on a copy of the disk, whenever somebody was told something since the last.
"""

import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest

import libredb
from libredb import DatabaseFailedError, StorageError, Transaction, UsageError
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator
from tests.support.schedule import Choose, Schedule, enumerated, storage

pytestmark = [pytest.mark.cpython(reason="runs threads"), pytest.mark.slow]

COUNTER = b"counter"


class Left(Exception):  # noqa: N818 - no error: it leaves a transaction
    """What a user's own code raises."""


class Trial:
    """One database, one schedule, and what the threads were told."""

    def __init__(self, choose: Choose, *, failing_sync: int = 0, fates: int = 0) -> None:
        self.schedule = Schedule(choose, self.judge)
        self.told = 0
        """The state of this many increments is known to somebody as durable."""
        self.judged = 0
        self.numbers: list[int] = []
        self.failures: list[BaseException] = []
        self.refused = False
        self.syncs = 0
        self.appended = 0
        self.failing_sync = failing_sync
        self.fates = fates
        with self.schedule.locks():
            self.fs = storage(self.schedule)
            self.db = libredb.open("p", fs=self.fs, group_commit=libredb.SharedSync())
        self.fs.hook = self.hook

    def hook(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        """Let a sync fail, which loses every page that it should have brought to the disk."""
        if name == "sync":
            self.syncs += 1
            if self.syncs == self.failing_sync:
                self.schedule.stop()
                cast("Any", effect).__self__.lose_pages(Generator(1), 1.0)
                self.schedule.stop()
                raise OSError(5, "the sync failed")
        result = self.schedule.hook(name, where, effect, arguments)
        self.appended += name == "write"
        return result

    def judge(self) -> None:
        """Lose the power on a copy, if somebody was told something that the last did not show.

        In runs that are drawn it is lost every few steps besides, with other remains.
        """
        if self.told > self.judged or (self.fates and self.schedule.steps % 7 == 0):
            self.judged = self.told
            for seed in range(self.fates + 1):
                self.require_durable(seed * self.schedule.steps)

    def require_durable(self, seed: int = 0) -> int:
        """Return the count that is left after a power loss; it has all that anybody was told of."""
        copy = self.fs.copy(Generator(seed))
        copy.power_loss("" if seed else "old", entries="old")
        with libredb.open("p", fs=copy) as db:
            left = int(db.get(COUNTER) or b"0")
            keys = {key for key, _ in db.scan(prefix=b"n")}
        assert keys == {b"n%d" % number for number in range(1, left + 1)}, "it is no prefix"
        assert left >= self.told, f"{self.told} commits were known as durable, {left} are"
        return left

    def increment(self, tx: Transaction) -> int:
        """Commit number `n`."""
        number = int(tx.get(COUNTER, b"0")) + 1
        assert sum(1 for _ in tx.scan(prefix=b"n")) == number - 1
        tx.set(COUNTER, b"%d" % number)
        tx.set(b"n%d" % number, b"")
        return number

    def tell(self, number: int) -> None:
        """Note that somebody knows of `number`, and may rely on it."""
        self.told = max(self.told, number)

    def trying(self, *works: Callable[[], object]) -> Callable[[], None]:
        """Return what does all of `works`, and notes how the first that fails does."""

        def work() -> None:
            try:
                for each in works:
                    each()
            except StorageError as error:
                self.failures.append(error)
            except UsageError:
                assert self.db.closed, "a thread is refused"
                self.refused = True

        return work

    # What the threads do.

    def commit(self) -> None:
        number = self.db.transact(self.increment)
        self.numbers.append(number)
        self.tell(number)

    def commit_in_block(self) -> None:
        with self.db.transaction() as tx:
            number = self.increment(tx)
        self.numbers.append(number)
        self.tell(number)

    def read(self) -> None:
        self.tell(int(self.db.get(COUNTER) or b"0"))
        with self.db.read() as tx:
            self.tell(int(tx.get(COUNTER) or b"0"))

    def look(self) -> None:
        """Write nothing, in a transaction that writes."""
        self.tell(self.db.transact(lambda tx: int(tx.get(COUNTER) or b"0")))

    def look_and_leave(self) -> None:
        """Learn something from a transaction that is aborted."""

        def work(tx: Transaction) -> None:
            seen.append(int(tx.get(COUNTER) or b"0"))
            tx.set(COUNTER, b"-1")
            raise Left

        for block in (False, True):
            seen: list[int] = []
            with suppress(Left):
                if block:
                    with self.db.transaction() as tx:
                        work(tx)
                else:
                    self.db.transact(work)
            self.tell(seen[0])

    def group(self) -> None:
        with self.db.group():
            numbers = [self.db.transact(self.increment) for _ in range(2)]
            assert int(self.db.get(COUNTER) or b"0") == numbers[-1]
        self.numbers += numbers
        self.tell(numbers[-1])

    def sync(self) -> None:
        appended = self.db.durable_version + self.db.pending_commits
        self.db.sync()
        assert self.db.durable_version >= appended
        self.tell(int(self.db.get(COUNTER) or b"0"))

    def compact(self) -> None:
        self.db.compact()
        self.tell(int(self.db.get(COUNTER) or b"0"))

    def back_up(self) -> None:
        image = SimFileSystem()
        self.db.backup_to("image", fs=image)
        with libredb.open("image", fs=image) as copy:
            self.tell(int(copy.get(COUNTER) or b"0"))

    def close(self) -> None:
        self.db.close()

    def run(self, *works: Callable[[], object]) -> "Trial":
        """Run the works, each in a thread; all that nobody says may fail has to go well."""
        with self.schedule.locks():
            errors = self.schedule.run([self.trying(work) for work in works])
            for error in errors:
                if error is not None:
                    raise error
            self.judge()
            if self.failing_sync:
                self._require_failed()
            else:
                self._require_whole()
        return self

    def _require_whole(self) -> None:
        assert not self.failures
        count = len(self.numbers)
        assert sorted(self.numbers) == list(range(1, count + 1)), "an update is lost"
        assert self.db.closed or int(self.db.get(COUNTER) or b"0") == count
        assert (self.db.pending_commits, self.db.pending_bytes) == (0, 0)
        self.db.close()
        assert self.require_durable() == count

    def _require_failed(self) -> None:
        if self.syncs < self.failing_sync:
            self.failing_sync = 0
            self._require_whole()
            return
        assert self.failures, "a sync failed, and nobody was told"
        for call in (self.read, self.look, self.commit, self.sync):
            with pytest.raises(UsageError if self.db.closed else DatabaseFailedError):
                call()
        assert self.syncs == self.failing_sync, "a sync was tried again"
        self.db.close()
        self.require_durable()


def seeded(seed: int) -> Choose:
    """Return choices that are drawn: mostly to go on, so that threads get far apart."""
    generator = random.Random(seed)
    stay = generator.choice((0.0, 0.5, 0.9))
    return lambda count: 0 if generator.random() < stay else generator.randrange(count)


Work = Callable[[Trial], Callable[[], object]]
PAIRS: dict[str, tuple[Work, Work]] = {
    "two commits": (lambda t: t.commit, lambda t: t.commit),
    "a commit and a block": (lambda t: t.commit, lambda t: t.commit_in_block),
    "a commit and reads": (lambda t: t.commit, lambda t: t.read),
    "a commit and a look": (lambda t: t.commit, lambda t: t.look),
    "a commit and aborted looks": (lambda t: t.commit, lambda t: t.look_and_leave),
    "a commit and a group": (lambda t: t.commit, lambda t: t.group),
    "a commit and a sync": (lambda t: t.commit, lambda t: t.sync),
    "a commit and a compaction": (lambda t: t.commit, lambda t: t.compact),
    "a commit and a backup": (lambda t: t.commit, lambda t: t.back_up),
    "a commit and a closing": (lambda t: t.commit, lambda t: t.close),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_every_acknowledgement_is_durable_however_two_threads_take_turns(pair: str) -> None:
    first, second = PAIRS[pair]

    def run(choose: Choose) -> None:
        trial = Trial(choose)
        trial.run(first(trial), second(trial))

    assert enumerated(run, 2) > 50


def test_a_failed_sync_fails_everybody_who_waits_and_latches_however_two_threads_take_turns() -> (
    None
):
    pairs = PAIRS.keys() - {"a commit and a compaction"}  # which may fail and change nothing
    for failing, other in itertools.product((1, 2), sorted(pairs)):

        def run(choose: Choose, failing: int = failing, other: str = other) -> None:
            trial = Trial(choose, failing_sync=failing)
            trial.run(*(work(trial) for work in PAIRS[other]))

        assert enumerated(run, 1) > 10


@pytest.mark.parametrize("seed", range(60))
def test_every_acknowledgement_is_durable_in_schedules_that_are_drawn(seed: int) -> None:
    trial = Trial(seeded(seed), fates=1)
    works = [work for name, pair in PAIRS.items() for work in pair if "closing" not in name]
    generator = random.Random(seed)
    chosen = [generator.choice(works)(trial) for _ in range(4)]

    def repeated(work: Callable[[], object]) -> Callable[[], object]:
        return lambda: [work() for _ in range(3)]

    trial.run(*map(repeated, chosen), trial.commit)


@pytest.mark.parametrize("seed", range(40))
def test_a_failed_sync_fails_everybody_who_waits_in_schedules_that_are_drawn(seed: int) -> None:
    trial = Trial(seeded(seed), failing_sync=1 + seed % 4)
    trial.run(*[trial.trying(trial.commit, trial.look, trial.commit_in_block)] * 4)
