"""Recovery is pure: bytes of a log become its store and a verdict, by the five rules alone."""

import dataclasses

import pytest

from libredb.kernel import record, stream
from libredb.kernel.errors import (
    CorruptLogError,
    LegacyFormatError,
    LogFileError,
    NotADatabaseError,
    UnsupportedVersionError,
)
from libredb.kernel.level import Op
from libredb.kernel.record import RECORDS_OFFSET, FileHeader
from tests.support.files import ID, SALT, flipped, log_image, replay

HEADER = FileHeader(SALT, ID, 0, 0, 0)
SEED = HEADER.check_seed
ONE: list[Op] = [(b"a", b"1")]
TWO: list[Op] = [(b"b", b"2"), (b"c", b"3")]
THREE: list[Op] = [(b"a", None), (b"d", b"4")]
RECORDS = [ONE, TWO, THREE]
ASCENDING: list[list[Op]] = [[(b"a", b"1")], [(b"b", b"2"), (b"c", b"3")], [(b"d", b"4")]]
ENDS = [len(log_image(RECORDS[:count])) for count in range(4)]


def head_of(**fields: int) -> bytes:
    return dataclasses.replace(HEADER, **fields).encode()


# Replay


def test_whole_records_are_replayed_in_order() -> None:
    log = replay("p", log_image(RECORDS))
    assert log.level.ops == {b"b": b"2", b"c": b"3", b"d": b"4"}
    assert (log.version, log.end, [*log.starts], log.discarded) == (3, ENDS[3], ENDS[:3], b"")


def test_a_log_cut_at_any_byte_is_replayed_as_far_as_records_are_whole() -> None:
    image = log_image(RECORDS)
    for length in range(RECORDS_OFFSET, len(image) + 1):
        log = replay("p", image[:length])
        assert log.version == sum(end <= length for end in ENDS[1:])
        assert log.end == ENDS[log.version]
        assert log.discarded == image[log.end : length].rstrip(b"\0")


def test_zero_bytes_at_the_end_are_no_tail() -> None:
    log = replay("p", log_image(RECORDS) + bytes(5000))
    assert (log.version, log.discarded) == (3, b"")


def test_a_flipped_bit_in_the_last_record_makes_it_a_tail() -> None:
    image = log_image(RECORDS)
    for offset in range(ENDS[2], ENDS[3]):
        log = replay("p", flipped(image, offset))
        assert (log.version, log.end) == (2, ENDS[2])
        assert log.discarded == flipped(image, offset)[ENDS[2] :].rstrip(b"\0")


def record_at_end(
    version: int, unsynced: int, payload: bytes, *, seed: int = SEED, previous: int | None = None
) -> bytes:
    """Return a log of one good record, and one more with these fields behind it."""
    image = log_image([ONE])
    if previous is None:
        previous = replay("p", image).last_check
    return image + record.encode_record(version, unsynced, payload, seed, previous)[0]


PAYLOAD = record.encode_ops(TWO)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(record_at_end(2, 0, PAYLOAD)[:-1], id="(1) it does not fit"),
        pytest.param(record_at_end(2, 0, PAYLOAD, seed=SEED + 1), id="(1) its header check fails"),
        pytest.param(record_at_end(1, 0, PAYLOAD), id="(2) its version is the previous one"),
        pytest.param(record_at_end(3, 1, PAYLOAD), id="(2) it skips a version"),
        pytest.param(record_at_end(2, 0, b""), id="(3) its payload is empty"),
        pytest.param(record_at_end(2, 2, PAYLOAD), id="(4) it reaches back before the first"),
        pytest.param(record_at_end(2, 0, PAYLOAD, previous=7), id="(5) it follows another record"),
    ],
)
def test_a_record_that_breaks_a_rule_ends_the_log(image: bytes) -> None:
    log = replay("p", image)
    assert (log.version, log.end) == (1, ENDS[1])


def test_a_record_that_keeps_every_rule_is_valid() -> None:
    assert replay("p", record_at_end(2, 1, PAYLOAD)).version == 2


def test_a_valid_record_of_malformed_ops_is_corruption() -> None:
    with pytest.raises(CorruptLogError, match="malformed") as caught:
        replay("p", log_image([ONE, b"\7no ops"]))
    assert caught.value.evidence is None
    assert caught.value.offset == ENDS[1] + record.RECORD_HEADER_LENGTH


def test_versions_start_after_the_base_version() -> None:
    header = FileHeader(SALT, ID, 3, 1, 40)
    log = replay("p", log_image(RECORDS, header=header))
    assert (log.version, log.durable_version) == (43, 42)


