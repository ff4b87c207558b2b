"""Blocks: what the snapshot of a compacted log is made of, and an index that finds them.

A block is some entries in key order, laid out in columns, so that C code takes it apart. It knows
nothing of its neighbours and of the file it is in, so that a compaction can copy it as it is.

    block                                      snapshot record: a payload of many blocks
       0   4     count of entries, > 0            0   1     02, which begins no op
       4   4 x   key lengths                      1   4     count of blocks, > 0
           4 x   value lengths                    5   4 x   block lengths
                 keys, back to back                   4 x   block checks = crc32(block)
                 values, back to back                 4 x   separator lengths
                                                            separators, then blocks, back to back

A separator is above every key of the block before, and not above any key of its own block. It is
the shortest such key: an index of separators is small. Absent on purpose: compression.
"""

from array import array
from collections.abc import Sequence
from io import BytesIO
from itertools import accumulate
from operator import lt
from struct import Struct, pack, unpack_from
from zlib import crc32

from libredb.kernel.level import Ops
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET

BLOCK_BYTES = 4096
"""The entries of a block take no more, unless it has a single one: larger blocks load slower, and
smaller ones cost more memory for their separators. 10,000 random changes of a million entries touch
a third of them."""

TAG = 2
ENTRY_OVERHEAD = 8
"""What an entry takes in a block besides its key and its value: their lengths."""

_COUNT = Struct(">I")
_HEAD = Struct(">BI")
_COLUMN = 4


def encode_block(keys: Sequence[bytes], values: Sequence[bytes]) -> bytes:
    """Return the block of these entries, whose keys ascend."""
    count = len(keys)
    lengths = pack(f">{1 + 2 * count}I", count, *map(len, keys), *map(len, values))
    return b"".join((lengths, *keys, *values))


def decode_block(data: bytes) -> Ops | None:
    """Return the entries of a block, or None if its lengths do not add up."""
    lengths = _columns(data, 0, len(data), _COUNT, 2)
    if not lengths or len(data) != _COUNT.size + _COLUMN * len(lengths) + sum(lengths):
        return None
    cut = BytesIO(data)
    cut.seek(len(data) - sum(lengths))
    count = len(lengths) // 2
    return list(map(cut.read, lengths[:count])), list(map(cut.read, lengths[count:]))


def encode_snapshot_record(separators: Sequence[bytes], blocks: Sequence[bytes]) -> bytes:
    """Return the payload of a record of these blocks."""
    lengths = (*map(len, blocks), *map(crc32, blocks), *map(len, separators))
    head = _HEAD.pack(TAG, len(blocks)) + pack(f">{len(lengths)}I", *lengths)
    return b"".join((head, *separators, *blocks))


def separator_between(before: bytes, first: bytes) -> bytes:
    """Return the shortest key that is above `before` and not above `first`, which is above it."""
    pairs = zip(before, first, strict=False)
    length = next((i for i, (a, b) in enumerate(pairs) if a != b), len(before))
    return first[: length + 1]


class BlockIndex:
    """Where the blocks of a snapshot are, what separates them, and what their bytes have to be.

    Invariant: block `i` has `lengths[i]` bytes from `places[i]` of the file on, whose check is
    `checks[i]`. Its keys are from `separators[i]` on and below `separators[i + 1]`; separators
    ascend. It takes about 20 bytes a block, and the separators.
    """

    def __init__(self) -> None:
        """Begin without a block."""
        self.separators: list[bytes] = []
        self.places: array[int] = array("Q")
        self.lengths: array[int] = array("I")
        self.checks: array[int] = array("I")
        self.end: int = RECORDS_OFFSET
        """Where the records end whose blocks are here."""
        self.last_key: bytes | None = None
        """The greatest key, None if there is none."""
        self.entries: int = 0
        """The count of all entries."""

    def __len__(self) -> int:
        """Return the count of blocks."""
        return len(self.lengths)

    def add(self, data: bytes, start: int, end: int) -> tuple[()] | None:
        """Add the blocks of the next record, whose payload is `data[start:end]`.

        Return no ops, as `decode_ops` returns those of a commit, or None if the payload is not
        well-formed. The insides of the blocks are judged when they are read.
        """
        if end - start <= _HEAD.size or data[start] != TAG:
            return None
        columns = _columns(data, start, end, _HEAD, 3)
        count = len(columns) // 3
        lengths, names = columns[:count], columns[2 * count :]
        first = end - sum(lengths)
        if not count or first != start + _HEAD.size + _COLUMN * len(columns) + sum(names):
            return None
        if min(lengths) < _COUNT.size:
            return None
        cut = BytesIO(data)
        cut.seek(first - sum(names))
        separators = list(map(cut.read, names))
        above = [*self.separators[-1:], *separators]
        last = _last_key(data, end - lengths[-1], end)
        if last is None or not all(map(lt, above, above[1:])):
            return None
        starts = list(accumulate(lengths, initial=first))[:-1]
        place = self.end + RECORD_HEADER_LENGTH - start
        self.end += RECORD_HEADER_LENGTH + end - start
        self.entries += sum(_COUNT.unpack_from(data, block)[0] for block in starts)
        self.separators += separators
        self.places.extend(place + block for block in starts)
        self.lengths.extend(lengths)
        self.checks.extend(columns[count : 2 * count])
        self.last_key = last
        return ()

    def range_of(self, index: int) -> tuple[bytes, bytes | None]:
        """Return the range `[start, end)` of the keys that block `index` has or would have."""
        start = self.separators[index] if index else b""
        return start, self.separators[index + 1] if index + 1 < len(self) else None


def _columns(data: bytes, start: int, end: int, head: Struct, columns: int) -> Sequence[int]:
    """Return the numbers behind `head`, which ends in the count of a column; none if cut short."""
    if end - start < head.size:
        return ()
    count = columns * head.unpack_from(data, start)[-1]
    fits = start + head.size + _COLUMN * count <= end
    return unpack_from(f">{count}I", data, start + head.size) if fits else ()


def _last_key(data: bytes, start: int, end: int) -> bytes | None:
    """Return the last key of the block in `data[start:end]`, or None if its lengths do not fit."""
    lengths = _columns(data, start, end, _COUNT, 2)
    keys = lengths[: len(lengths) // 2]
    key_end = start + _COUNT.size + _COLUMN * len(lengths) + sum(keys)
    return data[key_end - keys[-1] : key_end] if keys and key_end <= end else None
