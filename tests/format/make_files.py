"""`python -m tests.format.make_files`: the files in tests/format/files, and their manifest.

They are of format 2, and every later libredb must open them (or refuse them) as the manifest says.
A file that is there already is never written again: this program only adds. Every file comes from a
real database in memory; damage is done to it afterwards, as a crash or a bad disk would.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import libredb
from libredb import Database, GroupCommit, RecoveryReport, Transaction
from sim.world.filesystem import SimFileSystem

FOLDER = Path(__file__).parent / "files"
MANIFEST = FOLDER / "manifest.json"
PATH = "app.libredb"


@dataclass
class Source:
    """A database in memory; `image` is its file as it is at the moment."""

    seed: int
    group_commit: GroupCommit | None = None

    def __post_init__(self) -> None:
        """Create the database."""
        self.fs = SimFileSystem(seed=self.seed)
        self.db = libredb.open(PATH, fs=self.fs, group_commit=self.group_commit)

    def image(self) -> bytes:
        """Return the bytes of the file."""
        (data,) = self.fs.images(PATH)
        return data

    def closed(self) -> bytes:
        """Close the database and return the bytes of its file."""
        self.db.close()
        return self.image()


def put(db: Database, *entries: tuple[bytes, bytes]) -> None:
    """Commit these entries."""

    def work(tx: Transaction) -> None:
        for key, value in entries:
            tx.set(key, value)

    db.transact(work)


def fruit(source: Source) -> None:
    """Commit four times."""
    put(source.db, (b"apple", b"red"), (b"banana", b"yellow"))
    put(source.db, (b"cherry", b"dark red"))
    source.db.transact(lambda tx: tx.delete(b"banana"))
    put(source.db, (b"apple", b"green"), (b"date", b"brown"))


def empty() -> bytes:
    """Nothing was ever committed."""
    return Source(1).closed()


def commits() -> bytes:
    """Four commits, an overwrite and a delete among them."""
    source = Source(2)
    fruit(source)
    return source.closed()


def binary() -> bytes:
    """Keys and values of every kind of byte; the empty key, empty values, long shared prefixes."""
    source = Source(3)
    put(source.db, (b"", b"the empty key"), (b"empty", b""), (b"\0", b"\0"), (b"\0\0", b"\xff"))
    put(source.db, *((bytes([octet]), bytes([octet, 255 - octet])) for octet in range(0, 256, 5)))
    put(source.db, (b"\xff" * 40, b"1"), (b"\xff" * 41, b"2"), (b"LRDB\0\2", source.image()[:36]))
    put(source.db, (bytes(range(256)), bytes(range(255, -1, -1)) * 3))
    return source.closed()


def group() -> bytes:
    """Two commits, then a group of three: their unsynced counts are 0, 1 and 2."""
    source = Source(4)
    put(source.db, (b"a", b"1"))
    put(source.db, (b"b", b"2"))
    with source.db.group():
        put(source.db, (b"c", b"3"))
        put(source.db, (b"d", b"4"))
        put(source.db, (b"a", b"5"))
    return source.closed()


def compacted() -> bytes:
    """Compacted twice, then two more commits: generation 2, and a base version above 0."""
    source = Source(5)
    fruit(source)
    source.db.compact()
    put(source.db, (b"elderberry", b"black"))
    source.db.compact()
    put(source.db, (b"fig", b"purple"))
    source.db.transact(lambda tx: tx.delete(b"apple"))
    return source.closed()


def compacted_to_nothing() -> bytes:
    """Compacted when no entry was left: no snapshot record, and a base version above 0."""
    source = Source(6)
    put(source.db, (b"a", b"1"))
    source.db.transact(lambda tx: tx.delete(b"a"))
    source.db.compact()
    return source.closed()


def pending() -> bytes:
    """Not closed; the last three commits of a window were written, and no sync of them returned."""
    source = Source(7, GroupCommit(commits=100))
    fruit(source)
    source.db.sync()
    put(source.db, (b"grape", b"blue"))
    put(source.db, (b"hazelnut", b"brown"))
    source.db.transact(lambda tx: tx.delete(b"date"))
    return source.image()


def torn_tail() -> bytes:
    """Not closed; half of a fifth record reached the disk."""
    source = Source(8)
    fruit(source)
    end = source.db.log_bytes
    put(source.db, (b"grape", b"blue" * 10))
    return source.image()[: (end + source.db.log_bytes) // 2]


def hole_in_group() -> bytes:
    """Not closed; of a group of three the record in the middle never reached the disk."""
    source = Source(9)
    fruit(source)
    with source.db.group():
        put(source.db, (b"grape", b"blue"))
        start = source.db.log_bytes
        put(source.db, (b"hazelnut", b"brown"))
        end = source.db.log_bytes
        put(source.db, (b"iceberg", b"green"))
    data = source.image()
    return data[:start] + bytes(end - start) + data[end:]


def reserved_room() -> bytes:
    """Not closed; 3,000 zero bytes were reserved behind the last record."""
    source = Source(10)
    fruit(source)
    return source.image() + bytes(3000)


def damaged_mark() -> bytes:
    """A bit of the durable mark flipped; all commits are there."""
    source = Source(11)
    fruit(source)
    data = bytearray(source.closed())
    data[4096 + 6] ^= 4
    return bytes(data)


def refused_cut() -> bytes:
    """Closed, then cut in its last record: less than the mark says."""
    return commits()[:-7]


def refused_damaged() -> bytes:
    """Not closed; a bit of the second record of four flipped, and later records prove it."""
    source = Source(12)
    fruit(source)
    data = bytearray(source.image())
    data[8192 + 24 + 40 + 30] ^= 1
    return bytes(data)


MAKERS: tuple[Callable[[], bytes], ...] = (
    empty,
    commits,
    binary,
    group,
    compacted,
    compacted_to_nothing,
    pending,
    torn_tail,
    hole_in_group,
    reserved_room,
    damaged_mark,
    refused_cut,
    refused_damaged,
)


def description(data: bytes) -> dict[str, Any]:
    """Return what this libredb makes of a file, as the manifest tells it."""
    fs = SimFileSystem()
    fs.install(PATH, data)
    verdict = libredb.verify(PATH, fs=fs)
    told: dict[str, Any] = {
        "size": len(data),
        "sha256": sha256(data).hexdigest(),
        "outcome": verdict.outcome,
        "offset": verdict.offset,
    }
    if verdict.error is not None:
        return told | {"error": verdict.error.code}
    reports: list[RecoveryReport] = []
    with libredb.open(PATH, fs=fs, on_recovery=reports.append) as db:
        entries = [[key.hex(), value.hex()] for key, value in db.scan()]
    return told | {
        "generation": verdict.generation,
        "version": verdict.version,
        "durable_version": reports[0].durable_version,
        "records": verdict.records,
        "damaged_mark": verdict.damaged_mark,
        "discarded": reports[0].discarded.hex(),
        "entries": entries,
    }


def main() -> None:
    """Add the files that are missing."""
    manifest: dict[str, Any] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else {}
    for maker in MAKERS:
        name = f"{maker.__name__}.libredb"
        if name not in manifest:
            data = maker()
            (FOLDER / name).write_bytes(data)
            manifest[name] = {"about": maker.__doc__, **description(data)}
    MANIFEST.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
