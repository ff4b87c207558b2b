"""The commands: a file each, named like the command; `COMMANDS` lists them.

A command is a module with two texts, annotated as `str`: `DESCRIPTION`, which its help begins with,
and `EXAMPLE`, a call that works as it stands. And with two functions: `add_arguments(parser)`, and
`run(console, arguments)`, which returns the exit code. `run` lets errors pass: `main` knows what
each of them is to the caller. A module is loaded when its command is called, so that the list of
commands is there at once; a name that is a word of Python has a `_` behind it as a module.
"""

import argparse
from importlib import import_module
from keyword import iskeyword
from typing import Protocol, cast

from libredb.cli.console import Console

COMMANDS: dict[str, str] = {
    "inspect": "what a file is, and what is in it",
    "get": "print the value of a key, a document or a row",
    "set": "set a key, a document or a row",
    "delete": "delete a key, a document or a row",
    "scan": "print a range of keys and their values",
    "find": "print the documents or rows that a filter is true of",
    "import": "put rows of JSON, JSON Lines, CSV or SQLite into a namespace",
    "export": "write a namespace as JSON, JSON Lines, CSV or SQLite",
    "log": "print the history of a file, damaged or not",
    "verify": "say whether a file is damaged, and where",
    "compact": "drop from a file what was overwritten or deleted",
    "backup": "copy a database, also while somebody writes to it",
    "restore": "make a database of a backup",
    "upgrade": "make a database of a file of the TypeScript LibreDB",
    "convert": "make a file of the TypeScript LibreDB of a database",
    "shell": "a Python prompt with the database at hand",
    "completion": "print what lets a shell complete commands and options",
    "demo": "show the database at work on real data, killed and recovered",
}
"""The name of each command, and a line for the list of commands."""


class Command(Protocol):
    """What a module in this folder holds."""

    DESCRIPTION: str
    EXAMPLE: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Add the options of the command."""
        ...

    def run(self, console: Console, arguments: argparse.Namespace, /) -> int:
        """Do what the options say and return the exit code."""
        ...


def load(name: str) -> Command:
    """Return the module of a command."""
    module = import_module(f"{__name__}.{name}{'_' * iskeyword(name)}")
    return cast(Command, module)
