"""Claim: the `libredb` command does what it says, and its exit codes tell what went wrong.

The demo is run on a part of its data. That it can fail matters as much as that it succeeds: here
commits are taken away between a kill and the reopening, and it has to notice each time.
"""

import io
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import libredb
from libredb.cli.console import Console
from libredb.cli.demo import kill, writer
from libredb.cli.demo import story as demo
from libredb.cli.demo.characters import character_key
from libredb.cli.demo.writer import counter_key, journal_key, journal_text
from libredb.cli.main import main

pytestmark = pytest.mark.cpython  # it starts processes and kills them

CHARACTERS = 1_200
"""Enough to have the Greek block among them."""


def run_demo(
    directory: Path, after_kill: Callable[[Path], None] | None = None, *, kills: int = 1
) -> tuple[int, str]:
    """Run a small demo; return its exit code and what it printed."""
    out = io.StringIO()
    options = demo.Options(directory, kills, CHARACTERS)
    code = demo.run(Console(out, io.StringIO()), options, after_kill=after_kill)
    return code, out.getvalue()


def raise_error(error: BaseException) -> Callable[..., object]:
    """Return a function that takes anything and raises `error`."""

    def fail(*args: object) -> object:
        raise error

    return fail


# The demo


def test_demo_succeeds_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--characters", str(CHARACTERS), "--kills", "2"]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("\nNothing is missing.\n")
    assert "\n   1,200 characters in 3 commits: " in printed.out
    assert f"U+03B1  {chr(0x3B1)}  Ll  GREEK SMALL LETTER ALPHA\n" in printed.out
    assert "GREEK SMALL LETTER OMEGA            0003C9\n" in printed.out
    assert all(len(line) <= 80 for line in printed.out.splitlines() if "Database" not in line)


def test_demo_keeps_its_database_in_the_directory_it_is_given(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "folder"
    assert run_demo(directory)[0] == 0
    with libredb.open(directory / demo.FILE_NAME, mode="r") as db:
        assert db.get(character_key(ord("A"))) == b"Lu LATIN CAPITAL LETTER A"


def test_demo_without_a_directory_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["demo", "--characters", "3", "--kills", "0"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_demo_without_characters_still_counts() -> None:
    out = io.StringIO()
    assert demo.run(Console(out, io.StringIO()), demo.Options(None, 0, 0)) == 0
    assert "   0 characters in 0 commits" in out.getvalue()


def test_demo_prints_what_recovery_cut(tmp_path: Path) -> None:
    def append_half_a_record(path: Path) -> None:
        end = libredb.verify(path).offset
        with path.open("r+b") as file:
            file.seek(end)
            file.write(b"torn" * 25)

    code, output = run_demo(tmp_path, append_half_a_record)
    assert code == 0
    assert "cut 100 bytes of a torn commit" in output


# It notices what is missing


def test_demo_fails_when_the_last_acknowledged_commits_are_cut_off(tmp_path: Path) -> None:
    def cut(path: Path) -> None:
        # Whole records of a file that was not closed: recovery cannot know that they were there.
        os.truncate(path, libredb.verify(path).offset - 1000)

    code, output = run_demo(tmp_path, cut)
    assert code == 1
    assert "s  MISSING OR DAMAGED: " in output
    assert "was acknowledged and is not there" in output


def test_demo_fails_when_one_commit_in_the_middle_is_gone(tmp_path: Path) -> None:
    def remove(path: Path) -> None:
        with libredb.open(path) as db:
            db.transact(lambda tx: tx.delete(journal_key(1, 3)))

    code, output = run_demo(tmp_path, remove)
    assert code == 1
    assert "\nMISSING OR DAMAGED: 1\n   writer 1: commit 3 was acknowledged" in output


def test_demo_fails_when_a_commit_is_there_in_part(tmp_path: Path) -> None:
    def write_half(path: Path) -> None:
        with libredb.open(path) as db:
            following = int(db.get(counter_key(1)) or b"0") + 1
            db.transact(lambda tx: tx.set(counter_key(1), b"%d" % following))

    code, output = run_demo(tmp_path, write_half)
    assert code == 1
    assert "is there in part" in output


def test_demo_fails_when_there_is_a_commit_that_was_never_made(tmp_path: Path) -> None:
    def invent(path: Path) -> None:
        with libredb.open(path) as db:
            db.transact(lambda tx: tx.set(journal_key(1, 999), b"invented"))

    code, output = run_demo(tmp_path, invent)
    assert code == 1
    assert "texts of" in output


def test_demo_fails_when_characters_are_gone_and_names_some(tmp_path: Path) -> None:
    def remove(path: Path) -> None:
        def delete(tx: libredb.Transaction) -> None:
            for code in range(ord("A"), ord("Z") + 1):
                tx.delete(character_key(code))

        with libredb.open(path) as db:
            db.transact(delete)

    code, output = run_demo(tmp_path, remove)
    assert code == 1
    assert "U+0041 LATIN CAPITAL LETTER A: not found by code" in output
    assert output.endswith("   and 22 more\n")


# Exit codes


def test_version_is_the_version_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"libredb {libredb.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [["dance"], ["demo", "--kills", "-1"], ["demo", "--kills", "ten"], ["demo", "surplus"]],
    ids=" ".join,
)
def test_impossible_arguments_are_usage_errors(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_no_command_prints_the_help_and_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "demo" in capsys.readouterr().err


def test_an_existing_demo_is_refused_and_not_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / demo.FILE_NAME
    path.write_bytes(b"precious")
    assert main(["demo", "--directory", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"libredb: {path} is there already; ")
    assert path.read_bytes() == b"precious"


def test_a_locked_database_is_exit_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from libredb_osfs import OsFileSystem

    lock = OsFileSystem().lock(str(tmp_path / demo.FILE_NAME))
    assert main(["demo", "--directory", str(tmp_path)]) == 3
    lock.release()
    assert "close it there first" in capsys.readouterr().err


def test_a_damaged_database_is_exit_code_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def kill_and_damage(path: Path, number: int) -> kill.Killed:
        killed = kill.kill_in_mid_commit(path, number)
        with path.open("r+b") as file:
            file.seek(9000)
            file.write(b"damage")
        return killed

    monkeypatch.setattr(demo, "kill_in_mid_commit", kill_and_damage)
    assert main(["demo", "--characters", str(CHARACTERS)]) == 4
    assert "restore a backup" in capsys.readouterr().err


def test_a_failure_of_the_operating_system_is_exit_code_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["demo", "--directory", str(tmp_path / "file")]) == 5
    assert "File exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (libredb.UsageValueError("wrong"), 2),
        (libredb.DatabaseLockedError("locked"), 3),
        (libredb.NotADatabaseError("path", 0, "wrong"), 4),
        (libredb.IncompleteReadError("path", 0, "wrong"), 5),
        (libredb.StorageError("failed"), 5),
        (libredb.LensError("refused"), 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "run", raise_error(error))
    assert main(["demo"]) == code


def test_a_reader_that_went_away_is_exit_code_5_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "run", raise_error(BrokenPipeError()))
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["demo"]) == 5
        out.write("this goes nowhere")
    assert (tmp_path / "out").read_bytes() == b""
    assert capsys.readouterr().err == ""


