"""From the bytes of a log to the store they describe, and a verdict. Pure: nothing here does I/O.

A record is valid if and only if
  (1) its header fits in the file and its header check holds,
  (2) its version is the previous one plus 1,
  (3) its payload is not empty and fits in the file,
  (4) its unsynced count reaches back no further than the first record,
  (5) its body check holds, which is chained to the record before it.
The log ends where the first invalid record would start. What follows is a torn tail, which a
crash explains and which was never acknowledged as durable, unless something vouches for it: the
durable mark, the snapshot count of the header, or a later record header that proves an earlier
commit synced. Then bytes that had been durable are damaged, and the log is refused.
Absent on purpose: repair, and guessing past damage.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from libredb.kernel import record
from libredb.kernel.errors import (
    CorruptLogError,
    LegacyFormatError,
    LogFileError,
    NotADatabaseError,
    UnsupportedVersionError,
)
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader
from libredb.kernel.store import OrderedStore

TORN_VERSIONS = {0, record.FORMAT_VERSION}
"""The format versions that a header of ours can show when only a part of it was written."""
CONVERT = "Convert it: read it with the TypeScript LibreDB and write its entries here"


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What opening a database found and did.

    `created`: nothing was there. `clean`: the log ended at a record. `cut`: bytes that no commit
    was acknowledged for followed; they are in `discarded`, without the zero bytes at their end.
    """

    path: str
    outcome: Literal["created", "clean", "cut"]
    offset: int
    """Where the log ends, in bytes."""
    version: int
    """The last commit."""
    durable_version: int
    """The last commit that was known synced before this open."""
    discarded: bytes = field(default=b"", repr=False)
    damaged_mark: bool = False
    """The durable mark was unreadable; a new one was written."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found; `error` is what an open would raise, None if it would succeed."""

    path: str
    outcome: Literal["empty", "clean", "cut", "refused"]
    size_bytes: int
    offset: int = 0
    """Where the log ends, or where the damage was noticed."""
    generation: int = 0
    version: int = 0
    records: int = 0
    entries: int = 0
    damaged_mark: bool = False
    error: LogFileError | None = None


@dataclass(slots=True)
class Replay:
    """A log as far as its records are valid."""

    header: FileHeader
    version: int
    end: int
    last_check: int
    """The body check of the last record, which the next one is chained to."""
    store: OrderedStore = field(default_factory=OrderedStore)
    starts: list[int] = field(default_factory=list[int])
    """The offset of each record."""
    mark: int = RECORDS_OFFSET
    proven: int = RECORDS_OFFSET
    """Everything before this offset was known synced."""
    damaged_mark: bool = False
    tail: bytes = b""
    """What follows the log, without zero bytes at its end."""

    @property
    def outcome(self) -> Literal["clean", "cut"]:
        """Whether something followed the log that has to be cut off."""
        return "cut" if self.tail else "clean"

    @property
    def durable_version(self) -> int:
        """The last commit known synced."""
        return self.header.base_version + bisect_left(self.starts, self.proven)


def choose(path: str, slots: Sequence[tuple[bytes, int]]) -> int | None:
    """Return the index of the slot that is the database, or None for a new database.

    Each slot is given as (its first bytes, its length). A single one is the database unless it is
    empty. Of two, it is the one with the valid header of the highest generation, whatever a crash
    left in the other. Two empty slots, or a single one without a valid header that does not reach
    page 2, are a creation that never finished, unless it starts like a log that was cut short. The
    mark plays no part: it is older than the header of a slot that was just put in place.

    Raises:
        LogFileError: the slots hold something this version must not touch.
    """
    filled = [index for index, (_, length) in enumerate(slots) if length]
    if not filled:
        return None
    if len(slots) == 1:
        return 0
    generations: dict[int, int] = {}
    for index in filled:
        head, length = slots[index]
        valid = record.decode_file_header(head) is not None and length >= RECORDS_OFFSET
        newer = head[:4] == record.MAGIC and int.from_bytes(head[4:6]) not in TORN_VERSIONS
        if valid or newer:
            generations[check_file_header(path, head, length).generation] = index
    if generations:
        return generations[max(generations)]
    if len(filled) > 1:
        raise CorruptLogError(path, 0, "neither slot has a valid header; restore a backup")
    head, length = slots[filled[0]]
    cut_short = length < RECORDS_OFFSET and record.MAGIC.startswith(head[:4])
    return filled[0] if cut_short or length > RECORDS_OFFSET else None


