"""What JSON lacks, as JSON: how arguments and results cross between programs.

    bytes                                {"$bytes": base64}
    datetime                             {"$datetime": microseconds since 1970, in UTC}
    datetime without a zone              {"$datetime": "2026-11-01T12:00:00"}
    date, Decimal, UUID                  {"$date": text}, {"$decimal": text}, {"$uuid": text}
    an int beyond 2**53 - 1, infinities  {"$int": "9007199254740993"}, {"$float": "-inf"}
    an object of one name that has a $   {"$object": {"$inc": {"n": 1}}}

So filters and patches are wrapped like any other object, and nobody has to know which they are.
Absent on purpose: NaN, which no database keeps, and classes of the user.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, cast
from uuid import UUID

from libredb import InvalidValueError, UsageTypeError, UsageValueError
from libredb.lens.values.exchange import LARGEST_EXACT, from_tagged
from libredb.lens.values.json_value import Json, type_of
from libredb.lens.values.tagged_json import tagged
from libredb.remote.errors import ProtocolError

WRAPPED = "$object"

MAX_LEVELS = 128
"""How deep values may nest: a document has 100 levels, and each may be wrapped. Many more would
overflow the stack of a browser's worker, which ends it.
"""

_AS_THEY_ARE = frozenset({str, bool, type(None)})
_TAGGED = frozenset({date, Decimal, UUID})
_PLAIN: dict[type[Any], Callable[[Any], Any]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
}
"""How a subclass is made plain, the member of an enum for one."""


def to_wire(value: Any) -> Json:  # noqa: ANN401 - whatever a row, a document or a function has
    """Return a value as JSON.

    Raises:
        UsageTypeError: there is something in it that does not cross.
        UsageValueError: it is not a number, or holds itself.
    """
    return _written(value, 0)


def from_wire(stored: Json) -> Any:  # noqa: ANN401 - whatever was written
    """Return the value that was written so.

    Raises:
        ProtocolError: there is a tag that nobody writes.
    """
    try:
        return from_tagged(stored)
    except InvalidValueError as error:
        raise ProtocolError(
            f"{error.actual!r} is no tag of a value: {error}; an object of one name that "
            f"begins with $ is sent as {{{WRAPPED!r}: ...}}"
        ) from None


def _written(value: Any, depth: int) -> Json:  # noqa: ANN401 - as above
    kind = type_of(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind is int:
        return value if abs(value) <= LARGEST_EXACT else {"$int": str(value)}
    if kind is float:
        return value if isfinite(value) else _infinity(value)
    if kind in _TAGGED:
        return tagged(value)
    if kind is datetime:
        return {"$datetime": value.isoformat()} if value.tzinfo is None else tagged(value)
    if depth > MAX_LEVELS:
        raise UsageValueError(
            f"a value of more than {MAX_LEVELS} levels, or that holds itself, cannot cross"
        )
    return _written_by_class(value, depth + 1)


def _written_by_class(value: Any, depth: int) -> Json:  # noqa: ANN401 - as above
    if isinstance(value, Mapping):
        pairs = cast(Mapping[Any, Any], value)
        if not all(isinstance(name, str) for name in pairs):
            raise UsageTypeError("an object with a name that is no str cannot cross")
        written = {str(name): _written(element, depth) for name, element in pairs.items()}
        return {WRAPPED: written} if _tag_of(written) else written
    if isinstance(value, list | tuple):
        return [_written(element, depth) for element in cast(list[Any], value)]
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$bytes": b64encode(cast(bytes, value)).decode()}
    for base, plain in _PLAIN.items():
        if isinstance(value, base):
            return _written(plain(value), depth)
    raise UsageTypeError(f"a {type(value).__name__} cannot cross; return what JSON or a tag can be")


def _infinity(value: float) -> Json:
    if value != value:  # noqa: PLR0124 - only NaN is not itself
        raise UsageValueError("NaN cannot cross")
    return {"$float": str(value)}


def _tag_of(pairs: dict[Any, Any]) -> str:
    """Return the only name of an object if it begins like a tag; otherwise nothing."""
    name = str(next(iter(pairs))) if len(pairs) == 1 else ""
    return name if name.startswith("$") else ""
