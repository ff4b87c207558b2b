"""`python -m scripts.benchmarks`: what a durable commit costs, as ratios within one run.

Absolute times mean little on a shared machine. Each comparison therefore runs both sides in
interleaved rounds whose order is shuffled, takes the ratio of each round, and prints the minimum,
median and maximum of the ratios. 16-byte keys, 100-byte incompressible values, one put a commit.
`--json FILE` keeps the figures.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import libredb

KEY_BYTES = 16
VALUE_BYTES = 100
RECORD_BYTES = 24 + 9 + KEY_BYTES + VALUE_BYTES
RESERVED_BYTES = 1 << 20
LOAD_BATCH = 10_000

Work = Callable[[int], None]
"""Make so many durable commits."""


class RawFile:
    """The peer: pwrite and fdatasync of the same bytes into zero-filled space, and nothing else."""

    def __init__(self, path: Path, random_source: random.Random) -> None:
        """Create the file and reserve its first space."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        self._random = random_source
        self._offset = self._end = 0

    def commit(self, count: int) -> None:
        """Append `count` records, syncing each."""
        for _ in range(count):
            if self._offset + RECORD_BYTES > self._end:
                os.pwrite(self._fd, bytes(RESERVED_BYTES), self._end)
                self._end += RESERVED_BYTES
            os.pwrite(self._fd, self._random.randbytes(RECORD_BYTES), self._offset)
            os.fdatasync(self._fd)
            self._offset += RECORD_BYTES


def committer(db: libredb.Database, random_source: random.Random) -> Work:
    """Return the work of putting one new random entry in each commit."""

    def commit(count: int) -> None:
        for _ in range(count):
            key = random_source.randbytes(KEY_BYTES)
            value = random_source.randbytes(VALUE_BYTES)
            db.transact(lambda tx, key=key, value=value: tx.set(key, value))

    return commit


def load(db: libredb.Database, entries: int, random_source: random.Random) -> None:
    """Fill `db` with random entries, many a commit."""
    while entries:
        batch = min(entries, LOAD_BATCH)
        entries -= batch
        with db.transaction() as tx:
            for _ in range(batch):
                tx.set(random_source.randbytes(KEY_BYTES), random_source.randbytes(VALUE_BYTES))
    list(db.scan(limit=1))  # order is made at the first ordered read: not in the measured part


def compare(work: dict[str, Work], rounds: int, commits: int, seed: int) -> dict[str, list[float]]:
    """Return the seconds of each round, for every name in `work`."""
    order = random.Random(seed)
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name in order.sample(sorted(work), len(work)):
            started = time.perf_counter()
            work[name](commits)
            if number:  # the first round warms up
                seconds[name].append(time.perf_counter() - started)
    return seconds


def report(title: str, above: list[float], below: list[float], commits: int) -> dict[str, float]:
    """Print and return the ratios `above / below`, round by round."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    figures = {
        "minimum": min(ratios),
        "median": statistics.median(ratios),
        "maximum": max(ratios),
        "microseconds_above": statistics.median(above) / commits * 1e6,
        "microseconds_below": statistics.median(below) / commits * 1e6,
    }
    print(
        f"{title:<52} {figures['minimum']:6.3f} {figures['median']:6.3f} {figures['maximum']:6.3f}"
        f"   ({figures['microseconds_above']:.0f} us / {figures['microseconds_below']:.0f} us)"
    )
    return figures


def main() -> int:
    """Measure and print; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--commits", type=int, default=100, help="commits a round")
    parser.add_argument("--entries", type=int, default=1_000_000, help="entries of the large one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", help="where the files go; its device is what is measured")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    source = random.Random(options.seed)
    print(f"seed {options.seed}, {options.rounds} rounds of {options.commits} commits")
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        large, small, empty = (
            libredb.open(Path(folder) / name) for name in ("large", "small", "empty")
        )
        with large, small, empty:
            load(large, options.entries, source)
            load(small, 1_000, source)
            raw = RawFile(Path(folder) / "raw", source)
            seconds = compare(
                {
                    "large": committer(large, source),
                    "small": committer(small, source),
                    "empty": committer(empty, source),
                    "raw": raw.commit,
                },
                options.rounds,
                options.commits,
                options.seed,
            )
    print(f"{'time of a durable commit, as a ratio':<52} {'min':>6} {'median':>6} {'max':>6}")
    figures = {
        "scale": report(
            f"at {options.entries:,} entries / at 1,000",
            seconds["large"],
            seconds["small"],
            options.commits,
        ),
        "raw": report(
            "raw pwrite + fdatasync / libredb (its relative rate)",
            seconds["raw"],
            seconds["empty"],
            options.commits,
        ),
    }
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
