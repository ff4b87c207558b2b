"""`libredb find`: documents and rows by a filter."""

import argparse
import csv
import io
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any

from libredb import ReadTransaction
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
from libredb.interop import find, row_to_json
from libredb.interop.namespaces import key_and_columns
from libredb.lens.rows.result import Result
from libredb.lens.table.selection import Selection

DESCRIPTION: str = """\
Print the documents or the rows of a table that a filter is true of, as a table. In a filter of a
table, a plain value is read by the type of its column."""
EXAMPLE: str = """libredb find app.libredb notes '{"level": "warn"}'"""

Row = dict[str, Any]
AsJson = Callable[[Row], Row]


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
        as_json = _as_json(tx, arguments.namespace, found)
        if arguments.explain:
            _explain(console, found, is_json=arguments.json or arguments.jsonl)
        elif arguments.json:
            _print_list(console, map(as_json, found))
        elif arguments.jsonl:
            for row in found:
                console.write(console.json(as_json(row)))
        elif arguments.csv:
            _print_csv(console, found, as_json)
        else:
            _print_table(console, found, as_json)
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


def _as_json(tx: ReadTransaction, name: str, found: Result[Row]) -> AsJson:
    """Return what makes JSON of a row; a document is JSON already."""
    if not isinstance(found, Selection):
        return dict
    _, columns = key_and_columns(tx, name)
    return lambda row: row_to_json(columns, row)


def _print_list(console: Console, found: Iterable[Row]) -> None:
    """Print a list without holding it: a row in each line, or in some on a terminal."""
    before, indent = "[\n", 2 if console.is_terminal else None
    for row in found:
        console.write(before + console.json(row, indent=indent), end="")
        before = ",\n"
    console.write("[]" if before == "[\n" else "\n]")


def _print_csv(console: Console, found: Result[Row], as_json: AsJson) -> None:
    """Print all fields of all rows, for which these are read twice."""
    names = list(dict.fromkeys(chain.from_iterable(found)))
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="")
    rows = (_plain(row, as_json(row)) for row in found)
    for cells in chain([names], ([row.get(name) for name in names] for row in rows)):
        writer.writerow(cells)
        text = line.getvalue()
        console.write(console.text(text.encode()) if console.is_terminal else text)
        line.seek(0)
        line.truncate()


def _print_table(console: Console, found: Iterable[Row], as_json: AsJson) -> None:
    rows = (_plain(row, as_json(row)) for row in found)
    first = list(islice(rows, MEASURED_ROWS))
    names = list(dict.fromkeys(chain.from_iterable(first)))
    if not names:
        console.note("nothing was found")
        return
    heads = [console.text(name.encode()) for name in names]
    console.table(heads, (_cells(console, names, row) for row in chain(first, rows)))


def _cells(console: Console, names: Sequence[str], row: Row) -> list[object]:
    cells = [row.get(name) for name in names]
    return [console.text(each.encode()) if isinstance(each, str) else each for each in cells]


def _plain(row: Row, as_json: Row) -> Row:
    """Return what cells show of a row: numbers, text, and None."""
    return {name: _plain_value(value, as_json[name]) for name, value in row.items()}


def _plain_value(value: Any, as_json: Any) -> int | float | str | None:  # noqa: ANN401 - whatever a row has
    if value is None or type(value) in {int, float, str}:
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return json_text(as_json) if type(value) in {bool, dict, list} else str(value)


def _paths(text: str) -> list[str]:
    paths = text.split(",")
    if "" in paths:
        raise argparse.ArgumentTypeError(f"must be fields with commas between them, not {text!r}")
    return paths
