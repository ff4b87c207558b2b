"""What a table does when it is opened: hold its record against the code, and catch up with it.

    migrations=[("2026-11 split name", split_name), ("2026-12 drop fax", drop_fax)]

A migration gets each row as a dict of values, an enum as what it is stored as, and returns what the
row becomes, or None for it to go. Those that the record does not name run in order, in the one
transaction of the opening; what they leave is checked against the class, written, and all indexes
are built again; then their names are recorded. A new table records all names and runs none. A
migration has to depend on the row alone, for a store may run it twice.
Absent on purpose: a way back; running some rows now and some later.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader, Writer
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.namespace import (
    IndexRecord,
    Namespace,
    add_migration,
    create,
    migrations,
    save,
)
from libredb.lens.rows.collection import Collection, has_index
from libredb.lens.rows.result import Search, select
from libredb.lens.rows.row import Form, Plain
from libredb.lens.table.columns import Column, Value
from libredb.lens.table.kept import form_of, given_of, old_form
from libredb.lens.table.recorded import Recorded, taken_over
from libredb.lens.table.row_type import Row
from libredb.lens.table.schema import Schema

KIND = "table"

_ENUMS = frozenset({"enum_str", "enum_int"})

Migration: TypeAlias = tuple[str, Callable[[Row], Row | None]]
"""A name that is recorded, and what makes of each row what it becomes, or None."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the code says of a table."""

    schema: Schema[Any]
    indexes: tuple[IndexRecord, ...]
    migrations: tuple[Migration, ...]

    def recorded(self, namespace: Namespace) -> Recorded:
        """Return what is recorded of a table, and of what is taken over.

        Raises:
            SchemaMismatchError: the class differs in more than that.
            DamagedEntryError: no table has recorded this.
        """
        return taken_over(Recorded.from_json(namespace.name, namespace.schema), self.schema)

    def form(self, namespace: Namespace) -> Form:
        """Return how rows are kept; raises what `recorded` raises."""
        return form_of(self.schema, self.recorded(namespace))


def checked_migrations(given: Iterable[Any]) -> tuple[Migration, ...]:
    """Return migrations, of which each has a name of its own.

    Raises:
        UsageTypeError: one is no pair of a name and a function.
        UsageValueError: a name comes twice.
    """
    found: list[Migration] = []
    for each in given:
        pair = cast(tuple[Any, ...], each) if type(each) is tuple else ()
        if len(pair) != 2 or type(pair[0]) is not str or not callable(pair[1]):
            raise UsageTypeError(f"a migration is a name and a function of a row, not {each!r}")
        if any(pair[0] == name for name, _ in found):
            raise UsageValueError(f"two migrations have the name {pair[0]!r}")
        found.append(pair)
    return tuple(found)


def pending(tx: Reader, namespace: Namespace, declared: Declared) -> list[Migration]:
    """Return the migrations that the table does not have behind it. Reads their names."""
    done = set(migrations(tx, namespace)) if declared.migrations else set[str]()
    return [migration for migration in declared.migrations if migration[0] not in done]


def is_current(tx: Reader, namespace: Namespace, declared: Declared) -> bool:
    """Whether there is nothing to catch up with.

    Raises:
        SchemaMismatchError: the class differs, and there is no migration for it.
    """
    if pending(tx, namespace, declared):
        return False
    is_recorded = declared.recorded(namespace).to_json() == namespace.schema
    return is_recorded and all(has_index(namespace, index) for index in declared.indexes)


def caught_up(tx: Writer, name: str, namespace: Namespace | None, declared: Declared) -> Namespace:
    """Create a table, or do what `is_current` misses; return its record.

    Raises:
        SchemaMismatchError: the class differs, and there is no migration for it.
        InvalidValueError: what a migration has made does not belong in its column.
        DuplicateKeyError: migrations have made two rows with one key.
        UniqueViolationError: two rows have what a unique index lets only one have.
    """
    if namespace is None:
        namespace = create(tx, name, KIND)
        namespace = _record(tx, namespace, Recorded.of(declared.schema))
    elif waiting := pending(tx, namespace, declared):
        namespace = _migrate(tx, namespace, declared.schema, waiting)
    else:
        namespace = _record(tx, namespace, declared.recorded(namespace))
    collection = Collection(tx, namespace, declared.form(namespace))
    for index in declared.indexes:
        collection.create_index(index)
    for title, _ in declared.migrations:
        add_migration(tx, namespace, title)
    return collection.namespace


def _record(tx: Writer, namespace: Namespace, recorded: Recorded) -> Namespace:
    """Record a schema; indexes of columns that it does not have go, and what they kept is gone."""
    indexes = [
        index
        for index in namespace.indexes
        if all(path[0] in recorded.columns for path in index.fields)
    ]
    namespace = replace(namespace, schema=recorded.to_json(), indexes=tuple(indexes))
    save(tx, namespace)
    return namespace


def _migrate(
    tx: Writer, namespace: Namespace, schema: Schema[Any], waiting: Iterable[Migration]
) -> Namespace:
    """Write all rows again as migrations make them. Keeps them in memory meanwhile."""
    recorded = Recorded.from_json(namespace.name, namespace.schema)
    old = Collection(tx, namespace, old_form(namespace.name, recorded))
    rows = [recorded.values_of(plain) for _, plain in select(old, Search(order=None))]
    for migration in waiting:
        rows = [made for row in rows if (made := _made(migration, row)) is not None]
    old.clear()
    new = Recorded.of(schema)
    form = form_of(schema, new)
    namespace = _record(tx, namespace, new)
    collection = Collection(tx, namespace, form)
    collection.insert([given_of(schema, form, _plain(schema, row)) for row in rows])
    return collection.namespace


def _made(migration: Migration, row: Row) -> Row | None:
    name, fn = migration
    made = fn(row)
    if made is not None and type(made) is not dict:
        raise UsageTypeError(
            f"the migration {name!r} returns a dict of columns or None, not {type(made).__name__}"
        )
    return made


def _plain(schema: Schema[Any], row: Row) -> Plain:
    """Return the plain values of what a migration has made, defaults where it left them out."""
    key = tuple(row.get(name) for name in schema.key)
    place = key[0] if len(key) == 1 else key
    for name in row:
        if name not in schema.columns:
            error = InvalidValueError(f"column {name}: the class has none", field=name)
            raise schema.placed(error, place)
    values: Row = {}
    for column in schema.row_type.columns:
        if column.name in row:
            values[column.name] = _member(column, row[column.name])
        elif column.default is not None:
            values[column.name] = column.default.make()
        else:
            error = InvalidValueError(f"column {column.name}: no value", field=column.name)
            raise schema.placed(error, place)
    return schema.plain_values(values)


def _member(column: Column, value: Value) -> Value:
    """Return the member of an enum that a migration may have left as what it is stored as."""
    is_stored = column.kind.name in _ENUMS and type(value) in (str, int)
    return column.from_plain(value) if is_stored else value
