"""Recovery is pure: bytes of a log become its store and a verdict, by the five rules alone."""

import dataclasses

import pytest

from libredb.kernel import record, recovery
from libredb.kernel.errors import (
    CorruptLogError,
    LegacyFormatError,
    LogFileError,
    NotADatabaseError,
    UnsupportedVersionError,
)
from libredb.kernel.record import RECORDS_OFFSET, FileHeader
from libredb.kernel.recovery import choose, find_voucher, replay
from libredb.kernel.transaction import Op
from tests.support.files import SALT, flipped, log_image

HEADER = FileHeader(SALT, 0, 0, 0)
SEED = HEADER.check_seed
ONE: list[Op] = [(b"a", b"1")]
TWO: list[Op] = [(b"b", b"2"), (b"c", b"3")]
THREE: list[Op] = [(b"a", None), (b"d", b"4")]
RECORDS = [ONE, TWO, THREE]
ENDS = [len(log_image(RECORDS[:count])) for count in range(4)]


def head_of(**fields: int) -> bytes:
    return dataclasses.replace(HEADER, **fields).encode()


def slot(data: bytes, length: int | None = None) -> tuple[bytes, int]:
    return data[:36], len(data) if length is None else length


# Replay


def test_whole_records_are_replayed_in_order() -> None:
    log = replay("p", log_image(RECORDS))
    assert list(log.store.scan(b"", None)) == [(b"b", b"2"), (b"c", b"3"), (b"d", b"4")]
    assert (log.version, log.end, log.starts, log.tail) == (3, ENDS[3], ENDS[:3], b"")


def test_a_log_cut_at_any_byte_is_replayed_as_far_as_records_are_whole() -> None:
    image = log_image(RECORDS)
    for length in range(RECORDS_OFFSET, len(image) + 1):
        log = replay("p", image[:length])
        assert log.version == sum(end <= length for end in ENDS[1:])
        assert log.end == ENDS[log.version]
        assert log.tail == image[log.end : length].rstrip(b"\0")


def test_zero_bytes_at_the_end_are_no_tail() -> None:
    log = replay("p", log_image(RECORDS) + bytes(5000))
    assert (log.version, log.tail) == (3, b"")


def test_a_flipped_bit_in_the_last_record_makes_it_a_tail() -> None:
    image = log_image(RECORDS)
    for offset in range(ENDS[2], ENDS[3]):
        log = replay("p", flipped(image, offset))
        assert (log.version, log.end) == (2, ENDS[2])
        assert log.tail == flipped(image, offset)[ENDS[2] :].rstrip(b"\0")


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
    assert caught.value.offset == ENDS[1] + record.RECORD_HEADER_LENGTH


def test_versions_start_after_the_base_version() -> None:
    header = FileHeader(SALT, 3, 1, 40)
    log = replay("p", log_image(RECORDS, header=header))
    assert (log.version, log.durable_version) == (43, 42)


def test_a_log_that_ends_inside_its_snapshot_is_corrupt() -> None:
    header = FileHeader(SALT, 1, 2, 5)
    image = log_image(RECORDS[:2], header=header)
    assert replay("p", image).version == 7
    with pytest.raises(CorruptLogError) as caught:
        replay("p", image[:-1])
    assert caught.value.offset == ENDS[1]


# What is known to be durable


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


def test_an_unreadable_mark_is_reported_and_a_missing_one_is_not() -> None:
    marked = log_image(RECORDS, mark=ENDS[3])
    for offset in range(record.MARK_OFFSET, record.MARK_OFFSET + record.MARK_LENGTH):
        log = replay("p", flipped(marked, offset))
        assert (log.version, log.mark, log.damaged_mark) == (3, RECORDS_OFFSET, True)
    assert not replay("p", marked).damaged_mark
    assert not replay("p", log_image(RECORDS)).damaged_mark


def test_a_log_shorter_than_its_mark_is_corrupt_at_every_length() -> None:
    image = log_image(RECORDS, mark=ENDS[3])
    for length in range(36, ENDS[3]):
        with pytest.raises(CorruptLogError) as caught:
            replay("p", image[:length])
        assert caught.value.offset == length
        assert "restore a backup" in caught.value.reason


def test_damage_before_the_mark_is_corruption_wherever_it_is() -> None:
    image = log_image(RECORDS, mark=ENDS[3])
    for offset in range(RECORDS_OFFSET, ENDS[3]):
        with pytest.raises(CorruptLogError) as caught:
            replay("p", flipped(image, offset))
        assert caught.value.offset in ENDS[:3]


def test_a_later_record_vouches_for_a_damaged_one() -> None:
    image = log_image(RECORDS)
    for offset in range(RECORDS_OFFSET, ENDS[1]):
        with pytest.raises(CorruptLogError) as caught:
            replay("p", flipped(image, offset))
        assert caught.value.offset == RECORDS_OFFSET
        assert f"byte {ENDS[1]} proves" in caught.value.reason


