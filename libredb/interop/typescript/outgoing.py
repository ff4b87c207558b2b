"""What a database of ours would be in a TypeScript LibreDB: its entries, and what does not fit.

Everything gets a form, so that whoever accepts the losses has all values; each one that is not what
it was is counted, by namespace and reason. What JSON or a double cannot keep is written with tags:
{"$date": "2026-11-30"}, {"$bytes": "AP8="}, {"$int": "9007199254740993"}, {"$float": "inf"}. Not
counted, because they mean nothing there: versions of entries, and the order of names in an object.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from time import time
from typing import Any

from libredb.interop.typescript import javascript
from libredb.interop.typescript.layout import CATALOG, SEPARATOR, TYPES, Collection, owner_of
from libredb.interop.typescript.report import Counts
from libredb.interop.typescript.sorting import RAW_COLUMNS, RAW_TABLE
from libredb.kernel.transaction import ReadTransaction
from libredb.lens.catalog import catalog
from libredb.lens.dictionaries.kv_entries import DEADLINES, ordered
from libredb.lens.documents import documents
from libredb.lens.keys.encoding import prefix_range
from libredb.lens.keys.namespace import USER_KEYS, find, migrations
from libredb.lens.kv import KV
from libredb.lens.table.opening import table
from libredb.lens.values.json_value import Json, type_of
from libredb.lens.values.tagged_json import tagged

BEHIND_LENSES = b"\xff"

NO_NAME = "a name that TypeScript refuses: it has ':' in it, or begins with a zero byte"
NO_DOUBLE = "a number that no double keeps"
NO_TEXT_ID = "an id that is no text"
NO_TEXT = "a value that is no text"
OTHER_KV = "a place in a kv; there is one, without a name"
DEADLINE = "a deadline"
OWNED = "a key that a collection or the catalog would take for its own"
TAKEN = "a key that another entry has"
NO_LENS = "a lens that is unknown here, and all that it keeps"
INDEX = "an index"
MIGRATION = "a migration behind it"
NO_ROW = "columns other than str, float, bool and dict, found by one str"

_TYPES = {ours: theirs for theirs, ours in TYPES.items()}

Record = dict[str, Any]
"""What the catalog describes of a namespace."""


@dataclass(slots=True)
class Outgoing:
    """The entries, and what they do not keep."""

    entries: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    losses: Counts = field(default_factory=Counter[tuple[str, str]])
    owners: dict[bytes, Collection] = field(default_factory=dict[bytes, Collection])

    def begin(self, collection: Collection) -> None:
        """Enter a collection into the catalog."""
        name = collection.name
        if ":" in name or name.startswith("\0"):
            self.lose(name, NO_NAME)
        self.owners[name.encode()] = collection
        self.put(name, *collection.entry())

    def put(self, namespace: str, key: bytes, value: bytes) -> None:
        """Add an entry, unless there is another one with its key."""
        if key in self.entries:
            self.lose(namespace, TAKEN)
        else:
            self.entries[key] = value

    def lose(self, namespace: str, reason: str, count: int = 1) -> None:
        """Count what is not kept."""
        self.losses[namespace, reason] += count


def outgoing(tx: ReadTransaction, plain_kv: str) -> Outgoing:
    """Return what is in a database; `plain_kv` is the one whose keys have no prefix there.

    Reads everything, and holds it in memory.
    """
    result = Outgoing()
    found = catalog(tx).to_json()
    for record in sorted(found, key=_is_kv):  # last: a kv may have keys that a collection owns
        _add(result, tx, record, plain_kv)
        result.lose(record["name"], INDEX, len(record["indexes"]))
    for key, value in _raw(tx, found):
        result.put("raw keys", key, value)
    return result


def _add(result: Outgoing, tx: ReadTransaction, record: Record, plain_kv: str) -> None:
    """Add what a namespace keeps."""
    if record["kind"] == "documents":
        _add_documents(result, tx, record)
    elif _is_kv(record):
        _add_kv(result, tx, record, is_plain=record["name"] == plain_kv)
    elif record["kind"] != "table":
        result.lose(record["name"], NO_LENS)
    elif not _is_of_raw(record):
        _add_table(result, tx, record)


def _is_kv(record: Record) -> bool:
    return record["kind"] == "kv"


def _add_documents(result: Outgoing, tx: ReadTransaction, record: Record) -> None:
    name = record["name"]
    collection = Collection(name)
    result.begin(collection)
    for document in documents(tx, name).find():
        id = document.pop("id")  # noqa: A001 - as documents call it
        if type_of(id) is not str:
            result.lose(name, NO_TEXT_ID)
        value = document
        if not javascript.is_kept(document):
            result.lose(name, NO_DOUBLE)
            value = _marked(document)
        result.put(name, collection.key_of(str(id)), javascript.write(value).encode())


def _add_table(result: Outgoing, tx: ReadTransaction, record: Record) -> None:
    """Add a table as one, or as documents where a column or a value does not fit."""
    name = record["name"]
    rows = list(_rows(tx, record))
    collection = _table_of(record)
    if collection is None or not all(map(javascript.is_kept, rows)):
        result.lose(name, NO_ROW if collection is None else NO_DOUBLE, max(1, len(rows)))
        collection = Collection(name)
        rows = [_marked(row) for row in rows]
    result.begin(collection)
    key: list[str] = record["schema"]["key"]
    for row in rows:
        id = _id_of([row[column] for column in key])  # noqa: A001 - as documents call it
        result.put(name, collection.key_of(id), javascript.write(row).encode())
    namespace = find(tx, name)
    assert namespace is not None, "its record was found"
    result.lose(name, MIGRATION, len(migrations(tx, namespace)))


def _add_kv(result: Outgoing, tx: ReadTransaction, record: Record, *, is_plain: bool) -> None:
    name, values = record["name"], record["schema"]["values"]
    prefix = b"" if is_plain else name.encode() + SEPARATOR
    lens: KV[Any] = KV(tx, name, values)
    for text, value in lens.scan():
        key = prefix + text.encode()
        if not is_plain:
            result.lose(name, OTHER_KV)
        if values != "str":
            result.lose(name, NO_TEXT)
        if owner_of(key, result.owners) or key.startswith(CATALOG):
            result.lose(name, OWNED)
        result.put(name, key, _text_of(value).encode())
    namespace = find(tx, name)
    assert namespace is not None, "its record was found"
    deadlines = namespace.keys.prefix + DEADLINES
    now = ordered(round(time() * 1000) + 1)  # what has expired is not there any more
    waiting = tx.scan(deadlines + now, prefix_range(deadlines)[1])
    result.lose(name, DEADLINE, sum(1 for _ in waiting))


def _raw(tx: ReadTransaction, found: Iterable[Record]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the raw keys, with those that an upgrade had to keep in a table."""
    yield from tx.scan(*USER_KEYS)
    for record in filter(_is_of_raw, found):
        yield from ((row["key"], row["value"]) for row in _rows(tx, record))
    yield from tx.scan(BEHIND_LENSES)


