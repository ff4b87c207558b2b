"""Clause 2: after any crash, opening shows a prefix of the commits that holds all durable ones."""

from collections.abc import Callable

import pytest

import libredb
from libredb import GroupCommit
from sim.world.filesystem import Crash, SimFileSystem
from tests.support.case import case
from tests.support.faults import Fault, When
from tests.support.work import commit, keys

Life = Callable[[SimFileSystem, list[int]], None]


def name(number: int) -> bytes:
    # A record of more than two sectors, so that a crash can leave a part of it.
    return b"%02d" % number + bytes(1100)


def each_commit_synced(fs: SimFileSystem, durable: list[int]) -> None:
    with libredb.open("p", fs=fs) as db:
        for number in range(4):
            commit(db, name(number))
            durable[0] = number + 1


def a_group(fs: SimFileSystem, durable: list[int]) -> None:
    with libredb.open("p", fs=fs) as db:
        commit(db, name(0))
        durable[0] = 1
        with db.group():
            commit(db, name(1), name(2), name(3))
        durable[0] = 4


def a_window(fs: SimFileSystem, durable: list[int]) -> None:
    with libredb.open("p", fs=fs, group_commit=GroupCommit(commits=3)) as db:
        for number in range(5):
            commit(db, name(number))
            durable[0] = db.durable_version
    durable[0] = 5


def a_compaction(fs: SimFileSystem, durable: list[int]) -> None:
    with libredb.open("p", fs=fs) as db:
        commit(db, name(0), name(1))
        durable[0] = 2
        db.compact()
        commit(db, name(2))
        durable[0] = 3
    with libredb.open("p", fs=fs) as db:
        commit(db, name(3))
        durable[0] = 4


def opened_keys(fs: SimFileSystem) -> list[bytes]:
    with libredb.open("p", fs=fs) as db:
        return keys(db)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fate", ["new", "old", "tear", ""])
@pytest.mark.parametrize("life", [each_commit_synced, a_group, a_window, a_compaction])
def test_a_power_loss_at_any_call_leaves_a_prefix(
    memory_fs: SimFileSystem, life: Life, fate: str, when: When
) -> None:
    calls = Fault(memory_fs, OSError())
    life(memory_fs, [0])
    for at in range(1, len(calls.names) + 1):
        with case(number=at, call=calls.names[at - 1]):
            fs = SimFileSystem(memory_fs.style, seed=at)
            durable = [0]
            Fault(fs, Crash(), at, when)
            with pytest.raises(Crash):
                life(fs, durable)
            fs.hook = None
            fs.power_loss(fate)
            found = opened_keys(fs)
            assert found == [name(number) for number in range(len(found))]
            assert len(found) >= durable[0]
            assert opened_keys(fs) == found


@pytest.mark.parametrize("life", [each_commit_synced, a_group, a_window, a_compaction])
def test_a_killed_process_loses_no_commit_that_returned(
    memory_fs: SimFileSystem, life: Life
) -> None:
    calls = Fault(memory_fs, OSError())
    life(memory_fs, [0])
    for at in range(1, len(calls.names) + 1):
        with case(number=at, call=calls.names[at - 1]):
            fs = SimFileSystem(memory_fs.style, seed=at)
            durable = [0]
            Fault(fs, Crash(), at)
            with pytest.raises(Crash):
                life(fs, durable)
            fs.hook = None
            fs.process_kill(lost=0.0)
            found = opened_keys(fs)
            assert found == [name(number) for number in range(len(found))]
            assert len(found) >= durable[0]


def test_no_part_of_a_commit_is_ever_shown(memory_fs: SimFileSystem) -> None:
    for seed in range(60):
        with case(seed=seed):
            fs = SimFileSystem(memory_fs.style, seed=seed)
            db = libredb.open("p", fs=fs)

            def both(tx: libredb.Transaction) -> None:
                tx.set(b"first", bytes(3000))
                tx.set(b"last", bytes(3000))

            Fault(fs, Crash(), 1, "after")
            with pytest.raises(Crash):
                db.transact(both)
            fs.hook = None
            fs.power_loss()
            assert opened_keys(fs) in ([], [b"first", b"last"])
