"""What a document may hold, which of two values comes first, and what stands at a path.

A value is a JSON value of exactly one of these types, kinds in ascending order:
    missing < None < False < True < int and float < str < list < dict
Numbers are one kind, ordered by value, and True is none of them. Strings are ordered by code point,
lists by element, dicts by their pairs, which are sorted by name. Two values are equal if and only
if neither comes first. Stored is compact UTF-8 JSON, names in the order of the caller's dict.

Refused, with the place of it: NaN and infinities, lone surrogates, names that are no str, integers
of more than 255 bytes, more than 100 levels, and a value that holds itself. Absent on purpose:
tuples and subclasses, which would come back as something else; normalisation of text.
"""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from math import isfinite
from typing import Any, TypeAlias

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import DamagedEntryError, InvalidValueError
from libredb.lens.keys.encoding import MAX_DEPTH, MAX_INT_BYTES
from libredb.lens.keys.order_key import MISSING, Missing

Json: TypeAlias = Any
"""A JSON value, or MISSING, or what a caller takes for one: only its own type can say."""

type_of: Callable[[Json], type[Any]] = type
"""What `type` is; a type checker knows too little about the type of Any."""

Path = tuple[str, ...]
"""The names that lead through objects to a value."""

INT_END = 1 << 8 * MAX_INT_BYTES
"""The least integer of more than 255 bytes; those below have too few digits for Python's limit."""


_ALWAYS_FIT = frozenset({str, float, bool, type(None)})
"""Types whose values need no look here: the encoder refuses NaN, and UTF-8 lone surrogates."""

_NAMES = frozenset({str})
_RANKS = {Missing: 0, type(None): 1, bool: 2, int: 3, float: 3, str: 4}

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
)


def encode(value: Json, *, at: Path = ()) -> bytes:
    """Return `value` as bytes.

    Args:
        value: Of exactly the types that JSON has.
        at: The path that an error begins with.

    Raises:
        InvalidValueError: something in it cannot be stored; `field` says where.
    """
    if _fits((value,), 0):
        try:
            return _ENCODER.encode(value).encode()
        except ValueError:
            pass
    offender = _offender(value, at, ())
    assert offender is not None, "what does not fit has an offender"
    raise offender


def check_document(value: Json) -> None:
    """Refuse what is no dict, or holds something that cannot be stored; costs an encoding.

    Raises:
        InvalidValueError: it cannot be stored; `field` says where.
    """
    if type(value) is not dict:
        raise wrong_value((), "a document, which is a dict", value)
    encode(value)


def copy_of(value: Json, *, at: Path = ()) -> Json:
    """Return a copy that shares nothing with `value`, which is checked as `encode` does."""
    if type_of(value) in _CONDITIONS and _unmet(value, ()) is None:
        return value  # it cannot change
    return decode(encode(value, at=at))


def decode(data: bytes) -> Json:
    """Return the value whose bytes are `data`; of a name that comes twice, the last one.

    Raises:
        DamagedEntryError: these bytes are no JSON.
    """
    try:
        text = data.decode()
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise DamagedEntryError(f"a stored value is damaged: {error}") from error
    if end != len(text):
        raise DamagedEntryError(f"a stored value is damaged: it ends at character {end}")
    return value


def check_encoded(data: bytes) -> None:
    """Refuse what `encode` cannot have written; costs a decoding and an encoding.

    Raises:
        DamagedEntryError: a name comes twice, there is a blank, or something like it.
    """
    try:
        is_ours = encode(decode(data)) == data
    except InvalidValueError as error:
        raise DamagedEntryError(f"a stored value is damaged: {error}") from error
    if not is_ours:
        raise DamagedEntryError("a stored value is not written as this database writes it")


def equal(value: Json, other: Json) -> bool:
    """Whether two values are equal, all the way down: 1 and 1.0 are, True and 1 are not."""
    return value == other and _same_booleans(value, other)


def sort_key(value: Json) -> tuple[int, Any]:
    """Return what compares with other such keys as the values do, MISSING among them."""
    kind = type_of(value)
    if kind is list:
        return 5, [sort_key(element) for element in value]
    if kind is dict:
        return 6, [(name, sort_key(value[name])) for name in sorted(value)]
    return _RANKS[kind], value


def parse_path(path: str | Path) -> Path:
    """Return the names of a path: a str is split at its dots, a tuple is taken as it is.

    Raises:
        UsageTypeError: it is neither, or there is something else than str in the tuple.
        UsageValueError: it has no name or an empty one, or a str has one that begins with `$`.
    """
    if isinstance(path, str):
        return _split(path)
    names: Any = path
    if type_of(names) is not tuple or not all(isinstance(name, str) for name in names):
        raise UsageTypeError(f"a path is a str or a tuple of str, not {path!r}")
    if not names:
        raise UsageValueError(f"the path {path!r} has an empty name")
    if not all(map(_is_text, names)):
        raise UsageValueError(f"the path {path!r} is not well-formed Unicode")
    return names


