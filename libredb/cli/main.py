"""The entry point of `libredb`: arguments in, exit code out.

    0  done                      3  the database is open for writing elsewhere
    1  something is missing      4  the file is not a database, or is damaged
    2  the call is wrong         5  input or output failed
    130  interrupted from the keyboard

Results go to stdout, progress and errors to stderr.
"""

import argparse
import os
import sys
from pathlib import Path

import libredb
from libredb.cli.console import Console
from libredb.cli.demo import story as demo

USAGE, INPUT_OUTPUT, INTERRUPTED = 2, 5, 130

EXIT_CODES: list[tuple[type[Exception], int]] = [
    (libredb.DatabaseLockedError, 3),
    (libredb.IncompleteReadError, INPUT_OUTPUT),
    (libredb.LogFileError, 4),
    (OSError, INPUT_OUTPUT),
    (libredb.LibreDBError, USAGE),
]
"""The first class that fits decides: an error of ours can be an OSError as well."""


def main(argv: list[str] | None = None) -> int:
    """Run the command in `argv`, the arguments of the process by default, and return its exit code.

    Raises:
        SystemExit: from argparse, after `--help` and `--version` (0) or an impossible argument (2).
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        return demo.run(
            Console(sys.stdout, sys.stderr),
            demo.Options(arguments.directory, arguments.kills, arguments.characters),
        )
    except KeyboardInterrupt as interrupt:
        notes: list[str] = getattr(interrupt, "__notes__", [])
        print("\nInterrupted.", *notes, file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`libredb demo | head`). Nobody is left to tell, and
        # Python must not find the pipe broken once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return INPUT_OUTPUT
    except (libredb.LibreDBError, OSError) as error:
        print(f"libredb: {error}", file=sys.stderr)
        return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="libredb", description="An embedded, crash-safe database in pure Python."
    )
    parser.add_argument("--version", action="version", version=f"libredb {libredb.__version__}")
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    _add_demo(
        commands.add_parser(
            "demo",
            help="show the database at work on real data, killed and recovered",
            description="Load every named character of Unicode, kill a writer in mid-commit again "
            "and again, and check that nothing acknowledged is lost.",
        )
    )
    return parser


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory",
        type=Path,
        metavar="DIR",
        help=f"keep the database there, as {demo.FILE_NAME}; by default it is temporary",
    )
    parser.add_argument(
        "--kills",
        type=_count,
        default=10,
        metavar="N",
        help="how often a writer is killed (default: %(default)s)",
    )
    parser.add_argument(
        "--characters",
        type=_count,
        metavar="N",
        help="load only the first N named characters (default: all)",
    )


def _count(text: str) -> int:
    """Return `text` as a count; argparse turns the ValueError into a usage error."""
    count = int(text)
    if count < 0:
        raise ValueError(text)
    return count
