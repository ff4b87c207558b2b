"""Claim: `make help` lists every program that can be run, and nothing that cannot.

There were ten programs that only their own docstrings knew. A program is a file that runs when it
is started; one that only other programs start is listed here, with the one that does.
"""

import ast
import re
import shutil
import subprocess

import pytest

from tests.architecture.checkout import ROOT, project_files

pytestmark = pytest.mark.cpython  # they read the checkout

STARTED_BY_OTHERS = {
    "libredb/cli/demo/writer.py": "libredb/cli/demo/kill.py starts it, and kills it",
    "scripts/release/compiling.py": "scripts/release/compiled.py starts it, in Pyodide",
    "sim/hunts/testing.py": "the hunt starts it, in a process for each mutant",
    "tests/faults/kill_writer.py": "tests/faults/kill_loop.py starts it, and kills it",
    "tests/faults/worker.py": "tests of that folder start it under strace and limits",
}

# How a program is called, when the file alone does not tell.
COMMANDS = {"libredb": "libredb/__main__.py"}


def is_program(source: str) -> bool:
    """Whether a source does something only when it is started: `if __name__ == "__main__"`."""
    return any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for node in ast.parse(source).body
    )


def programs() -> set[str]:
    """Return the path of every program of the checkout."""
    return {
        str(path.relative_to(ROOT))
        for path in project_files()
        if path.suffix == ".py"
        and (path.name == "__main__.py" or is_program(path.read_text(encoding="utf-8")))
    }


def listed(makefile: str) -> set[str]:
    """Return the path of every program that the Makefile lists."""
    calls = re.findall(r"^#: (.+) # .+$", makefile, re.MULTILINE)
    return {path_of(call) for call in calls}


def path_of(call: str) -> str:
    """Return the file that a call starts: `python -m MODULE ...`, `python FILE ...`, `NAME ...`."""
    first, *rest = call.split()
    if first != "python":
        return COMMANDS[first]
    if rest[0] != "-m":
        return rest[0]
    path = rest[1].replace(".", "/")
    return f"{path}/__main__.py" if (ROOT / path).is_dir() else f"{path}.py"


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^(\w+):(?!=)", makefile, re.MULTILINE))


def makefile() -> str:
    return (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_program_is_listed_or_started_by_another() -> None:
    assert listed(makefile()) == programs() - set(STARTED_BY_OTHERS)


def test_whoever_starts_a_program_is_there() -> None:
    assert set(STARTED_BY_OTHERS) <= programs()


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_make_help_prints_every_target_and_every_program_on_one_line_each() -> None:
    printed = subprocess.run(
        ["make", "--silent", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    shown = {line.split()[1] for line in printed if line.startswith("  make ")}
    assert shown == targets(makefile())
    calls = [re.split(r"  +", line.strip()) for line in printed if line.startswith("  ")]
    assert {path_of(call) for call, _ in calls if not call.startswith("make ")} == listed(
        makefile()
    )
    assert [line for line in printed if len(line) > 100] == []


def test_every_target_is_phony() -> None:
    [phony] = re.findall(r"^\.PHONY: (.+)$", makefile(), re.MULTILINE)
    assert set(phony.split()) == targets(makefile())


# The same rules, on samples


def test_a_program_is_known_by_its_last_lines() -> None:
    assert is_program('import sys\nif __name__ == "__main__":\n    sys.exit()\n')
    assert not is_program('"""How to write `if __name__ == "__main__":`."""\n')


def test_calls_are_told_apart() -> None:
    assert listed("#: python -m sim RUN # a\n#: python -m tests.damage.table # b\n") == {
        "sim/__main__.py",
        "tests/damage/table.py",
    }
    assert listed("#: libredb demo # a\n#: python scripts/check.py [STAGE] # b\n# no call # c") == {
        "libredb/__main__.py",
        "scripts/check.py",
    }
