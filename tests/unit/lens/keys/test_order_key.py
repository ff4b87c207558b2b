"""Claim: keys of values have the bytes of the diagram, the order of the values, and an end."""

import copy
import enum
import pickle
import random
from decimal import Decimal
from itertools import accumulate, combinations, pairwise, product
from math import inf, nan, nextafter
from typing import Any
from uuid import UUID

import pytest

from libredb.kernel.errors import UsageTypeError
from libredb.lens.errors import DamagedEntryError, InvalidValueError
from libredb.lens.keys.encoding import MAX_DEPTH, prefix_range
from libredb.lens.keys.order_key import MISSING, end_of, kind_range, order_key, packer
from tests.support.case import DEEP, case

LARGEST = 2**2040 - 1
MAX_DOUBLE = int(1.7976931348623157e308)

# The bytes that every later version reads and writes: a change here loses the indexes of users.
GOLDEN: list[tuple[Any, str]] = [
    (MISSING, "02"),
    (None, "04"),
    (False, "06"),
    (True, "07"),
    (-inf, "10 00 0f ff ff ff ff ff ff 00"),
    (-LARGEST, "10 00 0f ff ff ff ff ff ff 01 01"),
    (-1e308, "10 00 1e 33 0c 7a 14 37 5f 00"),
    (-(2**53) - 1, "10 3c bf ff ff ff ff ff fe 01 01"),
    (-(2**53), "10 3c bf ff ff ff ff ff ff 00"),
    (-1.5, "10 40 07 ff ff ff ff ff ff 00"),
    (-1, "10 40 0f ff ff ff ff ff ff 00"),
    (-5e-324, "10 7f ff ff ff ff ff ff fe 00"),
    (-0.0, "10 80 00 00 00 00 00 00 00 00"),
    (0, "10 80 00 00 00 00 00 00 00 00"),
    (0.1, "10 bf b9 99 99 99 99 99 9a 00"),
    (1, "10 bf f0 00 00 00 00 00 00 00"),
    (1.0, "10 bf f0 00 00 00 00 00 00 00"),
    (2**53, "10 c3 40 00 00 00 00 00 00 00"),
    (2**53 + 1, "10 c3 40 00 00 00 00 00 00 01 01"),
    (2**64 - 1, "10 c3 ef ff ff ff ff ff ff 02 07 ff"),
    (MAX_DOUBLE, "10 ff ef ff ff ff ff ff ff 00"),
    (2**1024, "10 ff ef ff ff ff ff ff ff 7a 08" + 121 * " 00"),
    (inf, "10 ff f0 00 00 00 00 00 00 00"),
    (Decimal("-Infinity"), "18 00 00 00 00 00 00 00 00 00 ff"),
    (Decimal("-12.50"), "18 00 7f ff ff ff ff ff ff fe ce cd ca ff"),
    (Decimal("-0.00"), "18 01"),
    (Decimal("0.125"), "18 02 7f ff ff ff ff ff ff ff 31 32 35 00"),
    (Decimal("1E+3"), "18 02 80 00 00 00 00 00 00 03 31 00"),
    (Decimal("Infinity"), "18 02 ff ff ff ff ff ff ff ff 00"),
    ("", "20 00"),
    ("a\0\1\2", "20 61 01 01 01 02 02 00"),
    ("\U0001f511", "20 f0 9f 94 91 00"),
    (b"", "28 00"),
    (b"\xff\0\1", "28 ff 01 01 01 02 00"),
    ([], "30 00"),
    ([None, ["a"], {}], "30 04 30 20 61 00 00 38 00 00"),
    ({}, "38 00"),
    ({"b": False, "": [0]}, "38 20 00 30 10 80 00 00 00 00 00 00 00 00 00 20 62 00 06 00"),
]

