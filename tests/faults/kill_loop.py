"""Kills a writer again and again: `python -m tests.faults.kill_loop --kills N --seed S`.

A writer acknowledges commits through a pipe. The moment of its death is drawn, and comes without a
clock: so many events of a kind were told, or the file was seen to change so often, and then so many
more looks at it. After each death the database must show every acknowledged commit, no less than it
ever showed, and the state after some whole number of commits that were begun. Half the time it is
only read to find out, so that the next writer has to recover it and may die of that.
The operating system survives, so that a window loses nothing either.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import libredb
from sim.world.generator import Generator
from tests.faults import kill_writer
from tests.faults.commits import Recorder, commit, commit_big, count_of, environment

KINDS = {
    "transactions": "ttttttttr",
    "groups": "gtgr",
    "a window": "wttttttttttttt",
    "compactions": "ttcgtc",
    "everything": "tttgtcttgrtc",
    "a window and everything": "wtttgttcttttr",
    "big commits": "btttcttr",
    "threads that share a sync": "sppptgpcpr",
}

LIVES = 22
"""How often a writer dies on each database, unless more is asked for."""

UNDER_WAY = {
    b"": "start",
    b"s": "open",
    b"o": "commit",
    b"w": "commit",
    b"a": "commit",
    b"c": "compact",
    b"d": "commit",
    b"x": "close",
    b"k": "open",
}
"""What the writer is doing after an event was the last."""


class BrokenPromiseError(AssertionError):
    """A database did not show what the contract says."""


@dataclass(frozen=True)
class Moment:
    """When a writer dies: after `event` was told `times`, and so many more `looks` at the file.

    Without an event it dies after the file was seen to change `times`.
    """

    event: bytes
    times: int
    looks: int

    @staticmethod
    def draw(kinds: str, generator: Generator) -> "Moment":
        """Draw a moment; openings, closings and compactions are short, so they get a share."""
        many = 6 if kinds.startswith("b") else 30
        choices = [(b"s", 1), (b"w", many), (b"a", many), (b"", many), (b"", 5)]
        if "r" in kinds:
            choices += [(b"x", 3), (b"s", 3)]
        if "c" in kinds:
            choices += [(b"c", 4), (b"c", 2)]
        event, most = generator.pick(choices)
        looks = generator.below(10 ** generator.between(0, 3))
        return Moment(event, generator.between(1, most), looks)


class Watch:
    """One life of a writer, seen from its parent."""

    def __init__(self, path: Path, kinds: str) -> None:
        """Start the writer."""
        self.path = path
        self.process = subprocess.Popen(
            [sys.executable, "-S", kill_writer.__file__, str(path), kinds],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        assert self.process.stdout is not None
        self.pipe = self.process.stdout.fileno()
        os.set_blocking(self.pipe, False)
        self.told = b""
        self.changes = 0
        self._seen = self._look()

    def kill_at(self, moment: Moment) -> bytes:
        """Wait for the moment, kill the writer, and return all that it told."""
        try:
            while not self._has_come(moment):
                self._listen()
            for _ in range(moment.looks):
                self._look()
        finally:
            self.process.kill()
            os.set_blocking(self.pipe, True)
            rest, errors = self.process.communicate()
        self.told += rest
        if (self.process.returncode, errors) != (-signal.SIGKILL, b""):
            raise BrokenPromiseError(f"the writer ended by itself: {errors.decode()}")
        return self.told

    def _has_come(self, moment: Moment) -> bool:
        if self.process.poll() is not None:
            return True
        if moment.event:
            return self.told.count(moment.event) >= moment.times
        seen = self._look()
        self.changes += seen != self._seen
        self._seen = seen
        return self.changes >= moment.times

    def _listen(self) -> None:
        try:
            self.told += os.read(self.pipe, 1 << 16)
        except BlockingIOError:
            os.sched_yield()

    def _look(self) -> tuple[int, int, int] | None:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns


@dataclass
class Campaign:
    """Many lives of writers on one database, and what was seen."""

    path: Path
    kinds: str
    seed: int
    kills: Counter[str] = field(default_factory=Counter[str])
    events: Counter[str] = field(default_factory=Counter[str])
    outcomes: Counter[str] = field(default_factory=Counter[str])

    def __post_init__(self) -> None:
        """Nothing was shown yet."""
        self.generator = Generator(self.seed)
        self.expected = Recorder(commit_big if self.kinds.startswith("b") else commit)

    def live(self) -> None:
        """Let a writer live and die, and check what it leaves.

        Raises:
            BrokenPromiseError: it is not what the contract says.
        """
        moment = Moment.draw(self.kinds, self.generator)
        told = Watch(self.path, self.kinds).kill_at(moment)
        self.kills[UNDER_WAY[told[-1:]]] += 1
        self.events.update(told.decode())
        try:
            self._check(told)
        except (AssertionError, libredb.LibreDBError) as error:
            raise BrokenPromiseError(
                f"seed {self.seed}, {self.kinds}, life {self.kills.total()}, {moment}, "
                f"told {told.decode()}: {error!r}"
            ) from error

    def _check(self, told: bytes) -> None:
        if not self.path.exists():
            assert b"o" not in told, "the database is gone"
            assert self.expected.count == 0, "the database is gone"
            return
        self.outcomes[libredb.verify(self.path).outcome] += 1
        shown = self.expected.count
        recover = self.generator.chance(0.5)
        with libredb.open(self.path, mode="rw" if recover else "r") as db:
            found = count_of(db)
            least, most = shown + told.count(b"a"), shown + told.count(b"w")
            assert least <= found <= most, f"{found} commits, not {least} to {most}"
            assert dict(db.scan()) == self.expected.advance(found), f"not the state after {found}"


def prepare(folder: Path, seed: int) -> list[Campaign]:
    """Return a campaign for each of KINDS."""
    return [
        Campaign(folder / f"{number}.libredb", kinds, seed * 1000 + number)
        for number, kinds in enumerate(KINDS.values())
    ]


def total(campaigns: list[Campaign]) -> dict[str, Counter[str]]:
    """Return the counters of all campaigns together."""
    names = ("kills", "events", "outcomes")
    return {name: sum((getattr(c, name) for c in campaigns), Counter[str]()) for name in names}


def main() -> None:
    """Run the loop, and print its seed and what was seen."""
    parser = argparse.ArgumentParser(description="Kill writers and look at what they leave.")
    parser.add_argument("--kills", type=int, default=LIVES * len(KINDS), metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.kills} kills", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        campaigns = prepare(Path(folder), arguments.seed)
        for number in range(arguments.kills):
            campaigns[number % len(campaigns)].live()
            if number % 500 == 499:
                print(f"... {number + 1} kills", flush=True)
    for name, counter in total(campaigns).items():
        print(f"{name:9}", ", ".join(f"{what}: {count}" for what, count in counter.most_common()))
    print("every acknowledged commit was there after each kill")


if __name__ == "__main__":
    main()
