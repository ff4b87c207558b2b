"""Reading and writing that take turns: what an order that is kept badly makes slow."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Protocol

from scripts.benchmarks.row import Entry, Figures, Job, Kind, Row, entries
from scripts.benchmarks.stores.lmdb import Lmdb
from scripts.benchmarks.stores.ours import Libredb
from scripts.benchmarks.stores.sqlite import Sqlite

ENTRIES = 100_000
POPS_A_COMMIT = 10


class _Changes(Protocol):
    """A store whose first key can be taken away, and that reads what it is writing."""

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None: ...
    def pop_first(self, commits: int, each: int) -> None: ...
    def put_and_scan(self, entries: Sequence[Entry]) -> None: ...
    def close(self) -> None: ...


Opens = Callable[[Path], _Changes]


def pop_first(open_store: Opens, name: str, job: Job) -> Iterator[Figures]:
    """Take the first key away, again and again, from a database that is new in each round."""
    commits = job.times(200)

    def build(path: Path) -> None:
        with closing(open_store(path)) as store:
            store.load(entries(max(job.entries(ENTRIES), 2 * commits * POPS_A_COMMIT), job.seed))
            if isinstance(store, Libredb):
                store.compact()  # then all of it is in the snapshot

    kept = job.once(f"{name} to pop", build)
    yield {}
    while True:
        path = Path(shutil.copy(kept, job.folder / "data"))
        with closing(open_store(path)) as store:
            work = partial(store.pop_first, commits, POPS_A_COMMIT)
            yield job.timed(work, commits * POPS_A_COMMIT)


def put_and_scan(open_store: Opens, job: Job) -> Iterator[Figures]:
    """Put an entry and scan the first one, in one long transaction that is then aborted."""
    with closing(open_store(job.folder / "data")) as store:
        [steps] = entries(job.times(8_000), job.seed)
        yield {}
        while True:
            yield job.timed(partial(store.put_and_scan, steps), len(steps))


STORES: dict[str, Opens] = {"libredb": Libredb, "sqlite3": Sqlite, "lmdb": Lmdb}

ROWS = [
    Row(
        "pop-first",
        "delete the first key, 2,000 times, ten a commit, of 100 K in the snapshot",
        Kind.PROCESSOR,
        {name: partial(pop_first, open_store, name) for name, open_store in STORES.items()},
    ),
    Row(
        "put-and-scan",
        "8,000 steps of set and `scan(limit=1)` in one transaction",
        Kind.PROCESSOR,
        {name: partial(put_and_scan, open_store) for name, open_store in STORES.items()},
    ),
]
