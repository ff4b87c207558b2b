"""The bytes of a log: its two pages, and one committed transaction as a record.

All integers are unsigned big-endian; a check is the CRC-32 of `zlib.crc32`, (data, start value).

    page 0, offset 0       file header, never changed once the file is in place
       0   4  magic "LRDB"             24   8  base version: the log starts after this commit
       4   2  format version           32   4  generation: plus one at every compaction
       6   2  feature flags            36   4  snapshot records: how many the log starts with
       8   8  salt, random             40   4  header check = crc32(bytes 0..40)
      16   8  database id, random
    page 1, offset 4096    durable mark, rewritten by recovery and by closing, never by a commit
       0   8  length of the log that was synced; always the end of a record
       8   4  crc32(bytes 0..8, check seed)
    page 2, offset 8192    records, back to back
       0   8  version: the number of the commit, the previous one plus 1
       8   4  unsynced: how many commits before this one were not durable yet
      12   4  payload length, > 0
      16   4  header check = crc32(bytes 0..16, check seed)
      20   4  body check   = crc32(bytes 0..16 + payload, body check before; the first: check seed)
      24      payload: ops in order, each
              set     01 | u32 key length | key | u32 value length | value
              delete  00 | u32 key length | key

The check seed is crc32(bytes 0..36) of page 0: all but the snapshot count, which is known last.
Zero bytes are never a record, so a log may end in any number of them.

What a file proves: a record header (version v, unsynced u) proves that every commit below v - u was
synced; the mark and the snapshot count prove the same for what lies before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct
from zlib import crc32

from libredb.kernel.level import Op

MAGIC = b"LRDB"
STAMP = b"BEGUN-DB"
"""What stands in the place of the header while the very first file of a database is made."""
FORMAT_VERSION = 2
KNOWN_FLAGS = 0
MAX_VERSION = 2**63
MAX_GENERATION = 2**31
"""Where a file header's numbers end: below what their fields hold, so that counting on is safe."""
MARK_OFFSET = 4096
RECORDS_OFFSET = 8192
MAX_PAYLOAD_BYTES = 1 << 30
"""The largest transaction, as bytes of its payload: what a reader has to hold in memory at once."""

_FILE_HEADER = Struct(">4sHH8s8sQII")
_RECORD_HEADER = Struct(">QII")
RECORD_HEADER = Struct(">QIIII")
"""Version, unsynced, payload length, header check, body check."""
_PROOF = Struct(">QIII")
_MARK = Struct(">Q")
_CHECK = Struct(">I")
_CHECKS = Struct(">II")
_LENGTH = Struct(">I")
_OP = Struct(">BI")

_SEED_LENGTH = 36
FILE_HEADER_LENGTH = _FILE_HEADER.size + _CHECK.size
MARK_LENGTH = _MARK.size + _CHECK.size
PROOF_LENGTH = _PROOF.size
"""The part of a record header that stands alone: it proves, even where its payload is damaged."""
RECORD_HEADER_LENGTH = RECORD_HEADER.size
CHECKED_LENGTH = _RECORD_HEADER.size
"""The part of a record header that both checks cover."""
SMALLEST_RECORD = RECORD_HEADER_LENGTH + _OP.size
SET_OVERHEAD = _OP.size + _LENGTH.size
DELETE_OVERHEAD = _OP.size


@dataclass(frozen=True, slots=True)
class FileHeader:
    """Page 0: which log this is, and where its versions start.

    A compaction draws a new salt and keeps the id; a restore draws both; a copy keeps both.
    """

    salt: bytes
    database_id: bytes
    generation: int
    snapshot_records: int
    base_version: int
    flags: int = 0
    format_version: int = FORMAT_VERSION

    @property
    def check_seed(self) -> int:
        """What every other check of the file starts from."""
        return crc32(self._fields()[:_SEED_LENGTH])

    @property
    def in_range(self) -> bool:
        """Whether a database can have got this far; if not, the numbers are forged."""
        return self.generation <= MAX_GENERATION and self.base_version <= MAX_VERSION

    def encode(self) -> bytes:
        """Return the 44 bytes of the header."""
        fields = self._fields()
        return fields + _CHECK.pack(crc32(fields))

    def _fields(self) -> bytes:
        return _FILE_HEADER.pack(
            MAGIC,
            self.format_version,
            self.flags,
            self.salt,
            self.database_id,
            self.base_version,
            self.generation,
            self.snapshot_records,
        )


