"""From the bytes of a log to the entries they describe, and a verdict. Pure: nothing here does I/O.

A record is valid if and only if
  (1) its header fits in the file and its header check holds,
  (2) its version is the previous one plus 1,
  (3) its payload is not empty and fits in the file,
  (4) its unsynced count reaches back no further than the first record,
  (5) its body check holds, which is chained to the record before it.
The log ends where the first invalid record would start. If the file proves that bytes from there on
were durable (record.py says what proves it), they are damaged, and the log is refused. If not, they
are a torn tail and are cut off: a crash explains them. Damage to the last commit or group of a file
that was not closed looks the same, and nothing can tell.
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
    NotADatabaseError,
    UnsupportedVersionError,
)
from libredb.kernel.level import Level, Writes
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader

TORN_VERSIONS = {0, record.FORMAT_VERSION}
"""The format versions that a header of ours can show when only a part of it was written."""
FIRST_FIELDS = record.MAGIC + record.FORMAT_VERSION.to_bytes(2) + record.KNOWN_FLAGS.to_bytes(2)
CONVERT = "Convert it: read it with the TypeScript LibreDB and write its entries here"


@dataclass(slots=True)
class Replay:
    """A log as far as its records are valid."""

    header: FileHeader
    version: int
    end: int
    last_check: int
    """The body check of the last record, which the next one is chained to."""
    level: Level = field(default_factory=Level)
    starts: list[int] = field(default_factory=list[int])
    """The offset of each record."""
    mark: int = RECORDS_OFFSET
    proven: int = RECORDS_OFFSET
    """The file proves that everything before this offset was synced."""
    damaged_mark: bool = False
    tail: bytes = b""
    """What follows the log, without zero bytes at its end."""

    @property
    def outcome(self) -> Literal["clean", "cut"]:
        """Whether something followed the log that has to be cut off."""
        return "cut" if self.tail else "clean"

    @property
    def durable_version(self) -> int:
        """The last commit that the file proves to be durable."""
        return self.header.base_version + bisect_left(self.starts, self.proven)


def choose(path: str, slots: Sequence[tuple[bytes, int]]) -> int | None:
    """Return the index of the slot that is the database, or None for a new database.

    Each slot is given as (its first bytes, its length); a short one, of no more than the two pages,
    with all of its bytes. A single slot is the database unless it is empty. Of two, it is the one
    with the valid header of the highest generation, whatever a crash left in the other. Two empty
    slots, or one that holds an unfinished creation, are a new database. The mark plays no part: it
    is older than the header of a slot that was just put in place.

    Raises:
        LogFileError: the slots hold something this version must not touch.
    """
    filled = [index for index, (_, length) in enumerate(slots) if length]
    if not filled:
        return None
    if len(slots) == 1:
        return 0
    if len(filled) == 1 and is_unfinished(*slots[filled[0]]):
        return None
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
    return filled[0]


def is_unfinished(data: bytes, length: int) -> bool:
    """Tell whether a crash in the middle of creating a database can have left this file.

    The stamp comes first and is synced, alone: only a file of its length can hold what a crash has
    made of nothing. The header is written over it at the end, when all the rest is durable, and may
    be torn. No commit was ever in such a file. Anything else belongs to someone, and what begins
    like a header is one that was cut short.
    """
    if length > RECORDS_OFFSET or record.decode_file_header(data) is not None:
        return False
    if length <= len(record.STAMP):
        return not record.MAGIC.startswith(data[:4])
    if data.startswith(record.STAMP):
        return True
    header = data[: record.FILE_HEADER_LENGTH]
    torn = {FIRST_FIELDS[:cut] + record.STAMP[cut:] for cut in range(1, len(record.STAMP) + 1)}
    mark = data[record.MARK_OFFSET : record.MARK_OFFSET + record.MARK_LENGTH]
    return (
        header[: len(record.STAMP)] in torn
        and not header[-1]
        and mark.startswith(RECORDS_OFFSET.to_bytes(8))
        and not any(data[record.FILE_HEADER_LENGTH : record.MARK_OFFSET])
        and not any(data[record.MARK_OFFSET + record.MARK_LENGTH :])
    )


def replay(path: str, data: bytes, length: int | None = None) -> Replay:
    """Return the log in `data`, all bytes of a file, judged and replayed.

    Zero bytes at the end of a file of `length` bytes may be left out: all but its pages, and as
    many as a record header has.

    Raises:
        LogFileError: the file is not a log of this version, or it proves that bytes which had been
            durable are damaged.
    """
    length = len(data) if length is None else length
    header = check_file_header(path, data, length)
    log = Replay(header, header.base_version, RECORDS_OFFSET, header.check_seed)
    _read_mark(log, data)
    if length < log.mark:
        reason = f"the file ends here, but {log.mark} bytes were durable; restore a backup"
        raise CorruptLogError(path, length, reason, "mark")
    _walk(path, log, data, length)
    in_snapshot = len(log.starts) < header.snapshot_records
    if log.end < log.mark or in_snapshot:
        reason = "the record here had been durable and is damaged; restore a backup"
        evidence = "snapshot" if in_snapshot else "mark"
        raise CorruptLogError(path, log.end, reason, evidence)
    behind_snapshot = log.starts[header.snapshot_records : header.snapshot_records + 1]
    log.proven = max(log.proven, *behind_snapshot or [log.end])
    log.tail = data[log.end :].rstrip(b"\0")
    proof = find_proof(data, log, length) if log.tail else None
    if proof is not None:
        reason = (
            f"the record here is damaged, and the one at byte {proof} proves that it had been "
            "durable; restore a backup"
        )
        raise CorruptLogError(path, log.end, reason, "record")
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


def find_proof(data: bytes, log: Replay, length: int) -> int | None:
    """Return the offset behind `log` of a record header proving that its next commit was synced.

    Its version is above that commit's by at most the records that fit in the file. This bound keeps
    a chance match (one in 2**32 for each byte) from refusing a mere crash. It also makes the search
    fast: counting up to it changes the low bytes of a version and carries once at most, so the high
    bytes have one of two values; and unsynced is less, so its own high bytes are zero. Hardly any
    other bytes look like that. Zeros would, where versions are small, but no commit has version 0.
    """
    expected, check_seed = log.version + 1, log.header.check_seed
    highest = expected + (length - log.end) // record.SMALLEST_RECORD
    low_bytes = ((highest - expected).bit_length() + 7) // 8
    high = [version.to_bytes(8)[: 8 - low_bytes] for version in (expected + 1, highest)]
    looks_like_one = re.compile(
        b"(?=(?:%b|%b).{%d}\\0{%d})(?!\\0{8})"
        % (re.escape(high[0]), re.escape(high[1]), low_bytes, max(0, 4 - low_bytes)),
        re.DOTALL,
    )
    for match in looks_like_one.finditer(data, log.end):
        header = record.decode_record_header(data, match.start(), check_seed)
        if header is not None:
            version, unsynced, _ = header
            if expected < version <= highest and version - unsynced > expected:
                return match.start()
    return None


def _read_mark(log: Replay, data: bytes) -> None:
    page = data[record.MARK_OFFSET : record.MARK_OFFSET + record.MARK_LENGTH]
    mark = record.decode_mark(page, log.header.check_seed)
    if mark is not None and mark >= RECORDS_OFFSET:
        log.mark = log.proven = mark
    else:  # zeros as well: a mark is always written before the header
        log.damaged_mark = True


def _walk(path: str, log: Replay, data: bytes, length: int) -> None:
    """Replay every valid record; the numbers are those of the rule at the top."""
    base, seed = log.header.base_version, log.header.check_seed
    entries: Writes = {}
    while (header := record.decode_record_header(data, log.end, seed)) is not None:  # (1)
        version, unsynced, payload_length = header
        payload = log.end + RECORD_HEADER_LENGTH
        end = payload + payload_length
        if (
            version != log.version + 1  # (2)
            or not payload < end <= length  # (3)
            or unsynced > version - base - 1  # (4)
        ):
            break
        if end > len(data):  # it ends in zero bytes that were left out
            data += bytes(end - len(data))
        check = record.body_check_of(data, log.end, payload_length, log.last_check)
        if check is None:  # (5)
            break
        ops = record.decode_ops(data, payload, end)
        if ops is None:
            raise CorruptLogError(path, payload, "a valid record holds malformed ops; report this")
        for key, value in ops:  # `Level.apply` without an order: a third less time
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
        log.starts.append(log.end)
        log.proven = max(log.proven, log.starts[version - unsynced - base - 1])
        log.version, log.end, log.last_check = version, end, check
    log.level = Level(entries)
