"""Claim: `libredb` finds the command that is asked for, and its exit code tells what went wrong."""

import argparse
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import libredb
from libredb.cli import commands
from libredb.cli.commands import COMMANDS, load
from libredb.cli.demo import kill
from libredb.cli.demo import story as demo
from libredb.cli.main import STREAMS, main
from tests.unit.cli.running import CHARACTERS, raise_error

pytestmark = pytest.mark.cpython  # it starts processes and kills them


def test_every_file_of_commands_is_a_command() -> None:
    [folder] = commands.__path__
    files = {path.stem.removesuffix("_") for path in Path(folder).glob("*.py")}
    assert set(COMMANDS) == files - {"__init_"}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_an_example_that_it_accepts(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    example = load(name).EXAMPLE
    assert capsys.readouterr().out.endswith(f"\nexample: {example}\n")
    program, command, *arguments = shlex.split(example.partition(" | ")[0])
    assert (program, command) == ("libredb", name)
    parser = argparse.ArgumentParser(exit_on_error=False)
    load(name).add_arguments(parser)
    parser.parse_args(arguments)


def test_the_help_lists_every_command_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    printed = capsys.readouterr().out
    words = " ".join(printed.split())
    for name, summary in COMMANDS.items():
        assert f" {name} {summary}" in words
    assert all(len(line) <= 80 for line in printed.splitlines())


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--kills", "-1", "must be 0 or more, not -1"),
        ("--characters", "-20", "must be 0 or more, not -20"),
        ("--kills", "ten", "must be a whole number, not ten"),
        ("--characters", "1.5", "must be a whole number, not 1.5"),
    ],
)
def test_a_count_that_is_none_is_refused_with_the_name_of_its_option(
    option: str, value: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # It said "argument --kills: invalid _count value: '-1'": a name of ours, and no reason.
    with pytest.raises(SystemExit) as stopped:
        main(["demo", option, value])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.endswith(f"libredb demo: error: argument {option}: {message}\n")


def test_version_is_the_version_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"libredb {libredb.__version__}\n"


@pytest.mark.parametrize("arguments", [["dance"], ["demo", "surplus"]], ids=" ".join)
def test_impossible_arguments_are_usage_errors(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_no_command_prints_the_help_and_is_a_usage_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "demo" in capsys.readouterr().err


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
        (libredb.LensError("refused"), 6),
        (libredb.InvalidValueError("refused"), 6),
        (libredb.MissingKeyError("absent"), 1),
        (RuntimeError("ours"), 7),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_has_its_exit_code(
    error: Exception, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "run", raise_error(error))
    assert main(["demo"]) == code


def test_a_bug_is_told_in_a_line_and_where_it_is_only_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "run", raise_error(KeyError("nothing")))
    assert main(["demo"]) == 7
    told = "libredb: a mistake in libredb: KeyError: 'nothing'"
    assert capsys.readouterr().err == f"{told}; --debug shows where\n"
    for arguments in (["demo", "--debug"], ["--debug", "demo"]):
        assert main(arguments) == 7
        printed = capsys.readouterr().err
        assert printed.startswith("Traceback (most recent call last):\n")
        assert printed.endswith(f"\n{told}\n")


def test_a_complaint_shows_no_control_character_of_a_path(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = libredb.NotADatabaseError("\x1b[31m\\notes\udc80", 0, "wrong")
    monkeypatch.setattr(demo, "run", raise_error(error))
    assert main(["demo"]) == 4
    assert capsys.readouterr().err == "libredb: \\x1b[31m\\notes?, byte 0: wrong\n"


def test_a_command_that_there_is_not_is_told_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["dmeo"])
    error = "libredb: error: there is no command 'dmeo'; do you mean 'demo'?\n"
    assert capsys.readouterr().err.endswith(error)


def test_a_command_loads_no_other() -> None:
    program = "import sys; from libredb.cli.main import main; main(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    loaded = set(done.stdout.split())
    assert "libredb.cli.commands" in loaded
    assert {name for name in loaded if name.startswith("libredb.cli.commands.")} == set()
    assert loaded & {"rich", "libredb.lens.kv"} == set()


def test_a_reader_that_went_away_is_no_failure_of_a_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from libredb.cli.commands import scan

    assert "scan" in STREAMS
    monkeypatch.setattr(scan, "run", raise_error(BrokenPipeError()))
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["scan", "file"]) == 0
    assert capsys.readouterr().err == ""


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


def test_the_package_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["libredb", "--version"])
    with pytest.raises(SystemExit):
        runpy.run_module("libredb", run_name="__main__")
    assert capsys.readouterr().out == f"libredb {libredb.__version__}\n"
