"""What several commands can be told, each said in one way, and how it is read.

A type of argparse refuses by ArgumentTypeError; argparse puts the name of the option in front.
"""

import argparse
import json
from typing import Any, NoReturn

import libredb
from libredb import Database, UsageError


def count(text: str) -> int:
    """Return `text` as a count, which is 0 or more."""
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text}") from None
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, not {text}")
    return number


def json_object(text: str) -> dict[str, Any]:
    """Return `text` as a JSON object."""
    try:
        found = json_value(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError(f"must be a JSON object such as {{}}, not {text}")
    return found  # pyright: ignore[reportUnknownVariableType] - the names in JSON are texts


def json_value(text: str) -> Any:  # noqa: ANN401 - whatever JSON has
    """Return what JSON says.

    Raises:
        ValueError: it is no JSON; the message says where.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, character {error.colno}"
        raise ValueError(f"is no JSON at {place}: {error.msg}") from None
    except RecursionError:
        raise ValueError("is no JSON that anything can hold: it has too many levels") from None


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add the database, which comes first."""
    parser.add_argument("file", metavar="FILE", help="the database")


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """Add which namespace is meant, and how bytes are written."""
    parser.add_argument(
        "-n",
        "--namespace",
        metavar="NAME",
        help="a kv, documents or a table; without it, the raw keys of the database",
    )
    parser.add_argument(
        "--hex", action="store_true", help="bytes are hexadecimal digits, given and printed"
    )


def add_version(parser: argparse.ArgumentParser) -> None:
    """Add which state is read."""
    parser.add_argument(
        "--at",
        type=count,
        metavar="VERSION",
        help="read the state after this commit, not after the last one; see `libredb log`",
    )


def open_to_read(arguments: argparse.Namespace) -> Database:
    """Open the database that is asked for, without a lock and as of the version asked for."""
    version: int | None = getattr(arguments, "at", None)
    return libredb.open(arguments.file, mode="r", version=version)


def require_not_both(arguments: argparse.Namespace, *names: str) -> None:
    """Refuse options that exclude each other."""
    given = [f"--{name}" for name in names if getattr(arguments, name) not in (None, False)]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} exclude each other")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"is no JSON: it has no {name}")
