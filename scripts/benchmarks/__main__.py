"""`python -m scripts.benchmarks [ROW ...]`: libredb against others, as ratios within one run.

Without names all rows are run; `cpython` and `browser` stand for all of their kind, `startup` for
those about starting in a browser, and --list shows the names. A ratio above 1 says that libredb is
faster, or needs less. The figures are kept as JSON in `.cache/benchmarks`. What else runs on the
machine shows in those that a disk decides: the load is printed before each row.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from scripts.benchmarks import packages, rounds, tables, workloads
from scripts.benchmarks.browser import peers, start
from scripts.benchmarks.browser import rows as browser
from scripts.benchmarks.rounds import Line, Places, Plan
from scripts.benchmarks.row import SIZES, Row, Workload

Chosen = tuple[list[Row[Workload]], list[Row[browser.Task]], list[Row[start.Start]]]
"""Rows of this machine, rows of a browser, and those about starting there."""

KEPT = packages.ROOT / ".cache" / "benchmarks"
IN_MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory; elsewhere they go to the disk that is measured."""


def main() -> int:
    """Measure and print; return an exit code."""
    options = _parse()
    if options.install:
        packages.install()
        peers.install()
    if options.list:
        print(tables.listing(_all()))
        return 0
    KEPT.mkdir(parents=True, exist_ok=True)
    memory = IN_MEMORY if IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(prefix="libredb-", dir=options.folder or KEPT) as disk,
        tempfile.TemporaryDirectory(prefix="libredb-", dir=memory or disk) as in_memory,
    ):
        plan = Plan(
            SIZES[options.size],
            options.seed,
            options.rounds,
            options.baseline and options.baseline.resolve(),
            Places(Path(disk), Path(in_memory)),
        )
        loads: list[float] = []
        lines = _measure(_chosen(options.rows), plan, loads)
    (options.json or KEPT / f"{options.size}.json").write_text(
        tables.as_json(lines, plan, loads), encoding="utf-8"
    )
    print(tables.table(lines))
    if options.size != "full":
        print(f"Sizes are those of a full run; this one was {options.size}, and did much less.")
    if options.docs:
        tables.into_page(options.docs, _all(), lines, plan, loads)
    notes = dict.fromkeys(line.note for line in lines if line.failed)
    for note in notes:
        rows = dict.fromkeys(
            f"{line.row} against {line.against}" for line in lines if line.note == note
        )
        print(f"\n{', '.join(rows)}:\n{note}", file=sys.stderr)
    return 1 if notes else 0


def _parse() -> argparse.Namespace:
    """Return the options; whatever does not fit together ends the program."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument(
        "--list", action="store_true", help="print the names of all rows, and against whom they are"
    )
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--quick", action="store_const", const="quick", dest="size")
    parser.add_argument("--rounds", type=int, help="instead of those of the size")
    parser.add_argument("--seed", type=int, default=1, help="decides orders and entries")
    parser.add_argument("--baseline", type=Path, help="another checkout of libredb, in each row")
    parser.add_argument("--folder", type=Path, help="on the disk that is to be measured")
    parser.add_argument("--json", type=Path, help="where the figures are kept")
    parser.add_argument("--docs", type=Path, help="a page that is to show the figures")
    parser.add_argument("--install", action="store_true", help="fetch other databases before")
    options = parser.parse_args()
    if options.docs and options.size != "full":
        parser.error("a page shows rows of a full size")
    if options.baseline and not (options.baseline / "adapters" / "libredb_osfs").is_dir():
        parser.error(f"{options.baseline} is no checkout of libredb with its adapters")
    kinds = {"cpython", "browser", "startup"}
    unknown = set(options.rows) - kinds - {row.name for row in _all()}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}; --list shows their names")
    return options


def _all() -> list[Row[Any]]:
    return [*workloads.ROWS, *browser.ROWS, *start.ROWS]


def _chosen(names: list[str]) -> Chosen:
    """Return the rows of each kind that the names stand for."""
    if not names:
        return workloads.ROWS, browser.ROWS, start.ROWS
    here = [row for row in workloads.ROWS if {row.name, "cpython"} & set(names)]
    there = [row for row in browser.ROWS if {row.name, "browser"} & set(names)]
    starts = [row for row in start.ROWS if {row.name, "browser", "startup"} & set(names)]
    return here, there, starts


def _measure(chosen: Chosen, plan: Plan, loads: list[float]) -> list[Line]:
    """Run the rows, and add to `loads` how busy the machine was before each."""
    here, there, starts = chosen
    count = plan.rounds or plan.size.rounds
    print(f"size {plan.size.name}, seed {plan.seed}, {count} rounds and more", flush=True)
    lines: list[Line] = []
    for row in here:
        loads.append(rounds.load())
        print(f"{row.name} ... (load {loads[-1]:.1f})", file=sys.stderr, flush=True)
        lines += rounds.measure(row, plan)
    if there:
        loads.append(rounds.load())
        print(f"browser ... (load {loads[-1]:.1f})", file=sys.stderr, flush=True)
        lines += browser.measure(there, plan)
    if starts:
        loads.append(rounds.load())
        print(f"startup ... (load {loads[-1]:.1f})", file=sys.stderr, flush=True)
        lines += start.measure(starts, plan)
    return lines


if __name__ == "__main__":
    sys.exit(main())
