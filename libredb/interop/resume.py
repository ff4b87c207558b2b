"""The record of an import, from which a later run goes on: stored with what it tells of.

    FE 00 04 (n)  {"format": "jsonl", "size": 9120, "offset": 4096, "sha256": "..",
                   "inserted": 40, "updated": 0, "skipped": 0, "bad": 1}

n is the number of the namespace. Each portion writes the record in its own transaction, so that it
is true whatever happens next; it stays when the import is done, and then says that nothing is left
to do. Absent on purpose: the path of the source, which may be moved; the digest knows it.
"""

import json
from dataclasses import replace
from typing import Any

from libredb.interop.report import ImportReport
from libredb.interop.source import Position
from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Reader, Writer
from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.namespace import find, import_of

COUNTS = ("inserted", "updated", "skipped", "bad")


def save(tx: Writer, report: ImportReport, form: str, sha256: str) -> None:
    """Record how far an import has come; where nothing made the namespace, nothing is recorded."""
    namespace = find(tx, report.namespace)
    if namespace is None:
        return
    record: dict[str, Any] = {
        "format": form,
        "size": report.size,
        "offset": report.offset,
        "sha256": sha256,
        **{count: getattr(report, count) for count in COUNTS},
    }
    tx.set(import_of(namespace.number), json.dumps(record, separators=(",", ":")).encode())


def load(tx: Reader, name: str, form: str) -> tuple[ImportReport, Position]:
    """Return what is stored of an import into a namespace, and the place where it goes on.

    That is the beginning, if nothing is recorded.

    Raises:
        UsageValueError: the import was one of another format.
        DamagedEntryError: nobody records an import like this.
    """
    namespace = find(tx, name)
    data = None if namespace is None else tx.get(import_of(namespace.number))
    if data is None:
        return ImportReport(name), Position(0, "")
    try:
        record = json.loads(data)
        counts = {count: int(record[count]) for count in COUNTS}
        position = Position(int(record["offset"]), str(record["sha256"]))
        known = str(record["format"])
    except (ValueError, LookupError, TypeError) as error:
        reason = f"the record of the import into {name!r} is not one"
        raise DamagedEntryError(reason, namespace=name, actual=data) from error
    if known != form:
        raise UsageValueError(
            f"the import into {name!r} was one of {known}, and this is one of {form}"
        )
    report = replace(ImportReport(name), **counts, offset=position.offset)
    return replace(report, resumed_at=position.offset), position


def require_same(source: str, found: Position, wanted: Position) -> None:
    """Refuse to go on in a source that does not begin as the recorded one did.

    Raises:
        UsageValueError: it does not.
    """
    if wanted.offset and found != wanted:
        raise UsageValueError(
            f"{source} is not what was imported so far: its first {wanted.offset:,} bytes differ;"
            " import it from its beginning, without resume"
        )
