"""Those that take part in commits alone: plyvel, ZODB, sqlitedict, and a bare file."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from scripts.benchmarks.packages import package
from scripts.benchmarks.row import Entry, Refusal

RECORD_BYTES = 24 + 9 + 16 + 100
"""What one entry takes in the log of libredb: two headers, a key and a value."""

RESERVED_BYTES = 1 << 20


class RawFile:
    """pwrite and fdatasync of as many bytes into zero-filled space, and nothing else."""

    def __init__(self, path: Path) -> None:
        """Create the file."""
        if not hasattr(os, "fdatasync"):
            raise Refusal("this system has no fdatasync")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        self._offset = self._end = 0

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Append the bytes of a record for each entry, syncing each."""
        for key, value in entries:
            record = bytes(RECORD_BYTES - len(key) - len(value)) + key + value
            if self._offset + RECORD_BYTES > self._end:
                os.pwrite(self._fd, bytes(RESERVED_BYTES), self._end)
                self._end += RESERVED_BYTES
            os.pwrite(self._fd, record, self._offset)
            os.fdatasync(self._fd)
            self._offset += RECORD_BYTES


class Plyvel:
    """LevelDB: every write is synced."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        plyvel = package("plyvel")
        self._db = plyvel.DB(str(path), create_if_missing=True)

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def load(self, pieces: Iterable[Sequence[Entry]]) -> None:
        """Put all entries, one synced write a piece."""
        for piece in pieces:
            with self._db.write_batch(sync=True) as writes:
                for key, value in piece:
                    writes.put(key, value)

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one synced write each."""
        put = self._db.put
        for key, value in entries:
            put(key, value, sync=True)

    def committer(self) -> Callable[[Entry], None]:
        """Return what one thread commits one entry with."""
        put = self._db.put
        return lambda entry: put(*entry, sync=True)


class Zodb:
    """ZODB: a BTree in a FileStorage, which syncs every commit."""

    def __init__(self, path: Path) -> None:
        """Create it."""
        zodb, trees = package("ZODB"), package("BTrees.OOBTree")
        self._transaction = package("transaction")
        self._db = zodb.DB(str(path))
        self._connection = self._db.open()
        self._tree = self._connection.root()["entries"] = trees.OOBTree()
        self._transaction.commit()

    def close(self) -> None:
        """Close it."""
        self._connection.close()
        self._db.close()

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one commit each."""
        tree, commit = self._tree, self._transaction.commit
        for key, value in entries:
            tree[key] = value
            commit()


class Sqlitedict:
    """sqlitedict, a dict over sqlite3; it never syncs, so nothing it says is durable."""

    def __init__(self, path: Path) -> None:
        """Create it."""
        self._db = package("sqlitedict").SqliteDict(
            str(path), encode=bytes, decode=bytes, encode_key=bytes.hex, decode_key=bytes.fromhex
        )

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def put_each(self, entries: Sequence[Entry]) -> None:
        """Put the entries, one commit each, and wait for it."""
        for key, value in entries:
            self._db[key] = value
            self._db.commit(blocking=True)
