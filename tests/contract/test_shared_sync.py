"""Claim: with `SharedSync` threads share syncs, and each commit returns only when it is durable.

Clause 1 and 3 of the contract, where threads commit at the same time. What a sync waits for here is
an event of the test, never time. All orders in which threads can go on are tried in
tests/unit/kernel/test_shared_schedules.py.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

import libredb
from libredb import Database, DatabaseFailedError, StorageError, Transaction, UsageError
from sim.world.filesystem import SimFileSystem
from tests.support.ports import Calls
from tests.support.work import setting

cpython = pytest.mark.cpython(reason="runs threads")


class SlowSyncs:
    """A hook: while `slow`, every sync waits until it is let go; writes and syncs are counted."""

    def __init__(self, fs: SimFileSystem) -> None:
        self.slow = False
        self.fails = False
        self.syncs = 0
        self.began = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)
        self.written = threading.Semaphore(0)
        fs.hook = self

    def __call__(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        if name == "sync":
            self.syncs += 1
            if self.slow:
                self.began.release()
                assert self.let_go.acquire(timeout=60), "nobody let the sync go"
            if self.fails:
                raise OSError(5, "the sync failed")
        result = effect(*arguments)
        if name == "write":
            self.written.release()
        return result

    def wait_for_sync(self) -> None:
        assert self.began.acquire(timeout=60), "no sync began"

    def wait_for_writes(self, count: int) -> None:
        for _ in range(count):
            assert self.written.acquire(timeout=60), "nothing was written"


class Shared:
    """A database with slow syncs, and threads that use it."""

    def __init__(self) -> None:
        self.fs = SimFileSystem()
        self.db = libredb.open("p", fs=self.fs, group_commit=libredb.SharedSync())
        self.hook = SlowSyncs(self.fs)
        self.hook.slow = True
        self._pool = ThreadPoolExecutor(64)

    def begin(self, work: Callable[[Transaction], object]) -> Future[Any]:
        """Let another thread run a transaction."""
        return self._pool.submit(self.db.transact, work)

    def end(self) -> None:
        """Let everything come to its end."""
        self.hook.slow = False
        self.hook.let_go.release(1000)
        self._pool.shutdown()


@pytest.fixture
def shared() -> Any:
    made = Shared()
    yield made
    made.end()
    made.db.close()


def increment(tx: Transaction) -> int:
    number = int(tx.get(b"counter", b"0")) + 1
    tx.set(b"counter", b"%d" % number)
    return number


@cpython
def test_many_threads_need_far_fewer_syncs_than_they_make_commits(shared: Shared) -> None:
    first = shared.begin(increment)
    shared.hook.wait_for_sync()
    others = [shared.begin(increment) for _ in range(40)]
    shared.hook.wait_for_writes(41)  # while the first is still being synced
    before = shared.hook.syncs
    shared.end()
    assert sorted([first.result(), *(each.result() for each in others)]) == list(range(1, 42))
    assert shared.hook.syncs - before == 1, "one sync serves all that were appended"


@cpython
def test_a_commit_that_waits_is_seen_by_writers_and_by_no_read(shared: Shared) -> None:
    commit = shared.begin(setting(b"k"))
    shared.hook.wait_for_sync()
    db = shared.db
    assert db.get(b"k") is None
    assert list(db.scan()) == []
    assert db.read(lambda tx: (tx.get(b"k"), tx.version)) == (None, 0)
    assert (db.version, db.durable_version, db.pending_commits) == (0, 0, 1)
    assert db.pending_bytes > 0
    seen = shared.begin(lambda tx: (tx.get(b"k"), [key for key, _ in tx.scan()], tx.version))
    shared.hook.let_go.release()
    assert seen.result(60) == (b"", [b"k"], 2)
    commit.result(60)
    assert (db.version, db.durable_version, db.pending_commits, db.pending_bytes) == (1, 1, 0, 0)
    assert db.get(b"k") == b""


class Left(Exception):  # noqa: N818 - no error: it leaves a transaction
    """What a user's own code raises."""


@cpython
@pytest.mark.parametrize("raises", [False, True], ids=["wrote nothing", "raised"])
def test_who_has_only_seen_a_commit_that_waits_returns_after_it(
    shared: Shared, *, raises: bool
) -> None:
    commit = shared.begin(setting(b"k"))
    shared.hook.wait_for_sync()
    looked = threading.Event()

    def look(tx: Transaction) -> bytes | None:
        value = tx.get(b"k")
        looked.set()
        if raises:
            raise Left
        return value

    looker = shared.begin(look)
    assert looked.wait(60)
    assert not commit.done()
    assert not looker.done()
    shared.hook.let_go.release()
    commit.result(60)
    if raises:
        assert isinstance(looker.exception(60), Left)
    else:
        assert looker.result(60) == b""
    assert shared.hook.syncs == 1


@cpython
@pytest.mark.parametrize("raises", [False, True], ids=["wrote nothing", "raised"])
def test_who_has_seen_a_commit_whose_sync_fails_gets_an_error(
    shared: Shared, *, raises: bool
) -> None:
    commit = shared.begin(setting(b"k"))
    shared.hook.wait_for_sync()
    looked = threading.Event()

    def look(tx: Transaction) -> None:
        looked.set()
        if raises:
            raise Left

    looker = shared.begin(look)
    assert looked.wait(60)
    shared.hook.fails = True
    shared.end()
    assert isinstance(commit.exception(60), StorageError)
    assert isinstance(looker.exception(60), DatabaseFailedError)


