"""Pairs of rows of two tables that have the same value in one column, or in several.

    users.join(orders, lambda u: u.id, lambda o: o.user)    (User, Order) for each order of a user

The rows of the first table are read as its search says; for up to 100 of them at a time those of
the other are looked up: by its key, or by an index that begins with these columns. Where there is
none, a join raises and says which index to create, because nobody wishes for all of a table to be
read for each row of another. Pairs come in the order of the first table, then of the key of the
other. None is equal to nothing here. A left join has a pair with None for a row that has no other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Generic, TypeVar

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader
from libredb.lens.keys.namespace import find
from libredb.lens.keys.order_key import packer
from libredb.lens.rows.index import indexes_of
from libredb.lens.rows.result import Explanation, Search, explained, select, stream
from libredb.lens.rows.row import Plain, Rows
from libredb.lens.table.columns import Column, PlainValue
from libredb.lens.table.kept import Origin
from libredb.lens.table.recording import Picked, recorded_columns
from libredb.lens.values.expression import Condition, Expression, all_of, any_of

T = TypeVar("T")
U = TypeVar("U")
Pair = TypeVar("Pair")

_AT_A_TIME = 100
"""As many values as a plan looks up one by one."""


@dataclass(frozen=True, slots=True)
class Side(Generic[T]):
    """One table of a join: its rows, those that are meant, and the columns that are compared."""

    origin: Origin[T]
    search: Search
    columns: tuple[str, ...]


class Joined(Generic[Pair]):
    """Pairs of rows. Nothing is read before it is asked for; each time it reads anew."""

    def __init__(
        self, left: Side[Any], right: Side[Any], *, is_left: bool, limit: int | None = None
    ) -> None:
        """Take both sides, and whether rows without another are paired with None."""
        self._left = left
        self._right = right
        self._is_left = is_left
        self._limit = limit

    def __iter__(self) -> Iterator[Pair]:
        """Yield the pairs: outside of a transaction from memory, under `.on(tx)` one by one."""
        source = self._left.origin.source
        if source.tx is None:
            return iter(self._read(self._limit))
        namespace = find(source.tx, source.name, source.kind)
        if namespace is None:
            return iter(())
        rows = self._left.origin.rows(source.tx, namespace)
        return islice(self._pairs(rows, stream(rows, self._left.search)), self._limit)

    def limit(self, count: int) -> "Joined[Pair]":
        """Return the same join that ends after so many pairs."""
        search = replace(self._left.search, limit=count)  # which refuses what is no count
        assert search.limit is not None
        return Joined(self._left, self._right, is_left=self._is_left, limit=count)

    def first(self) -> Pair | None:
        """Return the first pair, or None. Reads up to 100 rows of the first table, and theirs."""
        return next(iter(self._read(1)), None)

    def count(self) -> int:
        """Return how many pairs there are. Reads them all."""
        return len(self._read(self._limit))

    def explain(self) -> Explanation:
        """Return how the rows of the first table are found, and by what those of the other."""

        def explain(rows: Rows) -> Explanation:
            found = explained(rows, self._left.search)
            other = self._other(rows.tx)
            how = "nothing" if other is None else access(other, self._right).text
            return replace(found, text=f"{found.text}; for each, {how}")

        name = self._left.origin.schema.table
        nothing = Explanation(f"nothing is in {name}", None, 0, 0, False, ())
        return self._left.origin.read(explain, lambda: nothing)

    def _read(self, limit: int | None) -> list[Pair]:
        def read(rows: Rows) -> list[Pair]:
            return list(islice(self._pairs(rows, select(rows, self._left.search)), limit))

        return self._left.origin.read(read, list[Pair])

    def _pairs(self, rows: Rows, found: Iterable[tuple[bytes, Plain]]) -> Iterator[Pair]:
        """Return the pairs; the other table, which may not be there, is looked at once."""
        other = self._other(rows.tx)
        if other is not None:
            access(other, self._right)
        return self._paired(found, other)

    def _paired(self, found: Iterable[tuple[bytes, Plain]], other: Rows | None) -> Iterator[Any]:
        left, right = self._left.origin.schema, self._right.origin.schema
        found = iter(found)
        while chunk := [row for _, row in islice(found, _AT_A_TIME)]:
            keys = [_key(row, self._left.columns) for row in chunk]
            matches = {} if other is None else self._matches(other, chunk, keys)
            for row, key in zip(chunk, keys, strict=True):
                others = matches.get(key, []) if key is not None else []
                for each in others:
                    yield left.row_of(row), right.row_of(each)
                if not others and self._is_left:
                    yield left.row_of(row), None

    def _matches(
        self, other: Rows, chunk: Sequence[Plain], keys: Sequence[bytes | None]
    ) -> dict[bytes, list[Plain]]:
        """Return the rows of the other table for each key, in the order of their own keys."""
        wanted = {key: row for row, key in zip(chunk, keys, strict=True) if key is not None}
        values = [[row[name] for name in self._left.columns] for row in wanted.values()]
        found: dict[bytes, list[Plain]] = {}
        for some in _portions(values, access(other, self._right).at_a_time):
            equal = _any_equal(self._right.columns, some)
            condition = all_of([equal, self._right.search.expression])
            rows = select(other, Search(condition, order=None))
            for _, row in sorted(rows, key=lambda each: each[0]):
                key = _key(row, self._right.columns)
                assert key is not None, "None is equal to nothing"
                found.setdefault(key, []).append(row)
        return found

    def _other(self, tx: Reader) -> Rows | None:
        origin = self._right.origin
        namespace = find(tx, origin.source.name, origin.source.kind)
        return None if namespace is None else origin.rows(tx, namespace)

    def __repr__(self) -> str:
        sides = (self._left, self._right)
        return f"<Joined {' and '.join(repr(side.origin.schema.table) for side in sides)}>"


def sides_of(
    left: tuple[Origin[Any], Search, Picked[Any]], right: tuple[Origin[Any], Search, Picked[Any]]
) -> tuple[Side[Any], Side[Any]]:
    """Return both sides of a join.

    Raises:
        UsageTypeError: columns that are compared are of different types.
        UsageValueError: the tables are of different stores, or the other one is limited.
    """
    if left[0].store is not right[0].store:
        raise UsageValueError("both tables of a join are of one database, or `.on` one transaction")
    if right[1].limit is not None or right[1].offset or right[1].after is not None:
        raise UsageValueError("the other table of a join has no limit, offset or cursor")
    columns = [recorded_columns(origin.schema, picked)[0] for origin, _, picked in (left, right)]
    types = [[column.kind.name for column in each] for each in columns]
    if types[0] != types[1]:
        named = [", ".join(f"{c.name} ({c.kind.name})" for c in each) for each in columns]
        raise UsageTypeError(
            f"a join compares columns of the same types, not {' with '.join(named)}"
        )
    return Side(left[0], left[1], _names(columns[0])), Side(right[0], right[1], _names(columns[1]))


def _names(columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


@dataclass(frozen=True, slots=True)
class Access:
    """What leads from values to rows of the other table, and how many values one plan looks up."""

    text: str
    at_a_time: int = _AT_A_TIME


def access(other: Rows, right: Side[Any]) -> Access:
    """Return what leads from values to rows of the other table.

    Raises:
        UsageValueError: nothing does.
    """
    table, columns, key = right.origin.schema.table, right.columns, right.origin.schema.key
    if set(key[: len(columns)]) == set(columns):
        # A range of keys is planned for one value, and so are values for the keys as a whole.
        return Access(f"the key of {table}", _AT_A_TIME if len(key) == len(columns) else 1)
    for index in indexes_of(other.namespace):
        fields = [path[0] for path in index.record.fields[: len(columns)]]
        if set(fields) == set(columns):
            return Access(f"index {index.name} of {table}")
    wanted = repr(columns[0]) if len(columns) == 1 else repr(columns)
    raise UsageValueError(
        f"a join needs an index of {table} by {', '.join(columns)}: open it with index=[{wanted}]"
    )


def _portions(values: list[list[PlainValue]], size: int) -> Iterator[list[list[PlainValue]]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _any_equal(names: Sequence[str], values: Sequence[Sequence[PlainValue]]) -> Expression:
    if len(names) == 1:
        return Condition((names[0],), "$in", [value for (value,) in values])
    return any_of(
        all_of(Condition((name,), "$eq", value) for name, value in zip(names, each, strict=True))
        for each in values
    )


def _key(row: Plain, names: Sequence[str]) -> bytes | None:
    """Return what equal values have in common; None where one is None."""
    values = [row[name] for name in names]
    return None if None in values else packer(len(values))(values)
