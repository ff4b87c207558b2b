"""Claim: what SQLite and libredb refuse is told with its row, and no file is half made."""

import sqlite3
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
from tests.unit.interop.sqlite_files import make, tables_of

pytestmark = pytest.mark.cpython(reason="Pyodide has no sqlite3 unless it is loaded")


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
