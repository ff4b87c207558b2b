"""The schema as the file records it, and how far a class may be from it.

    {"key": ["id"], "columns": {"id": {"type": "str"},
                                "mail": {"type": "str", "optional": true, "default": null}}}

Compared are the columns of the key in order, and by the name of each column its type and whether it
is optional; not the name of the class, the order of columns, their defaults, the members of an
enum. Two differences are taken over: a new column whose default is a constant, which is recorded,
because older rows have no such column; and a column that None is let into. Everything else needs a
migration. A default that changes later is that of new rows only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from libredb.lens.errors import DamagedEntryError, SchemaMismatchError
from libredb.lens.keys.encoding import Part
from libredb.lens.rows.row import Plain
from libredb.lens.table.columns import KINDS, Column
from libredb.lens.table.schema import Schema
from libredb.lens.values.json_value import MISSING, Json, copy_of


@dataclass(frozen=True, slots=True)
class RecordedColumn:
    """What is recorded of a column; `default` is stored JSON, or MISSING where all rows have it."""

    type: str
    is_optional: bool = False
    default: Json = MISSING

    def to_json(self) -> dict[str, Any]:
        """Return what the record holds of it."""
        found: dict[str, Any] = {"type": self.type}
        if self.is_optional:
            found["optional"] = True
        if self.default is not MISSING:
            found["default"] = self.default
        return found

    @property
    def column(self) -> Column:
        """The column without a class, whose enums are what they are stored as."""
        return Column("", KINDS[self.type], self.is_optional)

    def __str__(self) -> str:
        return self.type + "?" * self.is_optional


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded of a table."""

    key: tuple[str, ...]
    columns: dict[str, RecordedColumn]

    @classmethod
    def of(cls, schema: Schema[Any]) -> "Recorded":
        """Return what is recorded of a new table."""
        columns = {name: _recorded(column) for name, column in schema.columns.items()}
        return cls(schema.key, columns)

    @classmethod
    def from_json(cls, table: str, found: Json) -> "Recorded":
        """Return what `to_json` has said.

        Raises:
            DamagedEntryError: it has not said this.
        """
        try:
            columns = {
                str(name): RecordedColumn(
                    KINDS[each["type"]].name,
                    bool(each.get("optional")),
                    each.get("default", MISSING),
                )
                for name, each in found["columns"].items()
            }
            recorded = cls(tuple(map(str, found["key"])), columns)
        except (KeyError, TypeError, AttributeError):
            recorded = cls((), {})
        if not recorded.key or not recorded.columns.keys() >= set(recorded.key):
            message = f"the recorded schema of {table} is not one"
            raise DamagedEntryError(message, namespace=table, actual=found)
        return recorded

    def to_json(self) -> Json:
        """Return what the record of a table holds."""
        columns = {name: column.to_json() for name, column in self.columns.items()}
        return {"key": list(self.key), "columns": columns}

    def reader(self) -> Callable[[tuple[Part, ...], Json], Plain]:
        """Return what makes the plain values of a row from its key and what is stored of it."""
        key = self.key
        defaults = [
            (name, each.column.from_json, each.default)
            for name, each in self.columns.items()
            if each.default is not MISSING
        ]
        reads = [
            (name, each.column.from_json)
            for name, each in self.columns.items()
            if name not in key and each.column.kind.form is not None
        ]

        def read(parts: tuple[Part, ...], stored: Json) -> Plain:
            for name, from_json in reads:
                if name in stored:
                    stored[name] = from_json(stored[name])
            for name, from_json, default in defaults:
                if name not in stored:
                    stored[name] = from_json(copy_of(default))
            return {**dict(zip(key, parts, strict=True)), **stored}

        def read_plain(parts: tuple[Part, ...], stored: Json) -> Plain:
            return {only: parts[0], **stored}

        only = key[0]
        if len(key) == 1 and not reads and not defaults:
            return read_plain

        return read

    def values_of(self, plain: Plain) -> dict[str, Any]:
        """Return the values of a row that a migration gets; an enum as what it is stored as."""
        return {name: each.column.from_plain(plain[name]) for name, each in self.columns.items()}


def taken_over(recorded: Recorded, schema: Schema[Any]) -> Recorded:
    """Return what is to be recorded of a table from now on; equal to `recorded` if nothing changes.

    Raises:
        SchemaMismatchError: the class differs in more than can be taken over.
    """
    lines: list[str] = []
    if recorded.key != schema.key:
        key, old_key = ", ".join(schema.key), ", ".join(recorded.key)
        lines.append(f"the key is {key}, and recorded is {old_key}")
    columns: dict[str, RecordedColumn] = {}
    for name in {**recorded.columns, **schema.columns}:  # in an order that no hash seed changes
        columns[name], line = _column(recorded.columns.get(name), schema.columns.get(name))
        if line:
            lines.append(f"column {name}: {line}")
    if not lines:
        return Recorded(recorded.key, columns)
    raise SchemaMismatchError(
        f"the class of {schema.table} is not what is recorded; a migration can change the rows:\n  "
        + "\n  ".join(lines),
        namespace=schema.table,
        expected=recorded.to_json(),
        actual=Recorded.of(schema).to_json(),
    )


def _column(old: RecordedColumn | None, column: Column | None) -> tuple[RecordedColumn, str | None]:
    """Return what is to be recorded of one column, and what is in the way of that."""
    if column is None:
        assert old is not None, "a column is recorded, or of the class"
        return old, f"recorded as {old}, and the class has none"
    new = _recorded(column)
    if old is None:
        if column.default is None or not column.default.is_constant:
            return new, "not recorded, and the class has no constant as its default"
        return replace(new, default=column.to_json(column.to_plain(column.default.make()))), None
    if old.type != new.type or old.is_optional > new.is_optional:
        return old, f"recorded as {old}, and the class has {new}"
    return replace(old, is_optional=new.is_optional), None


def _recorded(column: Column) -> RecordedColumn:
    return RecordedColumn(column.kind.name, column.is_optional)
