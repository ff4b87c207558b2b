"""The HTML report: profile by profile, what was injected, what was survived, and the counters.

One file that needs nothing else, for a sceptic who wants to see figures: a table, a bar for each
profile that shows what the opens after its faults led to (inline SVG), the counters, and the
failures with the command that replays each. Absent on purpose: scripts, fonts, addresses.
"""

from html import escape

from sim.campaigns.tally import Tally
from sim.plans.profiles import PROFILES

_COLOURS = {
    "all": "#2a7f62",
    "part": "#8ab17d",
    "durable": "#e9c46a",
    "refused": "#457b9d",
    "latch": "#8d99ae",
    "exact": "#2a7f62",
    "failed": "#c1121f",
}
_LEGEND = {
    "all": "everything was there",
    "part": "a part of what was pending, or an earlier state where that is allowed",
    "durable": "exactly what was durable",
    "refused": "damage was refused",
    "latch": "the database latched",
    "failed": "violations",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; }
td, th { border-bottom: 1px solid #ddd; padding: .25rem .6rem; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } code { background: #f3f3f3; }
.legend span { display: inline-block; margin-right: 1rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .3rem; }
"""


def outcomes(tally: Tally) -> dict[str, int]:
    """Return how often each kind of outcome happened, in the order of the legend."""
    sums = dict.fromkeys(_LEGEND, 0)
    for counter, count in tally.counters.items():
        kind = _kind(counter)
        if kind:
            sums[kind] += count
    sums["failed"] = len(tally.failures)
    return sums


def _kind(counter: str) -> str:
    if counter.endswith(("shown: all", ": exact", "whole prefix")):
        return "all"
    if counter.endswith(("some of what was pending", "an earlier state", "cut prefix")):
        return "part"
    if counter.endswith("only what was durable"):
        return "durable"
    if counter == "latch":
        return "latch"
    refusals = ("refused", "not_a_database", "unsupported_version", "legacy_format", "corrupt")
    return "refused" if any(word in counter for word in refusals) else ""


def html(tallies: dict[str, Tally], command: str) -> str:
    """Return the report on these tallies, which `command` made."""
    runs = sum(tally.runs for tally in tallies.values())
    failures = [failure for tally in tallies.values() for failure in tally.failures]
    legend = "".join(
        f'<span><i style="background:{_COLOURS[kind]}"></i>{text}</span>'
        for kind, text in _LEGEND.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>libredb simulation</title>'
        f"<style>{_STYLE}</style><h1>libredb: simulation report</h1>"
        f"<p>{runs:,} runs, <strong>{len(failures)} violations</strong>. Made by "
        f"<code>{escape(command)}</code>.</p>"
        f'<h2>What the faults led to</h2><p class="legend">{legend}</p>{_chart(tallies)}'
        f"<h2>Figures</h2>{_table(tallies)}<h2>Violations</h2>{_failures(failures)}"
        f"<h2>Counters</h2>{_counters(tallies)}</html>\n"
    )


def _chart(tallies: dict[str, Tally]) -> str:
    """Return one stacked bar for each tally."""
    rows: list[str] = []
    for index, (name, tally) in enumerate(tallies.items()):
        sums = outcomes(tally)
        total = sum(sums.values()) or 1
        left = 150.0
        rows.append(f'<text x="0" y="{index * 24 + 16}">{escape(name)}</text>')
        for kind, count in sums.items():
            width = 750 * count / total
            if count:
                rows.append(
                    f'<rect x="{left:.1f}" y="{index * 24 + 3}" width="{max(width, 1):.1f}" '
                    f'height="18" fill="{_COLOURS[kind]}"><title>{escape(name)}, '
                    f"{_LEGEND[kind]}: {count:,}</title></rect>"
                )
            left += width
    height = len(tallies) * 24 + 4
    return (
        f'<svg viewBox="0 0 920 {height}" width="100%" role="img" font-size="13" '
        f'aria-label="Outcomes of each profile">{"".join(rows)}</svg>'
    )


def _table(tallies: dict[str, Tally]) -> str:
    head = (
        "<tr><th>profile<th>what happens<th>runs<th>operations<th>lives<th>port calls<th>violations"
    )
    rows = ""
    for name, tally in tallies.items():
        title = PROFILES[name].title if name in PROFILES else "every case"
        figures = (tally.runs, tally.operations, tally.lives, tally.calls, len(tally.failures))
        cells = "".join(f'<td class="n">{figure:,}' for figure in figures)
        rows += f"<tr><td>{escape(name)}<td>{escape(title)}{cells}"
    return f"<table>{head}{rows}</table>"


def _counters(tallies: dict[str, Tally]) -> str:
    parts: list[str] = []
    for name, tally in tallies.items():
        rows = "".join(
            f'<tr><td>{escape(counter)}<td class="n">{count:,}'
            for counter, count in sorted(tally.counters.items())
        )
        parts.append(f"<details><summary>{escape(name)}</summary><table>{rows}</table></details>")
    return "".join(parts)


def _failures(failures: list[tuple[str, str, str]]) -> str:
    if not failures:
        return "<p>None.</p>"
    rows = "".join(
        f"<tr><td>{escape(what)}<td>{escape(violation)}" for what, violation, _ in failures[:100]
    )
    return f"<table>{rows}</table>"
