"""A backup is the file as closing leaves it; compaction keeps the entries and drops the past."""

import gc
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

import libredb
from libredb import CompactionReport, Database, FileSystem, GroupCommit, UsageError
from libredb.kernel import log as log_module
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET
from sim.world.filesystem import SimFileSystem
from tests.support.files import Fault, commit, contents, keys, put


@pytest.fixture
def db(fs: FileSystem, db_path: str) -> Iterator[Database]:
    with libredb.open(db_path, fs=fs) as db:
        yield db


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


# Backup


def test_a_backup_is_the_file_after_closing(fs: FileSystem, db_path: str) -> None:
    for _ in range(2):
        with libredb.open(db_path, fs=fs, group_commit=GroupCommit(commits=100)) as db:
            busy(db)
            image = b"".join(db.backup())
        assert image in contents(fs, db_path)
        with libredb.open(db_path, fs=fs) as db:
            db.compact()


def test_a_backup_opens_as_a_closed_database(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        left = busy(db)
        image = b"".join(db.backup())
        commit(db, b"later")
    other = SimFileSystem()
    put(other, "copy", image)
    with libredb.open("copy", fs=other, mode="rw") as copy:
        assert dict(copy.scan()) == left
        assert copy.version == copy.durable_version == db.version - 1
    put(other, "cut", image[:-1])
    with pytest.raises(libredb.CorruptLogError):
        libredb.open("cut", fs=other)


def test_a_backup_syncs_first(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=100))
    commit(db, b"k")
    backup = db.backup()
    assert db.pending_commits == 1
    next(backup)
    assert db.pending_commits == 0


def test_a_backup_comes_in_pieces(
    memory_fs: SimFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_module, "PIECE_BYTES", 1000)
    db = libredb.open("p", fs=memory_fs)
    busy(db)
    pieces = list(db.backup())
    assert len(pieces) > 5
    assert max(len(piece) for piece in pieces) <= 4096
    db.close()
    assert b"".join(pieces) in memory_fs.images("p")


def test_the_database_waits_until_a_backup_is_used_up(db: Database) -> None:
    commit(db, b"1")
    for _ in db.backup():
        with pytest.raises(UsageError, match="inside a backup of the same thread"):
            commit(db, b"refused")
    commit(db, b"2")
    assert keys(db) == [b"1", b"2"]


def test_a_backup_that_is_dropped_lets_the_database_go(db: Database) -> None:
    pieces = db.backup()
    next(pieces)
    del pieces
    gc.collect()
    commit(db, b"1")
    assert keys(db) == [b"1"]


# Compaction


def test_a_compacted_database_has_the_same_entries_and_a_shorter_log(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        left = busy(db)
        version, before = db.version, db.log_bytes
        report = db.compact()
        assert dict(db.scan()) == left
        assert report == CompactionReport(before, db.log_bytes, len(left), 1)
        assert db.log_bytes == RECORDS_OFFSET + RECORD_HEADER_LENGTH + db.live_bytes < before
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
    monkeypatch.setattr(log_module, "PIECE_BYTES", 100)
    commit(db, *(b"%d" % number + bytes(91) for number in range(5)))
    db.compact()
    assert (db.version, db.durable_version) == (10, 10)


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
