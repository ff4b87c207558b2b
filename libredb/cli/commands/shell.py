"""`libredb shell`: Python with an open database.

Names that are there: `db`, `catalog`, `libredb`; and `kv`, `documents`, `table` as functions of a
name, which open a namespace as what the file says it is.
"""

import argparse
import code
import sys
import traceback
from typing import Any

import libredb
from libredb import KV, Database, Documents, MissingKeyError, Table, UsageError
from libredb.cli.arguments import add_file, add_version
from libredb.cli.console import Console
from libredb.interop import recorded_lens

DESCRIPTION: str = """\
Open a Python prompt with the database as `db`, its namespaces by `kv("settings")`,
`documents("notes")` and `table("users")`, and `catalog`. It only reads unless --write is given.
What comes by a pipe is run as a program; the exit code is 1 if that fails."""
EXAMPLE: str = """libredb shell app.libredb --run 'print(db.version)'"""

FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is opened, and how."""
    add_file(parser)
    parser.add_argument("--write", action="store_true", help="open it for writing, with the lock")
    add_version(parser)
    parser.add_argument("--run", metavar="CODE", help="run this instead of opening a prompt")


def run(console: Console, arguments: argparse.Namespace) -> int:
    """Run what is typed, or given, and return 0."""
    if arguments.write and arguments.at is not None:
        raise UsageError(
            "an earlier version can only be read, so --at and --write exclude each other"
        )
    mode = "rw" if arguments.write else "r"
    with libredb.open(arguments.file, mode=mode, version=arguments.at) as db:
        names = names_for(db)
        if arguments.run is not None:
            return _run(arguments.run, "--run", names)
        if not sys.stdin.isatty():
            return _run(sys.stdin.read(), "<stdin>", names)
        _prompt(console, db, names)
    return 0


def names_for(db: Database) -> dict[str, Any]:
    """Return what is at hand: the database, and its namespaces by their names."""

    def kv(name: str = "default", values: Any = None) -> KV[Any]:  # noqa: ANN401 - as libredb.kv takes it
        """Return a kv; `values` is for a new one."""
        found = _existing(db, name)
        return libredb.kv(db, name, values or "str") if found is None else _of(KV, found, name)

    def documents(name: str) -> Documents[Any]:
        """Return documents."""
        found = _existing(db, name)
        return libredb.documents(db, name) if found is None else _of(Documents, found, name)

    def table(name: str, rows: Any = None, **options: Any) -> Table[Any]:  # noqa: ANN401 - as libredb.table takes it
        """Return a table, whose rows are dicts unless their class is given."""
        return (
            _of(Table, recorded_lens(db, name), name)
            if rows is None
            else libredb.table(db, name, rows, **options)
        )

    return {
        "__name__": "__console__",
        "__doc__": None,
        "libredb": libredb,
        "db": db,
        "catalog": libredb.catalog(db),
        "kv": kv,
        "documents": documents,
        "table": table,
    }


def _existing(db: Database, name: str) -> Any:  # noqa: ANN401 - whatever lens it is
    try:
        return recorded_lens(db, name)
    except MissingKeyError:
        return None


def _of(kind: type[Any], lens: Any, name: str) -> Any:  # noqa: ANN401 - it is of that class
    if not isinstance(lens, kind):
        raise UsageError(f"{name!r} is {lens!r}")
    return lens


def _run(source: str, place: str, names: dict[str, Any]) -> int:
    """Run a program and return 0, or 1 if it has failed, which is shown as Python does."""
    try:
        exec(compile(source, place, "exec"), names)
    except libredb.LibreDBError:
        raise
    except Exception:  # noqa: BLE001 - it is the user's program
        traceback.print_exc()
        return FAILED
    return 0


def _prompt(console: Console, db: Database, names: dict[str, Any]) -> None:
    _complete_names(names)
    namespaces = ", ".join(libredb.catalog(db).names()) or "none"
    console.say(f"{db!r}")
    console.say("Here are: db, catalog, kv(name), documents(name), table(name), libredb")
    console.say(f"Namespaces: {namespaces}")
    console.say("Ctrl-D ends this.")
    code.interact(banner="", local=names, exitmsg="")


def _complete_names(names: dict[str, Any]) -> None:
    """Let Tab complete the names, where this Python has readline."""
    try:
        import readline  # noqa: PLC0415 - not every Python has it
        from rlcompleter import Completer  # noqa: PLC0415 - as above
    except ImportError:
        return
    readline.set_completer(Completer(names).complete)
    readline.parse_and_bind("tab: complete")
