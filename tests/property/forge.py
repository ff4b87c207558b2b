"""Files with any fields whatever and checks that hold: what damage by chance never makes.

Built from the offsets of docs/log-format.md alone, not with the kernel's own encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack
from zlib import crc32

PAGE = 4096


@dataclass(frozen=True)
class Header:
    """The fields of page 0."""

    format_version: int = 2
    flags: int = 0
    salt: bytes = b"saltsalt"
    database_id: bytes = b"database"
    generation: int = 0
    snapshot_records: int = 0
    base_version: int = 0

    def encode(self) -> bytes:
        """Return the header with its check."""
        fields = b"LRDB" + pack(
            ">HH8s8sQII",
            self.format_version,
            self.flags,
            self.salt,
            self.database_id,
            self.base_version,
            self.generation,
            self.snapshot_records,
        )
        return fields + pack(">I", crc32(fields))


@dataclass(frozen=True)
class Record:
    """The fields of a record; None is what the writer would have put there."""

    payload: bytes
    version: int | None = None
    unsynced: int = 0
    length: int | None = None
    header_check_holds: bool = True
    body_check_holds: bool = True


def forged(header: Header, records: Sequence[Record], mark: int | None, behind: bytes) -> bytes:
    """Return a file; a mark of None is the end of the last record."""
    head = header.encode()
    seed = check = crc32(head[:36])
    body = b""
    for number, record in enumerate(records, header.base_version + 1):
        version = number % 2**64 if record.version is None else record.version
        length = len(record.payload) if record.length is None else record.length
        fields = pack(">QII", version, record.unsynced, length)
        check = crc32(record.payload, crc32(fields, check))
        header_check = crc32(fields, seed) ^ (not record.header_check_holds)
        body_check = check ^ (not record.body_check_holds)
        body += fields + pack(">II", header_check, body_check) + record.payload
    place = pack(">Q", 2 * PAGE + len(body) if mark is None else mark)
    page = (place + pack(">I", crc32(place, seed))).ljust(PAGE, b"\0")
    return head.ljust(PAGE, b"\0") + page + body + behind
