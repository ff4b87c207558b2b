"""`python -m tests.interrupts`: interrupts every place of every operation, or those chosen.

It says for each operation what the database was afterwards. Without options that is a million
interrupts, and takes hours; `--once` leaves out those at an instruction to which the operation has
come before. `--storm N` lets N real signals rain instead, and more, in each kind of weather.
"""

import argparse
import sys
from itertools import product
from typing import Any

from tests.interrupts.helpers import PATIENCE_SECONDS, Tell, in_child, scratch
from tests.interrupts.hunt import Hunt, Tally, cases
from tests.interrupts.operations import OPERATIONS
from tests.interrupts.storm import WEATHERS, Storm
from tests.interrupts.trial import KINDS, Case


def main() -> int:
    """Run what the command line asks for, and return 1 if a promise was broken."""
    arguments = _parse()
    if arguments.storm:
        return _storm(arguments.storm)
    chosen = [
        case
        for case in cases(arguments.operation or OPERATIONS, arguments.kind or KINDS)
        if arguments.kept in {None, case.kept}
    ]
    tally = Tally()
    with scratch() as folder:
        hunt = Hunt(folder, arguments.patience)
        if arguments.point is not None:
            return _repeat(hunt, chosen[0], arguments.point)
        for operation in dict.fromkeys(case.operation for case in chosen):
            found = hunt.run([c for c in chosen if c.operation == operation], arguments.step)
            tally.join(found)
            print(found.table().splitlines()[1], flush=True)
    print(tally.table().splitlines()[-1])
    print(tally.explain(limit=100))
    return 1 if tally.failures else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.interrupts", description=__doc__)
    parser.add_argument("--operation", action="append", choices=list(OPERATIONS), metavar="NAME")
    parser.add_argument("--kind", action="append", choices=KINDS, metavar="KIND")
    kept = parser.add_mutually_exclusive_group()
    kept.add_argument("--kept", dest="kept", action="store_true", default=None)
    kept.add_argument("--dropped", dest="kept", action="store_false")
    steps = parser.add_mutually_exclusive_group()
    steps.add_argument("--step", type=int, default=1, help="take every so-manieth place")
    steps.add_argument(
        "--once",
        dest="step",
        action="store_const",
        const=0,
        help="take each instruction the first time that an operation comes to it",
    )
    parser.add_argument("--point", type=int, help="only this place of one operation, one kind")
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        help="seconds after which a thread counts as hanging",
    )
    parser.add_argument("--storm", type=int, metavar="N", help="real signals instead")
    parser.add_argument("--list", action="store_true", help="list the operations")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(OPERATIONS))
        sys.exit()
    if arguments.point is not None:
        if not arguments.operation or not arguments.kind:
            parser.error("--point needs --operation and --kind")
        arguments.kept = bool(arguments.kept)
    return arguments


def _repeat(hunt: Hunt, case: Case, number: int) -> int:
    """Interrupt one place, and tell everything about it."""
    (result,) = hunt.interrupt(case, [number])
    print(f"{case}, place {number} of {len(hunt.places(case.operation))}")
    print(f"interrupted at {result.where or 'no place'}; afterwards: {result.verdict}")
    print(result.failure)
    return 1 if result.failure else 0


def _storm(signals: int) -> int:
    """Let so many signals rain in every weather, over one thread and over two."""
    reports = [_rain(*kind, signals) for kind in product(WEATHERS, (1, 2))]
    return 1 if any(report is None or report["failures"] for report in reports) else 0


def _rain(weather: str, threads: int, signals: int) -> dict[str, Any] | None:
    with scratch() as folder:

        def work(tell: Tell) -> None:
            storm = Storm(weather, signals, folder / "db.libredb", threads=threads)
            tell(storm.run(max(60, signals / 50)))

        report = next(in_child(work), None)
    print(f"{weather}, {threads} threads: {report or 'the process died'}", flush=True)
    return report


if __name__ == "__main__":
    sys.exit(main())