# The writer and its end


def test_interruption_kills_the_writer_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kill, "_wait", raise_error(KeyboardInterrupt()))
    assert main(["demo", "--directory", str(tmp_path), "--characters", "9"]) == 130
    assert capsys.readouterr().err.endswith("Interrupted. The writer process was killed.\n")
    libredb.open(tmp_path / demo.FILE_NAME, mode="rw").close()  # nobody holds the lock


def test_the_interrupt_of_a_terminal_ends_the_whole_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "libredb", "demo", "--characters", "9", "--kills", "999"]
    with subprocess.Popen(
        [*command, "--directory", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while "recovery" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
    assert process.returncode == 130
    assert "\nInterrupted." in errors
    assert "Traceback" not in errors
    libredb.open(tmp_path / demo.FILE_NAME, mode="rw").close()


def test_a_writer_that_ends_by_itself_is_reported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ChildProcessError, match="ended by itself with 1"):
        kill.kill_in_mid_commit(tmp_path / "missing.libredb", 1)
    assert "StorageNotFoundError" in capfd.readouterr().err


def test_the_wait_for_a_large_commit_ends_when_the_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.touch()
    reader, pipe_end = os.pipe()
    with os.fdopen(reader, "rb") as pipe:
        os.write(pipe_end, b"1\n")
        kill._wait_for_growth(path, pipe)  # the pipe has news, the file did not grow
        os.close(pipe_end)


def test_a_writer_whose_demo_is_gone_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "journal.libredb")
    libredb.open(path).close()
    reader, pipe_end = os.pipe()
    os.close(reader)
    with os.fdopen(pipe_end, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        writer.main(path, "7")
    with libredb.open(path) as db, db.read() as tx:
        assert writer.problems(tx, 7, 0) == (1, [])


def test_texts_differ_and_every_so_often_one_is_large() -> None:
    assert journal_text(1, 1) != journal_text(1, 2) != journal_text(2, 1)
    assert len(journal_text(1, 1)) == 100
    assert len(journal_text(1, writer.LARGE_EVERY)) == writer.LARGE_BYTES


# Printing


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal_is_one_line_that_disappears() -> None:
    out, err = io.StringIO(), Terminal()
    console = Console(out, err)
    show = console.progress(2000, "things")
    show(1000)
    show(5)
    console.say("done")
    first = "   1,000 of 2,000 things"
    second = "   5 of 2,000 things".ljust(len(first))
    blank = " " * len("   5 of 2,000 things")
    assert err.getvalue() == f"\r{first}\r{second}\r{blank}\r"
    assert out.getvalue() == "done\n"


def test_progress_elsewhere_is_a_line_a_quarter() -> None:
    err = io.StringIO()
    show = Console(io.StringIO(), err).progress(100, "things")
    for done in range(101):
        show(done)
    assert err.getvalue().split("\n") == [
        *(f"   {done} of 100 things" for done in (25, 50, 75, 100)),
        "",
    ]


def test_what_a_terminal_cannot_show_becomes_a_question_mark() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    Console(out, io.StringIO()).say(f"alpha {chr(0x3B1)}")
    assert raw.getvalue() == b"alpha ?\n"


def test_the_package_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["libredb", "--version"])
    with pytest.raises(SystemExit):
        runpy.run_module("libredb", run_name="__main__")
    assert capsys.readouterr().out == f"libredb {libredb.__version__}\n"
