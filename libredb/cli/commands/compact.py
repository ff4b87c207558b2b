"""`libredb compact`: a file without what was overwritten or deleted."""

import argparse

import libredb
from libredb.cli.arguments import add_file
from libredb.cli.console import Console

DESCRIPTION: str = """\
Write what is live into a new file, and let it take the place of the old one. It opens faster
then; its history is gone. It takes room on the disk for both files."""
EXAMPLE: str = "libredb compact app.libredb"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which database is meant."""
    add_file(parser)
    parser.add_argument(
        "--if-due", action="store_true", help="only if it pays: if much was written since the last"
    )


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Compact, say what came of it, and return 0."""
    with libredb.open(arguments.file, mode="rw") as db:
        if arguments.if_due and not db.compaction_due:
            console.say(
                f"Not due: {db.log_bytes:,} bytes, of which about {db.live_bytes:,} are live"
            )
            return 0
        report = db.compact()
    console.say(
        f"From {report.bytes_before:,} to {report.bytes_after:,} bytes;"
        f" {report.entries:,} entries, generation {report.generation}"
    )
    return 0