def decode_file_header(data: bytes) -> FileHeader | None:
    """Return the header at the start of `data`, or None if it is cut short or its check fails."""
    if len(data) < FILE_HEADER_LENGTH:
        return None
    _, version, flags, salt, identity, base, generation, snapshot = _FILE_HEADER.unpack_from(data)
    header = FileHeader(salt, identity, generation, snapshot, base, flags, version)
    return header if data[:FILE_HEADER_LENGTH] == header.encode() else None


def encode_mark(length: int, check_seed: int) -> bytes:
    """Return the 12 bytes of a durable mark."""
    mark = _MARK.pack(length)
    return mark + _CHECK.pack(crc32(mark, check_seed))


def decode_mark(data: bytes, check_seed: int) -> int | None:
    """Return the length a durable mark tells, or None if its check fails."""
    (length,) = _MARK.unpack_from(data)
    return length if data[:MARK_LENGTH] == encode_mark(length, check_seed) else None


RecordHeader = tuple[int, int, int]
"""The first 16 bytes of a record: version, unsynced, payload length."""


def encode_record(
    version: int, unsynced: int, payload: bytes, check_seed: int, previous_check: int
) -> tuple[bytes, int]:
    """Return the bytes of a record, and its body check for the record that follows."""
    header = _RECORD_HEADER.pack(version, unsynced, len(payload))
    body_check = body_check_of(header, payload, previous_check)
    return header + _CHECKS.pack(crc32(header, check_seed), body_check) + payload, body_check


def body_check_of(fields: bytes, payload: bytes, previous_check: int) -> int:
    """Return the body check of a record of these 16 bytes and this payload."""
    return crc32(payload, crc32(fields, previous_check))


def decode_record_header(data: bytes, offset: int, check_seed: int) -> RecordHeader | None:
    """Return the record header at `offset`, or None if it does not fit or its check fails."""
    if len(data) - offset < PROOF_LENGTH:
        return None
    version, unsynced, payload_length, check = _PROOF.unpack_from(data, offset)
    if crc32(data[offset : offset + _RECORD_HEADER.size], check_seed) != check:
        return None
    return version, unsynced, payload_length


def encode_ops(writes: Iterable[Op]) -> bytes:
    """Return the payload of a transaction."""
    pieces: list[bytes] = []
    for key, value in writes:
        if value is None:
            pieces += (_OP.pack(0, len(key)), key)
        else:
            pieces += (_OP.pack(1, len(key)), key, _LENGTH.pack(len(value)), value)
    return b"".join(pieces)


def payload_length(writes: Iterable[Op]) -> int:
    """Return how long `encode_ops` would be, without making it."""
    length = 0
    for key, value in writes:
        length += len(key) + (DELETE_OVERHEAD if value is None else SET_OVERHEAD + len(value))
    return length


def decode_ops(data: bytes, offset: int, end: int) -> list[Op] | None:
    """Return the ops in `data[offset:end]`, or None if these bytes are not well-formed ops."""
    ops: list[Op] = []
    while offset < end:
        tag, start = data[offset], offset + DELETE_OVERHEAD
        if tag > 1 or start > end:
            return None
        offset = start + _LENGTH.unpack_from(data, start - _LENGTH.size)[0]
        key, value = data[start:offset], None
        if tag == 1:
            start = offset + _LENGTH.size
            if start > end:
                return None
            offset = start + _LENGTH.unpack_from(data, start - _LENGTH.size)[0]
            value = data[start:offset]
        if offset > end:
            return None
        ops.append((key, value))
    return ops
