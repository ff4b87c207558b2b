"""Documents by their ids, and rows of a table by their keys; both are objects in JSON.

A key of one column is written as it is, `1` or `2026-11-01`; one of several columns is a list in
JSON, `["a", 1]`. What the key says may be left out of the object, and must not differ in it.
Absent on purpose: ranges of the keys of a table, for `libredb find` has a filter.
"""

from collections.abc import Iterator
from typing import Any, cast

from libredb import Database, Documents, Table, UsageError, UsageValueError
from libredb.cli.keyed.entry import Entry, Found, Range
from libredb.cli.notation import Notation, json_of
from libredb.interop import row_from_json, row_to_json, to_tagged
from libredb.lens.values.exchange import value_from_json

Row = dict[str, Any]

TEXTS = frozenset({"str", "enum_str"})
NUMBERS = frozenset({"int", "enum_int"})


class DocumentsById:
    """Documents."""

    def __init__(self, db: Database, lens: Documents[Any], notation: Notation) -> None:
        """Take documents, and how they are written."""
        self._db = db
        self._lens = lens
        self._notation = notation
        first = lens.find_one()
        self._is_counted = first is not None and type(first["id"]) is int

    def get(self, key: str) -> Found | None:
        """Return a document."""
        found = self._lens.get(self._id(key))
        return None if found is None else _found(found, self._notation)

    def set(self, key: str, given: str | bytes) -> None:
        """Put a document."""
        self._lens.put(_with_key(_object(given), {"id": self._id(key)}))

    def delete(self, key: str) -> bool:
        """Delete a document."""
        return self._lens.delete(self._id(key))

    def scan(self, wanted: Range) -> Iterator[Entry]:
        """Yield documents in the order of their ids."""
        bounds = {"$gte": wanted.start, "$lt": wanted.end}
        asked = {name: self._id(text) for name, text in bounds.items() if text is not None}
        if wanted.prefix is not None:
            if asked or self._is_counted:
                raise UsageError("--prefix needs ids that are text, and no --start and --end")
            asked = {"$prefix": self._notation.text(wanted.prefix)}
        order = "-id" if wanted.reverse else "id"
        with self._db.read() as tx:
            found = self._lens.on(tx).find(
                {"id": asked} if asked else {}, order_by=order, limit=wanted.limit
            )
            for document in found:
                data = str(document["id"]).encode()
                yield Entry(self._notation.shown(data), data, _found(document, self._notation))

    def _id(self, key: str) -> str | int:
        return _whole(key) if self._is_counted else self._notation.text(key)


class RowsByKey:
    """Rows of a table."""

    def __init__(
        self,
        db: Database,
        lens: Table[Row],
        key: tuple[str, ...],
        columns: dict[str, str],
        notation: Notation,
    ) -> None:
        """Take a table, the names of its key, and the types of its columns."""
        self._db = db
        self._lens = lens
        self._key = key
        self._columns = columns
        self._notation = notation

    def get(self, key: str) -> Found | None:
        """Return a row."""
        found = self._lens.get(self._called(self._parts(key)))
        return None if found is None else _found(row_to_json(self._columns, found), self._notation)

    def set(self, key: str, given: str | bytes) -> None:
        """Put a row."""
        values = row_from_json(self._columns, _object(given))
        self._lens.put(_with_key(values, self._parts(key)))

    def delete(self, key: str) -> bool:
        """Delete a row."""
        return self._lens.delete(self._called(self._parts(key)))

    def scan(self, wanted: Range) -> Iterator[Entry]:
        """Yield rows in the order of their keys."""
        if (wanted.start, wanted.end, wanted.prefix) != (None, None, None):
            raise UsageError("a part of a table is found by a filter; see `libredb find --help`")
        with self._db.read() as tx:
            rows = self._lens.on(tx).order_by(*self._key, reverse=wanted.reverse)
            for row in rows if wanted.limit is None else rows.limit(wanted.limit):
                shown = self._shown(row)
                yield Entry(
                    shown, shown.encode(), _found(row_to_json(self._columns, row), self._notation)
                )

    def _parts(self, key: str) -> Row:
        """Return the values of the columns that are the key."""
        if len(self._key) == 1:
            (name,) = self._key
            return {name: self._part(self._columns[name], key)}
        found = json_of(key)
        given = cast(list[Any], found) if isinstance(found, list) else []
        if len(given) != len(self._key):
            names = ", ".join(self._key)
            raise UsageValueError(f"the key is {names}: a list of these in JSON, not {key}")
        return {
            name: value_from_json(self._columns[name], part)
            for name, part in zip(self._key, given, strict=True)
        }

    def _part(self, type_name: str, key: str) -> Any:  # noqa: ANN401 - the type says what
        if type_name in TEXTS:
            return self._notation.text(key)
        if type_name == "bytes":
            return self._notation.data(key)
        if type_name in NUMBERS:
            return _whole(key)
        return json_of(key) if type_name == "bool" else value_from_json(type_name, key)

    def _called(self, parts: Row) -> Any:  # noqa: ANN401 - as the table calls its key
        values = tuple(parts.values())
        return values[0] if len(values) == 1 else values

    def _shown(self, row: Row) -> str:
        if len(self._key) > 1:
            return self._notation.json([to_tagged(row[name]) for name in self._key])
        value = next(row[name] for name in self._key)
        if isinstance(value, bytes):
            return self._notation.shown(value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return self._notation.shown(text.encode())


def _found(value: Row, notation: Notation) -> Found:
    text = notation.json(value)
    return Found(text, text.encode())


def _object(given: str | bytes) -> Row:
    found = json_of(given)
    if not isinstance(found, dict):
        raise UsageValueError('the value is no JSON object, such as {"name": "Ada"}')
    return found  # pyright: ignore[reportUnknownVariableType] - the names in JSON are texts


def _with_key(values: Row, key: Row) -> Row:
    """Return an object with its key, which may be in it already."""
    for name, part in key.items():
        if name in values and values[name] != part:
            raise UsageValueError(f"the key says {name} = {part!r}, and the value {values[name]!r}")
    return {**key, **values}


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageValueError(f"the key is a whole number, not {text!r}") from None
