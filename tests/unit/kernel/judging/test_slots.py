"""Of two slots the one put in place last is the database; what belongs to others is never replaced.

A slot may hold the beginning of a database that was never finished, which is replaced, or a file of
someone else, which must not be. Both are enumerated: every state that a crash leaves of a creation,
and foreign files of every kind and length.
"""

import dataclasses
import random
from collections.abc import Iterator

import pytest

import libredb
from libredb.kernel.errors import (
    CorruptLogError,
    LegacyFormatError,
    LogFileError,
    NotADatabaseError,
    UnsupportedVersionError,
)
from libredb.kernel.record import MARK_OFFSET, RECORDS_OFFSET, STAMP, FileHeader
from libredb.kernel.recovery import choose, is_unfinished
from sim.world.filesystem import Crash, SimFileSystem
from tests.support.faults import Fault, When
from tests.support.files import ID, SALT, flipped, log_image

HEADER = FileHeader(SALT, ID, 0, 0, 0)


def head_of(**fields: int) -> bytes:
    return dataclasses.replace(HEADER, **fields).encode()


def slot(data: bytes, length: int | None = None) -> tuple[bytes, int]:
    length = len(data) if length is None else length
    return (data if length <= RECORDS_OFFSET else data[:44]), length


EMPTY = (b"", 0)
UNFINISHED = slot(STAMP.ljust(RECORDS_OFFSET, b"\0"))
NEW = log_image([], mark=RECORDS_OFFSET)
TORN = NEW[:20].ljust(44, b"\0") + NEW[44:]


@pytest.mark.parametrize(
    ("slots", "index"),
    [
        ([], None),
        ([EMPTY], None),
        ([slot(b"anything")], 0),
        ([UNFINISHED], 0),
        ([EMPTY, EMPTY], None),
        ([UNFINISHED, EMPTY], None),
        ([EMPTY, slot(b"\0")], None),
        ([EMPTY, slot(TORN)], None),
        ([EMPTY, slot(b"t")], None),
        ([EMPTY, slot(STAMP)], None),
        ([EMPTY, slot(b"t" * 9)], 1),
        ([EMPTY, slot(bytes(RECORDS_OFFSET))], 1),
        ([EMPTY, slot(TORN + b"\0")], 1),
        ([EMPTY, slot(bytes(44), RECORDS_OFFSET + 1)], 1),
        ([EMPTY, slot(b"LRDB\0\2 cut short")], 1),
        ([EMPTY, slot(b"LR")], 1),
        ([EMPTY, slot(b"LRDB\0\2\0\0\1")], 1),
        ([EMPTY, slot(HEADER.encode())], 1),
        ([slot(NEW), EMPTY], 0),
        ([UNFINISHED, slot(NEW)], 1),
        ([slot(NEW), slot(b"LRDB\0\2 torn", 9999)], 0),
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
        ([slot(NEW), slot(b"LRDB\0\3\0\0")], UnsupportedVersionError),
        ([slot(NEW), slot(head_of(flags=1), 8192)], UnsupportedVersionError),
    ],
)
def test_slots_that_must_not_be_touched_are_refused(
    slots: list[tuple[bytes, int]], kind: type[LogFileError]
) -> None:
    with pytest.raises(kind):
        choose("p", slots)


# What a crash leaves of a creation


def torn_at(cut: int) -> bytes:
    """Return a new file whose header was cut short while it was written over the stamp."""
    return NEW[:cut] + STAMP.ljust(44, b"\0")[cut:] + NEW[44:]


def test_every_beginning_of_a_creation_is_unfinished() -> None:
    noise = random.Random(1).randbytes(RECORDS_OFFSET)
    for length in range(1, len(STAMP) + 1):
        assert is_unfinished(noise[:length], length), length
    for length in range(len(STAMP), RECORDS_OFFSET + 1):
        for behind in (bytes(RECORDS_OFFSET), noise):
            assert is_unfinished((STAMP + behind)[:length], length), length
    for cut in range(44):
        assert is_unfinished(torn_at(cut), RECORDS_OFFSET), cut


