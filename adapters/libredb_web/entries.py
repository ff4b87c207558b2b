"""What a storage is in a database: the kv "storage", whose values are JSON as values.py writes it.

A worker has the files itself, so `Here` reads and commits at once. What crosses is text by key, and
None where a key goes; so the same two functions serve a page whose files another worker has.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

import libredb_opfs

import libredb
from libredb import Store
from libredb.lens.values.json_value import decode, encode

NAMESPACE = "storage"


def read(store: Store) -> dict[str, str]:
    """Return the JSON of every key, of one state."""
    kept = libredb.kv(store, NAMESPACE, values="json")
    return {key: encode(value).decode() for key, value in kept.items()}


def write(store: Store, changes: Mapping[str, str | None]) -> None:
    """Set and delete these keys in one transaction.

    Raises:
        StorageError: storage failed.
    """

    def change(tx: Store) -> None:
        kept = libredb.kv(tx, NAMESPACE, values="json")
        kept.update({key: decode(text.encode()) for key, text in changes.items() if text})
        for key, text in changes.items():
            if text is None:
                kept.delete(key)

    store.transact(change)


class Here:
    """The entries of a database that this program has open. Nothing in it ever waits."""

    def __init__(self, db: libredb.Database) -> None:
        """Take a database that somebody else closes, and read it."""
        self.texts = read(db)
        self._db = db
        self._opened = ExitStack()

    @classmethod
    async def open(cls, name: str, *, patience_seconds: float) -> Self:
        """Open the database `name` of this site, in a dedicated worker.

        Raises what `libredb_opfs.acquire` and `libredb.open` raise.
        """
        with ExitStack() as opened:
            fs = await libredb_opfs.acquire(name, patience_seconds=patience_seconds)
            opened.enter_context(fs)
            db = opened.enter_context(libredb.open(f"{name}.libredb", fs=fs))
            here = cls(db)
            here._opened = opened.pop_all()
            return here

    async def write(self, changes: Mapping[str, str | None]) -> None:
        """Commit these changes; they are durable when this returns."""
        write(self._db, changes)

    async def close(self) -> None:
        """Close the database, and give its files back."""
        self._opened.close()
