"""Claim: from the bytes of a file of format 0 or 1 to what it holds, whatever happened to them.

The files are made by `old_files`, and what is expected is said by position: this is the ground that
the recorded outcomes cover, for where they are not at hand.
"""

import pytest

from libredb import CorruptLogError, LogFileError, NotADatabaseError, UnsupportedVersionError
from libredb.interop.typescript.log import OldLog, read_log, write_log
from tests.unit.interop.typescript.old_files import (
    HEADER,
    SMALL,
    entries_after,
    file_of,
    payload_of,
    record_of,
    records_of,
)

VERSIONS = (0, 1)
HEADER_BYTES = {0: 8, 1: 12}


def starts_of(version: int) -> list[int]:
    """Return where each record of the small file begins, and where the last one ends."""
    starts = [len(HEADER) if version else 0]
    for each in records_of(SMALL, version):
        starts.append(starts[-1] + len(each))
    return starts


def read(data: bytes) -> OldLog | tuple[type[LogFileError], int]:
    """Return what is read, or how and at which byte it is refused."""
    try:
        return read_log(data)
    except LogFileError as error:
        return type(error), error.offset


def is_prefix(found: object, count: int, end: int, size: int) -> bool:
    """Whether so many transactions were read, up to `end`, and the rest is cut off."""
    return (
        isinstance(found, OldLog)
        and found.entries() == entries_after(SMALL[:count])
        and (found.end, found.discarded_bytes) == (end, size - end)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_whole_file_is_read(version: int) -> None:
    data = file_of(SMALL, version)
    found = read_log(data)
    assert found.format == version
    assert [list(ops) for ops in found.transactions] == SMALL
    assert is_prefix(found, 4, len(data), len(data))
    assert found.whole_behind is None


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_written_is_the_same_file(version: int) -> None:
    assert write_log(SMALL, version) == file_of(SMALL, version)
    assert write_log([[], *SMALL, []], version) == file_of(SMALL, version)


def test_an_empty_file_is_a_database_without_a_commit() -> None:
    assert read_log(b"") == OldLog(1, (), 0, 0, None)
    assert read_log(HEADER) == OldLog(1, [], 8, 0, None)
    assert write_log([], 0) == b""
    assert write_log([], 1) == HEADER


@pytest.mark.parametrize("version", VERSIONS)
def test_every_cut_leaves_the_transactions_before_it(version: int) -> None:
    data, starts = file_of(SMALL, version), starts_of(version)
    for length in range(1, len(data)):
        found = read(data[:length])
        count = sum(start <= length for start in starts) - 1
        if count < 0 or (version == 0 and not count):
            assert found == (NotADatabaseError, 0), length
        else:
            assert is_prefix(found, count, starts[count], length), length


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("version", VERSIONS)
def test_every_flip_is_refused_or_cuts_off_what_a_crash_may_have_left(
    version: int, bit: int
) -> None:
    data, starts = file_of(SMALL, version), starts_of(version)
    for offset in range(len(data)):
        damaged = bytearray(data)
        damaged[offset] ^= 1 << bit
        found = read(bytes(damaged))
        assert found_is(found, bytes(damaged), offset, starts), (offset, found)


def found_is(found: object, data: bytes, offset: int, starts: list[int]) -> bool:
    """Whether a file is judged as it must be that is damaged at `offset`."""
    version, size = int(starts[0] > 0), len(data)
    if offset < starts[0]:
        if offset >= 6:
            return is_prefix(found, 4, size, size)
        return found == ((NotADatabaseError, 0), (UnsupportedVersionError, 4))[offset >= 4]
    index = sum(start <= offset for start in starts) - 1
    start, is_last = starts[index], index == len(SMALL) - 1
    if version == 0 and index == 0:
        return found == (NotADatabaseError, 0)
    is_cut = is_last
    if offset < start + (8 if version else 4):  # the length, which has a check in format 1
        length = int.from_bytes(data[start : start + 4])
        is_cut = not version and start + HEADER_BYTES[0] + length >= size
    if is_cut:
        return is_prefix(found, index, start, size)
    return found == (CorruptLogError, start)


def test_a_damaged_length_in_format_0_hides_what_follows_and_is_found_out() -> None:
    data, starts = file_of(SMALL, 0), starts_of(0)
    for index in (1, 2):
        damaged = bytearray(data)
        damaged[starts[index]] ^= 1
        found = read_log(bytes(damaged))
        assert is_prefix(found, index, starts[index], len(data))
        assert found.whole_behind == starts[index + 1]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("length", [1, 7, 8, 11, 12, 13, 100, 4096])
def test_zeros_at_the_end_are_what_a_crash_left(version: int, length: int) -> None:
    data = file_of(SMALL, version)
    found = read_log(data + bytes(length))
    assert found.entries() == entries_after(SMALL)
    read_as_records = length // 8 * 8 if version == 0 else 0
    assert found.end == len(data) + read_as_records
    assert found.discarded_bytes == length - read_as_records
    assert found.whole_behind is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_without_ops_is_read_over(version: int) -> None:
    empty = record_of(b"", version)
    data = file_of(SMALL, version)
    assert read_log(data + empty).entries() == entries_after(SMALL)
    last = record_of(payload_of([(b"z", b"1")]), version)
    assert read_log(data + empty + last).entries() == entries_after([*SMALL, [(b"z", b"1")]])
    first = (HEADER if version else b"") + empty + last
    assert read(first) == (NotADatabaseError, 0) if version == 0 else read_log(first).entries()


MALFORMED = {
    "a tag of 2": b"\2" + payload_of([(b"k", b"v")])[1:],
    "a tag alone": b"\1",
    "half of a length": b"\1\0\0",
    "a key that is too long": b"\1" + (9).to_bytes(4, "big") + b"k",
    "no value": b"\1" + (1).to_bytes(4, "big") + b"k",
    "a value that is too long": payload_of([(b"k", b"value")])[:-1],
    "something behind an op": payload_of([(b"k", b"v")]) + b"\1",
}


@pytest.mark.parametrize("story", MALFORMED)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_record_that_checks_and_holds_no_ops_is_refused_wherever_it_is(
    version: int, story: str
) -> None:
    whole, malformed = file_of(SMALL, version), record_of(MALFORMED[story], version)
    place = len(whole) + HEADER_BYTES[version]
    assert read(whole + malformed) == (CorruptLogError, place)
    good = record_of(payload_of([(b"z", b"1")]), version)
    assert read(whole + malformed + good) == (CorruptLogError, place)
    alone = (HEADER if version else b"") + malformed
    refused = (CorruptLogError, 20) if version else (NotADatabaseError, 0)
    assert read(alone) == refused


def test_a_record_of_the_other_format_is_refused() -> None:
    for version in VERSIONS:
        data = file_of(SMALL, version)
        other = record_of(payload_of([(b"z", b"1")]), 1 - version)
        assert read(data + other) == (CorruptLogError, len(data))


FOREIGN = {
    "text": b"Dear diary, it rained.",
    "a newline": b"\n",
    "seven zeros": bytes(7),
    "eight zeros": bytes(8),
    "many zeros": bytes(4096),
    "an SQLite file": b"SQLite format 3\0".ljust(8192, b"\0"),
    "a PNG": b"\x89PNG\r\n\x1a\n".ljust(70, b"\1"),
    "a part of the header": HEADER[:7],
    "LRDB as text": b"LRDB\n",
    "a header in lower case": HEADER.lower(),
    "records of format 1 without a header": b"".join(records_of(SMALL, 1)),
}


@pytest.mark.parametrize("story", FOREIGN)
def test_a_foreign_file_is_none(story: str) -> None:
    assert read(FOREIGN[story]) == (NotADatabaseError, 0)


@pytest.mark.parametrize("version", [0, 2, 3, 256, 0xFFFF])
def test_another_format_version_is_named(version: int) -> None:
    data = b"LRDB" + version.to_bytes(2, "big") + bytes(50)
    with pytest.raises(UnsupportedVersionError, match=f"format {version}"):
        read_log(data, "old.libredb")


def test_a_refusal_names_the_file_and_says_what_to_do() -> None:
    damaged = bytearray(file_of(SMALL, 1))
    damaged[25] ^= 1
    with pytest.raises(CorruptLogError, match=r"old\.libredb, byte 8: .*restore a backup"):
        read_log(bytes(damaged), "old.libredb")
