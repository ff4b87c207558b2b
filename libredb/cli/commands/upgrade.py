"""`libredb upgrade`: a file of the TypeScript LibreDB becomes a database. See `libredb.interop`."""

import argparse

from libredb.cli.console import Console
from libredb.interop import UpgradeReport, upgrade

DESCRIPTION: str = """\
Read a file of format 0 or 1, and put a database with all that it holds in place at NEW: collections
become documents, relational tables become tables, other keys entries of a kv. OLD stays as it is.
Close it in TypeScript first."""
EXAMPLE: str = "libredb upgrade old.libredb new.libredb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two paths, and what may be said besides."""
    parser.add_argument("old", metavar="OLD", help="the file of the TypeScript LibreDB")
    parser.add_argument("new", metavar="NEW", help="where the database shall be; nothing is there")
    parser.add_argument(
        "--kv",
        default="default",
        metavar="NAME",
        help="what the kv of the other keys is called (default: %(default)s)",
    )
    parser.add_argument(
        "--cut-tail",
        action="store_true",
        help="leave out whole records that follow a damaged one, as TypeScript does",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Upgrade and tell what became of it; return 0, also where something stayed raw."""
    report = upgrade(arguments.old, arguments.new, kv=arguments.kv, cut_tail=arguments.cut_tail)
    if arguments.json:
        console.write(console.json(report.to_json()))
        return 0
    for line in _lines(report):
        console.paragraph(line)
    return 0


def _lines(report: UpgradeReport) -> list[str]:
    was = f"{report.source!r}, format {report.format}: {report.commits:,} commits"
    lines = [f"{was}, now a database at {report.target!r}"]
    lines += [f"  documents {name!r}: {count:,}" for name, count in report.documents.items()]
    lines += [f"  table {name!r}: {count:,}" for name, count in report.tables.items()]
    lines.append(f"  kv {report.kv!r}: {report.kv_entries:,}")
    lines.append(f"  raw keys: {report.raw_entries:,}")
    lines += [f"    of {unfit}" for unfit in report.unfit]
    if report.discarded_bytes:
        lines.append(f"  left out at the end: {report.discarded_bytes:,} bytes of a torn record")
    return lines
