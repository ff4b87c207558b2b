"""Claim: `libredb backup` makes a copy that is whole, and replaces nothing unless it is told to."""

from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import run

pytestmark = pytest.mark.cpython  # commands open files of the operating system


def test_a_backup_is_a_database_of_the_same_content(app: Path) -> None:
    before = app.read_bytes()
    done = run("backup", "app.libredb", "copy.libredb")
    with libredb.open(app, mode="r") as db:
        assert done.out == f"{db.log_bytes:,} bytes, version {db.version}\n"
    assert (done.code, app.read_bytes()) == (0, before)
    assert run("verify", "copy.libredb", "--deep").code == 0
    assert run("scan", "copy.libredb", "--lenses").out == run("scan", "app.libredb", "--lenses").out


def test_a_writer_elsewhere_goes_on(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"new", b"value")
        assert run("backup", "app.libredb", "copy.libredb").code == 0
        db.set(b"new", b"later")
    assert run("get", "copy.libredb", "new").out == "value\n"


def test_what_is_there_is_replaced_only_when_that_is_said(app: Path) -> None:
    run("set", "other.libredb", "k", "v", "--create")
    before = Path("other.libredb").read_bytes()
    done = run("backup", "app.libredb", "other.libredb")
    assert done.code == 2
    assert "there is something at 'other.libredb' already; --replace replaces a" in done.err
    assert Path("other.libredb").read_bytes() == before
    assert run("backup", "app.libredb", "other.libredb", "--replace").code == 0
    assert run("get", "other.libredb", "greeting").out == "hello\n"


def test_no_other_file_is_ever_replaced(app: Path) -> None:
    Path("notes.txt").write_text("precious")
    assert run("backup", "app.libredb", "notes.txt", "--replace").code == 4
    assert Path("notes.txt").read_text() == "precious"
    assert run("backup", "app.libredb", "app.libredb", "--replace").code == 0
    assert run("backup", "app.libredb", "no/folder.libredb").code == 5


def test_an_earlier_version_is_a_backup_as_of_then(app: Path) -> None:
    with libredb.open(app) as db:
        before = db.version
        db.delete(b"greeting")
    assert run("backup", "app.libredb", "then.libredb", "--at", str(before)).code == 0
    assert run("get", "then.libredb", "greeting").out == "hello\n"
    assert run("backup", "app.libredb", "x.libredb", "--at", "99").code == 2


def test_a_backup_goes_through_a_pipe_and_is_restored_from_one(app: Path) -> None:
    done = run("backup", "app.libredb", "-")
    assert done.code == 0
    assert "bytes" in done.err  # the progress
    assert run("restore", "-", "piped.libredb", stdin=done.data).code == 0
    found = run("scan", "piped.libredb", "--lenses").out
    assert found == run("scan", "app.libredb", "--lenses").out


def test_a_damaged_database_makes_no_backup(app: Path) -> None:
    app.write_bytes(app.read_bytes()[:9000])
    assert run("backup", "app.libredb", "copy.libredb").code == 4
    assert sorted(path.name for path in app.parent.iterdir()) == ["app.libredb"]
