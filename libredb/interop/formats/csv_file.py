"""CSV: a header, and rows of cells, as RFC 4180 has it.

    id,name,born            a comma, a line break or a quotation mark in a cell makes it quoted,
    1,"Lovelace, Ada",1815  and quotation marks are doubled inside

A cell is text. What else it is, the columns of a table say, or `types`. An empty cell is an empty
text, for CSV has no null; `empty_is_null` says that it is one. Blank lines are left out. Absent on
purpose: guessing, of the delimiter or of types; a guess is wrong in the row that nobody looked at.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Unpack

from libredb.interop.cells import to_text
from libredb.interop.exporting import Destination, in_one_state, values_of_rows, written
from libredb.interop.formats.jsonl import BOM
from libredb.interop.importing import Given, ImportOptions, SourceProblem, run_import
from libredb.interop.lenses import AnyLens, schema_of, values_of
from libredb.interop.report import ImportReport
from libredb.interop.source import (
    MAX_ROW_BYTES,
    ByteSource,
    Position,
    Source,
    opened,
    require_rewindable,
)
from libredb.interop.target import ID, KEY, VALUE, target_of
from libredb.kernel.transaction import Store
from libredb.lens.documents import Documents
from libredb.lens.errors import InvalidValueError
from libredb.lens.kv import KV

Cells = Mapping[str, str | None]


def import_csv(  # noqa: PLR0913 - all but three are by name
    store: Store,
    source: Source,
    into: AnyLens,
    *,
    key: str | None = None,
    types: Mapping[str, str] | None = None,
    empty_is_null: bool = False,
    delimiter: str = ",",
    **options: Unpack[ImportOptions],
) -> ImportReport:
    r"""Import CSV in UTF-8, whose first row names the columns. Costs what `import_jsonl` does.

    Args:
        store: The database of `into`, or a transaction.
        source: A path, or a stream of bytes.
        into: The documents, the kv or the table. The cells of a kv are `key` and `value`.
        key: As for `import_jsonl`.
        types: What cells are in documents or a kv, by column: "str" (the default), "int", "float",
            "bool" or "json". The columns of a table have types already.
        empty_is_null: Whether an empty cell is null; otherwise it is an empty text.
        delimiter: What is between two cells.
        **options: `on_duplicate`, `skip_bad`, `resume`, `progress`, see `ImportOptions`.

    Raises:
        BadLineError: a row cannot be stored, and bad lines are not skipped; or the header is none.
        UsageValueError: an option is none, what is to be resumed is another source, or one that
            cannot be read again.
        OSError: the source cannot be read.

    Example:
        >>> import io, libredb
        >>> db = libredb.open()
        >>> people = libredb.documents(db, "people")
        >>> cells = io.BytesIO(b"id,born\nada,1815\n")
        >>> import_csv(db, cells, into=people, types={"born": "int"}).inserted
        1
        >>> people.get("ada")
        {'id': 'ada', 'born': 1815}
    """
    target = target_of(into, key)
    wanted = dict(types or {})
    target.take_types(wanted)

    def read(cells: Cells) -> Any:  # noqa: ANN401 - what the target takes
        return target.from_cells(
            {name: cell or None for name, cell in cells.items()} if empty_is_null else cells
        )

    with opened(source) as data, _long_cells():
        if options.get("resume"):
            require_rewindable(data)
        reader = CsvRows(data, read, delimiter, wanted)
        return run_import(store, reader, target, options)


def export_csv(
    store: Store,
    lens: AnyLens,
    destination: Destination,
    *,
    delimiter: str = ",",
    replace: bool = False,
) -> int:
    """Write all of a namespace as CSV; return how many rows, without the header.

    The columns of documents are all names that any of them has, in the order in which they come
    first, so documents are read twice, in two states. Objects and lists are JSON in their cell, and
    null is an empty one, which CSV cannot tell from an empty text. Otherwise as `export_jsonl`.
    """
    names = in_one_state(store, lens, _names)

    def write(found: AnyLens, file: BinaryIO) -> int:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        try:
            rows = csv.writer(text, delimiter=delimiter, lineterminator="\n")
            rows.writerow(names)
            return sum(1 for cells in _cells(found, names) if rows.writerow(cells))
        finally:
            text.detach()

    return written(store, lens, destination, write, replace=replace)


def _names(lens: AnyLens) -> list[str]:
    """Return the names of the columns."""
    if isinstance(lens, KV):
        return [KEY, VALUE]
    if isinstance(lens, Documents):
        names: dict[str, None] = {ID: None}
        for document in lens.find():
            names |= dict.fromkeys(document)
        return list(names)
    return list(schema_of(lens).columns)


def _cells(lens: AnyLens, names: list[str]) -> Iterator[list[str]]:
    """Yield the cells of each row."""
    if isinstance(lens, KV):
        kind = values_of(lens)
        for key, value in lens.scan():
            yield [key, to_text(kind, value)]
    elif isinstance(lens, Documents):
        for document in lens.find():
            yield [to_text("json", document.get(name)) for name in names]
    else:
        kinds = [(name, schema_of(lens).columns[name].kind.name) for name in names]
        for values in values_of_rows(lens):
            yield [to_text(kind, values[name]) for name, kind in kinds]


class CsvRows:
    """Reads rows out of CSV."""

    form = "csv"
    noun = "line"

    def __init__(
        self,
        source: ByteSource,
        read: Callable[[Cells], Any],
        delimiter: str,
        types: Mapping[str, str],
    ) -> None:
        self.name: str = source.name
        self.size: int | None = source.size
        self._source = source
        self._read = read
        self._types = types
        self._rows = csv.reader(self._lines(), delimiter=delimiter, strict=True)
        self._raw: list[bytes] = []
        self._head = b""
        self._names: list[str] = []

    def begin(self, offset: int) -> None:
        """Read the header, and up to an offset."""
        for given in self._cells():
            if given.problem is not None:
                raise SourceProblem(given.line, given.problem)
            self._names, self._head = given.value, b"".join(self._raw)
            self._check_names()
            break
        self._source.skip_to(offset)

    def position(self) -> Position:
        """Return the place behind the last row."""
        return self._source.position()

    def head(self) -> bytes:
        """Return the header."""
        return self._head.rstrip(b"\r\n") + b"\n" if self._head else b""

    def rows(self) -> Iterator[Given]:
        """Yield what each row says."""
        names, read = self._names, self._read
        for given in self._cells():
            if given.problem is None and len(given.value) != len(names):
                reason = f"it has {len(given.value)} cells, and the header has {len(names)}"
                yield given._replace(problem=reason)
            elif given.problem is None:
                try:
                    row = read(dict(zip(names, given.value, strict=True)))
                    yield given._replace(value=row)
                except InvalidValueError as error:
                    yield given._replace(problem=str(error))
            else:
                yield given

    def _cells(self) -> Iterator[Given]:
        """Yield the cells of each row, which may be of several lines."""
        while True:
            self._raw.clear()
            number = self._source.lines + 1
            try:
                cells = next(self._rows, None)
            except csv.Error as error:
                yield Given(number, b"".join(self._raw), None, f"it is not CSV: {error}")
                continue
            if cells is None:
                return
            raw = b"".join(self._raw)
            if cells:
                yield Given(number, raw, cells, _problem(raw))

    def _lines(self) -> Iterator[str]:
        """Yield lines as text; what is no UTF-8 is found when the row is whole."""
        while line := self._source.readline():
            self._raw.append(line)
            is_first = self._source.offset == len(line)
            data = line.removeprefix(BOM) if is_first else line
            yield data.decode("utf-8", "surrogateescape")

    def _check_names(self) -> None:
        twice = [name for name in self._names if self._names.count(name) > 1]
        if twice:
            raise SourceProblem(1, f"the column {twice[0]!r} comes twice")
        for name in self._types:
            if name not in self._names:
                raise SourceProblem(1, f"there is no column {name!r}, which has a type")


def _problem(raw: bytes) -> str | None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"it is not UTF-8 at byte {error.start + 1}"
    return None


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be as long as any row; Python has one limit for the whole process."""
    before = csv.field_size_limit(MAX_ROW_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)
