"""The reference of the command line, `docs/cli.md`, out of the parsers.

`python -m libredb.cli.reference > docs/cli.md` writes it anew. It does not show the help that
argparse prints, which is another one in each version of Python.
"""

from collections.abc import Iterator

from libredb.cli.described import Described, described

HEAD = """\
# Command line reference

What each command can be told, out of its parser: `python -m libredb.cli.reference > docs/cli.md`
writes this page. [The guide](guide/command-line.md) shows them at work, and has the
[exit codes](guide/command-line.md#exit-codes).

`libredb --version` prints the version, `libredb COMMAND --debug` shows where an error comes from.
An option and its value may be joined by `=`. What begins with a dash and is no option comes behind
`--`.
"""


def reference() -> str:
    """Return the page."""
    commands = list(described())
    lines = [HEAD, "| command | does |", "| --- | --- |"]
    lines += [f"| [`{each.name}`](#libredb-{each.name}) | {each.summary} |" for each in commands]
    for each in commands:
        lines += ["", *_section(each)]
    return "\n".join(lines) + "\n"


def _section(command: Described) -> Iterator[str]:
    shown = [option for option in command.options if option.names[-1] not in {"--help", "--debug"}]
    usage = " ".join(argument.usage for argument in (*shown, *command.positions))
    yield f"## libredb {command.name}"
    yield ""
    yield "```text"
    yield f"libredb {command.name} {usage}"
    yield "```"
    yield ""
    yield command.description
    yield ""
    yield "| argument | meaning |"
    yield "| --- | --- |"
    for argument in (*command.positions, *shown):
        names = ", ".join(f"`{name}`" for name in argument.names)
        value = f"`{argument.metavar}`" if argument.metavar else ""
        told = " ".join(part for part in (names, value) if part)
        yield f"| {told.replace('|', '&#124;')} | {argument.help.replace('|', '&#124;')} |"
    yield ""
    yield f"Example: `{command.example}`"


if __name__ == "__main__":
    print(reference(), end="")
