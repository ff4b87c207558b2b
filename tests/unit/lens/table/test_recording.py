"""A function of a row is run once, and what it says of the row is written down, or refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from libredb import UsageTypeError
from libredb.lens.errors import InvalidValueError
from libredb.lens.table.recording import (
    descending,
    missing,
    not_,
    one_of,
    recorded_columns,
    recorded_condition,
    recorded_order,
    some,
)
from libredb.lens.table.row_type import row_type
from libredb.lens.table.schema import Schema
from libredb.lens.values.expression import And, Condition, Expression, Not, Or, compiled
from tests.support.case import case
from tests.unit.lens.table.classes import Color, Everything

SCHEMA: Schema[Everything] = Schema("things", row_type(Everything), "id")

ID = UUID(int=7)
AT = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)

Function = Callable[[Any], Any]

NO_FUNCTION: Any = {"count": 1}


def condition(name: str, operator: str, operand: Any) -> Condition:
    return Condition((name,), operator, operand)


IS_OLD, IS_GOOD = condition("count", "$gte", 18), condition("is_good", "$eq", True)

WRITTEN: list[tuple[Function, Expression]] = [
    (lambda u: u.count == 1, condition("count", "$eq", 1)),
    (lambda u: u.count != 1, condition("count", "$ne", 1)),
    (lambda u: u.count < 1, condition("count", "$lt", 1)),
    (lambda u: u.count <= 1, condition("count", "$lte", 1)),
    (lambda u: u.count > 1, condition("count", "$gt", 1)),
    (lambda u: u.count >= 1, condition("count", "$gte", 1)),
    (lambda u: 1 < u.count, condition("count", "$gt", 1)),  # noqa: SIM300 - on purpose
    (lambda u: u["count"] > 17.5, condition("count", "$gt", 17.5)),
    (lambda u: u.text.startswith("A"), condition("text", "$prefix", "A")),
    (lambda u: u.color == Color.RED, condition("color", "$eq", "red")),
    (lambda u: u.color.startswith("r"), condition("color", "$prefix", "r")),
    (lambda u: u.at >= AT, condition("at", "$gte", 1_000_000)),
    (lambda u: AT == u.at, condition("at", "$eq", 1_000_000)),  # noqa: SIM300 - on purpose
    (lambda u: u.day < date(1, 1, 2), condition("day", "$lt", 2)),
    (lambda u: u.price > 2, condition("price", "$gt", Decimal(2))),
    (lambda u: u.id == ID, condition("id", "$eq", ID.bytes)),
    (lambda u: u.parts == [1], condition("parts", "$eq", [1])),
    (lambda u: u.extra == b"x", condition("extra", "$eq", b"x")),
    (lambda u: u.is_good, IS_GOOD),
    (lambda u: missing(u.parent), condition("parent", "$eq", None)),
    (lambda u: u.parent == None, condition("parent", "$eq", None)),  # noqa: E711 - the column
    (lambda u: some(u.parent) == ID, condition("parent", "$eq", ID.bytes)),
    (lambda u: one_of(u.color, [Color.RED]), condition("color", "$in", ["red"])),
    (lambda u: one_of(u.parent, (None, ID)), condition("parent", "$in", [None, ID.bytes])),
    (lambda u: one_of(u.count, ()), condition("count", "$in", [])),
    (lambda u: not_(u.is_good), Not(IS_GOOD)),
    (lambda u: not_(not_(u.is_good)), IS_GOOD),
    (lambda u: (u.count >= 18) & u.is_good, And((IS_OLD, IS_GOOD))),
    (lambda u: u.is_good & (u.count >= 18), And((IS_GOOD, IS_OLD))),
    (lambda u: (u.count >= 18) | u.is_good, Or((IS_OLD, IS_GOOD))),
    (lambda u: (u.count >= 18) & u.is_good & not_(u.is_good), And((IS_OLD, IS_GOOD, Not(IS_GOOD)))),
]


@pytest.mark.parametrize("number", range(len(WRITTEN)))
def test_what_a_function_says_is_written_down(number: int) -> None:
    fn, expression = WRITTEN[number]
    assert repr(recorded_condition(SCHEMA, fn)) == repr(expression)


def test_a_function_is_run_once() -> None:
    calls: list[Any] = []

    def is_one(u: Everything) -> bool:
        calls.append(u)
        return u.count == 1

    recorded_condition(SCHEMA, is_one)
    assert len(calls) == 1
    assert repr(calls[0]) == "<any row of things>"


REFUSED: list[tuple[str, Function]] = [
    (r"missing\(u.column\), not by `is`", lambda u: u.parent is None),
    (r"missing\(u.column\), not by `is`", lambda u: (u.count > 1) & (u.parent is None)),
    (r"missing\(u.column\), not by `is`", lambda u: (u.parent is None) & (u.count > 1)),
    (r"missing\(u.column\), not by `is`", lambda u: (u.parent is not None) | (u.count > 1)),
    ("each in parentheses", lambda u: u.count > 1 & u.is_good),
    ("each in parentheses", lambda u: u.count & (u.count > 1)),
    ("has to return a condition", lambda _: None),
    ("has to return a condition", lambda u: u),
    ("has to return a condition", lambda u: u.count),
    ("has to return a condition", lambda _: True),
    ("join conditions with & and |", lambda u: u.count > 1 and u.is_good),
    ("join conditions with & and |", lambda u: u.is_good or u.count > 1),
    (r"not_\(\.\.\.\)", lambda u: not u.is_good),
    (r"not_\(\.\.\.\)", lambda u: ~u.is_good),
    (r"not_\(\.\.\.\)", lambda u: ~(u.count > 1)),
    ("join conditions with & and |", lambda u: 1 < u.count < 3),
    ("join conditions with & and |", lambda u: u.count == 1 if u.is_good else u.count == 2),
    ("truth value", lambda u: u.count in [1, 2]),
    ("one_of", lambda u: "a" in u.text),
    ("one_of", lambda u: 1 in u.parts),
    ("length", lambda u: len(u.text) == 1),
    ("hash", lambda u: {u.count: 1}),
    ("hash", lambda u: {u.count == 1}),
    ("formatting", lambda u: f"{u.text}"),
    ("formatting", lambda u: str(u.text) == "a"),
    ("elements", lambda u: list(u.parts) == []),
    ("wants its value", lambda u: (u.count == 1) == True),  # noqa: E712 - on purpose
    ("is not written down", lambda u: u.text.lower() == "a"),
    ("with a value", lambda u: u.count == u.ratio),
    ("above or below None", lambda u: u.parent > None),
    ("takes a str", lambda u: u.count.startswith("1")),
    ("takes a str", lambda u: u.text.startswith(("a", "b"))),
    ("no column 'name'", lambda u: u.name == "a"),
    ("no column 'name'", lambda u: u["name"] == "a"),
    ("one_of takes a column", lambda _: one_of(1, [2])),
    ("missing takes a column", lambda _: missing(None)),
    ("some takes a column", lambda u: some(u.count == 1)),
    ("not_ takes a condition", lambda _: not_(True)),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_cannot_be_written_down_is_refused_with_what_to_write_instead(number: int) -> None:
    message, fn = REFUSED[number]
    with pytest.raises(UsageTypeError, match=message):
        recorded_condition(SCHEMA, fn)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(UsageTypeError, match="is a function"):
        recorded_condition(SCHEMA, NO_FUNCTION)
    with pytest.raises(UsageTypeError, match="a name, or a function"):
        recorded_columns(SCHEMA, NO_FUNCTION)


NEVER: list[tuple[Function, str, str]] = [
    (lambda u: u.count > "x", "count", "int"),
    (lambda u: u.count == None, "count", "int"),  # noqa: E711 - the column
    (lambda u: u.color == "red", "color", "Color"),
    (lambda u: u.at > datetime(2026, 1, 1), "at", "an aware datetime"),
    (lambda u: one_of(u.count, [1, "x"]), "count", "int"),
    (lambda u: missing(u.count), "count", "int"),
    (lambda u: u.facts == {"a": object()}, "facts.a", "exactly"),
]


@pytest.mark.parametrize("number", range(len(NEVER)))
def test_an_operand_that_is_never_in_the_column_is_refused_with_its_place(number: int) -> None:
    fn, field, expected = NEVER[number]
    with pytest.raises(InvalidValueError, match="things, column") as caught:
        recorded_condition(SCHEMA, fn)
    assert (caught.value.namespace, caught.value.field) == ("things", field)
    assert str(caught.value.expected).startswith(expected)


def test_a_recorded_value_can_be_looked_at_without_harm() -> None:
    seen: list[Any] = []

    def look(u: Everything) -> bool:
        seen.extend([u, u.count, u.count == 1])
        return u.is_good

    recorded_condition(SCHEMA, look)
    assert repr(seen) == "[<any row of things>, <column count>, <condition count $eq 1>]"
    assert not hasattr(seen[0], "__array__")
    assert not hasattr(seen[1], "__array__")


def test_two_valued_logic_holds_for_none() -> None:
    row = {"parent": None}
    cases: list[tuple[Function, bool]] = [
        (lambda u: u.parent > ID, False),
        (lambda u: not_(u.parent > ID), True),
        (lambda u: u.parent != ID, True),
        (lambda u: missing(u.parent), True),
        (lambda u: not_(missing(u.parent)), False),
    ]
    for fn, expected in cases:
        with case(fn=fn):
            assert compiled(recorded_condition(SCHEMA, fn))(row) is expected


def test_columns_are_picked_by_name_or_by_function() -> None:
    def names(picked: str | Function) -> tuple[list[str], bool]:
        columns, is_tuple = recorded_columns(SCHEMA, picked)
        return [column.name for column in columns], is_tuple

    assert names("count") == (["count"], False)
    assert names(lambda u: u.count) == (["count"], False)
    assert names(lambda u: (u.count, some(u.parent))) == (["count", "parent"], True)
    mistakes: list[str | Function] = [
        "name",
        lambda u: u.count + 1,
        lambda _: 1,
        lambda u: (u.count, u.count == 1),
    ]
    for wrong in mistakes:
        with case(wrong=wrong), pytest.raises((UsageTypeError, TypeError)):
            names(wrong)


def test_an_order_is_made_of_columns_each_in_its_direction() -> None:
    def order(*picked: str | Function, reverse: bool = False) -> list[tuple[str, bool]]:
        return recorded_order(SCHEMA, picked, reverse=reverse)

    assert order() == []
    assert order("count", lambda u: u.at) == [("count", False), ("at", False)]
    assert order(lambda u: (u.count, descending(u.at))) == [("count", False), ("at", True)]
    assert order(lambda u: descending(u.count), "at", reverse=True) == [
        ("count", False),
        ("at", True),
    ]
    with pytest.raises(UsageTypeError, match="descending takes a column"):
        order(lambda _: descending(1))
    with pytest.raises(UsageTypeError, match="no column"):
        order("name")
    with pytest.raises(UsageTypeError, match="an order takes a column"):
        order(lambda u: u.count == 1)
