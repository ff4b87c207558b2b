"""The database commits in one order, and its properties tell what is known."""

from typing import Any

import pytest

import libredb
from libredb import GroupCommit, StorageError, UsageError, UsageValueError
from libredb.kernel import record
from libredb.kernel.block import ENTRY_OVERHEAD
from libredb.kernel.guard import owned
from libredb.kernel.store import OrderedStore
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.work import commit, setting


@pytest.mark.parametrize(("commits", "size_bytes"), [(0, 1), (-1, 1), (1, 0), (1, -5)])
def test_a_window_needs_bounds_of_one_or_more(commits: int, size_bytes: int) -> None:
    with pytest.raises(UsageValueError, match="1 or more"):
        GroupCommit(commits=commits, size_bytes=size_bytes)


def test_a_window_of_one_commit_is_the_default() -> None:
    db = libredb.open("p", fs=SimFileSystem())
    assert db._commits._window == GroupCommit(commits=1)


def test_one_shot_reads_are_transactions_of_their_own() -> None:
    db = libredb.open()
    commit(db, b"a", b"b", b"c")
    assert db.get(b"b") == b""
    assert db.get(b"x") is None
    assert [key for key, _ in db.scan(b"a", b"c", reverse=True)] == [b"b", b"a"]
    assert [key for key, _ in db.scan(limit=1)] == [b"a"]
    assert db.version == 3


def test_a_one_shot_scan_may_be_read_while_commits_go_on() -> None:
    db = libredb.open()
    commit(db, b"a", b"b")
    seen: list[bytes] = []
    for key, _ in db.scan():
        commit(db, b"later " + key)
        seen.append(key)
    assert seen == [b"a", b"b"]


def test_the_properties_tell_sizes_and_versions(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=3))
    assert (db.path, db.mode, db.closed) == ("p", "rwc", False)
    assert (db.version, db.durable_version, db.log_bytes, db.live_bytes) == (0, 0, 8192, 0)
    commit(db, b"key")
    assert (db.version, db.durable_version, db.pending_commits) == (1, 0, 1)
    assert db.live_bytes == len(b"key") + ENTRY_OVERHEAD
    record_bytes = record.RECORD_HEADER_LENGTH + record.SET_OVERHEAD + len(b"key")
    assert db.pending_bytes == record_bytes == db.log_bytes - 8192
    db.close()
    assert db.closed
    assert (db.version, db.durable_version, db.pending_commits) == (1, 1, 0)


def test_what_is_not_known_to_be_applied_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for db in (libredb.open("p", fs=SimFileSystem()), libredb.open()):
        with monkeypatch.context() as patch:
            patch.setattr(OrderedStore, "apply", interrupt)
            with pytest.raises(KeyboardInterrupt):
                commit(db, b"k")
        with pytest.raises(libredb.DatabaseFailedError):
            db.get(b"k")
        db.close()


def test_leaving_the_block_closes_and_passes_a_storage_error_on(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    with pytest.raises(StorageError), db:
        Fault(memory_fs, OSError("no"), 1)
    assert db.closed


def test_leaving_the_block_does_not_mask_an_exception(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)

    def work() -> None:
        with db:
            Fault(memory_fs, OSError("no"), 1)
            raise LookupError

    with pytest.raises(LookupError):
        work()
    assert db.closed


def test_a_failed_close_gives_lock_and_file_back(memory_fs: SimFileSystem) -> None:
    for at in (1, 2, 3, 4, 5):
        db = libredb.open("p", fs=memory_fs)
        Fault(memory_fs, OSError("no"), at)
        with pytest.raises(StorageError):
            db.close()
        memory_fs.hook = None
        db.close()
        assert memory_fs.handles == 0
        with pytest.raises(UsageError, match="closed"):
            db.transact(setting(b"k"))


def test_a_database_whose_process_is_gone_is_left_alone(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    memory_fs.process_kill(0.0)
    with pytest.raises(UsageError, match="the simulated process"):
        db.get(b"k")
    calls = Fault(memory_fs, OSError())
    db.close()
    assert (calls.names, db.closed) == ([], True)
    with pytest.raises(UsageError, match="closed"):
        db.get(b"k")


def test_a_one_shot_scan_is_whole_when_it_returns() -> None:
    db = libredb.open()
    names = [b"%04d" % number for number in range(1_200)]  # more than a block of the store
    with db.transaction() as tx:
        for name in names:
            tx.set(name, b"old")
    entries = db.scan()
    db.transact(lambda tx: tx.set(names[-1], b"new"))
    assert [value for _, value in entries] == [b"old"] * len(names)


def test_the_state_is_held_while_a_commit_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    db = libredb.open("p", fs=SimFileSystem())
    held: list[bool] = []
    apply = OrderedStore.apply

    def watched(store: OrderedStore, writes: Any) -> None:
        held.append(owned(db._guard.state)())
        apply(store, writes)

    monkeypatch.setattr(OrderedStore, "apply", watched)
    commit(db, b"k")
    assert held == [True]


def test_a_read_block_holds_nothing() -> None:
    # Or whoever commits, or only reads, would wait for it.
    db = libredb.open("p", fs=SimFileSystem())
    guard = db._guard
    with db.read():
        assert not any(owned(lock)() for lock in (guard.turn, guard.step, guard.state))
