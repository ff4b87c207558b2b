"""Everyday forms are the calls they are written over: same states, same durability, same errors."""

import threading
from typing import Any

import pytest

import libredb
from libredb import (
    Database,
    DatabaseFailedError,
    GroupCommit,
    StorageError,
    UsageTypeError,
)
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.work import Holder, commit, on_every_holder, setting

# A transaction for a single call


def test_setting_and_deleting_are_durable_when_they_return(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    db.set(b"a", b"1")
    db.set(bytearray(b"b"), memoryview(b"2"))
    assert db.delete(b"a") is True
    assert db.delete_range(prefix=b"x") == 0
    assert (db.version, db.durable_version) == (3, 3)
    memory_fs.power_loss("old", entries="old")
    assert list(libredb.open("p", fs=memory_fs).scan()) == [(b"b", b"2")]


def test_deleting_what_is_not_there_is_no_commit(any_db: Database) -> None:
    commit(any_db, b"k")
    assert any_db.delete(b"absent") is False
    assert any_db.delete_range(b"x", b"z") == 0
    assert any_db.version == 1


def test_a_value_that_is_set_may_change_afterwards(db: Database) -> None:
    value = bytearray(b"before")
    db.set(b"k", value)
    value[:] = b"behind"
    assert db.get(b"k") == b"before"


def test_in_a_group_they_join_it(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    calls = Fault(memory_fs, OSError())
    with db.group():
        db.set(b"a", b"1")
        db.set(b"b", b"2")
        assert db.delete(b"a")
        assert db.delete_range(prefix=b"b") == 1
        assert calls.names == ["write"] * 4
        assert (db.version, db.durable_version, db.count()) == (4, 0, 0)
    assert calls.names == ["write"] * 4 + ["sync"]


def test_in_a_window_they_may_be_pending(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=9))
    db.set(b"a", b"1")
    db.delete(b"a")
    assert db.pending_commits == 2


@pytest.mark.parametrize("wrong", ["text", 5, None, [b"k"]], ids=repr)
def test_what_is_not_bytes_is_refused_and_nothing_is_written(any_db: Database, wrong: Any) -> None:
    for call in (
        lambda: any_db.set(wrong, b""),
        lambda: any_db.set(b"k", wrong),
        lambda: any_db.delete(wrong),
        lambda: any_db.get(wrong, b""),
        lambda: wrong in any_db,
        lambda: any_db.count(wrong),
    ):
        with pytest.raises(UsageTypeError, match="must be bytes, bytearray or memoryview, not"):
            call()
    assert any_db.version == 0
    any_db.set(b"k", b"")


def test_a_failed_set_is_a_failed_commit(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    Fault(memory_fs, OSError("no"), 1)
    with pytest.raises(StorageError):
        db.set(b"k", b"")
    with pytest.raises(DatabaseFailedError):
        db.set(b"k", b"")


# A default, and `in`


@pytest.mark.parametrize("default", [None, b"", b"other", 0, False, "", "text", [], 0.5], ids=repr)
def test_a_default_stands_for_a_missing_value_and_for_no_other(db: Database, default: Any) -> None:
    """A value that is empty is a value, and a default that is false is a default."""
    db.set(b"empty", b"")
    db.set(b"full", b"1")

    def check(holder: Holder) -> None:
        assert holder.get(b"absent", default) is default
        assert holder.get(b"absent", default=default) is default
        assert holder.get(b"empty", default) == b""
        assert holder.get(b"full", default) == b"1"
        assert holder.get(b"absent") is None

    on_every_holder(db, check)


def test_a_default_stands_for_what_a_transaction_deleted(db: Database) -> None:
    db.set(b"k", b"")
    with db.transaction() as tx:
        tx.delete(b"k")
        assert tx.get(b"k", b"default") == b"default"
        assert tx.transact(lambda inner: inner.get(b"k", b"default")) == b"default"
        tx.set(b"k", b"")
        assert tx.get(b"k", b"default") == b""


def test_in_tells_whether_a_key_is_there_whatever_its_value(db: Database) -> None:
    db.set(b"empty", b"")
    db.set(b"full", b"1")

    def check(holder: Holder) -> None:
        assert b"empty" in holder
        assert bytearray(b"full") in holder
        assert b"absent" not in holder

    on_every_holder(db, check)
    with db.transaction() as tx:
        tx.delete(b"empty")
        tx.set(b"new", b"")
        assert b"empty" not in tx
        assert b"new" in tx
        assert tx.read(lambda inner: b"empty" in inner) is False
    assert b"new" in db


def test_a_database_is_no_container_to_loop_over(any_db: Database) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        iter(any_db)  # pyright: ignore[reportCallIssue, reportArgumentType] - that is the point


# What it looks like


def test_a_database_tells_where_it_is_and_how_far(memory_fs: SimFileSystem) -> None:
    assert repr(libredb.open()) == "<Database in memory, mode 'rwc', version 0>"
    db = libredb.open("it's", fs=memory_fs, group_commit=GroupCommit(commits=9))
    assert repr(db) == """<Database "it's", mode 'rwc', version 0>"""
    commit(db, b"1", b"2")
    calls = Fault(memory_fs, OSError())
    assert repr(db) == """<Database "it's", mode 'rwc', version 2, 2 pending>"""
    assert calls.names == []
    db.close()
    assert repr(db) == """<Database "it's", mode 'rwc', version 2, closed>"""
    with libredb.open("it's", fs=memory_fs, mode="r") as reader:
        assert repr(reader) == """<Database "it's", mode 'r', version 2>"""


def test_a_database_tells_that_it_failed(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    Fault(memory_fs, OSError("no"), 1)
    with pytest.raises(StorageError):
        db.set(b"k", b"")
    assert repr(db) == "<Database 'p', mode 'rwc', version 0, failed>"
    db.close()
    assert repr(db) == "<Database 'p', mode 'rwc', version 0, closed>"


def test_looking_at_a_database_needs_no_right(any_db: Database) -> None:
    with any_db.transaction():
        assert repr(any_db).endswith("version 0>")
    with any_db.read():
        assert repr(any_db).endswith("version 0>")
    with any_db.group():
        any_db.set(b"k", b"")
        assert "version 1" in repr(any_db)


@pytest.mark.cpython
def test_looking_at_a_database_waits_for_nobody(any_db: Database) -> None:
    """Whoever waits here waits for ever: the block ends after the thread."""
    told: list[str] = []
    for block in (any_db.transaction, any_db.group, any_db.read):
        thread = threading.Thread(target=lambda: told.append(repr(any_db)))
        with block():
            thread.start()
            thread.join()
    assert len(told) == 3


def test_looking_at_a_transaction_tells_its_version_and_its_end(any_db: Database) -> None:
    any_db.transact(setting(b"k"))
    with any_db.read() as reader:
        assert repr(reader) == "<ReadTransaction, version 1>"
    with any_db.transaction() as writer:
        assert repr(writer) == "<Transaction, version 2>"
    assert repr(reader) == "<ReadTransaction, version 1: this transaction has ended>"
    assert repr(writer) == "<Transaction, version 2: this transaction has ended>"


def test_several_keys_are_read_at_once_in_the_order_they_are_asked_for(any_db: Database) -> None:
    any_db.transact(lambda tx: [tx.set(key, key) for key in (b"a", b"b")])
    keys = [b"b", bytearray(b"absent"), memoryview(b"a"), b"b"]
    assert any_db.get_many(keys) == [b"b", None, b"a", b"b"]
    with any_db.read() as reader, any_db.transaction() as writer:
        writer.set(b"c", b"own")
        assert reader.get_many(iter(keys)) == [b"b", None, b"a", b"b"]
        assert writer.get_many([b"c", b"a"]) == [b"own", b"a"]


@pytest.mark.parametrize("keys", [b"key", bytearray(b"key"), memoryview(b"key"), "text", 5, None])
def test_several_keys_are_no_single_one(any_db: Database, keys: Any) -> None:
    with pytest.raises(UsageTypeError, match=r"several keys are expected, not .*use get\(\)"):
        any_db.get_many(keys)


def test_each_of_several_keys_is_checked(any_db: Database) -> None:
    wrong: Any = [b"key", 5]
    with pytest.raises(UsageTypeError, match="key must be bytes"):
        any_db.get_many(wrong)