def test_a_log_that_ends_inside_its_snapshot_is_corrupt() -> None:
    header = FileHeader(SALT, ID, 1, 2, 5)
    image = log_image(RECORDS[:2], header=header)
    log = replay("p", image)
    assert (log.version, len(log.index), log.index.end) == (7, 2, len(image))
    with pytest.raises(CorruptLogError) as caught:
        replay("p", image[:-1])
    assert (caught.value.offset, caught.value.evidence) == (log.starts[1], "snapshot")


@pytest.mark.parametrize("piece_bytes", [1, 7, 24, 29, 64, 8191, 8192, 8193, 1 << 20])
def test_the_verdict_is_the_same_however_the_pieces_lie(piece_bytes: int) -> None:
    records: list[list[Op]] = [*RECORDS, [(b"zeros", bytes(100))]]
    for behind in (b"", b"\0" * 50, b"torn" + bytes(30), bytes(30) + b"torn"):
        image = log_image(records, unsynced=(0, 1, 0, 1)) + behind
        log, whole = replay("p", image, piece_bytes), replay("p", image)
        assert log.level.ops == whole.level.ops
        for name in ("version", "end", "last_check", "starts", "checks", "proven", "discarded"):
            assert getattr(log, name) == getattr(whole, name), name
        assert log.discarded == behind.rstrip(b"\0")
        assert log.discarded_bytes == len(log.discarded)


def test_the_first_mebibyte_of_what_is_cut_off_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "DISCARDED_BYTES", 10)
    for tail in (b"123456789", b"1234567890", b"12345678901", b"1" + bytes(20) + b"2" + bytes(9)):
        for piece_bytes in (1, 3, 1000):
            log = replay("p", log_image(RECORDS) + tail, piece_bytes)
            content = tail.rstrip(b"\0")
            assert (log.discarded, log.discarded_bytes) == (content[:10], len(content))


# What the file proves


@pytest.mark.parametrize(
    ("unsynced", "durable"),
    [((0, 0, 0), 2), ((0, 1, 2), 0), ((0, 0, 1), 1), ((0, 1, 0), 2)],
)
def test_each_record_proves_the_commits_before_its_unsynced_ones(
    unsynced: tuple[int, ...], durable: int
) -> None:
    log = replay("p", log_image(RECORDS, unsynced=unsynced))
    assert (log.durable_version, log.proven) == (durable, ENDS[durable])


def test_the_mark_proves_everything_before_it() -> None:
    log = replay("p", log_image(RECORDS, unsynced=(0, 1, 2), mark=ENDS[2]))
    assert (log.mark, log.proven, log.durable_version) == (ENDS[2], ENDS[2], 2)


@pytest.mark.parametrize("mark", [0, 1, 4096, RECORDS_OFFSET - 1])
def test_a_mark_before_the_records_is_damaged(mark: int) -> None:
    log = replay("p", log_image(RECORDS, mark=mark))
    assert (log.mark, log.damaged_mark) == (RECORDS_OFFSET, True)


def test_an_unreadable_mark_is_reported() -> None:
    marked = log_image(RECORDS, mark=ENDS[3])
    for offset in range(record.MARK_OFFSET, record.MARK_OFFSET + record.MARK_LENGTH):
        log = replay("p", flipped(marked, offset))
        assert (log.version, log.mark, log.damaged_mark) == (3, RECORDS_OFFSET, True)
    assert not replay("p", marked).damaged_mark


def test_zeros_in_the_place_of_the_mark_are_damage() -> None:
    # They counted as a mark that was not written yet. But a file gets its mark before its header,
    # so behind a valid header there is one: zeros are a sector that the disk lost.
    log = replay("p", log_image(RECORDS, mark=None))
    assert (log.version, log.mark, log.damaged_mark) == (3, RECORDS_OFFSET, True)


def test_the_snapshot_count_proves_the_snapshot() -> None:
    # With its mark lost, a whole snapshot was written again at every open: its records count each
    # other as unsynced, so none of them proves anything.
    for snapshot, durable in ((0, 5), (1, 6), (2, 7), (3, 8)):
        header = FileHeader(SALT, ID, 1, snapshot, 5)
        log = replay("p", log_image(ASCENDING, unsynced=(0, 1, 2), header=header))
        assert (log.durable_version, log.proven) == (durable, [*log.starts, log.end][snapshot])
    header = FileHeader(SALT, ID, 1, 1, 5)
    end = len(log_image(ASCENDING, header=header))
    for unsynced, mark, proven in (((0, 1, 0), 0, 2), ((0, 1, 2), end, 3)):
        log = replay("p", log_image(ASCENDING, unsynced=unsynced, mark=mark, header=header))
        assert log.proven == [*log.starts, log.end][proven]


