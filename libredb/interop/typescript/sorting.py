"""What each entry of a TypeScript file becomes here.

    catalog entry                a namespace: documents, or a table with the same columns
    key of a document or row     a document or row, if its value is one and its id fits
    other key, in UTF-8          an entry of the kv, if its value is UTF-8
    whatever is left             a raw key, where it was
    raw key under the byte FE    a row of the table "raw:FE", for FE is that of the lenses

What belongs to a collection or to the kv and is left nevertheless is counted, with the reason.
Whether an id and a document fit is for the lens to say: `upgrade` asks it. Absent on purpose: the
replacement character for bytes that are no text, which is how two keys become one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from libredb.interop.typescript.layout import (
    CATALOG,
    TYPES,
    Collection,
    collection_of,
    document_of,
    fits,
    owner_of,
)
from libredb.interop.typescript.report import Counts
from libredb.lens.keys.namespace import LENSES
from libredb.lens.values.json_value import Json, equal

RAW_TABLE = "raw:FE"
RAW_COLUMNS = {"key": "bytes", "value": "bytes"}

Placed = list[tuple[bytes, dict[str, Json]]]
"""Documents or rows, each with the key that it had."""


@dataclass(slots=True)
class Sorted:
    """The entries of a file, each in one of four places."""

    collections: dict[str, Collection] = field(default_factory=dict[str, Collection])
    rows: dict[str, Placed] = field(default_factory=dict[str, Placed])
    """Documents and rows, by the name of their collection."""
    kv: list[tuple[bytes, tuple[str, str]]] = field(
        default_factory=list[tuple[bytes, tuple[str, str]]]
    )
    raw: list[tuple[bytes, bytes]] = field(default_factory=list[tuple[bytes, bytes]])
    unfit: Counts = field(default_factory=Counter[tuple[str, str]])

    @property
    def raw_under_lenses(self) -> list[dict[str, bytes]]:
        """The rows of the table of those raw keys that cannot stay where they are."""
        return [{"key": key, "value": value} for key, value in self.raw if key.startswith(LENSES)]

    def keep_raw(self, key: bytes, value: bytes, namespace: str, reason: str) -> None:
        """Leave an entry raw that does not fit where it belongs."""
        self.raw.append((key, value))
        self.unfit[namespace, reason] += 1


def sort(entries: Mapping[bytes, bytes], kv: str) -> Sorted:
    """Return where each entry goes; `kv` is what the namespace of the other keys is called."""
    result = Sorted()
    owners: dict[bytes, Collection] = {}
    others: list[tuple[bytes, bytes]] = []
    for key, value in entries.items():
        if not key.startswith(CATALOG):
            others.append((key, value))
        elif collection := collection_of(key, value):
            result.collections[collection.name] = collection
            owners[key[len(CATALOG) :]] = collection
        else:
            result.keep_raw(key, value, "catalog", "a record that no lens wrote")
    _sort(others, owners, kv, result)
    return result


def _sort(
    entries: Iterable[tuple[bytes, bytes]],
    owners: Mapping[bytes, Collection],
    kv: str,
    result: Sorted,
) -> None:
    rows = result.rows
    rows.update((name, []) for name in result.collections)
    for key, value in entries:
        owner = owner_of(key, owners)
        if owner is None:
            _sort_alone(key, value, kv, result)
            continue
        collection, id_bytes = owner
        row = _row_of(id_bytes, value, collection)
        if isinstance(row, str):
            result.keep_raw(key, value, collection.name, row)
        else:
            rows[collection.name].append((key, row))


def _sort_alone(key: bytes, value: bytes, kv: str, result: Sorted) -> None:
    """Sort a key that no collection owns."""
    try:
        name = key.decode()
    except UnicodeDecodeError:
        result.raw.append((key, value))
        return
    try:
        result.kv.append((key, (name, value.decode())))
    except UnicodeDecodeError:
        result.keep_raw(key, value, kv, "a value that is not UTF-8")


def _row_of(id_bytes: bytes, value: bytes, collection: Collection) -> dict[str, Json] | str:
    """Return a value as document or row, or why it is none."""
    found = document_of(value)
    if found is None:
        return "a value that is no JSON object"
    try:
        id = id_bytes.decode()  # noqa: A001 - as documents call it
    except UnicodeDecodeError:
        return "an id that is not UTF-8"
    if collection.key is not None and not fits(found, collection):
        return "other columns than those of the table"
    if not equal(found.get(collection.key or "id", id), id):
        return "another id in the value than in the key"
    return {"id": id, **found} if collection.key is None else _as_typed(found, collection)


def _as_typed(row: dict[str, Json], collection: Collection) -> dict[str, Json]:
    """Return a row as our columns take it: a number is a double."""
    columns = collection.columns or {}
    return {
        name: float(row[name]) if kind == "number" else row[name] for name, kind in columns.items()
    }


def columns_of(collection: Collection) -> dict[str, str]:
    """Return the columns of a table as our lens calls them."""
    return {name: TYPES[kind] for name, kind in (collection.columns or {}).items()}
