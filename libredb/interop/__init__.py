"""Data in and out, as functions: `libredb.interop.import_jsonl(db, "notes.jsonl", into=notes)`.

    import_jsonl  import_json  import_csv    into the documents, the kv or the table of `into`
    export_jsonl  export_json  export_csv    out of one of these
    import_sqlite  export_sqlite             tables, with their types, keys and indexes
    infer_schema                             the columns of a table, from rows
    recorded_lens                            the lens that a file itself says a namespace has

Nothing else of the package imports this one, and each name is loaded when it is first asked for.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from libredb.interop.csv_file import export_csv, import_csv
    from libredb.interop.errors import BadLineError
    from libredb.interop.inference import infer_schema
    from libredb.interop.json_file import export_json, import_json
    from libredb.interop.jsonl import export_jsonl, import_jsonl
    from libredb.interop.lenses import recorded_lens
    from libredb.interop.report import BadLine, ImportReport
    from libredb.interop.sqlite.exporting import export_sqlite
    from libredb.interop.sqlite.importing import SqliteReport, import_sqlite

_MODULES = {
    "BadLine": "report",
    "BadLineError": "errors",
    "ImportReport": "report",
    "SqliteReport": "sqlite.importing",
    "export_csv": "csv_file",
    "export_json": "json_file",
    "export_jsonl": "jsonl",
    "export_sqlite": "sqlite.exporting",
    "import_csv": "csv_file",
    "import_json": "json_file",
    "import_jsonl": "jsonl",
    "import_sqlite": "sqlite.importing",
    "infer_schema": "inference",
    "recorded_lens": "lenses",
}

__all__ = [
    "BadLine",
    "BadLineError",
    "ImportReport",
    "SqliteReport",
    "export_csv",
    "export_json",
    "export_jsonl",
    "export_sqlite",
    "import_csv",
    "import_json",
    "import_jsonl",
    "import_sqlite",
    "infer_schema",
    "recorded_lens",
]


def __getattr__(name: str) -> object:
    """Load what has this name, and keep it."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(_import_module(f"libredb.interop.{_MODULES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
