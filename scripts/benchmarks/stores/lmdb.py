"""LMDB, with its defaults: every commit is synced."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from scripts.benchmarks.packages import package
from scripts.benchmarks.row import Entry

MAP_BYTES = 4 << 30
"""How large a file may grow; what is not used takes no room."""


class Lmdb:
    """One environment."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        lmdb = package("lmdb")
        self._env: Any = lmdb.open(str(path), map_size=MAP_BYTES, subdir=False)

    def close(self) -> None:
        """Close it."""
        self._env.close()

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None:
        """Put all entries, one commit a piece."""
        for piece in pieces:
            with self._env.begin(write=True) as txn:
                put = txn.put
                for key, value in piece:
                    put(key, value)

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one commit each."""
        begin = self._env.begin
        for key, value in entries:
            with begin(write=True) as txn:
                txn.put(key, value)

    def get_each(self, keys: Sequence[bytes]) -> None:
        """Get the keys, each in a transaction of its own."""
        begin = self._env.begin
        for key in keys:
            with begin() as txn:
                txn.get(key)

    def get_within(self, keys: Sequence[bytes]) -> None:
        """Get the keys inside of one transaction."""
        with self._env.begin() as txn:
            get = txn.get
            for key in keys:
                get(key)

    def scan_each(self, starts: Sequence[bytes]) -> None:
        """Scan the 100 entries from each start, as a list."""
        begin = self._env.begin
        for start in starts:
            with begin() as txn, txn.cursor() as cursor:
                cursor.set_range(start)
                list[Entry](islice(cursor.iternext(), 100))

    def scan_all(self) -> int:
        """Go through all entries and return how many there are."""
        count = 0
        with self._env.begin() as txn, txn.cursor() as cursor:
            for _key, _value in cursor:
                count += 1
        return count

    def pop_first(self, commits: int, each: int) -> None:
        """Delete the first key, `each` times a commit."""
        for _ in range(commits):
            with self._env.begin(write=True) as txn, txn.cursor() as cursor:
                for _ in range(each):
                    cursor.first()
                    cursor.item()
                    cursor.delete()

    def put_and_scan(self, entries: Sequence[Entry]) -> None:
        """Put an entry and scan the first one, again and again, and abort the transaction."""
        txn = self._env.begin(write=True)
        for key, value in entries:
            txn.put(key, value)
            with txn.cursor() as cursor:
                list[Entry](islice(cursor.iternext(), 1))
        txn.abort()
