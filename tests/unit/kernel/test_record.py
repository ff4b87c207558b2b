"""The bytes are those of the diagram; what is encoded can be decoded, and nothing else can."""

import random
from zlib import crc32

import pytest

from libredb.kernel import record
from libredb.kernel.level import Op
from libredb.kernel.record import RECORDS_OFFSET, FileHeader
from libredb.kernel.stream import RecordStream
from tests.support.files import flipped

HEADER = FileHeader(b"saltsalt", b"database", 1, 2, 3)
SEED = HEADER.check_seed


def draw_ops(source: random.Random) -> list[Op]:
    def octets() -> bytes:
        return source.randbytes(source.choice([0, 1, 5, 300]))

    count = source.randrange(1, 6)
    return [(octets(), octets() if source.random() < 0.7 else None) for _ in range(count)]


def test_the_file_header_has_the_bytes_of_the_diagram() -> None:
    encoded = HEADER.encode()
    assert encoded[:40].hex(" ", 4) == (
        "4c524442 00020000 73616c74 73616c74 64617461 62617365 00000000 00000003 00000001 00000002"
    )
    assert encoded[40:] == crc32(encoded[:40]).to_bytes(4)
    assert crc32(encoded[:36]) == SEED
    assert len(encoded) == record.FILE_HEADER_LENGTH == 44


def test_a_file_header_comes_back_from_its_bytes() -> None:
    header = FileHeader(b"\0\1\2\3\4\5\6\7", b"database", 2**32 - 1, 2**32 - 1, 2**64 - 1, flags=7)
    assert record.decode_file_header(header.encode() + b"more") == header


def test_no_bit_of_a_file_header_can_flip_unnoticed() -> None:
    for offset in range(44):
        for bit in range(8):
            assert record.decode_file_header(flipped(HEADER.encode(), offset, bit)) is None


def test_a_file_header_that_is_cut_short_is_none() -> None:
    for length in range(36):
        assert record.decode_file_header(HEADER.encode()[:length]) is None


def test_a_mark_has_the_bytes_of_the_diagram_and_comes_back() -> None:
    mark = record.encode_mark(8192, SEED)
    assert mark == (8192).to_bytes(8) + crc32(mark[:8], SEED).to_bytes(4)
    assert record.decode_mark(mark, SEED) == 8192
    assert record.decode_mark(mark, SEED + 1) is None
    assert all(record.decode_mark(flipped(mark, offset), SEED) is None for offset in range(12))


def test_a_record_has_the_bytes_of_the_diagram() -> None:
    payload = record.encode_ops([(b"k", b"v1"), (b"gone", None)])
    assert payload.hex(" ") == "01 00 00 00 01 6b 00 00 00 02 76 31 00 00 00 00 04 67 6f 6e 65"
    data, check = record.encode_record(5, 1, payload, SEED, 77)
    assert data[:16].hex(" ", 4) == "00000000 00000005 00000001 00000015"
    assert data[16:20] == crc32(data[:16], SEED).to_bytes(4)
    assert data[20:24] == check.to_bytes(4) == crc32(data[:16] + payload, 77).to_bytes(4)
    assert data[24:] == payload


def test_the_smallest_record_has_29_bytes() -> None:
    data, _ = record.encode_record(1, 0, record.encode_ops([(b"", None)]), SEED, SEED)
    assert len(data) == record.SMALLEST_RECORD == 29


def test_a_record_header_comes_back_only_if_it_fits_and_its_check_holds() -> None:
    data, _ = record.encode_record(5, 1, b"payload", SEED, SEED)
    assert record.decode_record_header(b"xx" + data, 2, SEED) == (5, 1, 7)
    assert record.decode_record_header(data[:20], 0, SEED) == (5, 1, 7)
    assert record.decode_record_header(data[:19], 0, SEED) is None
    assert record.decode_record_header(data, 0, SEED + 1) is None
    assert all(
        record.decode_record_header(flipped(data, offset), 0, SEED) is None for offset in range(20)
    )


def test_a_record_is_taken_whole_and_only_behind_its_predecessor() -> None:
    data, check = record.encode_record(4, 0, b"payload", SEED, SEED)
    end = RECORDS_OFFSET + len(data)
    for length in range(end, end + 9):
        (taken,) = RecordStream(HEADER, length).feed(data + bytes(length - end))
        assert taken == (4, 0, check, data + bytes(length - end), 0, len(data))
    other, _ = record.encode_record(4, 0, b"payload", SEED, SEED ^ 1)
    assert list(RecordStream(HEADER, end).feed(other)) == []
    for offset in range(len(data)):
        assert list(RecordStream(HEADER, end).feed(flipped(data, offset))) == []


def test_zero_bytes_are_never_a_record() -> None:
    for seed in (0, 1, SEED, 2**32 - 1):
        # Where its check holds by chance, its payload is empty, which no record's is.
        assert record.decode_record_header(bytes(24), 0, seed) in {None, (0, 0, 0)}


@pytest.mark.parametrize("seed", range(20))
def test_ops_come_back_in_order_and_their_length_is_known_before(seed: int) -> None:
    ops = draw_ops(random.Random(seed))
    payload = record.encode_ops(ops)
    assert record.payload_length(ops) == len(payload)
    assert record.decode_ops(b"before" + payload + b"after", 6, 6 + len(payload)) == ops


@pytest.mark.parametrize("seed", range(5))
def test_ops_that_are_cut_short_are_none_unless_whole_ops_remain(seed: int) -> None:
    ops = draw_ops(random.Random(seed))
    payload = record.encode_ops(ops)
    whole = {record.payload_length(ops[:count]): ops[:count] for count in range(len(ops) + 1)}
    for end in range(len(payload)):
        assert record.decode_ops(payload, 0, end) == whole.get(end)


@pytest.mark.parametrize(
    "payload",
    [
        b"\2\0\0\0\1k",
        b"\xff\0\0\0\1k\0\0\0\1v",
        b"\1\0\0\0\1k",
        b"\1\xff\xff\xff\xffk\0\0\0\1v",
        b"\0\0\0\0\2k",
        b"\0",
    ],
)
def test_what_is_not_a_sequence_of_ops_is_none(payload: bytes) -> None:
    assert record.decode_ops(payload, 0, len(payload)) is None
