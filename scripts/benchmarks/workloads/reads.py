"""What reading costs at a million entries: in memory, and from the blocks of a snapshot."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

from scripts.benchmarks.row import Entry, Figures, Job, Kind, Row, Workload, fresh, sample
from scripts.benchmarks.stores.lmdb import Lmdb
from scripts.benchmarks.stores.ours import Libredb
from scripts.benchmarks.stores.sqlite import Sqlite
from scripts.benchmarks.workloads.files import MILLION, compacted, loaded


class _Reads(Protocol):
    """A store that is loaded and read."""

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None: ...
    def get_each(self, keys: Sequence[bytes]) -> None: ...
    def get_within(self, keys: Sequence[bytes]) -> None: ...
    def scan_each(self, starts: Sequence[bytes]) -> None: ...
    def scan_all(self) -> int: ...
    def close(self) -> None: ...


Opens = Callable[[Path], _Reads]


def by_keys(
    work: Callable[[_Reads, list[bytes]], None], times: int, open_store: Opens, name: str, job: Job
) -> Iterator[Figures]:
    """Give `work` keys that are there, in random order."""
    keys = sample(job.entries(MILLION), job.seed, job.times(times))
    with closing(open_store(loaded(name, open_store, MILLION, job))) as store:
        store.scan_each(keys[:1])  # an order is made at the first ordered read
        yield {}
        while True:
            yield job.timed(partial(work, store, fresh(keys)), len(keys))


def scan_all(open_store: Opens, name: str, job: Job) -> Iterator[Figures]:
    """Go through everything."""
    count = job.entries(MILLION)
    with closing(open_store(loaded(name, open_store, MILLION, job))) as store:
        yield {}
        while True:
            yield job.timed(store.scan_all, count)


def _get(store: _Reads, keys: list[bytes]) -> None:
    store.get_each(keys)


def _get_within(store: _Reads, keys: list[bytes]) -> None:
    store.get_within(keys)


def _scan(store: _Reads, keys: list[bytes]) -> None:
    store.scan_each(keys)


def get_from_blocks(cache_bytes: int | None, job: Job) -> Iterator[Figures]:
    """Get keys of a compacted database, whose blocks are all kept (None) or never (0).

    Every round gets the same keys, and the first one, which does not count, loads their blocks.
    """
    keys = sample(job.entries(MILLION), job.seed, job.times(20_000))
    path = compacted(MILLION, job)
    with closing(Libredb(path, mode="rw", cache_bytes=cache_bytes)) as store:
        yield {}
        while True:
            yield job.timed(partial(store.get_each, fresh(keys)), len(keys))


def _row(
    name: str, title: str, work: Callable[[Opens, str, Job], Iterator[Figures]], *others: str
) -> Row[Workload]:
    stores: dict[str, Opens] = {"libredb": Libredb, "sqlite3": Sqlite, "lmdb": Lmdb}
    return Row(
        name,
        title,
        Kind.PROCESSOR,
        {store: partial(work, stores[store], store) for store in ("libredb", *others)},
    )


_SQLITE_GETS = partial(by_keys, _get, 20_000, Sqlite, "sqlite3")

ROWS = [
    _row(
        "get",
        "`db.get`, 1 M entries in memory",
        partial(by_keys, _get, 50_000),
        *("sqlite3", "lmdb"),
    ),
    _row(
        "get-within",
        "get inside of one transaction, 1 M entries in memory",
        partial(by_keys, _get_within, 50_000),
        *("sqlite3", "lmdb"),
    ),
    Row(
        "get-block-kept",
        "`db.get` from a block of the snapshot that is in memory",
        Kind.PROCESSOR,
        {"libredb": partial(get_from_blocks, None), "sqlite3": _SQLITE_GETS},
    ),
    Row(
        "get-block-loaded",
        "`db.get` from a block of the snapshot that has to be loaded",
        Kind.PROCESSOR,
        {"libredb": partial(get_from_blocks, 0), "sqlite3": _SQLITE_GETS},
    ),
    _row(
        "scan-100",
        "scan 100 entries, 1 M in memory",
        partial(by_keys, _scan, 3_000),
        *("sqlite3", "lmdb"),
    ),
    _row("scan-all", "scan everything in order, 1 M entries", scan_all, "sqlite3", "lmdb"),
]
