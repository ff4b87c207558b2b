"""What the lenses of the TypeScript LibreDB keep, and under which keys.

    kv           key as it is                   text in UTF-8
    document     name ":" id                    JSON
    row          name ":" value of the key      JSON, all columns
    catalog      00 "libredb:catalog:" name     {"kind":"document"}, or
                 {"kind":"relational","schema":{"primaryKey":..,"columns":{..}}}

All keys are in one space, so a key of the kv may look like one of a document. Here a key belongs to
the longest name in the catalog that is followed by ":" in it, and to the kv if there is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from libredb.interop.typescript import javascript
from libredb.lens.keys.namespace import MAX_NAME_BYTES
from libredb.lens.values.json_value import Json, type_of

CATALOG = b"\0libredb:catalog:"
SEPARATOR = b":"

TYPES = {"string": "str", "number": "float", "boolean": "bool", "object": "dict"}
"""What a column of each type is here."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What the catalog has under one name: a collection of documents, or a table with columns."""

    name: str
    key: str | None = None
    """The column that rows are found by; None for documents."""
    columns: Mapping[str, str] | None = None
    """The type of each column, in order."""

    def entry(self) -> tuple[bytes, bytes]:
        """Return the entry of the catalog."""
        kind: dict[str, Any] = {"kind": "document"}
        if self.columns is not None:
            schema = {"primaryKey": self.key, "columns": dict(self.columns)}
            kind = {"kind": "relational", "schema": schema}
        return CATALOG + self.name.encode(), javascript.write(kind).encode()

    def key_of(self, id: str) -> bytes:  # noqa: A002 - as documents call it
        """Return the key of a document or row."""
        return self.name.encode() + SEPARATOR + id.encode()


def collection_of(key: bytes, value: bytes) -> Collection | None:
    """Return what an entry of the catalog says, None if a lens cannot have written it.

    A name that is empty or too long for a namespace is none either.
    """
    try:
        name, found = key[len(CATALOG) :].decode(), javascript.read(value.decode())
    except (ValueError, RecursionError):
        return None
    if not 0 < len(name.encode()) <= MAX_NAME_BYTES:
        return None
    if found == {"kind": "document"}:
        return Collection(name)
    try:
        schema = found["schema"]
        collection = Collection(name, schema["primaryKey"], dict(schema["columns"]))
        is_whole = is_schema(collection.key, collection.columns or {})
        written = javascript.read(collection.entry()[1].decode())
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return collection if is_whole and written == found else None


def is_schema(key: object, columns: Mapping[Any, Any]) -> bool:
    """Whether a table can have these columns and this key."""
    are_columns = all(
        type_of(name) is str and name and type_of(kind) is str and kind in TYPES
        for name, kind in columns.items()
    )
    return are_columns and type_of(key) is str and columns.get(cast(str, key)) == "string"


def owner_of(key: bytes, names: Mapping[bytes, Collection]) -> tuple[Collection, bytes] | None:
    """Return the collection that a key belongs to, and the rest of the key, which is an id."""
    end = key.rfind(SEPARATOR)
    while end >= 0:
        if collection := names.get(key[:end]):
            return collection, key[end + 1 :]
        end = key.rfind(SEPARATOR, 0, end)
    return None


def document_of(value: bytes) -> dict[str, Json] | None:
    """Return the JSON object that a value is, None if it is something else."""
    try:
        found = javascript.read(value.decode())
    except (ValueError, RecursionError):
        return None
    return found if type_of(found) is dict else None


def fits(row: Mapping[str, Json], collection: Collection) -> bool:
    """Whether a row has all columns, no others, and in each a value of its type."""
    columns = collection.columns or {}
    return row.keys() == columns.keys() and all(
        type_of(row[name]) in _VALUES[kind] for name, kind in columns.items()
    )


_VALUES: dict[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
}
