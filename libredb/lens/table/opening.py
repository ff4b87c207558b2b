"""Opening a table: what the code says of it, checked and held against the record.

    users = libredb.table(db, "users", User, key="id", unique=["mail"], index=[("age", "name")])

Opening reads the record, and writes only if something is declared that the record does not have. It
says nothing about indexes that others have declared: they stay, and are kept. On a database that is
open for reading only, a migration that did not run yet and a class that is not the recorded one are
refused; an index that is not built yet is not used. Absent on purpose: a way to open a table with a
part of its columns, which would lose the others when it writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, overload

from libredb.kernel.errors import UsageError
from libredb.kernel.transaction import Reader, Store, Writer
from libredb.lens.keys.namespace import IndexRecord, Namespace, check_name, check_store, find
from libredb.lens.table.migration import (
    KIND,
    Declared,
    Migration,
    caught_up,
    checked_migrations,
    is_current,
    pending,
)
from libredb.lens.table.row_type import Row, RowType, row_type
from libredb.lens.table.schema import Schema
from libredb.lens.table.table import Table

T = TypeVar("T")

Columns = str | Sequence[str]
"""A column, or several in order."""


@overload
def table(
    store: Store,
    name: str,
    rows: Mapping[str, str],
    *,
    key: Columns = "id",
    unique: Iterable[Columns] = (),
    index: Iterable[Columns] = (),
    migrations: Iterable[Migration] = (),
) -> Table[Row]: ...
@overload
def table(
    store: Store,
    name: str,
    rows: type[T] | RowType[T],
    *,
    key: Columns = "id",
    unique: Iterable[Columns] = (),
    index: Iterable[Columns] = (),
    migrations: Iterable[Migration] = (),
) -> Table[T]: ...
def table(  # noqa: PLR0913 - all but three are by name
    store: Store,
    name: str,
    rows: Any,
    *,
    key: Columns = "id",
    unique: Iterable[Columns] = (),
    index: Iterable[Columns] = (),
    migrations: Iterable[Migration] = (),
) -> Table[Any]:
    """Open a table, and catch up with what the code says of it.

    Reads the record. Writes, in one transaction, only if something is declared that the record does
    not have; a table that is not there yet is created by its first write.

    Args:
        store: A database, or a transaction.
        name: The name of its namespace.
        rows: A dataclass, a pydantic model, a msgspec struct, or for tools a dict of names and
            types: `{"id": "str", "age": "int?"}`.
        key: The column, or the columns in order, that a row is found by.
        unique: Columns of which no two rows have the same values, unless one is None.
        index: Columns that conditions, orders and joins ask for.
        migrations: Names, and functions from a row as a dict to what it becomes, in order.

    Raises:
        SchemaMismatchError: the class is not what is recorded, and no migration changes that.
        UniqueViolationError: a unique index is new, and two rows have the same values.
        NamespaceKindError: the namespace belongs to another lens.
        UsageTypeError: a column has a type that none can have, or is in an index and not there.

    Example:
        >>> import libredb
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class User:
        ...     id: str
        ...     name: str
        ...     age: int
        >>> users = table(libredb.open(), "users", User, index=[("age", "name")])
        >>> users.insert_many([User("1", "Ada", 36), User("2", "Bo", 20)])
        2
        >>> users.update("2", age=21)
        True
        >>> list(users.where(lambda u: (u.age >= 18) & u.name.startswith("A")))
        [User(id='1', name='Ada', age=36)]
        >>> users.order_by(lambda u: (u.age, u.name)).limit(10).explain()
        index age,name: 1 range, 2 entries read
    """
    schema = Schema(name, row_type(rows), key)
    indexes = [_index(schema, columns, unique=True) for columns in unique]
    indexes += [_index(schema, columns, unique=False) for columns in index]
    declared = Declared(schema, tuple(indexes), checked_migrations(migrations))
    check_store(store)
    check_name(name)
    current, is_behind = store.read(lambda tx: _looked_up(tx, name, declared))
    if is_behind:
        _catch_up(store, name, declared)
    return Table[Any](store, name, declared, current)


def _looked_up(tx: Reader, name: str, declared: Declared) -> tuple[Namespace | None, bool]:
    """Return the record if there is nothing to catch up with, and whether there is something."""
    namespace = find(tx, name, KIND)
    is_behind = namespace is not None and not is_current(tx, namespace, declared)
    return None if is_behind else namespace, is_behind


def _catch_up(store: Store, name: str, declared: Declared) -> None:
    def catch_up(tx: Writer) -> None:
        caught_up(tx, name, find(tx, name, KIND), declared)

    def is_waiting(tx: Reader) -> bool:
        namespace = find(tx, name, KIND)
        return namespace is not None and bool(pending(tx, namespace, declared))

    try:
        store.transact(catch_up)
    except UsageError as error:
        is_read_only = type(error) is UsageError  # the others say that the code is wrong
        if not is_read_only or store.read(is_waiting):
            raise


def _index(schema: Schema[Any], given: Columns, *, unique: bool) -> IndexRecord:
    names = (given,) if isinstance(given, str) else tuple(given)
    return IndexRecord(0, tuple((schema.column(name).name,) for name in names), unique)
