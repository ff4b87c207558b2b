"""Claim: a table of SQLite becomes a table, row by row, and what has no place here is told.

Going back, each row is what it was, with the class of each value.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import Database
from libredb.interop import export_sqlite, import_sqlite, recorded_lens
from tests.support.case import case
from tests.unit.interop.sqlite_files import make, tables_of

pytestmark = pytest.mark.cpython(reason="Pyodide has no sqlite3 unless it is loaded")

EVERYTHING = """
CREATE TABLE typed (
    id INTEGER PRIMARY KEY, i INT NOT NULL, r REAL, t VARCHAR(10), b BLOB, n NUMERIC, d DATE,
    flag BOOLEAN, anything, mixed TEXT, empty TEXT
);
CREATE TABLE pairs (a TEXT, b INTEGER, v DOUBLE, PRIMARY KEY (b, a));
CREATE TABLE keyed (k BLOB PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE both (a TEXT, b BLOB, c INTEGER, PRIMARY KEY (c, a, b)) WITHOUT ROWID;
CREATE TABLE bare (x, y TEXT);
CREATE TABLE "odd ""name" ("a b" TEXT, "select" INTEGER, rowid TEXT);
CREATE TABLE loose (k, v TEXT, PRIMARY KEY (k)) WITHOUT ROWID;
CREATE TABLE nulls (k TEXT PRIMARY KEY, v TEXT);
CREATE TABLE empty (id TEXT PRIMARY KEY, n INTEGER);
CREATE INDEX by_text ON typed (t, i DESC);
CREATE UNIQUE INDEX by_number ON typed (r);
CREATE INDEX by_number_too ON typed (r);
"""

TEXTS = [
    *("", "a", "12", "1.0", "'\"", "\u0000", "a\u0000b", "caf\xe9", "e\u0301"),
    *("\u2028", "\ufffe", "\U0010ffff"),
]
INTS = [0, 1, -1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 0.1, 1e308, -5e-324, 1.0, float("inf"), float("-inf")]
BLOBS = [b"", b"\0", b"\xff\x00a", b"text"]
ANY = [*TEXTS, *INTS, *FLOATS[:6], *BLOBS, None]


@pytest.fixture
def old(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Return a file of SQLite with a table of each kind and hundreds of rows."""
    draw = random.Random(11)
    pick = draw.choice
    with closing(make(tmp_path / "old.db", EVERYTHING)) as db:
        for number in range(200):
            half = number + 0.5 if number % 3 else None
            row = [number * 2**54, pick(INTS), half, pick(TEXTS), pick([*BLOBS, None])]
            row += [pick([1, 7, None]), pick(["2026-11-30", None]), pick([0, 1, None])]
            row += [pick(ANY), pick([*BLOBS, *TEXTS, None]), None]
            db.execute("INSERT INTO typed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        both = [(a, b, c) for a in TEXTS for b in BLOBS for c in INTS]
        db.executemany("INSERT INTO both VALUES (?, ?, ?)", both)
        pairs = [(a, b, pick([*FLOATS, None])) for a in TEXTS for b in INTS]
        db.executemany("INSERT INTO pairs VALUES (?, ?, ?)", pairs)
        db.executemany("INSERT INTO keyed VALUES (?, ?)", [(b, pick(ANY)) for b in BLOBS])
        db.executemany("INSERT INTO bare VALUES (?, ?)", [(x, pick(TEXTS)) for x in ANY])
        db.executemany('INSERT INTO "odd ""name" VALUES (?, ?, ?)', [("x", 1, "y"), (None,) * 3])
        db.executemany("INSERT INTO loose VALUES (?, ?)", [(1, "a"), ("1", "b"), (b"1", "c")])
        db.executemany("INSERT INTO nulls VALUES (?, ?)", [(None, "a"), (None, "b"), ("c", "d")])
        db.commit()
        yield db


def told(connection: sqlite3.Connection, table: str, columns: list[str]) -> list[Any]:
    """Return the rows of a table with the class of each value, in an order that all rows have."""
    name = table.replace('"', '""')
    parts = [f'"{column}"' for column in columns]
    classes = [f"typeof({part})" for part in parts]
    rows = connection.execute(f'SELECT {", ".join([*parts, *classes])} FROM "{name}"').fetchall()
    return sorted(map(repr, rows))


def columns_of(connection: sqlite3.Connection, table: str) -> list[str]:
    name = table.replace('"', '""')
    return [row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')]


# There and back


@pytest.mark.parametrize("portion", [7, 1000])
def test_every_row_comes_back_as_it_was(
    old: sqlite3.Connection, tmp_path: Path, portion: int
) -> None:
    with libredb.open(tmp_path / "new.libredb") as db:
        report = import_sqlite(db, tmp_path / "old.db", portion_rows=portion)
        assert [(each.bad, each.offset) for each in report.tables] == [
            (0, each.inserted) for each in report.tables
        ]
        assert export_sqlite(db, tmp_path / "back.db") == {
            each.namespace: each.inserted for each in report.tables
        }
        assert libredb.catalog(db).check() == []
    with closing(sqlite3.connect(tmp_path / "back.db")) as back:
        assert tables_of(back) == tables_of(old)
        for table in tables_of(old):
            with case(table=table):
                columns = columns_of(old, table)
                assert told(back, table, columns) == told(old, table, columns)
        assert back.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_rows_without_a_key_keep_their_rowid(old: sqlite3.Connection, tmp_path: Path) -> None:
    with libredb.open() as db:
        import_sqlite(db, tmp_path / "old.db", tables=["bare", "nulls"])
        export_sqlite(db, tmp_path / "back.db")
    with closing(sqlite3.connect(tmp_path / "back.db")) as back:
        for table in ("bare", "nulls"):
            wanted = old.execute(f"SELECT rowid, * FROM {table} ORDER BY 1").fetchall()
            assert back.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() == wanted


def test_a_second_round_changes_nothing(old: sqlite3.Connection, tmp_path: Path) -> None:
    with libredb.open() as db, libredb.open() as again:
        import_sqlite(db, tmp_path / "old.db")
        export_sqlite(db, tmp_path / "back.db")
        assert import_sqlite(again, tmp_path / "back.db").lost == ()
        names = libredb.catalog(db).names()
        assert libredb.catalog(again).names() == names
        for name in names:
            first, second = (
                libredb.catalog(db).describe(name),
                libredb.catalog(again).describe(name),
            )
            assert first["schema"]["key"] == second["schema"]["key"]
            assert first["schema"]["columns"].keys() == second["schema"]["columns"].keys()
            fields = [[each["fields"] for each in found["indexes"]] for found in (first, second)]
            assert sorted(fields[0]) == sorted(fields[1])


# What a table becomes


def test_types_are_what_is_declared_unless_a_value_is_another(
    old: sqlite3.Connection, tmp_path: Path
) -> None:
    with libredb.open() as db:
        import_sqlite(db, tmp_path / "old.db")
        describe = libredb.catalog(db).describe
        types = {
            name: column["type"] + "?" * column.get("optional", False)
            for name, column in describe("typed")["schema"]["columns"].items()
        }
        assert types == {
            "id": "int",
            "i": "int",
            "r": "float?",
            "t": "str?",
            "b": "bytes?",
            "n": "int?",
            "d": "str?",
            "flag": "int?",
            "anything": "any",
            "mixed": "any",
            "empty": "str?",
        }
        keys = {name: describe(name)["schema"]["key"] for name in libredb.catalog(db).names()}
        assert keys == {
            "typed": ["id"],
            "pairs": ["b", "a"],
            "keyed": ["k"],
            "both": ["c", "a", "b"],
            "bare": ["rowid"],
            'odd "name': ["_rowid_"],
            "loose": ["rowid"],
            "nulls": ["rowid"],
            "empty": ["id"],
        }
        indexes = [(each["fields"], "unique" in each) for each in describe("typed")["indexes"]]
        assert indexes == [([["r"]], True), ([["t"], ["i"]], False)]
        assert [(each["fields"], "unique" in each) for each in describe("loose")["indexes"]] == [
            ([["k"]], True)
        ]


def test_what_has_no_place_is_listed(db: Database, tmp_path: Path) -> None:
    script = """
    CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, n INTEGER DEFAULT 7 CHECK (n > 0),
        t TEXT COLLATE NOCASE UNIQUE, twice INTEGER GENERATED ALWAYS AS (n * 2) STORED);
    CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id));
    CREATE VIEW v AS SELECT * FROM a;
    CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END;
    CREATE INDEX part ON a (n) WHERE n > 5;
    CREATE INDEX computed ON a (n + 1);
    INSERT INTO a (n, t) VALUES (1, 'x'), (2, 'y');
    """
    with closing(make(tmp_path / "old.db", script)):
        report = import_sqlite(db, tmp_path / "old.db")
    partial = "it is partial, of an expression or collated"
    assert sorted(report.lost) == sorted(
        [
            "the view v",
            "the trigger t of a",
            "a CHECK of a",
            "a collation of a",
            "AUTOINCREMENT of a",
            "the default of a.n",
            "how a.twice is generated; its values are there",
            f"the index computed of a: {partial}",
            f"the index part of a: {partial}",
            f"the index sqlite_autoindex_a_1 of a: {partial}",
            "the foreign key of b to a",
        ]
    )
    assert [each.namespace for each in report.tables] == ["a", "b"]
    table: Any = recorded_lens(db, "a")
    assert table.get(2) == {"id": 2, "n": 2, "t": "y", "twice": 4}


def test_virtual_tables_and_what_they_keep_inside_are_left_out(
    db: Database, tmp_path: Path
) -> None:
    script = "CREATE VIRTUAL TABLE words USING fts5(t); INSERT INTO words VALUES ('a b');"
    with closing(make(tmp_path / "old.db", script)):
        report = import_sqlite(db, tmp_path / "old.db")
    assert report.lost == ("the virtual table words",)
    assert report.tables == ()
