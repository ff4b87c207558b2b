"""The log of the TypeScript LibreDB: records, each with the ops of one transaction.

    format 0   u32 length | u32 CRC-32 of the payload | payload
    format 1   "LRDB" | u16 1 | u16, not looked at
               u32 length | u32 CRC-32 of these 4 bytes | u32 CRC-32 of the payload | payload

Integers are big-endian, a payload is the same sequence of ops as in format 2 and may be empty.
Format 0 has no header: a file is one if and only if its first record is whole, not empty, and
well-formed, for eight zero bytes are an empty record. What is read, cut and refused is what its own
writer does; the one difference is told at `_is_torn`. Absent on purpose: repair.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from struct import Struct
from zlib import crc32

from libredb.kernel import record
from libredb.kernel.errors import CorruptLogError, NotADatabaseError, UnsupportedVersionError
from libredb.kernel.level import Op

MAGIC = record.MAGIC
HEADER = MAGIC + (1).to_bytes(2) + (0).to_bytes(2)
FORMATS = (0, 1)

_U32 = Struct(">I")
_RECORD_HEADERS = {0: Struct(">II"), 1: Struct(">III")}


@dataclass(frozen=True, slots=True)
class OldLog:
    """What a file of these formats holds.

    Attributes:
        format: 0 or 1; 1 for an empty file, which its writer would begin like that.
        transactions: The ops of each record that has some, in order.
        end: Where the last whole record ends, in bytes from the start of the file.
        discarded_bytes: How many bytes follow: a record that a crash cut short.
        whole_behind: Where a whole record begins in what follows, if one does. No crash leaves
            that; its writer would cut it off with the rest.
    """

    format: int
    transactions: Sequence[Sequence[Op]]
    end: int
    discarded_bytes: int
    whole_behind: int | None

    def entries(self) -> dict[bytes, bytes]:
        """Return what is live, ascending by key."""
        found: dict[bytes, bytes] = {}
        for key, value in chain.from_iterable(self.transactions):
            if value is None:
                found.pop(key, None)
            else:
                found[key] = value
        return dict(sorted(found.items()))


def read_log(data: bytes, path: str = "the file") -> OldLog:
    """Return what the bytes of a file hold; `path` is for messages.

    Raises:
        NotADatabaseError: they are of neither format, or of a format 0 that lost its first record.
        UnsupportedVersionError: they begin like a file of another format.
        CorruptLogError: a record is damaged in a way that no crash explains; `offset` is its byte.
    """
    start = _start(data, path)
    if start is None:
        return OldLog(1, (), 0, 0, None)
    format_version = 1 if start else 0
    transactions: list[Sequence[Op]] = []
    at = start
    while at < len(data):
        payload = _payload(data, at, format_version)
        if payload is None:
            if _is_torn(data, at, format_version):
                break
            raise CorruptLogError(path, at, "the record here is damaged; restore a backup")
        ops = record.decode_ops(data, *payload)
        if ops is None:
            reason = "the record here holds something else than ops; restore a backup"
            raise CorruptLogError(path, payload[0], reason)
        if ops:
            transactions.append(ops)
        at = payload[1]
    behind = _whole_behind(data, at, format_version)
    return OldLog(format_version, transactions, at, len(data) - at, behind)


def write_log(transactions: Iterable[Iterable[Op]], format_version: int = 1) -> bytes:
    """Return a file that holds these transactions; those without an op are left out."""
    payloads = filter(None, map(record.encode_ops, transactions))
    records = [encode_record(payload, format_version) for payload in payloads]
    return (HEADER if format_version else b"") + b"".join(records)


def encode_record(payload: bytes, format_version: int) -> bytes:
    """Return a record of these ops."""
    length, check = _U32.pack(len(payload)), _U32.pack(crc32(payload))
    own_check = _U32.pack(crc32(length)) if format_version else b""
    return length + own_check + check + payload


def _start(data: bytes, path: str) -> int | None:
    """Return where the records begin, None in an empty file."""
    if not data:
        return None
    if data.startswith(MAGIC) and len(data) >= len(HEADER):
        version = int.from_bytes(data[4:6])
        if version == 1:
            return len(HEADER)
        reason = f"this file has format {version}, and only 0 and 1 are upgraded"
        if version == record.FORMAT_VERSION:
            reason = "this file has format 2 already; open it"
        raise UnsupportedVersionError(path, 4, reason)
    payload = None if data.startswith(MAGIC) else _payload(data, 0, 0)
    if payload is None or payload[0] == payload[1] or record.decode_ops(data, *payload) is None:
        raise NotADatabaseError(
            path, 0, "this is no file of a LibreDB, or its first record is lost"
        )
    return 0


def _payload(data: bytes, at: int, format_version: int) -> tuple[int, int] | None:
    """Return where the payload of a whole record at `at` begins and ends."""
    header = _RECORD_HEADERS[format_version]
    start = at + header.size
    if start > len(data):
        return None
    length, *own_check, check = header.unpack_from(data, at)
    end = start + length
    if own_check and own_check[0] != crc32(data[at : at + _U32.size]):
        return None
    if end > len(data) or crc32(memoryview(data)[start:end]) != check:
        return None
    return start, end


def _is_torn(data: bytes, at: int, format_version: int) -> bool:
    """Whether a crash can have left the record at `at`, which is not whole.

    It is cut short, or it is the last one and its payload is damaged. In format 1 the length has a
    check, so that nothing is cut off because of a damaged length. A tail of zeros is torn as well:
    a file system that grew the file before the bytes arrived leaves it. Its writer refuses those of
    12 bytes and more in format 1, and reads eight of them as an empty record in format 0.
    """
    header = _RECORD_HEADERS[format_version]
    start = at + header.size
    if start > len(data):
        return True
    length, *own_check, _ = header.unpack_from(data, at)
    if own_check and own_check[0] != crc32(data[at : at + _U32.size]):
        return not any(memoryview(data)[at:])
    return start + length >= len(data)


def _whole_behind(data: bytes, end: int, format_version: int) -> int | None:
    """Return where a whole record that is not empty begins behind `end`.

    The first byte of its payload is looked at before the rest, so that hardly any is checked.
    """
    header_bytes = _RECORD_HEADERS[format_version].size
    if not any(memoryview(data)[end:]):
        return None
    for tag in (b"\0", b"\1"):
        start = data.find(tag, end + 1 + header_bytes)
        while start >= 0:
            at = start - header_bytes
            payload = _payload(data, at, format_version)
            if payload and payload[0] < payload[1] and record.decode_ops(data, *payload):
                return at
            start = data.find(tag, start + 1)
    return None
