"""`libredb completion`: what lets a shell complete commands and options."""

import argparse

from libredb.cli.completions import SHELLS
from libredb.cli.console import Console

DESCRIPTION: str = """\
Print a program for a shell, made of the parsers of all commands. bash: put
`source <(libredb completion bash)` into ~/.bashrc. zsh: write it to a file named _libredb in a
folder of $fpath. fish: write it to ~/.config/fish/completions/libredb.fish."""
EXAMPLE: str = "libredb completion bash"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add for which shell."""
    parser.add_argument("shell", metavar="SHELL", choices=sorted(SHELLS), help="bash, fish or zsh")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print the program and return 0."""
    for line in SHELLS[arguments.shell]():
        console.write(line)
    return 0
