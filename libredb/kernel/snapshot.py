"""The snapshot: what a compacted log begins with, all entries in key order.

They are cut into records of about a mebibyte, whose count is in the file header.
Absent on purpose: entries that were deleted, which is what compacting is for.
"""

from collections.abc import Iterator

from libredb.kernel import record
from libredb.kernel.level import Entry
from libredb.kernel.overlay import Readable, entries_of

SNAPSHOT_RECORD_BYTES = 1 << 20
"""A record of the snapshot is closed when it has this much."""


def snapshot_pieces(view: Readable) -> Iterator[list[Entry]]:
    """Yield all entries in key order, as many at a time as fill a record."""
    piece: list[Entry] = []
    size = 0
    for key, value in entries_of(view.chunks(b"", None, reverse=False), reverse=False):
        piece.append((key, value))
        size += record.SET_OVERHEAD + len(key) + len(value)
        if size >= SNAPSHOT_RECORD_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
