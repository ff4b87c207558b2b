"""`libredb import`: rows of a file into a namespace; `libredb/interop` does it.

What ends it early leaves whole portions. So it says what is stored, and that `--resume` goes on.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libredb
from libredb.cli.console import Console, Progress
from libredb.cli.exit_codes import REFUSED
from libredb.interop import resume
from libredb.interop.errors import BadLineError
from libredb.interop.formats.csv_file import import_csv
from libredb.interop.formats.json_file import import_json
from libredb.interop.formats.jsonl import import_jsonl
from libredb.interop.importing import DUPLICATES, ImportOptions
from libredb.interop.inference import infer_schema_of
from libredb.interop.lenses import AnyLens, recorded_lens
from libredb.interop.report import ImportReport
from libredb.interop.source import Source

DESCRIPTION: str = """\
Import a file, or - for standard input, as documents, as text keys, or as a table. Rows are stored
in portions of 1,000 lines or 4 MiB, each of them whole; --resume goes on behind the last one."""
EXAMPLE: str = "libredb import app.libredb notes.jsonl --namespace notes"

STDIN = "-"
FORMATS = {
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".json": "json",
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3"), "sqlite"),
}
KINDS = ("documents", "kv", "table")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what an import can be told."""
    parser.usage = "%(prog)s DATABASE FILE ..."
    parser.add_argument("database", metavar="DATABASE", help="made if it is not there")
    parser.add_argument("file", metavar="FILE", nargs="?", help="what to import; - is stdin")
    parser.add_argument("--from-sqlite", metavar="FILE", help="a SQLite file, whatever its name")
    parser.add_argument(
        "--format",
        choices=sorted(set(FORMATS.values())),
        help="by default as the name of the file ends; JSON Lines from stdin",
    )
    parser.add_argument(
        "--into", choices=KINDS, help="by default what the namespace is; documents if it is new"
    )
    parser.add_argument(
        "--namespace", metavar="NAME", help="by default the name of the file without its ending"
    )
    parser.add_argument(
        "--key",
        metavar="NAME",
        help="the field that becomes the id, or the key in a kv; of a new table its key column, or"
        " several with commas between",
    )
    parser.add_argument(
        "--count-ids", action="store_true", help="ids of documents are numbers, and count up"
    )
    parser.add_argument(
        "--values", choices=("str", "bytes", "json"), default="json", help="of a new kv"
    )
    parser.add_argument(
        "--types",
        type=_types,
        default={},
        metavar="NAME=TYPE,..",
        help="types of CSV cells (str, int, float, bool, json), or of columns of a new table",
    )
    parser.add_argument(
        "--at", metavar="NAME.NAME", help="where in a JSON file the rows are; by default it is them"
    )
    parser.add_argument("--delimiter", metavar="CHARACTER", help="between CSV cells")
    parser.add_argument("--empty-is-null", action="store_true", help="of an empty CSV cell")
    parser.add_argument(
        "--table", action="append", metavar="NAME", help="which tables of SQLite; by default all"
    )
    parser.add_argument(
        "--on-duplicate",
        choices=DUPLICATES,
        default="error",
        help="what to do with a row whose key is there (default: %(default)s)",
    )
    parser.add_argument("--skip-bad", metavar="FILE", help="leave bad lines out, and write them")
    parser.add_argument("--resume", action="store_true", help="go on where the last import ended")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Import and return 0, or 6 if a line cannot be stored."""
    source, form = _source(arguments)
    with libredb.open(arguments.database) as db:
        shown = _Shown(console, db, form)
        options: ImportOptions = {
            "on_duplicate": arguments.on_duplicate,
            "skip_bad": arguments.skip_bad,
            "resume": arguments.resume,
            "progress": shown.progress,
        }
        try:
            if form == "sqlite":
                _import_sqlite(console, db, source, arguments, options)
            else:
                report = _import_rows(db, source, form, arguments, options)
                _say(console, report)
        except BadLineError as error:
            print(f"libredb: {error}", file=sys.stderr)
            again = "go on with --resume" if error.report.offset else "import it again"
            print(f"{_stored(error.report)}.", file=sys.stderr)
            print(f"Correct the line, or say --skip-bad FILE; then {again}.", file=sys.stderr)
            return REFUSED
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(shown.how_to_go_on())
            raise
        except SystemExit:
            print(shown.how_to_go_on(), file=sys.stderr)
            raise
    return 0


class _Shown:
    """What an import shows while it runs, and what it says if it is ended."""

    def __init__(self, console: Console, db: libredb.Database, form: str) -> None:
        self._console = console
        self._db = db
        self._form = form
        self._last: ImportReport | None = None
        self._show: Progress | None = None

    def progress(self, report: ImportReport) -> None:
        """Show how far it has come; where the end is not known there is nothing to show."""
        if report.size and (self._last is None or self._last.namespace != report.namespace):
            unit = "rows" if self._form == "sqlite" else "bytes"
            self._show = self._console.progress(report.size, f"{unit} into {report.namespace}")
        self._last = report
        if self._show is not None:
            self._show(report.offset)

    def how_to_go_on(self) -> str:
        """Return what is stored; the record also knows a portion that nobody has heard of."""
        if self._last is None:
            return "Nothing of it is known to be stored; --resume goes on in any case."
        name, form = self._last.namespace, self._form
        try:
            stored, _ = self._db.read(lambda tx: resume.load(tx, name, form))
        except libredb.LibreDBError:
            stored = self._last
        return f"{_stored(stored)}; --resume goes on behind them."


def _stored(report: ImportReport) -> str:
    count = report.inserted + report.updated
    return f"{count:,} rows of the import into {report.namespace!r} are stored"


def _say(console: Console, report: ImportReport) -> None:
    counts = ("inserted", "updated", "skipped", "bad")
    texts = [f"{getattr(report, count):,} {count}" for count in counts]
    console.say(f"{report.namespace}: {', '.join(texts)}")
    for line in report.bad_lines:
        print(f"   line {line.line:,}: {line.reason}", file=sys.stderr)


def _source(arguments: argparse.Namespace) -> tuple[str, str]:
    """Return what to read, and in which format it is."""
    if (arguments.file is None) == (arguments.from_sqlite is None):
        raise libredb.UsageError("name one FILE, or --from-sqlite FILE")
    if arguments.from_sqlite is not None:
        return arguments.from_sqlite, "sqlite"
    by_name = FORMATS.get(Path(arguments.file).suffix.lower())
    form = arguments.format or ("jsonl" if arguments.file == STDIN else by_name)
    if form is None:
        raise libredb.UsageError(f"say the --format of {arguments.file}; its name does not tell")
    return arguments.file, form


def _import_rows(
    db: libredb.Database,
    source: str,
    form: str,
    arguments: argparse.Namespace,
    options: ImportOptions,
) -> ImportReport:
    at = arguments.at.split(".") if arguments.at else ()
    delimiter = arguments.delimiter or ("\t" if source.endswith(".tsv") else ",")
    name = _name(source, arguments)
    lens = _existing(db, name, arguments)
    if lens is None:
        lens = _new(db, name, arguments, lambda: _columns(source, form, at, delimiter, arguments))
    is_table = isinstance(lens, libredb.Table)
    key = None if is_table else arguments.key
    given: Source = sys.stdin.buffer if source == STDIN else source
    if form == "jsonl":
        return import_jsonl(db, given, lens, key=key, **options)
    if form == "json":
        return import_json(db, given, lens, key=key, at=at, **options)
    return import_csv(
        db,
        given,
        lens,
        key=key,
        types=None if is_table else arguments.types,
        empty_is_null=arguments.empty_is_null,
        delimiter=delimiter,
        **options,
    )


def _import_sqlite(
    console: Console,
    db: libredb.Database,
    source: str,
    arguments: argparse.Namespace,
    options: ImportOptions,
) -> None:
    from libredb.interop.sqlite.importing import import_sqlite  # noqa: PLC0415 - not every Python has sqlite3

    if source == STDIN:
        raise libredb.UsageError("a SQLite file is not read from stdin; name the file")
    found = import_sqlite(db, source, tables=arguments.table, **options)
    for report in found.tables:
        _say(console, report)
    for each in found.lost:
        print(f"   not carried over: {each}", file=sys.stderr)


def _name(source: str, arguments: argparse.Namespace) -> str:
    if arguments.namespace is None and source == STDIN:
        raise libredb.UsageError("what comes from stdin needs a --namespace")
    return arguments.namespace or Path(source).stem


def _existing(db: libredb.Database, name: str, arguments: argparse.Namespace) -> AnyLens | None:
    """Return the lens of a namespace that is there, or None.

    Raises:
        NamespaceKindError: it is of another kind than was asked for.
    """
    if name not in libredb.catalog(db).names():
        return None
    lens = recorded_lens(db, name)
    if arguments.into not in {None, lens.kind}:
        raise libredb.NamespaceKindError(
            f"the namespace {name!r} is one of {lens.kind}, not of {arguments.into}",
            namespace=name,
            expected=arguments.into,
            actual=lens.kind,
        )
    return lens


def _new(
    db: libredb.Database,
    name: str,
    arguments: argparse.Namespace,
    columns: Callable[[], dict[str, str]],
) -> AnyLens:
    if arguments.into == "kv":
        return libredb.KV[Any](db, name, arguments.values)
    if arguments.into == "table":
        key = (arguments.key or "id").split(",")
        return libredb.table(db, name, columns(), key=key)
    if arguments.count_ids:
        return libredb.documents(db, name, key=libredb.counter("id"))
    return libredb.documents(db, name)


def _columns(
    source: str, form: str, at: tuple[str, ...], delimiter: str, arguments: argparse.Namespace
) -> dict[str, str]:
    """Return the columns of a new table: what all rows have in common, and what was said."""
    if source == STDIN:
        raise libredb.UsageError("the columns of a new table come from a file, not from stdin")
    key = (arguments.key or "id").split(",")[0]
    found = infer_schema_of(source, form, key=key, at=at, delimiter=delimiter)
    unknown = arguments.types.keys() - found
    if unknown:
        raise libredb.UsageError(f"there is no column {min(unknown)!r}, which has a type")
    return found | arguments.types


def _types(text: str) -> dict[str, str]:
    """Return types by name; argparse puts the name of the option before the message."""
    pairs = [part.rpartition("=") for part in text.split(",")]
    for name, equals, kind in pairs:
        if not (name and equals and kind):
            raise argparse.ArgumentTypeError(f"must be NAME=TYPE, with commas between, not {text}")
    return {name: kind for name, _, kind in pairs}
