"""Lenses: what documents and a kv cost above raw keys, and beside others that keep documents."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from scripts.benchmarks.row import Figures, Job, Kind, Row, Workload
from scripts.benchmarks.stores.dictionaries import Kv, RawKeys
from scripts.benchmarks.stores.documents import (
    Document,
    Documents,
    Loop,
    SqliteJson,
    SqliteUtils,
    Stores,
    TinyDb,
)

MANY = 100_000
SOME = 10_000
"""How many documents TinyDB has: it reads and writes all of them at every step."""
OF_A_LEVEL = 20
"""How many documents a search finds."""

Opens = Callable[[Path], Any]


def made(first: int, size: int, seed: int) -> list[Document]:
    """Return documents whose ids ascend from `first`, in a random order of levels and times."""
    source = random.Random(seed + first)
    levels = max(size // OF_A_LEVEL, 1)
    return [
        {
            "id": f"{number:08}",
            "level": f"level {number % levels}",
            "at": source.randrange(1_000_000),
            "name": f"name {source.randrange(1_000_000)}",
            "tags": ["io", f"disk {source.randrange(20)}"],
            "share": source.random(),
        }
        for number in range(first, first + size)
    ]


def filled(open_store: Callable[[Path], Stores], name: str, size: int, job: Job) -> Path:
    """Return a store of so many documents, made once in a run."""

    def build(path: Path) -> None:
        with closing(open_store(path)) as store:
            store.load(made(0, job.entries(size), job.seed))

    return job.once(f"documents of {name}, {size}", build)


def search(
    method: str, size: int, times: int, open_store: Opens, name: str, job: Job
) -> Iterator[Figures]:
    """Ask for documents that are there, in random order."""
    known = made(0, job.entries(size), job.seed)
    path = filled(open_store, name, size, job)
    source = random.Random(job.seed)
    with closing(open_store(path)) as store:
        ask = getattr(store, method)
        assert ask(known[0]), f"{name} finds what is there"
        yield {}
        while True:
            wanted = [dict(each) for each in source.choices(known, k=job.times(times))]
            yield job.timed(partial(_each, ask, wanted), len(wanted))


def change(method: str, times: int, open_store: Opens, job: Job) -> Iterator[Figures]:
    """Insert documents one by one, or update those that are there."""
    size = job.entries(SOME)
    source = random.Random(job.seed)
    with closing(open_store(job.folder / "data")) as store:
        store.load(made(0, size, job.seed))
        yield {}
        for number in count(1):
            some = made(number * size, job.times(times), job.seed)
            if method == "update":
                for each in some:
                    each["id"] = f"{source.randrange(size):08}"
            yield job.timed(partial(_each, getattr(store, method), some), len(some))


def insert_many(size: int, open_store: Callable[[Path], Stores], job: Job) -> Iterator[Figures]:
    """Insert many documents in one commit, behind those that are there; a new store each round."""
    some, more = made(0, job.entries(1_000), job.seed), made(SOME * 10, job.entries(size), job.seed)
    yield {}
    for number in count():
        path = job.folder / f"data{number}"
        with closing(open_store(path)) as store:
            store.load(some)
            figures = job.timed(partial(store.load, more), len(more))
        for file in job.folder.glob(f"{path.name}*"):
            file.unlink()
        yield figures


def get_keys(method: str, open_store: Opens, job: Job) -> Iterator[Figures]:
    """Get keys that are there, in random order."""
    source = random.Random(job.seed)
    entries = [
        (f"key {number:08}", source.randbytes(25).hex()) for number in range(job.entries(MANY))
    ]
    with closing(open_store(job.folder / "data")) as store:
        store.load(entries)
        yield {}
        while True:
            chosen = source.choices(entries, k=job.times(20_000))
            wanted = [key[:3] + key[3:] for key, _ in chosen]
            yield job.timed(partial(getattr(store, method), wanted), len(wanted))


def _each(ask: Callable[[Document], object], documents: Sequence[Document]) -> None:
    for document in documents:
        ask(document)


def _search_row(
    name: str, title: str, method: str, size: int, times: int, **others: Opens
) -> Row[Workload]:
    stores = {"libredb": Documents, **{_NAMES.get(key, key): others[key] for key in others}}
    return Row(
        name,
        title,
        Kind.PROCESSOR,
        {
            key: partial(search, method, size, times, open_store, key)
            for key, open_store in stores.items()
        },
    )


_LOOP = "a loop over raw keys, `json.loads`"
_SQLITE = "sqlite3, `json.loads`"
_NAMES = {"tinydb": "TinyDB", "sqlite": _SQLITE, "loop": _LOOP}

ROWS: list[Row[Workload]] = [
    _search_row(
        "documents-find", "find 20 of 100 K documents by an index on one field",
        "find_by_level", MANY, 1_000, sqlite=SqliteJson, loop=Loop,
    ),
    _search_row(
        "documents-find-in-order",
        "find 20 of 100 K documents by an index on two fields, in its order",
        "find_in_order", MANY, 1_000, sqlite=SqliteJson, loop=Loop,
    ),
    Row(
        "documents-insert-many",
        "`insert_many` of 10 K documents with two indexes, one commit",
        Kind.PROCESSOR,
        {
            "libredb": partial(insert_many, SOME, Documents),
            "sqlite-utils": partial(insert_many, SOME, SqliteUtils),
            "TinyDB": partial(insert_many, SOME, TinyDb),
        },
    ),
    *(
        Row(
            f"documents-{method}",
            f"{method} one of 10 K documents with two indexes",
            Kind.PROCESSOR,
            {
                "libredb": partial(change, method, 20, Documents),
                "TinyDB": partial(change, method, 20, TinyDb),
            },
        )
        for method in ("insert", "update")
    ),
    _search_row("documents-get", "get one of 10 K documents", "get", SOME, 20, tinydb=TinyDb),
    _search_row(
        "documents-find-few", "find 20 of 10 K documents by an index, where the other has none",
        "find_by_level", SOME, 20, tinydb=TinyDb,
    ),
    _search_row(
        "documents-find-all", "find one of 10 K documents without an index",
        "find_by_name", SOME, 20, tinydb=TinyDb,
    ),
    Row(
        "kv-get",
        "`kv.get`, 100 K keys in memory",
        Kind.PROCESSOR,
        {
            "libredb": partial(get_keys, "get_each", Kv),
            "`read(lambda tx: tx.get(key))`": partial(get_keys, "get_each", RawKeys),
        },
    ),
    Row(
        "kv-get-within",
        "`kv.on(tx).get` inside of one transaction",
        Kind.PROCESSOR,
        {
            "libredb": partial(get_keys, "get_within", Kv),
            "`tx.get(key)`": partial(get_keys, "get_within", RawKeys),
        },
    ),
]  # fmt: skip
