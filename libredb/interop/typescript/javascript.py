r"""JSON as JavaScript writes and reads it.

    numbers   the shortest digits that give the double: 1, 0.1, 1e+21, 1e-7; -0.0 is 0
    names     those that are whole numbers below 4294967295 come first, ascending; the others as set
    text      nothing is escaped that need not be; half of a surrogate pair is, as \ud800

It knows doubles only: `read` gives an int up to 2^53 - 1, and refuses one whose digits a double
does not keep, which JavaScript would change in silence. `write` writes whatever it is given; what
comes back as something else, `is_kept` tells. Absent on purpose: blanks, for nothing is written
with them.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from typing import Any

from libredb.lens.values.json_value import Json, equal, type_of

SAFE_END = 1 << 53
"""Every int below it is a double of its own."""

_INDEX_END = (1 << 32) - 1
"""The names of an array's elements end below it; these are what JavaScript puts first."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def read(text: str) -> Json:
    """Return the value of a text; of a name that comes twice, the last value at the first place.

    Raises:
        ValueError: it is no JSON, or has a number that no double keeps.
        RecursionError: it nests too deep.
    """
    return _DECODER.decode(text)


def write(value: Json) -> str:
    """Return a value as text; what is not finite becomes null."""
    kind = type_of(value)
    if kind is dict:
        pairs = (f"{_text(name)}:{write(value[name])}" for name in _in_order(value))
        return "{" + ",".join(pairs) + "}"
    if kind is list:
        return "[" + ",".join(map(write, value)) + "]"
    return _WRITERS[kind](value)


def is_kept(value: Json) -> bool:
    """Whether `read` gives back an equal value; 1.0 comes back as 1, which is equal."""
    return equal(read(write(value)), value)


def number(value: float) -> str:
    """Return a number as text; one of no finite value is null."""
    try:
        value = float(value)
    except OverflowError:
        return "null"
    if not isfinite(value):
        return "null"
    if not value:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int), "it is finite"
    text = "".join(map(str, digits))
    point = len(text) + exponent
    return "-" * sign + _placed(text, point)


def _placed(digits: str, point: int) -> str:
    """Return digits with a point before the one at index `point`, as JavaScript writes them."""
    if 0 < point <= 21:
        whole = digits[:point].ljust(point, "0")
        return whole + ("." + digits[point:] if len(digits) > point else "")
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    rest = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{rest}e{point - 1:+d}"


def _text(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", quoted)


def _in_order(names: dict[str, Any]) -> list[str]:
    """Return the names of an object in the order in which JavaScript keeps them."""
    first = sorted(filter(_is_index, names), key=int)
    return first + [name for name in names if not _is_index(name)]


def _is_index(name: str) -> bool:
    is_number = name.isascii() and name.isdigit() and len(name) <= 10
    return is_number and str(int(name)) == name and int(name) < _INDEX_END


def _int(digits: str) -> float:
    value = int(digits)
    if -SAFE_END < value < SAFE_END:
        return value
    double = _float(digits)
    if int(Decimal(repr(double))) != value:  # its shortest digits, and zeros behind them
        raise ValueError("an integer of more digits than a double keeps")
    return double


def _float(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise ValueError("a number that is greater than every double")
    return value


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_int=_int, parse_float=_float, parse_constant=_refuse)
_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: number,
    float: number,
    str: _text,
}
