"""Closing makes pending commits durable, gives everything back, and never masks an exception."""

from zlib import crc32

import pytest

import libredb
from libredb import FileSystem, GroupCommit, StorageError, UsageError
from libredb.kernel import record
from sim.world.filesystem import SimFileSystem
from tests.support.calls import DATABASE, REFUSABLE
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.files import contents
from tests.support.work import commit, keys


def test_closing_twice_is_fine(fs: FileSystem, db_path: str) -> None:
    for db in (libredb.open(db_path, fs=fs), libredb.open(db_path, fs=fs, mode="r")):
        db.close()
        db.close()
        with db:
            assert db.closed
        assert db.closed


def test_closing_writes_the_mark_and_gives_reserved_room_back(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, *(b"%d" % number for number in range(5)))
    image = next(image for image in contents(fs, db_path) if image)
    seed = crc32(image[:36])
    assert len(image) == db.log_bytes
    assert record.decode_mark(image[4096:4108], seed) == len(image)


def test_closing_is_durable(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=9))
    commit(db, b"k")
    db.close()
    (image,) = (image for image in memory_fs.images("p") if image)
    memory_fs.power_loss("old")
    assert image in memory_fs.images("p")


@pytest.mark.parametrize("call", REFUSABLE)
def test_a_closed_database_refuses_everything(memory_fs: SimFileSystem, call: str) -> None:
    for mode in ("rwc", "r"):
        db = libredb.open("p", fs=memory_fs, mode=mode)
        db.close()
        with pytest.raises(UsageError, match="is closed"):
            REFUSABLE[call](db)


def test_a_closed_database_still_tells_what_it_was(memory_fs: SimFileSystem) -> None:
    for db in (libredb.open("p", fs=memory_fs), libredb.open()):
        commit(db, b"k")
        db.close()
        for name, call in DATABASE.items():
            if call.at_any_time:
                with case(call=name):
                    call.run(db)
        assert (db.closed, db.version, db.durable_version, db.pending_commits) == (True, 1, 1, 0)


def test_closing_inside_a_transaction_is_refused_and_changes_nothing(
    fs: FileSystem, db_path: str
) -> None:
    for db in (libredb.open(db_path, fs=fs), libredb.open()):
        with db.transaction() as tx:
            tx.set(b"k", b"")
            with pytest.raises(UsageError, match=r"close\(\) cannot begin inside a transaction"):
                db.close()
        assert not db.closed
        assert keys(db) == [b"k"]
        db.close()


def test_leaving_the_block_closes(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
    assert db.closed
    libredb.open(db_path, fs=fs).close()


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6])
def test_a_failing_close_does_not_mask_an_exception_in_flight(
    memory_fs: SimFileSystem, at: int
) -> None:
    def work() -> None:
        with libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=9)) as db:
            commit(db, b"k")
            Fault(memory_fs, OSError("no"), at)
            raise LookupError

    with pytest.raises(LookupError):
        work()


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6])
def test_a_failing_close_raises_closes_and_gives_the_lock_back(
    memory_fs: SimFileSystem, at: int
) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=9))
    commit(db, b"k")
    Fault(memory_fs, OSError("no"), at)
    with pytest.raises(StorageError):
        db.close()
    memory_fs.hook = None
    assert db.closed
    db.close()
    with libredb.open("p", fs=memory_fs, mode="rw") as again:
        assert keys(again) == [b"k"]


def test_an_aborted_transaction_in_the_block_leaves_a_closed_database(
    fs: FileSystem, db_path: str
) -> None:
    def work() -> None:
        with libredb.open(db_path, fs=fs) as db:
            commit(db, b"k")
            with db.transaction() as tx:
                tx.set(b"aborted", b"")
                raise LookupError

    with pytest.raises(LookupError):
        work()
    with libredb.open(db_path, fs=fs) as db:
        assert keys(db) == [b"k"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_a_close_that_was_interrupted_is_finished_by_the_next(
    memory_fs: SimFileSystem, error: BaseException
) -> None:
    """The database was closed by then, and a second `close()` gave nothing back."""
    db = libredb.open("p", fs=memory_fs)
    calls = Fault(memory_fs, error)
    db.close()
    for at in range(1, len(calls.names) + 1):
        fs = SimFileSystem(memory_fs.style)
        db = libredb.open("p", fs=fs)
        commit(db, b"k")
        Fault(fs, error, at)
        with pytest.raises(type(error)):
            db.close()
        fs.hook = None
        db.close()
        told = f"call {at}, {calls.names[at - 1]}"
        assert (db.closed, fs.handles, fs.holder("p")) == (True, 0, None), told
        with libredb.open("p", fs=fs, mode="rw") as again:
            assert keys(again) == [b"k"], told
