"""A window: commits return before they are durable; a bounded suffix of them is at risk."""

from collections.abc import Callable

import pytest

import libredb
from libredb import Database, FileSystem, GroupCommit, UsageError, UsageTypeError, UsageValueError
from sim.world.filesystem import SimFileSystem
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.work import commit, keys


def opened(fs: FileSystem, commits: int, size_bytes: int = 1 << 20) -> Database:
    return libredb.open(
        "p", fs=fs, group_commit=GroupCommit(commits=commits, size_bytes=size_bytes)
    )


def names(count: int) -> list[bytes]:
    return [b"%02d" % number + bytes(700) for number in range(count)]


@pytest.mark.parametrize("commits", [1, 2, 3, 5])
def test_every_nth_commit_returns_after_a_sync_of_all(
    memory_fs: SimFileSystem, commits: int
) -> None:
    db = opened(memory_fs, commits)
    calls = Fault(memory_fs, OSError())
    for number in range(1, 11):
        commit(db, b"%d" % number)
        assert db.pending_commits == number % commits
        assert db.durable_version == number - number % commits
        assert calls.names.count("sync") == number // commits
        assert len(keys(db)) == number


def test_a_window_of_one_commit_is_the_default_mode(memory_fs: SimFileSystem) -> None:
    for db in (opened(memory_fs, 1), libredb.open("q", fs=memory_fs)):
        calls = Fault(memory_fs, OSError())
        commit(db, b"1", b"2")
        assert calls.names == ["write", "sync"] * 2
        memory_fs.hook = None


def test_a_commit_that_reaches_the_bound_of_bytes_returns_after_a_sync(
    memory_fs: SimFileSystem,
) -> None:
    db = opened(memory_fs, 1000, 2000)
    commit(db, b"1" + bytes(900))
    pending = db.pending_bytes
    assert pending == db.log_bytes - 8192 > 900
    commit(db, b"2" + bytes(900))
    assert db.pending_bytes == 2 * pending < 2000
    commit(db, b"3" + bytes(900))
    assert (db.pending_bytes, db.durable_version) == (0, 3)
    commit(db, b"4" + bytes(5000))
    assert db.pending_bytes == 0


def back_up(db: Database) -> None:
    list(db.backup())


@pytest.mark.parametrize("act", [Database.sync, Database.compact, back_up, Database.close])
def test_sync_compact_backup_and_close_sync_what_is_pending(
    memory_fs: SimFileSystem, act: Callable[[Database], object]
) -> None:
    db = opened(memory_fs, 100)
    commit(db, *names(5))
    assert db.pending_commits == 5
    act(db)
    assert (db.pending_commits, db.pending_bytes) == (0, 0)
    memory_fs.power_loss("old", entries="old")
    assert keys(libredb.open("p", fs=memory_fs)) == names(5)


def test_a_sync_without_pending_commits_asks_nothing_of_the_storage(
    memory_fs: SimFileSystem,
) -> None:
    db = opened(memory_fs, 100)
    calls = Fault(memory_fs, OSError())
    db.sync()
    assert calls.names == []


def test_a_killed_process_loses_nothing(memory_fs: SimFileSystem) -> None:
    for count in range(1, 8):
        with case(count=count):
            fs = SimFileSystem(memory_fs.style)
            commit(opened(fs, 100), *names(count))
            fs.process_kill(lost=0.0)
            assert keys(libredb.open("p", fs=fs)) == names(count)


@pytest.mark.parametrize("fate", ["new", "old", "zeros", "garbage", "tear", ""])
@pytest.mark.parametrize("commits", [2, 4])
def test_a_power_loss_takes_a_suffix_shorter_than_the_window(
    memory_fs: SimFileSystem, commits: int, fate: str
) -> None:
    for count in range(1, 10):
        with case(count=count):
            fs = SimFileSystem(memory_fs.style, seed=count)
            db = opened(fs, commits)
            commit(db, *names(count))
            durable = db.durable_version
            fs.power_loss(fate)
            found = keys(libredb.open("p", fs=fs))
            assert found == names(len(found))
            assert len(found) >= durable > count - commits


def test_reads_show_pending_commits_and_a_failed_sync_refuses_them(
    memory_fs: SimFileSystem,
) -> None:
    db = opened(memory_fs, 100)
    commit(db, b"1")
    assert keys(db) == [b"1"]
    Fault(memory_fs, OSError("no"), 1)
    with pytest.raises(libredb.StorageError):
        db.sync()
    with pytest.raises(libredb.DatabaseFailedError):
        keys(db)


def test_idle_time_does_not_shrink_the_window_and_reading_does_not_either(
    memory_fs: SimFileSystem,
) -> None:
    db = opened(memory_fs, 100)
    commit(db, b"1")
    calls = Fault(memory_fs, OSError())
    for _ in range(100):
        assert keys(db) == [b"1"]
    assert (db.pending_commits, calls.names) == (1, [])


def test_a_window_works_on_every_file_system(fs: FileSystem, db_path: str) -> None:
    window = GroupCommit(commits=4)
    with libredb.open(db_path, fs=fs, group_commit=window) as db:
        commit(db, *names(10))
        assert (db.version, db.durable_version) == (10, 8)
    with libredb.open(db_path, fs=fs, mode="rw") as db:
        assert (keys(db), db.durable_version) == (names(10), 10)


@pytest.mark.parametrize(("commits", "size_bytes"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_bounds_that_bound_nothing_are_refused(commits: int, size_bytes: int) -> None:
    with pytest.raises(UsageValueError):
        GroupCommit(commits=commits, size_bytes=size_bytes)


@pytest.mark.parametrize("wrong", ["3", 1.5, None, True])
def test_bounds_of_another_type_are_refused(wrong: int) -> None:
    with pytest.raises(UsageTypeError):
        GroupCommit(commits=wrong)
    with pytest.raises(UsageTypeError):
        GroupCommit(commits=1, size_bytes=wrong)


def test_a_window_that_is_no_group_commit_is_refused_before_anything_is_touched() -> None:
    fs = SimFileSystem()
    with pytest.raises(UsageTypeError, match="GroupCommit"):
        libredb.open("p", fs=fs, group_commit=5)  # pyright: ignore[reportArgumentType] - the point
    assert fs.calls == 0


def test_a_window_has_no_time_limit_and_cannot_be_changed() -> None:
    window = GroupCommit(commits=2)
    assert set(window.__dataclass_fields__) == {"commits", "size_bytes"}
    with pytest.raises(AttributeError):
        window.commits = 3  # pyright: ignore[reportAttributeAccessIssue] - that is the point


def test_sync_inside_a_transaction_is_refused() -> None:
    db = opened(SimFileSystem(), 100)
    with db.transaction(), pytest.raises(UsageError):
        db.sync()
