"""Claim: every rule of docs/lens-decisions.md names a test that is there."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.cpython  # the pages are not part of the package

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "lens-decisions.md"
ROW = re.compile(r"^\| (?!rule |---)(.+) \| (`.+`) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def rules() -> dict[str, list[tuple[str, str]]]:
    """Return the tests, as file and name, of every rule; a name is empty for a whole file."""
    text = PAGE.read_text(encoding="utf-8")
    return {rule: TEST.findall(tests) for rule, tests in ROW.findall(text)}


def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_there_are_rules_and_each_has_a_test() -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    heads = [line for line in lines if line in ("| rule | test |", "| --- | --- |")]
    assert len(rules()) == len(lines) - len(heads) > 60
    assert [rule for rule, tests in rules().items() if not tests] == []


def test_every_test_that_a_rule_names_is_there() -> None:
    named = {test for tests in rules().values() for test in tests}
    missing = [
        f"{file}::{name}"
        for file, name in sorted(named)
        if not (TESTS / file).is_file() or (name and name not in names_in(TESTS / file))
    ]
    assert missing == []
