"""`libredb convert`: a database becomes a file of the TypeScript LibreDB. See `libredb.interop`."""

import argparse

from libredb.cli.console import Console
from libredb.interop import ConvertReport, convert

DESCRIPTION: str = """\
Put a file of format 1 or 0 with all that the database at PATH holds in place at OUT. What that
format cannot hold is listed, by namespace, and nothing is written (exit code 6), unless --lossy
permits another form of it. PATH stays as it is."""
EXAMPLE: str = "libredb convert new.libredb back.libredb --format 1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two paths, and what may be said besides."""
    parser.add_argument("path", metavar="PATH", help="the database")
    parser.add_argument("out", metavar="OUT", help="where the file shall be; nothing is there")
    parser.add_argument(
        "--format",
        type=int,
        choices=(0, 1),
        default=1,
        help="0 is that of the TypeScript LibreDB before 0.2 (default: %(default)s)",
    )
    parser.add_argument(
        "--kv",
        default="default",
        metavar="NAME",
        help="the kv whose keys have no prefix there (default: %(default)s)",
    )
    parser.add_argument(
        "--lossy", action="store_true", help="write what does not fit in another form, and list it"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Convert and tell what became of it; return 0."""
    report = convert(
        arguments.path,
        arguments.out,
        format=arguments.format,
        kv=arguments.kv,
        lossy=arguments.lossy,
    )
    if arguments.json:
        console.write(console.json(report.to_json()))
        return 0
    for line in _lines(report):
        console.paragraph(line)
    return 0


def _lines(report: ConvertReport) -> list[str]:
    now = f"a file of format {report.format} at {report.target!r}, {report.size_bytes:,} bytes"
    return [
        f"{report.source!r}: {report.entries:,} entries, now {now}",
        *(f"  in another form, or left out: {loss}" for loss in report.losses),
    ]