def replay(path: str, data: bytes) -> Replay:
    """Return the log in `data`, all bytes of a file, judged and replayed.

    Raises:
        LogFileError: the file is not a log of this version, or once-durable bytes are damaged.
    """
    header = check_file_header(path, data, len(data))
    log = Replay(header, header.base_version, RECORDS_OFFSET, header.check_seed)
    _read_mark(log, data)
    if len(data) < log.mark:
        raise CorruptLogError(
            path,
            len(data),
            f"the file ends here, but {log.mark} bytes were durable; restore a backup",
        )
    _walk(path, log, data)
    if log.end < log.mark or len(log.starts) < header.snapshot_records:
        raise CorruptLogError(
            path, log.end, "the record here had been durable and is damaged; restore a backup"
        )
    rest = data[log.end :]
    log.tail = rest.rstrip(b"\0")
    voucher = find_voucher(rest, log.version + 1, header.check_seed) if log.tail else None
    if voucher is not None:
        raise CorruptLogError(
            path,
            log.end,
            f"the record here is damaged, and the one at byte {log.end + voucher} proves that it "
            "had been durable; restore a backup",
        )
    return log


def check_file_header(path: str, head: bytes, length: int) -> FileHeader:
    """Return the header of a file of `length` bytes that starts with `head`, or refuse it."""
    if head[:4] != record.MAGIC:
        raise NotADatabaseError(
            path,
            0,
            "this is not a libredb database; a headerless file of the TypeScript LibreDB (format "
            "version 0) looks like this too. " + CONVERT,
        )
    version = int.from_bytes(head[4:6])
    if len(head) >= 6 and version == 1:
        raise LegacyFormatError(
            path, 4, "this file has format version 1 of the TypeScript LibreDB. " + CONVERT
        )
    if len(head) >= 6 and version != record.FORMAT_VERSION:
        raise UnsupportedVersionError(
            path,
            4,
            f"this file has format version {version}, and this libredb reads version 2; "
            "open it with the libredb that wrote it",
        )
    header = record.decode_file_header(head)
    if header is None:
        raise CorruptLogError(path, 0, "the file header is damaged or cut short; restore a backup")
    if header.flags & ~record.KNOWN_FLAGS:
        raise UnsupportedVersionError(
            path,
            6,
            f"this file needs features this version lacks ({header.flags:#06x}); update libredb",
        )
    if not header.in_range:
        raise CorruptLogError(path, 16, "the file header has numbers that no database reaches")
    if length < RECORDS_OFFSET:
        raise CorruptLogError(path, length, "the file ends before its records; restore a backup")
    return header


def find_voucher(rest: bytes, expected: int, check_seed: int) -> int | None:
    """Return the offset in `rest` of a record header proving that commit `expected` was synced.

    The version of such a header is above `expected` by at most the records that fit in `rest`. This
    bound keeps a chance match (one in 2**32 for each byte) from refusing a mere crash; it also
    fixes the high bytes of the version, which is what makes the search fast.
    """
    highest = expected + len(rest) // record.SMALLEST_RECORD
    low, high = (expected + 1).to_bytes(8), highest.to_bytes(8)
    common = next((i for i in range(8) if low[i] != high[i]), 8)
    for match in re.finditer(b"(?=%b)(?!\0{8})" % re.escape(low[:common]), rest):
        header = record.decode_record_header(rest, match.start(), check_seed)
        if header is None:
            continue
        version, unsynced, _ = header
        if expected < version <= highest and version - unsynced > expected:
            return match.start()
    return None


def _read_mark(log: Replay, data: bytes) -> None:
    page = data[record.MARK_OFFSET : record.MARK_OFFSET + record.MARK_LENGTH]
    mark = record.decode_mark(page, log.header.check_seed)
    if mark is not None and mark >= RECORDS_OFFSET:
        log.mark = log.proven = mark
    else:
        log.damaged_mark = any(page)


def _walk(path: str, log: Replay, data: bytes) -> None:
    """Replay every valid record; the numbers are those of the rule at the top."""
    base, seed = log.header.base_version, log.header.check_seed
    entries: dict[bytes, bytes] = {}
    while (header := record.decode_record_header(data, log.end, seed)) is not None:  # (1)
        version, unsynced, length = header
        payload = log.end + RECORD_HEADER_LENGTH
        end = payload + length
        if (
            version != log.version + 1  # (2)
            or not payload < end <= len(data)  # (3)
            or unsynced > version - base - 1  # (4)
        ):
            break
        check = record.body_check_of(data, log.end, length, log.last_check)
        if check is None:  # (5)
            break
        ops = record.decode_ops(data, payload, end)
        if ops is None:
            raise CorruptLogError(path, payload, "a valid record holds malformed ops; report this")
        for key, value in ops:  # `OrderedStore.apply` without an order: a third less time
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
        log.starts.append(log.end)
        log.proven = max(log.proven, log.starts[version - unsynced - base - 1])
        log.version, log.end, log.last_check = version, end, check
    log.store = OrderedStore(entries)
