"""A condition as data: which documents are meant, whoever says so.

    Condition        a path, an operator, and the operand that the value there is held against
    And, Or, Not     what joins expressions; And of none is true, Or of none is false

An expression is true or false of every document. `$ne`, `$nin` and Not are exact negations: they
are true of what is missing or null. `$gt $gte $lt $lte` are false of a value that is not of the
operand's kind (see json_value). No value of a document is an error.

Operands are compared as they are: who makes a condition has checked and copied its operand. Those
of types that JSON does not have are compared with values of exactly their type. Absent on purpose:
a third truth value; patterns, which no index serves; two paths in one condition.
"""

import json
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast
from unicodedata import normalize

from libredb.lens.values.json_value import (
    MISSING,
    Json,
    Missing,
    Path,
    dotted,
    equal,
    sort_key,
    type_of,
    value_at,
)

Test: TypeAlias = Callable[[Json], bool]
"""Whether something is true of a value, or of a document."""

_WORD = re.compile(r"[^\W_]+")
_NUMBERS = frozenset({int, float})
_TEXTS_OR_LISTS = frozenset({str, list})
_KEYED = frozenset({type(None), list, dict})
"""Types whose values Python does not order as json_value does."""
_NOT_HASHED = frozenset({Missing, type(None), bool, list, dict})
"""Types whose values a set cannot hold, or takes for a number."""


