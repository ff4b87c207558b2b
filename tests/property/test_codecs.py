"""What is encoded decodes to itself, and bytes that decode are exactly what encodes to them.

So there is one way to write each record, header and mark; nothing else is taken for one.
"""

from dataclasses import replace
from itertools import pairwise
from zlib import crc32

from hypothesis import given
from hypothesis import strategies as st

import libredb
from libredb.kernel import record
from libredb.kernel.record import FileHeader
from libredb.kernel.stream import RecordStream
from tests.property.profile import examples

u16 = st.integers(0, 2**16 - 1)
u32 = st.integers(0, 2**32 - 1)
u64 = st.integers(0, 2**64 - 1)
operations = st.lists(st.tuples(st.binary(max_size=9), st.none() | st.binary(max_size=9)))
eight = st.binary(min_size=8, max_size=8)
headers = st.builds(FileHeader, eight, eight, u32, u32, u64, u16, u16)


@examples(300)
@given(operations)
def test_ops_survive_a_round_trip(ops: list[tuple[bytes, bytes | None]]) -> None:
    payload = record.encode_ops(ops)
    assert record.decode_ops(payload, 0, len(payload)) == ops
    assert len(payload) == record.payload_length(ops)
    framed = b"before" + payload + b"\1behind"
    assert record.decode_ops(framed, 6, 6 + len(payload)) == ops


@examples(300)
@given(operations, st.integers(0, 200))
def test_ops_that_end_early_do_not_decode(
    ops: list[tuple[bytes, bytes | None]], length: int
) -> None:
    payload = record.encode_ops(ops)
    decoded = record.decode_ops(payload, 0, min(length, len(payload)))
    assert decoded is None or record.encode_ops(decoded) == payload[:length]


@examples(500)
@given(st.lists(st.sampled_from([b"\0", b"\1", b"\2", b"\0\0\0\1", b"\0\0\0\0", b"\xff", b"x"])))
def test_bytes_that_decode_as_ops_are_what_these_ops_encode_to(pieces: list[bytes]) -> None:
    payload = b"".join(pieces)
    ops = record.decode_ops(payload, 0, len(payload))
    assert ops is None or record.encode_ops(ops) == payload


@examples(300)
@given(headers, st.binary(min_size=1, max_size=99), st.binary(max_size=3), u32)
def test_a_record_survives_a_round_trip(
    header: FileHeader, payload: bytes, behind: bytes, other: int
) -> None:
    header = replace(header, base_version=header.base_version >> 1)
    seed, version = header.check_seed, header.base_version + 1
    data, check = record.encode_record(version, 0, payload, seed, seed)
    assert len(data) == record.RECORD_HEADER_LENGTH + len(payload)
    assert record.decode_record_header(b"?" + data, 1, seed) == (version, 0, len(payload))
    length = record.RECORDS_OFFSET + len(data + behind)
    (taken,) = RecordStream(header, length).feed(data + behind)
    assert taken == (version, 0, check, data + behind, 0, len(data))
    chained, _ = record.encode_record(version, 0, payload, seed, other)
    assert len(list(RecordStream(header, length).feed(chained))) == (other == seed)


@examples(200)
@given(headers, st.binary(min_size=1, max_size=30), st.data())
def test_a_record_with_any_bit_flipped_is_not_valid(
    header: FileHeader, payload: bytes, choice: st.DataObject
) -> None:
    header = replace(header, base_version=header.base_version >> 1)
    seed = header.check_seed
    data, _ = record.encode_record(header.base_version + 1, 0, payload, seed, seed)
    bit = choice.draw(st.integers(0, 8 * len(data) - 1))
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    stream = RecordStream(header, record.RECORDS_OFFSET + len(data))
    assert list(stream.feed(bytes(flipped))) == []


@examples(300)
@given(headers, st.binary(max_size=9))
def test_a_file_header_survives_a_round_trip(header: FileHeader, behind: bytes) -> None:
    data = header.encode()
    assert len(data) == record.FILE_HEADER_LENGTH
    assert data[40:] == crc32(data[:40]).to_bytes(4, "big")
    assert header.check_seed == crc32(data[:36])
    assert record.decode_file_header(data + behind) == header
    assert record.decode_file_header(data[:-1]) is None


@examples(200)
@given(headers, st.integers(0, 44 * 8 - 1))
def test_a_file_header_with_any_bit_flipped_is_not_valid(header: FileHeader, bit: int) -> None:
    flipped = bytearray(header.encode())
    flipped[bit // 8] ^= 1 << bit % 8
    assert record.decode_file_header(bytes(flipped)) is None


@examples(300)
@given(u64, u32, st.integers(0, 12 * 8 - 1))
def test_a_durable_mark_survives_a_round_trip_and_no_flipped_bit(
    length: int, seed: int, bit: int
) -> None:
    data = record.encode_mark(length, seed)
    assert len(data) == record.MARK_LENGTH
    assert record.decode_mark(data, seed) == length
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    assert record.decode_mark(bytes(flipped), seed) is None


@examples(100)
@given(st.sets(st.binary(max_size=4), max_size=40))
def test_keys_are_in_the_order_of_their_bytes_and_a_prefix_comes_first(found: set[bytes]) -> None:
    with libredb.open() as db:
        db.transact(lambda tx: [tx.set(key, b"") for key in found])
        order = [key for key, _ in db.scan()]
    assert set(order) == found
    for low, high in pairwise(order):
        differing = [
            index for index in range(min(len(low), len(high))) if low[index] != high[index]
        ]
        if differing:
            assert low[differing[0]] < high[differing[0]]
        else:
            assert len(low) < len(high)
