"""One writer at a time: locks, held by real processes and by this one."""

import errno
import fcntl
import gc
import os
import signal
import warnings
from pathlib import Path

import pytest
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import (
    FS,
    first_line,
    locker,
    open_count,
    refuse,
)

pytestmark = [
    pytest.mark.cpython,
    # Python 3.12 warns about every fork of a process with threads, and a test runner may have some.
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]


def test_a_lock_held_by_another_process_is_refused_until_it_ends(path: str) -> None:
    with locker(path) as other:
        assert first_line(other) == "locked"
        with pytest.raises(BlockingIOError, match=r"open for writing already.*\.lock"):
            FS.lock(path)
        other.communicate()
    FS.lock(path).release()


def test_another_process_is_refused_while_this_one_holds_the_lock(path: str) -> None:
    lock = FS.lock(path)
    with locker(path) as other:
        assert first_line(other) == "refused"
    lock.release()


def test_a_lock_dies_with_a_killed_holder(path: str) -> None:
    with locker(path) as other:
        assert first_line(other) == "locked"
        other.send_signal(signal.SIGKILL)
        other.wait()
        FS.lock(path).release()


def test_a_second_lock_in_the_same_process_is_refused(path: str) -> None:
    lock = FS.lock(path)
    with pytest.raises(BlockingIOError):
        FS.lock(path)
    assert lock.held
    lock.release()
    assert not lock.held
    assert lock.why_gone == "the lock was released"
    lock.release()


def test_a_refused_lock_leaves_no_descriptor_open(path: str) -> None:
    lock = FS.lock(path)
    before = open_count()
    with pytest.raises(BlockingIOError):
        FS.lock(path)
    assert open_count() == before
    lock.release()


def test_a_lock_that_the_file_system_does_not_know_is_an_error_and_no_lock(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_count()
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOTSUP))
    with pytest.raises(OSError, match="not supported") as caught:
        FS.lock(path)
    assert caught.value.errno == errno.ENOTSUP
    assert open_count() == before


def test_a_dropped_lock_is_released_without_a_word(path: str) -> None:
    lock = FS.lock(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del lock
        gc.collect()
    FS.lock(path).release()


def test_the_lock_file_is_never_replaced_or_removed(path: str) -> None:
    FS.lock(path).release()
    before = Path(path + ".lock").stat()
    FS.lock(path).release()
    after = Path(path + ".lock").stat()
    assert (before.st_ino, before.st_ctime_ns) == (after.st_ino, after.st_ctime_ns)


def test_a_release_is_not_undone_by_a_descriptor_that_a_new_program_still_holds(path: str) -> None:
    lock = FS.lock(path)
    copy = os.dup(lock.handle.descriptor())
    lock.release()
    FS.lock(path).release()
    os.close(copy)


def test_the_lock_file_of_root_belongs_to_the_owner_of_the_database(path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    Path(path).write_bytes(b"x")
    os.chown(path, 12345, 23456)
    lock = FS.lock(path)
    status = Path(path + ".lock").stat()
    assert (status.st_uid, status.st_gid) == (12345, 23456)
    lock.release()


@pytest.mark.parametrize("suffix", [".next", ".lock"])
def test_a_file_that_belongs_to_a_database_is_not_one(path: str, suffix: str) -> None:
    with pytest.raises(OSError, match="belong to a database") as caught:
        FS.lock(path + suffix)
    assert caught.value.errno == errno.EINVAL
    assert not Path(path + suffix + ".lock").exists()


def test_descriptors_are_not_inherited_by_new_programs(file: OsLogFile, path: str) -> None:
    lock = FS.lock(path)
    following = FS.create_next(path, file)
    for owned in (file.handle, lock.handle, following.handle):
        assert not os.get_inheritable(owned.descriptor())
    lock.release()
    following.close()
