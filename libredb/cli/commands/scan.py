"""`libredb scan`: a range of keys and their values."""

import argparse

import libredb
from libredb import Database
from libredb.cli.arguments import (
    add_file,
    add_namespace,
    add_version,
    count,
    open_to_read,
    require_not_both,
)
from libredb.cli.console import Console
from libredb.cli.keyed.entry import Range
from libredb.cli.keyed.opening import keyed
from libredb.cli.notation import Notation

DESCRIPTION: str = """\
Print keys in their order, each with its value behind a tab; on a terminal as two columns, cut to
its width. Without --namespace these are the raw keys, but for those that lenses keep."""
EXAMPLE: str = "libredb scan app.libredb --prefix user: --limit 10"

SHOWN_NAMES = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which keys are meant, and how they are printed."""
    add_file(parser)
    add_namespace(parser)
    parser.add_argument("--prefix", metavar="KEY", help="only keys that begin with this")
    parser.add_argument("--start", metavar="KEY", help="only keys from this one on")
    parser.add_argument("--end", metavar="KEY", help="only keys below this one")
    parser.add_argument("--reverse", action="store_true", help="begin with the last key")
    parser.add_argument("--limit", type=count, metavar="N", help="print at most N entries")
    add_version(parser)
    parser.add_argument("--keys", action="store_true", help="print keys without their values")
    parser.add_argument(
        "--raw", action="store_true", help="print bytes as they are, control characters too"
    )
    parser.add_argument(
        "--lenses", action="store_true", help="print the raw keys that lenses keep as well"
    )


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print the entries and return 0, also if there are none."""
    require_not_both(arguments, "raw", "hex")
    require_not_both(arguments, "lenses", "namespace")
    wanted = Range(
        arguments.start,
        arguments.end,
        arguments.prefix,
        arguments.reverse,
        arguments.limit,
        arguments.lenses,
    )
    notation = Notation(console.encoding, arguments.hex)
    with open_to_read(arguments) as db:
        entries = keyed(db, arguments.namespace, notation).scan(wanted)
        if arguments.raw:
            for entry in entries:
                value = b"" if arguments.keys else b"\t" + entry.value.data
                console.write_bytes(entry.key_data + value + b"\n")
        elif arguments.keys:
            for entry in entries:
                console.write(entry.key)
        elif console.is_terminal:
            console.table(["key", "value"], ((entry.key, entry.value.shown) for entry in entries))
        else:
            for entry in entries:
                console.write(f"{entry.key}\t{entry.value.shown}")
        if wanted == Range(limit=wanted.limit, reverse=wanted.reverse) and not arguments.namespace:
            _tell_of_lenses(console, db)
    return 0


def _tell_of_lenses(console: Console, db: Database) -> None:
    """Say that there is more than raw keys, to whoever may look for it here."""
    names = libredb.catalog(db).names()
    if names:
        shown = ", ".join(console.text(name.encode()) for name in names[:SHOWN_NAMES])
        more = ", .." * (len(names) > SHOWN_NAMES)
        console.note(f"not shown: namespaces {shown}{more}; --namespace NAME shows one")
