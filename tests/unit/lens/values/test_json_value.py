"""A document holds JSON and nothing else; its values have one order; what is stored comes back."""

import json
import math
from collections import OrderedDict
from decimal import Decimal
from enum import IntEnum, StrEnum
from itertools import product
from typing import Any

import pytest

from libredb.lens.errors import DamagedEntryError, InvalidValueError
from libredb.lens.values.json_value import (
    INT_END,
    MAX_DEPTH,
    MISSING,
    check_document,
    check_encoded,
    copy_of,
    decode,
    dotted,
    encode,
    equal,
    sort_key,
)
from tests.support.case import DEEP, case


class Level(IntEnum):
    LOW = 1


class Color(StrEnum):
    RED = "red"


class Name(str):
    __slots__ = ()


class Fields(dict[str, Any]):
    pass


class Many(list[Any]):
    pass


def nested(depth: int, *, kind: type[Any] = list) -> Any:
    """Return that many objects or arrays in one another."""
    value: Any = kind()
    for _ in range(depth - 1):
        value = [value] if kind is list else {"a": value}
    return value


# What may be stored

ASCENDING: list[list[Any]] = [
    [None],
    [False],
    [True],
    [1 - INT_END],
    [-1e308],
    [-1, -1.0],
    [-5e-324],
    [0, 0.0, -0.0],
    [5e-324],
    [1, 1.0],
    [2**53 - 1],
    [2**53, float(2**53)],
    [2**53 + 1],
    [10**300],
    [1e308],
    [INT_END - 1],
    [""],
    ["\0"],
    ["1"],
    ["A"],
    ["a"],
    ["a\0"],
    ["aa"],
    ["e\u0301"],
    ["\u00e9"],
    ["\uffff"],
    ["\U0001d11e"],
    [[]],
    [[None]],
    [[None, 1]],
    [[True]],
    [[0], [-0.0]],
    [[0, 0]],
    [[1], [1.0]],
    [["1"]],
    [[[]]],
    [{}],
    [{"": 5}],
    [{"a": None}],
    [{"a": False}],
    [{"a": 0}, {"a": -0.0}],
    [{"a": 1, "b": 1}, {"b": 1.0, "a": 1}],
    [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
    [{"a": [1]}],
    [{"b": 0}],
]
"""Values in their order; those in one list are equal."""

VALUES = [value for group in ASCENDING for value in group]


def test_what_is_stored_comes_back_with_its_types_and_the_order_of_its_names() -> None:
    values: list[Any] = [*VALUES, VALUES, {"z": VALUES, "a": {}}]
    for value in values:
        with case(value=value):
            back = decode(encode(value))
            assert repr(back) == repr(value)


def test_what_is_stored_is_compact_utf_8_json() -> None:
    value = {"z": [1.0, -0.0, 10**20, None], "a": "\u00e9\n\"\U0001d11e'", "": {"t": True}}
    text = (
        '{"z":[1.0,-0.0,100000000000000000000,null],"a":"\u00e9\\n\\"\U0001d11e\'","":{"t":true}}'
    )
    assert encode(value) == text.encode()
    assert json.loads(encode(value)) == value


def test_a_copy_shares_nothing_with_its_original() -> None:
    original: dict[str, Any] = {"a": [{"b": [1]}], "c": {}}
    duplicate = copy_of(original)
    assert duplicate == original
    duplicate["a"][0]["b"].append(2)
    duplicate["c"]["d"] = 1
    assert original == {"a": [{"b": [1]}], "c": {}}


def test_integers_may_have_255_bytes_and_no_more() -> None:
    assert int.from_bytes(b"\1" + bytes(255)) == INT_END
    for number in (INT_END - 1, 1 - INT_END):
        assert decode(encode([number])) == [number]
    for number in (INT_END, -INT_END, 256**256 - 1, 10**5000):
        with case(bits=number.bit_length()), pytest.raises(InvalidValueError) as caught:
            encode({"a": [0, number]})
        assert caught.value.field == "a[1]"
        assert caught.value.expected == "an integer of at most 255 bytes"
        assert caught.value.actual == f"int of {-(-number.bit_length() // 8)} bytes"


@pytest.mark.parametrize("kind", [list, dict])
def test_a_value_may_have_100_levels_and_no_more(kind: type[Any]) -> None:
    deepest = nested(MAX_DEPTH, kind=kind)
    assert decode(encode(deepest)) == deepest
    for depth in (MAX_DEPTH + 1, DEEP):
        with pytest.raises(InvalidValueError, match="at most 100 levels") as caught:
            encode(nested(depth, kind=kind))
        assert caught.value.field == dotted(([0] if kind is list else ["a"]) * MAX_DEPTH)


def test_the_deepest_level_may_hold_what_holds_nothing() -> None:
    innermost = b'["x",1.5,null,true]'
    data = b"[" * (MAX_DEPTH - 1) + innermost + b"]" * (MAX_DEPTH - 1)
    assert encode(decode(data)) == data
    for empty in (b"[]", b"{}"):
        with case(empty=empty), pytest.raises(InvalidValueError, match="at most 100 levels"):
            encode(decode(data.replace(b"null", empty)))


def test_a_wide_document_is_stored() -> None:
    document: dict[str, Any] = {f"name {number}": number for number in range(10_000)}
    assert decode(encode(document)) == document
    document["name 9999"] = math.inf
    with pytest.raises(InvalidValueError, match=r"^name 9999: expected a finite number, got inf$"):
        encode(document)


# What may not

REFUSED: list[tuple[Any, str | None, str, str]] = [
    # value, field, what was expected, what there is
    (math.nan, None, "a finite number", "nan"),
    (math.inf, None, "a finite number", "inf"),
    ({"a": {"b": -math.inf}}, "a.b", "a finite number", "-inf"),
    ({"a": [1, {"b": "\ud800"}]}, "a[1].b", "well-formed Unicode", "str"),
    ("x\udfff", None, "well-formed Unicode", "str"),
    ({"a": {"\ud800": 1}}, "a", "names that are well-formed Unicode", "str"),
    ({"a": {1: 2}}, "a", "names that are exactly str", "int"),
    ({None: 2}, None, "names that are exactly str", "None"),
    ({Name("a"): 2}, None, "names that are exactly str", "Name"),
    ({Color.RED: 2}, None, "names that are exactly str", "Color"),
    ({"a": (1, 2)}, "a", "exactly", "tuple"),
    ({"a": {1}}, "a", "exactly", "set"),
    ({"a": b"x"}, "a", "exactly", "bytes"),
    ({"a": [Decimal(1)]}, "a[0]", "exactly", "Decimal"),
    ({"a": Level.LOW}, "a", "exactly", "Level"),
    ({"a": Color.RED}, "a", "exactly", "Color"),
    ({"a": Name("x")}, "a", "exactly", "Name"),
    ({"a": Fields()}, "a", "exactly", "Fields"),
    ({"a": OrderedDict(b=1)}, "a", "exactly", "OrderedDict"),
    ({"a": Many()}, "a", "exactly", "Many"),
    ({"a": object()}, "a", "exactly", "object"),
    ({"a": MISSING}, "a", "exactly", "missing"),
    ({"a": int}, "a", "exactly", "type"),
    ({"a.b": {"": {"c d": {"[": b""}}}}, '"a.b"."".c d."["', "exactly", "bytes"),
    ({"a\n": {"\u00e9": b""}}, '"a\\n".\u00e9', "exactly", "bytes"),
]


@pytest.mark.parametrize(("value", "field", "expected", "actual"), REFUSED)
def test_what_cannot_be_stored_is_refused_with_its_place(
    value: Any, field: str | None, expected: str, actual: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        encode(value)
    error = caught.value
    assert (error.field, error.actual) == (field, actual)
    assert str(error.expected).startswith(expected)
    assert str(error) == f"{field or 'the value'}: expected {error.expected}, got {actual}"
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(("value", "field"), [row[:2] for row in REFUSED])
def test_the_place_begins_with_the_path_that_the_value_is_for(
    value: Any, field: str | None
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        copy_of(value, at=("x", "y"))
    separator = "." if field else ""
    assert caught.value.field == f"x.y{separator}{field or ''}"


def test_the_first_offender_is_named() -> None:
    with pytest.raises(InvalidValueError) as caught:
        encode({"fine": 1, "first": [1, b""], "second": math.nan})
    assert caught.value.field == "first[1]"


def test_a_value_that_holds_itself_is_refused_where_the_circle_closes() -> None:
    circle: list[Any] = [1]
    circle.append({"a": circle})
    wide: dict[str, Any] = {}
    wide.update(first=wide, second=wide)
    for value, field in ((circle, "[1].a"), ({"b": circle}, "b[1].a"), (wide, "first")):
        with case(field=field), pytest.raises(InvalidValueError, match="hold itself") as caught:
            encode(value)
        assert caught.value.field == field


def test_what_stands_in_two_places_is_no_circle() -> None:
    shared = {"a": 1}
    assert encode([shared, shared]) == b'[{"a":1},{"a":1}]'


def test_a_document_is_a_dict() -> None:
    check_document({"a": 1})
    values: list[Any] = [[], None, "x", Fields()]
    for value in values:
        with case(value=value), pytest.raises(InvalidValueError, match="a document, which is"):
            check_document(value)
    with pytest.raises(InvalidValueError, match=r"^a: "):
        check_document({"a": math.nan})


# What is read


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nul",
        b"{}x",
        b" {}",
        b"{} ",
        b"[NaN]",
        b"-Infinity",
        b'{"a":1,}',
        b"'a'",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'"\n"',
        b"\xef\xbb\xbf{}",
        b"1" * 5000,
    ],
)
def test_bytes_that_are_no_json_are_damage(data: bytes) -> None:
    with pytest.raises(DamagedEntryError, match="a stored value is damaged"):
        decode(data)


@pytest.mark.cpython  # what nests so deep may end the stack of a browser's worker
def test_bytes_that_nest_without_end_are_damage() -> None:
    with pytest.raises(DamagedEntryError):
        decode(b"[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b"1e999",
        b"1.00",
        b"1E5",
        b"-0",
        b'"\\ud800"',
        b'"\\u0041"',
        b'"\\/"',
        b"[" * 101 + b"]" * 101,
    ],
)
def test_json_that_was_written_by_something_else_is_found_by_a_deep_check(data: bytes) -> None:
    decode(data)
    with pytest.raises(DamagedEntryError, match="stored value"):
        check_encoded(data)


