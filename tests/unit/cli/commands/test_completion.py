"""Claim: what `libredb completion` prints is a program of its shell, and completes all there is."""

import shutil
import subprocess
from pathlib import Path

import pytest

from libredb.cli.commands import COMMANDS
from libredb.cli.described import described
from tests.unit.cli.running import run

pytestmark = pytest.mark.cpython  # it starts shells


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_it_for_a_program(shell: str, tmp_path: Path) -> None:
    printed = run("completion", shell)
    assert (printed.code, printed.err) == (0, "")
    for command in described():
        assert command.name in printed.out
        for option in command.options:
            assert all(name.lstrip("-") in printed.out for name in option.names), option
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell} here, and so nobody to judge its program")
    file = tmp_path / "completion"
    file.write_text(printed.out)
    judged = subprocess.run([program, "-n", file], capture_output=True, text=True, check=False)
    assert (judged.returncode, judged.stderr) == (0, "")


@pytest.fixture(scope="module")
def bash() -> str:
    found = shutil.which("bash")
    if found is None:
        pytest.skip("there is no bash here")
    return found


def completed(bash: str, line: str, folder: Path) -> list[str]:
    """Return what bash offers at the end of a line; a blank there begins a new word."""
    program = run("completion", "bash").out
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    ask = (
        f"{program}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _libredb;"
        ' printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run([bash, "-c", ask], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("libredb ins", ["inspect"]),
        ("libredb com", ["compact", "completion"]),
        ("libredb --ver", ["--version"]),
        ("libredb scan --pre", ["--prefix"]),
        ("libredb find app.libredb notes --json", ["--json", "--jsonl"]),
        ("libredb --debug get --h", ["--help", "--hex"]),
        ("libredb set app.libredb k v --kind by", ["bytes"]),
        ("libredb completion z", ["zsh"]),
        ("libredb scan --limit ", []),
        ("libredb inspect ap", ["app.libredb"]),
        ("libredb nothing --x", []),
    ],
)
def test_bash_completes_commands_options_choices_and_files(
    bash: str, line: str, offered: list[str], tmp_path: Path
) -> None:
    (tmp_path / "app.libredb").touch()
    assert completed(bash, line, tmp_path) == offered


def test_bash_offers_every_command(bash: str, tmp_path: Path) -> None:
    assert set(completed(bash, "libredb ", tmp_path)) >= set(COMMANDS)


def test_another_shell_is_a_usage_error() -> None:
    done = run("completion", "tcsh")
    assert done.code == 2
    assert "argument SHELL: invalid choice: 'tcsh'" in done.err
