"""What the parsers of commands say of themselves, as data: for shells, and for a page of docs."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

from libredb.cli.commands import COMMANDS, load
from libredb.cli.parsers import command_parser


@dataclass(frozen=True, slots=True)
class Argument:
    """An option, or what stands in a place: then it has no names."""

    names: tuple[str, ...]
    metavar: str
    """What stands for its value, empty for an option without one."""
    help: str
    choices: tuple[str, ...]
    is_optional: bool

    @property
    def usage(self) -> str:
        """How it is written in a call."""
        shown = " ".join(
            part for part in (self.names[-1] if self.names else "", self.metavar) if part
        )
        return f"[{shown}]" if self.is_optional else shown

    @property
    def is_file(self) -> bool:
        """Whether its value names a file or a folder."""
        return self.metavar in FILES


@dataclass(frozen=True, slots=True)
class Described:
    """A command."""

    name: str
    summary: str
    description: str
    example: str
    arguments: tuple[Argument, ...]

    @property
    def options(self) -> list[Argument]:
        """What begins with a dash."""
        return [argument for argument in self.arguments if argument.names]

    @property
    def positions(self) -> list[Argument]:
        """What does not."""
        return [argument for argument in self.arguments if not argument.names]


FILES = frozenset({"FILE", "BACKUP", "DIR", "OLD", "NEW", "SOURCE", "TARGET"})
"""What values are called that name a file or a folder."""


def described() -> Iterator[Described]:
    """Yield every command; loads them all."""
    for name, summary in COMMANDS.items():
        command = load(name)
        actions = command_parser(name)._actions  # noqa: SLF001 - argparse tells them in no other way
        description = " ".join(command.DESCRIPTION.split())
        yield Described(name, summary, description, command.EXAMPLE, tuple(map(_argument, actions)))


def _argument(action: argparse.Action) -> Argument:
    choices = tuple(map(str, action.choices or ()))
    takes_value = action.nargs != 0
    named = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    metavar = "|".join(choices) if choices and action.metavar is None else named
    help_text = " ".join((action.help or "").split())
    if action.default is not None and action.default is not argparse.SUPPRESS:
        help_text = help_text.replace("%(default)s", str(action.default))
    is_optional = bool(action.option_strings) or action.nargs in {"?", "*"}
    return Argument(
        tuple(action.option_strings),
        metavar if takes_value else "",
        help_text,
        choices,
        is_optional,
    )
