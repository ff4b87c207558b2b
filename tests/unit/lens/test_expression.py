"""An expression is true or false of every document, and the same for whoever made it."""

import pickle
from datetime import date
from itertools import combinations, product
from typing import Any

import pytest

from libredb.lens.values.expression import (
    OPERATORS,
    And,
    Condition,
    Expression,
    Not,
    Or,
    all_of,
    any_of,
    compiled,
    conjuncts,
    fingerprint,
    negation_of,
    words_of,
)
from libredb.lens.values.json_value import MISSING
from tests.support.case import case

VALUES: dict[str, Any] = {
    "missing": MISSING,
    "null": None,
    "false": False,
    "true": True,
    "-1": -1,
    "0": 0,
    "-0.0": -0.0,
    "1": 1,
    "1.0": 1.0,
    "1.5": 1.5,
    "big": 2**53 + 1,
    "''": "",
    "'A'": "A",
    "'a'": "a",
    "'a_b'": "a b",
    "'1'": "1",
    "[]": [],
    "[null]": [None],
    "[true]": [True],
    "[1]": [1],
    "[1.0,'a']": [1.0, "a"],
    "['a_b']": ["a b"],
    "[[1]]": [[1]],
    "[{a:1}]": [{"a": 1}],
    "{}": {},
    "{a:1}": {"a": 1},
    "{a:true}": {"a": True},
    "{b:0,a:1.0}": {"b": 0, "a": 1.0},
}

NUMBERS = "-1 0 -0.0 1 1.0 1.5 big"
STRINGS = "'' 'A' 'a' 'a_b' '1'"
ARRAYS = "[] [null] [true] [1] [1.0,'a'] ['a_b'] [[1]] [{a:1}]"
OBJECTS = "{} {a:1} {a:true} {b:0,a:1.0}"

TABLE: list[tuple[str, Any, str]] = [
    # operator, operand, the values it is true of
    ("$eq", None, "null"),
    ("$eq", False, "false"),
    ("$eq", True, "true"),
    ("$eq", 0, "0 -0.0"),
    ("$eq", -0.0, "0 -0.0"),
    ("$eq", 1, "1 1.0"),
    ("$eq", 1.0, "1 1.0"),
    ("$eq", 2**53 + 1, "big"),
    ("$eq", float(2**53), ""),
    ("$eq", "", "''"),
    ("$eq", "a", "'a'"),
    ("$eq", [], "[]"),
    ("$eq", [1.0], "[1]"),
    ("$eq", [True], "[true]"),
    ("$eq", {}, "{}"),
    ("$eq", {"a": 1.0}, "{a:1}"),
    ("$eq", {"a": 1, "b": -0.0}, "{b:0,a:1.0}"),
    ("$gt", None, ""),
    ("$gte", None, "null"),
    ("$lt", None, ""),
    ("$lte", None, "null"),
    ("$gt", False, "true"),
    ("$gte", False, "false true"),
    ("$lt", True, "false"),
    ("$lte", True, "false true"),
    ("$gt", 1, "1.5 big"),
    ("$gte", 1.0, "1 1.0 1.5 big"),
    ("$lt", 1, "-1 0 -0.0"),
    ("$lte", 0.0, "-1 0 -0.0"),
    ("$gt", float(2**53), "big"),
    ("$lt", 2**2000, NUMBERS),
    ("$gt", "", "'A' 'a' 'a_b' '1'"),
    ("$gte", "a", "'a' 'a_b'"),
    ("$lt", "a", "'' 'A' '1'"),
    ("$lte", "~", STRINGS),
    ("$gt", [], "[null] [true] [1] [1.0,'a'] ['a_b'] [[1]] [{a:1}]"),
    ("$gte", [1], "[1] [1.0,'a'] ['a_b'] [[1]] [{a:1}]"),
    ("$lt", [1], "[] [null] [true]"),
    ("$lte", [{}], "[] [null] [true] [1] [1.0,'a'] ['a_b'] [[1]]"),
    ("$gt", {"a": 1}, "{b:0,a:1.0}"),
    ("$gte", {}, OBJECTS),
    ("$lt", {"a": 1.0}, "{} {a:true}"),
    ("$lte", {"a": 1.0}, "{} {a:1} {a:true}"),
    ("$in", [], ""),
    ("$in", [None], "null"),
    ("$in", [True, "1"], "true '1'"),
    ("$in", [1, 0.0], "0 -0.0 1 1.0"),
    ("$in", [[1], {"a": True}, "a", 7], "[1] {a:true} 'a'"),
    ("$exists", True, f"null false true {NUMBERS} {STRINGS} {ARRAYS} {OBJECTS}"),
    ("$exists", False, "missing"),
    ("$prefix", "", STRINGS),
    ("$prefix", "a", "'a' 'a_b'"),
    ("$prefix", "ab", ""),
    ("$contains", None, "[null]"),
    ("$contains", True, "[true]"),
    ("$contains", 1, "[1] [1.0,'a']"),
    ("$contains", "a", "'a' 'a_b' [1.0,'a']"),
    ("$contains", "", STRINGS),
    ("$contains", [1.0], "[[1]]"),
    ("$contains", {"a": 1}, "[{a:1}]"),
    ("$words", "A", "'A' 'a' 'a_b'"),
    ("$words", "b-a", "'a_b'"),
    ("$words", "1", "'1'"),
    ("$words", "", STRINGS),
]


