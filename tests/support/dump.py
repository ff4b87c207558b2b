"""`python -m tests.support.dump`: a small database file, byte by byte, as Markdown.

The file is the same in every run: a real database writes it, on a file system whose random bytes
are fixed. What follows is a second reader of the format, which shares no code with the kernel: it
takes the file apart by the offsets of docs/log-format.md and verifies every check on the way. The
dump stands in that document between two markers, and a test compares them.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

import libredb
from sim.world.filesystem import SimFileSystem

BEGIN, END = "<!-- dump:begin -->", "<!-- dump:end -->"
PATH = "app.libredb"
PAGE = 4096


class FixedEntropy(SimFileSystem):
    """A file system in memory whose unpredictable bytes are 11 22 33 ..., and then go on."""

    drawn = 0x11

    def entropy(self, length: int, /) -> bytes:
        """Return the next of these bytes."""
        octets = bytes(range(self.drawn, self.drawn + 0x11 * length, 0x11))
        self.drawn += 1
        return octets


class Field(NamedTuple):
    """Some bytes of a file and what they mean."""

    offset: int
    data: bytes
    meaning: str


def sample() -> bytes:
    """Return a closed file: one commit, then a group of two, the last of which deletes."""
    fs = FixedEntropy()
    with libredb.open(PATH, fs=fs) as db:
        db.transact(lambda tx: tx.set(b"apple", b"red"))
        with db.group():
            db.transact(lambda tx: tx.set(b"pear", b""))
            db.transact(lambda tx: tx.delete(b"apple"))
    (data,) = fs.images(PATH)
    return data


class Reader:
    """Takes a file apart; `fields` is what was seen, `entries` what the file says."""

    def __init__(self, data: bytes) -> None:
        """Read both pages and every record up to the end, which has to be whole."""
        self.data = data
        self.fields: list[Field] = []
        self.entries: dict[bytes, bytes] = {}
        self.at = 0
        self.read_header()
        self.read_mark()
        self.at = 2 * PAGE
        check, version = self.seed, self.base
        while self.at < len(data) and any(data[self.at :]):
            version += 1
            check = self.read_record(version, check)

    def take(self, length: int, meaning: str) -> bytes:
        """Return the next bytes, which mean this."""
        data = self.data[self.at : self.at + length]
        assert len(data) == length
        self.fields.append(Field(self.at, data, meaning))
        self.at += length
        return data

    def number(self, length: int, meaning: str) -> int:
        """Return the next bytes as an integer; `{}` in the meaning stands for it."""
        number = int.from_bytes(self.data[self.at : self.at + length], "big")
        self.take(length, meaning.format(number))
        return number

    def verify(self, expected: int, meaning: str) -> None:
        """Compare the next four bytes with the check that they have to be."""
        assert self.number(4, meaning) == expected

    def read_header(self) -> None:
        """Read page 0."""
        assert self.take(4, 'magic "LRDB"') == b"LRDB"
        assert self.number(2, "format version {}") == 2
        assert self.number(2, "feature flags: none") == 0
        self.take(8, "salt")
        self.take(8, "database id")
        self.base = self.number(8, "base version {}")
        self.number(4, "generation {}")
        self.snapshot_records = self.number(4, "snapshot records: {}")
        self.verify(crc32(self.data[:40]), "header check: CRC-32 of bytes 0..40")
        self.seed = crc32(self.data[:36])
        assert not any(self.data[self.at : PAGE])
        self.fields.append(Field(self.at, b"", f"zero bytes up to {PAGE}"))

    def read_mark(self) -> None:
        """Read page 1."""
        self.at = PAGE
        self.mark = self.number(8, "durable mark: the first {} bytes were synced")
        self.verify(crc32(self.data[PAGE : PAGE + 8], self.seed), "check of the mark")
        assert not any(self.data[self.at : 2 * PAGE])
        self.fields.append(Field(self.at, b"", f"zero bytes up to {2 * PAGE}"))

    def read_record(self, version: int, previous_check: int) -> int:
        """Read one record and return its body check."""
        start = self.at
        assert self.number(8, "**record**: version {}") == version
        assert self.number(4, "unsynced {}") < version - self.base
        length = self.number(4, "payload length {}")
        head = self.data[start : start + 16]
        self.verify(crc32(head, self.seed), "header check")
        payload = self.data[start + 24 : start + 24 + length]
        check = crc32(head + payload, previous_check)
        self.verify(check, "body check")
        if version <= self.base + self.snapshot_records:
            self.read_blocks()
        while self.at < start + 24 + length:
            self.read_op()
        assert self.at == start + 24 + length
        return check

    def numbers(self, count: int, meaning: str) -> list[int]:
        """Return the next so many integers of four bytes; they are one field."""
        data = self.take(4 * count, meaning)
        return [int.from_bytes(data[at : at + 4], "big") for at in range(0, 4 * count, 4)]

    def read_blocks(self) -> None:
        """Read the payload of a snapshot record."""
        assert self.number(1, "tag: blocks") == 2
        count = self.number(4, "blocks: {}")
        lengths = self.numbers(count, "length of each block")
        checks = self.numbers(count, "check of each block")
        separators = self.numbers(count, "length of each separator")
        self.take(sum(separators), "separators")
        for length, check in zip(lengths, checks, strict=True):
            assert crc32(self.data[self.at : self.at + length]) == check
            self.read_block()

    def read_block(self) -> None:
        """Read a block."""
        count = self.number(4, "**block**: entries {}")
        keys = self.numbers(count, "length of each key")
        values = self.numbers(count, "length of each value")
        names = [self.take(length, "key") for length in keys]
        self.entries.update(zip(names, [self.take(n, "value") for n in values], strict=True))
        assert sorted(set(names)) == names

    def read_op(self) -> None:
        """Read one op of a payload."""
        is_set = self.data[self.at] == 1
        assert self.number(1, "op: set" if is_set else "op: delete") in {0, 1}
        key = self.read_bytes("key")
        if is_set:
            self.entries[key] = self.read_bytes("value")
        else:
            self.entries.pop(key, None)

    def read_bytes(self, what: str) -> bytes:
        """Read a length and so many bytes."""
        length = self.number(4, what + " length {}")
        return self.take(length, f'{what} "{self.text(length)}"') if length else b""

    def text(self, length: int) -> str:
        """Return the next bytes as text."""
        return self.data[self.at : self.at + length].decode("latin-1")


def lines() -> Iterator[str]:
    """Yield the dump, one line for each field."""
    yield "| offset | bytes | meaning |"
    yield "| ---: | --- | --- |"
    for offset, data, meaning in Reader(sample()).fields:
        shown = f"`{data.hex(' ')}`" if data else ""
        yield f"| {offset} | {shown} | {meaning} |"


def markdown() -> str:
    """Return the dump between its markers."""
    return "\n".join([BEGIN, *lines(), END]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
