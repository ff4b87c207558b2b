"""Clause 4: what an open for writing shows is durable before it returns; no crash shows less."""

import contextlib
from pathlib import Path

import pytest

import libredb
from libredb import GroupCommit, RecoveryReport
from sim.world.filesystem import Crash, SimFileSystem
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.work import commit, keys


def pending(fs: SimFileSystem, count: int = 6) -> None:
    db = libredb.open("p", fs=fs, group_commit=GroupCommit(commits=100))
    for number in range(count):
        commit(db, b"%d" % number + bytes(900))
    assert db.pending_commits == count


@pytest.mark.parametrize("fate", ["old", "tear", ""])
@pytest.mark.parametrize("lost", [0.0, 0.5, 1.0])
def test_pending_commits_of_a_killed_process_are_durable_once_shown(
    memory_fs: SimFileSystem, lost: float, fate: str
) -> None:
    for seed in range(15):
        with case(seed=seed):
            fs = SimFileSystem(memory_fs.style, seed=seed)
            pending(fs)
            fs.process_kill(lost)
            shown = keys(libredb.open("p", fs=fs))
            fs.power_loss(fate)
            with libredb.open("p", fs=fs) as db:
                assert keys(db) == shown


def test_a_commit_whose_sync_failed_is_durable_once_shown(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    Fault(memory_fs, OSError("no"), 2)
    with pytest.raises(libredb.StorageError):
        commit(db, b"maybe")
    memory_fs.hook = None
    db.close()
    assert keys(libredb.open("p", fs=memory_fs)) == [b"maybe"]
    memory_fs.power_loss("old")
    assert keys(libredb.open("p", fs=memory_fs)) == [b"maybe"]


@pytest.mark.parametrize("fate", ["old", "new", "tear", ""])
def test_a_new_database_is_durable_when_it_is_open(memory_fs: SimFileSystem, fate: str) -> None:
    libredb.open("p", fs=memory_fs)
    memory_fs.power_loss(fate, entries="old")
    with libredb.open("p", fs=memory_fs, mode="rw") as db:
        assert db.version == 0


def test_opening_syncs_even_a_file_in_which_nothing_changes(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"k")
    calls = Fault(memory_fs, OSError())
    libredb.open("p", fs=memory_fs)
    synced = calls.names.index("sync")
    assert "write" in calls.names[:synced]
    assert "sync_directory" in calls.names[synced:]


def test_a_crash_at_any_call_of_an_opening_takes_nothing_that_was_shown(
    memory_fs: SimFileSystem,
) -> None:
    pending(memory_fs)
    memory_fs.process_kill(0.0)
    calls = Fault(memory_fs, OSError())
    libredb.open("p", fs=memory_fs)
    for at in range(1, len(calls.names) + 1):
        with case(number=at, call=calls.names[at - 1]):
            fs = SimFileSystem(memory_fs.style, seed=at)
            pending(fs)
            fs.process_kill(0.0)
            shown = keys(libredb.open("p", fs=fs))
            fs.process_kill(0.0)
            Fault(fs, Crash(), at)
            with contextlib.suppress(Crash):  # the second opening has less to do
                libredb.open("p", fs=fs)
            fs.hook = None
            fs.power_loss()
            assert keys(libredb.open("p", fs=fs)) == shown


def test_what_a_crash_left_beside_the_database_is_gone_once_it_is_open(
    memory_fs: SimFileSystem,
) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"k")
    calls = Fault(memory_fs, OSError())
    db.compact()
    for at in range(1, len(calls.names) + 1):
        with case(number=at, call=calls.names[at - 1]):
            fs = SimFileSystem(memory_fs.style, seed=at)
            db = libredb.open("p", fs=fs)
            commit(db, b"k")
            Fault(fs, Crash(), at)
            with pytest.raises(Crash):
                db.compact()
            fs.hook = None
            fs.process_kill(0.0)
            assert keys(libredb.open("p", fs=fs)) == [b"k"]
            fs.power_loss("old")
            assert sum(1 for image in fs.images("p") if image) == 1


@pytest.mark.cpython
def test_a_next_file_that_was_left_beside_the_database_is_removed(db_path: str) -> None:
    libredb.open(db_path).close()
    left_over = Path(db_path + ".next")
    left_over.write_bytes(b"half a compaction")
    libredb.open(db_path, mode="r").close()
    assert left_over.exists()
    libredb.open(db_path).close()
    assert not left_over.exists()


def test_opening_twice_changes_no_more_than_opening_once(memory_fs: SimFileSystem) -> None:
    pending(memory_fs)
    memory_fs.process_kill(0.0)
    libredb.open("p", fs=memory_fs)
    memory_fs.process_kill(0.0)
    images = memory_fs.images("p")
    reports: list[RecoveryReport] = []
    libredb.open("p", fs=memory_fs, on_recovery=reports.append)
    assert memory_fs.images("p") == images
    assert (reports[0].outcome, reports[0].durable_version) == ("clean", 6)


def test_opening_for_reading_changes_nothing_and_promises_nothing(
    memory_fs: SimFileSystem,
) -> None:
    pending(memory_fs)
    memory_fs.process_kill(0.0)
    calls = Fault(memory_fs, OSError())
    with libredb.open("p", fs=memory_fs, mode="r") as db:
        assert len(keys(db)) == 6
        assert (db.durable_version, db.pending_commits) == (0, 6)
        db.sync()
        assert db.pending_commits == 6
    assert set(calls.names) == {"open", "size", "read", "close"}
    memory_fs.hook = None
    memory_fs.power_loss("old")
    assert keys(libredb.open("p", fs=memory_fs)) == []
