"""What JSON lacks, as JSON: how the columns of a table are stored.

    datetime  1700000000000000     microseconds since 1970, in UTC, or of a clock without a zone
    date      "2026-11-01"
    Decimal   "1.50"               with all its digits, so that its exponent comes back
    bytes     "AP8="               base64
    UUID      "12345678-1234-5678-1234-567812345678", from and to its 16 bytes
    float     1.5, "inf", "-inf"   because JSON has no infinities

The column says which of these it is, so nothing is tagged. Only a column of type `any` has to tell
its values apart: there an object of one name is a tag, `{"$decimal": "1.50"}`, and what is such an
object itself is wrapped: `{"$object": {"$decimal": 1}}`.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from libredb.lens.errors import DamagedEntryError
from libredb.lens.values.json_value import Json, type_of

START = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_START = datetime(1970, 1, 1)
MICROSECOND = timedelta(microseconds=1)

INFINITIES = {"inf": float("inf"), "-inf": float("-inf")}
_WRAPPED = "$object"


@dataclass(frozen=True, slots=True)
class JsonForm:
    """How the values of one type are written as JSON, and read again."""

    write: Callable[[Any], Json]
    read: Callable[[Json], Any]


def microseconds(value: datetime) -> int:
    """Return what is stored of a datetime, aware or naive."""
    start = NAIVE_START if value.tzinfo is None else START
    return (value - start) // MICROSECOND


def datetime_of(count: int) -> datetime:
    """Return the datetime of so many microseconds, in UTC."""
    return START + timedelta(microseconds=count)


def naive_datetime_of(count: int) -> datetime:
    """Return the datetime of so many microseconds, without a zone."""
    return NAIVE_START + timedelta(microseconds=count)


def write_float(value: float) -> Json:
    """Return a number, or the name of an infinity."""
    return value if value - value == 0 else str(value)


def read_float(stored: Json) -> float:
    """Return the number that was written."""
    return INFINITIES[stored] if type(stored) is str else stored


FORMS = {
    "date": JsonForm(date.isoformat, date.fromisoformat),
    "decimal": JsonForm(str, Decimal),
    "bytes": JsonForm(
        lambda value: b64encode(value).decode(), lambda text: b64decode(text, validate=True)
    ),
    "uuid": JsonForm(lambda value: str(UUID(bytes=value)), lambda text: UUID(text).bytes),
    "float": JsonForm(write_float, read_float),
}
"""By the type of the column, where a value is not its own JSON already."""

_TAGS: dict[str, JsonForm] = {
    "$datetime": JsonForm(microseconds, datetime_of),
    "$date": FORMS["date"],
    "$decimal": FORMS["decimal"],
    "$bytes": FORMS["bytes"],
    "$uuid": JsonForm(str, UUID),
}
_TAGGED: dict[type[Any], str] = {
    datetime: "$datetime",
    date: "$date",
    Decimal: "$decimal",
    bytes: "$bytes",
    UUID: "$uuid",
}
TAGGED_TYPES = frozenset(_TAGGED)


def read_as(name: str, form: JsonForm, stored: Json) -> Any:  # noqa: ANN401 - the form says what
    """Return what a form reads.

    Raises:
        DamagedEntryError: the form has not written this.
    """
    try:
        return form.read(stored)
    except (ArithmeticError, KeyError, TypeError, ValueError, AttributeError):
        raise DamagedEntryError(
            f"a stored {name} is damaged", expected=name, actual=stored
        ) from None


def tagged(value: Any) -> Json:  # noqa: ANN401 - it is for a column of type `any`
    """Return a value as JSON with tags; what cannot be tagged stays, for others to refuse."""
    kind = type_of(value)
    if kind in TAGGED_TYPES:
        tag = _TAGGED[kind]
        return {tag: _TAGS[tag].write(value)}
    if kind is list:
        return [tagged(element) for element in value]
    if kind is dict:
        pairs = {name: tagged(element) for name, element in value.items()}
        return {_WRAPPED: pairs} if _is_tag(value) else pairs
    return value


def untagged(stored: Json) -> Any:  # noqa: ANN401 - it is for a column of type `any`
    """Return the value that `tagged` has written.

    Raises:
        DamagedEntryError: there is a tag that it does not write.
    """
    kind = type_of(stored)
    if kind is list:
        return [untagged(element) for element in stored]
    if kind is not dict:
        return stored
    if _is_tag(stored):
        (tag,) = stored
        if tag in _TAGS:
            return read_as(tag[1:], _TAGS[tag], stored[tag])
        stored = stored[tag]
        if tag != _WRAPPED or type_of(stored) is not dict:
            raise DamagedEntryError(f"a stored value has the tag {tag!r}", field=tag)
    return {name: untagged(element) for name, element in stored.items()}


def _is_tag(pairs: dict[Any, Any]) -> bool:
    """Whether an object has one name, which begins like the name of a tag."""
    return len(pairs) == 1 and str(next(iter(pairs))).startswith("$")
