"""Moving data in and out, and looking at files from outside: the command line, for programs.

    import_jsonl, import_json, import_csv   rows of a file into the lens `into`
    export_jsonl, export_json, export_csv   and out of one
    import_sqlite, export_sqlite            tables, with their types, keys and indexes
    infer_schema   the columns of a table, from rows
    inspect        what a file is and what is in it, as JSON
    history        the commits that the log of a file tells of, damaged or not
    recorded_lens  a namespace, opened as what the file says that it is
    find           the documents or rows that a filter is true of, whichever they are
    to_tagged      a value as JSON, with tags for what JSON lacks; from_tagged reads it
    row_to_json    a row as tagged JSON; row_from_json reads it, by the types of the columns
    upgrade        a file of the TypeScript LibreDB becomes a database; convert goes back

Nothing here is imported by the rest of libredb, and each is loaded when it is first asked for.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libredb.interop.errors import BadLineError
    from libredb.interop.formats.csv_file import export_csv, import_csv
    from libredb.interop.formats.json_file import export_json, import_json
    from libredb.interop.formats.jsonl import export_jsonl, import_jsonl
    from libredb.interop.inference import infer_schema
    from libredb.interop.inspection import inspect
    from libredb.interop.lenses import recorded_lens
    from libredb.interop.log_history import LoggedCommit, LogHistory, history
    from libredb.interop.namespaces import find
    from libredb.interop.report import BadLine, ImportReport
    from libredb.interop.sqlite.exporting import export_sqlite
    from libredb.interop.sqlite.importing import SqliteReport, import_sqlite
    from libredb.interop.typescript.convert import convert
    from libredb.interop.typescript.report import ConvertReport, Unfit, UnfitError, UpgradeReport
    from libredb.interop.typescript.upgrade import upgrade
    from libredb.lens.values.exchange import from_tagged, row_from_json, row_to_json, to_tagged

_MODULES = {
    "BadLine": ".report",
    "BadLineError": ".errors",
    "ImportReport": ".report",
    "SqliteReport": ".sqlite.importing",
    "export_csv": ".formats.csv_file",
    "export_json": ".formats.json_file",
    "export_jsonl": ".formats.jsonl",
    "export_sqlite": ".sqlite.exporting",
    "import_csv": ".formats.csv_file",
    "import_json": ".formats.json_file",
    "import_jsonl": ".formats.jsonl",
    "import_sqlite": ".sqlite.importing",
    "infer_schema": ".inference",
    "LogHistory": ".log_history",
    "LoggedCommit": ".log_history",
    "find": ".namespaces",
    "history": ".log_history",
    "inspect": ".inspection",
    "recorded_lens": ".lenses",
    "from_tagged": "libredb.lens.values.exchange",
    "row_from_json": "libredb.lens.values.exchange",
    "row_to_json": "libredb.lens.values.exchange",
    "to_tagged": "libredb.lens.values.exchange",
    **dict.fromkeys(
        ("ConvertReport", "Unfit", "UnfitError", "UpgradeReport"), ".typescript.report"
    ),
    "convert": ".typescript.convert",
    "upgrade": ".typescript.upgrade",
}
"""In which module each public name is."""

__all__ = [
    "BadLine",
    "BadLineError",
    "ConvertReport",
    "ImportReport",
    "LogHistory",
    "LoggedCommit",
    "SqliteReport",
    "Unfit",
    "UnfitError",
    "UpgradeReport",
    "convert",
    "export_csv",
    "export_json",
    "export_jsonl",
    "export_sqlite",
    "find",
    "from_tagged",
    "history",
    "import_csv",
    "import_json",
    "import_jsonl",
    "import_sqlite",
    "infer_schema",
    "inspect",
    "recorded_lens",
    "row_from_json",
    "row_to_json",
    "to_tagged",
    "upgrade",
]


def __getattr__(name: str) -> object:
    """Load the module that has this name, and keep the name."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(_import_module(_MODULES[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