def test_a_log_shorter_than_its_mark_is_corrupt_at_every_length() -> None:
    image = log_image(RECORDS, mark=ENDS[3])
    for length in range(44, ENDS[3]):
        with pytest.raises(CorruptLogError) as caught:
            replay("p", image[:length])
        short = length < RECORDS_OFFSET
        assert (caught.value.offset, caught.value.evidence) == (length, None if short else "mark")
        assert "restore a backup" in caught.value.reason


def test_damage_before_the_mark_is_corruption_wherever_it_is() -> None:
    image = log_image(RECORDS, mark=ENDS[3])
    for offset in range(RECORDS_OFFSET, ENDS[3]):
        with pytest.raises(CorruptLogError) as caught:
            replay("p", flipped(image, offset))
        assert caught.value.offset in ENDS[:3]
        assert caught.value.evidence == "mark"


def test_a_later_record_proves_that_a_damaged_one_had_been_durable() -> None:
    image = log_image(RECORDS)
    for offset in range(RECORDS_OFFSET, ENDS[1]):
        with pytest.raises(CorruptLogError) as caught:
            replay("p", flipped(image, offset))
        assert (caught.value.offset, caught.value.evidence) == (RECORDS_OFFSET, "record")
        assert f"byte {ENDS[1]} proves" in caught.value.reason


def test_records_of_one_unsynced_group_prove_nothing_about_each_other() -> None:
    image = log_image(RECORDS, unsynced=(0, 1, 2))
    for offset in range(RECORDS_OFFSET, ENDS[1]):
        log = replay("p", flipped(image, offset))
        assert (log.version, log.end) == (0, RECORDS_OFFSET)


# Which file it is


@pytest.mark.parametrize(
    ("head", "kind", "offset"),
    [
        (b"", NotADatabaseError, 0),
        (b"LRD", NotADatabaseError, 0),
        (b"SQLite format 3\0", NotADatabaseError, 0),
        (bytes(9000), NotADatabaseError, 0),
        (b"LRDB\0\1\0\0", LegacyFormatError, 4),
        (b"LRDB\0\3\0\0", UnsupportedVersionError, 4),
        (b"LRDB\0\0\0\0", UnsupportedVersionError, 4),
        (head_of(format_version=0x0201).ljust(9000, b"\0"), UnsupportedVersionError, 4),
        (head_of(flags=0x8000).ljust(9000, b"\0"), UnsupportedVersionError, 6),
        (b"LRDB", CorruptLogError, 0),
        (b"LRDB\0", CorruptLogError, 0),
        (b"LRDB\0\2", CorruptLogError, 0),
        (HEADER.encode()[:35], CorruptLogError, 0),
        (flipped(log_image([]), 35), CorruptLogError, 0),
        (log_image([])[:-1], CorruptLogError, RECORDS_OFFSET - 1),
    ],
)
def test_what_is_not_a_log_of_this_version_is_refused(
    head: bytes, kind: type[LogFileError], offset: int
) -> None:
    with pytest.raises(LogFileError) as caught:
        replay("p", head)
    assert type(caught.value) is kind
    assert (caught.value.path, caught.value.offset) == ("p", offset)


@pytest.mark.parametrize(
    "head", [head_of(generation=record.MAX_GENERATION), head_of(base_version=record.MAX_VERSION)]
)
def test_numbers_have_an_end_that_no_database_reaches(head: bytes) -> None:
    assert replay("p", head.ljust(RECORDS_OFFSET, b"\0")).level.ops == {}
    numbers = dataclasses.asdict(record.decode_file_header(head) or HEADER)
    numbers["generation" if numbers["generation"] else "base_version"] += 1
    with pytest.raises(CorruptLogError, match="no database reaches"):
        replay("p", FileHeader(**numbers).encode().ljust(RECORDS_OFFSET, b"\0"))


def test_hints_say_what_to_do() -> None:
    for head, hint in (
        (b"text", "version 0"),
        (b"LRDB\0\1", "version 1"),
        (b"LRDB\0\7", "version 7"),
        (head_of(flags=4).ljust(9000, b"\0"), "0x0004"),
    ):
        with pytest.raises(LogFileError, match=hint):
            replay("p", head)