def found(expression: Expression, path: tuple[str, ...] = ("x",)) -> set[str]:
    """Return the names of the values that the expression is true of, where they stand at `path`."""
    matches = compiled(expression)
    return {name for name, value in VALUES.items() if matches(document_with(value, path))}


def document_with(value: Any, path: tuple[str, ...]) -> dict[str, Any]:
    if value is MISSING:
        return {"other": 1}
    for name in reversed(path):
        value = {name: value, "other": 1}
    return value


@pytest.mark.parametrize(("operator", "operand", "names"), TABLE)
def test_every_operator_is_true_of_the_values_of_its_row(
    operator: str, operand: Any, names: str
) -> None:
    for path in (("x",), ("x", "y.z", "$w")):
        assert found(Condition(path, operator, operand), path) == set(names.split())


@pytest.mark.parametrize(("operator", "operand", "names"), TABLE)
def test_a_negation_is_true_of_all_other_values(operator: str, operand: Any, names: str) -> None:
    others = set(VALUES) - set(names.split())
    condition = Condition(("x",), operator, operand)
    assert found(Not(condition)) == others
    assert found(Not(Not(condition))) == set(VALUES) - others
    opposite = {"$eq": "$ne", "$in": "$nin"}.get(operator)
    if opposite:
        assert found(Condition(("x",), opposite, operand)) == others


def test_the_table_has_every_operator() -> None:
    assert {row[0] for row in TABLE} | {"$ne", "$nin"} == set(OPERATORS)


