"""The rows of a table that are meant, in an order, as its reader wants them.

    users.where(lambda u: u.age >= 18).order_by(lambda u: u.age, reverse=True).limit(10)

Each method returns another selection and reads nothing; rows are read when somebody goes over
them, asks for the first one, or counts, and each time anew. What is chained narrows down: two
conditions have both to be true, and of two limits the later one counts. A cursor is taken last, for
it is only good for the conditions and the order that it was made with.
Absent on purpose: changing rows, which `update_where` and `delete_where` of the table do.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar, overload

from libredb.lens.keys.namespace import find
from libredb.lens.rows.order import Order
from libredb.lens.rows.result import Result, Search, stream
from libredb.lens.rows.row import Plain, Rows
from libredb.lens.table.group import Groups
from libredb.lens.table.join import Joined, sides_of
from libredb.lens.table.kept import Origin
from libredb.lens.table.recording import (
    Picked,
    recorded_columns,
    recorded_condition,
    recorded_order,
)
from libredb.lens.values.expression import all_of

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V")
R = TypeVar("R")
Seen = TypeVar("Seen")
Of = TypeVar("Of")


class HasRows(Protocol[Of]):
    """A table, or a selection of its rows."""

    def all(self) -> "Selection[Of, Of]":
        """Return its rows."""
        ...


class Selection(Result[Seen], Generic[T, Seen]):
    """Rows of a table, whose class is T; whoever goes over them sees each as a `Seen`."""

    def __init__(self, origin: Origin[T], search: Search, made: Callable[[Plain], Seen]) -> None:
        """Take where rows are read from, which are meant, and what is made of each."""
        super().__init__(origin.source, search, made)
        self._origin = origin

    def __iter__(self) -> Iterator[Seen]:
        """Yield the rows: outside of a transaction from memory, under `.on(tx)` one by one."""
        source = self._source
        if source.tx is None:
            return super().__iter__()
        namespace = find(source.tx, source.name, source.kind)
        if namespace is None:
            return iter(())
        found = stream(self._origin.rows(source.tx, namespace), self._search)
        return (self._made(row) for _, row in found)

    def all(self) -> "Selection[T, T]":
        """Return the same rows, as a whole again where only some columns were selected."""
        return Selection(self._origin, self._search, self._origin.schema.row_of)

    def where(self, fn: Callable[[T], bool]) -> "Selection[T, Seen]":
        """Return the rows of which a condition is true as well.

        Raises:
            UsageTypeError: the function returns no condition.
            InvalidValueError: it compares a column with what is never in it.
        """
        condition = recorded_condition(self._origin.schema, fn)
        expression = all_of([self._search.expression, condition])
        return self._with(replace(self._search, expression=expression))

    def order_by(self, *columns: Picked[T], reverse: bool = False) -> "Selection[T, Seen]":
        """Return the rows in an order, at last by their key in the direction of the last column.

        An index serves an order that goes one way all through; otherwise all rows are read and
        sorted in memory, and `explain()` says so.

        Args:
            columns: Names, or functions of a row that return a column, a tuple of them, or
                `libredb.descending(column)`.
            reverse: Turn all of them.

        Raises:
            UsageTypeError: there is no such column.
            UsageValueError: one comes twice, or there is a cursor of another order.
        """
        schema = self._origin.schema
        order = recorded_order(schema, columns, reverse=reverse)
        if not order and reverse:
            order = [(name, True) for name in schema.key]
        paths = [((name,), goes_down) for name, goes_down in order]
        key = tuple((name,) for name in schema.key)
        return self._with(replace(self._search, order=Order.of(paths, key)))

    def limit(self, count: int) -> "Selection[T, Seen]":
        """Return at most so many of the rows."""
        return self._with(replace(self._search, limit=count))

    def offset(self, count: int) -> "Selection[T, Seen]":
        """Return the rows without the first ones, which are read nevertheless."""
        return self._with(replace(self._search, offset=count))

    def after(self, cursor: str | None) -> "Selection[T, Seen]":
        """Return the rows behind a cursor of `page()`; None is before all rows.

        Raises:
            UsageValueError: it is no cursor, or one of other conditions or another order.
        """
        return self._with(replace(self._search, after=cursor))

    @overload
    def select(self, column: str, /) -> "Selection[T, Any]": ...
    @overload
    def select(self, column: Callable[[T], V], /) -> "Selection[T, V]": ...
    @overload
    def select(
        self, column: str, another: str, /, *more: str
    ) -> "Selection[T, tuple[Any, ...]]": ...
    def select(self, *columns: Picked[T]) -> "Selection[T, Any]":
        """Return only some columns: values of one, or tuples of several.

        `select(lambda u: (u.name, u.age))` or `select("name", "age")`. Rows are read as a whole.

        Raises:
            UsageTypeError: there is no such column, or the function returns something else.
        """
        picked = [recorded_columns(self._origin.schema, each) for each in columns]
        found = [column for each, _ in picked for column in each]
        if len(found) == 1 and not picked[0][1]:
            (only,) = found
            return Selection(
                self._origin, self._search, lambda plain: only.from_plain(plain[only.name])
            )
        return Selection(
            self._origin,
            self._search,
            lambda plain: tuple([column.from_plain(plain[column.name]) for column in found]),
        )

    def join(self, other: HasRows[U], left: Picked[T], right: Picked[U]) -> Joined[tuple[T, U]]:
        """Return pairs of rows that have the same value in a column, or in a tuple of columns.

        Reads the rows of this selection, and of the other one those of the same values, by its key
        or by an index.

        Raises:
            UsageTypeError: the columns are of different types.
            UsageValueError: the tables are of different databases; or, when it is read, the other
                one has no index of these columns.
        """
        return self._joined(other, left, right, is_left=False)

    def left_join(
        self, other: HasRows[U], left: Picked[T], right: Picked[U]
    ) -> Joined[tuple[T, U | None]]:
        """Return what `join` does, and a pair with None for each row that has no other."""
        return self._joined(other, left, right, is_left=True)

    @overload
    def group_by(self, by: str) -> Groups[T, Any]: ...
    @overload
    def group_by(self, by: Callable[[T], V]) -> Groups[T, V]: ...
    def group_by(self, by: Picked[T]) -> Groups[T, Any]:
        """Return the rows in groups that have a column, or a tuple of columns, in common.

        Raises:
            UsageTypeError: there is no such column, or its values can be no keys of a dict.
        """
        return Groups(self._origin, self._search, by)

    def _joined(
        self, other: HasRows[Any], left: Picked[T], right: Picked[Any], *, is_left: bool
    ) -> Joined[Any]:
        mine = (self._origin, self._search, left)
        rows = other.all()
        theirs = (rows._origin, rows._search, right)  # noqa: SLF001 - it is another selection
        return Joined(*sides_of(mine, theirs), is_left=is_left)

    def _with(self, search: Search) -> "Selection[T, Seen]":
        return Selection(self._origin, search, self._made)

    def _work(self, work: Callable[[Rows], R], absent: Callable[[], R]) -> R:
        return self._origin.read(work, absent)


def rows_of(origin: Origin[T]) -> Selection[T, T]:
    """Return all rows of a table, in the order of their keys."""
    return Selection(origin, Search(), origin.schema.row_of)
