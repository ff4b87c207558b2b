"""Values, filters and patches by the same rules in naive code, and random ones to compare on.

It takes a value apart by its kind, one rule a line, and shares nothing with the lens.
"""

import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from unicodedata import normalize

from libredb.lens.values.json_value import MISSING

ABSENT, NULL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT = range(8)

NAMES = ("a", "b", "c")
SCALARS = (
    *(None, True, False),
    *(0, -0.0, 1, 1.0, 1.5, -1, 2**53, 2.0**53, 2**53 + 1, 1e308, 10**400),
    *("", "a", "b", "ab", "A b", "b_\uff41"),
)
RANGES: dict[str, Callable[[int], bool]] = {
    "$gt": lambda order: order > 0,
    "$gte": lambda order: order >= 0,
    "$lt": lambda order: order < 0,
    "$lte": lambda order: order <= 0,
}


class RefusedError(Exception):
    """The rules refuse it."""


# Values


def kind_of(value: Any) -> int:
    """Return where the kind of a value stands among all kinds."""
    kinds = (
        value is MISSING,
        value is None,
        value is False,
        value is True,
        isinstance(value, int | float),
        isinstance(value, str),
        isinstance(value, list),
        isinstance(value, dict),
    )
    return kinds.index(True)


def compared(value: Any, other: Any) -> int:
    """Return a number below, at or above 0: which of two values comes first."""
    kind = kind_of(value)
    if kind != kind_of(other):
        return kind - kind_of(other)
    if kind == OBJECT:
        return compared(_flat(value), _flat(other))
    if kind == ARRAY:
        results = [compared(*pair) for pair in zip(value, other, strict=False)]
        return next(filter(None, results), len(value) - len(other))
    return (value > other) - (value < other) if kind in {NUMBER, STRING} else 0


def _flat(fields: dict[str, Any]) -> list[Any]:
    """Return the pairs of an object, sorted by name, as one list."""
    return [part for name in sorted(fields) for part in (name, fields[name])]


def found(document: Any, path: str | tuple[str, ...]) -> Any:
    """Return what stands at a path."""
    for name in path.split(".") if isinstance(path, str) else path:
        document = document.get(name, MISSING) if kind_of(document) == OBJECT else MISSING
    return document


# Filters


def is_true(condition: dict[Any, Any], document: Any) -> bool:
    """Whether a filter is true of a document."""
    return all(_part_is_true(key, condition[key], document) for key in condition)


def _part_is_true(key: Any, operand: Any, document: Any) -> bool:
    if key == "$and":
        return all(is_true(part, document) for part in operand)
    if key == "$or":
        return any(is_true(part, document) for part in operand)
    if key == "$not":
        return not is_true(operand, document)
    return _holds(operand, found(document, key))


def _holds(operand: Any, value: Any) -> bool:
    """Whether what stands below a path in a filter is true of the value there."""
    if kind_of(operand) == OBJECT and any(name.startswith("$") for name in operand):
        return all(_says(name, operand[name], value) for name in operand)
    return compared(value, operand) == 0


def _says(name: str, operand: Any, value: Any) -> bool:
    """Whether one operator is true of a value."""
    if name in RANGES:
        kinds = {kind_of(value), kind_of(operand)}
        comparable = len(kinds) == 1 or kinds == {FALSE, TRUE}
        return comparable and RANGES[name](compared(value, operand))
    is_text = kind_of(value) == STRING
    rules: dict[str, Callable[[], bool]] = {
        "$eq": lambda: compared(value, operand) == 0,
        "$ne": lambda: compared(value, operand) != 0,
        "$in": lambda: any(compared(value, each) == 0 for each in operand),
        "$nin": lambda: all(compared(value, each) != 0 for each in operand),
        "$exists": lambda: operand == (value is not MISSING),
        "$prefix": lambda: is_text and value[: len(operand)] == operand,
        "$contains": lambda: _contains(value, operand),
        "$words": lambda: is_text and set(_words(operand)) <= set(_words(value)),
        "$not": lambda: not _holds(operand, value),
    }
    return rules[name]()


def _contains(value: Any, operand: Any) -> bool:
    if kind_of(value) == ARRAY:
        return any(compared(each, operand) == 0 for each in value)
    return kind_of(value) == kind_of(operand) == STRING and operand in value


def _words(text: str) -> list[str]:
    letters = [c if c.isalnum() else " " for c in normalize("NFKC", text).lower()]
    return "".join(letters).split()


# Patches


