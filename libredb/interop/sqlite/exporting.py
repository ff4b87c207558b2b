"""Exporting to a SQLite file: a table for each namespace, all of one state.

    table      its columns, key and indexes
    documents  id, document as JSON
    kv         key, value

A type that SQLite has no class for is TEXT. A column of no declared type leaves values as they are,
which is what `any` needs. Absent on purpose: adding to a file that is there.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any, cast

from libredb.interop.cells import to_json_text, to_text
from libredb.interop.exporting import values_of_rows, whole_file
from libredb.interop.lenses import AnyLens, is_counting, recorded_lens, schema_of, values_of
from libredb.interop.sqlite.shape import quoted
from libredb.interop.target import ID, KEY, VALUE
from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Reader, Store
from libredb.lens.catalog import catalog
from libredb.lens.documents import Documents
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.namespace import IndexRecord
from libredb.lens.kv import KV
from libredb.lens.table.table import Table
from libredb.lens.values.exchange import to_tagged

_DECLARED = {
    **dict.fromkeys(("int", "enum_int"), "INTEGER"),
    "float": "REAL",
    "bytes": "BLOB",
    "bool": "BOOLEAN",
    "any": "",
}
"""By the type of a column; all others are TEXT."""

_AS_IT_IS = frozenset({int, float, str, bytes, bool, type(None)})

Rows = Iterator[Sequence[Any]]


def export_sqlite(
    store: Store,
    path: str | PathLike[str],
    *,
    namespaces: Iterable[str] | None = None,
    replace: bool = False,
) -> dict[str, int]:
    """Write namespaces into a new SQLite file; return how many rows each has.

    The file is whole or not there at all. Memory holds a few hundred rows, and the cache of SQLite.

    Args:
        store: A database, or a transaction.
        path: Where the file is to be.
        namespaces: Which ones; all that there are by default.
        replace: Whether a file that is there may be replaced.

    Raises:
        FileExistsError: there is a file, and `replace` is False.
        MissingKeyError: there is no namespace of that name.
        InvalidValueError: an int has more than 64 bits, which SQLite has no room for.
        UsageValueError: SQLite refuses a name.
    """
    wanted = None if namespaces is None else list(namespaces)
    with whole_file(Path(path), replace=replace) as part:

        def write(tx: Reader) -> dict[str, int]:
            part.unlink(missing_ok=True)
            inside = cast(Store, tx)
            names = catalog(inside).names() if wanted is None else wanted
            with closing(sqlite3.connect(part, isolation_level=None)) as connection:
                connection.execute(
                    "PRAGMA journal_mode = OFF"
                )  # the file is thrown away if it fails
                connection.execute("BEGIN")
                counts = {name: _write(connection, inside, name) for name in names}
                connection.execute("COMMIT")
            return counts

        return store.read(write)


def _write(connection: sqlite3.Connection, store: Store, name: str) -> int:
    """Write one namespace as a table, and return how many rows."""
    lens = recorded_lens(store, name)
    columns, key, rows = _parts(lens)
    is_rowid = len(key) == 1 and columns[key[0]].startswith("INTEGER")
    if is_rowid:
        columns[key[0]] = "INTEGER PRIMARY KEY"  # in these words SQLite makes it the rowid
    lines = [f"{quoted(column)} {declared}".rstrip() for column, declared in columns.items()]
    if not is_rowid:
        lines.append(f"PRIMARY KEY ({_listed(key)})")
    tail = "" if is_rowid else " WITHOUT ROWID"
    try:
        connection.execute(f"CREATE TABLE {quoted(name)} ({', '.join(lines)}){tail}")
        count = _insert(connection, name, len(columns), rows)
        for index in _indexes(store, name) if isinstance(lens, Table) else []:
            fields = [path[0] for path in index.fields]
            kind = "UNIQUE INDEX" if index.unique else "INDEX"
            label = quoted(f"{name}_{'_'.join(fields)}")
            connection.execute(f"CREATE {kind} {label} ON {quoted(name)} ({_listed(fields)})")
    except sqlite3.Error as error:
        raise UsageValueError(f"SQLite refuses the table {name!r}: {error}") from error
    return count


def _insert(connection: sqlite3.Connection, name: str, width: int, rows: Rows) -> int:
    count = 0

    def counted() -> Rows:
        nonlocal count
        for row in rows:
            count += 1
            yield row

    places = ", ".join("?" * width)
    try:
        connection.executemany(f"INSERT INTO {quoted(name)} VALUES ({places})", counted())
    except OverflowError:
        raise InvalidValueError(
            f"row {count:,} of {name!r} has an int of more than 64 bits, and SQLite has no room",
            namespace=name,
        ) from None
    return count


def _parts(lens: AnyLens) -> tuple[dict[str, str], Sequence[str], Rows]:
    """Return the columns of a table of SQLite as it declares them, its key, and its rows."""
    if isinstance(lens, KV):
        values = values_of(lens)
        declared = "BLOB" if values == "bytes" else "TEXT"
        columns = {KEY: "TEXT NOT NULL", VALUE: f"{declared} NOT NULL"}
        return columns, (KEY,), _entries(lens, is_json=values == "json")
    if isinstance(lens, Documents):
        declared = "INTEGER" if is_counting(lens) else "TEXT NOT NULL"
        return {ID: declared, "document": "TEXT NOT NULL"}, (ID,), _documents(lens)
    schema = schema_of(lens)
    columns: dict[str, str] = {}
    for name, column in schema.columns.items():
        is_required = not column.is_optional and column.kind.name != "any"
        columns[name] = _DECLARED.get(column.kind.name, "TEXT") + " NOT NULL" * is_required
    return columns, schema.key, _table_rows(lens)


def _entries(lens: KV[Any], *, is_json: bool) -> Rows:
    for key, value in lens.scan():
        yield key, to_json_text(value) if is_json else value


def _documents(lens: Documents[Any]) -> Rows:
    for document in lens.find():
        yield document.pop(ID), to_json_text(document)


def _table_rows(lens: Table[Any]) -> Rows:
    columns = schema_of(lens).columns.items()
    parts = [(name, _cell(column.kind.name)) for name, column in columns]
    for values in values_of_rows(lens):
        yield [cell(values[name]) for name, cell in parts]


def _cell(kind: str) -> Callable[[Any], Any]:
    """Return what makes a value of SQLite of a value of this type."""

    def cell(value: Any) -> Any:  # noqa: ANN401 - SQLite has its own types
        if type(value) in _AS_IT_IS:
            return value
        return to_json_text(to_tagged(value)) if kind == "any" else to_text(kind, value)

    return cell


def _indexes(store: Store, name: str) -> list[IndexRecord]:
    return [IndexRecord.from_json(each) for each in catalog(store).describe(name)["indexes"]]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))
