"""Claim: `libredb import` and `export` do what they say, and say what is stored if they end."""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb.cli.commands import import_
from libredb.cli.main import main
from libredb.kernel.database import Database

pytestmark = pytest.mark.cpython  # they need files and the streams of a process

Capture = pytest.CaptureFixture[str]
LINES = b'{"id":"a","n":1}\n{"id":"b","n":2}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go into an empty folder with a file of two lines."""
    monkeypatch.chdir(tmp_path)
    Path("notes.jsonl").write_bytes(LINES)
    return tmp_path


def give(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Let these bytes come from stdin."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def run(*arguments: str) -> int:
    return main([arguments[0], "app.libredb", *arguments[1:]])


def rows(namespace: str) -> list[Any]:
    with libredb.open("app.libredb", mode="r") as db:
        return list(libredb.documents(db, namespace).find())


def test_a_file_goes_in_and_comes_out_as_it_was(folder: Path, capsys: Capture) -> None:
    assert run("import", "notes.jsonl") == 0
    assert capsys.readouterr().out == "notes: 2 inserted, 0 updated, 0 skipped, 0 bad\n"
    assert run("export", "notes") == 0
    assert capsys.readouterr().out.encode() == LINES
    assert run("export", "notes", "--output", "out.json") == 0
    assert json.loads(Path("out.json").read_text()) == [json.loads(line) for line in LINES.split()]
    assert run("import", "out.json", "--namespace", "again") == 0
    assert rows("again") == rows("notes")


def test_progress_goes_to_stderr(folder: Path, capsys: Capture) -> None:
    run("import", "notes.jsonl")
    assert "34 of 34 bytes into notes" in capsys.readouterr().err


def test_stdin_and_stdout_are_a_dash(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, b"id,n\na,1\n")
    assert run("import", "-", "--format", "csv", "--namespace", "n", "--types", "n=int") == 0
    give(monkeypatch, LINES)
    assert run("import", "-", "--namespace", "n", "--on-duplicate", "skip") == 0
    assert run("export", "n", "--output", "-", "--format", "csv") == 0
    assert capsys.readouterr().out.splitlines()[-3:] == ["id,n", "a,1", "b,2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("import", "-", "--namespace", "n", "--resume"), "<stdin> cannot be resumed"),
        (("import", "-"), "what comes from stdin needs a --namespace"),
        (("import", "-", "--namespace", "n", "--into", "table"), "from a file, not from stdin"),
        (("import", "-", "--format", "sqlite"), "a SQLite file is not read from stdin"),
        (("import", "notes.txt"), "say the --format of notes.txt"),
        (("import",), "name one FILE, or --from-sqlite FILE"),
        (("import", "notes.jsonl", "--from-sqlite", "x.db"), "name one FILE, or --from-sqlite"),
        (("export", "--format", "jsonl"), "name one NAMESPACE"),
        (("export", "a", "b"), "name one NAMESPACE"),
        (("export", "a", "--format", "sqlite"), "SQLite is not written to stdout"),
        (("export", "a", "--output", "x.txt"), "say the --format of x.txt"),
        (("export", "--output", "x", "--to-sqlite", "y"), "name --output FILE, or --to-sqlite"),
        (
            ("import", "notes.jsonl", "--into", "table", "--types", "x=int"),
            "there is no column 'x'",
        ),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    folder: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    libredb.open("app.libredb").close()
    pipe = io.BytesIO(LINES)
    pipe.seekable = lambda: False
    pipe.name = "<stdin>"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


def test_a_type_that_is_none_is_a_wrong_call(folder: Path, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        run("import", "notes.jsonl", "--types", "n")
    assert caught.value.code == 2
    assert "argument --types: must be NAME=TYPE" in capsys.readouterr().err


def test_a_bad_line_ends_with_6_and_says_how_to_go_on(folder: Path, capsys: Capture) -> None:
    good = b"".join(b'{"id":"n%d"}\n' % number for number in range(1500))
    Path("notes.jsonl").write_bytes(good + b"bad\n")
    assert run("import", "notes.jsonl") == 6
    printed = capsys.readouterr()
    assert printed.err.endswith(
        "libredb: notes.jsonl, line 1,501: it is not JSON: Expecting value at column 1\n"
        "1,000 rows of the import into 'notes' are stored.\n"
        "Correct the line, or say --skip-bad FILE; then go on with --resume.\n"
    )
    assert len(rows("notes")) == 1000
    assert run("import", "notes.jsonl", "--resume", "--skip-bad", "bad.jsonl") == 0
    printed = capsys.readouterr()
    assert printed.out == "notes: 1,500 inserted, 0 updated, 0 skipped, 1 bad\n"
    assert "   line 1,501: it is not JSON" in printed.err
    assert Path("bad.jsonl").read_bytes() == b"bad\n"
    Path("other.jsonl").write_bytes(b"bad\n")
    assert run("import", "other.jsonl") == 6
    assert "then import it again." in capsys.readouterr().err


def test_a_table_gets_its_columns_from_the_file(folder: Path, capsys: Capture) -> None:
    Path("t.csv").write_text("day\tn\n2026-11-30\t7\n")
    Path("t.tsv").write_text(Path("t.csv").read_text())
    types = "day=date,n=int?"
    assert run("import", "t.tsv", "--into", "table", "--key", "day", "--types", types) == 0
    assert run("import", "notes.jsonl", "--into", "table", "--key", "id,n") == 0
    with libredb.open("app.libredb", mode="r") as db:
        schemas = {each["name"]: each["schema"] for each in libredb.catalog(db).to_json()}
    assert schemas["t"] == {
        "key": ["day"],
        "columns": {"day": {"type": "date"}, "n": {"type": "int", "optional": True}},
    }
    assert schemas["notes"]["key"] == ["id", "n"]
    assert run("export", "t") == 0
    assert capsys.readouterr().out.endswith('{"day":{"$date":"2026-11-30"},"n":7}\n')
    assert run("export", "t", "-o", "out.tsv") == 0
    assert Path("out.tsv").read_text() == "day\tn\n2026-11-30\t7\n"


def test_what_is_there_decides_what_the_rows_become(folder: Path) -> None:
    Path("kv.json").write_text('{"data": {"x": 1, "y": {"z": null}}}')
    assert run("import", "kv.json", "--into", "kv", "--at", "data", "--namespace", "k") == 0
    Path("more.json").write_text('{"w": 2}')
    assert run("import", "more.json", "--namespace", "k") == 0
    assert run("import", "more.json", "--namespace", "k", "--into", "table") != 0
    Path("numbers.jsonl").write_text('{"n":1}\n{"n":2}\n')
    assert run("import", "numbers.jsonl", "--count-ids") == 0
    assert run("import", "numbers.jsonl") == 0
    with libredb.open("app.libredb", mode="r") as db:
        assert dict(libredb.kv(db, "k", values="json").items()) == {
            "w": 2,
            "x": 1,
            "y": {"z": None},
        }
    assert [row["id"] for row in rows("numbers")] == [1, 2, 3, 4]


def test_sqlite_goes_in_and_out(folder: Path, capsys: Capture) -> None:
    with closing(sqlite3.connect("old.db")) as old:
        old.executescript("CREATE TABLE a (id TEXT PRIMARY KEY); CREATE VIEW v AS SELECT 1;")
        old.execute("INSERT INTO a VALUES ('x')")
        old.commit()
    Path("copy").write_bytes(Path("old.db").read_bytes())
    assert run("import", "old.db") == 0
    printed = capsys.readouterr()
    assert printed.out == "a: 1 inserted, 0 updated, 0 skipped, 0 bad\n"
    assert "   not carried over: the view v\n" in printed.err
    assert run("import", "--from-sqlite", "copy", "--table", "a", "--on-duplicate", "replace") == 0
    assert capsys.readouterr().out == "a: 0 inserted, 1 updated, 0 skipped, 0 bad\n"
    assert run("export", "--to-sqlite", "new.db") == 0
    assert run("export", "a", "-o", "one.sqlite") == 0
    for name in ("new.db", "one.sqlite"):
        with closing(sqlite3.connect(name)) as new:
            assert new.execute("SELECT * FROM a").fetchall() == [("x",)]


def test_a_file_that_is_there_is_replaced_only_if_that_was_said(
    folder: Path, capsys: Capture
) -> None:
    run("import", "notes.jsonl")
    Path("out.csv").write_text("mine")
    assert run("export", "notes", "-o", "out.csv") == 5
    assert "out.csv is there already" in capsys.readouterr().err
    assert Path("out.csv").read_text() == "mine"
    assert run("export", "notes", "-o", "out.csv", "--replace") == 0
    assert Path("out.csv").read_text() == "id,n\na,1\nb,2\n"


def test_exporting_needs_no_turn_to_write(folder: Path) -> None:
    run("import", "notes.jsonl")
    with libredb.open("app.libredb"):
        assert run("export", "notes") == 0


# How they end


@pytest.mark.parametrize(("ending", "code"), [(KeyboardInterrupt(), 130), (SystemExit(143), 143)])
def test_what_ends_an_import_leaves_whole_portions_and_says_so(
    folder: Path,
    capsys: Capture,
    monkeypatch: pytest.MonkeyPatch,
    ending: BaseException,
    code: int,
) -> None:
    Path("notes.jsonl").write_bytes(b"".join(b'{"id":"n%d"}\n' % n for n in range(3500)))
    commits = iter(range(9))
    transact = Database.transact

    def interrupted(self: Database, fn: Any, /) -> Any:
        if next(commits) == 2:
            transact(self, fn)
            raise ending  # the commit is there, and nobody has heard of it
        return transact(self, fn)

    monkeypatch.setattr(Database, "transact", interrupted)
    try:
        ended = run("import", "notes.jsonl")
    except SystemExit as error:
        ended = error.code
    assert ended == code
    told = "3,000 rows of the import into 'notes' are stored; --resume goes on behind them."
    assert told in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert len(rows("notes")) == 3000
    assert run("import", "notes.jsonl", "--resume") == 0
    assert len(rows("notes")) == 3500


def test_an_import_that_ends_before_anything_is_stored_says_that(
    folder: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_, "import_jsonl", end)
    assert run("import", "notes.jsonl") == 130
    assert "Nothing of it is known to be stored" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_whole_portions(folder: Path, number: int, code: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "libredb", "import", "app.libredb", "-", "--namespace", "notes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    data = b"".join(b'{"id":"n%d"}\n' % n for n in range(2500))
    process.stdin.write(data)
    process.stdin.flush()
    while not (Path("app.libredb").exists() and stored() >= 2000):
        assert process.poll() is None
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == code
    assert b"2,000 rows of the import into 'notes' are stored" in errors
    assert len(rows("notes")) == 2000
    Path("whole.jsonl").write_bytes(data)
    assert run("import", "whole.jsonl", "--namespace", "notes", "--resume") == 0
    assert len(rows("notes")) == 2500


def stored() -> int:
    """Return how many rows another process has stored so far."""
    try:
        return len(rows("notes"))
    except libredb.LibreDBError:
        return 0  # it is just being made


@pytest.mark.slow
def test_a_closed_pipe_ends_an_export_quietly(folder: Path) -> None:
    Path("notes.jsonl").write_bytes(
        b"".join(b'{"id":"n%05d","x":"%s"}\n' % (n, b"x" * 100) for n in range(5000))
    )
    run("import", "notes.jsonl")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "libredb", "export", "app.libredb", "notes"],
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert os.read(reading, 10) == b'{"id":"n00'
    os.close(reading)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (0, b"")