def patched(document: Any, patch: dict[Any, Any]) -> Any:
    """Return what a patch makes of a document.

    Raises:
        RefusedError: the rules refuse the patch, or its use on this document.
    """
    if not any(isinstance(name, str) and name.startswith("$") for name in patch):
        patch = {"$set": patch}
    result = deepcopy(document)
    seen: list[list[str]] = []
    for name, operands in patch.items():
        for path in operands:
            parts = path.split(".") if isinstance(path, str) else list(path)
            if any(parts[: len(each)] == each[: len(parts)] for each in seen):
                raise RefusedError
            seen.append(parts)
            _take(result, parts, name, None if name == "$unset" else deepcopy(operands[path]))
    return result


def _take(holder: Any, parts: list[str], name: str, operand: Any) -> None:
    """Do one step of a patch to a document."""
    old = found(holder, tuple(parts))
    if name == "$inc" and kind_of(operand) != NUMBER:
        raise RefusedError
    if old is MISSING and name in {"$unset", "$pull"}:
        return
    for part in parts[:-1]:
        holder = holder.setdefault(part, {})
        if kind_of(holder) != OBJECT:
            raise RefusedError
    if name == "$unset":
        del holder[parts[-1]]
    else:
        holder[parts[-1]] = _result(name, old, operand)


def _result(name: str, old: Any, operand: Any) -> Any:
    """Return what an operator makes of the value at its path."""
    if name == "$set":
        return operand
    if name == "$inc":
        return _sum(0 if old is MISSING else old, operand)
    old = [] if old is MISSING else old
    if kind_of(old) != ARRAY:
        raise RefusedError
    if name == "$push":
        return [*old, operand]
    return [each for each in old if compared(each, operand) != 0]


def _sum(number: Any, other: Any) -> Any:
    try:
        total = number + other if kind_of(number) == NUMBER else None
    except OverflowError:
        raise RefusedError from None
    if total is None or total in {float("inf"), float("-inf")}:
        raise RefusedError
    return total


# Random ones


def draw_value(source: random.Random, depth: int = 2) -> Any:
    """Draw a value that often equals another one."""
    kind = source.random()
    if depth == 0 or kind < 0.5:
        return source.choice(SCALARS)
    if kind < 0.75:
        return [draw_value(source, depth - 1) for _ in range(source.randrange(3))]
    return draw_document(source, depth - 1)


def draw_document(source: random.Random, depth: int = 2) -> dict[str, Any]:
    """Draw an object of up to three names."""
    names = source.sample(NAMES, source.randrange(4))
    return {name: draw_value(source, depth) for name in names}


def draw_path(source: random.Random) -> str | tuple[str, ...]:
    """Draw a path of one or two names."""
    names = [source.choice(NAMES) for _ in range(source.choice([1, 1, 2]))]
    return ".".join(names) if source.random() < 0.8 else tuple(names)


def draw_filter(source: random.Random, depth: int = 2) -> dict[Any, Any]:
    """Draw a filter of up to two conditions, and maybe of others that are joined."""
    count = source.choice([0, 1, 1, 2])
    drawn: dict[Any, Any] = {draw_path(source): _draw_operand(source) for _ in range(count)}
    if depth and source.random() < 0.4:
        name = source.choice(["$and", "$or", "$not"])
        parts = [draw_filter(source, depth - 1) for _ in range(source.randrange(3))]
        drawn[name] = draw_filter(source, depth - 1) if name == "$not" else parts
    return drawn


def _draw_operand(source: random.Random) -> Any:
    if source.random() < 0.3:
        return draw_value(source)
    operands: dict[str, Any] = {
        "$exists": source.random() < 0.5,
        "$prefix": source.choice(["", "a", "A"]),
        "$words": source.choice(["", "a", "b A", "ab"]),
        "$in": [draw_value(source) for _ in range(source.randrange(4))],
        "$nin": [draw_value(source) for _ in range(source.randrange(4))],
    }
    for name in ("$eq", "$ne", *RANGES, "$contains"):
        operands[name] = draw_value(source)
    names = source.sample(sorted(operands), source.choice([1, 1, 2]))
    drawn = {name: operands[name] for name in names}
    return {"$not": drawn} if source.random() < 0.2 else drawn


def draw_patch(source: random.Random) -> dict[Any, Any]:
    """Draw a patch, which may be one that is refused."""
    if source.random() < 0.3:
        return {draw_path(source): draw_value(source) for _ in range(source.randrange(3))}
    drawn: dict[Any, Any] = {}
    for name in source.sample(["$set", "$unset", "$inc", "$push", "$pull"], source.choice([1, 2])):
        paths = [draw_path(source) for _ in range(source.randrange(3))]
        drawn[name] = paths if name == "$unset" else {path: draw_value(source) for path in paths}
    return drawn
