"""What an update does to a document, as data.

    {"a.b": 1}              set the value at a path; the same as {"$set": {"a.b": 1}}
    {"$unset": ["a", "b"]}  take out what is at a path; nothing there is fine
    {"$inc": {"n": 1}}      add to a number; a missing one is 0
    {"$push": {"l": 1}}     append to a list; a missing one is empty
    {"$pull": {"l": 1}}     take every equal element out of a list; a missing one is fine

No path begins with another of the same patch, so that the order of its steps does not matter. What
sets something makes the objects that are missing on the way. A patch is applied as a whole or not
at all, and never changes the document that it is applied to. Absent on purpose: indexes into lists.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Any, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.values.filter import is_operator, unknown_operator
from libredb.lens.values.json_value import (
    MISSING,
    Json,
    Path,
    copy_of,
    described,
    dotted,
    equal,
    parse_path,
    type_of,
    value_at,
    wrong_value,
)

ID = "id"
"""The name of what a document is found by, which no patch changes."""

_NUMBERS = frozenset({int, float})


@dataclass(frozen=True, slots=True)
class Step:
    """One operator at one path. Nobody changes the operand."""

    path: Path
    operator: str
    operand: Json


@dataclass(frozen=True, slots=True)
class Patch:
    """The steps of an update. Invariant: no path of a step begins with that of another."""

    steps: tuple[Step, ...]

    @staticmethod
    def parse(given: Mapping[Any, Any]) -> "Patch":
        """Return the patch that a dict describes; later changes to the dict do not matter.

        Raises:
            UsageTypeError: it is no dict, or a path is neither a str nor a tuple of str.
            UsageValueError: an unknown operator, an operator beside a path, two paths of which one
                begins with the other, or a step that cannot leave "id" as it is.
            InvalidValueError: an operand cannot be stored, or what is to be added is no number.
        """
        if not isinstance(given, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - callers err
            raise UsageTypeError(f"a patch is a dict of paths and values, not {described(given)}")
        operators = list(filter(is_operator, given))
        if operators and len(operators) < len(given):
            other = next(name for name in given if not is_operator(name))
            raise UsageValueError(
                f"a patch has operators or paths, not both: {operators[0]!r} beside {other!r}"
            )
        by_operator = given if operators else {"$set": given}
        steps = [step for name in by_operator for step in _steps(name, by_operator[name])]
        _check_paths(steps)
        return Patch(tuple(steps))

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return what the document, with its "id", becomes.

        The result is there to be encoded: it shares what did not change with `document`, and what
        was set with this patch. Whether it nests too deep is found out then.

        Raises:
            UsageValueError: it would change the "id".
            InvalidValueError: on the way to a value is something else than objects, or it has a
                type that the operator is not for, or a sum is too large.
        """
        result = dict(document)
        for step in self.steps:
            old = value_at(result, step.path)
            new = _CHANGES[step.operator](step, old)
            if step.path == (ID,) and not equal(old, new):
                raise UsageValueError("the id of a document never changes; insert another document")
            if new is not old:
                _place(result, step.path, new)
        return result


def _place(document: dict[str, Any], path: Path, value: Json) -> None:
    """Put a value at a path, or take out what is there; objects on the way are made or copied."""
    holder = document
    for count, name in enumerate(path[:-1], start=1):
        child = holder.get(name, {})
        if type_of(child) is not dict:
            raise wrong_value(path[:count], "an object", child)
        holder[name] = copy = dict(child)
        holder = copy
    if value is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value


def _unset(_step: Step, _old: Json) -> Json:
    return MISSING


def _set(step: Step, _old: Json) -> Json:
    return step.operand


def _inc(step: Step, old: Json) -> Json:
    number = 0 if old is MISSING else old
    if type_of(number) not in _NUMBERS:
        raise wrong_value(step.path, "a number to add to", old)
    try:
        total = number + step.operand
    except OverflowError:  # one is an integer that no float can hold
        total = inf
    return copy_of(total, at=step.path)


def _push(step: Step, old: Json) -> Json:
    if old is MISSING:
        return [step.operand]
    if type_of(old) is not list:
        raise wrong_value(step.path, "a list to append to", old)
    return [*old, step.operand]


def _pull(step: Step, old: Json) -> Json:
    if old is MISSING:
        return old
    if type_of(old) is not list:
        raise wrong_value(step.path, "a list to take elements from", old)
    return [element for element in old if not equal(element, step.operand)]


_CHANGES: dict[str, Callable[[Step, Json], Json]] = {
    "$set": _set,
    "$unset": _unset,
    "$inc": _inc,
    "$push": _push,
    "$pull": _pull,
}
"""What a step makes of the value at its path."""


def _steps(name: str, operand: Json) -> Iterable[Step]:
    """Return what one operator of a patch does, path by path."""
    if name not in _CHANGES:
        raise unknown_operator("a patch", name, _CHANGES)
    if name == "$unset":
        return [Step(parse_path(path), name, None) for path in _paths_of(operand)]
    if not isinstance(operand, Mapping):
        raise UsageValueError(f"{name} takes a dict of paths and values, not {described(operand)}")
    entries = cast(Mapping[Any, Any], operand).items()
    return [_step(parse_path(path), name, value) for path, value in entries]


def _step(path: Path, name: str, operand: Json) -> Step:
    step = Step(path, name, copy_of(operand, at=path))
    if name == "$inc" and type_of(operand) not in _NUMBERS:
        raise wrong_value(path, "a number to add", operand)
    return step


def _paths_of(operand: Json) -> list[Any]:
    """Return the paths that `$unset` is given, as a list or as the keys of a dict."""
    if type(operand) is list:
        return cast(list[Any], operand)
    if isinstance(operand, Mapping):
        entries = cast(Mapping[Any, Any], operand)
        if all(value in (True, "") for value in entries.values()):  # 1, too
            return list(entries)
    raise UsageValueError("$unset takes a list of paths, or a dict of paths and True")


def _check_paths(steps: Iterable[Step]) -> None:
    """Refuse paths that overlap or change the id; a path sorts right before what it begins."""
    steps = sorted(steps, key=lambda step: step.path)
    for step in steps:
        if step.path[0] == ID and (len(step.path) > 1 or step.operator != "$set"):
            raise UsageValueError(f"{step.operator} of {dotted(step.path)}: an id never changes")
    for step, later in pairwise(steps):
        if later.path[: len(step.path)] == step.path:
            raise UsageValueError(
                f"the paths {dotted(step.path)} and {dotted(later.path)} of a patch overlap"
            )
