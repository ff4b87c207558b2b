"""A filter: what a document has to be like, as a dict.

    {}                                            every document
    {"level": "warn", "user.age": {"$gte": 18}}   all that stands side by side is ANDed
    {"$or": [{"a": 1}, {("$b",): 2}], "$not": {"c": 3}}

A key is a path, or one of `$and $or $not`. Below a path stands a value to be equal to, or a dict of
nothing but operators, which begin with `$`. An object further down is a value, whatever its names:
`{"a": {"b": {"$gt": 1}}}` looks for that very object, and `{"a.b": {"$gt": 1}}` for a number.
An unknown operator is an error, never a name. Absent on purpose: an operator that runs code.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.values.expression import (
    OPERATORS,
    Condition,
    Expression,
    all_of,
    any_of,
    negation_of,
)
from libredb.lens.values.json_value import (
    Json,
    Path,
    copy_of,
    described,
    dotted,
    parse_path,
)

MAX_NESTING = 32
"""How deep `$and`, `$or` and `$not` may be in one another."""

_JOINING = {"$and": all_of, "$or": any_of}
_PLAIN = frozenset({str, int, float, bool, type(None)})
"""What most values are, and no dict."""

_KINDS: dict[str, type[Any]] = {
    "$in": list,
    "$nin": list,
    "$exists": bool,
    "$prefix": str,
    "$words": str,
}
"""Which type an operand has to have; every other operator takes any."""


def from_filter(given: Mapping[Any, Any]) -> Expression:
    """Return what a filter says; later changes to the filter do not matter.

    Raises:
        UsageTypeError: it is no dict, or there is a path that is none.
        UsageValueError: it says something that no filter can.
        InvalidValueError: an operand is no value that a document can hold.
    """
    if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
        raise UsageTypeError(f"a filter is a dict of paths and values, not {described(given)}")
    return _parsed(given, 0)


def unknown_operator(place: str, name: str, known: Iterable[str]) -> UsageValueError:
    """Return the error that names the operators there are instead."""
    from difflib import get_close_matches  # noqa: PLC0415 - only who errs needs it

    name, there_are = name[:40], sorted(known)
    (nearest,) = get_close_matches(name.lower(), there_are, 1, 0)
    return UsageValueError(
        f"{place}: unknown operator {name!r}, the nearest one here is {nearest!r};"
        f" there are {' '.join(there_are)}"
    )


def is_operator(name: object) -> bool:
    """Whether a key of a dict stands for an operator, known or not."""
    return isinstance(name, str) and name.startswith("$")


def _parsed(given: Json, depth: int) -> Expression:
    _check_depth(depth)
    if type(given) is not dict and not isinstance(given, Mapping):
        raise UsageValueError(f"a part of a filter is a dict, not {described(given)}")
    return all_of(
        _joining(key, operand, depth)
        if is_operator(key)
        else _below(parse_path(key), operand, depth)
        for key, operand in cast(Mapping[Any, Any], given).items()
    )


def _joining(name: str, operand: Json, depth: int) -> Expression:
    """Return what a filter says by an operator that stands beside paths."""
    if name == "$not":
        return negation_of(_parsed(operand, depth + 1))
    if name not in _JOINING:
        raise unknown_operator("a filter, beside its paths", name, ["$not", *_JOINING])
    if type(operand) is not list:
        raise UsageValueError(f"{name} takes a list of filters, not {described(operand)}")
    return _JOINING[name](_parsed(part, depth + 1) for part in cast(list[Any], operand))


def _below(path: Path, operand: Json, depth: int) -> Expression:
    """Return what a filter says of the value at a path."""
    _check_depth(depth)
    if type(operand) in _PLAIN or not isinstance(operand, Mapping):
        return Condition(path, "$eq", copy_of(operand, at=path))
    names = list(cast(Mapping[Any, Any], operand))
    operators = list(filter(is_operator, names))
    if not operators:
        return Condition(path, "$eq", copy_of(operand, at=path))
    if len(operators) < len(names):
        other = next(name for name in names if not is_operator(name))
        raise UsageValueError(
            f"{dotted(path)}: {operators[0]!r} is an operator and {other!r} is none;"
            " {'$eq': ...} compares with any dict"
        )
    return all_of(_condition(path, name, operand[name], depth) for name in operators)


def _condition(path: Path, name: str, operand: Json, depth: int) -> Expression:
    if name == "$not":
        return negation_of(_below(path, operand, depth + 1))
    if name not in OPERATORS:
        raise unknown_operator(dotted(path), name, ["$not", *OPERATORS])
    operand = copy_of(operand, at=path)
    kind = _KINDS.get(name)
    if kind is not None and type(operand) is not kind:
        raise UsageValueError(
            f"{dotted(path)}: {name} takes a {kind.__name__}, not {described(operand)}"
        )
    return Condition(path, name, operand)


def _check_depth(depth: int) -> None:
    if depth > MAX_NESTING:
        raise UsageValueError(f"a filter nests at most {MAX_NESTING} levels of operators")
