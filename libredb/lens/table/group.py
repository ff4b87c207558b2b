"""Rows that have something in common: how many there are, and what their columns come to.

    users.group_by(lambda u: u.age).count()                 {36: 2, 41: 1}
    orders.group_by(lambda o: o.user).sum(lambda o: o.total) {"1": Decimal("9.50")}

Each call reads all rows once, in one state, and keeps a number for each group, never the rows. The
groups come in the order of their values. None is a group like any other; within a group a None
counts for `count` alone. Without any value the sum is 0, and there is no least, greatest or mean.
Absent on purpose: a condition on groups, which a line of Python on the dict says as well.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast, overload

from libredb.kernel.errors import UsageTypeError
from libredb.lens.keys.order_key import order_key
from libredb.lens.rows.result import Search, select
from libredb.lens.rows.row import Rows
from libredb.lens.table.columns import Column, PlainValue
from libredb.lens.table.kept import Origin
from libredb.lens.table.recording import Picked, recorded_columns
from libredb.lens.values.json_value import Json

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")

_NUMBERS = {"int": int, "float": float, "decimal": Decimal}
_NO_ORDER = frozenset({"dict", "list", "any"})

Step = Callable[[Any, PlainValue], Any]
"""What a group has come to, with one more value in it."""


class Groups(Generic[T, K]):
    """The groups of a search by one column or several. Each method reads all its rows."""

    def __init__(self, origin: Origin[T], search: Search, by: Picked[T]) -> None:
        """Take what to read, and which columns rows of a group have in common.

        Raises:
            UsageTypeError: a column holds JSON or `any`, whose values no dict can have as keys.
        """
        self._origin = origin
        self._search = search
        self._columns, self._is_tuple = recorded_columns(origin.schema, by)
        for column in self._columns:
            if column.kind.name in _NO_ORDER:
                raise UsageTypeError(
                    f"no groups by {column.name}, which is of type {column.type_name}"
                )

    def count(self) -> dict[K, int]:
        """Return how many rows each group has."""
        return self._folded(None, lambda total, _: total + 1, 0)

    @overload
    def sum(self, column: str) -> dict[K, Any]: ...
    @overload
    def sum(self, column: Callable[[T], V | None]) -> dict[K, V]: ...
    def sum(self, column: Callable[[T], Any] | str) -> dict[K, Any]:
        """Return the sum of a column of int, float or Decimal.

        Raises:
            UsageTypeError: the column holds something else.
        """
        number = self._number(column)
        return self._folded(
            number, lambda total, value: total + value, _NUMBERS[number.kind.name]()
        )

    @overload
    def avg(self, column: str) -> dict[K, Any]: ...
    @overload
    def avg(self, column: Callable[[T], V | None]) -> dict[K, float | V | None]: ...
    def avg(self, column: Callable[[T], Any] | str) -> dict[K, Any]:
        """Return the mean of a column: a Decimal if it holds those, otherwise a float.

        Raises:
            UsageTypeError: the column does not hold numbers.
        """
        number = self._number(column)
        start = (_NUMBERS[number.kind.name](), 0)
        found = self._folded(number, lambda sum_, value: (sum_[0] + value, sum_[1] + 1), start)
        return {key: total / count if count else None for key, (total, count) in found.items()}

    @overload
    def min(self, column: str) -> dict[K, Any]: ...
    @overload
    def min(self, column: Callable[[T], V]) -> dict[K, V | None]: ...
    def min(self, column: Callable[[T], Any] | str) -> dict[K, Any]:
        """Return the least value of a column.

        Raises:
            UsageTypeError: the column holds JSON or `any`.
        """
        return self._extreme(column, lambda least, value: value < least)

    @overload
    def max(self, column: str) -> dict[K, Any]: ...
    @overload
    def max(self, column: Callable[[T], V]) -> dict[K, V | None]: ...
    def max(self, column: Callable[[T], Any] | str) -> dict[K, Any]:
        """Return the greatest value of a column.

        Raises:
            UsageTypeError: the column holds JSON or `any`.
        """
        return self._extreme(column, lambda greatest, value: value > greatest)

    def _extreme(
        self, picked: Picked[T], is_better: Callable[[PlainValue, PlainValue], bool]
    ) -> dict[K, Any]:
        column = self._one(picked)
        if column.kind.name in _NO_ORDER:
            raise UsageTypeError(
                f"{column.name} is of type {column.type_name}, which has no least value"
            )

        def step(best: PlainValue, value: PlainValue) -> PlainValue:
            return value if best is None or is_better(best, value) else best

        found = self._folded(column, step, None)
        return {key: column.from_plain(best) for key, best in found.items()}

    def _number(self, picked: Picked[T]) -> Column:
        column = self._one(picked)
        if column.kind.name not in _NUMBERS:
            raise UsageTypeError(f"{column.name} is of type {column.type_name}, and no number")
        return column

    def _one(self, picked: Picked[T]) -> Column:
        columns, is_tuple = recorded_columns(self._origin.schema, picked)
        if is_tuple:
            raise UsageTypeError("one column comes to something, not a tuple of them")
        return columns[0]

    def _folded(self, column: Column | None, step: Step, start: Any) -> dict[K, Any]:  # noqa: ANN401 - as the step takes it
        """Return what each group comes to, beginning with `start`; a None changes nothing."""
        names = [column.name for column in self._columns]
        found: dict[tuple[Json, ...], Any] = {}

        def fold(rows: Rows) -> None:
            found.clear()
            for _, row in select(rows, self._search):
                key = tuple([row[name] for name in names])
                value = True if column is None else row[column.name]
                total = found.get(key, start)
                found[key] = total if value is None else step(total, value)

        self._origin.read(fold, lambda: None)
        return {self._key(key): found[key] for key in _ascending(found)}

    def _key(self, plain: tuple[PlainValue, ...]) -> K:
        values = [
            column.from_plain(value) for column, value in zip(self._columns, plain, strict=True)
        ]
        return cast(K, tuple(values) if self._is_tuple else values[0])

    def __repr__(self) -> str:
        return f"<Groups of {self._origin.schema.table!r}: {self._search.expression!r}>"


def _ascending(keys: Iterable[tuple[PlainValue, ...]]) -> list[tuple[PlainValue, ...]]:
    return sorted(keys, key=lambda key: b"".join(map(order_key, key)))
