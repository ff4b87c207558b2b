"""The entry point of `libredb`: arguments in, exit code out.

    0  done                      3  the database is open for writing elsewhere
    1  something is missing      4  the file is not a database, or is damaged
    2  the call is wrong         5  input or output failed
    130  interrupted from the keyboard
    143  terminated by SIGTERM

Results go to stdout, progress and errors to stderr.
"""

import argparse
import os
import sys
from typing import Protocol

import libredb
from libredb.cli.commands import demo, export, import_
from libredb.cli.console import Console
from libredb.cli.ending import terminable

USAGE, INPUT_OUTPUT, INTERRUPTED = 2, 5, 130

EXIT_CODES: list[tuple[type[Exception], int]] = [
    (libredb.DatabaseLockedError, 3),
    (libredb.IncompleteReadError, INPUT_OUTPUT),
    (libredb.LogFileError, 4),
    (OSError, INPUT_OUTPUT),
    (libredb.LibreDBError, USAGE),
]
"""The first class that fits decides: an error of ours can be an OSError as well."""


class Command(Protocol):
    """What a module in `libredb/cli/commands` holds; its package says what for."""

    SUMMARY: str
    DESCRIPTION: str
    EXAMPLE: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the options of the command."""
        ...

    def run(self, console: Console, arguments: argparse.Namespace, /) -> int:
        """Do what the options say and return the exit code."""
        ...


COMMANDS: dict[str, Command] = {"demo": demo, "import": import_, "export": export}


def main(argv: list[str] | None = None) -> int:
    """Run the command in `argv`, the arguments of the process by default, and return its exit code.

    Raises:
        SystemExit: from argparse, after `--help` and `--version` (0) or an impossible argument (2),
            and when SIGTERM ended the command (143).
    """
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        with terminable():
            return COMMANDS[arguments.command].run(Console(sys.stdout, sys.stderr), arguments)
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
    for name, command in COMMANDS.items():
        added = commands.add_parser(
            name,
            help=command.SUMMARY,
            description=command.DESCRIPTION,
            epilog=f"example: {command.EXAMPLE}",
        )
        command.add_arguments(added)
    return parser
