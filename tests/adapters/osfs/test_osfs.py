"""What the adapter for the operating system does beyond the promises of the port.

The system calls it makes are watched or replaced by substitutes, because no test can wait for a
full disk, a Mac or a signal in the middle of a write. Locks, forks and killed holders are real.
"""

import errno
import fcntl
import gc
import importlib
import os
import signal
import socket
import stat
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import libredb_osfs
import pytest
from libredb_osfs import OsFileSystem, handle, sync
from libredb_osfs.lock import OsFileLock
from libredb_osfs.logfile import SMALL_BYTES, STEP_BYTES, OsLogFile

pytestmark = [
    pytest.mark.cpython,
    # Python 3.12 warns about every fork of a process with threads, and a test runner may have some.
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]

FS = OsFileSystem()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "app.libredb")


@pytest.fixture
def file(path: str) -> Iterator[OsLogFile]:
    """An open file of 100 bytes that was never synced."""
    Path(path).write_bytes(b"x" * 100)
    (opened,) = FS.open(path, writable=True)
    yield opened
    opened.close()


class Calls:
    """Stand between the adapter and one system call, and remember what passed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, module: Any = os) -> None:
        self.real: Callable[..., Any] = getattr(module, name)
        self.instead: Callable[..., Any] = self.real
        self.seen: list[tuple[Any, ...]] = []
        monkeypatch.setattr(module, name, self)

    def __call__(self, *arguments: Any) -> Any:
        self.seen.append(arguments)
        return self.instead(*arguments)


@pytest.fixture
def pwrite(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch, "pwrite")


def refuse(number: int) -> Callable[..., Any]:
    def refusing(*arguments: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return refusing


def in_child(check: Callable[[], bool]) -> bool:
    """Return what `check` says in a forked child."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if check() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def fails_with_ebadf(call: Callable[[], object]) -> bool:
    try:
        call()
    except OSError as error:
        return error.errno == errno.EBADF
    return False


# Reading and writing.


def test_a_short_write_is_continued_where_it_stopped(file: OsLogFile, pwrite: Calls) -> None:
    def at_most_seven(descriptor: int, data: memoryview, offset: int) -> int:
        return pwrite.real(descriptor, data[:7], offset)

    pwrite.instead = at_most_seven
    assert file.write(50, bytes(range(100))) == 100
    assert file.read(50, 100) == bytes(range(100))
    assert [offset for _, _, offset in pwrite.seen] == list(range(50, 150, 7))


def test_an_interrupted_write_is_continued(file: OsLogFile, pwrite: Calls) -> None:
    def interrupted_at_first(descriptor: int, data: bytes, offset: int) -> int:
        if len(pwrite.seen) % 2:
            raise InterruptedError
        return pwrite.real(descriptor, data[:60], offset)

    pwrite.instead = interrupted_at_first
    assert file.write(0, b"y" * 100) == 100
    assert file.read(0, 100) == b"y" * 100
    assert len(pwrite.seen) == 4


def test_a_write_that_takes_no_bytes_raises(file: OsLogFile, pwrite: Calls) -> None:
    pwrite.instead = lambda *_: 0
    with pytest.raises(OSError, match="no more bytes") as caught:
        file.write(0, b"y")
    assert caught.value.errno == errno.ENOSPC


def test_a_failed_write_raises_what_the_system_said(file: OsLogFile, pwrite: Calls) -> None:
    pwrite.instead = refuse(errno.EIO)
    with pytest.raises(OSError, match=r"[Ii]nput/output") as caught:
        file.write(0, b"y")
    assert caught.value.errno == errno.EIO


def test_a_write_inside_the_file_is_one_call(file: OsLogFile, pwrite: Calls) -> None:
    file.write(20, b"y" * 80)
    assert len(pwrite.seen) == 1


