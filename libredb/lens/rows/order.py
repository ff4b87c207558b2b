"""An order of rows: columns, each in its own direction, and at last the id.

    "-at"            at descending, then the id descending
    ["level", "-at"] level ascending, at descending, then the id descending

The id goes in the direction of the last column, ascending if there is none; so no two rows have the
same place, and the same rows come in the same order whichever index they are read by. What follows
the id is dropped. A place is bytes that ascend as rows do in their order: the order keys of the
columns and the packed id, with all bits turned where the direction is descending. Absent on
purpose: an order that depends on a language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.keys.encoding import TURNED
from libredb.lens.keys.order_key import order_key
from libredb.lens.rows.row import Plain
from libredb.lens.values.json_value import Path, dotted, parse_path, value_at

Column = tuple[Path, bool]
"""The path of a field, and whether it is descending."""


@dataclass(frozen=True, slots=True)
class Order:
    """Columns, and whether the id that comes last is descending."""

    columns: tuple[Column, ...] = ()
    descending: bool = False

    @classmethod
    def of(cls, columns: Sequence[Column], key: tuple[Path, ...]) -> "Order":
        """Return the order by these columns of rows whose id is made of the fields at `key`.

        Raises:
            UsageValueError: a column comes twice.
        """
        paths = [path for path, _ in columns]
        for position, path in enumerate(paths):
            if path in paths[:position]:
                raise UsageValueError(f"{dotted(path)} comes twice in the order")
        if len(key) == 1 and key[0] in paths:
            columns = columns[: paths.index(key[0]) + 1]
        descending = bool(columns) and columns[-1][1]
        for count in range(len(key), 0, -1):
            if tuple(columns[-count:]) == tuple((path, descending) for path in key[:count]):
                columns = columns[:-count]
                break
        return cls(tuple(columns), descending)

    def keys_of(self, row: Plain) -> list[bytes]:
        """Return the order key of each column."""
        return [order_key(value_at(row, path)) for path, _ in self.columns]

    def place(self, keys: Sequence[bytes], packed: bytes) -> bytes:
        """Return the place of the row with these keys and this packed id."""
        pieces = [
            key.translate(TURNED) if descending else key
            for key, (_, descending) in zip(keys, self.columns, strict=True)
        ]
        # A packed id can begin with another one, followed by FF: the 00 tells them apart turned.
        pieces.append((packed + b"\0").translate(TURNED) if self.descending else packed)
        return b"".join(pieces)


BY_ID = Order()


def parse_order(given: object, key: tuple[Path, ...]) -> Order:
    """Return what `order_by` says: None, a path, or a list of paths; a leading `-` turns a str.

    Raises:
        UsageTypeError: it is something else.
        UsageValueError: a path is none, or comes twice.
    """
    if given is None:
        return BY_ID
    if type(given) is str:
        return _by_path(given, key)
    columns = cast(list[Any], given) if type(given) is list else [given]
    return Order.of([_column(each) for each in columns], key)


@lru_cache(maxsize=256)
def _by_path(given: str, key: tuple[Path, ...]) -> Order:
    """Return the order by one column; a program asks for few of them, again and again."""
    return Order.of([_column(given)], key)


def _column(given: object) -> Column:
    if type(given) is str and given.startswith("-"):
        return parse_path(given[1:]), True
    if type(given) not in {str, tuple}:
        raise UsageTypeError(f"an order is a path or a list of paths, not {given!r}")
    return parse_path(cast("str | Path", given)), False
