"""The entry point of `libredb`: arguments in, exit code out, which `exit_codes` lists.

Results go to stdout, progress and errors to stderr.
"""

import os
import sys
import traceback
from typing import TextIO

from libredb.cli.commands import COMMANDS, load
from libredb.cli.console import Console
from libredb.cli.ending import terminable
from libredb.cli.exit_codes import BUG, INPUT_OUTPUT, INTERRUPTED, USAGE, exit_code_of
from libredb.cli.parsers import command_parser, program_parser, unknown_command, with_dashes

STREAMS = frozenset({"scan", "find", "log", "export"})
"""Commands of which a reader may take as much as it wants: `libredb scan FILE | head` is fine."""


def main(argv: list[str] | None = None) -> int:
    """Run the command in `argv`, the arguments of the process by default, and return its exit code.

    Raises:
        SystemExit: from argparse, after `--help` and `--version` (0) or an impossible argument (2),
            and when SIGTERM ended the command (143).
    """
    given = sys.argv[1:] if argv is None else argv
    place = next((i for i, word in enumerate(given) if not word.startswith("-")), len(given))
    before, rest = given[:place], given[place + 1 :]
    is_debugging = program_parser().parse_args(before).debug
    if place == len(given):
        program_parser().print_help(sys.stderr)
        return USAGE
    name = given[place]
    if name not in COMMANDS:
        program_parser().error(unknown_command(name))
    arguments = command_parser(name).parse_args(with_dashes(rest))
    console = console_for(sys.stdout, sys.stderr)
    try:
        with terminable():
            code = load(name).run(console, arguments)
            console.finish()
            return code
    except KeyboardInterrupt as interrupt:
        notes: list[str] = getattr(interrupt, "__notes__", [])
        print("\nInterrupted.", *notes, file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`libredb demo | head`). Nobody is left to tell, and
        # Python must not find the pipe broken once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0 if name in STREAMS else INPUT_OUTPUT
    except Exception as error:  # noqa: BLE001 - each has its exit code, and what is left is a bug
        return _failed(console, error, is_debugging=is_debugging or arguments.debug)


def console_for(out: TextIO, err: TextIO) -> Console:
    """Return the console for these streams: with colours on a terminal, if `rich` is installed."""
    is_for_people = out.isatty() or err.isatty()
    if is_for_people and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ:
        try:
            from libredb.cli.rich_console import RichConsole  # noqa: PLC0415 - it may not be there
        except ImportError:
            return Console(out, err)
        return RichConsole(out, err)
    return Console(out, err)


def _failed(console: Console, error: Exception, *, is_debugging: bool) -> int:
    """Say what has ended the command, and return its exit code."""
    code = exit_code_of(error)
    if is_debugging:
        traceback.print_exception(error)
    if code == BUG:
        hint = "" if is_debugging else "; --debug shows where"
        console.complain(f"a mistake in libredb: {type(error).__name__}: {error}{hint}")
    else:
        console.complain(str(error))
    return code
