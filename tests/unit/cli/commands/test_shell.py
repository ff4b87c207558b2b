"""Claim: `libredb shell` is Python with the database at hand, which only reads unless told else."""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb.cli.commands.shell import names_for
from libredb.cli.main import main
from tests.unit.cli.running import run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


def test_a_program_comes_by_a_pipe_or_as_an_option(
    app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = "print(db.get(b'greeting'), kv('settings')['lang'], documents('notes').count())"
    with unchanged(app.parent):
        assert run("shell", "app.libredb", stdin=program.encode()).out == "b'hello' en 3\n"
        assert run("shell", "app.libredb", "--run", program).out == "b'hello' en 3\n"
        assert run(
            "shell", "app.libredb", "--run", "print(table('people').get(1)['name'])"
        ).out == ("Ada\n")
        assert run("shell", "app.libredb", "--run", "print(catalog.names())").out == (
            "['notes', 'people', 'settings']\n"
        )


def test_it_only_reads_unless_it_is_told_to_write(app: Path) -> None:
    program = "db.set(b'k', b'v'); kv('new')['a'] = 'b'; documents('docs').insert({'id': 'd'})"
    with unchanged(app.parent):
        refused = run("shell", "app.libredb", "--run", program)
    assert refused.code == 2
    assert "open for reading only" in refused.err
    assert run("shell", "app.libredb", "--write", "--run", program).code == 0
    assert run("get", "app.libredb", "a", "-n", "new").out == "b\n"
    assert run("get", "app.libredb", "d", "-n", "docs").code == 0
    with libredb.open(app):
        assert run("shell", "app.libredb", "--write", "--run", "").code == 3


def test_an_earlier_version_is_read_and_not_written(app: Path) -> None:
    done = run("shell", "app.libredb", "--at", "0", "--run", "print(db.version, db.count())")
    assert done.out == "0 0\n"
    assert run("shell", "app.libredb", "--at", "0", "--write", "--run", "").code == 2


def test_a_program_that_fails_is_shown_as_python_does(app: Path) -> None:
    done = run("shell", "app.libredb", "--run", "1/0")
    assert done.code == 1
    assert done.err.endswith("ZeroDivisionError: division by zero\n")
    assert run("shell", "app.libredb", "--run", "def").code == 1
    assert run("shell", "app.libredb", "--run", "raise SystemExit(9)").code == 9


def test_a_namespace_is_opened_as_what_it_is_and_as_nothing_else(app: Path) -> None:
    with libredb.open(app) as db:
        names = names_for(db)
        with pytest.raises(libredb.UsageError, match="'notes' is <Documents 'notes'>"):
            names["kv"]("notes")
        with pytest.raises(libredb.MissingKeyError):
            names["table"]("new")
        table = names["table"]("new", {"id": "int"}, key="id")
        table.insert({"id": 1})
        assert names["table"]("new").get(1) == {"id": 1}
        names["kv"]("bytes", "bytes")["k"] = b"v"
        assert names["kv"]("bytes")["k"] == b"v"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("has_readline", [True, False])
def test_a_prompt_has_the_names_at_hand(
    app: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    has_readline: bool,
) -> None:
    found: dict[str, object] = {}

    def interact(**given: Any) -> None:
        found.update(given["local"])

    monkeypatch.setattr("code.interact", interact)
    monkeypatch.setattr("sys.stdin", Terminal())
    if not has_readline:
        monkeypatch.setitem(sys.modules, "readline", None)
    assert main(["shell", "app.libredb"]) == 0
    assert {"db", "kv", "documents", "table", "catalog", "libredb"} <= set(found)
    assert "Namespaces: notes, people, settings\n" in capsys.readouterr().out


def test_a_prompt_greets_and_answers(app: Path) -> None:
    import pty  # a browser has none

    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "libredb", "shell", str(app)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"TERM": "dumb", "PYTHON_BASIC_REPL": "1"},
    ) as process:
        os.close(theirs)
        os.write(ours, b"db.get(b'greeting')\nnobody\n\x04")
        assert process.stdout is not None
        printed = process.stdout.read().decode()
        os.close(ours)
    assert process.returncode == 0
    assert "Here are: db, catalog, kv(name), documents(name), table(name), libredb" in printed
    assert "Namespaces: notes, people, settings" in printed
    assert "b'hello'" in printed
    assert "NameError" in printed