def _is_of_raw(record: Record) -> bool:
    schema = {"key": ["key"], "columns": {name: {"type": "bytes"} for name in RAW_COLUMNS}}
    return record["name"] == RAW_TABLE and record["schema"] == schema


def _rows(tx: ReadTransaction, record: Record) -> Iterator[dict[str, Any]]:
    columns = {
        name: column["type"] + "?" * bool(column.get("optional"))
        for name, column in record["schema"]["columns"].items()
    }
    yield from table(tx, record["name"], columns, key=record["schema"]["key"])


def _table_of(record: Record) -> Collection | None:
    """Return a table as their catalog would have it, None if it cannot."""
    key, columns = record["schema"]["key"], record["schema"]["columns"]
    types = {name: _TYPES.get(column["type"]) for name, column in columns.items()}
    is_fit = all(types.values()) and not any(map(_is_optional, columns.values()))
    if not is_fit or len(key) > 1 or types[key[0]] != "string":
        return None
    return Collection(record["name"], key[0], {name: str(kind) for name, kind in types.items()})


def _is_optional(column: Record) -> bool:
    return bool(column.get("optional"))


def _id_of(parts: list[Json]) -> str:
    """Return the key of a row as text: that of a single text is the text itself."""
    if len(parts) == 1 and type_of(parts[0]) is str:
        return parts[0]
    return javascript.write(parts if len(parts) > 1 else parts[0])


def _text_of(value: Json) -> str:
    return value if type_of(value) is str else javascript.write(_marked(value))


def _marked(value: Json) -> Json:
    """Return a value with a tag for all that JSON, or a double, does not keep."""
    return _numbers(tagged(value))


def _numbers(value: Json) -> Json:
    kind = type_of(value)
    if kind is dict:
        return {name: _numbers(each) for name, each in value.items()}
    if kind is list:
        return [_numbers(each) for each in value]
    if kind is float and not isfinite(value):
        return {"$float": str(value)}
    if kind is int and not javascript.is_kept(value):
        return {"$int": str(value)}
    return value
