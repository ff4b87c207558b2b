"""`libredb set`: write one value."""

import argparse

import libredb
from libredb.cli.arguments import add_file, add_namespace
from libredb.cli.console import Console
from libredb.cli.keyed.opening import KINDS, keyed_or_new
from libredb.cli.notation import Notation
from libredb.cli.streams import from_stdin

DESCRIPTION: str = """\
Set a key to a value; replace a document or a row as a whole, or add it. It is on the disk when
this returns."""
EXAMPLE: str = "libredb set app.libredb greeting hello"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is to be written, and where."""
    add_file(parser)
    parser.add_argument("key", metavar="KEY", help="a key, an id of a document, a key of a row")
    parser.add_argument(
        "value", metavar="VALUE", nargs="?", help="the value; without it, all of stdin is"
    )
    add_namespace(parser)
    parser.add_argument(
        "--kind",
        metavar="KIND",
        choices=KINDS,
        help="what a namespace is that is not there yet: str, bytes or json, which is a kv of such"
        " values, or documents",
    )
    parser.add_argument(
        "--create", action="store_true", help="make the database if there is no such file"
    )


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Write the value and return 0."""
    notation = Notation(console.encoding, arguments.hex)
    value: str | bytes = from_stdin() if arguments.value is None else arguments.value
    with libredb.open(arguments.file, mode="rwc" if arguments.create else "rw") as db:
        keyed_or_new(db, arguments.namespace, notation, arguments.kind).set(arguments.key, value)
    return 0