def test_a_deep_check_is_content_with_what_is_stored() -> None:
    for value in VALUES:
        with case(value=value):
            check_encoded(encode({"a": value}))


# Equality and order


def test_values_are_equal_within_their_group_and_ordered_between_groups() -> None:
    for (one, group), (two, others) in product(enumerate([[MISSING], *ASCENDING]), repeat=2):
        for value, other in product(group, others):
            with case(value=value, other=other):
                assert equal(value, other) is (one == two)
                assert (sort_key(value) < sort_key(other)) is (one < two)
                assert (sort_key(value) == sort_key(other)) is (one == two)


def test_booleans_are_no_numbers_at_any_depth() -> None:
    def wrapped(value: Any) -> list[Any]:
        return [value, [[value]], {"a": {"b": [0, value]}}]

    for boolean, number in ((True, 1), (True, 1.0), (False, 0), (False, -0.0)):
        for value, other in zip(wrapped(boolean), wrapped(number), strict=True):
            with case(value=value, other=other):
                assert not equal(value, other)
                assert not equal(other, value)
                assert equal(value, copy_of(value))


def test_the_deepest_values_can_be_compared() -> None:
    for kind in (list, dict):
        deepest = nested(MAX_DEPTH, kind=kind)
        assert equal(deepest, copy_of(deepest))
        assert sort_key(deepest) == sort_key(copy_of(deepest))
        assert sort_key(nested(MAX_DEPTH - 1, kind=kind)) < sort_key(deepest)
