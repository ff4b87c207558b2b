"""Claim: a tuple has the bytes of the diagram, these bytes are in its order, and no others pass."""

import enum
import uuid
from decimal import Decimal
from itertools import product
from math import copysign, inf, nan
from typing import Any, NamedTuple, cast

import pytest

from libredb.kernel.errors import UsageTypeError
from libredb.lens.errors import DamagedEntryError, InvalidValueError
from libredb.lens.keys.encoding import MAX_DEPTH, pack, prefix_range, unpack
from tests.support.case import DEEP, case

UUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")

# The bytes that every later version reads and writes: a change here loses the keys of users.
GOLDEN: list[tuple[tuple[Any, ...], str]] = [
    ((), ""),
    ((None,), "00"),
    ((None, None), "00 00"),
    ((b"",), "01 00"),
    ((b"a\0b\xff",), "01 61 00 ff 62 ff 00"),
    (("",), "02 00"),
    (("a\0b",), "02 61 00 ff 62 00"),
    (("\xe9\u20ac\U0001f511",), "02 c3 a9 e2 82 ac f0 9f 94 91 00"),
    (((),), "05 00"),
    (((None,),), "05 00 ff 00"),
    ((("a", None, ((), b"\0")), 1), "05 02 61 00 00 ff 05 05 00 01 00 ff 00 00 00 15 01"),
    ((-(2**2040 - 1),), "0b 00" + 255 * " 00"),
    ((-(2**64),), "0b f6 fe ff ff ff ff ff ff ff ff"),
    ((1 - 2**64,), "0b f7 00 00 00 00 00 00 00 00"),
    ((2 - 2**64,), "0c 00 00 00 00 00 00 00 01"),
    ((-(2**63),), "0c 7f ff ff ff ff ff ff ff"),
    ((-256,), "12 fe ff"),
    ((-255,), "13 00"),
    ((-1,), "13 fe"),
    ((0,), "14"),
    ((1,), "15 01"),
    ((255,), "15 ff"),
    ((256,), "16 01 00"),
    ((2**53 + 1,), "1b 20 00 00 00 00 00 01"),
    ((2**63,), "1c 80 00 00 00 00 00 00 00"),
    ((2**64 - 2,), "1c ff ff ff ff ff ff ff fe"),
    ((2**64 - 1,), "1d 08 ff ff ff ff ff ff ff ff"),
    ((2**64,), "1d 09 01 00 00 00 00 00 00 00 00"),
    ((2**2040 - 1,), "1d ff" + 255 * " ff"),
    ((-inf,), "21 00 0f ff ff ff ff ff ff"),
    ((-1.5,), "21 40 07 ff ff ff ff ff ff"),
    ((-0.0,), "21 7f ff ff ff ff ff ff ff"),
    ((0.0,), "21 80 00 00 00 00 00 00 00"),
    ((5e-324,), "21 80 00 00 00 00 00 00 01"),
    ((1e308,), "21 ff e1 cc f3 85 eb c8 a0"),
    ((inf,), "21 ff f0 00 00 00 00 00 00"),
    ((False,), "26"),
    ((True,), "27"),
    ((UUID,), "30 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff"),
    (("row", 7, None, True, 1.0), "02 72 6f 77 00 15 07 00 27 21 bf f0 00 00 00 00 00 00"),
]

POWERS = [256**exponent for exponent in [*range(1, 20), 254]]
INTS = sorted({0, 1, 2**2040 - 1, *(power + step for power in POWERS for step in (-2, -1, 0, 1))})
TEXTS = [
    *("", "\0", "\0\0", "\0\1", "\0\xff", "\1", "a", "a\0", "a\0b", "a\1", "aa", "b", "e\u0301"),
    *("\x7f", "\x80", "\xe9", "\xff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000"),
]
OCTETS = [
    b"",
    b"\0",
    b"\0\0",
    b"\0\xff",
    b"\1",
    b"a",
    b"a\0",
    b"a\0\xff",
    b"a\1",
    b"\xff",
    b"\xff\0",
]
DOUBLES = [0.0, 5e-324, 2.2250738585072014e-308, 0.1, 1.0, 1.5, 2.0**53, 1e300, 1e308, inf]
NESTED: list[Any] = [(), (None,), (None, None), (b"",), ("",), ("", 1), ((),), ((), ()), ((None,),)]

