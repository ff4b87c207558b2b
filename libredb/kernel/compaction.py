"""Compaction: from a snapshot, and what was committed since, to the records of the next snapshot.

Blocks in whose range nothing was written are copied, byte for byte. The others are merged with what
is newer and cut anew. A block that has become small is merged with its neighbour, so that many
deletions do not leave many small blocks. One pass, and no more in memory than a record.
"""

from collections.abc import Iterator
from typing import NamedTuple, cast

from libredb.kernel.block import (
    BLOCK_BYTES,
    ENTRY_OVERHEAD,
    BlockIndex,
    encode_block,
    encode_snapshot_record,
    separator_between,
)
from libredb.kernel.level import Order
from libredb.kernel.overlay import Chunk, merged
from libredb.kernel.snapshot import Snapshot

SNAPSHOT_RECORD_BYTES = 1 << 20
"""A record of the snapshot is closed when its blocks have this much."""

SMALL_BYTES = BLOCK_BYTES // 4
"""A block with less than this is not left alone."""


class Piece(NamedTuple):
    """A block of the next snapshot, and the separator before it."""

    separator: bytes
    data: bytes


def snapshot_records(snapshot: Snapshot, newer: Order, index: BlockIndex) -> Iterator[bytes]:
    """Yield the payloads of the next snapshot's records, and put their blocks into `index`."""
    for pieces in _gathered(_pieces(snapshot, newer)):
        separators, blocks = zip(*pieces, strict=True)
        payload = encode_snapshot_record(separators, blocks)
        added = index.add(payload, 0, len(payload))
        assert added is not None, "its separators ascend, and its lengths add up"
        yield payload


def _gathered(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    """Yield as many at a time as fill a record."""
    gathered: list[Piece] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece.data)
        if size >= SNAPSHOT_RECORD_BYTES:
            yield gathered
            gathered, size = [], 0
    if gathered:
        yield gathered


def _pieces(snapshot: Snapshot, newer: Order) -> Iterator[Piece]:
    """Yield every block of the next snapshot: copied ones, and runs of others cut anew."""
    run = Run()
    for index in range(len(snapshot) or 1):
        start, end = snapshot.index.range_of(index)
        small = not snapshot.index or snapshot.index.lengths[index] < SMALL_BYTES
        if small or 0 < run.size < SMALL_BYTES or any(newer.chunks(start, end, reverse=False)):
            if not run.keys:
                run.separator = start
            older = [cast(Chunk, snapshot.peek(index))] if snapshot.index else []
            yield from run.add(merged(iter(older), newer, start, end, reverse=False))
        else:
            yield from run.rest()
            yield Piece(start, snapshot.bytes_of(index))
    yield from run.rest()


class Run:
    """Entries of neighbouring blocks that are cut into blocks anew.

    Invariant: `keys` and `values` take `size` bytes in a block. `separator` is above every key
    before them, and not above any of theirs.
    """

    def __init__(self) -> None:
        """Begin without an entry."""
        self.separator: bytes = b""
        self.keys: list[bytes] = []
        self.values: list[bytes] = []
        self.size: int = 0

    def add(self, chunks: Iterator[Chunk]) -> Iterator[Piece]:
        """Add entries; yield full blocks, as long as more than two are left."""
        for keys, values in chunks:
            self.keys += keys
            self.values += values
            self.size += sum(map(len, keys)) + sum(map(len, values)) + ENTRY_OVERHEAD * len(keys)
            while self.size > 2 * BLOCK_BYTES and len(self.keys) > 1:  # the last one waits for
                yield self._cut(BLOCK_BYTES)  # the key behind it, which the separator needs

    def rest(self) -> Iterator[Piece]:
        """Yield what is left: one block, or two of about the same size."""
        if self.size > BLOCK_BYTES:
            yield self._cut(self.size // 2)
        while self.keys:
            yield self._cut(BLOCK_BYTES)

    def _cut(self, limit: int) -> Piece:
        """Return a block of the first entries: of as many as have `limit` bytes, or of one."""
        count = size = 0
        for key, value in zip(self.keys, self.values, strict=True):
            more = ENTRY_OVERHEAD + len(key) + len(value)
            if count and size + more > limit:
                break
            count += 1
            size += more
        piece = Piece(self.separator, encode_block(self.keys[:count], self.values[:count]))
        if count < len(self.keys):
            self.separator = separator_between(self.keys[count - 1], self.keys[count])
        del self.keys[:count], self.values[:count]
        self.size -= size
        return piece
