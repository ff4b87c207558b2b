"""The results: as a table to read, as JSON to keep, and on a page of the documentation.

A page holds the table between two comments; whatever else it says is written by hand, and stays.
"""

import json
import platform
import sqlite3
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.benchmarks import packages
from scripts.benchmarks.browser import peers
from scripts.benchmarks.rounds import OURS, Line, Plan
from scripts.benchmarks.row import Row

HEAD = ["workload", "against", "ratio", "lowest", "highest", "libredb", "the other"]
BEGIN = "<!-- figures: python -m scripts.benchmarks --docs docs/benchmarks.md -->"
END = "<!-- end of figures -->"

_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))


def table(lines: Sequence[Line]) -> str:
    """Return the lines as a table in Markdown, its columns aligned."""
    return _page_table([_row(line) for line in lines])


def _page_table(rows: Sequence[Sequence[str]]) -> str:
    return _aligned(HEAD, rows, words=2)


def _row(line: Line) -> list[str]:
    return [line.title, line.against, *_cells(line)]


def listing(rows: Sequence[Row[Any]]) -> str:
    """Return all rows as a table: each figure by the name of its row, and against whom it is."""
    cells = [
        [row.name, title, "; ".join(name for name in row.contenders if name != OURS)]
        for row in rows
        for title in row.titles.values()
    ]
    return _aligned(["row", "workload", "against"], cells, words=3)


def _aligned(head: Sequence[str], rows: Sequence[Sequence[str]], words: int) -> str:
    """Return a table whose first columns are words, and the others figures."""
    columns = range(len(head))
    widths = [max(len(row[column]) for row in [head, *rows]) for column in columns]

    def text(row: Sequence[str]) -> str:
        cells = [
            cell.ljust(width) if column < words else cell.rjust(width)
            for column, cell, width in zip(columns, row, widths, strict=True)
        ]
        return f"| {' | '.join(cells)} |"

    rule = [
        "-" * width if column < words else "-" * (width - 1) + ":"
        for column, width in zip(columns, widths, strict=True)
    ]
    return "\n".join([text(head), text(rule), *map(text, rows)])


def _cells(line: Line) -> list[str]:
    """Return what stands behind the names: the ratios and both medians, or why there are none."""
    note = f"failed: {line.note.strip().splitlines()[-1]}" if line.failed else line.note
    ours = _amount(line.ours, line.kind)
    if note:
        return [note.replace("|", "/"), "", "", ours, ""]
    ratios = line.ratios
    return [
        _ratio(line.median),
        _ratio(min(ratios)),
        _ratio(max(ratios)),
        ours,
        _amount(line.theirs, line.kind),
    ]


def _ratio(number: float) -> str:
    """Return a ratio with three digits that count, and no fraction of a large one."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def _amount(figures: Sequence[float], kind: str) -> str:
    """Return the median with its unit."""
    if not figures:
        return ""
    median = statistics.median(figures)
    if kind == "memory":
        return f"{median / 1e6:.3g} MB" if median < 1e8 else f"{median / 1e6:.0f} MB"
    unit, size = next((unit for unit in _UNITS if median >= unit[1]), _UNITS[-1])
    return f"{median / size:.3g} {unit}"


def versions() -> dict[str, str]:
    """Return what took part, and its versions."""
    return {
        platform.python_implementation(): platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **packages.versions(),
        **peers.versions(),
    }


def as_json(lines: Sequence[Line], plan: Plan, loads: Sequence[float]) -> str:
    """Return everything that was measured, round by round."""
    kept = {
        "size": plan.size.name,
        "seed": plan.seed,
        "versions": versions(),
        "load average": {"lowest": min(loads), "highest": max(loads)},
        "lines": [
            {
                "row": line.row,
                "title": line.title,
                "kind": line.kind,
                "against": line.against,
                "note": line.note,
                "failed": line.failed,
                "ratio": line.median if line.ratios else None,
                "libredb": line.ours,
                "the other": line.theirs,
            }
            for line in lines
        ],
    }
    return json.dumps(kept, indent=1) + "\n"


def into_page(
    page: Path, rows: Sequence[Row[Any]], lines: Sequence[Line], plan: Plan, loads: Sequence[float]
) -> None:
    """Put the lines into the table of a page; what was not measured stays as it is there.

    Args:
        page: It holds the table between two comments.
        rows: All rows there are, in the order of the table.
        lines: What was measured; an older libredb is not shown.
        plan: How it was measured.
        loads: How busy the machine was.

    Raises:
        ValueError: the page has no place for it.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has no lines {BEGIN!r} and {END!r}")
    cells = {(found[0], found[1]): found for found in _rows_of(old)}
    cells.update({(each.title, each.against): _row(each) for each in lines})
    shown = [cells[place] for place in _places(rows) if place in cells]
    text = "\n\n".join([*_notes(old, rows, lines, _facts(plan, loads)), _page_table(shown)])
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}", encoding="utf-8")


def _places(rows: Sequence[Row[Any]]) -> list[tuple[str, str]]:
    """Return the first two cells of each line of a whole table."""
    return [
        (title, name)
        for row in rows
        for title in row.titles.values()
        for name in row.contenders
        if name != OURS
    ]


def _rows_of(text: str) -> list[list[str]]:
    """Return the cells of the table in a text, without its head."""
    found = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found]


def _facts(plan: Plan, loads: Sequence[float]) -> str:
    """Return where and with what a run was."""
    known = ", ".join(f"{name} {number}" for name, number in versions().items())
    busy = f"load average from {min(loads):.1f} to {max(loads):.1f}"
    return f"{platform.system()}, {known}; seed {plan.seed}, {busy}."


def _notes(old: str, rows: Sequence[Row[Any]], lines: Sequence[Line], facts: str) -> list[str]:
    """Return what stands above a table: a line about the run of all rows, then those of others."""
    measured = dict.fromkeys(line.row for line in lines)
    if len(measured) == len(rows):
        return [facts]
    kept = [line for line in old.splitlines() if line and not line.startswith("|")]
    names = ", ".join(f"`{name}`" for name in measured)
    about = f"In another run {names}: "
    return [*(line for line in kept if not line.startswith(about)), about + facts]
