"""A group: leaving the block syncs its commits together and is their acknowledgement."""

import errno
import threading

import pytest

import libredb
from libredb import Database, DatabaseFailedError, FileSystem, GroupCommit, StorageError, UsageError
from sim.world.filesystem import Crash, SimFileSystem
from tests.support.calls import DATABASE
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.work import commit, keys, setting


def test_commits_inside_are_appended_at_once_and_synced_together_at_the_end(
    memory_fs: SimFileSystem,
) -> None:
    db = libredb.open("p", fs=memory_fs)
    calls = Fault(memory_fs, OSError())
    with db.group():
        commit(db, b"1", b"2", b"3")
        assert calls.names == ["write"] * 3
        assert (db.version, db.durable_version, db.pending_commits) == (3, 0, 3)
        assert keys(db) == [b"1", b"2", b"3"]
    assert calls.names == ["write"] * 3 + ["sync"]
    assert (db.durable_version, db.pending_commits, db.pending_bytes) == (3, 0, 0)


def test_nothing_is_at_risk_once_the_block_was_left(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    with db.group():
        commit(db, b"1", b"2")
    memory_fs.power_loss("old", entries="old")
    assert keys(libredb.open("p", fs=memory_fs)) == [b"1", b"2"]


def test_a_power_loss_inside_takes_the_last_commits_only(memory_fs: SimFileSystem) -> None:
    for seed in range(20):
        with case(seed=seed):
            fs = SimFileSystem(memory_fs.style, seed=seed)
            db = libredb.open("p", fs=fs)
            commit(db, b"0")
            Fault(fs, Crash(), 8)
            with pytest.raises(Crash), db.group():
                commit(db, *(b"%d" % number + bytes(600) for number in range(1, 8)))
            fs.hook = None
            fs.power_loss()
            found = [key[:1] for key in keys(libredb.open("p", fs=fs))]
            assert found == [b"%d" % number for number in range(max(1, len(found)))]


def test_an_exception_inside_still_syncs_what_was_committed_before_it(
    memory_fs: SimFileSystem,
) -> None:
    db = libredb.open("p", fs=memory_fs)

    def work() -> None:
        with db.group():
            commit(db, b"1", b"2")
            with db.transaction() as tx:
                tx.set(b"aborted", b"")
                raise LookupError

    with pytest.raises(LookupError):
        work()
    assert db.durable_version == 2
    memory_fs.power_loss("old")
    assert keys(libredb.open("p", fs=memory_fs)) == [b"1", b"2"]


def fails_inside(db: Database, fs: SimFileSystem, *, swallow: bool) -> None:
    with db.group():
        commit(db, b"1")
        Fault(fs, OSError(errno.EIO, "no"), 1)
        try:
            commit(db, b"2")
        except StorageError:
            if not swallow:
                raise


@pytest.mark.parametrize("swallow", [False, True], ids=["passed on", "swallowed"])
def test_leaving_a_latched_group_raises_and_syncs_nothing(
    memory_fs: SimFileSystem, *, swallow: bool
) -> None:
    db = libredb.open("p", fs=memory_fs)
    with pytest.raises(DatabaseFailedError if swallow else StorageError):
        fails_inside(db, memory_fs, swallow=swallow)
    assert isinstance(memory_fs.hook, Fault)
    assert memory_fs.hook.names == ["write"]
    with pytest.raises(DatabaseFailedError):
        db.get(b"1")


def test_a_failed_sync_at_the_end_latches(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)

    def work(error: type[Exception] | None) -> None:
        with db.group():
            commit(db, b"1")
            Fault(memory_fs, OSError(errno.EIO, "no"), 1)
            if error is not None:
                raise error

    with pytest.raises(StorageError) as caught:
        work(LookupError)
    assert isinstance(caught.value.__context__, OSError)
    with pytest.raises(DatabaseFailedError):
        work(None)


INSIDE = [name for name, call in DATABASE.items() if call.in_group]
NOT_INSIDE = [name for name, call in DATABASE.items() if not call.in_group]


def test_what_cannot_be_in_a_group_is_refused_and_the_group_goes_on(
    fs: FileSystem, db_path: str
) -> None:
    for db in (libredb.open(db_path, fs=fs), libredb.open()):
        with db.group():
            commit(db, b"1")
            for name in NOT_INSIDE:
                with case(call=name), pytest.raises(UsageError, match="inside a group"):
                    DATABASE[name].run(db)
            commit(db, b"2")
        assert keys(db) == [b"1", b"2"]
        assert db.pending_commits == 0
        db.close()


@pytest.mark.parametrize("call", INSIDE)
def test_what_can_be_in_a_group_sees_it_and_leaves_it_as_it_was(
    memory_fs: SimFileSystem, call: str
) -> None:
    db = libredb.open("p", fs=memory_fs)
    calls = Fault(memory_fs, OSError())
    with db.group():
        commit(db, b"k", b"2")
        DATABASE[call].run(db)
        assert calls.names.count("sync") == (call == "sync()")
        commit(db, b"3")
        assert keys(db) == [b"2", b"3", b"k"]
    assert db.pending_commits == 0


def test_transactions_reads_and_syncs_are_allowed_inside(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db, db.group():
        db.transact(setting(b"1"))
        with db.transaction() as tx:
            tx.set(b"2", b"")
        db.sync()
        assert (db.version, db.durable_version) == (2, 2)
        with db.read() as tx:
            assert tx.get(b"2") == b""
        assert db.get(b"1") == b""
        commit(db, b"3")
        assert db.pending_commits == 1


def test_the_limits_of_a_window_do_not_apply_inside(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=2, size_bytes=1))
    with db.group():
        commit(db, b"1", b"2", b"3")
        assert db.pending_commits == 3
    assert db.pending_commits == 0


def test_leaving_the_block_syncs_what_was_pending_before_it(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=9))
    commit(db, b"1")
    with db.group():
        assert db.pending_commits == 1
    assert db.pending_commits == 0


def test_a_group_without_commits_asks_nothing_of_the_storage(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    calls = Fault(memory_fs, OSError())
    with db.group():
        pass
    assert calls.names == []


@pytest.mark.cpython
def test_other_threads_see_no_commit_before_it_is_durable(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        started = threading.Event()
        seen: list[tuple[list[bytes], int]] = []

        def look() -> None:
            started.set()
            with db.read() as tx:
                seen.append(([key for key, _ in tx.scan()], db.pending_commits))

        thread = threading.Thread(target=look)
        with db.group():
            commit(db, b"1")
            thread.start()
            started.wait()
            commit(db, b"2")
        thread.join()
        assert seen == [([b"1", b"2"], 0)]
