"""What a row is: one workload, done by libredb and by those that it is measured against.

A workload is a generator. It prepares, yields nothing once, and then does one round of work before
each further `yield`, which hands over the figures of the round: seconds for one operation, or
bytes. Time that processors spend is the time of one thread, so that whoever else works on the
machine does not count; only what waits for a disk is timed by the clock on the wall.

Keys have 16 bytes, values 100 that cannot be compressed; both follow from the seed alone.
"""

import gc
import random
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Generic, TypeVar

KEY_BYTES = 16
VALUE_BYTES = 100
ENTRY_BYTES = KEY_BYTES + VALUE_BYTES
PIECE = 10_000
"""How many entries are loaded in one commit, where a row does not say something else."""

Entry = tuple[bytes, bytes]
T = TypeVar("T")
Figures = dict[str, float]
"""One round: each figure by its name; a row with one figure calls it by the empty string."""


class Refusal(Exception):  # noqa: N818 - nothing went wrong: a row says why it has no figures
    """A contender cannot take part: it is not installed, or this libredb lacks what is measured."""


class FailedError(Exception):
    """A contender raised, or ended before it answered; holds its traceback."""


class Kind(Enum):
    """What the figures of a row are."""

    PROCESSOR = "processor time of the thread"
    WALL = "time on the wall"
    MEMORY = "memory"


@dataclass(frozen=True)
class Size:
    """How much is done: rounds, and by how much less than the full row a contender does."""

    name: str
    rounds: int
    fewer_entries: int
    fewer_times: int

    def entries(self, count: int) -> int:
        """Return how many entries there are instead of `count`."""
        return max(count // self.fewer_entries, min(count, 300))

    def times(self, count: int) -> int:
        """Return how often something is done instead of `count` times."""
        return max(count // self.fewer_times, min(count, 2))


SIZES = {
    size.name: size
    for size in (
        Size("full", 5, 1, 1),
        Size("quick", 3, 100, 20),
        Size("tiny", 1, 2_000, 300),
    )
}


@dataclass(frozen=True)
class Job:
    """What a contender is told.

    Args:
        folder: its own, on the device that the row is about.
        files: where databases are kept that several rows of a run read.
        size: how much is done.
        seed: decides all keys and values.
        kind: what is measured.
    """

    folder: Path
    files: Path
    size: Size
    seed: int
    kind: Kind

    def entries(self, count: int) -> int:
        """Return how many entries there are instead of `count`."""
        return self.size.entries(count)

    def times(self, count: int) -> int:
        """Return how often something is done instead of `count` times."""
        return self.size.times(count)

    def clock(self) -> float:
        """Return the seconds that this row goes by."""
        return time.perf_counter() if self.kind is Kind.WALL else time.thread_time()

    def timed(self, work: Callable[[], object], count: int) -> Figures:
        """Do `work`, which is `count` operations, and return the seconds of one."""
        gc.collect()
        started = self.clock()
        work()
        return {"": (self.clock() - started) / count}

    def once(self, name: str, build: Callable[[Path], object]) -> Path:
        """Return the file `name`, which `build` made, now or in an earlier row of this run."""
        folder = self.files / name
        if not folder.exists():
            unfinished = folder.with_name(f"{name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)  # an earlier row failed half-way
            unfinished.mkdir(parents=True)
            build(unfinished / "data")
            unfinished.rename(folder)
        return folder / "data"


Workload = Callable[[Job], Iterator[Figures]]


@dataclass(frozen=True)
class Row(Generic[T]):
    """A workload, and who does it.

    Args:
        name: what the command line calls it.
        title: what it is, for the table.
        kind: what its figures are.
        contenders: each by its name, ours first; a ratio is the figure of another by ours.
        figures: the names of what one round tells.
        warm: whether a round goes before those that count; not where one takes seconds.
        more_rounds: how many times as many rounds there are; for what takes no time, and swings.
    """

    name: str
    title: str
    kind: Kind
    contenders: Mapping[str, T]
    figures: Sequence[str] = ("",)
    warm: bool = True
    more_rounds: int = 1

    @property
    def titles(self) -> dict[str, str]:
        """What the table calls each figure."""
        return {name: f"{self.title}: {name}" if name else self.title for name in self.figures}


def entries(count: int, seed: int, piece: int = PIECE) -> Iterator[list[Entry]]:
    """Yield `count` random entries, in lists of up to `piece`."""
    source = random.Random(seed)
    for start in range(0, count, piece):
        length = min(piece, count - start) * ENTRY_BYTES
        data = source.randbytes(length)
        yield [
            (data[at : at + KEY_BYTES], data[at + KEY_BYTES : at + ENTRY_BYTES])
            for at in range(0, length, ENTRY_BYTES)
        ]


def sample(count: int, seed: int, wanted: int) -> list[bytes]:
    """Return `wanted` of the keys of `entries(count, seed)`, shuffled; some twice if they are few.

    Keys that were loaded one after the other lie near each other in memory, so they are taken from
    everywhere.
    """
    step = max(count // wanted, 1)
    pieces = entries(count, seed)
    keys = [key for piece in pieces for key, _ in piece][::step]
    return random.Random(seed).choices(keys, k=wanted)


def fresh(keys: Sequence[bytes]) -> list[bytes]:
    """Return copies: a key that a program just made has no hash yet, and is no stored object."""
    return [bytes(bytearray(key)) for key in keys]
