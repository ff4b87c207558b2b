"""JSON Lines: one JSON value a line, in UTF-8.

    {"id": "a1", "level": "warn"}
    {"id": "a2", "level": "info"}

Blank lines count as lines and are left out. A line ends with LF or CRLF, the last one may end with
the file, and a byte order mark at the beginning is no part of the first. Of a name that comes twice
in an object the last one counts, as it does for Python. Absent on purpose: NaN, which is no JSON.
"""

from collections.abc import Callable, Iterator
from json import JSONDecodeError
from typing import Any, Unpack

from libredb.interop.cells import DECODER
from libredb.interop.exporting import Destination, rows_as_json, written_lines
from libredb.interop.importing import Given, ImportOptions, SourceProblem, run_import
from libredb.interop.lenses import AnyLens
from libredb.interop.report import ImportReport
from libredb.interop.source import (
    MAX_ROW_BYTES,
    ByteSource,
    Position,
    Source,
    opened,
    require_rewindable,
)
from libredb.interop.target import target_of
from libredb.kernel.transaction import Store
from libredb.lens.errors import InvalidValueError
from libredb.lens.values.json_value import Json

BOM = b"\xef\xbb\xbf"


def import_jsonl(
    store: Store,
    source: Source,
    into: AnyLens,
    *,
    key: str | None = None,
    **options: Unpack[ImportOptions],
) -> ImportReport:
    r"""Import JSON Lines: each line is a document, a row of a table, or a key and value of a kv.

    Reads and commits portions of 1,000 lines or 4 MiB, so that memory holds one of them. Each is
    durable when `progress` is called.

    Args:
        store: The database of `into`, or a transaction.
        source: A path, or a stream of bytes.
        into: The documents, the kv or the table.
        key: Of documents the field that becomes the id, "id" by default. Of a kv the field that is
            the key, while the rest is the value; by default lines have a "key" and a "value".
        **options: `on_duplicate`, `skip_bad`, `resume`, `progress`, see `ImportOptions`.

    Raises:
        BadLineError: a line cannot be stored, and bad lines are not skipped. Nothing of its portion
            is stored; `report` tells what is.
        UsageValueError: what is to be resumed is another source, or one that cannot be read again.
        OSError: the source cannot be read.

    Example:
        >>> import io, libredb
        >>> db = libredb.open()
        >>> notes = libredb.documents(db, "notes")
        >>> lines = b'{"id": "a1", "level": "warn"}\n{"id": "a2", "level": "info"}\n'
        >>> import_jsonl(db, io.BytesIO(lines), into=notes).inserted
        2
    """
    target = target_of(into, key)
    with opened(source) as data:
        if options.get("resume"):
            require_rewindable(data)
        return run_import(store, JsonLines(data, target.from_json), target, options)


def export_jsonl(
    store: Store, lens: AnyLens, destination: Destination, *, replace: bool = False
) -> int:
    """Write all of a namespace as JSON Lines; return how many lines.

    A document is a line, a row of a table is one with its columns, an entry of a kv has a "key" and
    a "value". What JSON lacks is tagged, see `to_tagged`. All of it is of one state, and memory
    holds a few hundred rows.

    Args:
        store: The database of `lens`, or a transaction.
        lens: The documents, the kv or the table; see `recorded_lens`.
        destination: A path, where the file is whole or not there at all; or a stream of bytes.
        replace: Whether a file that is at the path may be replaced.

    Raises:
        FileExistsError: there is a file, and `replace` is False.
    """
    return written_lines(store, lens, destination, rows_as_json, replace=replace)


class JsonLines:
    """Reads rows out of JSON Lines."""

    form = "jsonl"
    noun = "line"

    def __init__(self, source: ByteSource, read: Callable[[Json], Any]) -> None:
        self.name: str = source.name
        self.size: int | None = source.size
        self._source = source
        self._read = read

    def begin(self, offset: int) -> None:
        """Read up to an offset."""
        self._source.skip_to(offset)

    def position(self) -> Position:
        """Return the place behind the last line."""
        return self._source.position()

    def head(self) -> bytes:
        """Return nothing: each line stands for itself."""
        return b""

    def rows(self) -> Iterator[Given]:
        """Yield what each line says."""
        source, read, decode = self._source, self._read, DECODER.decode
        is_first = source.offset == 0
        while line := source.readline():
            number = source.lines + (not line.endswith(b"\n"))
            if len(line) == MAX_ROW_BYTES and not line.endswith(b"\n"):
                raise SourceProblem(number, f"the line is longer than {MAX_ROW_BYTES:,} bytes")
            data = line.removeprefix(BOM) if is_first else line
            is_first = False
            if data.isspace() or not data:
                continue
            try:
                yield Given(number, line, read(decode(data.rstrip(b"\r\n").decode())))
            except (ValueError, RecursionError) as error:
                yield Given(number, line, None, reason_of(error))


def reason_of(error: Exception) -> str:
    """Return what is wrong with the text of a row, in words."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 at byte {error.start + 1}"
    if isinstance(error, RecursionError):
        return "it nests too deep"
    if isinstance(error, JSONDecodeError):
        return f"it is not JSON: {error.msg} at column {error.colno}"
    if isinstance(error, InvalidValueError):
        return str(error)
    return f"it is not JSON: {error}"
