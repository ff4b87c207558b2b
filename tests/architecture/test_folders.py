"""Claim: a folder of tests has one border, which it tells in a sentence and keeps in its imports.

Whoever writes a test finds its place by these sentences. A folder imports its own helpers and those
of tests/support, so that it can be read, moved and run alone; only what starts a browser may look
into scripts/browser and scripts/release.
"""

import ast
from pathlib import Path

import pytest

from tests.architecture.checkout import ROOT, imports, python_files, sample
from tests.architecture.rules import Imports, is_within, uses

pytestmark = pytest.mark.cpython  # they read the checkout

BROWSER_MAY_IMPORT = ["scripts.browser", "scripts.release"]
STARTS_A_BROWSER = ("tests.browser", "tests.runtime")

# Imports across a border, and why. The list only gets shorter.
EXCEPTIONS = {
    "tests.property.test_open_anything imports tests.format.make_files": "they are damaged",
}


def border_of(source: str) -> str | None:
    """Return the sentence of an `__init__.py` that holds nothing else, or None."""
    module = ast.parse(source)
    text = ast.get_docstring(module)
    is_alone = len(module.body) == 1 and text is not None
    is_sentence = text is not None and "\n" not in text and text[0].isupper() and text[-1] == "."
    return text if is_alone and is_sentence else None


def across_borders(imports: Imports) -> list[str]:
    """Name the imports of tests from another folder of tests, and those of scripts."""
    found: list[str] = []
    for module, imported in uses(imports):
        folder = ".".join(module.split(".")[:2])
        allowed = [folder, "tests.support"]
        if folder in STARTS_A_BROWSER:
            allowed += BROWSER_MAY_IMPORT
        is_ours = is_within(imported, "tests") or is_within(imported, "scripts")
        if is_ours and not any(is_within(imported, name) for name in allowed):
            found.append(f"{module} imports {imported}")
    return found


@pytest.mark.parametrize(
    "folder",
    sorted({path.parent for path in python_files("tests")}),
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_every_folder_of_tests_tells_its_border_in_one_sentence(folder: Path) -> None:
    file = folder / "__init__.py"
    assert file.is_file(), f"{file} is missing: one sentence that says which tests belong there"
    assert border_of(file.read_text(encoding="utf-8")) is not None, "one sentence, nothing else"


def test_tests_import_only_their_own_folder_and_support_or_say_why() -> None:
    assert sorted(across_borders(imports("tests"))) == sorted(EXCEPTIONS)


# The same rules, on samples that break them


@pytest.mark.parametrize(
    "source",
    ["", '"""Two lines\nare two."""', '"""No sentence"""', '"""A sentence."""\nimport os'],
)
def test_what_is_no_sentence_or_more_than_one_is_no_border(source: str) -> None:
    assert border_of(source) is None
    assert border_of('"""A sentence."""\n') == "A sentence."


def test_an_import_across_a_border_is_named() -> None:
    bad = sample(
        tests__docs__test_a="import tests.support.files\nimport scripts.browser.wheels",
        tests__unit__kernel__test_b="import tests.unit.cli.running\nimport tests.docs.test_a",
        tests__browser__test_c="import scripts.browser.wheels\nimport scripts.check",
    )
    assert across_borders(bad) == [
        "tests.docs.test_a imports scripts.browser.wheels",
        "tests.unit.kernel.test_b imports tests.docs.test_a",
        "tests.browser.test_c imports scripts.check",
    ]
