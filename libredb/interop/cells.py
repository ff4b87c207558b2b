"""One value of a row, as JSON and as the text of a cell: in and out, by the type of its column.

    type            in JSON                                       in a cell
    float           a number, {"$float": "inf"}                   a number, inf
    bytes           {"$bytes": "AP8="}                            base64
    date, datetime  {"$date": "2026-11-30"}, {"$datetime": ..}    in form ISO 8601
    decimal, uuid   {"$decimal": "1.50"}, {"$uuid": ..}           its text
    any             JSON with tags                                a text, or JSON with tags

All others are JSON already. Going in, JSON may have what stands in a cell instead of a tag.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from libredb.kernel.errors import LibreDBError
from libredb.lens.errors import InvalidValueError
from libredb.lens.table.columns import Column
from libredb.lens.values.exchange import to_tagged
from libredb.lens.values.json_value import Json, described, type_of

Value = Any

UNREADABLE = (ValueError, ArithmeticError, TypeError, KeyError, RecursionError, LibreDBError)
"""What reading a value raises that is none of its type."""

_DIGITS = re.compile(r"[+-]?[0-9]+")
_BOOLS = {"true": True, "false": False, "1": True, "0": False}
_ENUMS = ("enum_str", "enum_int")


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
to_json_text: Callable[[Json], str] = _ENCODER.encode


def _int(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


_FROM_TEXT: dict[str, Callable[[str], Value]] = {
    **dict.fromkeys(("str", "enum_str", "any"), str),
    **dict.fromkeys(("int", "enum_int"), _int),
    "float": _float,
    "bool": lambda text: _BOOLS[text.lower()],
    "bytes": lambda text: b64decode(text, validate=True),
    **dict.fromkeys(("datetime", "naive_datetime"), datetime.fromisoformat),
    "date": date.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    **dict.fromkeys(("dict", "list", "json"), DECODER.decode),
}

CELL_TYPES = frozenset({"str", "int", "float", "bool", "json"})
"""What `types` of a CSV file can say of a cell that goes into a document or a kv."""


def from_text(kind: str, text: str) -> Value:
    """Return the value of a cell.

    Raises:
        InvalidValueError: there is none of this type in it.
    """
    try:
        return _FROM_TEXT[kind](text)
    except UNREADABLE:
        expected = f"{kind} as text"
        raise InvalidValueError(
            f"expected {expected}, got other text", expected=expected, actual="other text"
        ) from None


def from_column(column: Column, read: Callable[[str, Any], Value], given: Any) -> Value:  # noqa: ANN401 - what `read` takes
    """Return what belongs into a column, read from JSON or from a cell.

    Raises:
        InvalidValueError: it does not; `field` is the column.
    """
    if given is None:
        return None
    try:
        value = read(column.kind.name, given)
        return column.from_plain(value) if column.kind.name in _ENUMS else value
    except LibreDBError as error:
        message = f"column {column.name}: {error}"
        raise InvalidValueError(message, field=column.name, actual=described(given)) from None


def to_json(kind: str, value: Value) -> Json:
    """Return a value as JSON, with a tag where JSON lacks the type."""
    if isinstance(value, Enum):
        return value.value
    return value if kind in {"dict", "list"} else to_tagged(value)


def to_text(kind: str, value: Value) -> str:
    """Return a value as the text of a cell; None is an empty one."""
    if isinstance(value, Enum):
        value = value.value
    if value is None:
        return ""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if kind in {"dict", "list", "any", "json"}:
        return to_json_text(to_tagged(value) if kind == "any" else value)
    return _to_text(value)


def _to_text(value: Value) -> str:
    kind = type_of(value)
    if kind is bytes:
        return b64encode(value).decode()
    if kind is datetime or kind is date:
        return value.isoformat()
    return repr(value) if kind is float else str(value)
