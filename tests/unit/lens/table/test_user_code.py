"""mypy and pyright find what is wrong in the code of a user, and nothing else."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.cpython(reason="it starts type checkers"),
    pytest.mark.slow,
]

CODE = Path(__file__).with_name("user_code.py")
ROOT = CODE.parents[4]
LINES = CODE.read_text(encoding="utf-8").splitlines()

MYPY = ["mypy", "--strict", "--follow-imports=silent", "--hide-error-context", "--no-pretty"]


def said_by(*arguments: str) -> str:
    """Return what a type checker says of the code; skip where it is not installed."""
    pytest.importorskip(arguments[0])
    command = [sys.executable, "-m", *arguments, str(CODE.relative_to(ROOT))]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode in {0, 1}, ended.stderr
    return ended.stdout


def test_mypy_strict_says_of_each_line_what_is_expected(tmp_path: Path) -> None:
    found: dict[int, set[str]] = {}
    text = said_by(*MYPY, f"--cache-dir={tmp_path}")
    for number, code in re.findall(r":(\d+): error: .* \[([a-z-]+)\]$", text, re.MULTILINE):
        found.setdefault(int(number), set()).add(code)
    expected = {
        number: set(match[1].split(", "))
        for number, line in enumerate(LINES, 1)
        if (match := re.search(r"# mypy says ([a-z, -]+)  #", line))
    }
    assert found == expected


def test_pyright_strict_says_of_each_line_what_is_expected() -> None:
    assert said_by("pyright").startswith("0 errors, 0 warnings")


def test_every_wrong_statement_is_found_by_both_and_no_other_one_is() -> None:
    module = ast.parse("\n".join(LINES))
    functions = [each for each in module.body if isinstance(each, ast.FunctionDef)]
    for function in functions:
        for line in LINES[function.lineno : function.end_lineno]:
            is_wrong = function.name == "wrong" and not re.match(
                r' *("""|for |\w+ = table\(|$)', line
            )
            assert ("# mypy says " in line) is is_wrong, line
            assert (re.search(r"# pyright.{2}ignore", line) is not None) is is_wrong, line
    assert [each.name for each in functions] == ["right", "wrong", "differing"]
