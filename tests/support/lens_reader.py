"""A second reader of what lenses write, made from docs/key-layouts.md alone.

It imports nothing of libredb: entries go in, and documents, rows, text keys and entries of indexes
come out. Every rule of the page that bytes can break is an assertion. `Line.meaning` says of each
entry what it is, for the dump on that page.
"""

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf, isnan
from typing import Any, NamedTuple
from uuid import UUID

TURNED = bytes(range(255, -1, -1))
MISSING = "missing"
COUNTS = ["inserted", "updated", "skipped", "bad"]
IMPORT = ["format", "size", "offset", "sha256", *COUNTS]


class Pair(NamedTuple):
    """A name and a value of an object in an order key."""

    name: str
    value: Any


class Line(NamedTuple):
    """One entry, its key and its value in the pieces they are made of, and what it says."""

    pieces: list[bytes]
    values: list[bytes]
    meaning: str


class Text(NamedTuple):
    """An entry of a kv."""

    version: int
    deadline: int | None
    value: Any


@dataclass
class Kept:
    """What one namespace keeps."""

    record: dict[str, Any]
    rows: dict[Any, dict[str, Any]] = field(default_factory=dict[Any, dict[str, Any]])
    versions: dict[Any, int] = field(default_factory=dict[Any, int])
    entries: dict[str, list[tuple[list[Any], Any]]] = field(
        default_factory=dict[str, list[tuple[list[Any], Any]]]
    )
    texts: dict[str, Text] = field(default_factory=dict[str, Text])
    deadlines: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    mark: int | None = None
    count: int | None = None


