"""Compaction keeps the entries and drops the past, or leaves everything as it was."""

import errno
import gc
import random
from pathlib import Path

import pytest

import libredb
from libredb import CompactionReport, Database, FileSystem, GroupCommit, StorageError, UsageError
from libredb.kernel import compaction, record
from libredb.kernel.record import RECORDS_OFFSET
from sim.world.filesystem import SimFileSystem
from tests.support.backups import header_of
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.work import commit, keys


def busy(db: Database, count: int = 60) -> dict[bytes, bytes]:
    """Set, overwrite and delete, and return what is left."""
    source = random.Random(count)
    left: dict[bytes, bytes] = {}
    for number in range(count):
        key, value = b"%d" % source.randrange(20), bytes([number]) * source.randrange(200)
        if source.random() < 0.3:
            db.transact(lambda tx, key=key: tx.delete(key))
            left.pop(key, None)
        else:
            db.transact(lambda tx, key=key, value=value: tx.set(key, value))
            left[key] = value
    return left


def test_a_compacted_database_has_the_same_entries_and_a_shorter_log(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        left = busy(db)
        version, before = db.version, db.log_bytes
        report = db.compact()
        assert dict(db.scan()) == left
        assert report == CompactionReport(before, db.log_bytes, len(left), 1)
        assert db.log_bytes == RECORDS_OFFSET + db.live_bytes < before
        assert db.version == db.durable_version == version + 1
        commit(db, b"later")
    with libredb.open(db_path, fs=fs) as db:
        assert dict(db.scan()) == {**left, b"later": b""}
        assert db.version == version + 2
    report = libredb.verify(db_path, fs=fs)
    assert (report.generation, report.records) == (1, 2)


def test_the_version_rises_by_the_snapshot_records(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 100)
    monkeypatch.setattr(compaction, "BLOCK_BYTES", 100)
    commit(db, *(b"%d" % number + bytes(91) for number in range(5)))
    db.compact()
    assert (db.version, db.durable_version) == (10, 10)


def test_a_compaction_and_a_copy_keep_the_id_of_the_database(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"k")
    before = header_of(memory_fs, "p")
    db.compact()
    after = header_of(memory_fs, "p")
    db.backup_to("copy")
    copy = header_of(memory_fs, "copy")
    assert before.database_id == after.database_id == copy.database_id
    assert before.salt != after.salt == copy.salt


def test_compacting_nothing_leaves_nothing(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        assert db.compact() == CompactionReport(RECORDS_OFFSET, RECORDS_OFFSET, 0, 1)
        assert (db.version, db.live_bytes) == (0, 0)
    with libredb.open(db_path, fs=fs) as db:
        assert db.version == 0


def test_many_generations_follow_each_other(fs: FileSystem, db_path: str) -> None:
    for generation in range(1, 5):
        with libredb.open(db_path, fs=fs) as db:
            commit(db, b"%d" % generation)
            assert db.compact().generation == generation
    with libredb.open(db_path, fs=fs) as db:
        assert keys(db) == [b"1", b"2", b"3", b"4"]


def test_compaction_syncs_first_and_ends_durable(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=100))
    commit(db, b"1", b"2")
    calls = Fault(memory_fs, OSError())
    db.compact()
    assert calls.names[0] == "sync"
    assert (db.version, db.pending_commits, db.pending_bytes) == (3, 0, 0)
    memory_fs.hook = None
    memory_fs.power_loss("old", entries="old")
    assert keys(libredb.open("p", fs=memory_fs)) == [b"1", b"2"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_compaction_that_fails_before_its_header_leaves_a_database_that_works(
    memory_fs: SimFileSystem, error: BaseException
) -> None:
    """A full disk while the next file was written left a database that refused everything."""
    with libredb.open("p", fs=memory_fs) as db:
        busy(db)
        calls = Fault(memory_fs, error)
        db.compact()
        memory_fs.hook = None
    header = len(calls.names) - 1 - calls.names[::-1].index("write")
    for at in range(1, header + 1):
        with case(number=at, call=calls.names[at - 1]):
            fs = SimFileSystem(memory_fs.style)
            db = libredb.open("p", fs=fs)
            left, version, log_bytes = busy(db), db.version, db.log_bytes
            fault = Fault(fs, error, at)
            with pytest.raises((StorageError, KeyboardInterrupt)):
                db.compact()
            error.__traceback__ = None  # it knows the file that is replaced below
            assert fault.happened
            fs.hook = None
            assert (dict(db.scan()), db.version, db.log_bytes) == (left, version, log_bytes)
            commit(db, b"it goes on")
            assert db.compact().generation == 1
            db.close()
            assert fs.handles == 0
            with libredb.open("p", fs=fs, mode="rw") as again:
                assert dict(again.scan()) == {**left, b"it goes on": b""}


def test_a_database_without_a_further_generation_says_so_and_goes_on(
    memory_fs: SimFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"k")
        monkeypatch.setattr(record, "MAX_GENERATION", 0)
        with pytest.raises(UsageError, match="no further generation"):
            db.compact()
        commit(db, b"it goes on")


def test_nothing_compacts_behind_the_users_back(db: Database) -> None:
    lengths = [db.log_bytes]
    for _ in range(50):
        commit(db, b"k")
        lengths.append(db.log_bytes)
    assert lengths == sorted(set(lengths))


@pytest.mark.cpython
def test_compaction_keeps_the_permissions_of_the_file(db_path: str) -> None:
    with libredb.open(db_path) as db:
        Path(db_path).chmod(0o640)
        db.compact()
    assert Path(db_path).stat().st_mode & 0o777 == 0o640
    assert {path.name for path in Path(db_path).parent.iterdir()} == {
        Path(db_path).name,
        Path(db_path).name + ".lock",
    }


def test_a_file_that_was_replaced_is_given_back_at_once(memory_fs: SimFileSystem) -> None:
    """A snapshot and the order of its entries held each other, and both held the file.

    So each file that a second compaction replaced stayed open, and kept its room on the disk, until
    the garbage collector came; it counts objects, and does not know how large a file is.
    """
    gc.disable()
    try:
        with libredb.open("db", fs=memory_fs) as db:
            for number in range(3):
                commit(db, b"%d" % number)
                db.compact()
                assert memory_fs.handles == 1
    finally:
        gc.enable()
