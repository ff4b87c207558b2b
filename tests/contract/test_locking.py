"""One writer at a time, in all processes; the right to write ends with whoever holds it."""

import os
import signal
import subprocess
import sys
import threading

import pytest

import libredb
from libredb import DatabaseLockedError, FileSystem, StorageError, UsageError
from tests.support.calls import REFUSABLE
from tests.support.case import case
from tests.support.work import commit, keys

HOLDER = """
import sys
sys.path[:0] = sys.argv[2:]
import libredb
db = libredb.open(sys.argv[1])
print(db.version, flush=True)
sys.stdin.read()
"""


def test_a_second_opening_for_writing_is_refused_and_the_first_goes_on(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"1")
        for _ in range(2):
            with pytest.raises(DatabaseLockedError, match="close it there first") as caught:
                libredb.open(db_path, fs=fs)
            assert isinstance(caught.value, BlockingIOError)
            assert isinstance(caught.value, StorageError)
        commit(db, b"2")
        assert keys(db) == [b"1", b"2"]
    libredb.open(db_path, fs=fs).close()


def test_the_lock_stays_when_compaction_replaces_the_file(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        db.compact()
        with pytest.raises(DatabaseLockedError):
            libredb.open(db_path, fs=fs)


@pytest.mark.cpython
def test_another_process_is_refused_until_the_holder_is_killed(db_path: str) -> None:
    with libredb.open(db_path) as db:
        commit(db, b"k")
    command = [sys.executable, "-c", HOLDER, db_path, *sys.path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"1\n"
        with pytest.raises(DatabaseLockedError):
            libredb.open(db_path)
        holder.kill()
        holder.wait()
        with libredb.open(db_path) as db:
            assert keys(db) == [b"k"]


@pytest.mark.cpython
def test_a_database_that_is_dropped_gives_its_lock_back_without_syncing(db_path: str) -> None:
    held = [libredb.open(db_path, group_commit=libredb.GroupCommit(commits=9))]
    commit(held[0], b"k")
    with pytest.warns(ResourceWarning, match="left open"):
        held.clear()
    reports: list[libredb.RecoveryReport] = []
    with libredb.open(db_path, on_recovery=reports.append) as db:
        assert keys(db) == [b"k"]
    assert (reports[0].version, reports[0].durable_version) == (1, 0)


@pytest.mark.cpython
def test_a_forked_child_cannot_use_the_database_and_does_it_no_harm(db_path: str) -> None:
    with libredb.open(db_path) as db:
        commit(db, b"k")
        child = os.fork()
        if child == 0:
            os._exit(what_a_child_finds(db))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with pytest.raises(DatabaseLockedError):
            libredb.open(db_path)
        commit(db, b"later")
    with libredb.open(db_path) as db:
        assert keys(db) == [b"k", b"later"]


def what_a_child_finds(db: libredb.Database) -> int:
    """Return 0 if everything is refused and closing is harmless."""
    status = 1
    signal.alarm(60)  # a child that waits for ever ends like this, and the test fails
    try:
        for name, call in REFUSABLE.items():
            with case(call=name), pytest.raises(UsageError, match="before a fork"):
                call(db)
        db.close()
        db.close()
        status = 0
    finally:
        os._exit(status)


@pytest.mark.cpython
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_forked_while_a_thread_is_writing_is_refused_and_does_not_wait(
    db_path: str,
) -> None:
    with libredb.open(db_path) as db:
        inside, leave = threading.Event(), threading.Event()

        def write() -> None:
            with db.transaction() as tx:
                tx.set(b"k", b"")
                inside.set()
                leave.wait()

        thread = threading.Thread(target=write)
        thread.start()
        inside.wait()
        child = os.fork()
        if child == 0:
            os._exit(what_a_child_finds(db))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        leave.set()
        thread.join()
        assert (status, keys(db)) == (0, [b"k"])
