"""libredb, as the other stores are written."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.benchmarks.processes import open_libredb
from scripts.benchmarks.row import Entry

if TYPE_CHECKING:
    import libredb


class Stop(Exception):  # noqa: N818 - nothing went wrong: it aborts a transaction
    """Leaves a transaction without a commit."""


class Libredb:
    """One database of the libredb of this process."""

    def __init__(self, path: Path, **options: object) -> None:
        """Open or create it."""
        self.db = open_libredb(path, **options)

    def close(self) -> None:
        """Close it."""
        self.db.close()

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None:
        """Put all entries, one commit a piece."""
        for piece in pieces:
            with self.db.transaction() as tx:
                put = tx.set
                for key, value in piece:
                    put(key, value)

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one commit each."""
        transact = self.db.transact
        for key, value in entries:
            transact(lambda tx, key=key, value=value: tx.set(key, value))

    def put_each_in_a_block(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one commit each, in `with` blocks instead of functions."""
        transaction = self.db.transaction
        for key, value in entries:
            with transaction() as tx:
                tx.set(key, value)

    def get_each(self, keys: Sequence[bytes]) -> None:
        """Get the keys, each by itself."""
        get = self.db.get
        for key in keys:
            get(key)

    def get_within(self, keys: Sequence[bytes]) -> None:
        """Get the keys inside of one transaction that reads."""
        with self.db.read() as tx:
            get = tx.get
            for key in keys:
                get(key)

    def scan_each(self, starts: Sequence[bytes]) -> None:
        """Scan the 100 entries from each start, as a list."""
        scan = self.db.scan
        for start in starts:
            list(scan(start, limit=100))

    def scan_all(self) -> int:
        """Go through all entries and return how many there are."""
        count = 0
        for _key, _value in self.db.scan():
            count += 1
        return count

    def pop_first(self, commits: int, each: int) -> None:
        """Delete the first key, `each` times a commit."""

        def pop(tx: "libredb.Transaction") -> None:
            for _ in range(each):
                [(key, _value)] = tx.scan(limit=1)
                tx.delete(key)

        for _ in range(commits):
            self.db.transact(pop)

    def put_and_scan(self, entries: Sequence[Entry]) -> None:
        """Put an entry and scan the first one, again and again, and abort the transaction."""

        def steps(tx: "libredb.Transaction") -> None:
            for key, value in entries:
                tx.set(key, value)
                list(tx.scan(limit=1))
            raise Stop

        try:
            self.db.transact(steps)
        except Stop:
            return

    def compact(self) -> None:
        """Compact it."""
        self.db.compact()

    def committer(self) -> Callable[[Entry], None]:
        """Return what one thread commits one entry with."""
        transact = self.db.transact
        return lambda entry: transact(lambda tx: tx.set(*entry))

    def reader(self) -> Callable[[bytes], object]:
        """Return what one thread gets one key with."""
        return self.db.get
