"""Claim: blocks and snapshot records come back from their bytes, and nothing else passes."""

import random
from struct import pack
from zlib import crc32

import pytest

from libredb.kernel.block import (
    BlockIndex,
    decode_block,
    encode_block,
    encode_snapshot_record,
    separator_between,
)
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET

FIRST = encode_block([b"", b"a"], [b"empty", b""])
SECOND = encode_block([b"cab"], [b"x" * 9])
PAYLOAD = encode_snapshot_record([b"", b"c"], [FIRST, SECOND])


def index_of(*payloads: bytes) -> BlockIndex:
    index = BlockIndex()
    for payload in payloads:
        assert index.add(b"before" + payload + b"behind", 6, 6 + len(payload)) == ()
    return index


def test_a_block_has_the_bytes_of_the_diagram() -> None:
    assert pack(">I2I2I", 2, 0, 1, 5, 0) + b"a" + b"empty" == FIRST


@pytest.mark.parametrize("seed", range(20))
def test_the_entries_of_a_block_come_back(seed: int) -> None:
    source = random.Random(seed)
    keys = sorted({source.randbytes(source.randrange(9)) for _ in range(source.randrange(1, 60))})
    values = [source.randbytes(source.randrange(200)) for _ in keys]
    assert decode_block(encode_block(keys, values)) == (keys, values)


def test_a_block_that_is_cut_or_longer_than_it_says_is_none() -> None:
    for length in range(len(FIRST)):
        assert decode_block(FIRST[:length]) is None
    assert decode_block(FIRST + b"\0") is None
    assert decode_block(pack(">I", 0)) is None


def test_a_snapshot_record_has_the_bytes_of_the_diagram() -> None:
    columns = (len(FIRST), len(SECOND), crc32(FIRST), crc32(SECOND), 0, 1)
    assert b"\2" + pack(">I6I", 2, *columns) + b"c" + FIRST + SECOND == PAYLOAD


def test_an_index_says_where_blocks_are_and_what_separates_them() -> None:
    third = encode_block([b"d", b"e"], [b"", b""])
    last = encode_snapshot_record([b"d"], [third])
    index = index_of(PAYLOAD, last)
    first = RECORDS_OFFSET + RECORD_HEADER_LENGTH + len(PAYLOAD) - len(FIRST) - len(SECOND)
    end = RECORDS_OFFSET + 2 * RECORD_HEADER_LENGTH + len(PAYLOAD) + len(last)
    assert [*index.places] == [first, first + len(FIRST), end - len(third)]
    assert [*index.lengths] == [len(FIRST), len(SECOND), len(third)]
    assert [*index.checks] == [crc32(FIRST), crc32(SECOND), crc32(third)]
    assert (len(index), index.end, index.last_key, index.entries) == (3, end, b"e", 5)
    assert [index.range_of(i) for i in range(3)] == [(b"", b"c"), (b"c", b"d"), (b"d", None)]


def test_an_index_without_blocks_has_one_range_for_everything() -> None:
    index = BlockIndex()
    assert (len(index), index.end, index.last_key, index.entries) == (0, RECORDS_OFFSET, None, 0)
    assert index.range_of(0) == (b"", None)


def test_a_payload_that_is_cut_or_longer_than_it_says_is_refused() -> None:
    index = BlockIndex()
    for end in range(len(PAYLOAD)):
        assert index.add(PAYLOAD, 0, end) is None
        assert index.add(PAYLOAD[:end], 0, end) is None
    assert index.add(PAYLOAD + b"\0", 0, len(PAYLOAD) + 1) is None
    assert (len(index), index.end, index.separators) == (0, RECORDS_OFFSET, [])


@pytest.mark.parametrize(
    "payload",
    [
        b"\1" + PAYLOAD[1:],
        b"\2" + pack(">I", 0) + b"nothing",
        encode_snapshot_record([b""], [b"ab"]),
        encode_snapshot_record([b""], [pack(">I", 0)]),
        encode_snapshot_record([b""], [pack(">III", 1, 9, 0)]),
        encode_snapshot_record([b"b", b"b"], [FIRST, SECOND]),
        encode_snapshot_record([b"b", b"a"], [FIRST, SECOND]),
    ],
    ids=["tag", "no block", "short block", "empty block", "long key", "equal", "descending"],
)
def test_what_no_compaction_writes_is_refused(payload: bytes) -> None:
    assert BlockIndex().add(payload, 0, len(payload)) is None


def test_separators_ascend_from_record_to_record() -> None:
    index = index_of(PAYLOAD)
    for separator, fits in ((b"b", False), (b"c", False), (b"ca", True)):
        payload = encode_snapshot_record([separator], [SECOND])
        assert (index.add(payload, 0, len(payload)) is not None) is fits


@pytest.mark.parametrize("seed", range(20))
def test_a_separator_is_the_shortest_key_between_two(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(100):
        low, high = sorted(
            {bytes(source.choices(b"ab\xff", k=n)) for n in (3, source.randrange(6))}
            | {b"\xff\xff\xff\xff"}
        )[:2]
        found = separator_between(low, high)
        assert low < found <= high
        assert all(not low < found[:length] <= high for length in range(len(found)))
