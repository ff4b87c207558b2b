"""`python -m tests.damage.table`: what becomes of a damaged log, counted case by case, as Markdown.

The same in every run. The tables stand in docs/log-format.md, and a test compares them.
"""

import sys
from collections.abc import Iterator

from tests.damage.scenarios import CLASSES, TABLES, Scenario, outcomes


def row(scenario: Scenario) -> str:
    """Return the line of one scenario."""
    counts = outcomes(scenario)
    cells = [f"{counts[name]:,}" if counts[name] else "" for name in CLASSES]
    return f"| {scenario.name} | {counts.total():,} | {' | '.join(cells)} |"


def lines() -> Iterator[str]:
    """Yield the lines of all tables."""
    for title, scenarios in TABLES.items():
        yield f"| {title} | cases | {' | '.join(CLASSES)} |"
        yield "| --- |" + " ---: |" * (len(CLASSES) + 1)
        yield from map(row, scenarios)
        yield ""


def markdown() -> str:
    """Return all tables."""
    return "\n".join(lines()).rstrip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