def test_records_of_one_unsynced_group_do_not_vouch_for_each_other() -> None:
    image = log_image(RECORDS, unsynced=(0, 1, 2))
    for offset in range(RECORDS_OFFSET, ENDS[1]):
        log = replay("p", flipped(image, offset))
        assert (log.version, log.end) == (0, RECORDS_OFFSET)


# Vouchers


def header_bytes(version: int, unsynced: int = 0) -> bytes:
    return record.encode_record(version, unsynced, PAYLOAD, SEED, SEED)[0][:20]


@pytest.mark.parametrize("expected", [1, 255, 256, 2**32 - 1, 2**64 - 40])
@pytest.mark.parametrize("offset", [0, 1, 29, 500])
def test_a_voucher_is_found_at_any_offset(expected: int, offset: int) -> None:
    # 58 bytes hold two records, so a header of one version more is credible in every place.
    rest = bytes(offset) + header_bytes(expected + 1) + bytes(58)
    assert find_voucher(rest, expected, SEED) == offset


def test_a_voucher_needs_20_bytes_and_no_more() -> None:
    rest = b"\xff" * 60 + header_bytes(2)
    assert find_voucher(rest, 1, SEED) == 60
    assert find_voucher(rest[:-1], 1, SEED) is None


@pytest.mark.parametrize(
    ("version", "unsynced"), [(10, 0), (9, 0), (13, 2), (13, 3), (14, 0), (2**40, 0)]
)
def test_a_header_that_proves_nothing_is_no_voucher(version: int, unsynced: int) -> None:
    # It is the expected commit or older, or its group reaches back to it, or it is from too far
    # ahead: 87 bytes have room for three records.
    expected = 10 if (version, unsynced) != (13, 2) else 11
    rest = (b"\xff" * 40 + header_bytes(version, unsynced)).ljust(87, b"\xff")
    assert find_voucher(rest, expected, SEED) is None


def test_a_voucher_behind_a_useless_header_is_found() -> None:
    rest = header_bytes(12, 2) + header_bytes(12, 1) + bytes(30)
    assert find_voucher(rest, 10, SEED) == 20


@pytest.mark.parametrize("expected", [1, record.MAX_VERSION])
def test_too_few_bytes_or_versions_hold_no_voucher(expected: int) -> None:
    rest = header_bytes(2) + (b"" if expected == 1 else bytes(60))
    assert find_voucher(rest, expected, SEED) is None


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
    assert replay("p", head.ljust(RECORDS_OFFSET, b"\0")).store.size_bytes == 0
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


# Which slot it is

EMPTY = (b"", 0)
UNFINISHED = slot(bytes(RECORDS_OFFSET))


@pytest.mark.parametrize(
    ("slots", "index"),
    [
        ([], None),
        ([EMPTY], None),
        ([slot(b"anything")], 0),
        ([UNFINISHED], 0),
        ([EMPTY, EMPTY], None),
        ([UNFINISHED, EMPTY], None),
        ([EMPTY, slot(b"torn", 1)], None),
        ([EMPTY, slot(b"LRDB\0\2 torn header", RECORDS_OFFSET)], None),
        ([EMPTY, slot(b"LRDB\0\0", RECORDS_OFFSET)], None),
        ([EMPTY, slot(bytes(36), RECORDS_OFFSET + 1)], 1),
        ([EMPTY, slot(b"LRDB\0\2 cut short")], 1),
        ([EMPTY, slot(b"LR", 2)], 1),
        ([EMPTY, slot(HEADER.encode(), 36)], 1),
        ([slot(log_image([])), EMPTY], 0),
        ([UNFINISHED, slot(log_image([]))], 1),
        ([slot(log_image([])), slot(b"LRDB\0\2 torn", 9999)], 0),
        ([slot(head_of(generation=7), 9000), slot(head_of(generation=8), 8192)], 1),
        ([slot(head_of(generation=300), 9000), slot(head_of(generation=8), 8192)], 0),
    ],
)
def test_the_slot_with_the_highest_generation_is_the_database(
    slots: list[tuple[bytes, int]], index: int | None
) -> None:
    assert choose("p", slots) == index


@pytest.mark.parametrize(
    ("slots", "kind"),
    [
        ([UNFINISHED, UNFINISHED], CorruptLogError),
        ([slot(b"text"), slot(b"other")], CorruptLogError),
        ([EMPTY, slot(b"LRDB\0\1\0\0")], LegacyFormatError),
        ([slot(log_image([])), slot(b"LRDB\0\3\0\0")], UnsupportedVersionError),
        ([slot(log_image([])), slot(head_of(flags=1), 8192)], UnsupportedVersionError),
    ],
)
def test_slots_that_must_not_be_touched_are_refused(
    slots: list[tuple[bytes, int]], kind: type[LogFileError]
) -> None:
    with pytest.raises(kind):
        choose("p", slots)


def test_a_report_does_not_print_the_discarded_bytes() -> None:
    report = recovery.RecoveryReport("p", "cut", 8192, 0, 0, b"secret")
    assert "secret" not in repr(report)
