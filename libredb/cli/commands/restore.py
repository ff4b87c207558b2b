"""`libredb restore`: a database out of a backup."""

import argparse

import libredb
from libredb import UsageError
from libredb.cli.console import Console
from libredb.cli.streams import pieces_of_stdin

DESCRIPTION: str = """\
Make a database of a backup, whole or not at all. It is one of its own: what follows in the one is
nothing to the other. A database that is there is not replaced unless asked for."""
EXAMPLE: str = "libredb restore backup.libredb restored.libredb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where from, and where to."""
    parser.add_argument("backup", metavar="BACKUP", help="what `backup` has made; - is stdin")
    parser.add_argument("file", metavar="FILE", help="where the database shall be")
    parser.add_argument(
        "--replace", action="store_true", help="replace the database that is there, if there is one"
    )


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Make the database and return 0."""
    source = pieces_of_stdin() if arguments.backup == "-" else arguments.backup
    try:
        libredb.restore(source, arguments.file, replace=arguments.replace)
    except UsageError as error:
        raise UsageError(str(error).replace("replace=True", "--replace")) from None
    with libredb.open(arguments.file, mode="r") as db:
        console.say(f"{db.log_bytes:,} bytes, version {db.version}")
    return 0