@lru_cache(maxsize=256)
def _split(path: str) -> Path:
    """Return the names of a path; a program asks for few of them, again and again."""
    names = tuple(path.split("."))
    if "" in names:
        raise UsageValueError(f"the path {path!r} has an empty name")
    if any(name.startswith("$") for name in names):
        raise UsageValueError(f"the path {path!r} has a '$': as a tuple it can be meant")
    if not _is_text(path):
        raise UsageValueError(f"the path {path!r} is not well-formed Unicode")
    return names


def value_at(document: Json, path: Path) -> Json:
    """Return what stands at a path, which leads through objects only; otherwise MISSING."""
    value = document
    for name in path:
        if type_of(value) is not dict:
            return MISSING
        value = value.get(name, MISSING)
    return value


def dotted(path: Iterable[str | int]) -> str:
    """Return a path for readers: `a.b[3]."a.name"`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            is_plain = step.isprintable() and step and not set(step) & set('."[]')
            text += f"{'.' if text else ''}{step if is_plain else json.dumps(step)}"
    return text


def described(value: Json) -> str:
    """Return how an error calls a value: by its type, mostly, for its content may be private."""
    kind = type_of(value)
    if kind is int and not -INT_END < value < INT_END:
        return f"int of {(value.bit_length() + 7) // 8} bytes"
    if value is None or value is MISSING or (kind is float and not isfinite(value)):
        return str(value)
    return kind.__name__


def wrong_value(path: Iterable[str | int], expected: str, value: Json) -> InvalidValueError:
    """Return the error that says what was expected at a path, and what there is."""
    place, actual = dotted(path), described(value)
    message = f"{place or 'the value'}: expected {expected}, got {actual}"
    return InvalidValueError(message, field=place or None, expected=expected, actual=actual)


def _fits(children: Iterable[Any], depth: int) -> bool:
    """Whether all have the types of JSON, and neither too large integers nor too many levels."""
    for child in children:
        kind = type_of(child)
        if kind in _ALWAYS_FIT or (kind is int and -INT_END < child < INT_END):
            continue
        if depth == MAX_DEPTH:
            return False
        if kind is dict:
            if not (_NAMES.issuperset(map(type, child)) and _fits(child.values(), depth + 1)):
                return False
        elif kind is not list or not _fits(child, depth + 1):
            return False
    return True


def _offender(
    value: Json, path: tuple[str | int, ...], above: tuple[Any, ...]
) -> InvalidValueError | None:
    """Return the error about the first thing that cannot be stored; `above` is what holds it."""
    expected = _unmet(value, above)
    if expected is not None:
        return wrong_value(path, expected, value)
    for step, child in _children(value):
        if type(step) is str and not _is_text(step):
            return wrong_value(path, "names that are well-formed Unicode", step)
        if type(step) is not str and type(value) is dict:
            return wrong_value(path, "names that are exactly str", step)
        offender = _offender(child, (*path, step), (*above, value))
        if offender is not None:
            return offender
    return None


def _children(value: Json) -> Iterable[tuple[Any, Any]]:
    """Return what a value holds, by name or by index."""
    if type_of(value) is dict:
        return value.items()
    return enumerate(value if type_of(value) is list else ())


def _unmet(value: Json, above: tuple[Any, ...]) -> str | None:
    """Return what was expected instead of this value, whatever it holds; None if it is fine."""
    kind = type_of(value)
    if kind in _CONDITIONS:
        is_met, expected = _CONDITIONS[kind]
        return None if is_met(value) else expected
    if kind is not dict and kind is not list:
        return "exactly a dict, list, str, int, float, bool or None"
    if any(value is outer for outer in above):
        return "something that does not hold itself"
    return None if len(above) < MAX_DEPTH else f"at most {MAX_DEPTH} levels"


def _is_text(text: str) -> bool:
    """Whether it has no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _same_booleans(value: Json, other: Json) -> bool:
    """Whether equal values have their booleans in the same places."""
    kind = type_of(value)
    if kind is bool or type(other) is bool:
        return value is other
    if kind is list:
        return all(map(_same_booleans, value, other))
    if kind is dict:
        return all(_same_booleans(field, other[name]) for name, field in value.items())
    return True


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

_CONDITIONS: dict[type[Any], tuple[Callable[[Any], bool], str]] = {
    type(None): (lambda _: True, ""),
    bool: (lambda _: True, ""),
    int: (lambda number: -INT_END < number < INT_END, "an integer of at most 255 bytes"),
    float: (isfinite, "a finite number"),
    str: (_is_text, "well-formed Unicode"),
}
"""What has to be true of a value that holds no others, and how an error says it."""
