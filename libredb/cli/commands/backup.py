"""`libredb backup`: a copy of a database, whole or not at all."""

import argparse
from pathlib import Path

from libredb import UsageError
from libredb.cli.arguments import add_file, add_version, open_to_read
from libredb.cli.console import Console

DESCRIPTION: str = """\
Copy a database to another path, or to stdout; also while another process writes to it, as of now.
The copy is judged before it is put in place. A file that is there is not replaced unless asked
for."""
EXAMPLE: str = "libredb backup app.libredb backup.libredb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where from, and where to."""
    add_file(parser)
    parser.add_argument("to", metavar="BACKUP", help="where the copy shall be; - is stdout")
    parser.add_argument(
        "--replace", action="store_true", help="replace a backup that is there, once this is whole"
    )
    add_version(parser)


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Copy the database and return 0."""
    to, is_stream = arguments.to, arguments.to == "-"
    if is_stream and console.is_terminal:
        raise UsageError("a terminal shows no backup; let stdout be a file or a pipe")
    if not is_stream and not arguments.replace and Path(to).exists():
        raise UsageError(f"there is something at {to!r} already; --replace replaces a database")
    with open_to_read(arguments) as db:
        if is_stream:
            show, done = console.progress(db.log_bytes, "bytes"), 0
            for piece in db.backup():
                console.write_bytes(piece)
                done += len(piece)
                show(done)
        else:
            db.backup_to(to)
            console.say(f"{db.log_bytes:,} bytes, version {db.version}")
    return 0
