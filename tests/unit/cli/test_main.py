"""Claim: `libredb` finds the command that is asked for, and its exit code tells what went wrong."""

import argparse
import runpy
import shlex
import sys
from pathlib import Path

import pytest

import libredb
from libredb.cli import commands
from libredb.cli.demo import kill
from libredb.cli.demo import story as demo
from libredb.cli.main import COMMANDS, main
from tests.unit.cli.running import CHARACTERS, raise_error

pytestmark = pytest.mark.cpython  # it starts processes and kills them


def test_every_file_of_commands_is_a_command() -> None:
    [folder] = commands.__path__
    files = {path.stem for path in Path(folder).glob("*.py")} - {"__init__"}
    assert set(COMMANDS) == {name.removesuffix("_") for name in files}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_ends_with_an_example_that_it_accepts(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.endswith(f"\nexample: {COMMANDS[name].EXAMPLE}\n")
    program, command, *arguments = shlex.split(COMMANDS[name].EXAMPLE)
    assert (program, command) == ("libredb", name)
    parser = argparse.ArgumentParser(exit_on_error=False)
    COMMANDS[name].add_arguments(parser)
    parser.parse_args(arguments)


def test_the_help_lists_every_command_with_its_summary(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    for name, command in COMMANDS.items():
        assert f" {name} {command.SUMMARY}" in words


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


def test_the_package_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["libredb", "--version"])
    with pytest.raises(SystemExit):
        runpy.run_module("libredb", run_name="__main__")
    assert capsys.readouterr().out == f"libredb {libredb.__version__}\n"
