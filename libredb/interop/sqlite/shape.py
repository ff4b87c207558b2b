"""What a table of SQLite becomes: its columns with their types, its key, its indexes.

    INTEGER .. -> int    TEXT .. -> str    REAL .. -> float    BLOB -> bytes

A declared type is a wish to SQLite, and any value may stand in any column. So all values are looked
at: a column that holds another type than declared, or several, becomes `any`; one of no type, or of
a NUMERIC one, is what all its values are. Without a primary key that can be a key here the rowid is
it, in a column of its own; a row without any gets its number. What has no place here is listed:
triggers, views, foreign keys, checks, defaults, collations. Absent on purpose: reading SQL, beyond
looking for words in it.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

ROWIDS = ("rowid", "_rowid_", "oid")
NUMBER = "row_number() OVER (ORDER BY {})"

_CLASSES = {"integer": "int", "text": "str", "real": "float", "blob": "bytes"}
_DECLARED = (
    (("INT",), "int"),
    (("CHAR", "CLOB", "TEXT"), "str"),
    (("BLOB",), "bytes"),
    (("REAL", "FLOA", "DOUB"), "float"),
)
"""The rules of SQLite, in their order; what fits none of them may be anything."""

_KEY_TYPES = frozenset({"int", "str", "bytes"})
_WORDS = (
    (re.compile(r"\bCHECK\s*\(", re.IGNORECASE), "a CHECK"),
    (re.compile(r"\bCOLLATE\s+(?!BINARY\b)\w+", re.IGNORECASE), "a collation"),
    (re.compile(r"\bAUTOINCREMENT\b", re.IGNORECASE), "AUTOINCREMENT"),
)

Indexed = tuple[str, ...]


class SqliteColumn(NamedTuple):
    """What SQLite says of a column."""

    name: str
    declared: str
    is_required: bool
    default: str | None
    key_place: int
    is_generated: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is here.

    Attributes:
        name: Its name.
        columns: Names and types, as `libredb.table` takes them.
        key: The columns of the key.
        unique: The columns of each unique index.
        index: The columns of each other one.
        select: The SQL that reads its rows in a settled order.
        count: How many rows it has.
        lost: What of it has no place here.
    """

    name: str
    columns: dict[str, str]
    key: Indexed
    unique: tuple[Indexed, ...]
    index: tuple[Indexed, ...]
    select: str
    count: int
    lost: tuple[str, ...]