@pytest.mark.parametrize("operator", ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$contains"])
def test_no_pair_of_an_operand_and_a_value_is_an_error(operator: str) -> None:
    for name, operand in VALUES.items():
        if operand is not MISSING:
            with case(operand=name):
                assert found(Condition(("x",), operator, operand)) <= set(VALUES)


def test_what_is_joined_is_true_as_logic_has_it() -> None:
    true, false = And(()), Or(())
    for values in product([true, false], repeat=3):
        facts = [value is true for value in values]
        assert compiled(And(values))({}) is all(facts)
        assert compiled(Or(values))({}) is any(facts)
        assert compiled(Not(And(values)))({}) is not all(facts)
    assert compiled(And((true,)))({}) is True
    assert compiled(Or((false,)))({}) is False


def test_a_path_through_something_else_than_objects_leads_to_what_is_missing() -> None:
    exists = compiled(Condition(("a", "b"), "$exists", True))
    for value in (None, 1, "b", ["b"], [{"b": 1}]):
        with case(value=value):
            assert not exists({"a": value})
    assert exists({"a": {"b": None}})


def test_values_of_other_types_are_compared_with_exactly_their_type() -> None:
    day, later = date(2026, 1, 1), date(2026, 1, 2)
    for operator, operand, facts in (
        ("$eq", day, (True, False, False)),
        ("$gt", day, (False, True, False)),
        ("$lte", later, (True, True, False)),
        ("$in", [day, 5], (True, False, False)),
    ):
        matches = compiled(Condition(("x",), operator, operand))
        with case(operator=operator):
            assert tuple(matches({"x": value}) for value in (day, later, "2026-01-01")) == facts
    assert fingerprint(Condition(("x",), "$eq", day)) != fingerprint(
        Condition(("x",), "$eq", later)
    )


def test_a_long_list_of_values_is_looked_up() -> None:
    matches = compiled(Condition(("x",), "$in", [*range(100_000), "a", True]))
    assert [
        value for value in (-1, 0, 99_999.0, 0.5, "a", "b", True, False) if matches({"x": value})
    ] == [
        0,
        99_999.0,
        "a",
        True,
    ]


# Making expressions

A = Condition(("a",), "$eq", 1)
B = Condition(("b", "c.d"), "$gt", 2)
C = Condition(("c",), "$in", ["x"])


def test_what_is_joined_twice_is_joined_once() -> None:
    assert all_of([A, And((B, C))]) == And((A, B, C))
    assert any_of([Or((A, B)), C]) == Or((A, B, C))
    assert all_of([Or((A, B)), C]) == And((Or((A, B)), C))
    assert negation_of(negation_of(A)) is A
    assert all_of([A]) is A
    assert any_of([B]) is B
    assert (all_of([]), any_of([])) == (And(()), Or(()))


def test_a_thousand_conditions_can_be_joined_one_by_one() -> None:
    some: Expression = Or(())
    for number in range(1000):
        some = any_of([some, Condition(("a",), "$eq", number)])
    assert compiled(some)({"a": 999})
    assert not compiled(some)({"a": 1000})


def test_the_conjuncts_are_the_conditions_that_all_have_to_be_true() -> None:
    assert conjuncts(A) == [A]
    assert conjuncts(And((A, Or((B, C)), Not(B), And((C,))))) == [A, C]
    assert conjuncts(Or((A, B))) == conjuncts(Not(A)) == conjuncts(And(())) == []


def test_a_fingerprint_does_not_depend_on_order_or_on_how_a_number_is_written() -> None:
    def equals(operand: Any) -> Condition:
        return Condition(("a",), "$eq", operand)

    same: list[tuple[Expression, Expression]] = [
        (And((A, B)), And((B, A))),
        (Or((A, B, C)), Or((C, B, A))),
        (And((A, A)), A),
        (equals({"b": 1, "c": [2]}), equals({"c": [2.0], "b": 1.0})),
        (equals(0), equals(-0.0)),
        (equals(10**22), equals(1e22)),
    ]
    for one, other in same:
        with case(one=one):
            assert fingerprint(one) == fingerprint(other)
            assert one == other
            assert hash(one) == hash(other)


def test_different_expressions_have_different_fingerprints() -> None:
    twice = {"missing", "-0.0", "1.0"}
    operands = [value for name, value in VALUES.items() if name not in twice]
    paths = [("a",), ("a", "b"), ("a.b",), ('a","b',)]
    expressions: list[Expression] = [
        Condition(path, operator, operand)
        for path in paths
        for operator in ("$eq", "$ne", "$in")
        for operand in operands
    ]
    expressions += [And((A, B)), Or((A, B)), Not(A), And(()), Or(()), Not(And((A, B)))]
    expressions += [And((Or((A, B)), C)), Or((And((A, B)), C)), And((A, B, C)), Or((A, B, C))]
    assert len({fingerprint(each) for each in expressions}) == len(expressions)
    assert len(set(expressions)) == len(expressions)
    assert all(one != other for one, other in combinations(expressions[:40], 2))
    assert A != "a $eq 1"


def test_an_expression_shows_what_it_says() -> None:
    assert repr(And((A, Or((B, Not(C)))))) == ("(a $eq 1 and (b.\"c.d\" $gt 2 or not c $in ['x']))")
    assert (repr(And(())), repr(Or(()))) == ("all", "none")


def test_an_expression_does_not_change_and_can_be_sent_elsewhere() -> None:
    everything = And((A, Or((B, Not(C)))))
    assert pickle.loads(pickle.dumps(everything)) == everything
    with pytest.raises(AttributeError):
        A.operand = 2  # pyright: ignore[reportAttributeAccessIssue] - that is the point


# Words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        (" ...!", ""),
        ("The disk, the DISK; a disk's end.", "the disk a s end"),
        ("snake_case and-dash", "snake case and dash"),
        ("v1.2", "v1 2"),
        ("Gr\u00fc\u00dfe GR\u00dcSSE", "gr\u00fc\u00dfe gr\u00fcsse"),
        ("u\u0308ber", "\u00fcber"),
        ("\ufb01le \uff21\uff22\u2460 x\u00b2", "file ab1 x2"),
        (
            "\u4e2d\u6587 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
            "\u4e2d\u6587 \u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2",
        ),
    ],
)
def test_words_are_lower_case_compatible_and_without_punctuation(text: str, words: str) -> None:
    assert words_of(text) == set(words.split())


def test_a_word_is_found_by_itself() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x20000)):
        for word in words_of(f"a{chr(code)}b"):
            assert words_of(word) == {word}, hex(code)