def test_a_bit_flipped_in_a_finished_file_does_not_make_it_unfinished() -> None:
    # A file of no more than its pages was taken for an unfinished one if its header was not valid,
    # whatever it held: then a database without an entry lost its version to one flipped bit.
    for offset in range(44):
        for bit in range(8):
            data = flipped(NEW, offset, bit)
            assert not is_unfinished(data, RECORDS_OFFSET), (offset, bit)


def test_one_byte_in_a_wrong_place_makes_a_file_foreign() -> None:
    for offset in range(RECORDS_OFFSET):
        if 8 <= offset < 43 or MARK_OFFSET + 8 <= offset < MARK_OFFSET + 12:
            continue  # the salt and the checks, which may be anything
        assert not is_unfinished(flipped(TORN, offset, 7), RECORDS_OFFSET), offset


def crashes(*fates: str, seeds: range = range(8)) -> Iterator[tuple[SimFileSystem, str]]:
    """Yield what a power loss at each call of a creation leaves, and which one it was."""
    moments: tuple[When, ...] = ("before", "after")
    at = 0
    while True:
        at += 1
        fs = SimFileSystem("slots")
        calls = Fault(fs, Crash(), at)
        try:
            libredb.open("p", fs=fs)
        except Crash:
            name = calls.names[-1]
        else:
            return
        for when in moments:
            for fate in fates:
                for seed in seeds:
                    fs = SimFileSystem("slots", seed)
                    Fault(fs, Crash(), at, when)
                    with pytest.raises(Crash):
                        libredb.open("p", fs=fs)
                    fs.hook = None
                    fs.power_loss(fate)
                    yield fs, f"power lost {when} call {at}, {name}; fate {fate}, seed {seed}"


@pytest.mark.slow
def test_whatever_a_crash_leaves_of_a_creation_is_a_new_database() -> None:
    # Garbage in what was never synced looked like a file of someone else, and was refused for ever;
    # or, before that, every short file was taken for a creation, and replaced. Hence the stamp.
    kinds: set[bool] = set()
    for fs, case in crashes("new", "old", "zeros", "garbage", "tear", ""):
        try:
            kinds.add(any(any(image) for image in fs.images("p")))
            with libredb.open("p", fs=fs) as db:
                assert db.version == 0
                db.transact(lambda tx: tx.set(b"k", b"v"))
            assert libredb.verify("p", fs=fs).entries == 1
        except BaseException as error:
            error.add_note(case)
            raise
    assert kinds == {True, False}


# What belongs to others


def foreign(kind: str, length: int) -> bytes:
    whole = {
        "text": b"Dear diary,\nnothing was logged today.\n" * 300,
        "an SQLite database": b"SQLite format 3\0\x10\0\1\1\0@  ".ljust(9000, b"\0"),
        "a PNG image": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + random.Random(1).randbytes(9000),
        "a font": b"\0\1\0\0\0\x0c\0\x80\0\3\0\x40DSIG".ljust(9000, b"\0"),
        "WebAssembly": b"\0asm\1\0\0\0".ljust(9000, b"\0"),
        "noise": random.Random(length).randbytes(9000),
        "a byte behind zeros": bytes(length - 1).ljust(9000, b"x"),
    }
    return whole[kind][:length]


LENGTHS = [
    *range(len(STAMP) + 1, 300),
    *range(300, 8192, 97),
    *range(4080, 4120),
    *range(8180, 8193),
    8193,
]


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize(
    "kind",
    [
        "text",
        "an SQLite database",
        "a PNG image",
        "a font",
        "WebAssembly",
        "noise",
        "a byte behind zeros",
    ],
)
def test_a_foreign_file_in_a_slot_is_refused_and_unchanged(kind: str, index: int) -> None:
    # One of at most 8,192 bytes was taken for a creation that never finished, and replaced.
    for length in LENGTHS:
        fs = SimFileSystem("slots")
        fs.install("p", foreign(kind, length), slot=index)
        before = fs.images("p")
        try:
            with pytest.raises(NotADatabaseError):
                libredb.open("p", fs=fs)
            assert libredb.verify("p", fs=fs).outcome == "refused"
            assert fs.images("p") == before
        except BaseException as error:
            error.add_note(f"{kind} of {length} bytes")
            raise


def test_a_stamp_at_the_beginning_of_a_long_file_proves_nothing() -> None:
    assert not is_unfinished(STAMP + bytes(28), RECORDS_OFFSET + 1)
