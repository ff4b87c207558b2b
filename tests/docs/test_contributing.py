"""Claim: CONTRIBUTING.md can be followed: what it names is there, and is as it says."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.cpython  # the pages are not part of the package

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

CODE = [
    *re.findall(r"`([^`\n]+)`", PAGE),
    *re.findall(r"^```sh\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL),
]
PATH = re.compile(r"[\w.]+(?:/[\w.]+)+|[\w.]+\.(?:md|toml)")
MADE = ("dist", ".venv")
"""What is in no checkout until a command makes it."""


def borders() -> dict[str, str]:
    """Return what each folder of tests says of itself."""
    files = sorted((ROOT / "tests").glob("*/__init__.py"))
    modules = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    return {
        str(file.parent.relative_to(ROOT)): ast.get_docstring(module) or ""
        for file, module in modules.items()
    }


def test_the_table_of_tests_is_what_the_folders_say() -> None:
    rows = re.findall(r"^\| `(tests/\w+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert dict(rows) == borders()


def test_every_target_of_make_that_it_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {name for code in CODE for name in re.findall(r"\bmake (\w+)", code)}
    assert {"venv", "quick", "test", "format", "bump", "release"} <= named
    assert {name for name in named if f"\n{name}:" not in makefile} == set()


def test_every_path_that_it_names_is_there() -> None:
    words = {word for code in CODE for word in code.split()}
    paths = {word for word in words if PATH.fullmatch(word) and not word.startswith(MADE)}
    assert len(paths) > 15
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def test_every_tool_that_it_starts_is_among_those_of_the_development_environment() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    packages = {re.split(r"\W", name)[0] for extra in extras.values() for name in extra}
    started = {name for code in CODE for name in re.findall(r"\.venv/bin/(\w+)", code)}
    package_of = {"cz": "commitizen", "python": "libredb"}
    assert {package_of.get(name, name) for name in started} <= packages
