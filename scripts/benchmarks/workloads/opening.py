"""What opening costs: compacted or not, the first scan after it, and compacting itself.

Reading the file and its CRC-32 is the least that anybody has to do who checks every byte.
"""

import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from scripts.benchmarks.row import PIECE, Entry, Figures, Job, Kind, Row, Workload, entries, sample
from scripts.benchmarks.stores import sqlite
from scripts.benchmarks.stores.ours import Libredb
from scripts.benchmarks.stores.sqlite import Sqlite
from scripts.benchmarks.workloads.files import MILLION, compacted, grown, loaded

READ_BYTES = 1 << 20

Build = Callable[[Job], Path]


def opening(build: Build, job: Job) -> Iterator[Figures]:
    """Open a database, and close it after the time was taken."""
    path = build(job)
    Libredb(job.folder / "first").close()  # loads what the first opening of a process loads
    yield {}
    while True:
        kept: list[Libredb] = []
        figures = job.timed(lambda: kept.append(Libredb(path, mode="rw")), 1)  # noqa: B023 - called at once
        kept.pop().close()
        yield figures


def reading(build: Build, job: Job) -> Iterator[Figures]:
    """Read the file of that database, and make its CRC-32."""
    path = build(job)

    def read() -> None:
        check = 0
        with path.open("rb", buffering=0) as file:
            while piece := file.read(READ_BYTES):
                check = zlib.crc32(piece, check)

    yield {}
    while True:
        yield job.timed(read, 1)


def selecting(count: int, job: Job) -> Iterator[Figures]:
    """Make a dict of everything that is in a database of sqlite3."""
    path = loaded("sqlite3", Sqlite, count, job)
    yield {}
    while True:
        yield job.timed(partial(sqlite.everything, path), 1)


def first_scan(build: Build, job: Job) -> Iterator[Figures]:
    """Open a database, and take the time of its first scan."""
    path = build(job)
    [start] = sample(job.entries(MILLION), job.seed, 1)
    with closing(Libredb(job.folder / "first")) as store:
        store.scan_each([start])  # loads what the first scan of a process loads
    yield {}
    while True:
        with closing(Libredb(path, mode="rw")) as store:
            yield job.timed(partial(store.scan_each, [start]), 1)


def compacting(one_range: bool, job: Job) -> Iterator[Figures]:  # noqa: FBT001 - bound by name in the rows
    """Change 1 % of a compacted database, and compact it again."""
    kept = compacted(MILLION, job)
    changes = changed_entries(one_range, job)
    yield {}
    while True:
        path = Path(shutil.copy(kept, job.folder / "data"))
        with closing(Libredb(path)) as store:
            store.load(changes)
            figures = job.timed(store.compact, 1)
        yield figures


def vacuuming(one_range: bool, job: Job) -> Iterator[Figures]:  # noqa: FBT001 - as above
    """Do the same with sqlite3."""
    kept = loaded("sqlite3", Sqlite, MILLION, job)
    changes = changed_entries(one_range, job)
    yield {}
    while True:
        path = Path(shutil.copy(kept, job.folder / "data"))
        with closing(Sqlite(path)) as store:
            store.load(changes)
            figures = job.timed(store.compact, 1)
        yield figures


def changed_entries(one_range: bool, job: Job) -> list[list[Entry]]:  # noqa: FBT001 - as above
    """Return new values for 1 % of the keys: of one range, or of everywhere."""
    count = job.entries(MILLION)
    wanted = max(count // 100, 1)
    if one_range:
        keys = sorted(key for piece in entries(count, job.seed) for key, _ in piece)
        keys = keys[count // 2 : count // 2 + wanted]
    else:
        keys = sample(count, job.seed, wanted)
    values = (value for piece in entries(wanted, job.seed + 1) for _, value in piece)
    changes = list(zip(keys, values, strict=True))
    return [changes[at : at + 1_000] for at in range(0, wanted, 1_000)]


def _opening_row(name: str, title: str, build: Build, *, selects: bool = True) -> Row[Workload]:
    contenders: dict[str, Workload] = {
        "libredb": partial(opening, build),
        "read + CRC-32 of the file": partial(reading, build),
    }
    if selects:
        contenders["sqlite3, `dict(SELECT)`"] = partial(selecting, MILLION)
    return Row(name, title, Kind.PROCESSOR, contenders, warm=False)


def _compacting_row(name: str, where: str, *, one_range: bool) -> Row[Workload]:
    return Row(
        name,
        f"compact 1 M entries of which 1 % were changed, {where}",
        Kind.PROCESSOR,
        {
            "libredb": partial(compacting, one_range),
            "sqlite3, `VACUUM`": partial(vacuuming, one_range),
        },
        warm=False,
    )


_MILLION = partial(compacted, MILLION)

ROWS = [
    _opening_row("open-1m", "open 1 M entries, compacted", _MILLION),
    _opening_row(
        "open-5m",
        "open 5 M entries, compacted",
        partial(compacted, 5 * MILLION),
        selects=False,  # sqlite3 would need minutes to be loaded in random order
    ),
    _opening_row(
        "open-grown-1", "open 1 M entries, never compacted, one a commit", partial(grown, 1)
    ),
    _opening_row(
        "open-grown-10000",
        "open 1 M entries, never compacted, 10,000 a commit",
        partial(grown, PIECE),
    ),
    Row(
        "scan-first",
        "the first scan of 100 after opening 1 M entries, compacted",
        Kind.PROCESSOR,
        {
            "libredb": partial(first_scan, _MILLION),
            "read + CRC-32 of the file": partial(reading, _MILLION),
        },
        warm=False,
    ),
    _compacting_row("compact-uniform", "anywhere", one_range=False),
    _compacting_row("compact-range", "in one range of keys", one_range=True),
]
