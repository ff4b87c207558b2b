"""Claim: a table of SQLite becomes a table, row by row, and what has no place here is told.

Going back, each row is what it was, with the class of each value.
"""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import libredb
from libredb import Database, Store
from libredb.interop import BadLineError, export_sqlite, import_sqlite, recorded_lens
from libredb.interop.importing import SourceProblem
from libredb.interop.sqlite.importing import SqliteRows
from libredb.interop.sqlite.shape import shape_of
from tests.support.case import case

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


def make(path: Path, script: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    return connection


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


def tables_of(connection: sqlite3.Connection) -> list[str]:
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return sorted(name for (name,) in found)


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


# Bad rows, duplicates, resuming

BROKEN = """
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO t VALUES (1, 'a'), (2, CAST(x'ff41' AS TEXT)), (3, 'c');
CREATE TABLE u (id TEXT PRIMARY KEY);
INSERT INTO u VALUES ('x'), (CAST(x'ff' AS TEXT));
"""


def test_text_that_is_not_utf8_is_a_bad_row_with_a_name(db: Database, tmp_path: Path) -> None:
    path, bad = tmp_path / "old.db", tmp_path / "bad.jsonl"
    with closing(make(path, BROKEN)):
        with pytest.raises(BadLineError) as caught:
            import_sqlite(db, path, portion_rows=1)
        assert str(caught.value) == f"{path}, table t, row 2: column name: the text is not UTF-8"
        assert caught.value.report.inserted == 1
        report = import_sqlite(db, path, resume=True, skip_bad=bad)
    assert [(each.inserted, each.bad) for each in report.tables] == [(2, 1), (1, 1)]
    lines = b'{"table":"t","row":{"id":2,"name":{"$bytes":"/0E="}}}\n'
    assert bad.read_bytes() == lines + b'{"table":"u","row":{"id":{"$bytes":"/w=="}}}\n'


def test_a_row_that_the_lens_refuses_is_a_bad_row(db: Database, tmp_path: Path) -> None:
    script = f"CREATE TABLE t (id TEXT PRIMARY KEY); INSERT INTO t VALUES ('{'x' * 600}');"
    with closing(make(tmp_path / "old.db", script)), pytest.raises(BadLineError) as caught:
        import_sqlite(db, tmp_path / "old.db")
    assert "an id has at most 512 bytes" in caught.value.reason


@pytest.mark.parametrize("count", range(1, 9))
def test_an_import_of_tables_is_resumed_at_every_boundary(
    store: Store, tmp_path: Path, count: int
) -> None:
    class StopError(Exception):
        pass

    stops = iter(range(count))

    def stop(_: Any) -> None:
        if next(stops) == count - 1:
            raise StopError

    script = """
    CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (x TEXT); CREATE TABLE c (id TEXT);
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 7)
    INSERT INTO a SELECT i FROM n;
    INSERT INTO b SELECT id || 'x' FROM a;
    """
    path = tmp_path / "old.db"
    with closing(make(path, script)) as old:
        with suppress(StopError):
            import_sqlite(store, path, portion_rows=2, progress=stop)
        report = import_sqlite(store, path, portion_rows=2, resume=True)
        assert [each.inserted for each in report.tables] == [7, 7, 0]
        table: Any = recorded_lens(store, "b")
        assert [row["x"] for row in table] == [f"{number}x" for number in range(1, 8)]
        old.execute("UPDATE a SET id = 100 WHERE id = 1")
        old.commit()
        with pytest.raises(libredb.UsageValueError, match="is not what was imported so far"):
            import_sqlite(store, path, resume=True)


def test_duplicates_are_what_was_said(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(make(path, "CREATE TABLE t (id TEXT PRIMARY KEY); INSERT INTO t VALUES ('a')")):
        import_sqlite(store, path)
        with pytest.raises(BadLineError, match="row 1: 'a' is in 't' already"):
            import_sqlite(store, path)
        assert import_sqlite(store, path, on_duplicate="replace").tables[0].updated == 1
        assert import_sqlite(store, path, on_duplicate="skip").tables[0].skipped == 1


def test_what_is_no_file_of_sqlite_is_refused(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with pytest.raises(FileNotFoundError):
        import_sqlite(db, path)
    assert not path.exists()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(libredb.UsageValueError, match="cannot be read as a file of SQLite"):
        import_sqlite(db, path)
    make(tmp_path / "old.db", "CREATE TABLE t (id)").close()
    with pytest.raises(libredb.UsageValueError, match="has no table 'u'"):
        import_sqlite(db, tmp_path / "old.db", tables=["u"])


def test_a_damaged_file_of_sqlite_ends_the_import_at_its_row(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    script = """
    CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT);
    WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 400)
    INSERT INTO t SELECT i, hex(zeroblob(100)) FROM n;
    """
    make(path, script).close()
    data = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as old:
        shape = shape_of(old, "t")
    data[-4096:] = b"\xff" * 4096
    path.write_bytes(data)
    with closing(sqlite3.connect(path)) as old:
        reader = SqliteRows(old, "old.db", shape)
        with pytest.raises(SourceProblem, match="SQLite cannot read it") as caught:
            list(reader.rows())
    assert 1 < caught.value.line < 400
    with pytest.raises(libredb.UsageValueError, match="cannot be read as a file of SQLite"):
        import_sqlite(db, path)
    assert libredb.catalog(db).names() == []


def test_a_table_that_is_there_with_other_columns_is_left_alone(
    db: Database, tmp_path: Path
) -> None:
    libredb.table(db, "t", {"id": "str", "n": "int"}).insert({"id": "a", "n": 1})
    make(tmp_path / "old.db", "CREATE TABLE t (id TEXT PRIMARY KEY)").close()
    with pytest.raises(libredb.SchemaMismatchError):
        import_sqlite(db, tmp_path / "old.db")


# Out of libredb


def test_documents_and_a_kv_become_tables(db: Database, tmp_path: Path) -> None:
    libredb.documents(db, "notes").insert({"id": "a", "n": [1, None]})
    libredb.documents(db, "counted", key=libredb.counter("id")).insert({"x": "y"})
    libredb.kv(db, "texts")["a"] = "b"
    libredb.kv(db, "raw", values="bytes")["a"] = b"\xff"
    libredb.kv(db, "values", values="json")["a"] = {"b": 1}
    export_sqlite(db, tmp_path / "out.db")
    with closing(sqlite3.connect(tmp_path / "out.db")) as out:
        found = {name: out.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables_of(out)}
    assert found == {
        "notes": [("a", '{"n":[1,null]}')],
        "counted": [(1, '{"x":"y"}')],
        "texts": [("a", "b")],
        "raw": [("a", b"\xff")],
        "values": [("a", '{"b":1}')],
    }


def test_what_sqlite_has_no_class_for_is_text(db: Database, tmp_path: Path) -> None:
    types = {"id": "uuid", "b": "bool", "d": "date", "n": "decimal", "l": "list", "x": "any"}
    row = {"id": UUID(int=7), "b": True, "d": date(2026, 11, 30), "n": Decimal("1.50"), "l": [1]}
    libredb.table(db, "t", types).insert({**row, "x": {"y": Decimal(2)}})
    export_sqlite(db, tmp_path / "out.db")
    with closing(sqlite3.connect(tmp_path / "out.db")) as out:
        assert out.execute("SELECT * FROM t").fetchall() == [
            (str(UUID(int=7)), 1, "2026-11-30", "1.50", "[1]", '{"y":{"$decimal":"2"}}')
        ]


def test_a_file_that_cannot_be_made_whole_is_not_there(db: Database, tmp_path: Path) -> None:
    numbers = libredb.table(db, "numbers", {"id": "str", "n": "int"})
    numbers.insert_many([{"id": "a", "n": 2**63 - 1}, {"id": "b", "n": 2**63}])
    with pytest.raises(libredb.InvalidValueError, match="row 2 of 'numbers' has an int of more"):
        export_sqlite(db, tmp_path / "out.db")
    libredb.table(db, "cases", {"id": "str", "a": "int", "A": "int"}).insert_many([])
    with pytest.raises(libredb.UsageValueError, match="SQLite refuses the table 'cases'"):
        export_sqlite(db, tmp_path / "out.db", namespaces=["cases"])
    with pytest.raises(libredb.MissingKeyError):
        export_sqlite(db, tmp_path / "out.db", namespaces=["none"])
    assert list(tmp_path.iterdir()) == []
    assert export_sqlite(db, tmp_path / "out.db", namespaces=[]) == {}
    with pytest.raises(FileExistsError):
        export_sqlite(db, tmp_path / "out.db", namespaces=[])
