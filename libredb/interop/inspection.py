"""What a file is and what is in it, as JSON: what `libredb inspect --json` prints.

The fields are told in `inspect`; other programs read them, so one that is there stays there.
Absent on purpose: a guess at what a damaged file had in it; `history` reads it up to the damage.
"""

import os
from typing import Any

import libredb
from libredb.interop.lenses import recorded_lens
from libredb.interop.log_history import history
from libredb.kernel.database import Database
from libredb.kernel.errors import LensError, UsageError
from libredb.kernel.filesystem import FileSystem
from libredb.kernel.record import RECORDS_OFFSET
from libredb.lens.catalog import catalog
from libredb.lens.keys.encoding import prefix_range
from libredb.lens.keys.namespace import LENSES


def inspect(path: str | os.PathLike[str], *, fs: FileSystem | None = None) -> dict[str, Any]:
    """Return what a file is and what is in it, as JSON. Reads it twice; changes nothing.

    Returns:
        path: As it was given.
        outcome: "empty", "clean", or "cut" if bytes follow the last commit that are of none.
        format_version: 2.
        database_id: 16 hexadecimal digits that tell this database from others, None if empty.
        generation: How often it was compacted, restored or replaced.
        file_bytes: The size of the file.
        log_bytes: How much of it is the log; the rest is room ahead.
        live_bytes: About what its records would take, if it was compacted now.
        live_share: That, divided by what its records take, at most 1; None without a commit.
        compaction_due: Whether compacting pays.
        damaged_mark: Whether the durable mark cannot be read.
        versions: `first` and `last` that can be read, and the last that is `durable`.
        snapshot: What the log begins with since it was compacted: `records`, `entries`, `end`.
        entries: How many keys there are, all in all.
        raw_keys: How many of them are of no lens.
        namespaces: A list of what the catalog tells of each (`name`, `kind`, `prefix`, `schema`,
            `indexes`), and its `count`: of keys that have not expired, of documents, or of rows;
            None where this libredb does not know the kind, or the entries are damaged.

    Raises:
        LogFileError: it is no database, or is damaged.
        StorageError: it is missing, or storage failed.
    """
    found = history(path, fs=fs)
    if found.error is not None:
        raise found.error
    with libredb.open(path, fs=fs, mode="r") as db:
        entries, of_lenses = db.count(), db.count(*prefix_range(LENSES))
        record_bytes = max(db.log_bytes - RECORDS_OFFSET, 0)
        share = min(1.0, round(db.live_bytes / record_bytes, 4)) if record_bytes else None
        return {
            "path": found.path,
            "outcome": found.outcome,
            "format_version": found.format_version,
            "database_id": found.database_id.hex() or None,
            "generation": found.generation,
            "file_bytes": found.size_bytes,
            "log_bytes": db.log_bytes,
            "live_bytes": db.live_bytes,
            "live_share": share,
            "compaction_due": db.compaction_due,
            "damaged_mark": found.damaged_mark,
            "versions": {
                "first": found.snapshot_version,
                "last": db.version,
                "durable": db.durable_version,
            },
            "snapshot": {
                "records": found.snapshot_records,
                "entries": found.snapshot_entries,
                "end": found.snapshot_end,
            },
            "entries": entries,
            "raw_keys": entries - of_lenses,
            "namespaces": [
                {**each, "count": _count(db, each["name"])} for each in catalog(db).to_json()
            ],
        }


def _count(db: Database, name: str) -> int | None:
    try:
        return len(recorded_lens(db, name))
    except (LensError, UsageError):
        return None
