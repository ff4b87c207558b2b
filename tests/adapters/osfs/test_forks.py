"""A forked child has neither the files nor the lock of its parent, and does them no harm."""

import errno
import gc
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet

import pytest
from libredb_osfs import handle
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS, Calls, fails_with_ebadf, first_line, in_child, locker

pytestmark = [
    pytest.mark.cpython,
    # Python 3.12 warns about every fork of a process with threads, and a test runner may have some.
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]


def test_a_forked_child_holds_no_lock_and_takes_none_from_its_parent(path: str) -> None:
    lock = FS.lock(path)

    def child() -> bool:
        gone = not lock.held and "before a fork" in lock.why_gone
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
    lock = FS.lock(path)
    monkeypatch.setattr(handle, "_handles", WeakSet([file.handle, lock.handle]))
    handle._give_up_all()
    assert not lock.held
    assert lock.why_gone == "the database was opened before a fork; open it again in the child"
    assert not file.handle.is_open


def test_giving_up_in_the_child_survives_a_close_that_fails(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = FS.lock(path)
    close = Calls(monkeypatch, "close")

    def failing(descriptor: int) -> None:
        close.real(descriptor)
        raise OSError(errno.EIO, "while closing")

    close.instead = failing
    lock.handle.give_up_after_fork()
    assert not lock.held
