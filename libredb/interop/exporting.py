"""Exporting: all of a namespace, as of one moment, in a file that is whole or not there at all.

    path.part    is written while the rows are read
    path         is what it becomes when all of them are in it

Rows are read one by one inside of one `read` of the store, so that no writer waits, nothing that is
committed meanwhile is in the file, and memory holds a few hundred rows. Whoever gets a stream gets
the rows as they come. Absent on purpose: deadlines of a kv; what has expired is left out.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from libredb.interop.cells import to_json, to_json_text
from libredb.interop.lenses import AnyLens, schema_of, values_of
from libredb.interop.target import KEY, VALUE
from libredb.kernel.transaction import Reader, Store
from libredb.lens.documents import Documents
from libredb.lens.kv import KV
from libredb.lens.table.table import Table
from libredb.lens.values.json_value import Json

T = TypeVar("T")

Destination = str | os.PathLike[str] | BinaryIO
"""A path, where a file is to be, or a stream of bytes."""


def in_one_state(store: Store, lens: AnyLens, work: Callable[[AnyLens], T]) -> T:
    """Return what `work` makes of a lens that sees one state, and reads row by row."""
    return store.read(lambda tx: work(inside(lens, tx)))


def inside(lens: AnyLens, tx: Reader) -> AnyLens:
    """Return a lens inside of a transaction that only reads, which a lens takes for a store."""
    return lens.on(cast(Store, tx))


def written(
    store: Store,
    lens: AnyLens,
    destination: Destination,
    write: Callable[[AnyLens, BinaryIO], int],
    *,
    replace: bool,
) -> int:
    """Let `write` write a lens into a destination; return how many rows it has written.

    Raises:
        FileExistsError: there is a file at the path, and `replace` is False.
    """
    if not isinstance(destination, (str, os.PathLike)):
        return in_one_state(store, lens, lambda found: write(found, destination))
    with whole_file(Path(destination), replace=replace) as part:

        def write_file(found: AnyLens) -> int:
            with part.open("wb") as file:
                return write(found, file)

        return in_one_state(store, lens, write_file)


@contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[Path]:
    """Yield where to write a file, which is at `path` once the block is done.

    Raises:
        FileExistsError: there is a file at the path, and `replace` is False.
    """
    if not replace and path.exists():
        raise FileExistsError(f"{path} is there already; say replace, or name another file")
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def written_lines(
    store: Store,
    lens: AnyLens,
    destination: Destination,
    rows: Callable[[AnyLens], Iterable[Json]],
    *,
    replace: bool,
) -> int:
    """Write JSON values, each in a line; return how many."""

    def write(found: AnyLens, file: BinaryIO) -> int:
        count = 0
        for row in rows(found):
            file.write(f"{to_json_text(row)}\n".encode())
            count += 1
        return count

    return written(store, lens, destination, write, replace=replace)


def rows_as_json(lens: AnyLens) -> Iterator[Json]:
    """Yield the rows of a lens as JSON objects, in the order of their keys."""
    if isinstance(lens, KV):
        for key, value in entries_as_json(lens):
            yield {KEY: key, VALUE: value}
        return
    if isinstance(lens, Documents):
        yield from lens.find()
        return
    kinds = {name: column.kind.name for name, column in schema_of(lens).columns.items()}
    for values in values_of_rows(lens):
        yield {name: to_json(kind, values[name]) for name, kind in kinds.items()}


def entries_as_json(lens: KV[Any]) -> Iterator[tuple[str, Json]]:
    """Yield the keys and values of a kv."""
    is_bytes = values_of(lens) == "bytes"
    for key, value in lens.scan():
        yield key, to_json("bytes", value) if is_bytes else value


def values_of_rows(lens: Table[Any]) -> Iterator[dict[str, Any]]:
    """Yield the values of each row of a table, by column."""
    dump = schema_of(lens).row_type.dump
    for row in lens:
        yield dump(row)
