"""Claim: the kernel is short enough to be read in an afternoon, and each file of it in ten minutes.

The total counts lines of code, without docstrings, comments and blank lines: a budget must never
be an argument against explaining. A file's own limit counts everything, for it is what a reader
scrolls through. When the budget is spent, take something out; code that is squeezed to fit is
harder to read.
"""

import ast
import io
import tokenize

import pytest

from tests.architecture.checkout import python_files

pytestmark = pytest.mark.cpython  # they read the checkout

KERNEL_CODE_LINES = 1_200
FILE_LINES = 300

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


def kernel_sources() -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in python_files("libredb/kernel")}


def test_counting_leaves_out_docstrings_comments_and_blank_lines() -> None:
    assert code_lines('"""A\nlesson."""\n\n# Why.\nx = (\n    1\n)  # here\n') == 3


def test_the_kernel_keeps_to_its_line_budget() -> None:
    counts = {name: code_lines(source) for name, source in kernel_sources().items()}
    total = sum(counts.values())
    assert 0 < total <= KERNEL_CODE_LINES, f"{total} lines of code: {counts}"


def test_every_kernel_file_keeps_to_its_line_budget() -> None:
    counts = {name: len(source.splitlines()) for name, source in kernel_sources().items()}
    too_long = {name: count for name, count in counts.items() if count > FILE_LINES}
    assert too_long == {}, f"at most {FILE_LINES} lines a file"
