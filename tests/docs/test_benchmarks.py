"""Claim: the program that measures runs every row, and the page about it shows every row.

It is run with hardly any data, so its figures mean nothing here, and no test looks at one. Rows of
a browser need one that is started; that they are on the page is all that is asked of them.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.cpython  # they start processes and read the checkout

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"

NO_FIGURES = re.compile(
    "not installed|this libredb lacks it: (?:cache_bytes|SharedSync)"
    "|only Linux tells how much memory a process has|this system has no fdatasync"
)


def benchmarks(*arguments: str) -> str:
    """Run the program and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def cells(text: str) -> list[list[str]]:
    """Return the cells of the table in a text, without its head."""
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """Return every row that the program has: name, workload, and against whom it is."""
    return cells(benchmarks("--list"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Mapping[str, Any]]]:
    """Run every row that needs no browser; return what was printed and what was kept."""
    folder = tmp_path_factory.mktemp("benchmarks")
    options = ["--size", "tiny", "--folder", str(folder), "--json", str(folder / "kept.json")]
    printed = benchmarks("cpython", *options)
    return printed, json.loads((folder / "kept.json").read_text(encoding="utf-8"))["lines"]


def expected(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return what stands in the first two columns of a table of results."""
    return [[workload, name] for _, workload, against in rows for name in against.split("; ")]


def test_the_printed_table_has_every_row(
    run: tuple[str, list[Mapping[str, Any]]], rows: list[list[str]]
) -> None:
    here = [row for row in rows if not row[0].startswith("browser-")]
    assert len(here) > 25
    assert [row[:2] for row in cells(run[0])] == expected(here)


def test_every_row_has_figures_or_says_why_not(run: tuple[str, list[Mapping[str, Any]]]) -> None:
    for line in run[1]:
        if line["note"]:
            assert NO_FIGURES.fullmatch(line["note"]), line
        else:
            assert line["ratio"] > 0, line
            assert len(line["libredb"]) == len(line["the other"]) > 0, line


def test_what_comes_with_python_takes_part_wherever_libredb_does(
    run: tuple[str, list[Mapping[str, Any]]],
) -> None:
    against = [line for line in run[1] if line["against"].startswith("sqlite3")]
    assert len(against) > 15
    notes = {line["note"] for line in against}
    assert {note for note in notes if note and not note.startswith("this libredb lacks")} == set()


def test_the_page_shows_every_row(rows: list[list[str]]) -> None:
    figures = PAGE.read_text(encoding="utf-8").partition("<!-- end of figures -->")[0]
    assert [row[:2] for row in cells(figures)] == expected(rows)


@pytest.mark.slow
def test_chosen_rows_take_the_place_of_theirs_on_a_page(tmp_path: Path) -> None:
    page, before = tmp_path / "page.md", PAGE.read_text(encoding="utf-8")
    page.write_text(before, encoding="utf-8")
    options = ["--rounds", "1", "--folder", str(tmp_path), "--json", str(tmp_path / "kept.json")]
    benchmarks("import", *options, "--docs", str(page))
    after = page.read_text(encoding="utf-8")
    old, new = cells(before), cells(after)
    assert [row[:2] for row in new] == [row[:2] for row in old]
    changed = {row[0] for row, other in zip(new, old, strict=True) if row != other}
    assert changed == {"`import libredb`"}
    assert after.count("\nIn another run `import`: ") == 1
    begin, end = "<!-- figures: ", "<!-- end of figures -->"
    assert after.partition(begin)[0] == before.partition(begin)[0]
    assert after.partition(end)[2] == before.partition(end)[2]
    notes = [
        line for line in before.splitlines() if line.startswith(("Linux, ", "In another run "))
    ]
    assert set(notes) <= set(after.splitlines())
