"""What a condition says of each path, as far as a plan can use it.

    {"a": 1, "b": {"$gt": 2}}        a: $eq 1, b: $gt 2
    {"a": 1, "$or": [{"b": 2}, ..]}  alternatives, of which each says a: $eq 1 and something else

All of it has to be true, and there may be more: negations and further alternatives say nothing
here, for where there are any, a row is tested with the whole condition. Of several operands of one
operator only the first is of use.
"""

from collections.abc import Iterable
from typing import TypeAlias

from libredb.lens.rows.index import Index
from libredb.lens.rows.order import Order
from libredb.lens.values.expression import And, Condition, Expression, Or, conjuncts
from libredb.lens.values.json_value import Json, Path

MAX_POINTS = 100
"""How many values of `$in`, or alternatives of `$or`, are read one by one."""

Operands: TypeAlias = dict[str, Json]
"""What is said of one path: operands by operator."""

Facts: TypeAlias = dict[Path, Operands]
"""What conditions that all have to be true say of each path."""

NOTHING: Operands = {}
NO_FACTS: Facts = {}


class Asked:
    """What is asked, in the form that every index is held against.

    Attributes:
        alternatives: What is known of each path; one of them has to be true.
        constants: What is known in all rows that are found.
        order: The order they are wanted in, None for any.
        columns: The columns of the order that tell these rows apart, with their numbers.
        has_one_direction: Whether those and the id are all ascending, or all descending.
    """

    __slots__ = ("alternatives", "columns", "constants", "has_one_direction", "order")

    def __init__(self, alternatives: list[Facts], constants: Facts, order: Order | None) -> None:
        """Take alternatives, what is known whichever of them it is, and an order."""
        self.alternatives: list[Facts] = alternatives
        self.constants: Facts = constants
        self.order: Order | None = order
        self.columns: list[tuple[Path, int]] = []
        self.has_one_direction: bool = True
        if order is not None:
            for number, (path, descending) in enumerate(order.columns):
                if "$eq" not in self.fact(path):
                    self.columns.append((path, number))
                    if descending != order.descending:
                        self.has_one_direction = False

    def fact(self, path: Path) -> Operands:
        """Return what is known of a path in all rows that are found."""
        return self.constants.get(path, NOTHING)

    def is_about(self, index: Index) -> bool:
        """Whether a condition or the order begins as an index does; if not, it is of no use."""
        first = index.record.fields[0]
        if first in self.constants or any(path == first for path, _ in self.columns):
            return True
        return any(first in facts for facts in self.alternatives)


def asked_of(expression: Expression, order: Order | None) -> Asked:
    """Return what a condition and an order ask for."""
    common = conjuncts(expression)
    parts = expression.parts if type(expression) is And else (expression,)
    joined = [part for part in parts if type(part) is Or]
    branches = [[*common, *conjuncts(branch)] for branch in joined[0].parts] if joined else [common]
    if len(branches) > MAX_POINTS:
        branches = [common]
    if not all(part.parts for part in joined):
        branches = []
    possible = [facts_of(branch) for branch in branches if not any(map(_is_never, branch))]
    constants = possible[0] if len(possible) == 1 else facts_of(common)
    return Asked(possible, constants, order)


def facts_of(conditions: Iterable[Condition]) -> Facts:
    """Return what conditions say that all have to be true."""
    facts: Facts = {}
    for condition in conditions:
        facts.setdefault(condition.path, {}).setdefault(condition.operator, condition.operand)
    return facts


def _is_never(condition: Condition) -> bool:
    return condition.operator == "$in" and not condition.operand
