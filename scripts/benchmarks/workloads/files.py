"""The databases that several rows of a run read, each made once.

A row that changes one works on a copy.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from scripts.benchmarks.row import Entry, Job, entries
from scripts.benchmarks.stores.ours import Libredb

MILLION = 1_000_000


class _Loads(Protocol):
    """A store that is loaded."""

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None: ...
    def close(self) -> None: ...


def loaded(name: str, open_store: Callable[[Path], _Loads], count: int, job: Job) -> Path:
    """Return a database of `count` entries of the store that `name` calls so."""

    def build(path: Path) -> None:
        with closing(open_store(path)) as store:
            store.load(entries(job.entries(count), job.seed))

    return job.once(f"{name} of {count}", build)


def compacted(count: int, job: Job) -> Path:
    """Return a compacted libredb database of `count` entries."""

    def build(path: Path) -> None:
        with closing(Libredb(path)) as store:
            store.load(entries(job.entries(count), job.seed))
            store.compact()

    return job.once(f"libredb compacted of {count}", build)


def grown(piece: int, job: Job) -> Path:
    """Return a libredb database of a million entries, never compacted, `piece` of them a commit."""

    def build(path: Path) -> None:
        with closing(Libredb(path)) as store, store.db.group():
            store.load(entries(job.entries(MILLION), job.seed, piece))

    return job.once(f"libredb grown by {piece}", build)
