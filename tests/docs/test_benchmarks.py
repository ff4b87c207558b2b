"""Claim: the program that measures runs every row, and the page about it shows every row.

It is run with hardly any data, so its figures mean nothing here, and no test looks at one. Rows of
a browser need minutes to start one; that they are on the page is all that is asked of them.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts.benchmarks.browser.rows import ROWS as BROWSER_ROWS
from scripts.benchmarks.rounds import OURS
from scripts.benchmarks.row import Row
from scripts.benchmarks.tables import BEGIN, END
from scripts.benchmarks.workloads import ROWS

pytestmark = pytest.mark.cpython  # they start processes and read the checkout

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"

NO_FIGURES = re.compile(
    "not installed|this libredb lacks it: (?:cache_bytes|SharedSync)"
    "|only Linux tells how much memory a process has|this system has no fdatasync"
)


def expected(rows: Iterable[Row[Any]]) -> list[tuple[str, str]]:
    """Return what stands in the first two columns of the table."""
    return [
        (f"{row.title}: {figure}" if figure else row.title, name)
        for row in rows
        for figure in row.figures
        for name in row.contenders
        if name != OURS
    ]


def shown(text: str) -> list[tuple[str, str]]:
    """Return the first two columns of the table in a text, without its head."""
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return [(cell[1], cell[2]) for cell in cells]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Mapping[str, Any]]]:
    """Run every row that needs no browser; return what was printed and what was kept."""
    folder = tmp_path_factory.mktemp("benchmarks")
    options = ["--size", "tiny", "--folder", str(folder), "--json", str(folder / "kept.json")]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.benchmarks", "cpython", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kept = json.loads((folder / "kept.json").read_text(encoding="utf-8"))
    return done.stdout, kept["lines"]


def test_the_printed_table_has_every_row(run: tuple[str, list[Mapping[str, Any]]]) -> None:
    assert shown(run[0]) == expected(ROWS)


def test_every_row_has_figures_or_says_why_not(run: tuple[str, list[Mapping[str, Any]]]) -> None:
    for line in run[1]:
        if line["note"]:
            assert NO_FIGURES.fullmatch(line["note"]), line
        else:
            assert line["ratio"] > 0, line
            assert len(line["libredb"]) == len(line["the other"]) > 0, line


def test_sqlite3_takes_part_everywhere_it_is_named(
    run: tuple[str, list[Mapping[str, Any]]],
) -> None:
    against = [line for line in run[1] if line["against"].startswith("sqlite3")]
    assert len(against) > 15
    notes = {line["note"] for line in against}
    assert {note for note in notes if note and not note.startswith("this libredb lacks")} == set()


def test_the_page_shows_every_row() -> None:
    figures = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert shown(figures) == expected([*ROWS, *BROWSER_ROWS])


def test_row_names_are_unique() -> None:
    names = [row.name for row in [*ROWS, *BROWSER_ROWS]]
    assert len(names) == len(set(names))
