"""Claim: `libredb upgrade` and `libredb convert` do what the functions do, and tell it.

0 is done, 2 a path that is taken, 4 a file that is none or is damaged, 5 one that is missing, and 6
data that does not fit.
"""

import json
from pathlib import Path

import pytest

import libredb
from libredb.cli.main import main
from tests.unit.interop.typescript.old_files import MIX, SMALL, collection, entry, file_of

pytestmark = pytest.mark.cpython  # the command line has files of the operating system


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_upgrade_tells_what_became_of_each_part(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = file_of([*MIX, [entry("notes:bad", "no JSON")]], 1)
    (here / "old").write_bytes(data + b"torn")
    assert main(["upgrade", "old", "new"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "'old', format 1: 9 commits, now a database at 'new'",
        "  documents 'notes': 2",
        "  documents 'notes2': 1",
        "  table 'empty': 0",
        "  table 'users': 2",
        "  kv 'default': 3",
        "  raw keys: 2",
        "    of 'notes': 1 with a value that is no JSON object",
        "  left out at the end: 4 bytes of a torn record",
    ]
    assert (here / "old").read_bytes() == data + b"torn"
    with libredb.open("new", mode="r") as db:
        assert libredb.kv(db)["theme"] == "dark"


def test_a_conversion_tells_what_was_written_and_leaves_nothing_else(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "old").write_bytes(file_of(SMALL, 0))
    assert main(["upgrade", "old", "new"]) == 0
    before = {path.name for path in here.iterdir()}
    capsys.readouterr()
    assert main(["convert", "new", "back", "--format", "0"]) == 0
    size = len((here / "back").read_bytes())
    out = f"'new': 4 entries, now a file of format 0 at 'back', {size} bytes\n"
    assert capsys.readouterr().out == out
    assert {path.name for path in here.iterdir()} - before == {"back"}


def test_reports_are_json_for_programs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = [collection("default"), entry("default:1", {}), entry("k", "v")]
    (here / "old").write_bytes(file_of([pairs], 1))
    assert main(["upgrade", "old", "new", "--kv", "keys", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["documents"], report["kv"], report["kv_entries"]) == ({"default": 1}, "keys", 1)
    assert main(["convert", "new", "back", "--kv", "keys", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["entries"], report["format"], report["losses"]) == (3, 1, [])


def test_what_does_not_fit_is_exit_code_6_until_its_loss_is_accepted(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with libredb.open("db") as db:
        libredb.documents(db, "d").create_index("a")
    assert main(["convert", "db", "out"]) == 6
    err = capsys.readouterr().err
    assert err.startswith("libredb: format 1 cannot hold all of 'db'; ")
    assert err.endswith("\n  'd': 1 with an index\n")
    assert not (here / "out").exists()
    assert main(["convert", "db", "out", "--lossy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == ["  in another form, or left out: 'd': 1 with an index"]


def test_a_damaged_length_is_exit_code_4_until_its_loss_is_accepted(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(file_of(SMALL, 0))
    data[22] ^= 0x80
    (here / "old").write_bytes(data)
    assert main(["upgrade", "old", "new"]) == 4
    assert "--cut-tail" in capsys.readouterr().err
    assert not (here / "new").exists()
    assert main(["upgrade", "old", "new", "--cut-tail"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["upgrade", "missing", "new"], 5, "there is no file at 'missing'"),
        (["upgrade", "text", "new"], 4, "this is no file of a LibreDB"),
        (["upgrade", "db", "new"], 4, "this file has format 2 already; open it"),
        (["upgrade", "old", "db"], 2, "already; choose another path"),
        (["upgrade", "old", "text"], 4, "this is not a libredb database"),
        (["convert", "db", "old"], 2, "already; choose another path"),
        (["convert", "old", "new"], 4, "`libredb upgrade OLD NEW`"),
        (["convert", "missing", "new"], 5, "there is no database file"),
    ],
    ids=["missing", "text", "ours", "taken", "foreign", "taken by a file", "old", "no database"],
)
def test_what_cannot_be_done_has_its_exit_code_and_changes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, message: str
) -> None:
    (here / "old").write_bytes(file_of(SMALL, 1))
    (here / "text").write_bytes(b"Dear diary")
    with libredb.open("db") as db:
        db.set(b"k", b"v")
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    assert main(arguments) == code
    assert message in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before
