"""`libredb verify`: is this file damaged, and where."""

import argparse
from typing import Any

import libredb
from libredb import CorruptLogError, Database, LensError, UsageError, VerifyReport
from libredb.cli.arguments import add_file
from libredb.cli.console import Console
from libredb.cli.exit_codes import REFUSED, exit_code_of
from libredb.interop import recorded_lens

DESCRIPTION: str = """\
Read all of a file, change nothing, and say whether it is damaged and at which byte: the exit code
is 4 then. --deep asks every lens as well whether its entries and indexes agree; it is 6 if not."""
EXAMPLE: str = "libredb verify app.libredb --deep"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how much is looked at, and how it is printed."""
    add_file(parser)
    parser.add_argument("--deep", action="store_true", help="look into every namespace as well")
    parser.add_argument("--json", action="store_true", help="print the report in JSON")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print the report; return 0, or what is wrong as an exit code."""
    report = libredb.verify(arguments.file)
    problems: list[str] = []
    if arguments.deep and report.error is None:
        with libredb.open(arguments.file, mode="r") as db:
            problems = problems_of(db)
    if arguments.json:
        told = _as_json(report)
        console.write(console.json({**told, "problems": problems} if arguments.deep else told))
    else:
        _print(console, report, problems if arguments.deep else None)
    if report.error is not None:
        console.complain(str(report.error))
        return exit_code_of(report.error)
    return REFUSED if problems else 0


def problems_of(db: Database) -> list[str]:
    """Return what the catalog and every lens find wrong with themselves, with its name."""
    found = [f"catalog: {problem}" for problem in libredb.catalog(db).check()]
    try:
        names = libredb.catalog(db).names()
    except LensError:
        return found  # the catalog has said so
    for name in names:
        try:
            problems = recorded_lens(db, name).check()
        except (LensError, UsageError) as error:
            problems = [str(error)]
        found += [f"{name}: {problem}" for problem in problems]
    return found


def _print(console: Console, report: VerifyReport, problems: list[str] | None) -> None:
    style = "bad" if report.error else "good"
    console.say(f"{report.path}: {_verdict(report)}", style)
    place = "Damage noticed at byte" if report.error else "The log ends at byte"
    if report.outcome != "empty":
        console.say(f"   {place} {report.offset:,} of {report.size_bytes:,}")
    if report.error is None and report.outcome != "empty":
        console.say(
            f"   {report.records:,} records up to version {report.version},"
            f" {report.entries:,} entries, generation {report.generation}"
        )
    if report.damaged_mark:
        console.say("   The durable mark is damaged; opening writes a new one")
    if problems is not None and report.error is None:
        console.say(f"   Lenses: {len(problems) or 'nothing'} wrong", "bad" if problems else "")
        for problem in problems:
            console.write(f"      {console.text(problem.encode())}")


_WORDS = {
    "empty": "empty; no database was made in it yet",
    "clean": "clean",
    "cut": "what follows the last commit is of none; opening cuts it off",
}


def _verdict(report: VerifyReport) -> str:
    if report.error is None:
        return _WORDS[report.outcome]
    return "damaged" if isinstance(report.error, CorruptLogError) else "refused"


def _as_json(report: VerifyReport) -> dict[str, Any]:
    error = report.error
    return {
        "path": report.path,
        "outcome": report.outcome,
        "size_bytes": report.size_bytes,
        "offset": report.offset,
        "generation": report.generation,
        "version": report.version,
        "records": report.records,
        "entries": report.entries,
        "damaged_mark": report.damaged_mark,
        "error": None if error is None else {"code": error.code, "reason": error.reason},
    }
