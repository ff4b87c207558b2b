"""What a storage keeps, as JSON: a value comes back as what it was, or is refused.

    None, bool, int, float, str      as they are; infinities {"$float": "-inf"}
    list, dict with text for keys    as they are, with everything in them
    tuple                            {"$tuple": [...]}
    bytes, bytearray                 {"$bytes": base64}, {"$bytearray": base64}
    datetime                         {"$datetime": "2026-11-01T12:00:00+01:00"}, or without a zone
    date, Decimal, UUID              {"$date": text}, {"$decimal": text}, {"$uuid": text}
    a dict of one name with a $      {"$object": {...}}

So what has no tag is plain JSON for whoever opens the database otherwise. A zone comes back as its
offset. Absent on purpose: subclasses, which would come back as something else, and pickles.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from math import isnan
from typing import Any
from uuid import UUID

from libredb import DamagedEntryError, InvalidValueError, LensError, UsageTypeError
from libredb.lens.keys.encoding import MAX_DEPTH
from libredb.lens.kv import MAX_KEY_BYTES
from libredb.lens.values.exchange import from_tagged
from libredb.lens.values.json_value import Json, decode, encode, type_of

Place = tuple[str | int, ...]
"""The key, and the names and indexes that lead into its value."""

_PLAIN = frozenset({type(None), bool, int, str})

_WRITERS: dict[type[Any], tuple[str, Callable[[Any], Json]]] = {
    bytes: ("$bytes", lambda value: b64encode(value).decode()),
    bytearray: ("$bytearray", lambda value: b64encode(value).decode()),
    datetime: ("$datetime", datetime.isoformat),
    date: ("$date", date.isoformat),
    Decimal: ("$decimal", str),
    UUID: ("$uuid", str),
}

_HINTS = {
    "set": "store a list: sorted(value)",
    "frozenset": "store a list: sorted(value)",
    "memoryview": "store bytes(value)",
    "timedelta": "store value.total_seconds()",
    "time": "store value.isoformat()",
    "ndarray": "store value.tolist(), or value.tobytes()",
    "JsProxy": "store what value.to_py() makes of it",
    "JsNull": "store None",
}
"""What to store instead, by the name of a type: not all of them can be imported here."""


def text_of(key: str, value: Any) -> str:  # noqa: ANN401 - whatever a program has
    """Return the value of a key as JSON, in the one way that it is written.

    Raises:
        UsageTypeError: the key is no str.
        InvalidValueError: the key, or something in the value, cannot be kept; it says where.
    """
    _check_key(key)
    stored = _written(value, (key,))
    try:
        return encode(stored).decode()
    except InvalidValueError as error:
        raise _invalid((key,), f"{error}", error.expected, value) from None


def value_of(key: str, text: str) -> Any:  # noqa: ANN401 - as above
    """Return the value that was written so.

    Raises:
        DamagedEntryError: no storage wrote this.
    """
    try:
        return _read(decode(text.encode()))
    except (LensError, TypeError, ValueError) as error:
        message = f"the entry {key!r} was not written by a storage: {error}"
        raise DamagedEntryError(message, id=key) from None


def _check_key(key: object) -> None:
    if type(key) is not str:
        raise UsageTypeError(
            f"a key of a storage is a str, not {type(key).__name__}: store[{key!r:.60}]; "
            "use str(key), or a dict as the value"
        )
    length = len(key.encode(errors="surrogatepass"))
    if length > MAX_KEY_BYTES:
        message = f"a key has at most {MAX_KEY_BYTES} bytes, not {length:,}: {key:.60}..."
        raise InvalidValueError(message, id=key, expected=f"at most {MAX_KEY_BYTES} bytes")
    if key.encode(errors="ignore").decode() != key:
        message = f"a key is well-formed text, and {key!r} has half of a character"
        raise InvalidValueError(message, id=key, expected="well-formed text")


def _written(value: Any, place: Place) -> Json:  # noqa: ANN401 - as above
    kind = type_of(value)
    if kind in _PLAIN:
        return value
    if kind is float:
        return _number(value, place)
    if kind in _WRITERS:
        tag, write = _WRITERS[kind]
        return {tag: write(value)}
    if len(place) > MAX_DEPTH:
        problem = f"nests more than {MAX_DEPTH} levels, or holds itself"
        raise _invalid(place[:1], problem, f"at most {MAX_DEPTH} levels", value)
    if kind is dict:
        return _object(value, place)
    if kind in (list, tuple):
        elements = [_written(each, (*place, index)) for index, each in enumerate(value)]
        return elements if kind is list else {"$tuple": elements}
    raise _refusal(value, place)


def _number(value: float, place: Place) -> Json:
    if isnan(value):
        raise _invalid(place, "NaN equals nothing, not even itself; store None", "a number", value)
    return {"$float": str(value)} if value in (float("inf"), float("-inf")) else value


def _object(value: Mapping[Any, Any], place: Place) -> Json:
    for name in value:
        if type_of(name) is not str:
            problem = (
                f"the name {name!r:.60} is no str, and would come back as one; use str(name), "
                "or store a list of pairs"
            )
            raise _invalid(place, problem, "names that are str", name)
    pairs = {name: _written(each, (*place, name)) for name, each in value.items()}
    return {"$object": pairs} if _tag_of(pairs) else pairs


def _read(stored: Json) -> Any:  # noqa: ANN401 - as above
    kind = type_of(stored)
    if kind is list:
        return [_read(each) for each in stored]
    if kind is not dict:
        return stored
    tag = _tag_of(stored)
    inside = stored[tag] if tag else stored
    if tag == "$tuple" and type_of(inside) is list:
        return tuple(_read(each) for each in inside)
    if tag == "$bytearray":
        return bytearray(b64decode(inside, validate=True))
    if not tag or (tag == "$object" and type_of(inside) is dict):
        return {name: _read(each) for name, each in inside.items()}
    return from_tagged(stored)


def _tag_of(pairs: Mapping[str, Any]) -> str:
    """Return the only name of an object if it begins like a tag; otherwise nothing."""
    name = next(iter(pairs)) if len(pairs) == 1 else ""
    return name if name.startswith("$") else ""


def _refusal(value: Any, place: Place) -> InvalidValueError:  # noqa: ANN401 - as above
    kind = type_of(value)
    known = (list, dict, tuple, *_WRITERS, str, float, int)
    plain = next((base.__name__ for base in kind.__mro__ if base in known), None)
    hint = f"turn it into a plain {plain} first" if plain else "store what makes it up, as a dict"
    problem = f"a {kind.__name__} cannot be kept; {_HINTS.get(kind.__name__, hint)}"
    return _invalid(place, problem, "a value of a type that comes back", value)


def _invalid(place: Place, problem: str, expected: object, actual: object) -> InvalidValueError:
    where = "".join(f"[{step!r}]" for step in place)
    return InvalidValueError(
        f"store{where}: {problem}",
        id=place[0],
        field=where,
        expected=expected,
        actual=type(actual).__name__,
    )
