"""A JSON file: one array of rows, or one object whose names are their keys, read as a stream.

    [{"id": "a1", "n": 1}, {"id": "a2", "n": 2}]     each element is a row
    {"a1": {"n": 1}, "a2": {"n": 2}}                 each member is a row, found by its name

An element ends at the first comma or closing bracket that is outside of strings and of the brackets
that it opens itself. So its end is found without understanding it, memory holds one element, and
one that is no JSON is a bad line while the next one is fine. Absent on purpose: a file whose
brackets do not match; nobody can say where its rows end.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Unpack

from libredb.interop.cells import DECODER, to_json_text
from libredb.interop.exporting import Destination, entries_as_json, rows_as_json, written
from libredb.interop.formats.jsonl import BOM, reason_of
from libredb.interop.importing import Given, ImportOptions, SourceProblem, run_import
from libredb.interop.lenses import AnyLens
from libredb.interop.report import ImportReport
from libredb.interop.source import (
    CHUNK_BYTES,
    MAX_ROW_BYTES,
    ByteSource,
    Position,
    Source,
    opened,
    require_rewindable,
)
from libredb.interop.target import target_of
from libredb.kernel.transaction import Store
from libredb.lens.kv import KV
from libredb.lens.values.json_value import Json

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_PART = re.compile(rb'"(?:[^"\\]|\\.)*+"|["\[\]{},]', re.DOTALL)
"""A string, or a quotation mark whose string has no end yet, or what tells where a value ends."""

_BLANKS = b" \t\r\n"
_CLOSING = {b"[": b"]", b"{": b"}"}


def import_json(
    store: Store,
    source: Source,
    into: AnyLens,
    *,
    key: str | None = None,
    at: Sequence[str] = (),
    **options: Unpack[ImportOptions],
) -> ImportReport:
    """Import a JSON file: an array of rows, or an object with a row for each name.

    A name becomes the id of a document, the key of a row, or the key in a kv. Otherwise as
    `import_jsonl`; what `skip_bad` writes is JSON Lines.

    Args:
        store: The database of `into`, or a transaction.
        source: A path, or a stream of bytes.
        into: The documents, the kv or the table.
        key: As for `import_jsonl`.
        at: The names that lead through objects to the array or object that is meant; by default it
            is the whole file.
        **options: `on_duplicate`, `skip_bad`, `resume`, `progress`, see `ImportOptions`.

    Raises:
        BadLineError: a row cannot be stored, and bad lines are not skipped; or the file is no JSON.
        UsageValueError: what is to be resumed is another source, or one that cannot be read again.
        OSError: the source cannot be read.

    Example:
        >>> import io, libredb
        >>> db = libredb.open()
        >>> settings = libredb.kv(db, "settings", values="json")
        >>> import_json(db, io.BytesIO(b'{"theme": "dark", "size": 12}'), into=settings).inserted
        2
    """
    target = target_of(into, key)
    with opened(source) as data:
        if options.get("resume"):
            require_rewindable(data)
        reader = JsonFile(data, target.from_json, target.from_member, at)
        return run_import(store, reader, target, options)


def export_json(
    store: Store, lens: AnyLens, destination: Destination, *, replace: bool = False
) -> int:
    """Write all of a namespace as one JSON file; return how many rows.

    Documents and rows are an array, a kv is an object. Otherwise as `export_jsonl`.
    """
    return written(store, lens, destination, _write, replace=replace)


def _write(lens: AnyLens, file: BinaryIO) -> int:
    if isinstance(lens, KV):
        members = entries_as_json(lens)
        return _write_all(file, "{}", (_member(key, value) for key, value in members))
    return _write_all(file, "[]", map(to_json_text, rows_as_json(lens)))


def _member(key: str, value: Json) -> str:
    return f"{to_json_text(key)}: {to_json_text(value)}"


def _write_all(file: BinaryIO, brackets: str, texts: Iterator[str]) -> int:
    """Write texts between brackets, each in a line; return how many."""
    count = 0
    file.write(brackets[:1].encode())
    for text in texts:
        file.write(f"{',' * (count > 0)}\n{text}".encode())
        count += 1
    file.write(f"\n{brackets[1:]}\n".encode())
    return count


class JsonFile:
    """Reads rows out of a JSON file."""

    form = "json"
    noun = "line"

    def __init__(
        self,
        source: ByteSource,
        from_json: Callable[[Json], Any],
        from_member: Callable[[str, Json], Any],
        at: Sequence[str],
    ) -> None:
        self.name: str = source.name
        self.size: int | None = source.size
        self._ahead = _Ahead(source)
        self._from_json = from_json
        self._from_member = from_member
        self._at = at
        self._opening = b""
        self._is_first = True

    def begin(self, offset: int) -> None:
        """Read up to the first row, or up to an offset behind one."""
        ahead = self._ahead
        ahead.take_if(BOM)
        for name in self._at:
            self._enter(name)
        self._opening = ahead.next_byte()
        if self._opening not in _CLOSING:
            raise ahead.problem("expected an array or an object")
        ahead.take(1)
        self._is_first = ahead.source.offset >= offset
        while ahead.source.offset < offset and (ahead.data or ahead.fill()):
            ahead.take(min(len(ahead.data) - ahead.at, offset - ahead.source.offset))
            ahead.source.position()
            ahead.fill()

    def position(self) -> Position:
        """Return the place behind the last row."""
        return self._ahead.source.position()

    def head(self) -> bytes:
        """Return nothing: bad rows are JSON Lines."""
        return b""

    def rows(self) -> Iterator[Given]:
        """Yield the elements, or the members."""
        read = self._element if self._opening == b"[" else self._member
        while self._has_next():
            self._is_first = False
            number = self._ahead.source.lines + 1
            data = self._ahead.take(self._ahead.length_of_value()).strip(_BLANKS)
            raw = data.replace(b"\r", b" ").replace(b"\n", b" ")
            try:
                yield Given(number, raw, read(data.decode()))
            except (ValueError, RecursionError) as error:
                yield Given(number, raw, None, reason_of(error))

    def _element(self, text: str) -> Any:  # noqa: ANN401 - what the target takes
        return self._from_json(DECODER.decode(text))

    def _member(self, text: str) -> Any:  # noqa: ANN401 - as above
        ((name, value),) = DECODER.decode(f"{{{text}}}").items()
        return self._from_member(name, value)

    def _has_next(self) -> bool:
        """Take what is between two rows, or the end of them all."""
        ahead = self._ahead
        byte, closing = ahead.next_byte(), _CLOSING[self._opening]
        if byte == closing:
            ahead.take(1)
            if not self._at and ahead.next_byte():
                raise ahead.problem("something follows the end; JSON Lines are another format")
            return False
        if byte == b"":
            raise ahead.problem("the file ends before its rows do")
        if not self._is_first:
            if byte != b",":
                raise ahead.problem(f"expected , or {closing.decode()}")
            ahead.take(1)
            ahead.next_byte()
        return True

    def _enter(self, name: str) -> None:
        """Take an object up to the value of one of its members."""
        ahead = self._ahead
        if ahead.next_byte() != b"{":
            raise ahead.problem(f"expected an object with {name!r}")
        ahead.take(1)
        while ahead.next_byte() == b'"':
            length = ahead.length_of_value()
            found = _STRING.match(ahead.data, ahead.at)
            assert found is not None, "a value that begins so was read whole"
            if _text_of(found[0]) == name:
                ahead.take(len(found[0]))
                if ahead.next_byte() != b":":
                    raise ahead.problem("expected :")
                ahead.take(1)
                return
            ahead.take(length)
            if ahead.next_byte() == b",":
                ahead.take(1)
        raise ahead.problem(f"there is no {name!r}")


def _text_of(string: bytes) -> str | None:
    """Return the text of a JSON string, None if it is none."""
    try:
        return DECODER.decode(string.decode())
    except ValueError:
        return None


class _Ahead:
    """Bytes that were read ahead. Invariant: what is before `at` was taken."""

    def __init__(self, source: ByteSource) -> None:
        self.source = source
        self.data = b""
        self.at = 0

    def fill(self) -> bool:
        """Read more, twice as much each time, so that a long value is not searched too often."""
        left = self.data[self.at :]
        more = self.source.read_ahead(max(CHUNK_BYTES, len(left)))
        self.data, self.at = left + more, 0
        return bool(more)

    def take(self, length: int) -> bytes:
        """Take the next bytes, which are there."""
        data = self.data[self.at : self.at + length]
        self.at += length
        self.source.take(data)
        return data

    def take_if(self, wanted: bytes) -> None:
        """Take these bytes, if they come next."""
        while len(self.data) - self.at < len(wanted) and self.fill():
            pass
        if self.data.startswith(wanted, self.at):
            self.take(len(wanted))

    def next_byte(self) -> bytes:
        """Take blanks, and return the byte behind them, which stays; nothing at the end."""
        while True:
            rest = self.data[self.at : self.at + 64]
            blank = len(rest) - len(rest.lstrip(_BLANKS))
            if blank:
                self.take(blank)
            if blank < len(rest):
                return rest[blank : blank + 1]
            if self.at == len(self.data) and not self.fill():
                return b""

    def length_of_value(self) -> int:
        """Return how many bytes come before the comma or the bracket that ends a value.

        Raises:
            SourceProblem: there is none.
        """
        searched, depth = 0, 0
        while True:
            end, searched, depth = self._search(searched, depth)
            if end is not None:
                return end
            if len(self.data) - self.at > MAX_ROW_BYTES:
                raise self.problem(f"a row is longer than {MAX_ROW_BYTES:,} bytes")
            if not self.fill():
                raise self.problem("the file ends inside of a row")

    def _search(self, searched: int, depth: int) -> tuple[int | None, int, int]:
        """Search what was read; return the end or None, how far it was searched, and the depth."""
        for found in _PART.finditer(self.data, self.at + searched):
            part = found[0]
            if part == b'"':
                return None, found.start() - self.at, depth
            if part in b"[{":
                depth += 1
            elif part in b"]},":
                if not depth:
                    return found.start() - self.at, searched, depth
                depth -= part != b","
        return None, len(self.data) - self.at, depth

    def problem(self, reason: str) -> SourceProblem:
        """Return the error about what comes next."""
        return SourceProblem(self.source.lines + 1, reason)
