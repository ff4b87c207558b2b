"""Tuples as bytes, in the order of the tuples: the names and ids of all lenses.

A tuple is its values back to back, each a type code and what it says. This is the published tuple
layout of FoundationDB, so that other programs can read these keys.

    00                     null; inside of a nested tuple 00 FF
    01 bytes 00            bytes, with 00 FF for each 00 in them
    02 UTF-8 00            text, likewise: in the order of its code points
    05 values 00           a nested tuple
    0B  255-n  n bytes     an int of n bytes, 1 - 2**64 and below: plus 256**n - 1
    0C..13     n bytes     a negative int above that: n = 14 - code, plus 256**n - 1
    14                     0
    15..1C     n bytes     a positive int below 2**64 - 1: n = code - 14
    1D  n      n bytes     an int of n bytes, 2**64 - 1 and above
    21 8 bytes             a double: its sign bit turned, or all bits of a negative one
    26, 27                 false, true
    30 16 bytes            a UUID

All ints are below all doubles, and -0.0 is below 0.0: filters compare by `order_key` instead. There
is one way to write a tuple, so bytes unpack if and only if the result packs to them. A subclass of
these types is refused, for it would come back as another type. Absent on purpose: NaN, which equals
nothing; 32-bit floats and versionstamps, which no lens writes.
"""

from collections.abc import Callable
from struct import Struct
from typing import TypeAlias
from uuid import UUID

from libredb.kernel.errors import UsageTypeError
from libredb.lens.errors import DamagedEntryError, InvalidValueError

Part: TypeAlias = "bytes | str | int | float | bool | UUID | tuple[Part, ...] | None"
"""What a tuple may hold, which is no subclass of these types."""
Range = tuple[bytes, bytes | None]
"""The keys `[start, end)`; an end of None is behind every key."""

MAX_DEPTH = 100
"""How deep values may be nested, far from where the stack of Python ends."""
MAX_INT_BYTES = 255

DOUBLE = Struct(">d")
TURNED = bytes(range(255, -1, -1))
"""The table with which `bytes.translate` turns every bit."""

_LONG = 2**64 - 1
"""From here on, and from its negative down, an int says how long it is."""

_NULL, _NESTED = b"\0\5"
_LONG_NEGATIVE, _ZERO, _LONG_POSITIVE = b"\x0b\x14\x1d"


class Encoders(dict[type, Callable[..., bytes]]):
    """What makes bytes of a value, by its exact type."""

    def __missing__(self, kind: type) -> Callable[..., bytes]:
        """Refuse a value of any other type."""
        names = ", ".join(known.__name__ for known in self).replace("NoneType", "None")
        plain = next((base.__name__ for base in kind.__mro__ if base in self), None)
        hint = f"; turn it into a plain {plain} first" if plain else ""
        raise UsageTypeError(f"a key is made of {names}, not of {kind.__name__}{hint}")


def pack(parts: tuple[Part, ...]) -> bytes:
    """Return the bytes of a tuple.

    Raises:
        UsageTypeError: it is no tuple, or holds a type that tuples do not hold.
        InvalidValueError: it holds NaN, half of a character, an int of more than 255 bytes, or
            tuples more than 100 deep.
    """
    if type(parts) is not tuple:
        raise UsageTypeError(f"only a tuple can be packed, not {type(parts).__name__}")
    if len(parts) == 1:
        (part,) = parts
        return _ENCODERS[type(part)](part)
    return b"".join([_ENCODERS[type(part)](part) for part in parts])


def unpack(data: bytes, offset: int = 0) -> tuple[Part, ...]:
    """Return the tuple whose bytes are in `data`, from `offset` to its end.

    Raises:
        DamagedEntryError: no tuple packs to these bytes.
    """
    if type(data) is not bytes:
        raise UsageTypeError(f"only bytes can be unpacked, not {type(data).__name__}")
    if data.startswith(b"\2", offset) and data.find(0, offset) == len(data) - 1:
        return (_decode_utf8(data[offset + 1 : -1], data, offset),)  # most ids are one text
    return _decode(data, offset)


