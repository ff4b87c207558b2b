"""What a commit costs: with the disk, without it, and with many entries in it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol

from scripts.benchmarks.row import Entry, Figures, Job, Kind, Row, Workload, entries
from scripts.benchmarks.stores.lmdb import Lmdb
from scripts.benchmarks.stores.others import Plyvel, RawFile, Sqlitedict, Zodb
from scripts.benchmarks.stores.ours import Libredb
from scripts.benchmarks.stores.sqlite import Sqlite

COMMITS = 100
"""How many single entries are committed in a round; there are many rounds, since disks swing."""

SIZES = {"1 K": 1_000, "100 K": 100_000}
"""How many entries are there when the commits begin whose processor time is measured.

The larger a file, the more of its pages do those change who keep a tree in it; a log does not care.
"""


class _Puts(Protocol):
    """A store that commits entries one by one."""

    def put_each(self, entries: Sequence[Entry]) -> None: ...
    def close(self) -> None: ...


class _Loads(_Puts, Protocol):
    """A store that commits many entries together as well."""

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None: ...


def durable_puts(open_store: Callable[[Path], _Puts], job: Job) -> Iterator[Figures]:
    """Commit single entries to an empty database."""
    count = job.times(COMMITS)
    with closing(open_store(job.folder / "data")) as store:
        yield {}
        for piece in _endless(job, count):
            yield job.timed(partial(store.put_each, piece), count)


def puts_at(before: int, open_store: Callable[[Path], _Loads], job: Job) -> Iterator[Figures]:
    """Commit single entries to a database with `before` entries."""
    count = job.times(COMMITS)
    with closing(open_store(job.folder / "data")) as store:
        store.load(entries(job.entries(before), job.seed))
        yield {}
        for piece in _endless(job, count):
            yield job.timed(partial(store.put_each, piece), count)


def puts_in_blocks(job: Job) -> Iterator[Figures]:
    """Commit single entries to an empty database, each in a `with` block."""
    count = job.times(COMMITS)
    with closing(Libredb(job.folder / "data")) as store:
        yield {}
        for piece in _endless(job, count):
            yield job.timed(partial(store.put_each_in_a_block, piece), count)


def puts_together(
    together: int, before: int, open_store: Callable[[Path], _Loads], job: Job
) -> Iterator[Figures]:
    """Commit `together` entries at once to a database with `before` entries."""
    commits = job.times(10_000 // together)
    with closing(open_store(job.folder / "data")) as store:
        store.load(entries(job.entries(before), job.seed))
        yield {}
        pieces = _endless(job, together)
        while True:
            some = list(islice(pieces, commits))
            yield job.timed(partial(store.load, some), commits)


def bulk_load(count: int, open_store: Callable[[Path], _Loads], job: Job) -> Iterator[Figures]:
    """Load a new database, 10,000 entries a commit."""
    pieces = list(entries(job.entries(count), job.seed))
    number = 0
    yield {}
    while True:
        number += 1
        path = job.folder / f"data{number}"
        with closing(open_store(path)) as store:
            figures = job.timed(partial(store.load, pieces), 1)
        for file in job.folder.glob(f"{path.name}*"):
            file.unlink()
        yield figures


def _endless(job: Job, piece: int) -> Iterator[list[Entry]]:
    """Yield lists of entries that are in no database yet."""
    return entries(1 << 60, job.seed + 1, piece)


def _at_1_million(job: Job) -> Iterator[Figures]:
    return puts_at(1_000_000, Libredb, job)


def _at_1_thousand(job: Job) -> Iterator[Figures]:
    return puts_at(1_000, Libredb, job)


def _row(together: int, size: str) -> Row[Workload]:
    """Return the row of a commit of `together` entries, for its processor time."""
    before = SIZES[size]
    stores: dict[str, Callable[[Path], _Loads]] = {
        "libredb": Libredb,
        "sqlite3": Sqlite,
        "lmdb": Lmdb,
    }
    works: dict[str, Workload] = {
        name: partial(puts_at, before, store)
        if together == 1
        else partial(puts_together, together, before, store)
        for name, store in stores.items()
    }
    return Row(
        f"put-{together}-at-{size.replace(' ', '').lower()}",
        f"a commit of {'one entry' if together == 1 else f'{together:,} entries'}, from {size} on",
        Kind.PROCESSOR,
        works,
        more_rounds=6 if together == 1 else 1,
    )


ROWS: list[Row[Workload]] = [
    Row(
        "put",
        "a durable commit of one entry",
        Kind.WALL,
        {
            "libredb": partial(durable_puts, Libredb),
            "sqlite3": partial(durable_puts, Sqlite),
            "pwrite + fdatasync": partial(durable_puts, RawFile),
            "lmdb": partial(durable_puts, Lmdb),
            "plyvel": partial(durable_puts, Plyvel),
            "ZODB": partial(durable_puts, Zodb),
            "sqlitedict, which never syncs": partial(durable_puts, Sqlitedict),
        },
        more_rounds=6,
    ),
    Row(
        "put-at-size",
        "a durable commit of one entry at 1 M entries",
        Kind.WALL,
        {"libredb": _at_1_million, "itself at 1,000 entries": _at_1_thousand},
        more_rounds=6,
    ),
    *(_row(together, size) for together in (1, 100, 1_000) for size in SIZES),
    Row(
        "put-in-block",
        "a commit of one entry, as a `with` block",
        Kind.PROCESSOR,
        {"libredb": puts_in_blocks, "`transact(fn)`": partial(durable_puts, Libredb)},
        more_rounds=6,
    ),
    Row(
        "load",
        "load 1 M entries in random order, 10,000 a commit",
        Kind.PROCESSOR,
        {
            "libredb": partial(bulk_load, 1_000_000, Libredb),
            "sqlite3": partial(bulk_load, 1_000_000, Sqlite),
            "lmdb": partial(bulk_load, 1_000_000, Lmdb),
        },
        warm=False,
    ),
]
