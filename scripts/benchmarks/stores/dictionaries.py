"""Single keys of libredb: by a kv, and by the raw keys below."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.benchmarks.processes import library, open_libredb


class Kv:
    """A kv of texts."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        self._db = open_libredb(path)
        self._kv: Any = library().kv(self._db)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def load(self, entries: Sequence[tuple[str, str]]) -> None:
        """Set keys, in one commit."""
        self._kv.set_many(entries)

    def get_each(self, keys: Sequence[str]) -> None:
        """Get the keys, each by itself."""
        get = self._kv.get
        for key in keys:
            get(key)

    def get_within(self, keys: Sequence[str]) -> None:
        """Get the keys inside of one transaction that reads."""
        with self._db.read() as tx:
            get = self._kv.on(tx).get
            for key in keys:
                get(key)


class RawKeys:
    """The same keys and values as bytes, without a lens."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        self._db = open_libredb(path)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def load(self, entries: Sequence[tuple[str, str]]) -> None:
        """Set keys, in one commit."""
        with self._db.transaction() as tx:
            for key, value in entries:
                tx.set(key.encode(), value.encode())

    def get_each(self, keys: Sequence[str]) -> None:
        """Get the keys, each in a transaction of its own, as a lens does."""
        read = self._db.read
        for key in [key.encode() for key in keys]:
            read(lambda tx, key=key: tx.get(key))

    def get_within(self, keys: Sequence[str]) -> None:
        """Get the keys inside of one transaction that reads."""
        with self._db.read() as tx:
            get = tx.get
            for key in [key.encode() for key in keys]:
                get(key)
