"""Stores for tests of what is built on the Store port: as plain as they can be, or unpleasant.

`NaiveStore` copies a dict for each transaction. `RerunningStore` runs every function twice, as a
store may that has to retry. `ColdStore` is a database that has nothing in memory.
Absent on purpose: threads.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

import libredb
from libredb import FileSystem, Store, UsageError, UsageValueError
from libredb.kernel import compaction
from libredb.kernel.arguments import BytesLike, as_bytes, as_keys, check_count
from libredb.kernel.level import Entry
from libredb.kernel.transaction import Reader, Writer, run

T = TypeVar("T")


class NaiveReader:
    """Reads a dict, which nobody changes, until it is told to end."""

    def __init__(self, entries: dict[bytes, bytes], version: int) -> None:
        self.entries: dict[bytes, bytes] = entries
        self.version: int = version
        self.refusal: str | None = None

    def check(self) -> None:
        if self.refusal is not None:
            raise UsageError(self.refusal)

    def get(self, key: BytesLike, /) -> bytes | None:
        self.check()
        return self.entries.get(as_bytes(key, "key"))

    def get_many(self, keys: Iterable[BytesLike], /) -> list[bytes | None]:
        self.check()
        return [self.get(key) for key in as_keys(keys)]

    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        self.check()
        first = as_bytes(start, "start")
        last = None if end is None else as_bytes(end, "end")
        if limit is not None:
            check_count(limit, "limit")
            if limit < 0:
                raise UsageValueError("limit must be 0 or more")
        inside = [
            (key, value)
            for key, value in self.entries.items()
            if key >= first and (last is None or key < last)
        ]
        return self.one_by_one(sorted(inside, reverse=reverse)[:limit])

    def one_by_one(self, entries: list[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self.check()
            yield entry

    def read(self, fn: Callable[[Reader], T], /) -> T:
        self.check()
        return ended_after(fn, NaiveReader(self.entries, self.version))


class NaiveWriter(NaiveReader):
    """Writes into a dict of its own."""

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        self.check()
        self.entries[as_bytes(key, "key")] = as_bytes(value, "value")

    def delete(self, key: BytesLike, /) -> bool:
        self.check()
        return self.entries.pop(as_bytes(key, "key"), None) is not None

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        self.check()
        inner = type(self)(dict(self.entries), self.version)
        self.refusal = "a transaction inside this one is running"
        try:
            result = ended_after(fn, inner)
        finally:
            self.refusal = None
        self.entries = inner.entries
        return result


Given = TypeVar("Given", bound=NaiveReader)


def ended_after(fn: Callable[[Given], T], tx: Given) -> T:
    """Return `fn(tx)`, and end `tx`."""
    try:
        return run(fn, tx)
    finally:
        tx.refusal = "this transaction has ended"


class NaiveStore:
    """A dict, copied for each transaction; a read sees the dict as it was."""

    reader = NaiveReader
    writer = NaiveWriter

    def __init__(self) -> None:
        self.entries: dict[bytes, bytes] = {}
        self.version = 0

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        writer = self.writer(dict(self.entries), self.version + 1)
        result = ended_after(fn, writer)
        self.entries, self.version = writer.entries, writer.version
        return result

    def read(self, fn: Callable[[Reader], T], /) -> T:
        return ended_after(fn, self.reader(self.entries, self.version))


class RerunningStore(NaiveStore):
    """Runs every function twice, from the same state; the last run counts."""

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        ended_after(fn, self.writer(dict(self.entries), self.version + 1))
        return super().transact(fn)

    def read(self, fn: Callable[[Reader], T], /) -> T:
        super().read(fn)
        return super().read(fn)


class ColdStore:
    """A database that is compacted, closed and opened again, without a cache, before it is used.

    That is so whenever as many commits as it is told have gone by since the last time.
    """

    def __init__(self, fs: FileSystem, path: str, *, commits: int = 1) -> None:
        self._fs = fs
        self._path = path
        self._commits = commits
        self._warm = 0
        self.openings = 0
        self._open()

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        self._cool()
        result = self.db.transact(fn)
        self._warm += 1
        return result

    def read(self, fn: Callable[[Reader], T], /) -> T:
        self._cool()
        return self.db.read(fn)

    def close(self) -> None:
        self.db.close()

    def _cool(self) -> None:
        if self._warm >= self._commits:
            self.db.compact()
            self.db.close()
            self._open()

    def _open(self) -> None:
        self.db = libredb.open(self._path, fs=self._fs, cache_bytes=0)
        self._warm = 0
        self.openings += 1


STORES = ("memory", "naive", "rerunning", "transaction")
"""Kinds of stores that a test of a lens runs on; `empty_store` makes them."""


@contextmanager
def empty_store(kind: str) -> Iterator[Store]:
    """Give a block an empty store of a kind."""
    if kind == "naive":
        yield NaiveStore()
    elif kind == "rerunning":
        yield RerunningStore()
    else:
        with libredb.open() as db:
            if kind == "memory":
                yield db
            else:
                with db.transaction() as tx:
                    yield tx


def let_blocks_be_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a few entries make a block, and a few blocks a record, so that little data has many."""
    monkeypatch.setattr(compaction, "BLOCK_BYTES", 200)
    monkeypatch.setattr(compaction, "SMALL_BYTES", 50)
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 1000)
