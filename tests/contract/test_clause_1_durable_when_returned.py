"""Clause 1: a commit that returned is durable, and nothing that depends on it returned before."""

import pytest

import libredb
from libredb import FileSystem
from sim.world.filesystem import SimFileSystem
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.work import commit, keys

FATES = ("new", "old", "zeros", "garbage", "tear", "")


@pytest.mark.parametrize("fate", FATES)
def test_a_commit_that_returned_survives_a_power_loss(memory_fs: SimFileSystem, fate: str) -> None:
    for count in range(8):
        with case(count=count):
            db = libredb.open("p", fs=memory_fs)
            assert keys(db) == [b"%d" % number for number in range(count)]
            commit(db, b"%d" % count)
            assert (db.durable_version, db.pending_commits, db.pending_bytes) == (count + 1, 0, 0)
            memory_fs.power_loss(fate, entries="old")


def test_every_commit_is_written_synced_and_only_then_visible(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    visible: list[tuple[str, int]] = []

    def watch(name: str, where: str, effect: object, arguments: tuple[object, ...]) -> object:
        assert callable(effect)
        visible.append((name, len(db._commits.store)))
        return effect(*arguments)

    memory_fs.hook = watch
    commit(db, b"1", b"2")
    assert visible == [("write", 0), ("sync", 0), ("write", 1), ("sync", 1)]
    assert len(db._commits.store) == 2


def test_a_commit_costs_one_write_and_one_sync(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    calls = Fault(memory_fs, OSError())

    def many(tx: libredb.Transaction) -> None:
        for number in range(100):
            tx.set(b"%d" % number, bytes(1000))

    db.transact(many)
    assert calls.names == ["write", "sync"]


def test_commits_are_there_when_the_database_is_opened_again(fs: FileSystem, db_path: str) -> None:
    for count in range(3):
        with case(count=count), libredb.open(db_path, fs=fs) as db:
            assert keys(db) == [b"%d" % number for number in range(count)]
            assert db.version == count
            commit(db, b"%d" % count)
