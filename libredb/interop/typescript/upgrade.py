"""From a file of the TypeScript LibreDB to a database: `upgrade(old, new)`.

    read    all of the file, and judge it
    sort    each entry by what it is
    make    a database in memory: documents, tables, a kv, raw keys
    check   it again: what it would be over there has to be what the file holds
    place   its image, as a backup is restored: whole and durable, or not at all

Nothing is written before the last step, and then to `new` alone. A crash in it leaves nothing
there, or a database without a commit, which the next attempt replaces. Absent on purpose: an
upgrade in place; whoever has both files can go back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, TypeVar

import libredb
from libredb.interop.typescript import javascript
from libredb.interop.typescript.log import OldLog, read_log
from libredb.interop.typescript.memory import MemoryFileSystem
from libredb.interop.typescript.outgoing import outgoing
from libredb.interop.typescript.place import platform_file_system, read_file, require_free
from libredb.interop.typescript.report import UpgradeReport, listed
from libredb.interop.typescript.sorting import (
    RAW_COLUMNS,
    RAW_TABLE,
    Sorted,
    columns_of,
    sort,
)
from libredb.kernel.errors import (
    CorruptLogError,
    LensError,
    UsageError,
    UsageValueError,
)
from libredb.kernel.filesystem import FileSystem, text_path
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.namespace import LENSES
from libredb.lens.values.json_value import Json, equal, type_of

T = TypeVar("T")

DEFAULT_KV = "default"
BYTES = "the file"
"""What messages and the report call a file of which only the bytes are given."""

_NAME = "made"
_PART_ENTRIES = 1000
_PART_BYTES = 4 << 20


def upgrade(
    old: str | PathLike[str] | bytes,
    new: str | PathLike[str],
    *,
    fs: FileSystem | None = None,
    kv: str = DEFAULT_KV,
    cut_tail: bool = False,
) -> UpgradeReport:
    """Make a database at `new` of a file of the TypeScript LibreDB, which stays as it is.

    Collections become documents, relational tables become tables, other keys entries of a kv; what
    fits nowhere stays a raw key, and is counted. What is returned is durable. Costs a pass over the
    file, and memory for a few times its size. Close it over there first: nobody is locked out.

    Args:
        old: The path of a file of format 0 or 1, or its bytes.
        new: Where the database shall be. There may be nothing but a database without a commit.
        fs: The file system of both; None for the one of the running platform.
        kv: What the kv of the other keys is called.
        cut_tail: Whether whole records behind a damaged one may be lost. Its own writer would cut
            them off; here that is refused, because it takes more than a crash to leave them.

    Raises:
        LogFileError: `old` is of no such format, or is damaged; `offset` is the byte.
        UsageError: there is a database at `new`, or `kv` is the name of a collection.
        StorageError: `old` is missing, or storage failed.
    """
    source, target = BYTES if isinstance(old, bytes) else text_path(old), text_path(new)
    fs = platform_file_system() if fs is None else fs
    if source == target:
        raise UsageValueError("the upgraded database needs another path than the file it is of")
    require_free(target, fs)
    log = read_log(old if isinstance(old, bytes) else read_file(source, fs), source)
    if not cut_tail:
        _require_tail(log, source)
    entries = log.entries()
    found = sort(entries, kv)
    _check_names(found, kv)
    memory = MemoryFileSystem()
    with libredb.open(_NAME, fs=memory) as db:
        _make(db, found, entries, kv)
        db.compact()
    with libredb.open(_NAME, fs=memory, mode="rw") as db:
        _require_same(db, entries, kv)
        libredb.restore(db.backup(), target, fs=fs)
    return _report(source, target, log, found, kv)


def _require_tail(log: OldLog, path: str) -> None:
    """Refuse a file with whole records behind a damaged one."""
    if log.whole_behind is not None:
        reason = (
            f"the record here is damaged, and a whole one follows at byte {log.whole_behind};"
            " cut_tail=True (--cut-tail) leaves out all from here on, as TypeScript would"
        )
        raise CorruptLogError(path, log.end, reason)


def _check_names(found: Sorted, kv: str) -> None:
    """Refuse names that two namespaces would have."""
    if kv == RAW_TABLE or (found.kv and kv in found.collections):
        raise UsageValueError(f"{kv!r} is the name of a collection; call the kv something else")
    if found.raw_under_lenses and RAW_TABLE in found.collections:
        raise UsageError(f"{RAW_TABLE!r} is the name of a collection; rename it in TypeScript")


# Making the database


def _make(db: libredb.Database, found: Sorted, entries: Mapping[bytes, bytes], kv: str) -> None:
    """Write everything; what a lens refuses joins the raw keys, which come last."""
    for name, collection in found.collections.items():
        placed = found.rows[name]
        if collection.key is None:
            write: Callable[[Sequence[Any]], Any] = libredb.documents(db, name).put_many
        else:
            rows = libredb.table(db, name, columns_of(collection), key=collection.key)
            write = rows.insert_many
        write(())
        found.rows[name] = _written(placed, write, found, entries, name)
    texts = libredb.kv(db, kv)
    found.kv = _written(found.kv, texts.set_many, found, entries, kv)
    rows = found.raw_under_lenses
    if rows:
        libredb.table(db, RAW_TABLE, RAW_COLUMNS, key="key").insert_many(rows)
    for part in _parts(found.raw, entries):
        with db.transaction() as tx:
            for key, value in part:
                if not key.startswith(LENSES):
                    tx.set(key, value)


def _written(
    placed: list[tuple[bytes, T]],
    write: Callable[[Sequence[T]], object],
    found: Sorted,
    entries: Mapping[bytes, bytes],
    name: str,
) -> list[tuple[bytes, T]]:
    """Write what a lens takes, and return it; the rest stays raw."""
    taken: list[tuple[bytes, T]] = []
    for part in _parts(placed, entries):
        try:
            write([each for _, each in part])
            taken += part
        except InvalidValueError:  # it left no trace; one by one, to see which
            for key, each in part:
                try:
                    write([each])
                    taken.append((key, each))
                except InvalidValueError as error:
                    reason = f"something else than {error.expected}"
                    found.keep_raw(key, entries[key], name, reason)
    return taken


def _parts(
    placed: Iterable[tuple[bytes, T]], entries: Mapping[bytes, bytes]
) -> Iterator[list[tuple[bytes, T]]]:
    """Yield as much at a time as a transaction should hold."""
    part: list[tuple[bytes, T]] = []
    size = 0
    for key, each in placed:
        part.append((key, each))
        size += len(key) + len(entries[key])
        if len(part) == _PART_ENTRIES or size > _PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


# Checking it


def _require_same(db: libredb.Database, entries: Mapping[bytes, bytes], kv: str) -> None:
    """Read everything back, as it would be over there.

    Raises:
        LensError: that is not what the file holds.
    """
    with db.read() as tx:
        back = outgoing(tx, kv).entries
    different = entries.keys() ^ back.keys()
    different |= {key for key in entries.keys() & back if not _same(key, entries[key], back[key])}
    if different:
        raise LensError(
            f"reading back gave something else for {len(different):,} keys, the first of them"
            f" {min(different)!r}; nothing was put in place; report this"
        )


def _same(key: bytes, value: bytes, back: bytes) -> bool:
    """Whether two values are the same bytes, or the same JSON, in which an id may stand once."""
    if value == back:
        return True
    try:
        was, found = (javascript.read(each.decode()) for each in (value, back))
    except ValueError:
        return False
    return equal(was, found) or equal(_without_id(was, key), found)


def _without_id(value: Json, key: bytes) -> Json:
    if type_of(value) is not dict or not key.endswith(b":" + str(value.get("id")).encode()):
        return value
    return {name: each for name, each in value.items() if name != "id"}


def _report(source: str, target: str, log: OldLog, found: Sorted, kv: str) -> UpgradeReport:
    counts: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for name, collection in found.collections.items():
        counts[collection.key is None][name] = len(found.rows[name])
    return UpgradeReport(
        source,
        target,
        log.format,
        len(log.transactions),
        log.discarded_bytes,
        counts[True],
        counts[False],
        kv,
        len(found.kv),
        len(found.raw),
        listed(found.unfit),
    )