class Bytes:
    """Bytes that are taken from the front; `pieces` are those that were."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.pieces: list[bytes] = []

    def take(self, length: int) -> bytes:
        """Return the next bytes."""
        found = self.data[self.at : self.at + length]
        assert len(found) == length, f"{self.data.hex(' ')} ends too early"
        self.at += length
        return found

    def until_zero(self) -> bytes:
        """Return the bytes up to a 00, which goes with them."""
        end = self.data.index(0, self.at)
        found = self.take(end - self.at)
        self.at += 1
        return found

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self.data) - self.at)

    def piece(self, start: int) -> None:
        """Note what was taken since `start` as one piece."""
        self.pieces.append(self.data[start : self.at])

    def next(self) -> int | None:
        """Return the next byte, and leave it there."""
        return self.data[self.at] if self.at < len(self.data) else None


# Tuples


def read_part(data: Bytes) -> Any:
    """Return the next value of a tuple."""
    code = data.take(1)[0]
    words = {0x00: None, 0x26: False, 0x27: True}
    if code in words:
        return words[code]
    if code in {0x01, 0x02}:
        found = bytearray(data.until_zero())
        while data.next() == 0xFF:
            data.take(1)
            found += b"\0" + data.until_zero()
        return bytes(found) if code == 0x01 else found.decode()
    if code == 0x05:
        return read_nested(data)
    if 0x0B <= code <= 0x1D:
        return read_int(code, data)
    if code == 0x21:
        return read_double(data)
    assert code == 0x30, f"no tuple has {code:02x}"
    return UUID(bytes=data.take(16))


def read_nested(data: Bytes) -> tuple[Any, ...]:
    """Return a nested tuple, whose code was read."""
    found: list[Any] = []
    while True:
        if data.next() != 0x00:
            found.append(read_part(data))
            continue
        data.take(1)
        if data.next() != 0xFF:
            return tuple(found)
        data.take(1)
        found.append(None)


def read_int(code: int, data: Bytes) -> int:
    """Return an int of a tuple, whose code was read."""
    length = abs(code - 0x14)
    if code == 0x0B:
        length = 255 - data.take(1)[0]
    elif code == 0x1D:
        length = data.take(1)[0]
    number = int.from_bytes(data.take(length), "big")
    if code < 0x14:
        number -= 256**length - 1
    assert (abs(number).bit_length() + 7) // 8 == length, "there is a shorter way to write it"
    assert (abs(number) >= 2**64 - 1) == (code in {0x0B, 0x1D}), "it has another code"
    return number


def read_double(data: Bytes) -> float:
    """Return 8 bytes that ascend as doubles do as a double."""
    bits = data.take(8)
    bits = bytes((bits[0] ^ 0x80,)) + bits[1:] if bits[0] & 0x80 else bits.translate(TURNED)
    return struct.unpack(">d", bits)[0]


def read_tuple(data: bytes) -> list[Any]:
    """Return all values of a tuple."""
    left = Bytes(data)
    found: list[Any] = []
    while left.next() is not None:
        found.append(read_part(left))
    return found


# Order keys


def read_order_key(data: Bytes) -> Any:
    """Return a value of the next order key: a number as a float if it is one."""
    code = data.take(1)[0]
    words = {0x02: MISSING, 0x04: None, 0x06: False, 0x07: True}
    if code in words:
        return words[code]
    if code == 0x10:
        return read_number(data)
    if code == 0x18:
        return read_decimal(data)
    if code in {0x20, 0x28}:
        found = data.until_zero().replace(b"\1\1", b"\0").replace(b"\1\2", b"\1")
        return found.decode() if code == 0x20 else found
    assert code in {0x30, 0x38}, f"no order key has {code:02x}"
    values: list[Any] = []
    while data.next() != 0x00:
        values.append(read_order_key(data))
    data.take(1)
    if code == 0x30:
        return values
    assert values[0::2] == sorted(values[0::2]), "names are sorted"
    return dict(zip(values[0::2], values[1::2], strict=True))


def read_number(data: Bytes) -> float | int:
    """Return a number, whose code was read."""
    floor = read_double(data)
    assert not isnan(floor), "NaN is never written"
    rest = data.take(data.take(1)[0])
    if not rest:
        return floor
    assert rest[0], "there are no leading zeros"
    return (int(floor) if floor > -inf else -(256**255)) + int.from_bytes(rest, "big")


def read_decimal(data: Bytes) -> Decimal:
    """Return a Decimal, whose code was read."""
    sign = data.take(1)[0]
    if sign == 1:
        return Decimal(0)
    exponent, digits = data.take(8), bytearray()
    end = 0xFF if sign == 0 else 0x00
    while (byte := data.take(1)[0]) != end:
        digits.append(byte)
    if sign == 0:
        exponent, digits = exponent.translate(TURNED), digits.translate(TURNED)
    name = "-" if sign == 0 else ""
    if exponent == b"\xff" * 8:
        return Decimal(f"{name}Infinity")
    assert digits[-1:] != b"0", "the last digit is not 0"
    text = digits.decode()
    place = int.from_bytes(exponent, "big") - 2**63
    return Decimal(f"{name}{text[0]}.{text[1:]}E{place}")


# The keys of a store


class LensReader:
    """Takes entries in the order of their keys apart."""

    def __init__(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Read all entries; `head` is how many bytes stand before what a value is about."""
        self.raw: dict[bytes, bytes] = {}
        self.namespaces: dict[str, Kept] = {}
        self.migrations: list[tuple[int, str]] = []
        self.imports: dict[int, dict[str, Any]] = {}
        self.last_number = 0
        self.lines: list[Line] = []
        self.layout: bytes | None = None
        self.head = 0
        self._by_number: dict[int, Kept] = {}
        for key, value in entries:
            data = Bytes(key)
            self.head = 0
            meaning = self.read_entry(data, value)
            if data.next() is not None:
                data.pieces.append(data.rest())
            assert b"".join(data.pieces) == key
            pieces = [piece for piece in (value[: self.head], value[self.head :]) if piece]
            self.lines.append(Line(data.pieces, pieces, meaning))
        for kept in self._by_number.values():
            assert kept.record["prefix"] <= self.last_number

    def read_entry(self, data: Bytes, value: bytes) -> str:
        """Read one entry; return what it says."""
        if data.next() != 0xFE:
            self.raw[data.data] = value
            return "a raw key"
        data.take(1)
        data.piece(0)
        if data.next() == 0x00:
            return self.read_system(data, value)
        assert self.layout == b"lenses 1"
        start = data.at
        number = read_part(data)
        data.piece(start)
        kept = self._by_number[number]
        start = data.at
        part = data.take(1)[0]
        data.piece(start)
        if kept.record["kind"] == "kv":
            return self.read_kv(kept, part, data, value)
        return self.read_rows(kept, part, data, value)

    def read_system(self, data: Bytes, value: bytes) -> str:
        """Read an entry below FE 00."""
        data.take(1)
        data.piece(1)
        if data.next() is None:
            self.layout = value
            assert value == b"lenses 1"
            return "the layout"
        part = data.take(1)[0]
        data.piece(2)
        if part == 0x01:
            name = data.data[3:].decode()
            record = json.loads(value)
            assert list(record) == ["kind", "prefix", "schema", "indexes"]
            self.namespaces[name] = self._by_number[record["prefix"]] = Kept(record)
            return f'**record** of the namespace "{name}"'
        if part == 0x02:
            self.last_number = int(value)
            return "the last number of a namespace"
        if part == 0x04:
            (number,) = read_tuple(data.rest())
            data.piece(3)
            found = self.imports[number] = json.loads(value)
            assert list(found) == IMPORT
            assert value == compact(found)
            done = f"{found['offset']} of {found['size']}"
            return f"the import into namespace {number} is at {done}"
        assert part == 0x03
        number, name = read_tuple(data.rest())
        data.piece(3)
        assert value == b""
        self.migrations.append((number, name))
        return f'namespace {number} has the migration "{name}" behind it'

    def read_kv(self, kept: Kept, part: int, data: Bytes, value: bytes) -> str:
        """Read an entry of a kv."""
        if part == 0x01:
            name = data.data[data.at :].decode()
            found = kept.texts[name] = read_text(kept.record["schema"]["values"], value)
            self.head = 9 if found.deadline is None else 17
            until = "" if found.deadline is None else f", expires at {found.deadline}"
            return f'"{name}": {shown(found.value)}, version {found.version}{until}'
        if part == 0x02:
            start = data.at
            deadline = int.from_bytes(data.take(8), "big") - 2**63
            data.piece(start)
            name = data.data[data.at :].decode()
            assert kept.texts[name].deadline == deadline
            assert value == b""
            kept.deadlines.append((deadline, name))
            return f'"{name}" expires at {deadline}'
        assert part == 0x03
        assert data.next() is None
        kept.mark = int.from_bytes(value, "big")
        return f"what is created has a version above {kept.mark}"

    def read_rows(self, kept: Kept, part: int, data: Bytes, value: bytes) -> str:
        """Read an entry of documents or of a table."""
        if part == 0x01:
            id = read_id(data.data[data.at :])  # noqa: A001 - as documents call it
            assert value[0] == 0
            self.head = 9
            kept.versions[id] = int.from_bytes(value[1:9], "big")
            kept.rows[id] = json.loads(value[9:])
            assert value[9:] == compact(kept.rows[id])
            noun = {"documents": "document", "table": "row"}[kept.record["kind"]]
            return f"the {noun} {shown(id)}, version {kept.versions[id]}"
        if part == 0x04:
            kept.count = int(value)
            return "the last number of the counter"
        assert part == 0x03
        start = data.at
        number = read_part(data)
        data.piece(start)
        (index,) = [each for each in kept.record["indexes"] if each["number"] == number]
        values: list[Any] = []
        for _ in index["fields"]:
            start = data.at
            values.append(read_order_key(data))
            data.piece(start)
        id = read_id(data.data[data.at :])  # noqa: A001 - as documents call it
        assert id in kept.rows
        assert value == b""
        name = ",".join(".".join(path) for path in index["fields"])
        kept.entries.setdefault(name, []).append((values, id))
        return f"index {name}: {', '.join(map(shown, values))} -> {shown(id)}"


def read_text(values: str, data: bytes) -> Text:
    """Return what the value of an entry of a kv says."""
    assert data[0] in {0, 1}
    version = int.from_bytes(data[1:9], "big")
    deadline, rest = None, data[9:]
    if data[0] == 1:
        deadline, rest = int.from_bytes(rest[:8], "big", signed=True), rest[8:]
    read = {"str": bytes.decode, "bytes": bytes, "json": json.loads}
    return Text(version, deadline, read[values](rest))


def read_id(data: bytes) -> Any:
    """Return an id: one value, or a tuple of several."""
    parts = read_tuple(data)
    return parts[0] if len(parts) == 1 else tuple(parts)


def compact(value: object) -> bytes:
    """Return JSON as lenses write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def shown(value: object) -> str:
    """Return a value for people: a whole number without a point."""
    if value is MISSING:
        return MISSING
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)
