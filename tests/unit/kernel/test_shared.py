"""Claim: what is kept while commits wait is what the invariants of shared.py say."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

import libredb
from libredb import DatabaseFailedError, UsageError
from libredb.kernel.guard import A_GROUP, A_READ, A_TRANSACTION
from libredb.kernel.latch import Latch
from libredb.kernel.level import Op
from libredb.kernel.shared import Latches, Own, SharedDatabase
from sim.world.filesystem import SimFileSystem
from tests.support.work import setting


def opened(fs: SimFileSystem) -> SharedDatabase:
    return cast("SharedDatabase", libredb.open("p", fs=fs, group_commit=libredb.SharedSync()))


@contextmanager
def interrupted_door(db: SharedDatabase) -> Iterator[None]:
    """Let the next commit be interrupted as soon as it waits."""
    interrupts = [KeyboardInterrupt]

    class Door:
        def __enter__(self) -> None:
            while interrupts:
                raise interrupts.pop()

        def __exit__(self, *_: object) -> None: ...

    door = db._shared._door
    db._shared._door = cast("Any", Door())
    with pytest.raises(KeyboardInterrupt):
        yield
    db._shared._door = door


def interrupted(db: SharedDatabase, key: bytes) -> None:
    """Leave a commit that waits, and whose thread does not."""
    with interrupted_door(db):
        db.set(key, b"")


def test_a_commit_whose_thread_was_interrupted_while_it_waited_comes_with_the_next() -> None:
    fs = SimFileSystem()
    db = opened(fs)
    interrupted(db, b"first")
    assert (db.get(b"first"), db.version, db.pending_commits) == (None, 0, 1)
    assert db.transact(lambda tx: (tx.get(b"first"), tx.version)) == (b"", 2)
    assert (db.get(b"first"), db.version, db.pending_commits) == (b"", 1, 0)
    interrupted(db, b"second")
    db.set(b"third", b"")
    assert [key for key, _ in db.scan()] == [b"first", b"second", b"third"]
    fs.power_loss("old")
    with libredb.open("p", fs=fs) as again:
        assert again.version == 3


@pytest.mark.parametrize("call", ["sync", "group", "compact", "backup", "close"])
def test_what_takes_every_right_first_syncs_and_applies_what_waits(call: str) -> None:
    fs = SimFileSystem()
    db = opened(fs)
    db.set(b"gone", b"")
    interrupted(db, b"waits")
    with interrupted_door(db):
        db.delete(b"gone")
    assert db.pending_commits == 2
    if call == "group":
        with db.group():
            assert [key for key, _ in db.scan()] == [b"waits"]
            assert db.pending_commits == 0
    else:
        getattr(db, call)()
    assert db.pending_commits == 0
    assert db.closed or [key for key, _ in db.scan()] == [b"waits"]
    assert db.version == (4 if call == "compact" else 3)
    fs.power_loss("old")
    with libredb.open("p", fs=fs) as again:
        assert [key for key, _ in again.scan()] == [b"waits"]


def test_closing_tells_of_a_commit_whose_thread_was_interrupted_while_it_waited() -> None:
    """Closing applied it after it had looked what there was to tell, and nobody looked again."""
    db = opened(SimFileSystem())
    told: list[tuple[int, bytes | None]] = []
    db.on_commit(lambda version, _: told.append((version, db.get(b"waits"))))
    interrupted(db, b"waits")
    db.close()
    assert told == [(1, b"")]


def test_a_commit_is_shown_before_it_is_told() -> None:
    """Another thread that was delivering told it while `version` was still the one before."""
    db = opened(SimFileSystem())
    add, shown = db._commits.notices.add, list[tuple[int, int]]()

    def noted(version: int, ops: Iterable[Op], *, grouped: bool) -> None:
        shown.append((version, db.version))
        add(version, ops, grouped=grouped)

    cast("Any", db._commits.notices).add = noted
    db.on_commit(lambda _version, _ops: None)
    db.set(b"1", b"")
    with db.group():
        db.set(b"2", b"")
    assert shown == [(1, 1), (2, 2)]
    db.close()


@pytest.mark.parametrize("failing", ["failed", "closed"])
def test_a_database_that_cannot_sync_any_more_closes_all_the_same(failing: str) -> None:
    fs = SimFileSystem()
    db = opened(fs)
    interrupted(db, b"waits")
    if failing == "failed":
        db._guard.latch.failure = OSError("it did")
    else:
        db.close()
    db.close()
    assert db.closed


def test_a_transaction_that_is_running_sees_the_same_before_and_after_a_sync() -> None:
    """Whoever syncs meanwhile applies what the transaction sees as waiting."""
    db = opened(SimFileSystem())
    db.set(b"a", b"old")
    with interrupted_door(db):
        db.transact(lambda tx: [tx.set(b"a", b"new"), tx.set(b"b", b""), tx.delete(b"absent")])
    with interrupted_door(db):
        db.delete(b"b")

    def work(tx: libredb.Transaction) -> None:
        seen = [(tx.get(b"a"), tx.get(b"b"), list(tx.scan()))]
        db._shared.sync()
        seen.append((tx.get(b"a"), tx.get(b"b"), list(tx.scan())))
        assert seen == [(b"new", None, [(b"a", b"new")])] * 2
        tx.set(b"c", b"")

    db.transact(work)
    assert list(db.scan()) == [(b"a", b"new"), (b"c", b"")]
    db.close()


def test_a_thread_that_waits_while_another_closes_a_failed_database_is_told_so() -> None:
    fs = SimFileSystem()
    db = opened(fs)
    interrupted(db, b"waits")
    fs.hook = lambda name, _, effect, arguments: (
        effect(*arguments) if name != "sync" else (_ for _ in ()).throw(OSError(5, "failed"))
    )
    with pytest.raises(libredb.StorageError):
        db.close()
    with pytest.raises(DatabaseFailedError, match="was closed, before this commit was durable"):
        db._shared._wait()
    with pytest.raises(UsageError, match="closed"):
        db.set(b"k", b"")
    assert db._shared._syncing.failure is None


def test_an_error_that_says_itself_that_the_outcome_is_unknown_passes_on() -> None:
    """And is not hidden by another one, which says that an earlier one did."""
    fs = SimFileSystem()
    db = opened(fs)
    interrupted(db, b"waits")

    def hook(name: str, where: str, effect: Any, arguments: Any) -> Any:
        raise OSError(28, "no room")

    fs.hook = hook
    with pytest.raises(libredb.StorageError, match="cannot write") as failed:
        db.set(b"k", b"")
    assert type(failed.value) is libredb.StorageError
    with pytest.raises(DatabaseFailedError, match="no room"):
        db.sync()
    fs.hook = None
    db.close()


def test_an_interrupt_while_commits_are_applied_latches() -> None:
    db = opened(SimFileSystem())

    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    cast("Any", db._shared.store).apply = interrupt
    with pytest.raises(KeyboardInterrupt):
        db.set(b"k", b"")
    with pytest.raises(DatabaseFailedError, match="KeyboardInterrupt"):
        db.get(b"k")
    db.close()


def test_either_latch_closes_both_and_tells_its_own_failure() -> None:
    for failing, other in ((0, 1), (1, 0)):
        latches = Latches()
        both = (latches, latches.syncing)
        failure = OSError("failed")
        with pytest.raises(OSError, match="failed"), both[failing].running, both[failing]:
            raise failure
        assert latches.closed
        assert latches.failure is failure
        with both[other].running, both[other]:
            assert latches.closed
            if failing:
                assert latches.failure is failure
        assert latches.closed
        assert latches.failure is failure


def test_a_latch_is_open_while_one_appends_and_another_syncs() -> None:
    latches: Latch = Latches()
    assert isinstance(latches, Latches)
    with latches.syncing.running, latches.syncing, latches.running, latches:
        assert not latches.closed
    assert not latches.closed
    assert latches.failure is None


def test_a_thread_in_the_middle_of_a_commit_may_read_unless_it_applies_one() -> None:
    db = opened(SimFileSystem())
    guard = db._guard
    with db._shared._own.lock:
        for what in (A_TRANSACTION, A_GROUP, "a sync", "close()"):
            with pytest.raises(UsageError, match=r"inside a commit of the same thread"):
                guard.begin(what, inside_group=True)
        assert not guard.begin(A_READ, inside_group=True)
        with guard.state, pytest.raises(UsageError, match=r"a read cannot begin inside a commit"):
            guard.begin(A_READ, inside_group=True)
    assert not guard.begin(A_TRANSACTION, inside_group=True)
    db.close()


def test_a_sync_that_died_closes_the_latch_while_another_thread_appends() -> None:
    latches = Latches()
    with latches.syncing.running:
        latches.syncing.__enter__()
        assert not latches.closed
    with latches.running, latches:
        assert latches.closed


@pytest.mark.cpython(reason="runs a thread")
def test_each_thread_has_a_lock_of_its_own() -> None:
    from threading import Thread

    own = Own()
    held: list[bool] = []
    with own.lock:
        thread = Thread(target=lambda: held.append(own.held()))
        thread.start()
        thread.join()
        held.append(own.held())
    assert [*held, own.held()] == [False, True, False]


def test_waiting_commits_are_applied_in_order_and_only_as_far_as_they_are_covered() -> None:
    db = opened(SimFileSystem())
    for number in range(3):
        with interrupted_door(db):
            db.transact(setting(b"k%d" % number))
    commits = db._shared
    covered = commits.shown._replace(appended=2)
    commits.shown = covered
    commits.sync()
    assert [key for key, _ in db.scan()] == [b"k0", b"k1"]
    assert [version for version, _ in commits._waiting] == [3]
    assert list(commits._above.ops) == [b"k2"]
    assert db.transact(lambda tx: [key for key, _ in tx.scan()]) == [b"k0", b"k1", b"k2"]
    db.close()
