"""`libredb find`: documents and rows by a filter."""

import argparse
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any

from libredb.cli.arguments import (
    add_file,
    add_version,
    count,
    json_object,
    open_to_read,
    require_not_both,
)
from libredb.cli.console import Console
from libredb.cli.escapes import json_text
from libredb.cli.layout import MEASURED_ROWS
from libredb.interop import find, row_to_json, to_tagged
from libredb.lens.rows.result import Result

DESCRIPTION: str = """\
Print the documents or the rows of a table that a filter is true of, as a table. In a filter of a
table, a plain value is read by the type of its column."""
EXAMPLE: str = """libredb find app.libredb notes '{"level": "warn"}'"""

Row = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is looked for, and how it is printed."""
    add_file(parser)
    parser.add_argument("namespace", metavar="NAMESPACE", help="documents, or a table")
    parser.add_argument(
        "filter",
        metavar="FILTER",
        nargs="?",
        type=json_object,
        default={},
        help="""what they are like, in JSON: '{"at": {"$gte": 5}}'; all without it""",
    )
    parser.add_argument(
        "--order-by",
        metavar="PATHS",
        type=_paths,
        default=[],
        help="fields with commas between them, a - in front turns one round: -at,level",
    )
    parser.add_argument("--limit", type=count, metavar="N", help="print at most N of them")
    add_version(parser)
    parser.add_argument("--explain", action="store_true", help="print how they are found instead")
    parser.add_argument("--json", action="store_true", help="print a list in JSON")
    parser.add_argument("--jsonl", action="store_true", help="print a line of JSON for each")
    parser.add_argument("--csv", action="store_true", help="print CSV, with a head")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Print what was found and return 0, also if that is nothing."""
    require_not_both(arguments, "json", "jsonl", "csv")
    with open_to_read(arguments) as db, db.read() as tx:
        found = find(
            tx,
            arguments.namespace,
            arguments.filter,
            order_by=arguments.order_by,
            limit=arguments.limit,
        )
        if arguments.explain:
            _explain(console, found, is_json=arguments.json or arguments.jsonl)
        elif arguments.json:
            _print_list(console, found)
        elif arguments.jsonl:
            for row in found:
                console.write(console.json(row_to_json(row)))
        elif arguments.csv:
            _print_csv(console, found)
        else:
            _print_table(console, found)
    return 0


def _explain(console: Console, found: Result[Row], *, is_json: bool) -> None:
    plan = found.explain()
    if not is_json:
        console.write(console.text(str(plan).encode()))
        for name, why in plan.rejected:
            console.write(console.text(f"not index {name}: {why}".encode()))
        return
    told = {
        "text": plan.text,
        "index": plan.index,
        "ranges": plan.ranges,
        "entries": plan.entries,
        "is_sorted_in_memory": plan.is_sorted_in_memory,
        "rejected": dict(plan.rejected),
    }
    console.write(console.json(told))


def _print_list(console: Console, found: Iterable[Row]) -> None:
    """Print a list without holding it: a row in each line, or in some on a terminal."""
    before, indent = "[\n", 2 if console.is_terminal else None
    for row in found:
        console.write(before + console.json(row_to_json(row), indent=indent), end="")
        before = ",\n"
    console.write("[]" if before == "[\n" else "\n]")


def _print_csv(console: Console, found: Result[Row]) -> None:
    """Print all fields of all rows, for which these are read twice."""
    names = list(dict.fromkeys(chain.from_iterable(found)))
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="")
    for cells in chain([names], ([_plain(row.get(name)) for name in names] for row in found)):
        writer.writerow(cells)
        text = line.getvalue()
        console.write(console.text(text.encode()) if console.is_terminal else text)
        line.seek(0)
        line.truncate()


def _print_table(console: Console, found: Iterable[Row]) -> None:
    rows = iter(found)
    first = list(islice(rows, MEASURED_ROWS))
    names = list(dict.fromkeys(chain.from_iterable(first)))
    if not names:
        console.note("nothing was found")
        return
    heads = [console.text(name.encode()) for name in names]
    console.table(heads, (_cells(console, names, row) for row in chain(first, rows)))


def _cells(console: Console, names: Sequence[str], row: Row) -> list[object]:
    cells: list[object] = []
    for name in names:
        value = _plain(row.get(name))
        is_number = type(value) in {int, float}
        cells.append(value if is_number or value is None else console.text(str(value).encode()))
    return cells


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a row has
    """Return what a cell shows: a number, or text."""
    if value is None or type(value) in {int, float, str}:
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    tagged = to_tagged(value)
    if isinstance(tagged, dict) and not isinstance(value, dict):
        (text,) = tagged.values()  # pyright: ignore[reportUnknownVariableType] - a tag has one
        return text  # pyright: ignore[reportUnknownVariableType] - as above
    return json_text(tagged)


def _paths(text: str) -> list[str]:
    paths = text.split(",")
    if "" in paths:
        raise argparse.ArgumentTypeError(f"must be fields with commas between them, not {text!r}")
    return paths