def prefix_range(prefix: bytes) -> Range:
    """Return the range of all keys that begin with `prefix`, and of nothing else.

    Its end is the first key behind them: `a2` for `a1`. Nothing is above the byte FF, so that one
    goes, and the one before it grows; there is no end where nothing else is left.
    """
    shortest = prefix.rstrip(b"\xff")
    return prefix, shortest[:-1] + bytes((shortest[-1] + 1,)) if shortest else None


def utf8(text: str) -> bytes:
    """Return a text as UTF-8; half of a surrogate pair is no character, and is refused."""
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        reason = f"the text has half of a surrogate pair at index {error.start}"
        raise InvalidValueError(reason, expected="well-formed text", actual=text) from None


def check_int(value: int) -> None:
    """Refuse an int that keys have no room for."""
    if value.bit_length() > 8 * MAX_INT_BYTES:
        reason = f"an int of {value.bit_length():,} bits is longer than {MAX_INT_BYTES} bytes"
        raise InvalidValueError(reason, expected=f"at most {MAX_INT_BYTES} bytes", actual=value)


def check_double(value: float) -> None:
    """Refuse NaN."""
    if value != value:  # noqa: PLR0124 - only NaN is not equal to itself
        reason = "NaN equals nothing, not even itself, so that no key can hold it"
        raise InvalidValueError(reason, expected="a number", actual=value)


def check_depth(depth: int) -> None:
    """Refuse what stands deeper than keys may be nested, and so what contains itself."""
    if depth > MAX_DEPTH:
        reason = f"the value is nested more than {MAX_DEPTH} deep"
        raise InvalidValueError(reason, expected=f"at most {MAX_DEPTH} deep")


def ordered_double(value: float) -> bytes:
    """Return 8 bytes that ascend as doubles do, -0.0 below 0.0."""
    data = DOUBLE.pack(value)
    return data.translate(TURNED) if data[0] & 0x80 else DOUBLE.pack(-value)


def damaged(data: bytes, offset: int, reason: str) -> DamagedEntryError:
    """Return the error for a key that no lens wrote."""
    return DamagedEntryError(f"byte {offset} of a key of {len(data)}: {reason}", actual=data)


# One function per type, from a value to its bytes


def _null(_: None) -> bytes:
    return b"\0"


def _bytes(value: bytes) -> bytes:
    return b"\1%b\0" % value.replace(b"\0", b"\0\xff")


def _text(value: str) -> bytes:
    return b"\2%b\0" % utf8(value).replace(b"\0", b"\0\xff")


def _int(value: int) -> bytes:
    length = (value.bit_length() + 7) // 8
    if -_LONG < value < _LONG:
        head = bytes((_ZERO + length if value > 0 else _ZERO - length,))
    else:
        check_int(value)
        head = bytes((_LONG_POSITIVE, length) if value > 0 else (_LONG_NEGATIVE, 255 - length))
    if value < 0:
        value += (1 << 8 * length) - 1
    return head + value.to_bytes(length)


def _double(value: float) -> bytes:
    check_double(value)
    return b"\x21" + ordered_double(value)


def _bool(value: bool) -> bytes:  # noqa: FBT001 - it is the value
    return b"\x27" if value else b"\x26"


def _uuid(value: UUID) -> bytes:
    return b"\x30" + value.bytes


def _nested(parts: tuple[Part, ...], depth: int = 1) -> bytes:
    check_depth(depth)
    pieces = [b"\5"]
    for part in parts:
        if part is None:
            pieces.append(b"\0\xff")
        elif type(part) is tuple:
            pieces.append(_nested(part, depth + 1))
        else:
            pieces.append(_ENCODERS[type(part)](part))
    pieces.append(b"\0")
    return b"".join(pieces)


