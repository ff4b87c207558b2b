"""Claim: the documentation names things that exist, as they are.

The tables of errors are compared with the classes, the table of the kernel's files with the folder,
and every relative link with the files and headings it leads to.
"""

import re
from pathlib import Path

import pytest

import libredb

pytestmark = pytest.mark.cpython  # the pages are not part of the package

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
DOCS = ROOT / "docs"

LINK = re.compile(r"\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def table_rows(page: Path, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    below = page.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1]
    lines = below[below.index("\n|") + 1 :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def error_classes() -> list[type[libredb.LibreDBError]]:
    exported = [getattr(libredb, name) for name in libredb.__all__]
    return [
        thing
        for thing in exported
        if isinstance(thing, type) and issubclass(thing, libredb.LibreDBError)
    ]


def anchors(page: Path) -> set[str]:
    """Return what a heading of a page is linked by: lower case, dashes, no punctuation."""
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-") for text in headings}


def errors_of_lenses() -> list[type[libredb.LibreDBError]]:
    return [error for error in error_classes() if error.__module__ == "libredb.lens.errors"]


def test_the_table_of_errors_is_the_classes() -> None:
    documented = [row[:3] for row in table_rows(DOCS / "durability.md", "Errors")]
    real = [
        [
            f"`{error.__name__}`",
            ", ".join(f"`{base.__name__}`" for base in error.__bases__),
            f"`{error.code}`",
        ]
        for error in error_classes()
        if error not in errors_of_lenses()
    ]
    assert sorted(documented) == sorted(real)


def test_the_table_of_the_errors_of_lenses_is_the_classes() -> None:
    documented = [row[:3] for row in table_rows(DOCS / "guide" / "lenses.md", "Errors")]
    real = [
        [
            f"`{error.__name__}`",
            ", ".join(f"`{base.__name__}`" for base in error.__bases__[1:]),
            f"`{error.code}`",
        ]
        for error in errors_of_lenses()
    ]
    assert sorted(documented) == sorted(real)
    assert all(issubclass(error, libredb.LensError) for error in errors_of_lenses())


def test_codes_are_unique() -> None:
    codes = [error.code for error in error_classes()]
    assert len(codes) == len(set(codes))


def test_the_readme_lists_every_file_of_the_kernel() -> None:
    listed = [row[0].strip("`") for row in table_rows(README, "Read the kernel")]
    files = {path.name for path in (ROOT / "libredb" / "kernel").glob("*.py")} - {"__init__.py"}
    assert set(listed) == files


@pytest.mark.parametrize(
    "page",
    [README, CONTRIBUTING, *sorted(DOCS.rglob("*.md"))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    dead: list[str] = []
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        place = (page.parent / target).resolve() if target else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            dead.append(f"{target}#{anchor}")
    assert dead == []


def test_the_index_leads_to_every_page() -> None:
    index = DOCS / "index.md"
    linked = {target for target, _ in LINK.findall(index.read_text(encoding="utf-8"))}
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"}
    assert pages - linked == set()