@cpython
def test_a_failed_sync_fails_every_thread_that_waits_and_is_not_tried_again(shared: Shared) -> None:
    first = shared.begin(setting(b"first"))
    shared.hook.wait_for_sync()
    others = [shared.begin(increment) for _ in range(5)]
    shared.hook.wait_for_writes(6)
    shared.hook.fails = True
    shared.end()
    assert type(first.exception(60)) is StorageError
    assert [type(other.exception(60)) for other in others] == [DatabaseFailedError] * 5
    assert shared.hook.syncs == 1
    for call in (lambda: shared.db.get(b"first"), lambda: shared.db.set(b"k", b"")):
        with pytest.raises(DatabaseFailedError, match="sync failed"):
            call()
    assert (shared.db.version, shared.db.pending_commits) == (0, 6)
    shared.db.close()
    assert shared.hook.syncs == 1


@cpython
def test_a_transaction_that_was_running_when_a_sync_failed_appends_nothing(shared: Shared) -> None:
    first = shared.begin(setting(b"first"))
    shared.hook.wait_for_sync()
    running, failed = threading.Event(), threading.Event()

    def work(tx: Transaction) -> None:
        running.set()
        assert failed.wait(60)
        tx.set(b"second", b"")

    second = shared.begin(work)
    assert running.wait(60)
    shared.hook.fails = True
    shared.hook.let_go.release()
    first.exception(60)
    failed.set()
    assert isinstance(second.exception(60), DatabaseFailedError)
    assert shared.db.pending_commits == 1


REFUSED: dict[str, Callable[[Database], object]] = {
    "transact": lambda db: db.transact(setting(b"inside")),
    "set": lambda db: db.set(b"inside", b""),
    "transaction": lambda db: db.transaction().__enter__(),
    "group": lambda db: db.group().__enter__(),
    "sync": lambda db: db.sync(),
    "compact": lambda db: db.compact(),
    "backup": lambda db: db.backup(),
    "close": lambda db: db.close(),
}


@pytest.mark.parametrize("call", REFUSED)
def test_what_would_append_or_sync_in_the_middle_of_a_commit_of_the_same_thread_is_refused(
    call: str,
) -> None:
    """As a signal handler or a finalizer does that runs while a thread syncs."""
    fs = SimFileSystem()
    db = libredb.open("p", fs=fs, group_commit=libredb.SharedSync())
    told: list[str] = []
    asked: list[str] = []

    def hook(name: str, where: str, effect: Callable[..., Any], arguments: Any) -> Any:
        if name == "sync" and not asked:
            asked.append(call)
            try:
                REFUSED[call](db)
            except UsageError as error:
                told.append(str(error))
            told.append(str(db.get(b"k")))  # reading is no matter
        return effect(*arguments)

    fs.hook = hook
    db.set(b"k", b"")
    assert "cannot begin inside a commit of the same thread" in told[0]
    assert told[1] == "None"
    with db.transaction() as tx:
        tx.set(b"block", b"")
    assert [key for key, _ in db.scan()] == [b"block", b"k"]
    db.close()


def work_of_one_thread(db: Database) -> None:
    db.set(b"a", b"1")
    with db.transaction() as tx:
        tx.set(b"b", b"2")
        tx.delete(b"a")
    db.transact(lambda tx: tx.get(b"a"))
    db.delete(b"absent")
    with suppress(Left), db.transaction() as tx:
        tx.set(b"c", b"3")
        raise Left
    with db.group():
        db.set(b"d", b"4")
        with db.transaction() as tx:
            tx.set(b"e", b"5")
        assert (db.get(b"d"), db.pending_commits) == (b"4", 2)
        db.sync()
        db.set(b"f", b"6")
    db.sync()
    db.compact()
    db.set(b"g", b"7")
    assert len(b"".join(db.backup())) > 8192
    db.close()


def test_one_thread_asks_the_same_of_storage_as_by_default() -> None:
    seen: list[list[tuple[str, int, int]]] = []
    for option in (None, libredb.SharedSync()):
        fs = SimFileSystem()
        calls = Calls(fs)
        work_of_one_thread(libredb.open("p", fs=fs, group_commit=option))
        seen.append(calls.seen)
        with libredb.open("p", fs=fs) as db:
            assert [key for key, _ in db.scan()] == [b"b", b"d", b"e", b"f", b"g"]
    assert seen[0] == seen[1]


def test_where_nothing_is_synced_nothing_is_shared() -> None:
    with libredb.open(group_commit=libredb.SharedSync()) as db:
        db.set(b"k", b"")
        assert (db.version, db.durable_version) == (1, 1)
    fs = SimFileSystem()
    libredb.open("p", fs=fs).close()
    with libredb.open("p", fs=fs, mode="r", group_commit=libredb.SharedSync()) as db:
        assert db.get(b"k") is None
        with pytest.raises(UsageError, match="reading only"):
            db.set(b"k", b"")


def test_the_option_is_an_object_and_not_its_class() -> None:
    option: Any = libredb.SharedSync
    with pytest.raises(TypeError, match="must be a GroupCommit or a SharedSync"):
        libredb.open(group_commit=option)


@cpython
def test_an_appended_commit_survives_a_kill_and_its_order_is_that_of_the_turn(
    shared: Shared,
) -> None:
    first = shared.begin(increment)
    shared.hook.wait_for_sync()
    second = shared.begin(increment)
    shared.hook.wait_for_writes(2)
    copy = shared.fs.copy()
    with libredb.open("p", fs=copy) as db:
        assert (db.version, db.get(b"counter")) == (2, b"2")
    shared.end()
    assert [first.result(60), second.result(60)] == [1, 2]
