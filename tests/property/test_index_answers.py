"""Claim: what the ranges of an index answer needs no test, for all pairs of a value and an operand.

A search leaves out the conditions that its index answers, so that these have to mean exactly what
filters mean. Here every value is compared with every operand, by the naive rules, and found by an
index of one field, by the last one of two, and by the first one of two.
"""

from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb.lens.documents import Documents
from libredb.lens.values.json_value import MISSING
from tests.property.naive_values import RANGES, SCALARS, is_true

VALUES: list[Any] = [
    *SCALARS,
    *("\0", "a\0", "a\0b", "a\1", "a\1\1", "\U0001f511", "\uffff"),
    *(0.5, -1.5, 2**53 - 1, -(2**53) - 1, -1e308, -(10**400), 5e-324),
    *([], [None], [0], [False], ["a"], ["a", []], [[]], [1.0, True]),
    *({}, {"a": 1}, {"a": True}, {"a": 1, "b": None}, {"b": None, "a": 1.0}, {"\0": []}),
]
OPERATORS = ("$eq", *RANGES)
Asks = Callable[[dict[str, Any]], dict[str, Any]]
SHAPES: list[tuple[str, list[str], Asks, Any]] = [
    ("one field", ["v"], lambda condition: {"v": condition}, "v"),
    ("the last of two", ["k", "v"], lambda condition: {"k": "x", "v": condition}, "-v"),
    ("the first of two", ["v", "k"], lambda condition: {"v": condition}, ["v", "k"]),
]


def filled(index: list[str]) -> tuple[Documents[str], list[dict[str, Any]]]:
    """Return documents with every value, and one without; half of them are about something else."""
    made = libredb.documents(libredb.open(), "made")
    made.create_index(*index)
    rows: list[dict[str, Any]] = [
        {"id": f"{number:03}{kind}", "k": kind, **({} if value is MISSING else {"v": value})}
        for number, value in enumerate([*VALUES, MISSING])
        for kind in "xy"
    ]
    made.insert_many(rows)
    return made, rows


@pytest.mark.parametrize(("name", "index", "ask", "order"), SHAPES, ids=[s[0] for s in SHAPES])
@pytest.mark.parametrize("operator", OPERATORS)
def test_what_an_index_answers_is_what_filters_say(
    name: str, index: list[str], ask: Asks, order: Any, operator: str
) -> None:
    made, rows = filled(index)
    for operand in VALUES:
        condition = ask({operator: operand})
        expected = {row["id"] for row in rows if is_true(condition, row)}
        result = made.find(condition, order_by=order)
        assert {row["id"] for row in result} == expected, f"{name}: {condition!r}"
        assert result.count() == len(expected), f"{name}: {condition!r}"
        assert result.explain().index == ",".join(index)


@pytest.mark.parametrize("low", ["$gt", "$gte"])
@pytest.mark.parametrize("high", ["$lt", "$lte"])
def test_two_bounds_are_answered_together(low: str, high: str) -> None:
    made, rows = filled(["v"])
    for first in VALUES[::4]:
        for second in VALUES[::3]:
            condition = {"v": {low: first, high: second}}
            expected = {row["id"] for row in rows if is_true(condition, row)}
            assert {row["id"] for row in made.find(condition)} == expected, repr(condition)
