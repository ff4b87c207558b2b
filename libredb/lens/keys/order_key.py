"""One value as bytes, in the order that filters, indexes and `order_by` share.

    missing < null < false < true < numbers < text < bytes < arrays < objects

Two keys are equal if and only if the values are: True is not 1, but 1 is 1.0, and -0.0 is 0.0. Text
is in the order of its code points, arrays by element, objects by their pairs, sorted by name.

    02, 04, 06, 07            missing, null, false, true
    10 double n rest          a number: the greatest double that is not above it, in 8 bytes as in
                              `encoding`; then, in n bytes, how far an int is above that double,
                              and above -256**255 where the double is minus infinity
    18 sign more              a Decimal, see `_decimal`
    20 UTF-8 00               text, with 01 01 for each 00 in it, and 01 02 for each 01
    28 bytes 00               bytes, likewise
    30 keys 00                an array: the key of each element
    38 keys 00                an object: the keys of each name and its value

A key tells its end, and no other key begins with it: so keys can be joined, and all that begins
with some of them is a range. Decimals are in order among themselves, as in a column of them, and
not with other numbers. Absent on purpose: a way back, because 1 and 1.0 have one key.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import Enum
from math import inf, nextafter
from struct import Struct
from sys import float_info
from typing import Final

from libredb.kernel.errors import UsageTypeError
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.encoding import (
    MAX_INT_BYTES,
    TURNED,
    Encoders,
    check_depth,
    check_double,
    check_int,
    damaged,
    ordered_double,
    utf8,
)


class Missing(Enum):
    """The type of MISSING: an enum, so that there is one, also behind a copy and a pickle."""

    MISSING = "missing"

    def __repr__(self) -> str:
        return "missing"

    __str__ = __repr__


MISSING: Final = Missing.MISSING
"""What a path leads to where nothing is; it is below null."""

Packer = Callable[[Sequence[object]], bytes]
"""What joins the keys of the fields of an index."""

_END, _FALSE, _TRUE, _DECIMAL = b"\x00\x06\x07\x18"
_OPENING = {0x30, 0x38}
_EXACT = 2**53
"""Up to here every int is a double."""
_NUMBER = Struct(">BdB")
_NEGATIVE, _NO_SIGN, _POSITIVE = b"\x00\x01\x02"
_EXPONENT_BIAS = 2**63


def order_key(value: object) -> bytes:
    """Return the key of a value.

    Raises:
        UsageTypeError: it is of another type than those above, or of a subclass.
        InvalidValueError: it is NaN, half of a character, an int of more than 255 bytes, or nested
            more than 100 deep.
    """
    return _ENCODERS[type(value)](value)


def packer(count: int) -> Packer:
    """Return the fastest function that joins the keys of so many values.

    It returns what `order_key` of each value, joined, would be: an index does this for every write.
    """
    return {1: _join_one, 2: _join_two, 3: _join_three}.get(count, _join)


def end_of(key: bytes, offset: int = 0) -> int:
    """Return where the key ends that begins at `offset`, without a look at what it says.

    Raises:
        DamagedEntryError: no key begins there.
    """
    depth = 0
    while True:
        code = key[offset] if offset < len(key) else None
        end = _ENDS[code](key, offset) if code in _ENDS else 0
        if code in _OPENING:
            depth += 1
        elif code == _END and depth:
            depth -= 1
        elif not 0 < end <= len(key):
            raise damaged(key, offset, "no value ends that would begin here")
        offset = end or offset + 1
        if not depth:
            return offset


def kind_range(key: bytes) -> tuple[bytes, bytes]:
    """Return the range of the keys of all values that are of a kind with that of `key`."""
    code = key[0]
    if code in {_FALSE, _TRUE}:
        return bytes((_FALSE,)), bytes((_TRUE + 1,))
    return bytes((code,)), bytes((code + 1,))


# One function per type, from a value to its key


def _missing(_: Missing) -> bytes:
    return b"\x02"


def _null(_: None) -> bytes:
    return b"\x04"


def _bool(value: bool) -> bytes:  # noqa: FBT001 - it is the value
    return b"\x07" if value else b"\x06"


def _double(value: float) -> bytes:
    if value >= 0:
        return _NUMBER.pack(0x10, -(value + 0.0), 0)  # a minus turns the sign bit, + turns -0.0
    check_double(value)
    return b"\x10%b\0" % ordered_double(value)


def _int(value: int) -> bytes:
    if 0 <= value <= _EXACT:
        return _NUMBER.pack(0x10, -(value + 0.0), 0)
    check_int(value)
    floor = _floor(value)
    rest = value - (int(floor) if floor > -inf else -(256**MAX_INT_BYTES))
    length = (rest.bit_length() + 7) // 8
    return b"\x10%b%c%b" % (ordered_double(floor), length, rest.to_bytes(length))


def _floor(value: int) -> float:
    """Return the greatest double that is not above `value`."""
    try:
        near = float(value)
    except OverflowError:
        return float_info.max if value > 0 else -inf
    return near if near <= value else nextafter(near, -inf)


def _decimal(value: Decimal) -> bytes:
    """Return 18, the sign, and but for 0 the exponent of the first digit, the digits, and 00.

    All that follows the sign is turned for a negative one. 1.0 and 1.00 are equal, so the digits
    end with one that is not 0. An infinity has an exponent above all others, and no digits.
    """
    if value.is_nan():
        raise InvalidValueError("NaN has no place in an order", actual=value)
    if not value:
        return bytes((_DECIMAL, _NO_SIGN))
    exponent, digits = b"\xff" * 8, b""
    if value.is_finite():
        exponent = (value.adjusted() + _EXPONENT_BIAS).to_bytes(8)
        digits = "".join(map(str, value.as_tuple().digits)).rstrip("0").encode()
    size = b"%b%b\0" % (exponent, digits)
    if value < 0:
        return bytes((_DECIMAL, _NEGATIVE)) + size.translate(TURNED)
    return bytes((_DECIMAL, _POSITIVE)) + size


def _text(value: str) -> bytes:
    data = utf8(value)
    return b"\x20%b\0" % (_escaped(data) if "\0" in value or "\1" in value else data)


def _bytes(value: bytes) -> bytes:
    return b"\x28%b\0" % _escaped(value)


def _escaped(data: bytes) -> bytes:
    """Return the bytes without a 00, so that one can end them, in the same order."""
    return data.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1")


def _array(items: list[object], depth: int = 1) -> bytes:
    check_depth(depth)
    return b"\x30%b\0" % b"".join([_inside(item, depth) for item in items])


def _object(pairs: dict[str, object], depth: int = 1) -> bytes:
    check_depth(depth)
    for name in pairs:
        if type(name) is not str:
            raise UsageTypeError(f"a name in an object is a str, not {type(name).__name__}")
    keys = [_text(name) + _inside(pairs[name], depth) for name in sorted(pairs)]
    return b"\x38%b\0" % b"".join(keys)


def _inside(value: object, depth: int) -> bytes:
    nest = _NESTS.get(type(value))
    return nest(value, depth + 1) if nest else order_key(value)


_NESTS: dict[type, Callable[..., bytes]] = {list: _array, dict: _object}
_ENCODERS = Encoders({Missing: _missing, type(None): _null, bool: _bool, int: _int})
_ENCODERS.update({float: _double, Decimal: _decimal, str: _text, bytes: _bytes, **_NESTS})


# The joined keys of so many fields


def _join(values: Sequence[object]) -> bytes:
    return b"".join([_ENCODERS[type(value)](value) for value in values])


def _join_one(values: Sequence[object]) -> bytes:
    (value,) = values
    return _ENCODERS[type(value)](value)


def _join_two(values: Sequence[object]) -> bytes:
    first, second = values
    return _ENCODERS[type(first)](first) + _ENCODERS[type(second)](second)


def _join_three(values: Sequence[object]) -> bytes:
    first, second, third = values
    encode = _ENCODERS
    return b"".join(
        (encode[type(first)](first), encode[type(second)](second), encode[type(third)](third))
    )


# Where a key of each type code ends; 0, or beyond the bytes that are there, where it does not


def _end_of_number(key: bytes, offset: int) -> int:
    return offset + 10 + int.from_bytes(key[offset + 9 : offset + 10])


def _end_of_text(key: bytes, offset: int) -> int:
    return key.find(_END, offset) + 1


def _end_of_decimal(key: bytes, offset: int) -> int:
    sign = key[offset + 1 : offset + 2]
    if sign == b"\1":
        return offset + 2
    return key.find(b"\0" if sign == b"\2" else b"\xff", offset + 10) + 1


def _end_of_word(_: bytes, offset: int) -> int:
    return offset + 1


_ENDS: dict[int, Callable[[bytes, int], int]] = {
    **dict.fromkeys((0x02, 0x04, _FALSE, _TRUE), _end_of_word),
    0x10: _end_of_number,
    _DECIMAL: _end_of_decimal,
    **dict.fromkeys((0x20, 0x28), _end_of_text),
}