def quoted(name: str) -> str:
    """Return a name as SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def table_names(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
    """Return the names of all tables that hold rows, and what has no place here beside them."""
    names: list[str] = []
    lost: list[str] = []
    virtual: list[str] = []
    found = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
    ).fetchall()
    for kind, name, table, sql in found:
        if kind == "table" and str(sql).upper().startswith("CREATE VIRTUAL"):
            virtual.append(name)
            lost.append(f"the virtual table {name}")
        elif kind == "table" and not name.startswith("sqlite_"):
            names.append(name)
        elif kind == "view":
            lost.append(f"the view {name}")
        elif kind == "trigger":
            lost.append(f"the trigger {name} of {table}")
    kept_inside = tuple(f"{name}_" for name in virtual)  # tables that a virtual one keeps rows in
    return [name for name in names if not name.startswith(kept_inside or ("\0",))], lost


def shape_of(connection: sqlite3.Connection, table: str) -> Shape:
    """Return what a table becomes. Reads all its rows."""
    columns = _columns(connection, table)
    held, count = _held(connection, table, columns)
    types = {each.name: _type(each, held[each.name]) for each in columns}
    wanted = [each.name for each in sorted(columns, key=_place) if each.key_place]
    can_be_key = bool(wanted) and all(
        types[name] in _KEY_TYPES and "null" not in held[name] for name in wanted
    )
    lost = list(_lost(connection, table, columns))
    source = _Source(connection, table, [each.name for each in columns])
    key, number = tuple(wanted), dict[str, str]()
    if not can_be_key:
        if wanted:
            lost.append(f"the primary key of {table}, whose values are of several types")
        key = (source.add_number(wanted),)
        number = {key[0]: "int"}
    optional = {each.name for each in columns if "null" in held[each.name] or not each.is_required}
    named = {
        name: f"{kind}?" if name in optional and name not in key and kind != "any" else kind
        for name, kind in {**number, **types}.items()
    }
    unique, index, more = _indexes(connection, table, key)
    if not can_be_key and wanted:
        unique[tuple(wanted)] = None
    select = source.select(key)
    return Shape(table, named, key, tuple(unique), tuple(index), select, count, (*lost, *more))


class _Source:
    """The SQL that reads a table."""

    def __init__(self, connection: sqlite3.Connection, table: str, names: list[str]) -> None:
        self._connection = connection
        self._table = table
        self._names = names
        self._number: tuple[str, str] | None = None

    def add_number(self, key: list[str]) -> str:
        """Read what numbers the rows as well, and return the name of its column."""
        taken = {name.lower() for name in self._names}
        free = [name for name in ROWIDS if name not in taken]
        column = free[0] if free else "row_number"
        if not free or not self._has_rowid(free[0]):
            order = ", ".join(map(quoted, key or self._names))
            self._number = (column, NUMBER.format(order))
        else:
            self._number = (column, column)
        return column

    def select(self, key: Indexed) -> str:
        """Return the statement; all columns of the shape in their order."""
        parts = list(map(quoted, self._names))
        order = ", ".join(map(quoted, key))
        if self._number is not None:
            parts.insert(0, self._number[1])
            order = "1"
        return f"SELECT {', '.join(parts)} FROM {quoted(self._table)} ORDER BY {order}"

    def _has_rowid(self, name: str) -> bool:
        try:
            self._connection.execute(f"SELECT {name} FROM {quoted(self._table)} LIMIT 0")
        except sqlite3.OperationalError:
            return False
        return True


def _columns(connection: sqlite3.Connection, table: str) -> list[SqliteColumn]:
    rows = connection.execute(f"PRAGMA table_xinfo({quoted(table)})").fetchall()
    return [
        SqliteColumn(name, declared.upper(), bool(required), default, place, hidden in {2, 3})
        for _, name, declared, required, default, place, hidden in rows
        if hidden != 1
    ]


def _place(column: SqliteColumn) -> int:
    return column.key_place


def _held(
    connection: sqlite3.Connection, table: str, columns: list[SqliteColumn]
) -> tuple[dict[str, set[str]], int]:
    """Return the classes of the values in each column, and how many rows there are."""
    held: dict[str, set[str]] = {each.name: set() for each in columns}
    count = 0
    for start in range(0, len(columns), 100):
        some = columns[start : start + 100]
        parts = [f"group_concat(DISTINCT typeof({quoted(each.name)}))" for each in some]
        statement = f"SELECT count(*), {', '.join(parts)} FROM {quoted(table)}"
        count, *found = connection.execute(statement).fetchone()
        for each, classes in zip(some, found, strict=True):
            held[each.name] = set(filter(None, (classes or "").split(",")))
    return held, count


def _type(column: SqliteColumn, held: set[str]) -> str:
    expected = _expected(column.declared)
    found = {_CLASSES[name] for name in held - {"null"}}
    if not found:
        return expected or "any"
    (kind, *others) = found
    return kind if not others and expected in {None, kind} else "any"


def _expected(declared: str) -> str | None:
    for words, kind in _DECLARED:
        if any(word in declared for word in words):
            return kind
    return None


def _lost(connection: sqlite3.Connection, table: str, columns: list[SqliteColumn]) -> Iterator[str]:
    (sql,) = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    for pattern, what in _WORDS:
        if pattern.search(sql):
            yield f"{what} of {table}"
    targets = {row[2] for row in connection.execute(f"PRAGMA foreign_key_list({quoted(table)})")}
    for target in sorted(targets):
        yield f"the foreign key of {table} to {target}"
    for column in columns:
        if column.is_generated:
            yield f"how {table}.{column.name} is generated; its values are there"
        elif column.default is not None:
            yield f"the default of {table}.{column.name}"


def _indexes(
    connection: sqlite3.Connection, table: str, key: Indexed
) -> tuple[dict[Indexed, None], dict[Indexed, None], list[str]]:
    """Return the columns of unique indexes, those of others, and what cannot be carried over."""
    unique: dict[Indexed, None] = {}
    index: dict[Indexed, None] = {}
    lost: list[str] = []
    listed = connection.execute(f"PRAGMA index_list({quoted(table)})").fetchall()
    for _, name, is_unique, origin, is_partial, *_ in listed:
        info = connection.execute(f"PRAGMA index_xinfo({quoted(name)})").fetchall()
        columns = tuple(row[2] for row in info if row[5])
        is_plain = not is_partial and all(
            row[1] >= 0 and row[4] == "BINARY" for row in info if row[5]
        )
        if columns == key or origin == "pk":
            continue
        if not is_plain:
            lost.append(f"the index {name} of {table}: it is partial, of an expression or collated")
        else:
            (unique if is_unique else index)[columns] = None
    return unique, {columns: None for columns in index if columns not in unique}, lost
