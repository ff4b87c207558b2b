"""A filter says what its dict says by the rules, and nothing that was not said."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import InvalidValueError
from libredb.lens.values.expression import OPERATORS, And, Condition, Expression, Not, Or, compiled
from libredb.lens.values.filter import MAX_NESTING, from_filter
from tests.support.case import DEEP, case


class Field(StrEnum):
    AGE = "age"


def equals(name: str, value: Any) -> Condition:
    return Condition((name,), "$eq", value)


SAID: list[tuple[Mapping[Any, Any], Expression]] = [
    ({}, And(())),
    ({"a": 1}, equals("a", 1)),
    ({"a": None}, equals("a", None)),
    ({"a": {}}, equals("a", {})),
    ({"a": []}, equals("a", [])),
    ({"a": {"b": 1}}, equals("a", {"b": 1})),
    ({"a": {"$eq": {"$gt": 1}}}, equals("a", {"$gt": 1})),
    ({"a": {"b": {"$gt": 1}}}, equals("a", {"b": {"$gt": 1}})),
    ({"a": [{"$gt": 1}]}, equals("a", [{"$gt": 1}])),
    ({"a.b": 1}, Condition(("a", "b"), "$eq", 1)),
    ({("a.b", "$c"): 1}, Condition(("a.b", "$c"), "$eq", 1)),
    ({("$or",): [1]}, equals("$or", [1])),
    ({"a$": 1}, equals("a$", 1)),
    ({Field.AGE: 1}, equals("age", 1)),
    ({"a": 1, "b": 2}, And((equals("a", 1), equals("b", 2)))),
    ({"a": 1, ("a",): 2}, And((equals("a", 1), equals("a", 2)))),
    (
        {"a": {"$gte": 1, "$lt": 5}},
        And((Condition(("a",), "$gte", 1), Condition(("a",), "$lt", 5))),
    ),
    ({"$or": []}, Or(())),
    ({"$and": []}, And(())),
    ({"$not": {}}, Not(And(()))),
    ({"a": {"$in": []}}, Condition(("a",), "$in", [])),
    ({"$or": [{"a": 1}, {"b": 2, "c": 3}]}, Or((
        equals("a", 1), And((equals("b", 2), equals("c", 3))),
    ))),
    ({"$and": [{"a": 1}, {"a": 2}], "b": 3}, And((
        equals("a", 1), equals("a", 2), equals("b", 3),
    ))),
    ({"$not": {"a": 1, "b": 2}}, Not(And((equals("a", 1), equals("b", 2))))),
    ({"$not": {"$not": {"a": 1}}}, equals("a", 1)),
    ({"a": {"$not": {"$gt": 1, "$lt": 0}}}, Not(And((
        Condition(("a",), "$gt", 1), Condition(("a",), "$lt", 0),
    )))),
    ({"a": {"$not": 5}}, Not(equals("a", 5))),
    (OrderedDict({"a": 1}), equals("a", 1)),
    (MappingProxyType({"a": MappingProxyType({"$eq": 1})}), equals("a", 1)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "said"), SAID)
def test_a_filter_says_what_its_dict_says(given: Mapping[Any, Any], said: Expression) -> None:
    assert from_filter(given) == said


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_can_be_said(operator: str) -> None:
    operand = {"$in": ["a"], "$nin": ["a"], "$exists": True}.get(operator, "a")
    assert from_filter({"a": {operator: operand}}) == Condition(("a",), operator, operand)


def test_names_that_look_alike_are_different_names() -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    matches = compiled(from_filter({composed: composed}))
    assert matches({composed: composed})
    assert not matches({composed: decomposed})
    assert not matches({decomposed: composed})
    assert from_filter({"\uff04gt": 1}) == equals("\uff04gt", 1)


def test_a_filter_is_not_what_it_was_made_from() -> None:
    inner: dict[str, Any] = {"b": [1]}
    given: dict[str, Any] = {"a": inner, "c": {"$in": [inner]}, "$or": [{"d": inner}]}
    said = from_filter(given)
    matches = compiled(said)
    before = repr(said)
    inner["b"].append(2)
    given["c"]["$in"].clear()
    given["$or"].clear()
    assert repr(said) == before
    assert matches({"a": {"b": [1]}, "c": {"b": [1.0]}, "d": {"b": [1]}})


# What no filter can say

WRONG: list[tuple[Any, str]] = [
    ({"a": {"$gt": 1, "b": 2}}, "a: '$gt' is an operator and 'b' is none"),
    ({"a": {"b": 2, "$gt": 1}}, "a: '$gt' is an operator and 'b' is none"),
    ({"a": {"$gt": 1, 5: 2}}, "a: '$gt' is an operator and 5 is none"),
    ({"a.b": {"$gte ": 1}}, "a.b: unknown operator '$gte ', the nearest one here is '$gte'"),
    ({"a": {"$GT": 1}}, "a: unknown operator '$GT', the nearest one here is '$gt'"),
    ({"a": {"$regex": "x"}}, "a: unknown operator '$regex', the nearest one here is '$prefix'"),
    ({"a": {"$": 1}}, "a: unknown operator '$', the nearest one here is "),
    ({"a": {"$or": [1]}}, "a: unknown operator '$or', the nearest one here is "),
    ({"a": {"$" + "x" * 10**6: 1}}, "a: unknown operator"),
    ({"a": {"$eq": 1, "$equal": 2}}, "a: unknown operator '$equal'"),
    ({"$gt": 1}, "a filter, beside its paths: unknown operator '$gt', the nearest one"),
    ({"$nor": []}, "unknown operator '$nor', the nearest one here is '$or'; there are $and $not"),
    ({"a": {"$in": 5}}, "a: $in takes a list, not int"),
    ({"a": {"$nin": {"b": 1}}}, "a: $nin takes a list, not dict"),
    ({"a": {"$in": "abc"}}, "a: $in takes a list, not str"),
    ({"a": {"$in": None}}, "a: $in takes a list, not None"),
    ({"a": {"$exists": 1}}, "a: $exists takes a bool, not int"),
    ({"a": {"$exists": None}}, "a: $exists takes a bool, not None"),
    ({"a": {"$prefix": 3}}, "a: $prefix takes a str, not int"),
    ({"a": {"$words": ["x"]}}, "a: $words takes a str, not list"),
    ({"$or": {"a": 1}}, "$or takes a list of filters, not dict"),
    ({"$and": None}, "$and takes a list of filters, not None"),
    ({"$or": [{"a": 1}, 5]}, "a part of a filter is a dict, not int"),
    ({"$not": []}, "a part of a filter is a dict, not list"),
    ({"a..b": 1}, "the path 'a..b' has an empty name"),
    ({"": 1}, "the path '' has an empty name"),
    ({"a.$b": 1}, "the path 'a.$b' has a '$'"),
]


@pytest.mark.parametrize(("given", "message"), WRONG)
def test_what_no_filter_can_say_is_refused_with_its_place(given: Any, message: str) -> None:
    with pytest.raises(UsageValueError) as caught:
        from_filter(given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "given", [None, 5, "a", [("a", 1)], {"a"}, {5: 1}, {None: 1}, {("a", 1): 1}]
)
def test_what_is_no_filter_at_all_is_refused(given: Any) -> None:
    with pytest.raises(UsageTypeError):
        from_filter(given)


NOT_IN_DOCUMENTS: list[tuple[Any, str]] = [
    ({"a.b": math.nan}, "a.b"),
    ({"a": {"$gt": math.inf}}, "a"),
    ({"a": {"$in": [1, (2,)]}}, "a[1]"),
    ({"a": {"b": {"c": b""}}}, "a.b.c"),
    ({"a": OrderedDict(b=1)}, "a"),
    ({"a": {1: 2}}, "a"),
    ({"a": {"$prefix": "\ud800"}}, "a"),
    ({("a.b",): {"$contains": {1}}}, '"a.b"'),
]


@pytest.mark.parametrize(("given", "field"), NOT_IN_DOCUMENTS)
def test_an_operand_that_no_document_can_hold_is_refused_with_its_place(
    given: Any, field: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        from_filter(given)
    assert caught.value.field == field


@pytest.mark.parametrize("around", ["$and", "$or", "$not", "below"])
def test_operators_nest_as_deep_as_they_may_and_no_deeper(around: str) -> None:
    def wrapped(given: dict[str, Any], count: int) -> dict[str, Any]:
        for _ in range(count):
            given = {around: given if around == "$not" else [given]}
        return given

    def nested(count: int) -> dict[str, Any]:
        if around != "below":
            return wrapped({"a": 1}, count)
        operand: Any = 1
        for _ in range(count):
            operand = {"$not": operand}
        return {"a": operand}

    is_true = around in {"$and", "$or"} or MAX_NESTING % 2 == 0
    assert compiled(from_filter(nested(MAX_NESTING)))({"a": 1}) is is_true
    for count in (MAX_NESTING + 1, DEEP):
        with case(count=count), pytest.raises(UsageValueError, match="nests at most"):
            from_filter(nested(count))


def test_a_filter_that_holds_itself_is_refused() -> None:
    given: dict[str, Any] = {}
    given["$or"] = [given, given]
    with pytest.raises(UsageValueError, match="nests at most"):
        from_filter(given)


def test_a_wide_filter_and_a_long_list_are_no_trouble() -> None:
    wide = {f"name {number}": number for number in range(2000)}
    matches = compiled(from_filter(wide))
    assert matches(dict(wide))
    assert not matches({**wide, "name 1999": 0})
    assert compiled(from_filter({"a": {"$in": list(range(100_000))}}))({"a": 99_999})
    assert compiled(from_filter({"$or": [{"a": number} for number in range(2000)]}))({"a": 1999})
