"""sqlite3 of the standard library: a table without row numbers, WAL mode, synchronous=FULL."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scripts.benchmarks.row import Entry

PUT = "INSERT OR REPLACE INTO entries VALUES (?, ?)"
GET = "SELECT value FROM entries WHERE key = ?"
SCAN = "SELECT key, value FROM entries WHERE key >= ? ORDER BY key LIMIT 100"
FIRST = "SELECT key, value FROM entries ORDER BY key LIMIT 1"


class Sqlite:
    """One database file, and its first connection."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        self._path = path
        self._connections: list[sqlite3.Connection] = []
        self.connection = self._connect()
        self.connection.execute(
            "CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
        )

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=600
        )
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.close()

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None:
        """Put all entries, one commit a piece."""
        connection = self.connection
        for piece in pieces:
            connection.execute("BEGIN")
            connection.executemany(PUT, piece)
            connection.execute("COMMIT")

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one commit each."""
        execute = self.connection.execute
        for entry in entries:
            execute(PUT, entry)

    def get_each(self, keys: Sequence[bytes]) -> None:
        """Get the keys, each by itself."""
        execute = self.connection.execute
        for key in keys:
            execute(GET, (key,)).fetchone()

    def get_within(self, keys: Sequence[bytes]) -> None:
        """Get the keys inside of one transaction."""
        self.connection.execute("BEGIN")
        self.get_each(keys)
        self.connection.execute("COMMIT")

    def scan_each(self, starts: Sequence[bytes]) -> None:
        """Scan the 100 entries from each start, as a list."""
        execute = self.connection.execute
        for start in starts:
            execute(SCAN, (start,)).fetchall()

    def scan_all(self) -> int:
        """Go through all entries and return how many there are."""
        count = 0
        for _key, _value in self.connection.execute("SELECT key, value FROM entries ORDER BY key"):
            count += 1
        return count

    def pop_first(self, commits: int, each: int) -> None:
        """Delete the first key, `each` times a commit."""
        execute = self.connection.execute
        for _ in range(commits):
            execute("BEGIN IMMEDIATE")
            for _ in range(each):
                key, _value = execute(FIRST).fetchone()
                execute("DELETE FROM entries WHERE key = ?", (key,))
            execute("COMMIT")

    def put_and_scan(self, entries: Sequence[Entry]) -> None:
        """Put an entry and scan the first one, again and again, and roll back."""
        execute = self.connection.execute
        execute("BEGIN IMMEDIATE")
        for entry in entries:
            execute(PUT, entry)
            execute(FIRST).fetchall()
        execute("ROLLBACK")

    def compact(self) -> None:
        """Write the file anew without gaps."""
        self.connection.execute("VACUUM")

    def committer(self) -> Callable[[Entry], None]:
        """Return what one thread commits one entry with: a connection of its own."""
        execute = self._connect().execute

        def commit(entry: Entry) -> None:
            execute(PUT, entry)

        return commit

    def reader(self) -> Callable[[bytes], object]:
        """Return what one thread gets one key with: a connection of its own."""
        execute = self._connect().execute
        return lambda key: execute(GET, (key,)).fetchone()


def everything(path: Path) -> dict[bytes, bytes]:
    """Open the database at `path` and return all of it, as an embedder does who wants a dict."""
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT key, value FROM entries"))
    connection.close()
    return found
