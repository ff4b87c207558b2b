"""Room is kept ahead where it spares a commit the journal, and never becomes an error."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from libredb_osfs.logfile import SMALL_BYTES, STEP_BYTES, OsLogFile

from tests.adapters.osfs.support import FS, Calls, refuse

pytestmark = pytest.mark.cpython


def test_the_first_growth_after_a_sync_reserves_up_to_the_next_mebibyte(
    file: OsLogFile, pwrite: Calls
) -> None:
    file.sync()
    file.write(100, b"y" * 50)
    assert file.size() == STEP_BYTES
    assert file.read(0, STEP_BYTES) == (b"x" * 100 + b"y" * 50).ljust(STEP_BYTES, b"\0")
    (zeros, data) = pwrite.seen
    assert (zeros[2], len(zeros[1]), any(zeros[1])) == (100, STEP_BYTES - 100, False)
    assert (data[2], len(data[1])) == (100, 50)


def test_a_write_inside_the_reserved_room_is_one_call(file: OsLogFile, pwrite: Calls) -> None:
    file.sync()
    file.write(100, b"y" * 50)
    pwrite.seen.clear()
    for offset in range(150, 2000, 50):
        file.write(offset, b"y" * 50)
        file.sync()
    assert len(pwrite.seen) == len(range(150, 2000, 50))
    assert file.size() == STEP_BYTES


def test_room_is_reserved_again_when_it_is_used_up(file: OsLogFile) -> None:
    offset = 100
    for _ in range(40):
        file.sync()
        file.write(offset, b"y" * SMALL_BYTES)
        offset += SMALL_BYTES
    assert file.size() == 3 * STEP_BYTES
    assert file.read(0, offset) == b"x" * 100 + b"y" * (40 * SMALL_BYTES)
    assert not any(file.read(offset, STEP_BYTES))


def test_nothing_is_reserved_in_a_file_that_is_not_the_database_yet(path: str) -> None:
    """A next file that was synced once had room, and its header was not on the disk yet."""
    following = FS.create_next(path, None)
    for end in range(100, 1000, 100):
        following.write(end - 100, b"x" * 100)
        following.sync()
        assert following.size() == end
    FS.replace(path, None, following)
    following.write(900, b"y")
    assert following.size() == STEP_BYTES
    following.close()


def test_a_file_that_was_opened_is_not_reserved_for_before_a_sync(file: OsLogFile) -> None:
    file.write(100, b"y")
    assert file.size() == 101


def test_the_second_growth_without_a_sync_reserves_nothing(file: OsLogFile, pwrite: Calls) -> None:
    file.sync()
    file.write(100, b"y" * 50)
    file.write(STEP_BYTES, b"z" * 50)
    assert file.size() == STEP_BYTES + 50
    assert len(pwrite.seen) == 3
    file.sync()
    file.write(STEP_BYTES + 50, b"z")
    assert file.size() == 2 * STEP_BYTES


def test_growth_while_a_sync_runs_is_not_covered_by_it(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may write while this one syncs."""
    fdatasync = Calls(monkeypatch, "fdatasync")

    def slow(descriptor: int) -> None:
        file.write(100, b"y")
        fdatasync.real(descriptor)

    fdatasync.instead = slow
    file.sync()
    file.write(101, b"z")
    assert file.size() == 102
    fdatasync.instead = fdatasync.real
    file.sync()
    file.write(102, b"z")
    assert file.size() == STEP_BYTES


def test_a_rewrite_inside_the_file_does_not_use_up_the_right_to_reserve(file: OsLogFile) -> None:
    file.sync()
    file.write(0, b"a durable mark")
    file.write(100, b"y")
    assert file.size() == STEP_BYTES


@pytest.mark.parametrize(
    ("offset", "length", "size"),
    [
        (100, SMALL_BYTES, STEP_BYTES),
        (100, SMALL_BYTES + 1, 100 + SMALL_BYTES + 1),
        (100 + SMALL_BYTES, 1, 100 + SMALL_BYTES + 1),
        (0, 100 + SMALL_BYTES, STEP_BYTES),
    ],
)
def test_only_little_growth_is_worth_room(
    file: OsLogFile, offset: int, length: int, size: int
) -> None:
    file.sync()
    file.write(offset, b"y" * length)
    assert file.size() == size


def test_zeros_never_go_where_another_handle_has_put_bytes(file: OsLogFile, path: str) -> None:
    file.sync()
    with Path(path).open("ab") as other:
        other.write(b"longer than the adapter knows" * 9)
    before = Path(path).read_bytes()
    file.write(100, b"y")
    assert Path(path).read_bytes() == before[:100] + b"y" + before[101:]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_refused_room_is_given_back_and_is_not_a_failed_write(
    file: OsLogFile, pwrite: Calls, number: int
) -> None:
    def full(descriptor: int, data: memoryview, offset: int) -> int:
        if offset > 4096:
            raise OSError(number, os.strerror(number))
        return pwrite.real(descriptor, data[:4096], offset)

    pwrite.instead = full
    file.sync()
    assert file.write(100, b"y" * 50) == 50
    assert file.size() == 150
    assert file.read(0, 999) == b"x" * 100 + b"y" * 50


def test_refused_room_is_not_asked_for_again_before_the_log_has_grown_through_it(
    file: OsLogFile, pwrite: Calls
) -> None:
    def no_room(descriptor: int, data: memoryview, offset: int) -> int:
        if len(data) > SMALL_BYTES:
            raise OSError(errno.ENOSPC, "no space")
        return pwrite.real(descriptor, data, offset)

    pwrite.instead = no_room
    vain = 0
    offset = 100
    while offset <= STEP_BYTES:
        file.sync()
        pwrite.seen.clear()
        file.write(offset, b"y" * SMALL_BYTES)
        offset += SMALL_BYTES
        vain += len(pwrite.seen) - 1
        assert file.size() == offset
    assert vain == 2, "once in each of the two steps it wrote to"
    pwrite.instead = pwrite.real
    file.truncate(100)
    file.sync()
    file.write(100, b"y")
    assert file.size() == STEP_BYTES, "a truncate gave space back, so it may ask again"


def test_room_that_cannot_even_be_given_back_is_kept(
    file: OsLogFile, pwrite: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: memoryview, offset: int) -> int:
        if offset > 4096:
            raise OSError(errno.ENOSPC, "no space")
        return pwrite.real(descriptor, data[:4096], offset)

    pwrite.instead = full
    monkeypatch.setattr(os, "ftruncate", refuse(errno.EIO))
    file.sync()
    assert file.write(100, b"y" * 50) == 50
    assert file.read(0, 9999) == (b"x" * 100 + b"y" * 50).ljust(4196, b"\0")


def test_a_real_limit_on_file_sizes_refuses_the_room_and_not_the_write(path: str) -> None:
    program = """
import resource, sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
(file,) = OsFileSystem().open(sys.argv[1], writable=True)
file.sync()
file.write(100, b"y" * 100)
assert file.size() == 200, file.size()
file.sync()
try:
    file.write(4900, b"z" * 200)
except OSError:
    file.close()
else:
    raise AssertionError("written over the limit")
"""
    Path(path).write_bytes(b"x" * 100)
    subprocess.run([sys.executable, "-c", program, path, *sys.path], check=True)


def test_truncate_drops_the_room_and_the_next_growth_waits_for_a_sync(file: OsLogFile) -> None:
    file.sync()
    file.write(100, b"y")
    file.truncate(101)
    assert file.size() == 101
    file.write(101, b"z")
    assert file.size() == 102
    file.sync()
    file.write(102, b"z")
    assert file.size() == STEP_BYTES
