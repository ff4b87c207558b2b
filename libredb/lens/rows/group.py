"""Rows in groups, and one value for each group.

    group_by("level").count()           [("info", 3), ("warn", 1)], ordered by the values
    group_by("level", "host").max("at") [(("info", "a"), 7), ..]

Rows are of one group if and only if the values are equal as filters see it; what is missing counts
as null. `sum` and `avg` are of numbers, `min` and `max` of whatever there is; all four leave out
what is missing or null. Every row is read once, in one `read`, and one value is kept for each
group. Absent on purpose: groups as a dict, because a list is no key of one and True is there 1;
where that does not matter, `dict(groups.count())` is one.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from libredb.kernel.errors import UsageTypeError
from libredb.lens.keys.order_key import order_key
from libredb.lens.rows.result import Search, Source, select
from libredb.lens.rows.row import Plain, Rows
from libredb.lens.values.json_value import (
    MISSING,
    Json,
    Path,
    parse_path,
    type_of,
    value_at,
    wrong_value,
)

T = TypeVar("T")

_NUMBERS = frozenset({int, float, Decimal})


class Groups:
    """The rows of a search in groups, which each method reads anew."""

    def __init__(self, source: Source, search: Search, paths: Sequence[Path]) -> None:
        """Take what to group, and the paths of the fields that are equal within a group."""
        if not paths:
            raise UsageTypeError("there is a group for each value of a field: name one, or more")
        self._source = source
        self._search = search
        self._paths = paths

    def count(self) -> list[tuple[Any, int]]:
        """Return how many rows there are in each group."""
        return self._folded(0, lambda count, _: count + 1)

    def sum(self, path: str | Path) -> list[tuple[Any, Any]]:
        """Return the sum of the numbers at a path, 0 where there are none.

        Raises:
            InvalidValueError: there is something else than a number.
        """
        names = parse_path(path)
        return self._folded(0, lambda total, row: total + number_at(row, names, 0))

    def avg(self, path: str | Path) -> list[tuple[Any, Any]]:
        """Return the mean of the numbers at a path, None where there are none. Raises as `sum`."""
        names = parse_path(path)
        start: tuple[Any, int] = (0, 0)

        def add(known: tuple[Any, int], row: Plain) -> tuple[Any, int]:
            number = number_at(row, names, None)
            return known if number is None else (known[0] + number, known[1] + 1)

        means = self._folded(start, add)
        return [(values, total / count if count else None) for values, (total, count) in means]

    def min(self, path: str | Path) -> list[tuple[Any, Any]]:
        """Return the least value at a path, None where there is none."""
        return self._extreme(parse_path(path), lambda key, known: key < known)

    def max(self, path: str | Path) -> list[tuple[Any, Any]]:
        """Return the greatest value at a path, None where there is none."""
        return self._extreme(parse_path(path), lambda key, known: key > known)

    def _extreme(self, path: Path, wins: Callable[[bytes, bytes], bool]) -> list[tuple[Any, Any]]:
        start: tuple[bytes, Any] = (b"", None)

        def step(known: tuple[bytes, Any], row: Plain) -> tuple[bytes, Any]:
            value = value_at(row, path)
            if value is None or value is MISSING:
                return known
            key = order_key(value)
            return (key, value) if not known[0] or wins(key, known[0]) else known

        return [(values, value) for values, (_, value) in self._folded(start, step)]

    def _folded(self, start: T, step: Callable[[T, Plain], T]) -> list[tuple[Any, T]]:
        """Return what `step` makes of the rows of each group, one after the other, from `start`."""
        paths, search, form = self._paths, self._search, self._source.form

        def fold(rows: Rows) -> list[tuple[Any, T]]:
            groups: dict[bytes, tuple[Any, T]] = {}
            for _, row in select(rows, search):
                values = tuple(
                    None if value is MISSING else value
                    for value in [value_at(row, path) for path in paths]
                )
                key = b"".join(map(order_key, values))
                known = groups.get(key)
                if known is None:
                    known = (values[0] if len(values) == 1 else values, start)
                groups[key] = (known[0], step(known[1], row))
            return [groups[key] for key in sorted(groups)]

        return self._source.read(lambda tx, namespace: fold(Rows(tx, namespace, form)), list)

    def __repr__(self) -> str:
        return f"<Groups of {self._source.name!r}>"


def distinct(source: Source, search: Search, path: Path) -> list[Any]:
    """Return the different values at a path, in their order; what is missing is none."""
    form = source.form

    def gather(rows: Rows) -> list[Any]:
        found: dict[bytes, Any] = {}
        for _, row in select(rows, search):
            value = value_at(row, path)
            if value is not MISSING:
                found.setdefault(order_key(value), value)
        return [found[key] for key in sorted(found)]

    return source.read(lambda tx, namespace: gather(Rows(tx, namespace, form)), list)


def number_at(row: Plain, path: Path, absent: T) -> Json | T:
    """Return the number at a path, or `absent` where it is missing or null.

    Raises:
        InvalidValueError: there is something else.
    """
    value = value_at(row, path)
    if value is None or value is MISSING:
        return absent
    if type_of(value) not in _NUMBERS:
        raise wrong_value(path, "a number", value)
    return value
