"""A column takes exactly the values of its type, and gives each of them back as it was."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from functools import partial
from itertools import pairwise
from math import inf, nan
from typing import Any
from uuid import UUID

import pytest

from libredb import UsageTypeError
from libredb.lens.errors import InvalidValueError, SchemaMismatchError
from libredb.lens.keys.order_key import order_key
from libredb.lens.table.columns import KINDS, Column, enum_kind
from libredb.lens.values.expression import Condition, compiled
from libredb.lens.values.json_value import decode, encode
from tests.support.case import case


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Text(str):
    __slots__ = ()


KINDS_HERE = {**KINDS, "Color": enum_kind(Color), "Level": enum_kind(Level)}

ID = UUID("12345678-1234-5678-1234-567812345678")
at = partial(datetime, tzinfo=UTC)

# Of each type some values, ascending
VALUES: dict[str, list[Any]] = {
    "str": ["", "\0", "\1", "A", "a", "a\0", "ab", "é", "\U0001f600"],
    "int": [-(2**2000), -(2**64), -1, 0, 1, 2**53, 2**53 + 1, 2**64],
    "float": [-inf, -1e308, -1.5, -0.0, 5e-324, 1.0, 1e308, inf],
    "bool": [False, True],
    "bytes": [b"", b"\0", b"\0\0", b"\1", b"a", b"\xff"],
    "datetime": [
        at(1, 1, 1),
        at(1969, 12, 31),
        at(1970, 1, 1),
        at(9999, 12, 31, 23, 59, 59, 999999),
    ],
    "naive_datetime": [datetime.min, datetime(1970, 1, 1), datetime.max],
    "date": [date.min, date(1999, 12, 31), date(2000, 1, 1), date.max],
    "decimal": list(
        map(Decimal, ["-Infinity", "-1E+9", "-1.5", "-0.0", "1E-9", "1.50", "Infinity"])
    ),
    "uuid": [UUID(int=0), UUID(int=1), ID, UUID(int=2**128 - 1)],
    "enum_str": ["", "a"],
    "enum_int": [1, 2],
    "Color": [Color.BLUE, Color.RED],
    "Level": [Level.LOW, Level.HIGH],
    "dict": [{}, {"a": 1}, {"a": [1]}, {"b": None}],
    "list": [[], [None], [1, "a"], [{"a": 1}]],
    "any": [None, True, 1, "a", [], {"a": 1}],
}


def column(name: str, *, is_optional: bool = False) -> Column:
    return Column("c", KINDS_HERE[name], is_optional)


def through_json(column: Column, value: Any) -> Any:
    """Return the value behind what is stored of it."""
    stored = decode(encode(column.to_json(column.to_plain(value))))
    return column.from_plain(column.from_json(stored))


def test_there_are_values_of_every_kind() -> None:
    assert VALUES.keys() == KINDS_HERE.keys()


@pytest.mark.parametrize("name", KINDS_HERE)
def test_a_value_comes_back_from_what_is_stored(name: str) -> None:
    for value in VALUES[name]:
        with case(value=value):
            again = through_json(column(name), value)
            assert (type(again), repr(again)) == (type(value), repr(value))


@pytest.mark.parametrize("name", KINDS_HERE)
def test_plain_values_are_in_the_order_of_the_values_in_indexes_and_conditions(name: str) -> None:
    for low, high in pairwise(map(column(name).to_plain, VALUES[name])):
        with case(low=low, high=high):
            assert order_key(low) < order_key(high)
            if name != "any":  # whose values may be of different kinds
                is_above = compiled(Condition(("c",), "$gt", low))
                assert is_above({"c": high})
                assert not is_above({"c": low})


def test_decimals_are_equal_by_value_and_keep_their_exponent() -> None:
    short, long = map(column("decimal").to_plain, (Decimal("1.5"), Decimal("1.500")))
    assert order_key(short) == order_key(long)
    assert compiled(Condition(("c",), "$eq", short))({"c": long})
    assert str(through_json(column("decimal"), long)) == "1.500"


def test_a_datetime_comes_back_in_utc() -> None:
    east = datetime(2026, 11, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    again = through_json(column("datetime"), east)
    assert again == east
    assert again.tzinfo is UTC


def test_a_float_takes_an_int_that_it_holds_exactly() -> None:
    assert repr(column("float").to_plain(3)) == "3.0"
    for value in (2**53 + 1, 10**400, True):
        with pytest.raises(InvalidValueError, match="exactly"):
            column("float").to_plain(value)


@pytest.mark.parametrize(
    "value",
    [
        b"\xff",
        Decimal("1.50"),
        at(2026, 1, 1),
        date.min,
        ID,
        {"a": [b"\0", Decimal(1)]},
        {"$bytes": "x"},
    ],
)
def test_any_takes_what_other_columns_take(value: Any) -> None:
    again = through_json(column("any"), value)
    assert (type(again), repr(again)) == (type(value), repr(value))
    order_key(column("any").to_plain(value))


NAIVE, AWARE = datetime(2026, 1, 1), at(2026, 1, 1)

REFUSED: list[tuple[str, list[Any]]] = [
    ("str", [None, 1, b"a", Text("a"), "\ud800", Color.RED]),
    ("int", [None, True, 1.0, "1", Level.LOW, 2**2040]),
    ("float", [None, True, nan, "1.0", Decimal(1)]),
    ("bool", [None, 0, 1, "true"]),
    ("bytes", [None, "a", bytearray(b"a"), memoryview(b"a")]),
    (
        "datetime",
        [None, NAIVE, date.min, 1, datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))],
    ),
    ("naive_datetime", [None, AWARE, date.min]),
    ("date", [None, NAIVE, "2026-01-01"]),
    ("decimal", [None, 1, 1.5, Decimal("NaN"), Decimal("sNaN")]),
    ("uuid", [None, str(ID), ID.bytes]),
    ("Color", [None, "red", Level.LOW]),
    ("Level", [None, 1, True]),
    ("enum_str", [None, Color.RED, 1]),
    ("enum_int", [None, Level.LOW, True]),
    ("dict", [None, [], {1: 2}, {"a": nan}, {"a": (1,)}, {"a": date.min}]),
    ("list", [None, (), [object()], [{"a": b""}]]),
    ("any", [object(), nan, (1,), NAIVE, [nan], Decimal("NaN"), Color.RED]),
]


@pytest.mark.parametrize(("name", "values"), REFUSED)
def test_a_value_of_another_type_is_refused_with_what_was_expected(
    name: str, values: list[Any]
) -> None:
    for value in values:
        with case(value=value), pytest.raises(InvalidValueError, match="column c") as caught:
            column(name).to_plain(value)
        assert str(caught.value.field).startswith("c")
        assert caught.value.expected
        assert caught.value.actual


def test_an_error_says_the_place_inside_of_json() -> None:
    with pytest.raises(InvalidValueError) as caught:
        column("dict").to_plain({"a": [1, nan]})
    assert str(caught.value) == "column c.a[1]: expected a finite number, got nan"
    with pytest.raises(InvalidValueError) as caught:
        column("list", is_optional=True).to_plain([nan])
    assert str(caught.value) == "column c[0]: expected a finite number, got nan"


def test_an_error_about_a_naive_datetime_says_how_to_allow_it() -> None:
    with pytest.raises(InvalidValueError, match=r"Annotated\[datetime, libredb.Naive\]"):
        column("datetime").to_plain(NAIVE)


def test_none_belongs_in_optional_columns_alone() -> None:
    for name in KINDS_HERE:
        with case(name=name):
            assert through_json(column(name, is_optional=True), None) is None
            assert column(name, is_optional=True).operand(None) is None
    with pytest.raises(InvalidValueError, match="expected int or None, got str"):
        column("int", is_optional=True).to_plain("1")


@pytest.mark.parametrize(
    ("name", "given", "plain"),
    [
        ("int", 17.5, 17.5),
        ("int", inf, inf),
        ("float", 2**53 + 1, 2**53 + 1),
        ("decimal", 3, Decimal(3)),
        ("date", date.min, 1),
        ("Color", Color.RED, "red"),
        ("uuid", ID, ID.bytes),
    ],
)
def test_a_condition_may_compare_with_what_the_order_of_numbers_knows(
    name: str, given: Any, plain: Any
) -> None:
    assert column(name).operand(given) == plain


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("int", "1"),
        ("int", True),
        ("float", nan),
        ("decimal", 1.5),
        ("decimal", True),
        ("dict", []),
        ("list", {}),
    ],
)
def test_a_condition_with_what_is_never_in_the_column_is_refused(name: str, given: Any) -> None:
    with pytest.raises(InvalidValueError):
        column(name).operand(given)


@pytest.mark.parametrize(("name", "value"), [("dict", {"a": [1]}), ("list", [[1]]), ("any", [[1]])])
def test_an_operand_shares_nothing_with_the_caller(name: str, value: Any) -> None:
    operand = column(name).operand(value)
    before = repr(operand)
    value.clear()
    assert repr(operand) == before


def test_a_stored_value_that_is_no_member_any_more_is_a_mismatch() -> None:
    with pytest.raises(SchemaMismatchError, match="'green' is stored, and no member of Color"):
        column("Color").from_plain("green")


@pytest.mark.parametrize(
    "members",
    [Enum("Mixed", {"A": 1, "B": "b"}), Enum("Other", {"A": 1.5}), Enum("Empty", {})],
)
def test_an_enum_of_other_values_is_no_type_of_a_column(members: Any) -> None:
    with pytest.raises(UsageTypeError, match="all str, or all int"):
        enum_kind(members)


def test_the_name_of_a_type_tells_whether_none_is_in_it() -> None:
    assert column("int").type_name == "int"
    assert column("Color", is_optional=True).type_name == "enum_str?"
