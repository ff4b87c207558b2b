"""Values as JSON for other programs: what JSON lacks is an object with a tag, and comes back.

    datetime, date, Decimal, bytes, UUID     {"$date": "2026-11-01"}, {"$bytes": base64}, ..
    an int that a float cannot tell apart    {"$int": "9007199254740993"}
    an infinity                              {"$float": "-inf"}
    an object that looks like a tag          {"$object": {"$decimal": 1}}

A datetime is `{"$datetime": microseconds since 1970}`; text as ISO 8601 is read too, and is what a
datetime without a zone is. What belongs into a column is read from a plain scalar as well: the
column knows that "2026-11-01" is a date.
Absent on purpose: NaN, which no database keeps.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from libredb.lens.errors import DamagedEntryError, InvalidValueError
from libredb.lens.values.json_value import Json, described, type_of
from libredb.lens.values.tagged_json import (
    INFINITIES,
    TAGGED_TYPES,
    datetime_of,
    naive_datetime_of,
    tagged,
    untagged,
)

LARGEST_EXACT = 2**53 - 1
"""The largest integer that is told apart from its neighbours where all numbers are floats."""

Row = Mapping[str, Any]

_JSON_TYPES = frozenset({"dict", "list"})


def to_tagged(value: Any) -> Json:  # noqa: ANN401 - whatever a row or a document has
    """Return a value as JSON with tags, which `json.dumps` can write."""
    kind = type_of(value)
    if kind is datetime and value.tzinfo is None:
        return value.isoformat()
    if kind in TAGGED_TYPES:
        return tagged(value)
    if kind is int and abs(value) > LARGEST_EXACT:
        return {"$int": str(value)}
    if kind is float and not isfinite(value):
        return {"$float": str(value)}
    return _inside(value) if kind in (list, dict) else value


def from_tagged(stored: Json) -> Any:  # noqa: ANN401 - whatever was tagged
    """Return the value that `to_tagged` has made this of.

    Raises:
        InvalidValueError: there is a tag that it does not write, or behind one what is none.
    """
    kind = type_of(stored)
    if kind is list:
        return [from_tagged(element) for element in stored]
    if kind is not dict:
        return stored
    tag = _tag_of(stored)
    if not tag:
        return {name: from_tagged(element) for name, element in stored.items()}
    inside = stored[tag]
    if tag == "$object" and type_of(inside) is dict:
        return {name: from_tagged(element) for name, element in inside.items()}
    try:
        return _untagged(tag, inside)
    except (DamagedEntryError, ArithmeticError, LookupError, TypeError, ValueError):
        told = f"a tag and what it takes, not {tag!r} with {described(inside)}"
        raise InvalidValueError(f"expected {told}", expected=told, actual=tag) from None


def row_to_json(columns: Mapping[str, str], row: Row) -> dict[str, Json]:
    """Return the values of a row as tagged JSON; a column of dicts or lists has JSON already."""
    return {
        name: value if _plain_type(columns[name]) in _JSON_TYPES else to_tagged(value)
        for name, value in row.items()
    }


def row_from_json(columns: Mapping[str, str], stored: Mapping[str, Json]) -> dict[str, Any]:
    """Return the values of a row, each read by the type of its column, such as `"date?"`.

    A name without a column stays as it is, for the table to refuse; so does what no type takes.
    """
    return {
        name: value_from_json(columns[name], value) if name in columns else from_tagged(value)
        for name, value in stored.items()
    }


def value_from_json(type_name: str, stored: Json) -> Any:  # noqa: ANN401 - the type says what
    """Return a value for a column of this type, from a scalar or from tagged JSON.

    Raises:
        InvalidValueError: it cannot be read as that.
    """
    type_name = _plain_type(type_name)
    if type_name in _JSON_TYPES:
        return stored
    kind = type_of(stored)
    if kind is dict and type_name == "naive_datetime" and _tag_of(stored) == "$datetime":
        stored = stored["$datetime"]
        kind = type_of(stored)
    read = _READERS.get((type_name, kind))
    if read is None:
        return from_tagged(stored)
    try:
        return read(stored)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        expected = f"text that is a {type_name}"
        message = f"expected {expected}, got {stored!r}"
        raise InvalidValueError(message, expected=expected, actual=stored) from None


def _plain_type(type_name: str) -> str:
    """Return the type of a column without the mark that None is in it."""
    return type_name.removesuffix("?")


def _inside(value: list[Any] | dict[Any, Any]) -> Json:
    """Return a list or an object with everything in it tagged."""
    if isinstance(value, list):
        return [to_tagged(element) for element in value]
    pairs = {name: to_tagged(element) for name, element in value.items()}
    return {"$object": pairs} if _tag_of(value) else pairs


def _untagged(tag: str, inside: Json) -> Any:  # noqa: ANN401 - the tag says what
    kind = type_of(inside)
    if tag == "$int" and kind is str:
        return int(inside)
    if tag == "$float" and kind is str:
        return INFINITIES[inside]
    if tag == "$datetime" and kind is str:
        return datetime.fromisoformat(inside)
    return untagged({tag: inside})


def _tag_of(pairs: dict[Any, Any]) -> str:
    """Return the only name of an object, if it looks like a tag; otherwise nothing."""
    name = str(next(iter(pairs))) if len(pairs) == 1 else ""
    return name if name.startswith("$") else ""


def _decimal(number: float) -> Decimal:
    return Decimal(repr(number))


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)


_READERS: dict[tuple[str, type[Any]], Callable[[Any], Any]] = {
    ("datetime", str): datetime.fromisoformat,
    ("datetime", int): datetime_of,
    ("naive_datetime", str): datetime.fromisoformat,
    ("naive_datetime", int): naive_datetime_of,
    ("date", str): date.fromisoformat,
    ("decimal", str): Decimal,
    ("decimal", int): Decimal,
    ("decimal", float): _decimal,
    ("bytes", str): _bytes,
    ("uuid", str): UUID,
    ("float", str): INFINITIES.__getitem__,
}
"""How a scalar is read by the type of its column, where it is not the value itself."""
