"""Claim: no file is too long to be read at a sitting, and no folder too full for one glance.

The kernel has a budget besides: it is to be read in an afternoon. That one counts lines of code,
without docstrings, comments and blank lines: a budget must never be an argument against explaining.
A file's own limit counts everything, for it is what a reader scrolls through. When a budget is
spent, take something out; code that is squeezed to fit is harder to read.
"""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, project_files, python_files

pytestmark = pytest.mark.cpython  # they read the checkout

KERNEL_CODE_LINES = 3_174
KERNEL_FILE_LINES = 300
FILE_LINES = 400
FOLDER_FILES = 16

SOURCES = {".py", ".js", ".mjs", ".ts"}

# Files and folders that are over their limit, and why. The lists only get shorter.
LONG_FILES = {
    "docs/research/format_model.py": "the model of a research note is read beside it, as one",
    "tests/damage/scenarios.py": "all tables of damage, before each had a file",
    "tests/faults/soak_ext4.py": "two soaks that share the mounting of a disk",
}
FULL_FOLDERS = {
    "libredb/kernel": "a file a step of the one order in which it is read",
    "tests/unit/kernel": "a file for each of those",
    "libredb/cli/commands": "a file a command",
    "changelog.d": "a file a change, until a release gathers them",
    "tests/adapters/osfs": "a file a topic",
    "tests/contract": "a file a clause of the contract, and the API beside it",
}

_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def too_long(sources: Mapping[str, str], limit: int) -> set[str]:
    """Return the names of those that have more lines than `limit`."""
    return {name for name, source in sources.items() if len(source.splitlines()) > limit}


def too_full(files: Iterable[Path]) -> set[str]:
    """Return the folders that hold more files than a folder may."""
    counts = Counter(str(file.parent) for file in files)
    return {folder for folder, count in counts.items() if count > FOLDER_FILES}


def kernel_sources() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in python_files("libredb/kernel")}


def test_the_kernel_keeps_to_its_line_budget() -> None:
    counts = {name: code_lines(source) for name, source in kernel_sources().items()}
    total = sum(counts.values())
    assert 0 < total <= KERNEL_CODE_LINES, f"{total} lines of code: {counts}"


def test_every_kernel_file_keeps_to_its_line_budget() -> None:
    assert too_long(kernel_sources(), KERNEL_FILE_LINES) == set(), "the limit is 300 lines"


def test_every_other_source_keeps_to_its_line_budget_or_says_why() -> None:
    files = [path for path in project_files() if path.suffix in SOURCES]
    sources = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in files}
    assert too_long(sources, FILE_LINES) == set(LONG_FILES), "the limit is 400 lines"


def test_every_folder_keeps_to_its_budget_of_files_or_says_why() -> None:
    files = [path.relative_to(ROOT) for path in project_files()]
    assert too_full(files) == set(FULL_FOLDERS), "the limit is 16 files"


# The same rules, on samples


def test_counting_leaves_out_docstrings_comments_and_blank_lines() -> None:
    assert code_lines('"""A\nlesson."""\n\n# Why.\nx = (\n    1\n)  # here\n') == 3


def test_a_file_with_one_line_too_many_is_named() -> None:
    assert too_long({"fits": "x\n" * 300, "long": "x\n" * 301}, 300) == {"long"}


def test_a_folder_with_one_file_too_many_is_named_and_its_neighbours_are_not() -> None:
    files = [Path("full", f"{number}.py") for number in range(17)]
    files += [Path("full", "inner", f"{number}.py") for number in range(16)]
    assert too_full(files) == {"full"}
