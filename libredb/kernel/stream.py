"""A log as a stream: whole records out of pieces of any size, and what may follow them.

A record is valid if and only if
  (1) its header fits in the file and its header check holds,
  (2) its version is the previous one plus 1,
  (3) its payload is not empty and fits in the file,
  (4) its unsynced count reaches back no further than the first record,
  (5) its body check holds, which is chained to the record before it.
The log ends where the first record would start that is not; what is behind it is its tail.
Whoever reads a log reads it through this: opening, judging, backing up, restoring. One piece is
held, or the pieces of one record until they are joined. Absent on purpose: verdicts, and I/O.
"""

import re
from collections.abc import Iterator
from zlib import crc32

from libredb.kernel import record
from libredb.kernel.record import (
    CHECKED_LENGTH,
    RECORD_HEADER,
    RECORD_HEADER_LENGTH,
    RECORDS_OFFSET,
    FileHeader,
    body_check_of,
)
from libredb.kernel.report import DISCARDED_BYTES

Whole = tuple[int, int, int, bytes, int, int]
"""A valid record: version, unsynced, body check, and bytes in which it starts and ends."""


class RecordStream:
    """Takes the bytes of a log from some record on, and gives the valid records.

    Invariant, but while `feed` yields: everything before `end` is valid records, the last of them
    commit `version`, whose body check is `last_check`. `rest` follows: a part of a record or, once
    `stopped`, what is none.
    """

    def __init__(self, header: FileHeader, length: int) -> None:
        """Begin at the first record of a file of `length` bytes."""
        self._seed = header.check_seed
        self._base = header.base_version
        self._length = length
        self._pieces: list[bytes] = []
        self._have = self._wanted = 0
        self.version: int = header.base_version
        self.end: int = RECORDS_OFFSET
        self.last_check: int = header.check_seed
        self.stopped: bool = False

    @property
    def rest(self) -> bytes:
        """What was taken and is in no record."""
        return b"".join(self._pieces)

    def feed(self, piece: bytes) -> Iterator[Whole]:
        """Yield each record that this piece makes whole; the numbers are those of the rule."""
        self._pieces.append(piece)
        self._have += len(piece)
        if self._have < self._wanted or self.stopped:
            return
        data, start, known = self.rest, 0, self._have
        unpack = RECORD_HEADER.unpack_from
        self._pieces = []  # or a record of many pieces is held twice
        last_version, last_check, left = self.version, self.last_check, self._length - self.end
        while True:
            if known < RECORD_HEADER_LENGTH:  # (1) where it cannot fit
                self.stopped = left < RECORD_HEADER_LENGTH
                self._wanted = RECORD_HEADER_LENGTH
                break
            fields = data[start : start + CHECKED_LENGTH]
            version, unsynced, payload_length, header_check, body_check = unpack(data, start)
            size = RECORD_HEADER_LENGTH + payload_length
            if (
                crc32(fields, self._seed) != header_check  # (1)
                or version != last_version + 1  # (2)
                or not RECORD_HEADER_LENGTH < size <= left  # (3)
                or unsynced >= version - self._base  # (4)
            ):
                self.stopped = True
                break
            if size > known:
                self._wanted = size
                break
            payload = data[start + RECORD_HEADER_LENGTH : start + size]
            check = body_check_of(fields, payload, last_check)
            if check != body_check:  # (5)
                self.stopped = True
                break
            last_version, last_check = version, check
            yield version, unsynced, check, data, start, start + size
            start += size
            known -= size
            left -= size
        self.version, self.last_check, self.end = last_version, last_check, self._length - left
        self._pieces, self._have = [data[start:]], known


class Tail:
    """What follows the last valid record: how much of it is no zeros, and whether it proves more.

    A record header in it may prove that the commit after the last valid one was synced. Its version
    is above that commit's by at most the records that fit in the file. This bound keeps a chance
    match (one in 2**32 for each byte) from refusing a mere crash. It also makes the search fast:
    counting up to it changes the low bytes of a version and carries once at most, so the high bytes
    have one of two values; and unsynced is less, so its own high bytes are zero. Hardly any other
    bytes look like that. Zeros would, where versions are small, but no commit has version 0.
    """

    def __init__(self, header: FileHeader, version: int, end: int, length: int) -> None:
        """Begin behind commit `version`, which ends at `end` in a file of `length` bytes."""
        self._seed = header.check_seed
        self._expected = version + 1
        self._highest = self._expected + (length - end) // record.SMALLEST_RECORD
        low_bytes = ((self._highest - self._expected).bit_length() + 7) // 8
        high = [v.to_bytes(8)[: 8 - low_bytes] for v in (self._expected + 1, self._highest)]
        self._looks_like_one = re.compile(
            b"(?=(?:%b|%b).{%d}\\0{%d})(?!\\0{8})"
            % (re.escape(high[0]), re.escape(high[1]), low_bytes, max(0, 4 - low_bytes)),
            re.DOTALL,
        )
        self._end = end
        self._taken = 0
        self._before = b""
        self.discarded: bytes = b""
        """Its first mebibyte, without zeros at the end of the tail."""
        self.length: int = 0
        """Its length, without zeros at its end."""
        self.proof: int | None = None
        """The offset of the first record header that proves more; None if there is none."""

    def feed(self, piece: bytes) -> None:
        """Take the next bytes of the tail."""
        content = len(piece.rstrip(b"\0"))
        if content:
            self.length = self._taken + content
            discarded = self.discarded.ljust(min(self._taken, DISCARDED_BYTES), b"\0")
            self.discarded = (discarded + piece[:content])[:DISCARDED_BYTES]
        if self.proof is None and (content or self._before.strip(b"\0")):
            self._search(self._before + piece[: content + record.PROOF_LENGTH])
        self._before = (self._before + piece)[1 - record.PROOF_LENGTH :]
        self._taken += len(piece)

    def _search(self, data: bytes) -> None:
        for match in self._looks_like_one.finditer(data):
            header = record.decode_record_header(data, match.start(), self._seed)
            version, unsynced, _ = header or (0, 0, 0)
            if self._expected < version <= self._highest and version - unsynced > self._expected:
                self.proof = self._end + self._taken - len(self._before) + match.start()
                return
