"""Claim: `libredb inspect` tells what a file is and what is in it, and all of it in JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb.interop import inspect
from tests.unit.cli.running import run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system

FIELDS = [
    *("path", "outcome", "format_version", "database_id", "generation", "file_bytes"),
    *("log_bytes", "live_bytes", "live_share", "compaction_due", "damaged_mark", "versions"),
    *("snapshot", "entries", "raw_keys", "namespaces"),
]


def told(path: str = "app.libredb") -> dict[str, Any]:
    with unchanged(Path.cwd()):
        done = run("inspect", path, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_people_get_facts_and_a_table_of_namespaces(app: Path) -> None:
    lines = run("inspect", "app.libredb").out.splitlines()
    assert lines[0] == "app.libredb: a database"
    assert "   format      version 2, generation 0" in lines
    assert lines[8:12] == [
        "   namespace  kind        count  indexes",
        "   notes      documents       3  level+at",
        "   people     table           2  name (unique), born",
        "   settings   kv of json      2",
    ]
    assert lines[-1] == "   columns of people: id* int, name str, born date, seen datetime?"


def test_programs_get_all_of_it(app: Path) -> None:
    found = told()
    assert list(found) == FIELDS
    assert found == inspect("app.libredb")
    with libredb.open(app, mode="r") as db:
        assert found["database_id"] == (db.database_id or b"").hex()
        assert found["versions"] == {"first": 0, "last": db.version, "durable": db.version}
        assert (found["log_bytes"], found["live_bytes"]) == (db.log_bytes, db.live_bytes)
        assert found["entries"] == db.count()
        for each in found["namespaces"]:
            assert each.items() >= libredb.catalog(db).describe(each["name"]).items()
    assert found["file_bytes"] == app.stat().st_size
    assert found["raw_keys"] == 3
    assert [each["count"] for each in found["namespaces"]] == [3, 2, 2]
    assert 0 < found["live_share"] <= 1


def test_a_compacted_file_has_a_snapshot_and_is_all_live(app: Path) -> None:
    run("compact", "app.libredb")
    found = told()
    assert (found["generation"], found["live_share"]) == (1, 1.0)
    first = found["versions"]["first"]
    assert found["snapshot"] == {
        "records": 1,
        "entries": found["entries"],
        "end": found["log_bytes"],
    }
    assert run("get", "app.libredb", "greeting", "--at", str(first)).code == 0
    assert "   snapshot    " in run("inspect", "app.libredb").out


def test_what_is_odd_about_a_file_is_told(app: Path) -> None:
    data = app.read_bytes()
    app.write_bytes(data[:4096] + bytes(12) + data[4108:] + b"torn")
    assert (told()["outcome"], told()["damaged_mark"]) == ("cut", True)
    printed = run("inspect", "app.libredb").out
    assert printed.startswith("app.libredb: a database, with bytes behind its last commit")
    assert "   mark        damaged; opening for writing writes a new one\n" in printed


def test_an_empty_file_has_nothing(app: Path) -> None:
    app.write_bytes(b"")
    found = told()
    assert (found["outcome"], found["database_id"], found["live_share"]) == ("empty", None, None)
    assert found["namespaces"] == []
    assert run("inspect", "app.libredb").out.startswith("app.libredb: an empty file, in which no")


def test_much_that_was_overwritten_is_worth_compacting(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"large", bytes(2 << 20))
        db.delete(b"large")
    found = told()
    assert found["compaction_due"] is True
    assert found["live_share"] < 0.01
    assert "; compacting pays\n" in run("inspect", "app.libredb").out


def test_a_namespace_of_an_unknown_kind_has_no_count(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"\xfe\x00\x01graph", b'{"kind":"graph","prefix":1,"schema":null,"indexes":[]}')
    assert [each["count"] for each in told()["namespaces"] if each["kind"] == "graph"] == [None]
    assert run("inspect", "app.libredb").code == 0


def test_what_is_no_sound_database_is_refused(app: Path) -> None:
    app.write_bytes(app.read_bytes()[:9000])
    assert run("inspect", "app.libredb").code == 4
    assert run("inspect", "missing").code == 5
