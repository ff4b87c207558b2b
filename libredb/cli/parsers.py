"""What `libredb` and its commands can be told: parsers, made for the one command that is called.

`libredb --help` knows the commands by their list alone; only the parser of a command loads it. So
an error names the command, and the usage that follows is that of the command.
Absent on purpose: abbreviated options, which would change their meaning when another one comes.
"""

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NoReturn

import libredb
from libredb.cli.commands import COMMANDS, load
from libredb.cli.console import Console
from libredb.cli.exit_codes import USAGE

TAKE_DASHES = frozenset({"--order-by"})
"""Options whose value often begins with a dash, which argparse takes for another option."""

DEBUG = "show where an error comes from, as Python does"


class Parser(argparse.ArgumentParser):
    """A parser whose errors fit a terminal, and show what was typed without doing what it says."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the error, and exit with 2."""
        self.print_usage(sys.stderr)
        Console(sys.stdout, sys.stderr).note(f"{self.prog}: error: {message}")
        self.exit(USAGE)


def program_parser() -> argparse.ArgumentParser:
    """Return the parser of what stands before the command; its help lists the commands."""
    listed = "\n".join(f"  {name:<12}{summary}" for name, summary in COMMANDS.items())
    parser = Parser(
        prog="libredb",
        usage="libredb [-h] [--version] [--debug] COMMAND ...",
        description="An embedded, crash-safe database in pure Python.",
        epilog=f"commands:\n{listed}\n\n`libredb COMMAND --help` tells what a command can be told.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"libredb {libredb.__version__}")
    parser.add_argument("--debug", action="store_true", help=DEBUG)
    return parser


def command_parser(name: str) -> argparse.ArgumentParser:
    """Return the parser of what stands behind the name of a command; loads the command."""
    command = load(name)
    parser = Parser(
        prog=f"libredb {name}",
        description=command.DESCRIPTION,
        epilog=f"example: {command.EXAMPLE}",
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    parser.add_argument("--debug", action="store_true", help=DEBUG)
    return parser


def unknown_command(name: str) -> str:
    """Return what to say of a command that there is not."""
    near = get_close_matches(name, COMMANDS, 1)
    hint = f"do you mean {near[0]!r}?" if near else "`libredb --help` lists the commands"
    return f"there is no command {name!r}; {hint}"


def with_dashes(words: Sequence[str]) -> list[str]:
    """Return the arguments of a command with `--order-by -at` as `--order-by=-at`."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in TAKE_DASHES and word.startswith("-") and word[1:2] != "-":
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found
