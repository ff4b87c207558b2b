"""The schema of a table: which columns are the key, and a row on its way in and out.

    row     User("1", "Ada", 36)                   what a caller gives and gets
    plain   {"id": "1", "name": "Ada", "age": 36}  what filters, orders and indexes see
    stored  {"name": "Ada", "age": 36}             without the key, which is where it is found by
    key     "1", or a tuple of several columns     what a caller finds it by
    parts   ("1",)                                 the plain values of the key, always a tuple

All values of a row are checked before any is written. The key is one column or several, in order;
none of them is optional, a float, a Decimal, JSON or `any`, for a key is found by its bytes, and of
those equal values may have several, or None is among them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.encoding import Part
from libredb.lens.rows.row import Plain
from libredb.lens.table.columns import Column, PlainValue, Value
from libredb.lens.table.row_type import Row, RowType
from libredb.lens.values.json_value import Json

T = TypeVar("T")

Parts = tuple[Part, ...]
_NO_KEYS = frozenset({"float", "decimal", "dict", "list", "any"})


class Schema(Generic[T]):
    """The columns and the key of a table. It reads and writes nothing.

    Invariant: each name in `key` is that of a column that may be a part of a key.
    """

    def __init__(self, table: str, row_type: RowType[T], key: str | Iterable[str]) -> None:
        """Take the name of the table, what its rows are, and which columns are their key.

        Raises:
            UsageTypeError: a column cannot be a part of a key.
            UsageValueError: there is no such column, or it comes twice.
            InvalidValueError: the default of a column does not belong in it.
        """
        self.table = table
        self.row_type = row_type
        self.columns: dict[str, Column] = {column.name: column for column in row_type.columns}
        self.key: tuple[str, ...] = (key,) if isinstance(key, str) else tuple(key)
        self._check_key()
        for column in row_type.columns:
            if column.default is not None and column.default.is_constant:
                column.to_plain(column.default.make())
        others = [column for column in row_type.columns if column.name not in self.key]
        self._takes = [(c.name, c.kind.to_plain, c.is_optional) for c in row_type.columns]
        self._restores = [
            (c.name, c.kind.from_plain) for c in row_type.columns if c.kind.from_plain is not None
        ]
        self._stores = [(c.name, c.kind.form.write if c.kind.form else None) for c in others]

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises:
            UsageTypeError: there is none.
        """
        column = self.columns.get(name)
        if column is None:
            known = ", ".join(self.columns)
            raise UsageTypeError(f"{self.table} has no column {name!r}; there are {known}")
        return column

    def plain_of(self, row: T) -> Plain:
        """Return the plain values of a row.

        Raises:
            InvalidValueError: one does not belong in its column.
        """
        return self.plain_values(self.row_type.dump(row))

    def plain_values(self, values: Row) -> Plain:
        """Return the plain values of all columns."""
        try:
            return {
                name: None if is_optional and values[name] is None else take(values[name])
                for name, take, is_optional in self._takes
            }
        except InvalidValueError:  # who is right is fast, and who errs is told where
            key = [values[name] for name in self.key]
            return {
                column.name: self._checked(column, values[column.name], key)
                for column in self.row_type.columns
            }

    def row_of(self, plain: Plain) -> T:
        """Return the row of plain values."""
        return self.row_type.build(self.values_of(plain) if self._restores else plain)

    def values_of(self, plain: Plain) -> Row:
        """Return the values of plain ones."""
        values = {name: plain[name] for name in self.columns}
        for name, restore in self._restores:
            if values[name] is not None:
                values[name] = restore(values[name])
        return values

    def parts_of(self, plain: Plain) -> Parts:
        """Return what a row is found by."""
        return tuple([plain[name] for name in self.key])

    def parts_of_key(self, key: object) -> Parts:
        """Return what a row is found by, from what a caller calls its key.

        Raises:
            UsageTypeError: a key of several columns is no tuple of so many values.
            InvalidValueError: a value does not belong in its column.
        """
        values: tuple[Any, ...] = (key,) if len(self.key) == 1 else _tuple(key)
        if len(values) != len(self.key):
            names = ", ".join(self.key)
            raise UsageTypeError(f"a key of {self.table} is a tuple of {names}, not {key!r}")
        return tuple(
            self._checked(self.columns[name], value, values)
            for name, value in zip(self.key, values, strict=True)
        )

    def key_of(self, parts: Parts) -> object:
        """Return what a caller calls the key."""
        values = [
            self.columns[name].from_plain(part) for name, part in zip(self.key, parts, strict=True)
        ]
        return values[0] if len(values) == 1 else tuple(values)

    def changes(self, given: Mapping[str, Any], parts: Parts | None = None) -> Plain:
        """Return the plain values that an update sets: of the row with this key, or of many rows.

        Raises:
            UsageTypeError: there is no such column.
            UsageValueError: it would change the key.
            InvalidValueError: a value does not belong in its column.
        """
        key = None if parts is None else self.key_of(parts)
        changed: Plain = {}
        for name, value in given.items():
            column = self.column(name)
            changed[name] = self._checked(column, value, [key])
            if name in self.key and not (parts and changed[name] == parts[self.key.index(name)]):
                raise UsageValueError(
                    f"{self.table}: {name} is of the key, which no update changes;"
                    " insert another row"
                )
        return changed

    def stored_of(self, plain: Plain) -> Json:
        """Return what is stored of a row."""
        return {
            name: plain[name] if write is None or plain[name] is None else write(plain[name])
            for name, write in self._stores
        }

    def placed(self, error: InvalidValueError, key: object) -> InvalidValueError:
        """Return the error about a column, with the table, and the key if it is of one row."""
        place = self.table if key is None else f"{self.table}, key {key!r}"
        return InvalidValueError(
            f"{place}, {error}",
            namespace=self.table,
            id=key,
            field=error.field,
            expected=error.expected,
            actual=error.actual,
        )

    def _checked(self, column: Column, value: Value, key: Any) -> PlainValue:  # noqa: ANN401 - as a caller gave it
        try:
            return column.to_plain(value)
        except InvalidValueError as error:
            raise self.placed(error, key[0] if len(key) == 1 else tuple(key)) from None

    def _check_key(self) -> None:
        if not self.key or len(set(self.key)) < len(self.key):
            raise UsageValueError(
                f"the key of {self.table} is one column, or several different ones"
            )
        for name in self.key:
            column = self.column(name)
            if column.is_optional or column.kind.name in _NO_KEYS:
                raise UsageTypeError(
                    f"{self.table}: {name} is of type {column.type_name}, and a key is never"
                    " optional, a float, a Decimal, a dict, a list or any"
                )


def _tuple(key: object) -> tuple[Any, ...]:
    """Return a tuple as it is, and nothing for anything else."""
    return cast(tuple[Any, ...], key) if type(key) is tuple else ()