HALF_WAY = 2**53 + 2**30
WIDE = [10**300, 10**308, MAX_DOUBLE, MAX_DOUBLE + 2**970, 2**1024, 10**309, LARGEST]
POSITIVE: list[float] = [
    *(5e-324, 1e-308, 0.5, nextafter(1, 0), 1, nextafter(1, 2), 1.5, 2),
    *(value + step for value in (2**53, HALF_WAY, 2**63, 2**64) for step in (-2, -1, 0, 1, 2)),
    *(value + step for value in WIDE[:4] for step in (-1, 0, 1)),
    *(value + step for value in WIDE[4:] for step in (-1, 0)),
]
NUMBERS = [-inf, *(-value for value in reversed(POSITIVE)), 0, *POSITIVE, inf]
TEXTS = [
    *("", "\0", "\0\0", "\0\1", "\0a", "\1", "\1\0", "\1\1", "\2", "a", "a\0", "a\1", "a\2", "aa"),
    *("e\u0301", "\x7f", "\x80", "\xe9", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0001f511"),
]
OCTETS = [b"", b"\0", b"\0\0", b"\0\1", b"\0\xff", b"\1", b"\1\0", b"\1\1", b"\2", b"a", b"\xff"]
ARRAYS: list[Any] = [
    *([], [None], [None, None], [False], [0], [0, 0], [""], ["", ""], ["\0"], ["a"], [b""]),
    *([[]], [[], []], [[None]], [[[]]], [{}], [{"": None}], [{"a": 1}]),
]
OBJECTS: list[Any] = [
    *({}, {"": None}, {"": 1}, {"": 1, "a": None}, {"": {}}, {"\0": 0}, {"a": None}, {"a": 1}),
    *({"a": 1, "b": 0}, {"a": 1, "c": None}, {"a": 1.5}, {"a": "x"}, {"b": None}),
]

# Every value is above the one before it.
ASCENDING: list[Any] = [
    *(MISSING, None, False, True),
    *NUMBERS,
    *TEXTS,
    *OCTETS,
    *ARRAYS,
    *OBJECTS,
]


class Level(enum.IntEnum):
    LOW = 1


class Name(str):
    __slots__ = ()


def nested_array(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


def nested_object(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = {"a": value}
    return value


def test_every_type_has_its_bytes() -> None:
    for value, octets in GOLDEN:
        with case(value=value):
            assert order_key(value).hex(" ") == octets


def test_keys_are_in_the_order_of_the_values_at_all_edges() -> None:
    for low, high in pairwise(ASCENDING):
        with case(low=low, high=high):
            assert order_key(low) < order_key(high)


def test_no_key_begins_with_another() -> None:
    keys = sorted([order_key(value) for value in ASCENDING])
    for low, high in pairwise(keys):  # a beginning is right before what begins with it
        with case(low=low.hex(" "), high=high.hex(" ")):
            assert not high.startswith(low)


def test_numbers_have_one_key_if_and_only_if_they_are_equal() -> None:
    doubles = [float(value) for value in NUMBERS if abs(value) < MAX_DOUBLE]
    for first, second in combinations([*NUMBERS, *doubles, -0.0, 0.0], 2):
        with case(first=first, second=second):
            assert (order_key(first) == order_key(second)) == (first == second)
            assert (order_key(first) < order_key(second)) == (first < second)


def test_an_int_at_every_power_of_256_is_between_its_neighbours() -> None:
    for exponent in range(1, 255):
        near = [256**exponent + step for step in (-2, -1, 0, 1, 2)]
        for low, high in pairwise([*(-value for value in reversed(near)), *near]):
            with case(exponent=exponent, low=low, high=high):
                assert order_key(low) < order_key(high)


def test_true_and_one_are_two_values_also_inside_of_others() -> None:
    assert order_key(True) != order_key(1) == order_key(1.0)
    assert order_key([True]) != order_key([1]) == order_key([1.0])
    assert order_key({"a": False}) != order_key({"a": 0}) == order_key({"a": -0.0})


def test_the_order_of_names_in_an_object_does_not_matter() -> None:
    assert order_key({"b": 1, "a": [2]}) == order_key({"a": [2], "b": 1})


def test_text_is_not_normalised() -> None:
    assert order_key("\xe9") != order_key("e\u0301")


def test_decimals_are_equal_and_in_order_by_value() -> None:
    texts = ["0", "-0", "1", "1.0", "1.00", "10", "1E1", "9.99", "1.01", "12", "123", "0.1", "0.10"]
    texts += ["1E-999", "1E+999", "1.5E-999", "100", "99", "1E+2", "Infinity", "0.0001"]
    texts += ["123456789012345678901234567890.1", "123456789012345678901234567890.10"]
    values = [Decimal(sign + text) for text in texts for sign in ("", "-") if text != "-0"]
    for first, second in product(values, repeat=2):
        with case(first=first, second=second):
            assert (order_key(first) == order_key(second)) == (first == second)
            assert (order_key(first) < order_key(second)) == (first < second)


def test_there_is_one_missing_also_behind_a_copy_and_a_pickle() -> None:
    assert copy.deepcopy(MISSING) is pickle.loads(pickle.dumps(MISSING)) is MISSING
    assert repr(MISSING) == str(MISSING) == "missing"


def test_other_types_are_refused_and_told_what_would_do() -> None:
    known = "of Missing, None, bool, int, float, Decimal, str, bytes, list, dict, not of UUID$"
    refused: dict[str, Any] = {
        "not of Level; turn it into a plain int first": Level.LOW,
        "not of Name; turn it into a plain str first": Name("a"),
        "not of bytearray$": bytearray(b"a"),
        "not of memoryview$": memoryview(b"a"),
        "not of tuple$": (1,),
        "not of set$": {1},
        "not of complex$": 1j,
        known: UUID(int=0),
    }
    for message, value in refused.items():
        for given in (value, [value], {"a": [value]}):
            with case(message=message), pytest.raises(UsageTypeError, match=message):
                order_key(given)


def test_names_that_are_no_plain_str_are_refused() -> None:
    for name in (1, None, Name("a"), b"a"):
        with case(name=name), pytest.raises(UsageTypeError, match="a name in an object is a str"):
            order_key({"z": 1, name: 2})


def test_values_that_have_no_key_are_refused() -> None:
    endless: list[Any] = []
    endless.append({"a": endless})
    refused: dict[str, Any] = {
        "NaN equals nothing": nan,
        "NaN has no place": Decimal("NaN"),
        "NaN has no place in": Decimal("sNaN"),
        "an int of 2,041 bits is longer than 255 bytes": LARGEST + 1,
        "an int of 2,042 bits is longer than 255 bytes": -(2**2041),
        "half of a surrogate pair at index 2": "ab\udc00",
        "nested more than 100 deep": nested_array(DEEP),
        "nested more than 100": nested_object(DEEP),
        "nested more than": endless,
    }
    for message, value in refused.items():
        for given in (value, [value], {"a": [value]}):
            with case(message=message), pytest.raises(InvalidValueError, match=message):
                order_key(given)
    with pytest.raises(InvalidValueError, match="surrogate"):
        order_key({"\ud800": 1})


@pytest.mark.parametrize("make", [nested_array, nested_object])
def test_a_value_may_be_nested_as_deep_as_told(make: Any) -> None:
    deepest = order_key(make(MAX_DEPTH))
    assert end_of(deepest) == len(deepest)
    with pytest.raises(InvalidValueError, match="more than 100 deep"):
        order_key(make(MAX_DEPTH + 1))


def test_a_key_tells_where_it_ends() -> None:
    values = [*ASCENDING, *(value for value, _ in GOLDEN)]
    for value in values:
        key = order_key(value)
        with case(value=value):
            for behind in (b"", b"\0", b"\2", b"\xff", key):
                assert end_of(key + behind) == len(key)
                assert end_of(b"\xfe\0" + key + behind, 2) == 2 + len(key)


def test_a_key_that_is_cut_short_has_no_end() -> None:
    for value in [*ASCENDING, *(value for value, _ in GOLDEN)]:
        key = order_key(value)
        for length in range(len(key)):
            with case(value=value, length=length), pytest.raises(DamagedEntryError):
                end_of(key[:length])


def test_bytes_that_begin_no_key_are_named_with_their_place() -> None:
    for code in set(range(256)) - {order_key(value)[0] for value, _ in GOLDEN}:
        with case(code=code), pytest.raises(DamagedEntryError, match="byte 1 of a key of 3: no"):
            end_of(b"\xfe" + bytes((code, 0)), 1)
    with pytest.raises(DamagedEntryError, match="byte 3 of a key of 4"):
        end_of(b"\x30\x02\x02\x05")


@pytest.mark.parametrize("count", range(5))
def test_joined_keys_are_in_the_order_of_the_tuples_and_can_be_taken_apart(count: int) -> None:
    source = random.Random(count)
    places = range(len(ASCENDING))
    rows = [
        tuple(source.choices(places[:: source.choice([1, 20, 60])], k=count)) for _ in range(999)
    ]
    join = packer(count)
    joined = {row: join([ASCENDING[place] for place in row]) for row in rows}
    assert sorted(joined, key=lambda row: joined[row]) == sorted(joined)
    for row, key in joined.items():
        pieces = [order_key(ASCENDING[place]) for place in row]
        with case(row=row):
            assert key == b"".join(pieces)
            ends = list(accumulate(map(len, pieces)))
            assert [end_of(key, start) for start in [0, *ends][:-1]] == ends


@pytest.mark.parametrize("count", range(1, 5))
def test_a_packer_refuses_what_has_no_key(count: int) -> None:
    for place in range(count):
        values: list[Any] = [1] * count
        values[place] = {1}
        with case(place=place), pytest.raises(UsageTypeError, match="not of set"):
            packer(count)(values)


def test_the_range_of_a_kind_has_all_values_of_that_kind_and_no_others() -> None:
    decimals = [Decimal(-1), Decimal(0), Decimal(1)]
    kinds = [[MISSING], [None], [False, True], NUMBERS, decimals, TEXTS, OCTETS, ARRAYS, OBJECTS]
    for kind, other in product(kinds, repeat=2):
        for value in kind:
            start, end = kind_range(order_key(value))
            with case(value=value, other=other[0]):
                inside = {start <= order_key(each) < end for each in other}
                assert inside == {kind is other}


def test_all_that_begins_with_a_key_is_one_range() -> None:
    for value in ASCENDING:
        start, end = prefix_range(order_key(value))
        assert end is not None
        for behind in (b"", b"\0", b"\xfe\xff", b"\xff\xff"):
            assert start <= order_key(value) + behind < end