# Every value is above the one before it, for each type in its own order.
ASCENDING: list[Any] = [
    None,
    *OCTETS,
    *TEXTS,
    *NESTED,
    *(-value for value in reversed(INTS[1:])),
    *INTS,
    *(-value for value in reversed(DOUBLES)),
    *DOUBLES,
    False,
    True,
    uuid.UUID(int=0),
    UUID,
    uuid.UUID(int=2**128 - 1),
]


class Level(enum.IntEnum):
    LOW = 1


class Name(str):
    __slots__ = ()


class Point(NamedTuple):
    x: int
    y: int


def exact(value: Any) -> Any:
    """Return what is unequal for 1, 1.0 and True, and for both zeros."""
    if isinstance(value, tuple):
        return [exact(part) for part in cast("tuple[Any, ...]", value)]
    return type(value), value, copysign(1, value) if type(value) is float else None


def nested(depth: int) -> tuple[Any, ...]:
    parts: tuple[Any, ...] = ()
    for _ in range(depth):
        parts = (parts,)
    return parts


def test_every_type_has_its_bytes_and_comes_back_from_them() -> None:
    for parts, octets in GOLDEN:
        with case(parts=parts):
            assert pack(parts).hex(" ") == octets
            assert exact(unpack(bytes.fromhex(octets))) == exact(parts)


def test_the_bytes_are_in_the_order_of_the_values_at_all_edges() -> None:
    packed = [pack((value,)) for value in ASCENDING]
    for low, high, value in zip(packed, packed[1:], ASCENDING[1:], strict=False):
        with case(value=value):
            assert low < high


def test_every_edge_comes_back_alone_and_among_others() -> None:
    for value in ASCENDING:
        for parts in ((value,), (value, value), ("a", value, None), (1, (value, (value,)), b"")):
            with case(parts=parts):
                assert exact(unpack(pack(parts))) == exact(parts)


def test_a_tuple_is_above_what_it_begins_with_and_below_a_greater_part() -> None:
    for first, second in product(ASCENDING[::7], repeat=2):
        with case(first=first, second=second):
            assert pack((first,)) < pack((first, second)) < pack((first,)) + b"\xff"
            assert (pack((first, "z")) < pack((second,))) == (pack((first,)) < pack((second,)))


def test_what_follows_the_key_of_other_things_is_not_looked_at() -> None:
    assert unpack(b"\xfe\xff" + pack(("a",)), 2) == ("a",)
    assert unpack(b"\xfe" + pack(("a", 5)), 1) == ("a", 5)
    assert unpack(b"\xfe", 1) == ()
    with pytest.raises(DamagedEntryError, match="byte 1 of a key of 3: no 00 ends"):
        unpack(b"\xff\2a", 1)


def test_other_types_are_refused_and_told_what_would_do() -> None:
    refused: dict[str, Any] = {
        "not of Level; turn it into a plain int first": Level.LOW,
        "not of Name; turn it into a plain str first": Name("a"),
        "not of Point; turn it into a plain tuple first": Point(1, 2),
        "not of bytearray$": bytearray(b"a"),
        "not of memoryview$": memoryview(b"a"),
        "not of list$": [1],
        "not of complex$": 1j,
        "of None, bool, int, float, str, bytes, UUID, tuple, not of Decimal$": Decimal(1),
    }
    for message, value in refused.items():
        for parts in ((value,), (1, value), ((value,),)):
            with case(message=message), pytest.raises(UsageTypeError, match=message):
                pack(parts)


def test_values_that_no_key_can_hold_are_refused() -> None:
    refused: dict[str, Any] = {
        "NaN equals nothing": nan,
        "an int of 2,041 bits is longer than 255 bytes": 2**2040,
        "an int of 2,042 bits is longer than 255 bytes": -(2**2041),
        "an int of 16,610 bits is longer than 255 bytes": 10**5000,
        "half of a surrogate pair at index 2": "ab\udc00",
        "half of a surrogate pair at index 0": "\ud83d\udd11",
        "the value is nested more than 100 deep": nested(MAX_DEPTH),
        "nested more than 100 deep": nested(DEEP),
    }
    for message, value in refused.items():
        for parts in ((value,), (1, value), ((value,),)):
            with case(message=message), pytest.raises(InvalidValueError, match=message):
                pack(parts)


def test_what_is_no_tuple_is_not_packed() -> None:
    for parts in ("ab", ["a"], None, Point(1, 2)):
        with case(parts=parts), pytest.raises(UsageTypeError, match="only a tuple can be packed"):
            pack(parts)  # pyright: ignore[reportArgumentType] - that is the point