_ENCODERS = Encoders({type(None): _null, bool: _bool, int: _int, float: _double})
_ENCODERS.update({str: _text, bytes: _bytes, UUID: _uuid, tuple: _nested})


# The tuple of these bytes, and one function per type code: the value and the offset behind it


def _decode(data: bytes, offset: int) -> tuple[Part, ...]:
    parts: list[Part] = []
    outer: list[list[Part]] = []
    while offset < len(data):
        code = data[offset]
        decode = _DECODERS.get(code)
        if decode is not None:
            part, offset = decode(data, offset)
            parts.append(part)
        elif code == _NULL and (not outer or data.startswith(b"\xff", offset + 1)):
            parts.append(None)
            offset += 2 if outer else 1
        elif code == _NULL:
            nested, parts = tuple(parts), outer.pop()
            parts.append(nested)
            offset += 1
        elif code == _NESTED and len(outer) < MAX_DEPTH:
            outer.append(parts)
            parts = []
            offset += 1
        else:
            raise damaged(data, offset, f"no tuple has {code:02x} here, or none is so deep")
    if outer:
        raise damaged(data, offset, "a nested tuple does not end")
    return tuple(parts)


def _decode_bytes(data: bytes, offset: int) -> tuple[bytes, int]:
    end = data.find(0, offset + 1)
    while end >= 0 and data.startswith(b"\xff", end + 1):
        end = data.find(0, end + 2)
    if end < 0:
        raise damaged(data, offset, "no 00 ends what begins here")
    return data[offset + 1 : end].replace(b"\0\xff", b"\0"), end + 1


def _decode_text(data: bytes, offset: int) -> tuple[str, int]:
    text, end = _decode_bytes(data, offset)
    return _decode_utf8(text, data, offset), end


def _decode_utf8(text: bytes, data: bytes, offset: int) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise damaged(data, offset, "the text is not UTF-8") from None


def _decode_int(data: bytes, offset: int) -> tuple[int, int]:
    code, start = data[offset], offset + 1
    length = abs(code - _ZERO)
    is_long = length > 8
    if is_long:
        length = int.from_bytes(data[start : start + 1]) ^ (0 if code > _ZERO else 255)
        start += 1
    found = data[start : start + length]
    value = int.from_bytes(found) - ((1 << 8 * length) - 1 if code < _ZERO else 0)
    is_shortest = value.bit_length() > 8 * length - 8 and is_long == (abs(value) >= _LONG)
    if len(found) < length or not is_shortest:
        raise damaged(data, offset, "the int is cut short, or there is a shorter way to write it")
    return value, start + length


def _decode_double(data: bytes, offset: int) -> tuple[float, int]:
    bits = _cut(data, offset, 8)
    (value,) = DOUBLE.unpack(bits if bits[0] & 0x80 else bits.translate(TURNED))
    if value != value:  # noqa: PLR0124 - only NaN is not equal to itself
        raise damaged(data, offset, "NaN is never written")
    return -value if bits[0] & 0x80 else value, offset + 9


def _decode_bool(data: bytes, offset: int) -> tuple[bool, int]:
    return data[offset] == 0x27, offset + 1


def _decode_uuid(data: bytes, offset: int) -> tuple[UUID, int]:
    return UUID(bytes=_cut(data, offset, 16)), offset + 17


def _cut(data: bytes, offset: int, length: int) -> bytes:
    found = data[offset + 1 : offset + 1 + length]
    if len(found) < length:
        raise damaged(data, offset, f"{length} bytes belong here, and {len(found)} are left")
    return found


_DECODERS: dict[int, Callable[[bytes, int], tuple[Part, int]]] = {
    0x01: _decode_bytes,
    0x02: _decode_text,
    **dict.fromkeys(range(_LONG_NEGATIVE, _LONG_POSITIVE + 1), _decode_int),
    0x21: _decode_double,
    0x26: _decode_bool,
    0x27: _decode_bool,
    0x30: _decode_uuid,
}
