"""A place reads no more than it must, prepares beside the current file, and puts in place last.

The order of the port calls is asserted, because a crash may stop after any of them; and each of
them fails once, because before the header nothing may have happened.
"""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import (
    StorageError,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel import record
from libredb.kernel.filesystem import text_path
from libredb.kernel.level import Entry, Level
from libredb.kernel.log import Log
from libredb.kernel.placement import Place
from libredb.kernel.record import RECORDS_OFFSET, FileHeader
from sim.world.filesystem import Crash, SimFileSystem
from tests.support.faults import Fault
from tests.support.files import ID, SALT, log_image, snapshot_payload
from tests.support.ports import Calls, a_database
from tests.support.work import keys

ENTRIES: list[Entry] = [(b"%04d" % n, b"value") for n in range(10)]
PAYLOADS = [snapshot_payload(ENTRIES[:5]), snapshot_payload(ENTRIES[5:])]
FAILURE = OSError(errno.EIO, "the device does not answer")


def shown(fs: SimFileSystem) -> list[bytes]:
    with libredb.open("p", fs=fs) as db:
        return keys(db)


# Opening the same file again


def test_a_handle_of_its_own_is_on_the_same_file_or_refused(memory_fs: SimFileSystem) -> None:
    place, log = a_database(memory_fs)
    before = memory_fs.handles
    file = place.open_again(log)
    assert memory_fs.handles == before + 1
    assert file.read(0, 44) == log.header.encode()
    file.close()
    other = Log("p", log.file, FileHeader(b"another.", ID, 0, 0, 0))
    with pytest.raises(StorageError, match="no longer the one"):
        place.open_again(other)
    assert memory_fs.handles == before


# Recovering


def test_recovery_takes_all_of_its_steps_in_one_order(memory_fs: SimFileSystem) -> None:
    image = log_image([ENTRIES[:2], ENTRIES[2:4]], mark=RECORDS_OFFSET)
    memory_fs.install("p", image + b"a torn tail")
    place = Place("p", memory_fs)
    place.lock()
    reading = place.read(writable=True)
    calls = Calls(memory_fs)
    log = place.recover(reading)
    assert reading.found is not None
    start = reading.found.starts[1]
    assert calls.seen == [
        ("write", 0, 44),
        ("read", start, len(image) - start),
        ("write", start, len(image) - start),
        ("truncate", len(image), 0),
        ("sync", 0, 0),
        ("sync_directory", 0, 0),
        ("write", record.MARK_OFFSET, 12),
    ]
    assert (log.version, log.durable_version, log.end - log.durable_end) == (2, 2, 0)


def test_a_log_for_reading_knows_what_the_file_proves(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", log_image([ENTRIES[:2], ENTRIES[2:4]], mark=RECORDS_OFFSET))
    place = Place("p", memory_fs)
    log = place.log_of(place.read(writable=False))
    assert (log.version, log.durable_version) == (2, 1)
    assert log.end - log.durable_end == (log.end - RECORDS_OFFSET) // 2


# Putting in place


def test_a_new_log_is_written_whole_and_its_header_last(memory_fs: SimFileSystem) -> None:
    place = Place("p", memory_fs)
    place.lock()
    calls = Calls(memory_fs)
    log = place.create()
    assert calls.seen[:12] == [
        ("entropy", 8, 0),
        ("entropy", 8, 0),
        ("create_next", 0, 0),
        ("sync", 0, 0),
        ("write", 0, 8),
        ("sync", 0, 0),
        ("write", 0, RECORDS_OFFSET),
        ("sync", 0, 0),
        ("write", record.MARK_OFFSET, 12),
        ("sync", 0, 0),
        ("write", 0, 44),
        ("sync", 0, 0),
    ]
    assert all(name.startswith("replace") for name in calls.names()[12:])
    assert len(calls.seen) > 12
    assert (log.version, log.durable_version, log.end) == (0, 0, RECORDS_OFFSET)
    place.release()
    memory_fs.hook = None
    assert shown(memory_fs) == []


def test_what_is_prepared_is_put_in_place_with_its_records(memory_fs: SimFileSystem) -> None:
    place, current = a_database(memory_fs)
    following = place.prepare(current.file, place.new_header(1, 2, 2), PAYLOADS)
    assert (following.version, following.durable_version) == (4, 2)
    place.put(current.file, following)
    assert (following.version, following.durable_version) == (4, 4)
    assert following.end == following.durable_end
    place.release()
    assert memory_fs.handles == 0
    assert shown(memory_fs) == [key for key, _ in ENTRIES]


def test_a_failure_while_preparing_leaves_the_old_file_and_no_other(
    memory_fs: SimFileSystem,
) -> None:
    place, current = a_database(memory_fs)
    before = [image for image in memory_fs.images("p") if image]
    calls = Fault(memory_fs, OSError())
    place.prepare(current.file, FileHeader(SALT, ID, 1, 2, 2), PAYLOADS)
    place.discard(current.file)
    count = len(calls.names)
    assert calls.names[:6] == ["create_next", "write", "write", "sync", "write", "sync"]
    for error in (FAILURE, KeyboardInterrupt(), MemoryError()):
        for at in range(1, 7):
            calls = Fault(memory_fs, error, at)
            expected = StorageError if error is FAILURE else type(error)
            with pytest.raises(expected):
                place.prepare(current.file, FileHeader(SALT, ID, 1, 2, 2), PAYLOADS)
            memory_fs.hook = None
            left = [image for image in memory_fs.images("p") if image]
            assert left == before, f"{error!r} at call {at}, {calls.names[at - 1]}"
            assert memory_fs.handles == 1
    assert count > 6
    place.release()
    assert shown(memory_fs) == [b"1", b"2"]


def test_a_failed_cleaning_up_does_not_hide_why_preparing_failed(memory_fs: SimFileSystem) -> None:
    place, current = a_database(memory_fs)

    def refuse(name: str, where: str, effect: Callable[..., Any], arguments: Any, /) -> Any:
        if name == "sync" or name.startswith("discard_next"):
            raise OSError(errno.EIO, name)
        return effect(*arguments)

    memory_fs.hook = refuse
    with pytest.raises(StorageError, match="cannot sync 'p': sync"):
        place.prepare(current.file, FileHeader(SALT, ID, 1, 2, 2), PAYLOADS)
    memory_fs.hook = None
    assert memory_fs.handles == 1
    place.release()
    assert shown(memory_fs) == [b"1", b"2"]


def test_a_creation_that_fails_leaves_nothing_that_hinders_the_next(
    memory_fs: SimFileSystem,
) -> None:
    for at in range(1, 7):
        fs = SimFileSystem(memory_fs.style)
        place = Place("p", fs)
        place.lock()
        calls = Fault(fs, FAILURE, at)
        with pytest.raises(StorageError):
            place.create()
        fs.hook = None
        assert fs.handles == 0, calls.names
        place.release()
        assert shown(fs) == [], calls.names


@pytest.mark.parametrize("fate", ["old", "new", "tear"])
def test_a_crash_while_putting_leaves_the_whole_old_or_the_whole_new_state(
    memory_fs: SimFileSystem, fate: str
) -> None:
    states: set[bytes] = set()
    at = 0
    while True:
        at += 1
        fs = SimFileSystem(memory_fs.style)
        place, current = a_database(fs)
        following = place.prepare(current.file, FileHeader(SALT, ID, 1, 2, 2), PAYLOADS)
        fault = Fault(fs, Crash(), at, "after")
        try:
            place.put(current.file, following)
        except Crash:
            fs.hook = None
            fs.power_loss(fate)
            found = shown(fs)
            assert found in ([b"1", b"2"], [key for key, _ in ENTRIES]), fault.names
            states.add(found[0])
        else:
            break
    assert at > 3
    assert b"0000" in states


def test_a_failure_while_putting_comes_out_and_what_is_found_then_is_whole(
    memory_fs: SimFileSystem,
) -> None:
    for at in range(1, 4):
        fs = SimFileSystem(memory_fs.style)
        place, current = a_database(fs)
        following = place.prepare(current.file, FileHeader(SALT, ID, 1, 2, 2), PAYLOADS)
        fault = Fault(fs, FAILURE, at)
        with pytest.raises(StorageError, match="the device does not answer"):
            place.put(current.file, following)
        assert following.durable_version == 2, fault.names
        fs.hook = None
        place.release()
        assert shown(fs) in ([b"1", b"2"], [key for key, _ in ENTRIES]), fault.names


def test_a_compaction_is_a_snapshot_of_the_store_with_its_count(memory_fs: SimFileSystem) -> None:
    place, current = a_database(memory_fs)
    newer = Level({b"%04d" % number: b"value" for number in range(3)}).order()
    following = place.compact(current, place.snapshot_of(current), newer)
    assert (following.header.generation, following.header.snapshot_records) == (1, 1)
    assert (following.header.base_version, following.version) == (2, 3)
    place.put(current.file, following)
    place.release()
    assert shown(memory_fs) == [b"0000", b"0001", b"0002"]


def test_the_last_generation_has_no_next_one(memory_fs: SimFileSystem) -> None:
    place = Place("p", memory_fs)
    assert place.new_header(record.MAX_GENERATION, 0, 0).generation == record.MAX_GENERATION
    with pytest.raises(UsageError, match="no further generation"):
        place.new_header(record.MAX_GENERATION + 1, 0, 0)


# The right to write, and what a path is


def test_releasing_gives_back_the_lock_although_a_file_fails(memory_fs: SimFileSystem) -> None:
    place, _ = a_database(memory_fs)
    assert place.why_gone() is None
    Fault(memory_fs, FAILURE, 1)
    with pytest.raises(StorageError, match="cannot close 'p'"):
        place.release()
    assert place.why_gone() is not None
    memory_fs.hook = None
    memory_fs.lock("p").release()
    place.release()


def test_a_place_that_was_never_locked_is_nobodys_to_lose(memory_fs: SimFileSystem) -> None:
    assert Place("p", memory_fs).why_gone() is None


class Somewhere:
    def __fspath__(self) -> str:
        return "there"


@pytest.mark.parametrize(
    ("path", "text"), [("p", "p"), (Path("a/b"), "a/b"), (Somewhere(), "there")]
)
def test_a_path_is_a_str_or_says_which_one_it_is(path: object, text: str) -> None:
    assert text_path(path) == text


@pytest.mark.parametrize("path", ["", "a\0b", ":memory:"])
def test_a_text_that_is_no_path_is_a_value_error(path: str) -> None:
    with pytest.raises(UsageValueError, match="is no path"):
        text_path(path)


@pytest.mark.parametrize("path", [b"p", 7, None])
def test_what_is_no_text_is_a_type_error(path: object) -> None:
    with pytest.raises(UsageTypeError, match="path must be a str"):
        text_path(path)
