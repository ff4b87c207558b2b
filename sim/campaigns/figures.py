"""Figures for the documentation: Markdown tables that a run writes between two comments of a page.

Nobody copies a figure by hand: `report`, `mutants` and `tables` of `python -m sim`, each with
`--docs docs/simulation.md`, put them there, with the command that made them.
Absent on purpose: prose. The page explains, this file counts.
"""

import platform
from pathlib import Path

from sim.campaigns.parts import PARTS
from sim.campaigns.tally import Tally
from sim.plans.clauses import CLAUSES
from sim.plans.profiles import MIXED, PROFILES


def replace_section(page: Path, name: str, text: str) -> None:
    """Put `text` between the comments `<!-- name -->` and `<!-- end of name -->` of a page."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not begin or not end:
        raise ValueError(f"{page} has no section {name!r}")
    page.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


def profile_table() -> str:
    """Return what each profile does, and what must hold."""
    rows = [
        ("profile", "in a word", "what happens", "what must hold"),
        ("---", "---", "---", "---"),
        *((one.name, one.title, one.happens, one.holds) for one in PROFILES.values()),
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def clause_table() -> str:
    """Return the clauses of the contract, and which profiles and enumerations try each of them."""
    lines = [
        ("| clause of the contract | broken clause the runner names | profiles and enumerations |"),
        "| --- | --- | --- |",
    ]
    everything = (*PROFILES.items(), *PARTS.items())
    for clause in CLAUSES:
        words = ", ".join(f"`{word}`" for word in clause.broken)
        names = ", ".join(name for name, one in everything if clause.name in one.clauses)
        lines.append(f"| {clause.text} | {words} | {names} |")
    return "\n".join(lines) + "\n"


def run_table(tallies: dict[str, Tally], command: str) -> str:
    """Return the figures of a run."""
    lines = [
        f"`{command}`, CPython {platform.python_version()}:",
        "",
        (
            "| profile | what happens | runs | operations a run | lives a run | port calls | "
            "violations |"
        ),
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, tally in tallies.items():
        title = PROFILES[name].title if name in PROFILES else "every case"
        count = max(1, tally.runs)
        lines.append(
            f"| {name} | {title} | {tally.runs:,} | {tally.operations / count:.1f} | "
            f"{tally.lives / count:.2f} | {tally.calls:,} | {len(tally.failures)} |"
        )
    runs = sum(tally.runs for tally in tallies.values())
    calls = sum(tally.calls for tally in tallies.values())
    lines.append(f"\n{runs:,} runs, {calls:,} port calls. {_speed(tallies)}")
    return "\n".join(lines) + "\n"


def _speed(tallies: dict[str, Tally]) -> str:
    mixed = tallies.get(MIXED.name)
    if mixed is None or not mixed.seconds:
        return ""
    return (
        f"In a second of processor time: {mixed.runs / mixed.seconds:,.0f} mixed seeds with "
        f"{mixed.calls / mixed.seconds:,.0f} port calls."
    )


def flip_table(tally: Tally) -> str:
    """Return what became of every flipped bit."""
    rows = {
        "refused: the file header": ("not_a_database", "unsupported_version", "corrupt"),
        "refused: the durable mark or the snapshot count": ("mark", "snapshot"),
        "refused: a later record proves it": ("record",),
        "harmless: opened with exactly the contents": ("exact",),
        "the last commit or group is lost": ("an earlier state",),
    }
    lines = ["| outcome | closed file | file not closed |", "| --- | ---: | ---: |"]
    for row, endings in rows.items():
        cells = [
            sum(
                count
                for counter, count in tally.counters.items()
                if counter.startswith(state + ": ") and counter.split(": ")[-1] in endings
            )
            for state in ("closed", "not closed")
        ]
        lines.append(f"| {row} | {cells[0]:,} | {cells[1]:,} |")
    lines.append(
        f"| anything else (silent damage) | {len(tally.failures)} | {len(tally.failures)} |"
    )
    return "\n".join(lines) + "\n"
