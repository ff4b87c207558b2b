"""Clause 3: work that fails or is interrupted has an unknown outcome, and the database latches."""

import errno
from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import Database, DatabaseFailedError, GroupCommit, StorageError, UsageError
from libredb.kernel import record
from libredb.kernel.store import OrderedStore
from sim.world.filesystem import SimFileSystem
from tests.support.calls import REFUSABLE
from tests.support.case import case
from tests.support.faults import Fault, When
from tests.support.work import commit, keys, setting

Work = Callable[[Database], object]
NEW = [b"new 1", b"new 2", b"new 3"]


def a_commit(db: Database) -> None:
    commit(db, b"new 1")


def a_full_window(db: Database) -> None:
    commit(db, *NEW)


def a_group(db: Database) -> None:
    with db.group():
        commit(db, *NEW)


def a_sync(db: Database) -> None:
    commit(db, b"new 1", b"new 2")
    db.sync()


def a_compaction(db: Database) -> None:
    commit(db, b"new 1", b"new 2")
    db.compact()


WINDOWS: dict[Work, int] = {a_commit: 1, a_full_window: 3, a_group: 1, a_sync: 9, a_compaction: 9}


def opened(fs: SimFileSystem, work: Work) -> Database:
    db = libredb.open("p", fs=fs, group_commit=GroupCommit(commits=WINDOWS[work]))
    commit(db, b"k")
    db.sync()
    return db


def fails(db: Database, work: Work, error: BaseException) -> BaseException:
    """Return what `work` raises: `error`, wrapped if it is an OSError."""
    with pytest.raises((StorageError, type(error))) as caught:
        work(db)
    raised = caught.value
    assert (raised.__cause__ if isinstance(error, OSError) else raised) is error
    return raised


def harmless(names: list[str]) -> set[int]:
    """Return the calls of a compaction before the header of the next file: see test_compact.py."""
    if "create_next" not in names:
        return set()
    header = len(names) - names[::-1].index("write")
    return {*range(names.index("entropy") + 1, header)}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.EIO, "no"), OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), MemoryError()],
    ids=["EIO", "ENOSPC", "KeyboardInterrupt", "MemoryError"],
)
@pytest.mark.parametrize("work", WINDOWS)
def test_whatever_stops_a_write_at_any_call_latches_the_database(
    memory_fs: SimFileSystem, work: Work, error: BaseException, when: When
) -> None:
    db = opened(memory_fs, work)
    calls = Fault(memory_fs, error)
    work(db)
    for at in sorted({*range(1, len(calls.names) + 1)} - harmless(calls.names)):
        with case(number=at, call=calls.names[at - 1]):
            fs = SimFileSystem(memory_fs.style)
            db = opened(fs, work)
            fault = Fault(fs, error, at, when)
            raised = fails(db, work, error)
            made = len(fault.names)
            for name, call in REFUSABLE.items():
                with case(refused=name):
                    with pytest.raises(DatabaseFailedError) as caught:
                        call(db)
                    assert caught.value.__cause__ is raised
            assert len(fault.names) == made
            db.close()
            assert set(fault.names[made:]) <= {"close", "release"}
            db.close()
            fs.hook = None
            with libredb.open("p", fs=fs, mode="rw") as again:
                found = keys(again)
                assert found == [b"k", *NEW][: len(found)]
                assert len(found) >= 1
                commit(again, b"later")


@pytest.mark.parametrize("count", ["short", "none", "long"])
def test_a_wrong_count_of_written_bytes_latches(memory_fs: SimFileSystem, count: str) -> None:
    db = opened(memory_fs, a_commit)

    def miscount(name: str, where: str, effect: Callable[..., Any], arguments: Any) -> Any:
        result = effect(*arguments)
        return {"short": -1, "none": -result, "long": 7}[count] + result if result else result

    memory_fs.hook = miscount
    with pytest.raises(StorageError):
        commit(db, b"new")
    with pytest.raises(DatabaseFailedError):
        db.get(b"k")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_an_interruption_between_append_and_apply_latches(
    memory_fs: SimFileSystem, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    db = opened(memory_fs, a_commit)

    def interrupt(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(OrderedStore, "apply", interrupt)
        assert fails(db, a_commit, error) is error
    with pytest.raises(DatabaseFailedError):
        db.get(b"k")
    db.close()
    with libredb.open("p", fs=memory_fs) as again:
        assert keys(again) == [b"k", b"new 1"]


def test_a_failed_sync_is_never_retried(memory_fs: SimFileSystem) -> None:
    db = opened(memory_fs, a_commit)
    fault = Fault(memory_fs, OSError(errno.EIO, "no"), 2)
    with pytest.raises(StorageError):
        a_commit(db)
    with pytest.raises(DatabaseFailedError):
        db.sync()
    db.close()
    assert fault.names.count("sync") == 1


def test_the_message_tells_the_cause_and_what_to_do(memory_fs: SimFileSystem) -> None:
    db = opened(memory_fs, a_commit)
    Fault(memory_fs, OSError(errno.EIO, "the disk is gone"), 1)
    with pytest.raises(StorageError):
        a_commit(db)
    with pytest.raises(DatabaseFailedError, match=r"the disk is gone.*open it again"):
        db.get(b"k")
    db.close()
    with pytest.raises(UsageError, match="closed"):
        db.get(b"k")


def test_closing_after_a_failure_raises_nothing_even_if_it_fails(memory_fs: SimFileSystem) -> None:
    for at in (1, 2):
        with case(at=at):
            db = opened(memory_fs, a_commit)
            Fault(memory_fs, OSError(errno.EIO, "no"), 1)
            with pytest.raises(StorageError):
                a_commit(db)
            Fault(memory_fs, OSError(errno.EIO, "no"), at)
            db.close()
            memory_fs.hook = None
            assert db.closed


def test_what_broke_nothing_does_not_latch(
    memory_fs: SimFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = opened(memory_fs, a_commit)
    monkeypatch.setattr(record, "MAX_PAYLOAD_BYTES", 30)
    calls = Fault(memory_fs, OSError())

    def abort(tx: libredb.Transaction) -> None:
        tx.set(b"aborted", b"")
        raise LookupError

    def wrong_type(tx: libredb.Transaction) -> None:
        tx.set(b"typed", b"")
        tx.set(b"typed", "text")  # pyright: ignore[reportArgumentType] - that is the point

    for fn, kind in (
        (abort, LookupError),
        (wrong_type, TypeError),
        (setting(b"large", bytes(30)), ValueError),
    ):
        with pytest.raises(kind):
            db.transact(fn)
    assert (keys(db), db.version, calls.names) == ([b"k"], 1, [])
    a_commit(db)


def test_a_refused_call_inside_a_transaction_does_not_latch(memory_fs: SimFileSystem) -> None:
    db = opened(memory_fs, a_commit)
    with db.transaction() as tx:
        tx.set(b"new", b"")
        for name, call in REFUSABLE.items():
            with case(call=name), pytest.raises(UsageError):
                call(db)
    assert keys(db) == [b"k", b"new"]


@pytest.mark.parametrize("at", [1, 2], ids=["write", "sync"])
def test_leaving_the_block_of_a_failed_database_raises_what_failed(
    memory_fs: SimFileSystem, at: int
) -> None:
    cause = OSError(errno.EIO, "no")

    def work() -> None:
        with libredb.open("p", fs=memory_fs) as db:
            Fault(memory_fs, cause, at)
            a_commit(db)

    with pytest.raises(StorageError) as caught:
        work()
    assert caught.value.__cause__ is cause
