"""`libredb delete`: delete one key."""

import argparse

import libredb
from libredb.cli.arguments import add_file, add_namespace
from libredb.cli.console import Console
from libredb.cli.exit_codes import NOT_FOUND
from libredb.cli.keyed.opening import keyed
from libredb.cli.notation import Notation

DESCRIPTION: str = """\
Delete a key, a document or a row. The exit code is 1 if it is not there."""
EXAMPLE: str = "libredb delete app.libredb greeting"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is to be deleted."""
    add_file(parser)
    parser.add_argument("key", metavar="KEY", help="a key, an id of a document, a key of a row")
    add_namespace(parser)


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Delete the key and return 0, or 1 if there was none."""
    notation = Notation(console.encoding, arguments.hex)
    with libredb.open(arguments.file, mode="rw") as db:
        if keyed(db, arguments.namespace, notation).delete(arguments.key):
            return 0
    console.complain(f"there is no key {arguments.key!r}")
    return NOT_FOUND
