"""`libredb inspect`: what a file is, and what is in it."""

import argparse
from typing import Any

from libredb.cli.arguments import add_file
from libredb.cli.console import Console
from libredb.cli.layout import Number
from libredb.interop import inspect

DESCRIPTION: str = """\
Print what a database file is: its format, its versions, what it takes and how much of that is
live; and its namespaces, with their kinds, counts, columns and indexes. Reads all of it."""
EXAMPLE: str = "libredb inspect app.libredb"

Told = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which file is meant, and how it is printed."""
    add_file(parser)
    parser.add_argument("--json", action="store_true", help="print all of it in JSON, for programs")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print what was found and return 0."""
    told = inspect(arguments.file)
    if arguments.json:
        console.write(console.json(told, indent=2 if console.is_terminal else None))
        return 0
    console.say(f"{told['path']}: {_WORDS[told['outcome']]}", "head")
    for name, value in _facts(told):
        console.say(f"   {name:<12}{value}")
    if told["namespaces"]:
        console.say()
        heads = ["namespace", "kind", "count", "indexes"]
        console.table(heads, (_row(console, each) for each in told["namespaces"]), indent="   ")
        for each in told["namespaces"]:
            if each["kind"] == "table":
                _print_columns(console, each)
    return 0


_WORDS = {
    "empty": "an empty file, in which no database was made yet",
    "clean": "a database",
    "cut": "a database, with bytes behind its last commit that are of none",
}


def _facts(told: Told) -> list[tuple[str, str]]:
    versions, snapshot, live = told["versions"], told["snapshot"], told["live_share"]
    share = "" if live is None else f", of which about {live:.0%} are live"
    due = "; compacting pays" if told["compaction_due"] else ""
    facts = [
        ("format", f"version {told['format_version']}, generation {told['generation']}"),
        ("database id", told["database_id"] or "none yet"),
        ("size", f"{told['file_bytes']:,} bytes"),
        ("log", f"{told['log_bytes']:,} bytes{share}{due}"),
        ("versions", f"{versions['first']} to {versions['last']}, durable {versions['durable']}"),
        ("entries", f"{told['entries']:,}, {told['raw_keys']:,} of them raw keys"),
    ]
    if snapshot["records"]:
        end = f"ends at byte {snapshot['end']:,}"
        facts.append(("snapshot", f"{snapshot['entries']:,} entries, {end}"))
    if told["damaged_mark"]:
        facts.append(("mark", "damaged; opening for writing writes a new one"))
    return facts


def _row(console: Console, each: Told) -> list[object]:
    kind = f"kv of {each['schema']['values']}" if each["kind"] == "kv" else each["kind"]
    count = None if each["count"] is None else Number(f"{each['count']:,}")
    indexes = ", ".join(map(_index, each["indexes"]))
    return [console.text(each["name"].encode()), kind, count, console.text(indexes.encode())]


def _print_columns(console: Console, table: Told) -> None:
    """Print the columns of a table, those of its key first, with a star."""
    key, columns = table["schema"]["key"], table["schema"]["columns"]
    names = [*key, *(name for name in columns if name not in key)]
    told = ", ".join(f"{name}{'*' * (name in key)} {_type(columns[name])}" for name in names)
    console.say()
    console.paragraph("   " + console.text(f"columns of {table['name']}: {told}".encode()))


def _type(column: Told) -> str:
    return column["type"] + "?" * bool(column.get("optional"))


def _index(index: Told) -> str:
    name = "+".join(".".join(path) for path in index["fields"])
    flags = [flag for flag in ("unique", "each", "words") if index.get(flag)]
    return f"{name} ({', '.join(flags)})" if flags else name
