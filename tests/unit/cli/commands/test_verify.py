"""Claim: `libredb verify` says whether a file is damaged and where, and changes nothing.

Hundreds of damaged files are in tests/damage; here is what it prints, and what --deep finds.
"""

import json
from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


def test_a_sound_file_is_told_in_a_few_lines(app: Path) -> None:
    with unchanged(app.parent):
        done = run("verify", "app.libredb")
    lines = done.out.splitlines()
    size = app.stat().st_size
    assert (done.code, done.err) == (0, "")
    assert lines[:2] == [
        "app.libredb: clean",
        f"   The log ends at byte {size:,} of {size:,}",
    ]
    assert lines[2].endswith(" entries, generation 0")


def test_the_report_is_json_for_programs(app: Path) -> None:
    told = json.loads(run("verify", "app.libredb", "--json", "--deep").out)
    assert (told["outcome"], told["error"], told["problems"]) == ("clean", None, [])
    app.write_bytes(app.read_bytes()[:9000])
    done = run("verify", "app.libredb", "--json")
    told = json.loads(done.out)
    assert done.code == 4
    assert (told["outcome"], told["offset"], told["error"]["code"]) == ("refused", 9000, "corrupt")
    assert "problems" not in told


def test_damage_is_told_with_its_byte(app: Path) -> None:
    app.write_bytes(app.read_bytes()[:9000])
    with unchanged(app.parent):
        done = run("verify", "app.libredb", "--deep")
    assert done.code == 4
    assert done.out == "app.libredb: damaged\n   Damage noticed at byte 9,000 of 9,000\n"
    assert done.err.startswith("libredb: app.libredb, byte 9000: the file ends here, but ")


def test_what_recovery_would_do_is_told(app: Path) -> None:
    data = app.read_bytes()
    app.write_bytes(data + b"torn")
    assert "of none; opening cuts it off\n" in run("verify", "app.libredb").out
    app.write_bytes(data[:4096] + bytes(12) + data[4108:])
    assert "The durable mark is damaged; opening writes a new one\n" in run("verify", str(app)).out
    app.write_bytes(b"")
    assert run("verify", str(app)).out.endswith(": empty; no database was made in it yet\n")


def test_a_foreign_file_is_refused_and_a_missing_one_is_not_found(app: Path) -> None:
    Path("notes.txt").write_text("not a database")
    done = run("verify", "notes.txt")
    assert (done.code, done.out.splitlines()[0]) == (4, "notes.txt: refused")
    assert run("verify", "missing").code == 5


def test_deep_finds_nothing_in_a_sound_file(app: Path) -> None:
    assert run("verify", "app.libredb", "--deep").out.endswith("   Lenses: nothing wrong\n")


def test_deep_finds_entries_and_indexes_that_do_not_agree(app: Path) -> None:
    with libredb.open(app) as db, db.transaction() as tx:
        for key, _ in tx.scan(prefix=b"\xfe\x15\x02\x01"):
            tx.set(key, b"damaged")  # a document
            break
        for key, _ in tx.scan(prefix=b"\xfe\x15\x03\x03"):
            tx.delete(key)  # an entry of an index of the table
            break
        tx.set(b"\xfe\x15\x09", b"of nobody")
    with unchanged(app.parent):
        done = run("verify", "app.libredb", "--deep")
    assert done.code == 6
    assert done.err == ""
    assert "\n   Lenses: " in done.out
    for name in ("catalog", "notes", "people"):
        assert f"\n      {name}: " in done.out, done.out
    told = json.loads(run("verify", "app.libredb", "--deep", "--json").out)
    assert len(told["problems"]) >= 3


def test_deep_goes_on_where_a_record_is_damaged(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"\xfe\x00\x01notes", b"{}")
    done = run("verify", "app.libredb", "--deep")
    assert done.code == 6
    assert "catalog: the record of the namespace 'notes' is not one" in done.out


def test_deep_names_what_it_does_not_know(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"\xfe\x00\x01graph", b'{"kind":"graph","prefix":1,"schema":null,"indexes":[]}')
    done = run("verify", "app.libredb", "--deep")
    assert done.code == 6
    assert "graph: the namespace 'graph' is one of graph, which is no lens here" in done.out
