"""`libredb export`: a namespace as a file, or several as a SQLite file; `libredb/interop` does it.

The database is only read, and a writer beside it is no obstacle. A file is whole or not there.
"""

import argparse
import os
import sys
from pathlib import Path

import libredb
from libredb.cli.commands.import_ import FORMATS
from libredb.cli.console import Console
from libredb.interop.exporting import Destination
from libredb.interop.formats.csv_file import export_csv
from libredb.interop.formats.json_file import export_json
from libredb.interop.formats.jsonl import export_jsonl
from libredb.interop.lenses import recorded_lens

DESCRIPTION: str = """\
Export a namespace to a file, or to standard output. What JSON has no type for is tagged, so that
an import brings it back. With --to-sqlite each namespace becomes a table of a new SQLite file."""
EXAMPLE: str = "libredb export app.libredb notes --output notes.jsonl"

STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what an export can be told."""
    parser.usage = "%(prog)s DATABASE NAME ..."
    parser.add_argument("database", metavar="DATABASE")
    parser.add_argument(
        "namespaces", metavar="NAMESPACE", nargs="*", help="one; of SQLite several, or all"
    )
    parser.add_argument(
        "--output", "-o", metavar="FILE", default=STDOUT, help="by default -, which is stdout"
    )
    parser.add_argument("--to-sqlite", metavar="FILE", help="a SQLite file, whatever its name")
    parser.add_argument(
        "--format",
        choices=sorted(set(FORMATS.values())),
        help="by default as the name of the file ends; JSON Lines to stdout",
    )
    parser.add_argument("--delimiter", metavar="CHARACTER", help="between CSV cells")
    parser.add_argument("--replace", action="store_true", help="a file that is there")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Export and return 0, also if whoever reads the output has heard enough."""
    output, form = _output(arguments)
    with libredb.open(arguments.database, mode="r") as db:
        if form == "sqlite":
            _export_sqlite(console, db, output, arguments)
            return 0
        if output != STDOUT:
            count = _export(db, form, output, arguments)
            console.say(f"{arguments.namespaces[0]}: {count:,} rows in {output}")
            return 0
        try:
            _export(db, form, sys.stdout.buffer, arguments)
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Python must not find the pipe broken once more when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _output(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return where to write, and in which format."""
    if arguments.to_sqlite is not None:
        if arguments.output != STDOUT:
            raise libredb.UsageError("name --output FILE, or --to-sqlite FILE")
        return arguments.to_sqlite, "sqlite"
    output = arguments.output
    by_name = FORMATS.get(Path(output).suffix.lower())
    form = arguments.format or ("jsonl" if output == STDOUT else by_name)
    if form is None:
        raise libredb.UsageError(f"say the --format of {output}; its name does not tell")
    if form == "sqlite" and output == STDOUT:
        raise libredb.UsageError("SQLite is not written to stdout; name --to-sqlite FILE")
    if form != "sqlite" and len(arguments.namespaces) != 1:
        raise libredb.UsageError("name one NAMESPACE; only SQLite takes several")
    return output, form


def _export(
    db: libredb.Database, form: str, destination: Destination, arguments: argparse.Namespace
) -> int:
    lens, replace = recorded_lens(db, arguments.namespaces[0]), arguments.replace
    if form == "jsonl":
        return export_jsonl(db, lens, destination, replace=replace)
    if form == "json":
        return export_json(db, lens, destination, replace=replace)
    is_tabbed = str(destination).endswith(".tsv")
    delimiter = arguments.delimiter or ("\t" if is_tabbed else ",")
    return export_csv(db, lens, destination, delimiter=delimiter, replace=replace)


def _export_sqlite(
    console: Console, db: libredb.Database, output: str, arguments: argparse.Namespace
) -> None:
    from libredb.interop.sqlite.exporting import export_sqlite  # noqa: PLC0415 - not every Python has sqlite3

    wanted = arguments.namespaces or None
    for name, count in export_sqlite(
        db, output, namespaces=wanted, replace=arguments.replace
    ).items():
        console.say(f"{name}: {count:,} rows in {output}")