def test_only_bytes_are_unpacked() -> None:
    for data in (bytearray(b"\x14"), memoryview(b"\x14"), "a"):
        with case(data=data), pytest.raises(UsageTypeError, match="only bytes can be unpacked"):
            unpack(data)  # pyright: ignore[reportArgumentType] - that is the point


def test_a_tuple_may_be_nested_as_deep_as_told() -> None:
    deepest = nested(MAX_DEPTH)
    assert unpack(pack(deepest)) == deepest


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        ("03", "byte 0 of a key of 1: no tuple has 03 here"),
        ("14 ff", "byte 1 of a key of 2: no tuple has ff here"),
        ("00 ff", "byte 1 of a key of 2: no tuple has ff here"),
        ("20 80 00 00 00", "no tuple has 20 here"),
        ("33" + 12 * " 00", "no tuple has 33 here"),
        ("15 07 02 61", "byte 2 of a key of 4: no 00 ends"),
        ("02 61 00 ff", "no 00 ends"),
        ("01", "no 00 ends"),
        ("02 ff 00", "byte 0 of a key of 3: the text is not UTF-8"),
        ("14 02 c3 28 00", "byte 1 of a key of 5: the text is not UTF-8"),
        ("02 ed a0 80 00", "not UTF-8"),
        ("02 c0 80 00", "not UTF-8"),
        ("05 14", "byte 2 of a key of 2: a nested tuple does not end"),
        ("05 00 ff", "a nested tuple does not end"),
        ("05 05 00", "a nested tuple does not end"),
        (101 * "05" + 101 * "00", "byte 100 of a key of 202: no tuple has 05 here, or none is so"),
        (9999 * "05" + 9999 * "00", "or none is so deep"),
        ("16 01", "the int is cut short"),
        ("15 00", "there is a shorter way"),
        ("13 ff", "there is a shorter way"),
        ("1c" + 8 * " ff", "there is a shorter way"),
        ("0c" + 8 * " 00", "there is a shorter way"),
        ("1d", "the int is cut short"),
        ("0b", "the int is cut short"),
        ("1d 00", "there is a shorter way"),
        ("0b ff", "there is a shorter way"),
        ("1d 09" + 8 * " 01", "the int is cut short"),
        ("1d 09 00" + 8 * " 01", "there is a shorter way"),
        ("1d 08" + 7 * " ff" + " fe", "there is a shorter way"),
        ("21 80", "8 bytes belong here, and 1 are left"),
        ("21 ff f8 00 00 00 00 00 00", "NaN is never written"),
        ("21 00 07 ff ff ff ff ff ff", "NaN is never written"),
        ("30" + 15 * " 00", "16 bytes belong here, and 15 are left"),
    ],
)
def test_damaged_bytes_are_named_with_their_place(octets: str, message: str) -> None:
    data = bytes.fromhex(octets)
    with pytest.raises(DamagedEntryError, match=message) as caught:
        unpack(data)
    assert caught.value.actual == data


def assert_nothing_else_is_packed(data: bytes) -> None:
    """Unpack bytes: they are refused, or they are what the result packs to."""
    try:
        parts = unpack(data)
    except DamagedEntryError:
        return
    with case(data=data.hex(" "), parts=parts):
        assert pack(parts) == data


def test_all_keys_of_one_or_two_bytes_are_refused_or_have_one_meaning() -> None:
    for first in range(256):
        assert_nothing_else_is_packed(bytes((first,)))
        for second in range(256):
            assert_nothing_else_is_packed(bytes((first, second)))


def test_keys_that_are_cut_or_changed_are_refused_or_have_one_meaning() -> None:
    for _, octets in GOLDEN:
        data = bytes.fromhex(octets)[:30]
        for offset in range(len(data)):
            assert_nothing_else_is_packed(data[:offset])
            for octet in b"\0\1\2\5\x0b\x0c\x14\x15\x1c\x1d\x21\x7f\xfe\xff":
                assert_nothing_else_is_packed(data[:offset] + bytes((octet,)) + data[offset + 1 :])
                assert_nothing_else_is_packed(data[:offset] + bytes((octet,)) + data[offset:])


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        (b"a1", b"a2"),
        (b"a\0", b"a\1"),
        (b"a\xff\xff", b"b"),
        (b"\xfe", b"\xff"),
        (b"\xff\xff", None),
        (b"", None),
    ],
)
def test_a_prefix_range_ends_behind_all_keys_that_begin_with_it(
    prefix: bytes, end: bytes | None
) -> None:
    assert prefix_range(prefix) == (prefix, end)
    for tail in (b"", b"\0", b"\xff", b"\xff\xff\xff"):
        assert end is None or prefix + tail < end
