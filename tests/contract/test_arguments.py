"""A wrong argument is named in the error, with what to do, and nothing is opened or made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import NotADatabaseError, StorageError, UsageError, UsageTypeError, UsageValueError
from sim.world.filesystem import SimFileSystem
from tests.support.work import commit

Opening = Callable[..., Any]


async def acquire() -> SimFileSystem:
    return SimFileSystem()


@pytest.mark.parametrize("call", [libredb.open, libredb.verify])
def test_a_forgotten_await_before_a_file_system_is_told(call: Opening) -> None:
    forgotten = acquire()
    with pytest.raises(UsageTypeError, match="fs must be a FileSystem, not coroutine; await it"):
        call("p", fs=forgotten)
    forgotten.close()


@pytest.mark.parametrize("call", [libredb.open, libredb.verify])
@pytest.mark.parametrize("fs", ["p", 5, []], ids=repr)
def test_what_is_no_file_system_is_refused(call: Opening, fs: object) -> None:
    with pytest.raises(UsageTypeError, match="fs must be a FileSystem, not"):
        call("p", fs=fs)


@pytest.mark.parametrize("wrong", [5, "print", []], ids=repr)
def test_on_recovery_must_be_a_function(memory_fs: SimFileSystem, wrong: Any) -> None:
    with pytest.raises(UsageTypeError, match="on_recovery must be a function, not"):
        libredb.open("p", fs=memory_fs, on_recovery=wrong)
    assert memory_fs.calls == 0


@pytest.mark.parametrize("mode", [[], None, "w", "RW", 5], ids=repr)
def test_a_mode_is_one_of_three_words(memory_fs: SimFileSystem, mode: Any) -> None:
    with pytest.raises(UsageValueError, match="mode must be 'rwc', 'rw' or 'r', not"):
        libredb.open("p", fs=memory_fs, mode=mode)
    assert memory_fs.calls == 0


def test_the_name_that_sqlite_has_for_memory_makes_no_file(memory_fs: SimFileSystem) -> None:
    with pytest.raises(UsageValueError, match="open without one for a database in memory"):
        libredb.open(":memory:", fs=memory_fs)
    with libredb.open("q", fs=memory_fs) as db, pytest.raises(UsageValueError, match="no path"):
        db.backup_to(":memory:")
    assert not memory_fs.images(":memory:")


@pytest.mark.parametrize("wrong", [5, None, "fn", b"fn", []], ids=repr)
def test_a_transaction_needs_a_function(wrong: Any) -> None:
    with libredb.open() as db:
        with pytest.raises(UsageTypeError, match="needs a function"):
            db.transact(wrong)
        with db.transaction() as tx, pytest.raises(UsageTypeError, match="needs a function"):
            tx.transact(wrong)


def test_advice_fits_the_type(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs) as db, db.transaction() as tx:
        with pytest.raises(UsageTypeError, match=r"\.encode\(\)"):
            tx.set("text", b"")  # pyright: ignore[reportArgumentType] - that is the point
        for wrong in (5, None, 1.5, [b"x"]):
            with pytest.raises(UsageTypeError) as caught:
                tx.set(b"k", wrong)  # pyright: ignore[reportArgumentType] - that is the point
            assert "encode" not in str(caught.value), wrong


def test_what_is_no_database_is_no_backup(memory_fs: SimFileSystem) -> None:
    memory_fs.install("notes", b"dear diary" * 1000)
    with pytest.raises(NotADatabaseError):
        libredb.restore("notes", "copy", fs=memory_fs)


def test_a_backup_of_a_file_that_was_replaced_behind_its_back_is_refused() -> None:
    fs = SimFileSystem()
    db = libredb.open("p", fs=fs)
    commit(db, b"k")
    other = SimFileSystem(seed=1)
    libredb.open("p", fs=other).close()
    fs.install("p", other.images("p")[0])
    open_before = fs.handles
    with pytest.raises(StorageError, match="no longer the one that was opened"):
        db.backup()
    assert fs.handles == open_before


@pytest.mark.cpython
@pytest.mark.parametrize("mode", ["rwc", "rw", "r"])
def test_a_foreign_file_gets_no_lock_file_beside_it(tmp_path: Path, mode: Any) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("dear diary", encoding="utf-8")
    with pytest.raises(NotADatabaseError):
        libredb.open(notes, mode=mode)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.cpython
def test_a_missing_file_gets_no_lock_file_either(tmp_path: Path) -> None:
    for mode in ("rw", "r"):
        with pytest.raises(libredb.StorageNotFoundError, match="mode 'rwc' creates one"):
            libredb.open(tmp_path / "missing", mode=mode)
    assert list(tmp_path.iterdir()) == []


def test_a_read_inside_a_transaction_says_what_to_use() -> None:
    told = r"use the transaction that is running: tx\.get"
    with libredb.open() as db, db.transaction(), pytest.raises(UsageError, match=told):
        db.get(b"k")
