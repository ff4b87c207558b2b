"""libredb: an embedded, ordered, crash-safe key-value database in pure Python.

    with libredb.open("app.libredb") as db:
        db.set(b"greeting", b"hello")
        print(db.get(b"greeting"))

The log is the database. To learn how it works, read `libredb/kernel`, in the order that its
`__init__.py` tells.
"""

import os
import sys
from collections.abc import Callable, Iterable
from importlib import import_module as _import_module
from typing import TYPE_CHECKING

from libredb.kernel import opening
from libredb.kernel.arguments import BytesLike
from libredb.kernel.database import Database
from libredb.kernel.errors import (
    ChangesTrimmedError,
    CorruptLogError,
    DatabaseFailedError,
    DatabaseLockedError,
    IncompleteReadError,
    LegacyFormatError,
    LensError,
    LibreDBError,
    LogFileError,
    NotADatabaseError,
    StorageError,
    StorageExistsError,
    StorageIsDirectoryError,
    StorageNotDirectoryError,
    StorageNotFoundError,
    StoragePermissionError,
    UnsupportedVersionError,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel.facts import Mode
from libredb.kernel.filesystem import FileLock, FileSystem, LogFile
from libredb.kernel.filesystem import text_path as _text_path
from libredb.kernel.level import Entry
from libredb.kernel.log import GroupCommit
from libredb.kernel.report import CompactionReport, RecoveryReport, VerifyReport
from libredb.kernel.shared import SharedSync
from libredb.kernel.snapshot import CACHE_BYTES as _CACHE_BYTES
from libredb.kernel.transaction import Reader, ReadTransaction, Store, Transaction, Writer

if TYPE_CHECKING:
    from libredb.lens.catalog import catalog
    from libredb.lens.documents import Documents, documents
    from libredb.lens.errors import (
        ConflictError,
        DamagedEntryError,
        DuplicateKeyError,
        InvalidValueError,
        MissingKeyError,
        NamespaceKindError,
        SchemaMismatchError,
        UniqueViolationError,
    )
    from libredb.lens.keys.namespace import USER_KEYS
    from libredb.lens.kv import KV, kv
    from libredb.lens.mapping import mapping
    from libredb.lens.rows.ids import counter
    from libredb.lens.rows.result import Page, Result
    from libredb.lens.table.columns import Naive
    from libredb.lens.table.opening import table
    from libredb.lens.table.recording import descending, missing, not_, one_of, some
    from libredb.lens.table.table import Table

__version__ = "0.1.0"

# What is loaded when it is first asked for: who needs bytes alone does not wait for it.
_LENSES = {
    **dict.fromkeys(("catalog", "documents", "kv", "mapping")),
    "Documents": "documents",
    "KV": "kv",
    "Page": "rows.result",
    "Result": "rows.result",
    "Table": "table.table",
    "counter": "rows.ids",
    "USER_KEYS": "keys.namespace",
    "Naive": "table.columns",
    "table": "table.opening",
    **dict.fromkeys(("descending", "missing", "not_", "one_of", "some"), "table.recording"),
    **dict.fromkeys(
        (
            *("ConflictError", "DamagedEntryError", "DuplicateKeyError", "InvalidValueError"),
            *("MissingKeyError", "NamespaceKindError", "SchemaMismatchError"),
            "UniqueViolationError",
        ),
        "errors",
    ),
}

# Without `open`, which is as public: `from libredb import *` must not take Python's own away.
__all__ = [
    "KV",
    "USER_KEYS",
    "BytesLike",
    "ChangesTrimmedError",
    "CompactionReport",
    "ConflictError",
    "CorruptLogError",
    "DamagedEntryError",
    "Database",
    "DatabaseFailedError",
    "DatabaseLockedError",
    "Documents",
    "DuplicateKeyError",
    "Entry",
    "FileLock",
    "FileSystem",
    "GroupCommit",
    "IncompleteReadError",
    "InvalidValueError",
    "LegacyFormatError",
    "LensError",
    "LibreDBError",
    "LogFile",
    "LogFileError",
    "MissingKeyError",
    "Mode",
    "Naive",
    "NamespaceKindError",
    "NotADatabaseError",
    "Page",
    "ReadTransaction",
    "Reader",
    "RecoveryReport",
    "Result",
    "SchemaMismatchError",
    "SharedSync",
    "StorageError",
    "StorageExistsError",
    "StorageIsDirectoryError",
    "StorageNotDirectoryError",
    "StorageNotFoundError",
    "StoragePermissionError",
    "Store",
    "Table",
    "Transaction",
    "UniqueViolationError",
    "UnsupportedVersionError",
    "UsageError",
    "UsageTypeError",
    "UsageValueError",
    "VerifyReport",
    "Writer",
    "__version__",
    "catalog",
    "counter",
    "descending",
    "documents",
    "kv",
    "mapping",
    "missing",
    "not_",
    "one_of",
    "restore",
    "some",
    "table",
    "verify",
]


def open(  # noqa: A001, PLR0913 - the name users expect, like dbm.open; all options are by name
    path: str | os.PathLike[str] | None = None,
    *,
    fs: FileSystem | None = None,
    mode: Mode = "rwc",
    group_commit: GroupCommit | SharedSync | None = None,
    on_recovery: Callable[[RecoveryReport], None] | None = None,
    cache_bytes: int | None = _CACHE_BYTES,
    version: int | None = None,
) -> Database:
    """Open a database, recover it if need be, and return it.

    What it shows is durable when this returns (mode "r" apart, which changes nothing). Opening
    reads and checks the whole log, at the speed of the disk what was compacted. What was committed
    since the last compaction is in memory while it is open; the rest is read when it is asked for.

    Args:
        path: the file; None for a database in memory.
        fs: the file system; None for the one of the running platform.
        mode: "rwc" reads and writes, and creates a missing file; "rw" needs the file to be there;
            "r" reads without a lock, beside a writer in another process if there is one; what that
            commits afterwards is seen after `refresh()`.
        group_commit: None syncs every commit; `SharedSync()` lets threads that commit at the same
            time share a sync; a `GroupCommit` bounds the commits that may be pending.
        on_recovery: called once with a report, after the file is in order and before this returns.
            If it raises, the database is closed again and the exception passes on.
        cache_bytes: how much memory entries that were read from the file may take, about; those
            that were not used for long leave. 0 keeps none, None keeps all.
        version: with mode "r", show the state as of this commit, not of the last one. There are
            those since the last compaction; one may be newer than what is durable.

    Raises:
        DatabaseLockedError: it is open for writing already, here or in another process.
        StorageError: the file is missing (mode "rw" or "r"), or storage failed.
        LogFileError: the file is not a database this version can open, or is damaged; not one byte
            of it was changed.
        UsageValueError: there is no such version; the error says which there are.
        UsageError: the arguments do not fit together.
    """
    if path is None:
        return opening.open_database(
            None,
            None,
            mode=mode,
            group_commit=group_commit,
            on_recovery=on_recovery,
            cache_bytes=cache_bytes,
            version=version,
        )
    return opening.open_database(
        _text_path(path),
        _platform_file_system() if fs is None else fs,
        mode=mode,
        group_commit=group_commit,
        on_recovery=on_recovery,
        cache_bytes=cache_bytes,
        version=version,
    )


def restore(
    source: str | os.PathLike[str] | bytes | Iterable[bytes],
    path: str | os.PathLike[str],
    *,
    fs: FileSystem | None = None,
    replace: bool = False,
) -> None:
    """Put a backup in place at `path`, whole and durable when this returns, or not at all.

    The database there is one of its own: same entries and versions, another salt. Costs a pass over
    the backup, and memory for its largest commit.

    Args:
        source: the path of a backup, or its bytes, whole or in pieces of any size.
        path: where the database shall be; it is locked meanwhile.
        fs: the file system of both; None for the one of the running platform.
        replace: whether a database with commits that is at `path`, damaged or not, may be replaced.

    Raises:
        LogFileError: the backup is damaged, or not that of a closed database; or something else
            than a database is at `path`. Nothing was changed.
        DatabaseLockedError: the database at `path` is open.
        StorageError: the backup is missing, or storage failed.
        UsageError: there is a database at `path`, and `replace` is False.
    """
    fs = _platform_file_system() if fs is None else fs
    opening.restore(source, _text_path(path), fs, replace=replace)


def verify(
    path: str | os.PathLike[str] | None = None, *, fs: FileSystem | None = None
) -> VerifyReport:
    """Judge the database file at `path`, damaged or not, and change nothing.

    Damage is in the report (`outcome` is "refused", `error` says where and what), not raised. Costs
    what opening costs. Without a path the report is empty.

    Raises:
        StorageError: the file is missing, or storage failed.
    """
    if path is None:
        return VerifyReport("", "empty", 0)
    return opening.verify(_text_path(path), _platform_file_system() if fs is None else fs)


def _platform_file_system() -> FileSystem:
    if sys.platform == "emscripten":
        from libredb_opfs.browser import in_browser  # noqa: PLC0415 - as below

        if not in_browser():
            raise UsageError(
                "Pyodide cannot make a file durable outside of a browser: use CPython, or no path, "
                "which gives a database in memory"
            )
        raise UsageError(
            "in the browser a path needs fs=: use fs = await libredb_opfs.acquire('app') in a "
            "dedicated worker; without a path the database is in memory"
        )
    from libredb_osfs import OsFileSystem  # noqa: PLC0415 - the adapter imports this package first

    return OsFileSystem()


def __getattr__(name: str) -> object:
    """Load the lens that has this name, and keep it."""
    if name not in _LENSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(_import_module(f"libredb.lens.{_LENSES[name] or name}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LENSES})
