"""strace is installed when it is missing and that is permitted, and nothing ever fails for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.strace import Call, find_or_install_strace, why_not

pytestmark = [
    pytest.mark.cpython(reason="runs the programs of a Linux system"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="strace exists on Linux alone"),
]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let PATH be one folder with the programs a test puts there, and let this process be root."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return folder


def put(folder: Path, name: str, *lines: str) -> None:
    file = folder / name
    file.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    file.chmod(0o755)


def test_a_strace_that_is_there_is_taken_and_nothing_is_run(programs: Path) -> None:
    put(programs, "strace")
    put(programs, "apt-get", 'echo "$@" >> "$0.log"')
    assert find_or_install_strace() == str(programs / "strace")
    assert not (programs / "apt-get.log").exists()


def test_a_missing_strace_is_installed_with_fresh_lists_if_old_ones_do_not_do(
    programs: Path,
) -> None:
    put(programs, "cp", 'exec /bin/cp "$@"')
    put(programs, "chmod", 'exec /bin/chmod "$@"')
    put(
        programs,
        "apt-get",
        'echo "$@" >> "$0.log"',
        'case "$*" in *update) : > "$0.lists";; esac',
        'case "$*" in *strace) [ -e "$0.lists" ] || exit 100; cp "$0" "${0%/*}/strace";; esac',
    )
    assert find_or_install_strace() == str(programs / "strace")
    asked = (programs / "apt-get.log").read_text().splitlines()
    assert [line.split()[-1] for line in asked] == ["strace", "update", "strace"]


@pytest.mark.parametrize("lines", [("exit 100",), None], ids=["apt fails", "no apt"])
def test_a_strace_that_cannot_be_installed_is_a_reason_and_no_error(
    programs: Path, lines: tuple[str, ...] | None
) -> None:
    if lines is not None:
        put(programs, "apt-get", *lines)
    assert find_or_install_strace() is None
    assert "not installed" in str(why_not(None))


def test_who_is_not_root_installs_nothing(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(programs, "apt-get", 'echo "$@" >> "$0.log"')
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert find_or_install_strace() is None
    assert not (programs / "apt-get.log").exists()


def test_an_installation_that_hangs_is_given_up(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(command: list[str], **_: object) -> None:
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", hang)
    assert find_or_install_strace() is None


def test_a_strace_that_may_not_trace_is_a_reason(programs: Path) -> None:
    put(programs, "strace", "exit 1")
    assert "not permitted" in str(why_not(shutil.which("strace")))


def test_zeros_behind_the_pages_are_room_and_zeros_in_them_are_not() -> None:
    zeros = '4, "' + r"\0" * 32 + '"..., '
    assert Call("pwrite64", 1, zeros + "1040384, 8192", "1040384").is_room
    assert not Call("pwrite64", 1, zeros + "8192, 0", "8192").is_room
    assert not Call("pwrite64", 1, r'4, "\0\0\0\1"..., 134, 8192', "134").is_room
