"""`libredb demo`: its options. What it shows is in `libredb/cli/demo`."""

import argparse
from pathlib import Path

from libredb.cli.arguments import count
from libredb.cli.console import Console
from libredb.cli.demo import story

DESCRIPTION: str = """\
Load every named character of Unicode as text keys, documents and tables; kill a writer in
mid-commit again and again, and check that nothing acknowledged is lost."""
EXAMPLE: str = "libredb demo --characters 5000 --kills 3"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the demo can be told."""
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="DIR",
        help=f"keep the database there, as {story.FILE_NAME}; by default it is temporary",
    )
    parser.add_argument(
        "--kills",
        type=count,
        default=10,
        metavar="N",
        help="how often a writer is killed (default: %(default)s)",
    )
    parser.add_argument(
        "--characters",
        type=count,
        metavar="N",
        help="load only the first N named characters (default: all)",
    )


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Run the demo and return 0, or 1 if anything is missing."""
    options = story.Options(arguments.directory, arguments.kills, arguments.characters)
    return story.run(console, options)
