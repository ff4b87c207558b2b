"""Columns by their names: conditions and orders for who has no class to write a function of.

    {"age": {"$gte": 18}}    a filter, as documents have it, with columns for paths
    "-age"                   an order, as documents have it

Absent on purpose: how a value is read that comes from somewhere else; whoever asks knows.
"""

from collections.abc import Callable
from typing import Any

from libredb.lens.table.recording import Picked, descending
from libredb.lens.values.expression import And, Condition, Expression, Not, Or
from libredb.lens.values.json_value import Json

_LISTS = frozenset({"$in", "$nin"})
_VALUES = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"})
"""Operators whose operand is a value of the column, and those that take several."""

OperandOf = Callable[[str], Callable[[Json], Any]]
"""Returns, for the name of a column, what reads an operand of it; raises if there is none."""


def of_columns(given: Expression, operand_of: OperandOf) -> Expression:
    """Return a condition whose operands are plain values of the columns they are held against."""
    if isinstance(given, And | Or):
        return type(given)(tuple(of_columns(part, operand_of) for part in given.parts))
    if isinstance(given, Not):
        return Not(of_columns(given.part, operand_of))
    operand = operand_of(given.path[0])
    if len(given.path) > 1 or given.operator not in _LISTS | _VALUES:
        return given
    if given.operator in _LISTS:
        return Condition(given.path, given.operator, [operand(each) for each in given.operand])
    return Condition(given.path, given.operator, operand(given.operand))


def column_in_order(name: str) -> Picked[dict[str, Any]]:
    """Return what `order_by` of a table takes, of what that of documents takes."""

    def going_down(row: dict[str, Any]) -> object:
        return descending(row[name[1:]])

    return going_down if name.startswith("-") else name
