"""From the bytes of a log to the entries they describe, and a verdict. Nothing here does I/O.

The log is the valid records of the file (stream.py says what a valid record is). If the file proves
that bytes behind them were durable (record.py says what proves it), these are damaged, and the log
is refused. If not, they are a torn tail and are cut off: a crash explains them. A record proves
only what was synced before it was appended. So in a file that was not closed, damage to what the
last sync covered (a commit, a group, a window) looks the same if no record follows that, and
nothing can tell.
Absent on purpose: repair, and guessing past damage.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from libredb.kernel import record
from libredb.kernel.block import BlockIndex
from libredb.kernel.errors import (
    CorruptLogError,
    LegacyFormatError,
    NotADatabaseError,
    UnsupportedVersionError,
)
from libredb.kernel.level import Level, Op, Writes
from libredb.kernel.record import (
    RECORD_HEADER_LENGTH,
    RECORDS_OFFSET,
    FileHeader,
)
from libredb.kernel.stream import RecordStream, Tail

TORN_VERSIONS = {0, record.FORMAT_VERSION}
"""The format versions that a header of ours can show when only a part of it was written."""
FIRST_FIELDS = record.MAGIC + record.FORMAT_VERSION.to_bytes(2) + record.KNOWN_FLAGS.to_bytes(2)
EVERY_VERSION = 2**64
"""Above what a record can hold."""
CONVERT = "`libredb upgrade OLD NEW` makes a database of such a file"


@dataclass(slots=True)
class Replay:
    """A log as far as its records are valid."""

    header: FileHeader
    version: int
    end: int
    last_check: int
    """The body check of the last record, which the next one is chained to."""
    index: BlockIndex = field(default_factory=BlockIndex)
    """Where the blocks of the snapshot are."""
    level: Level = field(default_factory=Level)
    """What follows the snapshot."""
    starts: "array[int]" = field(default_factory=lambda: array("Q"))
    """The offset of each record."""
    checks: "array[int]" = field(default_factory=lambda: array("I"))
    """The body check of each record."""
    mark: int = RECORDS_OFFSET
    proven: int = RECORDS_OFFSET
    """The file proves that everything before this offset was synced."""
    damaged_mark: bool = False
    discarded: bytes = b""
    """The first mebibyte of what follows the log, without zero bytes at its end."""
    discarded_bytes: int = 0
    """The length of all of that."""

    @property
    def outcome(self) -> Literal["clean", "cut"]:
        """Whether something followed the log that has to be cut off."""
        return "cut" if self.discarded_bytes else "clean"

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


def replay(path: str, pieces: Iterable[bytes], length: int, until: int | None = None) -> Replay:
    """Return the log in a file of `length` bytes, judged and replayed; `pieces` are all of them.

    Everything is judged, also behind commit `until`, after which nothing is replayed any more.

    Raises:
        LogFileError: the file is not a log of this version, or it proves that bytes which had been
            durable are damaged.
    """
    pieces, pages = iter(pieces), b""
    while len(pages) < min(RECORDS_OFFSET, length):
        pages += next(pieces)
    header = check_file_header(path, pages, length)
    log = Replay(header, header.base_version, RECORDS_OFFSET, header.check_seed)
    _read_mark(log, pages)
    if length < log.mark:
        reason = f"the file ends here, but {log.mark} bytes were durable; restore a backup"
        raise CorruptLogError(path, length, reason, "mark")
    pieces = chain([pages[RECORDS_OFFSET:]], pieces)
    stream = _walk(path, log, pieces, length, until)
    _require_durable(path, log)
    _judge_tail(path, log, chain([stream.rest], pieces), length)
    return log


def _judge_tail(path: str, log: Replay, pieces: Iterable[bytes], length: int) -> None:
    """Refuse what follows the log if it proves that the log had been longer."""
    tail = Tail(log.header, log.version, log.end, length)
    for piece in pieces:
        tail.feed(piece)
    log.discarded, log.discarded_bytes = tail.discarded, tail.length
    if tail.proof is not None:
        reason = (
            f"the record here is damaged, and the one at byte {tail.proof} proves that it had "
            "been durable; restore a backup"
        )
        raise CorruptLogError(path, log.end, reason, "record")


def _walk(
    path: str, log: Replay, pieces: Iterator[bytes], length: int, until: int | None
) -> RecordStream:
    """Replay every valid record, and return the stream, which stopped behind the last."""
    stream = RecordStream(log.header, length)
    entries: Writes = {}
    end, proven, index, starts = log.end, log.proven, log.index, log.starts
    first, behind_snapshot = log.version + 1, log.version + 1 + log.header.snapshot_records
    last = EVERY_VERSION if until is None else until
    add_start, add_check = starts.append, log.checks.append
    while not stream.stopped:
        for version, unsynced, check, data, start, stop in stream.feed(next(pieces)):
            take = index.add if version < behind_snapshot else record.decode_ops
            ops = take(data, start + RECORD_HEADER_LENGTH, stop)
            if ops is None:
                reason = "a valid record holds malformed ops or blocks; report this"
                raise CorruptLogError(path, end + RECORD_HEADER_LENGTH, reason)
            if version <= last:
                _apply(entries, ops, index.last_key)
            add_start(end)
            add_check(check)
            proof = starts[version - unsynced - first] if unsynced else end
            proven = max(proven, proof)
            end += stop - start
    log.level, log.proven = Level(entries, last_below=index.last_key), proven
    log.version, log.end, log.last_check = stream.version, stream.end, stream.last_check
    return stream


def _apply(entries: Writes, ops: Iterable[Op], last_below: bytes | None) -> None:
    """Do what `Level.apply` does where there is no order yet; it takes a third less time."""
    for key, value in ops:
        if value is not None:
            entries[key] = value
        elif last_below is None or key > last_below:
            entries.pop(key, None)
        else:
            entries[key] = None


def _require_durable(path: str, log: Replay) -> None:
    """Refuse a log that ends before something that its file proves to have been durable."""
    count = log.header.snapshot_records
    in_snapshot = len(log.starts) < count
    if log.end < log.mark or in_snapshot:
        reason = "the record here had been durable and is damaged; restore a backup"
        evidence = "snapshot" if in_snapshot else "mark"
        raise CorruptLogError(path, log.end, reason, evidence)
    log.proven = max(log.proven, *log.starts[count : count + 1] or [log.end])


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
        raise CorruptLogError(path, 24, "the file header has numbers that no database reaches")
    if length < RECORDS_OFFSET:
        raise CorruptLogError(path, length, "the file ends before its records; restore a backup")
    return header


def _read_mark(log: Replay, data: bytes) -> None:
    page = data[record.MARK_OFFSET : record.MARK_OFFSET + record.MARK_LENGTH]
    mark = record.decode_mark(page, log.header.check_seed)
    if mark is not None and mark >= RECORDS_OFFSET:
        log.mark = log.proven = mark
    else:  # zeros as well: a mark is always written before the header
        log.damaged_mark = True