def test_short_and_interrupted_reads_go_on_to_the_end_of_the_file(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(0, bytes(range(100)))
    pread = Calls(monkeypatch, "pread")

    def stuttering(descriptor: int, length: int, offset: int) -> bytes:
        if len(pread.seen) % 3 == 1:
            raise InterruptedError
        return pread.real(descriptor, min(length, 30), offset)

    pread.instead = stuttering
    assert file.read(0, 100) == bytes(range(100))
    assert file.read(90, 100) == bytes(range(90, 100))
    assert file.read(100, 5) == b""


# Room reserved ahead.


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


def test_nothing_is_reserved_before_the_first_sync(path: str) -> None:
    following = FS.create_next(path, None)
    following.write(0, b"x" * 100)
    following.write(100, b"y" * 100)
    assert following.size() == 200
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
file = OsFileSystem().create_next(sys.argv[1], None)
file.write(0, b"x" * 100)
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


# Making durable.


def test_sync_is_fdatasync_where_there_is_one(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "FULL_SYNC", None)
    fdatasync, fsync = Calls(monkeypatch, "fdatasync"), Calls(monkeypatch, "fsync")
    file.sync()
    assert fdatasync.seen == [(file.handle.descriptor(),)]
    assert fsync.seen == []


def test_sync_is_fsync_where_there_is_no_fdatasync(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "FULL_SYNC", None)
    monkeypatch.delattr(os, "fdatasync")
    fsync = Calls(monkeypatch, "fsync")
    file.sync()
    assert fsync.seen == [(file.handle.descriptor(),)]


@pytest.fixture
def full_sync(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A macOS in which F_FULLFSYNC is 51."""
    monkeypatch.setattr(sync, "FULL_SYNC", 51)
    calls = Calls(monkeypatch, "fcntl", fcntl)
    calls.instead = lambda *_: 0
    return calls


def test_sync_empties_the_cache_of_the_drive_on_macos(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdatasync, fsync = Calls(monkeypatch, "fdatasync"), Calls(monkeypatch, "fsync")
    file.sync()
    assert full_sync.seen == [(file.handle.descriptor(), 51)]
    assert fdatasync.seen == fsync.seen == []


def test_the_directory_gets_the_same_full_sync_on_macos(path: str, full_sync: Calls) -> None:
    following = FS.create_next(path, None)
    FS.replace(path, None, following)
    FS.sync_directory(path)
    assert [command for _, command in full_sync.seen] == [51, 51]
    following.close()


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOTTY, errno.EINVAL])
def test_a_file_system_without_full_sync_gets_an_fsync(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    full_sync.instead = refuse(number)
    fsync = Calls(monkeypatch, "fsync")
    file.sync()
    assert fsync.seen == [(file.handle.descriptor(),)]


def test_a_full_sync_that_failed_is_not_followed_by_an_fsync(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_sync.instead = refuse(errno.EIO)
    fsync = Calls(monkeypatch, "fsync")
    with pytest.raises(OSError, match=r"[Ii]nput/output"):
        file.sync()
    assert fsync.seen == []


def test_replace_syncs_the_directory_after_the_rename(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[str, bool]] = []
    following = FS.create_next(path, None)
    fsync, rename = Calls(monkeypatch, "fsync"), Calls(monkeypatch, "replace")

    def note(descriptor: int) -> None:
        order.append(("fsync", stat.S_ISDIR(os.fstat(descriptor).st_mode)))
        fsync.real(descriptor)

    def note_rename(source: str, target: str) -> None:
        order.append(("rename", Path(source).exists()))
        rename.real(source, target)

    fsync.instead, rename.instead = note, note_rename
    FS.replace(path, None, following)
    assert order == [("rename", True), ("fsync", True)]
    FS.sync_directory(path)
    assert order[2:] == [("fsync", True)]
    following.close()


def test_a_directory_that_cannot_be_synced_is_an_error(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match=r"[Ii]nput/output"):
        FS.sync_directory(path)
    assert len(list(Path("/dev/fd").iterdir())) == before


# Closing.


def test_close_and_the_finalizer_sync_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(path).write_bytes(b"x")
    synced = [Calls(monkeypatch, name) for name in ("fsync", "fdatasync")]
    (file,) = FS.open(path, writable=True)
    file.write(0, b"y")
    file.close()
    file.close()
    dropped = list(FS.open(path, writable=True))
    with pytest.warns(ResourceWarning, match="left open"):
        dropped.clear()
    assert [calls.seen for calls in synced] == [[], []]


def test_a_dropped_file_is_closed_and_named_in_a_warning(path: str) -> None:
    Path(path).write_bytes(b"x")
    dropped = list(FS.open(path, writable=False))
    descriptor = dropped[0].handle.descriptor()
    with pytest.warns(ResourceWarning, match=r"left open: .*app\.libredb"):
        dropped.clear()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_dropped_file_is_closed_even_where_the_warning_is_an_error(path: str) -> None:
    program = """
import sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
import os
file = OsFileSystem().create_next(sys.argv[1], None)
descriptor = file.handle.descriptor()
del file
try:
    os.fstat(descriptor)
except OSError:
    print("closed")
"""
    command = [sys.executable, "-W", "error", "-c", program, path, *sys.path]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "closed\n"
    assert "ResourceWarning: libredb database left open" in done.stderr


def test_a_closed_file_says_so(file: OsLogFile) -> None:
    file.close()
    for call in (
        file.size,
        file.sync,
        lambda: file.read(0, 1),
        lambda: file.write(0, b""),
        lambda: file.truncate(0),
    ):
        with pytest.raises(OSError, match=r"the file is closed.*app\.libredb") as caught:
            call()
        assert caught.value.errno == errno.EBADF


def test_a_failure_to_close_is_raised_once_and_by_no_finalizer(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(path).write_bytes(b"x")
    (file,) = FS.open(path, writable=True)
    dropped = list(FS.open(path, writable=True))
    close = Calls(monkeypatch, "close")

    def failing(descriptor: int) -> None:
        close.real(descriptor)
        raise OSError(errno.EIO, "while closing")

    close.instead = failing
    with pytest.raises(OSError, match="while closing"):
        file.close()
    file.close()
    with pytest.warns(ResourceWarning, match="left open"):
        dropped.clear()
    assert len(close.seen) == 2


# The lock.


LOCKER = """
import sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
try:
    lock = OsFileSystem().lock(sys.argv[1])
except BlockingIOError:
    print("refused", flush=True)
else:
    print("locked", flush=True)
    sys.stdin.read()
"""


def locker(path: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", LOCKER, path, *sys.path]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


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
    lock.release()


def test_a_refused_lock_leaves_no_descriptor_open(path: str) -> None:
    lock = FS.lock(path)
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(BlockingIOError):
        FS.lock(path)
    assert len(list(Path("/dev/fd").iterdir())) == before
    lock.release()


def test_a_lock_that_the_file_system_does_not_know_is_an_error_and_no_lock(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOTSUP))
    with pytest.raises(OSError, match="not supported") as caught:
        FS.lock(path)
    assert caught.value.errno == errno.ENOTSUP
    assert len(list(Path("/dev/fd").iterdir())) == before


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


# Forks.


def test_a_forked_child_holds_no_lock_and_takes_none_from_its_parent(path: str) -> None:
    lock = FS.lock(path)

    def child() -> bool:
        gone = not lock.held
        lock.release()
        try:
            FS.lock(path)
        except BlockingIOError:
            return gone
        return False

    assert in_child(child)
    assert lock.held
    with locker(path) as other:
        assert first_line(other) == "refused"
    lock.release()


def test_a_forked_child_that_lives_on_does_not_keep_the_lock(path: str) -> None:
    """Without the hook the child's copy of the descriptor would hold the lock for the parent."""
    program = """
import os, sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
lock = OsFileSystem().lock(sys.argv[1])
ready, started = os.pipe()
if os.fork() == 0:
    os.write(started, b"!")
    sys.stdin.read()
    os._exit(0)
os.read(ready, 1)
print("locked", flush=True)
os.kill(os.getpid(), 9)
"""
    command = [sys.executable, "-c", program, path, *sys.path]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as parent:
        assert first_line(parent) == "locked"
        parent.wait()
        FS.lock(path).release()


def test_every_operation_of_a_file_from_before_a_fork_says_why_it_fails(file: OsLogFile) -> None:
    def child() -> bool:
        try:
            file.write(0, b"!")
        except OSError as error:
            said = "opened before this process was forked" in str(error)
        else:
            said = False
        operations: list[Callable[[], object]] = [
            file.size,
            file.sync,
            lambda: file.read(0, 1),
            lambda: file.write(0, b""),
            lambda: file.truncate(0),
        ]
        file.close()
        return said and all(fails_with_ebadf(operation) for operation in operations)

    assert in_child(child)
    assert file.read(0, 100) == b"x" * 100
    file.write(0, b"parent")


def test_a_forked_child_cannot_put_its_parents_file_in_place(file: OsLogFile, path: str) -> None:
    following = FS.create_next(path, file)
    following.write(0, b"unfinished")
    assert in_child(lambda: fails_with_ebadf(lambda: FS.replace(path, file, following)))
    assert in_child(lambda: fails_with_ebadf(lambda: FS.create_next(path, file)))
    assert Path(path).read_bytes() == b"x" * 100
    assert following.read(0, 10) == b"unfinished"
    following.close()


def test_a_forked_child_drops_its_parents_files_without_a_warning(path: str) -> None:
    Path(path).write_bytes(b"x")
    files = list(FS.open(path, writable=False))

    def child() -> bool:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            files.clear()
            gc.collect()
        return not caught

    assert in_child(child)
    files.pop().close()


def test_a_number_the_child_has_reused_is_not_closed_by_a_file_from_before_the_fork(
    file: OsLogFile,
) -> None:
    descriptor = file.handle.descriptor()

    def child() -> bool:
        reused = os.open(os.devnull, os.O_RDONLY)
        file.close()
        os.fstat(reused)
        return reused == descriptor

    assert in_child(child)


def test_a_file_closed_before_the_fork_says_closed_in_the_child(file: OsLogFile) -> None:
    file.close()
    file.handle.give_up_after_fork()
    with pytest.raises(OSError, match="the file is closed"):
        file.size()


def test_the_hook_for_children_gives_up_every_handle(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Call it here, because a child takes what was measured about it to its grave."""
    lock = OsFileLock(path)
    monkeypatch.setattr(handle, "_handles", WeakSet([file.handle, lock.handle]))
    handle._give_up_all()
    assert not lock.held
    assert not file.handle.is_open


def test_giving_up_in_the_child_survives_a_close_that_fails(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = OsFileLock(path)
    close = Calls(monkeypatch, "close")

    def failing(descriptor: int) -> None:
        close.real(descriptor)
        raise OSError(errno.EIO, "while closing")

    close.instead = failing
    lock.handle.give_up_after_fork()
    assert not lock.held


# Paths.


def test_a_symbolic_link_and_its_target_share_one_lock(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    link = str(tmp_path / "folder" / "link")
    Path(link).symlink_to(path)
    lock = FS.lock(link)
    with pytest.raises(BlockingIOError):
        FS.lock(path)
    assert Path(path + ".lock").exists()
    assert not Path(link + ".lock").exists()
    lock.release()


def test_replace_through_a_symbolic_link_replaces_its_target(tmp_path: Path, path: str) -> None:
    link = str(tmp_path / "link")
    Path(link).symlink_to("app.libredb")
    for content, current in ((b"created", None), (b"replaced", "found")):
        old = FS.open(link, writable=True)[0] if current else None
        following = FS.create_next(link, old)
        following.write(0, content)
        FS.replace(link, old, following)
        following.close()
        if old is not None:
            assert old.read(0, 99) == b"created"
            old.close()
        assert Path(link).is_symlink()
        assert Path(path).read_bytes() == content
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["app.libredb", "link"]


def test_an_open_file_is_replaced_where_it_is_after_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    first = FS.create_next("app.libredb", None)
    FS.replace("app.libredb", None, first)
    monkeypatch.chdir(tmp_path / "elsewhere")
    second = FS.create_next("app.libredb", first)
    second.write(0, b"second")
    FS.replace("app.libredb", first, second)
    FS.create_next("app.libredb", second).close()
    FS.discard_next("app.libredb", second)
    first.close()
    second.close()
    assert (tmp_path / "app.libredb").read_bytes() == b"second"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "app.libredb.next").exists()


def test_a_path_with_nothing_behind_it_opens_as_nothing(tmp_path: Path, path: str) -> None:
    assert list(FS.open(path, writable=True)) == []
    assert list(FS.open(str(tmp_path / "no" / "folder"), writable=False)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_parent_is_a_missing_file_to_whoever_wants_to_write(tmp_path: Path) -> None:
    path = str(tmp_path / "no" / "folder")
    for call in (
        lambda: FS.lock(path),
        lambda: FS.create_next(path, None),
        lambda: FS.sync_directory(path),
    ):
        with pytest.raises(FileNotFoundError):
            call()


def test_a_parent_that_is_a_file_is_no_directory(path: str) -> None:
    Path(path).write_bytes(b"x")
    for call in (lambda: FS.lock(path + "/db"), lambda: FS.open(path + "/db", writable=False)):
        with pytest.raises(NotADirectoryError):
            call()


@pytest.mark.parametrize("writable", [False, True])
def test_a_directory_is_refused(tmp_path: Path, *, writable: bool) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(IsADirectoryError):
        FS.open(str(tmp_path), writable=writable)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_path_that_cannot_be_a_database_leaves_no_lock_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IsADirectoryError):
        FS.lock(str(tmp_path / "folder"))
    with pytest.raises(OSError, match="not a regular file"):
        FS.lock(str(tmp_path / "pipe"))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "pipe"]


@pytest.mark.parametrize("writable", [False, True])
def test_a_pipe_is_refused_without_waiting_for_its_other_end(path: str, *, writable: bool) -> None:
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file") as caught:
        FS.open(path, writable=writable)
    assert caught.value.errno == errno.EINVAL


def test_a_device_and_a_socket_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        FS.open(os.devnull, writable=True)
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(OSError, match=r"[Nn]o such device"):
            FS.open("socket", writable=False)


@pytest.mark.parametrize("name", ["nul\0byte", "surrogate\ud800"])
def test_a_name_the_system_cannot_have_is_an_os_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="no such file names") as caught:
        FS.open(str(tmp_path / name), writable=False)
    assert caught.value.errno == errno.EINVAL


def test_a_name_that_is_not_utf8_works(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(str(tmp_path)) + b"/caf\xe9")
    following = FS.create_next(path, None)
    FS.replace(path, None, following)
    following.close()
    assert [os.fsencode(entry.name) for entry in tmp_path.iterdir()] == [b"caf\xe9"]


def test_a_read_only_file_opens_for_reading_alone(path: str) -> None:
    Path(path).write_bytes(b"x")
    Path(path).chmod(0o400)
    (file,) = FS.open(path, writable=False)
    for call in (lambda: file.write(0, b"y"), lambda: file.truncate(0)):
        with pytest.raises(OSError, match=r"descriptor|argument"):
            call()
    file.close()
    assert Path(path).read_bytes() == b"x"


def test_a_file_without_write_permission_is_refused_for_writing(path: str) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write to every file")
    Path(path).write_bytes(b"x")
    Path(path).chmod(0o400)
    with pytest.raises(PermissionError):
        FS.open(path, writable=True)


# The next file.


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_replace_keeps_the_permissions_of_the_file(path: str, mode: int) -> None:
    Path(path).write_bytes(b"x")
    Path(path).chmod(mode)
    (current,) = FS.open(path, writable=True)
    following = FS.create_next(path, current)
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == mode
    FS.replace(path, current, following)
    assert stat.S_IMODE(Path(path).stat().st_mode) == mode
    current.close()
    following.close()


def test_a_next_file_is_private_until_it_has_the_permissions_of_the_current_one(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(path).chmod(0o644)
    monkeypatch.setattr(os, "fchmod", refuse(errno.EPERM))
    following = FS.create_next(path, file)
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == 0o600
    following.close()


def test_a_new_database_gets_what_the_umask_leaves(path: str) -> None:
    before = os.umask(0o027)
    try:
        FS.create_next(path, None).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == 0o640


def test_replace_keeps_the_owner_where_it_may(path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    Path(path).write_bytes(b"x")
    os.chown(path, 12345, 23456)
    Path(path).chmod(0o640)
    (current,) = FS.open(path, writable=True)
    following = FS.create_next(path, current)
    status = Path(path + ".next").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 23456, 0o640)
    current.close()
    following.close()


def test_the_owner_is_tried_then_the_group_alone_then_neither(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fchown = Calls(monkeypatch, "fchown")
    fchown.instead = refuse(errno.EPERM)
    FS.create_next(path, file).close()
    status = Path(path).stat()
    assert [arguments[1:] for arguments in fchown.seen] == [
        (status.st_uid, status.st_gid),
        (-1, status.st_gid),
    ]


def test_a_left_over_next_file_is_removed_and_not_written_through(
    tmp_path: Path, path: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    Path(path + ".next").symlink_to(precious)
    following = FS.create_next(path, None)
    following.write(0, b"overwritten?")
    following.close()
    assert precious.read_bytes() == b"precious"
    following = FS.create_next(path, None)
    assert following.size() == 0
    following.close()


def test_discard_next_removes_what_is_there_and_nothing_else(file: OsLogFile, path: str) -> None:
    FS.create_next(path, file).close()
    FS.discard_next(path, file)
    FS.discard_next(path, file)
    assert not Path(path + ".next").exists()
    assert Path(path).read_bytes() == b"x" * 100


def test_the_replaced_file_stays_open_until_the_kernel_closes_it(
    file: OsLogFile, path: str
) -> None:
    following = FS.create_next(path, file)
    following.write(0, b"following")
    FS.replace(path, file, following)
    assert file.read(0, 100) == b"x" * 100
    assert following.handle.path == path
    following.close()


# The import.


@pytest.mark.parametrize("platform", ["win32", "emscripten", "wasi"])
def test_importing_says_what_is_missing_on_other_platforms(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(ImportError, match=rf"needs a POSIX system.*{platform}"):
        importlib.reload(libredb_osfs)
