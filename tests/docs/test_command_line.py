"""Claim: every command of the pages prints what stands there, and the reference is the parsers.

A block fenced as `console` is a part of a session: what follows `$ ` (and `> `, where it goes on)
is run in order, in one folder for each page, and prints the lines below it. `...` in such a line
stands for anything.
"""

import io
import re
import shlex
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from libredb.cli.main import main
from libredb.cli.reference import reference

pytestmark = pytest.mark.cpython  # the pages are not part of the package

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^\$ (.*\n(?:> .*\n)*)((?:(?!\$ ).*\n)*)", re.MULTILINE)
SESSIONS = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]


def steps_of(page: str) -> list[tuple[str, list[str]]]:
    """Return each command of a page, and the lines that it prints."""
    blocks = "".join(BLOCK.findall(page))
    return [
        (re.sub(r"^> ", "", command, flags=re.MULTILINE), printed.splitlines())
        for command, printed in STEP.findall(blocks)
    ]


class Session:
    """A shell in a folder: what needs no shell runs in this process, for each other costs time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._code = 0
        programs = folder / ".programs"
        programs.mkdir()
        (programs / "libredb").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m libredb "$@"\n')
        (programs / "libredb").chmod(0o755)
        self._environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "PYTHONPATH": f"{ROOT}:{ROOT / 'adapters'}",
            "PYTHONUTF8": "1",
        }

    def run(self, command: str) -> list[str]:
        """Return the lines that a command prints, those on stderr too."""
        words = shlex.shlex(command, posix=True, punctuation_chars=True)
        words.whitespace_split = True
        parts = list(words)
        is_plain = parts[0] == "libredb" and not any(set(part) <= set("|<>&;()") for part in parts)
        printed = self._call(parts[1:]) if is_plain else self._ask_bash(command)
        return printed.decode().splitlines()

    def _call(self, arguments: list[str]) -> bytes:
        data = io.BytesIO()
        stream = io.TextIOWrapper(data, "utf-8", write_through=True)
        with mock.patch.object(sys, "stdout", stream), mock.patch.object(sys, "stderr", stream):
            self._code = main(arguments)
        return data.getvalue()

    def _ask_bash(self, command: str) -> bytes:
        done = subprocess.run(
            ["bash", "-c", f"(exit {self._code})\n{command}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        self._code = done.returncode
        return done.stdout


def fits(line: str, told: str) -> bool:
    """Whether a line is what a page tells."""
    return re.fullmatch(".*".join(map(re.escape, told.split("..."))), line) is not None


@pytest.mark.slow
@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_prints_what_the_page_says(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(tmp_path)
    for command, told in steps_of(page.read_text(encoding="utf-8")):
        lines = session.run(command)
        assert len(lines) == len(told), (command, lines)
        assert all(map(fits, lines, told)), (command, lines)


def test_the_guide_shows_every_command_that_it_is_about() -> None:
    page = (ROOT / "docs" / "guide" / "command-line.md").read_text(encoding="utf-8")
    called = {command.split()[1] for command, _ in steps_of(page) if command.startswith("libredb ")}
    here = {"inspect", "get", "set", "delete", "scan", "find", "log", "verify"}
    assert here | {"compact", "backup", "restore", "shell", "completion"} <= called


def test_the_reference_is_what_the_parsers_say() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m libredb.cli.reference > docs/cli.md"


def test_a_session_is_read_as_commands_and_their_lines() -> None:
    page = "text\n```console\n$ cat << END\n> a\n> END\na\n$ true\n```\n```sh\n$ no\n```\n"
    assert steps_of(page) == [("cat << END\na\nEND\n", ["a"]), ("true\n", [])]
    assert fits("1,234 bytes (x)", "... bytes (x)")
    assert not fits("1 byte", "... bytes")
