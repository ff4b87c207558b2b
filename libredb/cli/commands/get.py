"""`libredb get`: one value."""

import argparse

from libredb.cli.arguments import add_file, add_namespace, add_version, open_to_read
from libredb.cli.console import Console
from libredb.cli.exit_codes import NOT_FOUND
from libredb.cli.keyed.opening import keyed
from libredb.cli.notation import Notation

DESCRIPTION: str = """\
Print the value of a key, escaped so that it can be typed back; a document or a row as JSON. The
exit code is 1 if the key is not there."""
EXAMPLE: str = "libredb get app.libredb greeting"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is to be read, and how it is printed."""
    add_file(parser)
    parser.add_argument("key", metavar="KEY", help="a key, an id of a document, a key of a row")
    add_namespace(parser)
    add_version(parser)
    parser.add_argument(
        "--raw", action="store_true", help="print the bytes as they are, and no end of line"
    )


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print the value, or say that there is none."""
    indent = 2 if console.is_terminal and not arguments.raw else None
    notation = Notation(console.encoding, arguments.hex, indent)
    with open_to_read(arguments) as db:
        found = keyed(db, arguments.namespace, notation).get(arguments.key)
    if found is None:
        console.complain(f"there is no key {arguments.key!r}")
        return NOT_FOUND
    if arguments.raw:
        console.write_bytes(found.data)
    else:
        console.write(found.shown)
    return 0
