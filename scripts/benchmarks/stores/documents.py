"""Documents as libredb keeps them, sqlite3 with JSON in a column, sqlite-utils, and TinyDB.

All have an index by level and one by level and time where they have indexes at all. A document is
`{"id", "level", "at", "name", "tags", "share"}`; a search for a level finds some twenty of them.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from scripts.benchmarks.packages import package
from scripts.benchmarks.processes import library, open_libredb

if TYPE_CHECKING:
    import libredb

Document = dict[str, Any]
P = b"\xfe\x15\x01"
"""The prefix of the first namespace; docs/key-layouts.md draws all keys below."""
ROWS, BY_LEVEL, BY_LEVEL_AND_TIME = P + b"\x01", P + b"\x03\x15\x01", P + b"\x03\x15\x02"
HEADER_BYTES = 9
NUMBER_BYTES = 10


class Stores(Protocol):
    """A store of documents: each method is one commit, or one search."""

    def load(self, documents: Sequence[Document]) -> None:
        """Add documents."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class Documents:
    """The documents of the libredb of this process."""

    def __init__(self, path: Path) -> None:
        """Open or create them, with both indexes."""
        self.db = open_libredb(path)
        self._documents: Any = library().documents(self.db, "documents")
        self._documents.create_index("level")
        self._documents.create_index("level", "at")

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def load(self, documents: Sequence[Document]) -> None:
        """Add documents, in one commit."""
        self._documents.insert_many(documents)

    def insert(self, document: Document) -> None:
        """Add a document."""
        self._documents.insert(document)

    def update(self, document: Document) -> None:
        """Set its name."""
        self._documents.update(document["id"], {"name": document["name"]})

    def get(self, document: Document) -> Document:
        """Return the document with this id."""
        return self._documents.get(document["id"])

    def find_by_level(self, document: Document) -> list[Document]:
        """Return those of the same level, by an index."""
        return list(self._documents.find({"level": document["level"]}))

    def find_in_order(self, document: Document) -> list[Document]:
        """Return the first twenty of the same level, by time."""
        condition = {"level": document["level"], "at": {"$gte": 0}}
        return list(self._documents.find(condition, order_by="at", limit=20))

    def find_by_name(self, document: Document) -> list[Document]:
        """Return those of the same name, which no index has."""
        return list(self._documents.find({"name": document["name"]}))


class Loop(Documents):
    """The same database, and searches written by hand: two scans of keys, and what decodes JSON."""

    def find_by_level(self, document: Document) -> list[Document]:
        """Return those of the same level."""
        start = BY_LEVEL + b"\x20%b\0" % document["level"].encode()
        length = len(start)

        def find(tx: "libredb.ReadTransaction") -> list[Document]:
            keys = [ROWS + key[length:] for key, _ in tx.scan(start, start + b"\xff")]
            return [json.loads(value[HEADER_BYTES:]) for value in tx.get_many(keys) if value]

        return self.db.read(find)

    def find_in_order(self, document: Document) -> list[Document]:
        """Return the first twenty of the same level, by time."""
        start = BY_LEVEL_AND_TIME + b"\x20%b\0" % document["level"].encode()
        length = len(start) + NUMBER_BYTES

        def find(tx: "libredb.ReadTransaction") -> list[Document]:
            keys = [ROWS + key[length:] for key, _ in tx.scan(start, start + b"\xff", limit=20)]
            return [json.loads(value[HEADER_BYTES:]) for value in tx.get_many(keys) if value]

        return self.db.read(find)


class SqliteJson:
    """sqlite3: a column of JSON, beside one for each field that an index has."""

    def __init__(self, path: Path) -> None:
        """Open or create it, with both indexes."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, level TEXT, at, json TEXT)",
            "CREATE INDEX IF NOT EXISTS by_level ON documents (level)",
            "CREATE INDEX IF NOT EXISTS by_level_and_time ON documents (level, at)",
        ):
            self._connection.execute(statement)

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def load(self, documents: Sequence[Document]) -> None:
        """Add documents, in one commit."""
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT INTO documents VALUES (?, ?, ?, ?)",
            ((each["id"], each["level"], each["at"], json.dumps(each)) for each in documents),
        )
        self._connection.execute("COMMIT")

    def find_by_level(self, document: Document) -> list[Document]:
        """Return those of the same level."""
        search = "SELECT json FROM documents WHERE level = ?"
        found = self._connection.execute(search, (document["level"],)).fetchall()
        return [json.loads(text) for (text,) in found]

    def find_in_order(self, document: Document) -> list[Document]:
        """Return the first twenty of the same level, by time."""
        search = "SELECT json FROM documents WHERE level = ? AND at >= 0 ORDER BY at, id LIMIT 20"
        found = self._connection.execute(search, (document["level"],)).fetchall()
        return [json.loads(text) for (text,) in found]


class SqliteUtils:
    """sqlite-utils: a table with a column for each field."""

    def __init__(self, path: Path) -> None:
        """Open or create it, with both indexes."""
        self._db: Any = package("sqlite_utils").Database(str(path))
        self._db.enable_wal()
        self._table: Any = self._db["documents"]
        columns = {"id": str, "level": str, "at": int, "name": str, "tags": str, "share": float}
        self._table.create(columns, pk="id", if_not_exists=True)
        self._table.create_index(["level"], if_not_exists=True)
        self._table.create_index(["level", "at"], if_not_exists=True)

    def close(self) -> None:
        """Close it."""
        self._db.conn.close()

    def load(self, documents: Sequence[Document]) -> None:
        """Add documents, in one commit."""
        with self._db.atomic():
            self._table.insert_all(documents, pk="id", batch_size=1000)


class TinyDb:
    """TinyDB with its default storage: a file of JSON, which each change writes anew; no sync."""

    def __init__(self, path: Path) -> None:
        """Open or create it."""
        tinydb = package("tinydb")
        self._db: Any = tinydb.TinyDB(str(path))
        self._field: Any = tinydb.where

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def load(self, documents: Sequence[Document]) -> None:
        """Add documents, in one write."""
        self._db.insert_multiple(documents)

    def insert(self, document: Document) -> None:
        """Add a document."""
        self._db.insert(document)

    def update(self, document: Document) -> None:
        """Set its name."""
        self._db.update({"name": document["name"]}, doc_ids=[int(document["id"]) + 1])

    def get(self, document: Document) -> Document:
        """Return the document with this id; its own ids count from 1."""
        return cast(Document, self._db.get(doc_id=int(document["id"]) + 1))

    def find_by_level(self, document: Document) -> list[Document]:
        """Return those of the same level."""
        return self._searched("level", document)

    def find_by_name(self, document: Document) -> list[Document]:
        """Return those of the same name."""
        return self._searched("name", document)

    def _searched(self, name: str, document: Document) -> list[Document]:
        self._db.clear_cache()  # which would answer the same search again
        return self._db.search(self._field(name) == document[name])
