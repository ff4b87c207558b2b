"""From a database to a file of the TypeScript LibreDB: `convert(path, target)`.

What those formats cannot hold is refused, with a list, and nothing is written. With `lossy=True` it
gets another form there, which `outgoing` tells, and the list comes with the report. The file is
read again, by the reader of `upgrade`, before it is put in place whole. Absent on purpose: adding
to a file that is there.
"""

from collections.abc import Iterator, Mapping
from os import PathLike

import libredb
from libredb.interop.typescript.log import FORMATS, read_log, write_log
from libredb.interop.typescript.outgoing import outgoing
from libredb.interop.typescript.place import platform_file_system, put_file
from libredb.interop.typescript.report import ConvertReport, Unfit, UnfitError, listed
from libredb.interop.typescript.upgrade import DEFAULT_KV
from libredb.kernel.errors import LensError, UsageValueError
from libredb.kernel.filesystem import FileSystem, text_path
from libredb.kernel.level import Op

TRANSACTION_BYTES = 1 << 20
"""A transaction of the new file is closed when its entries have this much."""


def convert(
    path: str | PathLike[str],
    target: str | PathLike[str],
    *,
    fs: FileSystem | None = None,
    format: int = 1,  # noqa: A002 - as the command line calls it
    kv: str = DEFAULT_KV,
    lossy: bool = False,
) -> ConvertReport:
    """Make a file of the TypeScript LibreDB of the database at `path`, which stays as it is.

    It is durable when this returns. Costs a pass over the database, and memory for all it holds.

    Args:
        path: A database; a writer may be at work.
        target: Where the file shall be. There may be nothing.
        fs: The file system of both; None for the one of the running platform.
        format: 1, or 0 for the TypeScript LibreDB before 0.2.
        kv: The kv whose keys have no prefix there.
        lossy: Whether what does not fit may take another form; the report lists it.

    Raises:
        UnfitError: something does not fit; `unfit` lists it by namespace and reason.
        UsageError: something is at `target`, or there is no such format.
        LogFileError: the database at `path` is damaged, or is none.
        StorageError: it is missing, or storage failed.
    """
    if format not in FORMATS:
        raise UsageValueError(f"format must be 0 or 1, not {format!r}")
    source, place = text_path(path), text_path(target)
    fs = platform_file_system() if fs is None else fs
    with libredb.open(source, fs=fs, mode="r") as db, db.read() as tx:
        found = outgoing(tx, kv)
    losses = listed(found.losses)
    if losses and not lossy:
        raise UnfitError(_refusal(source, format, losses), losses)
    data = write_log(_transactions(found.entries), format)
    if read_log(data, place).entries() != found.entries:
        raise LensError("reading the new file gave something else; nothing was put in place")
    put_file(place, data, fs)
    return ConvertReport(source, place, format, len(found.entries), len(data), losses)


def _transactions(entries: Mapping[bytes, bytes]) -> Iterator[list[Op]]:
    """Yield the entries, as many at a time as a transaction of the new file shall have."""
    part: list[Op] = []
    size = 0
    for key, value in entries.items():
        part.append((key, value))
        size += len(key) + len(value)
        if size > TRANSACTION_BYTES:
            yield part
            part, size = [], 0
    yield part


def _refusal(path: str, format: int, losses: tuple[Unfit, ...]) -> str:  # noqa: A002 - as above
    lines = "\n  ".join(map(str, losses))
    return (
        f"format {format} cannot hold all of {path!r}; lossy=True (--lossy) writes it in another"
        f" form:\n  {lines}"
    )
