"""Importing a SQLite file: each table becomes a table, with its types, its key and its indexes.

    people.db  CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL)
    libredb    people  {"id": "int", "name": "str"}, key id

All tables are read in one transaction of SQLite, and nothing is written there. The place in a
source is a number of rows here, in the order of the key, and its digest is that of the rows as
lines of JSON, which is also how a bad one is written. Absent on purpose: repairing text that is not
UTF-8; such a row is a bad one.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple, Unpack, cast

from libredb.interop.cells import to_json, to_json_text
from libredb.interop.importing import Given, ImportOptions, SourceProblem, run_import
from libredb.interop.report import ImportReport
from libredb.interop.source import Position
from libredb.interop.sqlite.shape import Shape, shape_of, table_names
from libredb.interop.target import target_of
from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Store
from libredb.lens.catalog import catalog
from libredb.lens.table.opening import table


@dataclass(frozen=True, slots=True)
class SqliteReport:
    """What was imported of a SQLite file.

    Attributes:
        tables: A report for each table, in the order in which they were made.
        lost: What has no place in libredb, in words: views, triggers, foreign keys and the like.
    """

    tables: tuple[ImportReport, ...]
    lost: tuple[str, ...]


def import_sqlite(
    store: Store,
    source: str | PathLike[str],
    *,
    tables: Iterable[str] | None = None,
    **options: Unpack[ImportOptions],
) -> SqliteReport:
    """Import tables of a SQLite file, each into a table of its name.

    Reads each table twice, first for its types. Commits portions of 1,000 rows or 4 MiB.

    Args:
        store: A database, or a transaction.
        source: The path of the file.
        tables: Which tables; all that there are by default.
        **options: `on_duplicate`, `skip_bad`, `resume`, `progress`, see `ImportOptions`. What is
            resumed goes through all tables, and over what is there already.

    Raises:
        BadLineError: a row cannot be stored, and bad lines are not skipped. Nothing of its portion
            is stored; other portions, and tables before it, are.
        SchemaMismatchError: there is a table of that name, with other columns.
        UsageValueError: the file is not of SQLite, or has no such table.
        OSError: the file cannot be read.
    """
    name = fspath(source)
    with _connected(name) as connection, _one_bad_file(options) as settled:
        names, lost = table_names(connection)
        wanted = names if tables is None else list(tables)
        for table_name in wanted:
            if table_name not in names:
                raise UsageValueError(f"{name} has no table {table_name!r}; there are {names}")
        shapes = [shape_of(connection, table_name) for table_name in wanted]
        reports = [_imported(store, connection, name, shape, settled) for shape in shapes]
    return SqliteReport(tuple(reports), (*lost, *(each for shape in shapes for each in shape.lost)))


def _imported(
    store: Store, connection: sqlite3.Connection, name: str, shape: Shape, options: ImportOptions
) -> ImportReport:
    lens = table(
        store, shape.name, shape.columns, key=shape.key, unique=shape.unique, index=shape.index
    )
    report = run_import(store, SqliteRows(connection, name, shape), target_of(lens), options)
    if shape.name not in catalog(store).names():
        lens.insert_many([])  # a table without rows is one as well
    return report


class NotText(NamedTuple):
    """Text that is not UTF-8."""

    data: bytes


def _text(data: bytes) -> str | NotText:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return NotText(data)


class SqliteRows:
    """Reads the rows of one table."""

    form = "sqlite"
    noun = "row"

    def __init__(self, connection: sqlite3.Connection, name: str, shape: Shape) -> None:
        self.name: str = f"{name}, table {shape.name}"
        self.size: int | None = shape.count
        self._shape = shape
        self._names = list(shape.columns)
        self._digest = sha256()
        self._count = 0
        self._cursor = connection.execute(shape.select)

    def begin(self, offset: int) -> None:
        """Read so many rows."""
        for _ in islice(self.rows(), offset):
            pass

    def position(self) -> Position:
        """Return how many rows were read."""
        return Position(self._count, self._digest.hexdigest())

    def head(self) -> bytes:
        """Return nothing: bad rows are JSON Lines."""
        return b""

    def rows(self) -> Iterator[Given]:
        """Yield each row as a dict."""
        names = self._names
        while (values := self._next()) is not None:
            raw = self._line(values)
            self._count += 1
            self._digest.update(raw)
            wrong = [
                name for name, value in zip(names, values, strict=True) if type(value) is NotText
            ]
            problem = f"column {wrong[0]}: the text is not UTF-8" if wrong else None
            yield Given(self._count, raw, dict(zip(names, values, strict=True)), problem)

    def _next(self) -> tuple[Any, ...] | None:
        try:
            return self._cursor.fetchone()
        except sqlite3.Error as error:
            raise SourceProblem(self._count + 1, f"SQLite cannot read it: {error}") from error

    def _line(self, values: tuple[Any, ...]) -> bytes:
        row = {
            name: value if type(value) in {int, str} else _as_json(value)
            for name, value in zip(self._names, values, strict=True)
        }
        return f"{to_json_text({'table': self._shape.name, 'row': row})}\n".encode()


def _as_json(value: Any) -> Any:  # noqa: ANN401 - what SQLite has
    return to_json("any", value.data if type(value) is NotText else value)


@contextmanager
def _connected(name: str) -> Iterator[sqlite3.Connection]:
    """Open a file of SQLite for reading, in one transaction."""
    with Path(name).open("rb"):
        pass  # whoever cannot read it is told so by the system
    address = f"{Path(name).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.text_factory = _text
        try:
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            yield connection
        except sqlite3.DatabaseError as error:
            raise UsageValueError(f"{name} cannot be read as a file of SQLite: {error}") from error


@contextmanager
def _one_bad_file(options: ImportOptions) -> Iterator[ImportOptions]:
    """Let all tables write their bad rows into the same file."""
    place = options.get("skip_bad")
    if place is None or not isinstance(place, (str, PathLike)):
        yield options
        return
    mode = "ab" if options.get("resume") else "wb"
    with Path(place).open(mode) as file:
        yield cast(ImportOptions, {**options, "skip_bad": file})
