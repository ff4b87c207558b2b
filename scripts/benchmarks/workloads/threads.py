"""Threads: a get beside one that commits, and many that commit."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

from scripts.benchmarks.processes import library
from scripts.benchmarks.row import Entry, Figures, Job, Kind, Refusal, Row, entries, fresh, sample
from scripts.benchmarks.stores.others import Plyvel
from scripts.benchmarks.stores.ours import Libredb
from scripts.benchmarks.stores.sqlite import Sqlite

ENTRIES = 10_000
PAUSE_SECONDS = 0.0002
"""Between two reads, so that the writer is seldom kept waiting for the interpreter."""


class _Commits(Protocol):
    """A store that threads commit to."""

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None: ...
    def committer(self) -> Callable[[Entry], None]: ...
    def close(self) -> None: ...


class _ReadsToo(_Commits, Protocol):
    """One that threads read as well."""

    def reader(self) -> Callable[[bytes], object]: ...


def get_beside(open_store: Callable[[Path], _ReadsToo], job: Job) -> Iterator[Figures]:
    """Get keys one at a time while another thread commits without a pause."""
    with closing(open_store(job.folder / "data")) as store:
        store.load(entries(job.entries(ENTRIES), job.seed))
        keys = sample(job.entries(ENTRIES), job.seed, job.times(2_000))
        # The generator is in one thread, and so are all of its reads.
        read, commit = store.reader(), store.committer()
        yield {}
        while True:
            yield _percentiles(read, commit, job, fresh(keys))


def _percentiles(
    read: Callable[[bytes], object], commit: Callable[[Entry], None], job: Job, keys: list[bytes]
) -> Figures:
    """Return how long the reads took, of which half and of which 99 % took less."""
    done = threading.Event()
    [news] = entries(job.entries(ENTRIES), job.seed)

    def work() -> None:
        source = random.Random(job.seed)
        while not done.is_set():
            commit(source.choice(news))

    writer = threading.Thread(target=work)
    writer.start()
    seconds: list[float] = []
    try:
        for key in keys:
            time.sleep(PAUSE_SECONDS)
            started = time.perf_counter()
            read(key)
            seconds.append(time.perf_counter() - started)
    finally:
        done.set()
        writer.join()
    seconds.sort()
    return {"median": seconds[len(seconds) // 2], "99 of 100": seconds[len(seconds) * 99 // 100]}


def commit_from(count: int, open_store: Callable[[Path], _Commits], job: Job) -> Iterator[Figures]:
    """Let `count` threads commit, one entry at a time."""
    each = job.times(4_000) // count or 1
    with closing(open_store(job.folder / "data")) as store:
        commits = [store.committer() for _ in range(count)]
        yield {}
        for pieces in _pieces(job, each, count):
            work = partial(_run_threads, commits, pieces)
            yield job.timed(work, each * count)


def _pieces(job: Job, each: int, count: int) -> Iterator[list[list[Entry]]]:
    """Yield, again and again, what each of the threads is to commit."""
    for piece in entries(1 << 60, job.seed + 1, each * count):
        yield [piece[number::count] for number in range(count)]


def _run_threads(commits: list[Callable[[Entry], None]], pieces: list[list[Entry]]) -> None:
    """Commit every piece in a thread of its own, and raise what one of them raised."""
    errors: list[Exception] = []

    def work(commit: Callable[[Entry], None], piece: list[Entry]) -> None:
        try:
            for entry in piece:
                commit(entry)
        except Exception as error:  # noqa: BLE001 - it is raised below, by whoever waits
            errors.append(error)

    threads = [
        threading.Thread(target=work, args=arguments)
        for arguments in zip(commits, pieces, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _sharing(path: Path) -> Libredb:
    """Open a database whose threads share a sync."""
    shared = getattr(library(), "SharedSync", None)
    if shared is None:
        raise Refusal("this libredb lacks it: SharedSync")
    return Libredb(path, group_commit=shared())


ROWS = [
    Row(
        "get-beside",
        "`db.get` beside a thread that commits",
        Kind.WALL,
        {"libredb": partial(get_beside, Libredb), "sqlite3": partial(get_beside, Sqlite)},
        figures=("median", "99 of 100"),
    ),
    *(
        Row(
            f"threads-{count}",
            f"a durable commit, {count} threads that share a sync",
            Kind.WALL,
            {
                "libredb": partial(commit_from, count, _sharing),
                "sqlite3": partial(commit_from, count, Sqlite),
                "plyvel": partial(commit_from, count, Plyvel),
            },
        )
        for count in (8, 32)
    ),
]