class Node:
    """What the four below share: two are equal if and only if their fingerprints are."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and self._print() == other._print()

    def __hash__(self) -> int:
        return hash(self._print())

    def _print(self) -> bytes:
        return fingerprint(cast("Expression", self))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Condition(Node):
    """What the value at a path has to be. Nobody changes the operand."""

    path: Path
    operator: str
    operand: Json

    def __repr__(self) -> str:
        return f"{dotted(self.path)} {self.operator} {self.operand!r}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class And(Node):
    """True if all parts are."""

    parts: tuple["Expression", ...]

    def __repr__(self) -> str:
        return f"({' and '.join(map(repr, self.parts))})" if self.parts else "all"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Or(Node):
    """True if at least one part is."""

    parts: tuple["Expression", ...]

    def __repr__(self) -> str:
        return f"({' or '.join(map(repr, self.parts))})" if self.parts else "none"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Not(Node):
    """True if the part is false."""

    part: "Expression"

    def __repr__(self) -> str:
        return f"not {self.part!r}"


Expression: TypeAlias = Condition | And | Or | Not

EVERYTHING: Expression = And(())
"""What is true of every document."""


def all_of(parts: Iterable[Expression]) -> Expression:
    """Return what is true if all parts are; no And is directly in it."""
    flat = [each for part in parts for each in (part.parts if type(part) is And else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(parts: Iterable[Expression]) -> Expression:
    """Return what is true if at least one part is; no Or is directly in it."""
    flat = [each for part in parts for each in (part.parts if type(part) is Or else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def negation_of(part: Expression) -> Expression:
    """Return what is true if the part is false."""
    return part.part if type(part) is Not else Not(part)


def compiled(expression: Expression) -> Test:
    """Return a function that says of a document, which is a dict, whether the expression is true.

    It costs a call or two for each condition, so it is made once and used for many documents.
    """
    if isinstance(expression, Condition):  # a `match` would cost a multiple
        return _at(expression.path, _TESTS[expression.operator](expression.operand))
    if isinstance(expression, Not):
        return _negated(compiled(expression.part))
    tests = [compiled(part) for part in expression.parts]
    return _all_true(tests) if isinstance(expression, And) else _one_true(tests)


def conjuncts(expression: Expression) -> list[Condition]:
    """Return the conditions that all have to be true; there may be more to it than those."""
    if type(expression) is Condition:
        return [expression]
    parts = expression.parts if type(expression) is And else ()
    return [condition for part in parts for condition in conjuncts(part)]


def fingerprint(expression: Expression) -> bytes:
    """Return bytes that do not depend on the order of what is joined, nor on 1 being 1.0."""
    match expression:
        case Condition(path, name, operand):
            parts = [path, name, _canonical(operand)]
            return json.dumps(parts, sort_keys=True, default=repr).encode()
        case Not(part):
            return b"not[%s]" % fingerprint(part)
        case And(parts):
            return _joined(b"and", parts)
        case _:
            return _joined(b"or", expression.parts)


def words_of(text: str) -> set[str]:
    """Return the words of a text as `$words` compares them: NFKC, lower case, no punctuation."""
    return set(_WORD.findall(normalize("NFKC", text).lower()))


def _at(path: Path, test: Test) -> Test:
    """Return the test of a document that is `test` of the value at `path`."""
    if len(path) != 1:
        return lambda document: test(value_at(document, path))
    name = path[0]
    return lambda document: test(document.get(name, MISSING))


def _all_true(tests: Sequence[Test]) -> Test:
    def test(document: Json) -> bool:
        for each in tests:  # noqa: SIM110 - a generator would cost more than most tests do
            if not each(document):
                return False
        return True

    return test


def _one_true(tests: Sequence[Test]) -> Test:
    def test(document: Json) -> bool:
        for each in tests:  # noqa: SIM110 - as above
            if each(document):
                return True
        return False

    return test


def _negated(test: Test) -> Test:
    return lambda value: not test(value)


def _equals(operand: Json) -> Test:
    kind = type_of(operand)  # what is compared here one by one only saves time
    if operand is None or kind is bool:
        return lambda value: value is operand
    if kind in _NUMBERS:
        return lambda value: value == operand and type(value) is not bool
    if kind is str:
        return lambda value: value == operand
    return lambda value: equal(value, operand)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Json], Test]:
    """Return what makes a test from an operand: false of other kinds, else what `compare` says."""

    def test_for(operand: Json) -> Test:
        kind = type_of(operand)
        kinds = _NUMBERS if kind in _NUMBERS else frozenset({kind})
        if kind not in _KEYED:
            return lambda value: type_of(value) in kinds and compare(value, operand)
        key = sort_key(operand)
        return lambda value: type_of(value) in kinds and compare(sort_key(value), key)

    return test_for


def _one_of(operand: Json) -> Test:
    hashed = {each for each in operand if type_of(each) not in _NOT_HASHED}
    others = [each for each in operand if type_of(each) in _NOT_HASHED]

    def test(value: Json) -> bool:
        if type_of(value) in _NOT_HASHED:
            return any(equal(value, each) for each in others)
        return value in hashed

    return test


def _exists(operand: Json) -> Test:
    return lambda value: (value is not MISSING) is operand


def _prefix(operand: Json) -> Test:
    return lambda value: type(value) is str and value.startswith(operand)


def _contains(operand: Json) -> Test:
    if type(operand) is str:
        return lambda value: type_of(value) in _TEXTS_OR_LISTS and operand in value
    return lambda value: type_of(value) is list and any(equal(each, operand) for each in value)


def _words(operand: Json) -> Test:
    words = words_of(operand)
    return lambda value: type(value) is str and words <= words_of(value)


_TESTS: dict[str, Callable[[Json], Test]] = {
    "$eq": _equals,
    "$ne": lambda operand: _negated(_equals(operand)),
    "$gt": _ordered(operator.gt),
    "$gte": _ordered(operator.ge),
    "$lt": _ordered(operator.lt),
    "$lte": _ordered(operator.le),
    "$in": _one_of,
    "$nin": lambda operand: _negated(_one_of(operand)),
    "$exists": _exists,
    "$prefix": _prefix,
    "$contains": _contains,
    "$words": _words,
}
OPERATORS = tuple(_TESTS)
"""What a condition may say of a value."""


def _joined(name: bytes, parts: tuple[Expression, ...]) -> bytes:
    """Return the fingerprint of what is joined: each part once, in an order of their own."""
    prints = sorted(set(map(fingerprint, parts)))
    return prints[0] if len(prints) == 1 else b"%s[%s]" % (name, b",".join(prints))


def _canonical(operand: Json) -> Json:
    """Return an operand such that all that are equal look the same as JSON with sorted names."""
    kind = type_of(operand)
    if kind is float and operand.is_integer():
        return int(operand)
    if kind is list:
        return [_canonical(element) for element in operand]
    if kind is dict:
        return {name: _canonical(operand[name]) for name in operand}
    return operand
