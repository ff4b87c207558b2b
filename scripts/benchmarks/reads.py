"""`python -m scripts.benchmarks.reads`: what a get costs beside a thread that commits.

One thread commits durably without a pause, one put a commit; the other reads one key at a time and
notes how long each read took. The peers are sqlite3 in WAL mode (synchronous=FULL, a connection a
thread), and with `--baseline FOLDER` the libredb of another checkout. Each contender is a process
of its own, in several rounds and shuffled order. The table has the median over the rounds: of the
50th and the 99th percentile, and of the commits a second that went on meanwhile.
Absent on purpose: reads without a writer beside them.
"""

import argparse
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ENTRIES = 10_000
VALUE = bytes(range(100))
PAUSE_SECONDS = 0.0002
"""Between two reads, so that the writer is seldom kept waiting for the interpreter."""


def key_of(number: int) -> bytes:
    """Return one of the keys that are there."""
    return b"%016d" % number


def libredb_of(folder: Path) -> tuple[Callable[[int], None], Callable[[int], object]]:
    """Return what commits and what reads one entry of a libredb database."""
    import libredb  # noqa: PLC0415 - which one it is, the environment of the process decides

    db = libredb.open(folder / "app.libredb")
    with db.transaction() as tx:
        for number in range(ENTRIES):
            tx.set(key_of(number), VALUE)

    def commit(number: int) -> None:
        db.transact(lambda tx: tx.set(key_of(number % ENTRIES), VALUE))

    return commit, lambda number: db.get(key_of(number))


def sqlite_of(folder: Path) -> tuple[Callable[[int], None], Callable[[int], object]]:
    """Return the same for sqlite3."""

    def connect() -> sqlite3.Connection:
        found = sqlite3.connect(
            folder / "app.sqlite", isolation_level=None, check_same_thread=False
        )
        found.execute("PRAGMA journal_mode=WAL")
        found.execute("PRAGMA synchronous=FULL")
        return found

    writer, reader = connect(), connect()
    writer.execute("CREATE TABLE entries (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
    writer.execute("BEGIN")
    rows = ((key_of(number), VALUE) for number in range(ENTRIES))
    writer.executemany("INSERT INTO entries VALUES (?, ?)", rows)
    writer.execute("COMMIT")
    write = "INSERT OR REPLACE INTO entries VALUES (?, ?)"
    read = "SELECT value FROM entries WHERE key = ?"

    def commit(number: int) -> None:
        writer.execute(write, (key_of(number % ENTRIES), VALUE))

    return commit, lambda number: reader.execute(read, (key_of(number),)).fetchone()


CONTENDERS = {"libredb": libredb_of, "baseline": libredb_of, "sqlite3": sqlite_of}


def measure(name: str, folder: Path, reads: int) -> dict[str, float]:
    """Return the percentiles of the reads in microseconds, and the commits a second."""
    commit, read = CONTENDERS[name](folder)
    done, commits = threading.Event(), [0]

    def work() -> None:
        while not done.is_set():
            commit(commits[0])
            commits[0] += 1

    writer = threading.Thread(target=work)
    writer.start()
    source, times = random.Random(1), list[int]()
    started = time.perf_counter()
    for _ in range(reads):
        time.sleep(PAUSE_SECONDS)
        number = source.randrange(ENTRIES)
        before = time.perf_counter_ns()
        read(number)
        times.append(time.perf_counter_ns() - before)
    seconds = time.perf_counter() - started
    done.set()
    writer.join()
    times.sort()
    return {
        "p50": times[reads // 2] / 1e3,
        "p99": times[reads * 99 // 100] / 1e3,
        "commits a second": commits[0] / seconds,
    }


def run_child(name: str, options: argparse.Namespace) -> dict[str, float]:
    """Measure one contender in a process of its own."""
    root = Path(options.baseline if name == "baseline" else __file__).resolve()
    root = root if name == "baseline" else root.parents[2]
    program = "import sys, runpy; sys.path[:0] = sys.argv[1:3]; sys.argv[:3] = ['reads']; "
    program += f"runpy.run_path({__file__!r}, run_name='__main__')"
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        places = [str(root), str(root / "adapters")]
        arguments = ["--only", name, "--directory", folder, "--reads", str(options.reads)]
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, *places, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout)


def main() -> int:
    """Measure and print; return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m scripts.benchmarks.reads", description=__doc__)
    parser.add_argument("--reads", type=int, default=2_000, help="reads a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the contenders")
    parser.add_argument("--baseline", help="another checkout of libredb to compare with")
    parser.add_argument("--directory", help="where the files go; its device is what is measured")
    parser.add_argument("--only", choices=CONTENDERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, Path(options.directory), options.reads)))
        return 0
    names = [name for name in CONTENDERS if name != "baseline" or options.baseline]
    order = random.Random(options.seed)
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in order.sample(names, len(names)):
            figures[name].append(run_child(name, options))
    print(f"{'a get beside a committing thread':<34}{'p50 us':>9}{'p99 us':>9}{'commits/s':>11}")
    for name in names:
        medians = [
            statistics.median(figure[what] for figure in figures[name])
            for what in ("p50", "p99", "commits a second")
        ]
        print(f"{name:<34}{medians[0]:>9.1f}{medians[1]:>9.1f}{medians[2]:>11,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
