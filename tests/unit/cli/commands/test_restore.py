"""Claim: `libredb restore` makes a database of a backup, of its own, and replaces none unasked."""

from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


def test_a_restored_database_has_the_content_and_an_id_of_its_own(app: Path) -> None:
    done = run("restore", "app.libredb", "new.libredb")
    assert (done.code, done.err) == (0, "")
    with libredb.open("new.libredb", mode="r") as new, libredb.open(app, mode="r") as old:
        assert done.out == f"{new.log_bytes:,} bytes, version {new.version}\n"
        assert dict(new.scan()) == dict(old.scan())
        assert new.database_id != old.database_id


def test_a_database_that_is_there_is_replaced_only_when_that_is_said(app: Path) -> None:
    run("set", "new.libredb", "k", "v", "--create")
    with unchanged(app.parent):
        done = run("restore", "app.libredb", "new.libredb")
    assert done.code == 2
    assert done.err == (
        "libredb: there is a database at 'new.libredb' already; --replace replaces it\n"
    )
    assert run("restore", "app.libredb", "new.libredb", "--replace").code == 0
    assert run("get", "new.libredb", "greeting").out == "hello\n"


def test_what_is_no_backup_makes_no_database(app: Path) -> None:
    Path("notes.txt").write_text("not a database")
    Path("damaged").write_bytes(app.read_bytes()[:9000])
    assert run("restore", "notes.txt", "new.libredb").code == 4
    assert run("restore", "damaged", "other.libredb").code == 4
    assert run("restore", "-", "third.libredb", stdin=b"LRDB").code == 4
    assert run("restore", "missing", "fourth.libredb").code == 5
    for name in ("new", "other", "third", "fourth"):
        path = Path(f"{name}.libredb")
        assert not path.exists() or run("scan", str(path)).out == ""
