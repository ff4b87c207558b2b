"""A block belongs to the thread and the task that entered it, and is left whatever happens."""

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from weakref import ref

import pytest

import libredb
from libredb import Database, DatabaseFailedError, GroupCommit, UsageError
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.work import commit, keys, setting

BLOCKS: dict[str, Callable[[Database], AbstractContextManager[object]]] = {
    "transaction": lambda db: db.transaction(),
    "read": lambda db: db.read(),
    "group": lambda db: db.group(),
}


@pytest.fixture
def db(memory_fs: SimFileSystem) -> Database:
    return libredb.open("p", fs=memory_fs)


def run(*tasks: Callable[[], Awaitable[object]]) -> list[object]:
    """Run coroutine functions as tasks of one loop; return what they returned or raised."""

    async def everything() -> list[object]:
        return await asyncio.gather(*(task() for task in tasks), return_exceptions=True)

    with asyncio.Runner() as runner:
        return runner.run(everything())


@pytest.mark.cpython
def test_another_task_cannot_join_a_group(db: Database, memory_fs: SimFileSystem) -> None:
    """Its commit returned without a sync, into a group that it knew nothing of."""
    entered, refused = asyncio.Event(), asyncio.Event()

    async def owner() -> None:
        with db.group():
            commit(db, b"owner 1")
            entered.set()
            await refused.wait()
            commit(db, b"owner 2")

    async def other() -> None:
        await entered.wait()
        calls = Fault(memory_fs, OSError())
        try:
            db.transact(setting(b"other"))
        finally:
            assert calls.names == []
            refused.set()

    owned, refusal = run(owner, other)
    assert owned is None
    assert isinstance(refusal, UsageError)
    assert "inside a group of another task of this thread" in str(refusal)
    assert keys(db) == [b"owner 1", b"owner 2"]


@pytest.mark.cpython
def test_another_task_is_refused_while_a_transaction_waits_for_something(db: Database) -> None:
    entered, done = asyncio.Event(), asyncio.Event()

    async def owner() -> None:
        with db.transaction():
            entered.set()
            await done.wait()

    async def other() -> None:
        await entered.wait()
        try:
            db.get(b"k")
        finally:
            done.set()

    _, refusal = run(owner, other)
    assert isinstance(refusal, UsageError)
    commit(db, b"k")


@pytest.mark.cpython
@pytest.mark.parametrize("block", ["transaction", "group"])
def test_a_block_that_another_thread_leaves_is_refused_and_latches(
    db: Database, block: str
) -> None:
    """A web framework may enter a block in one thread of a pool and leave it in another."""
    entered = BLOCKS[block](db)
    thread = threading.Thread(target=entered.__enter__)
    thread.start()
    thread.join()
    with pytest.raises(UsageError, match="must be left by the thread that entered it"):
        entered.__exit__(None, None, None)


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_work_in_an_exit_stack(db: Database, block: str) -> None:
    with ExitStack() as stack:
        stack.enter_context(BLOCKS[block](db))
    stack = ExitStack()
    stack.enter_context(BLOCKS[block](db))
    with pytest.raises(LookupError), stack:
        raise LookupError
    commit(db, b"k")


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_that_is_dropped_is_left(db: Database, block: str) -> None:
    by_hand = BLOCKS[block](db)
    by_hand.__enter__()
    del by_hand
    commit(db, b"k")
    assert db.pending_commits == 0


@pytest.mark.cpython
def test_a_read_block_keeps_its_state_and_delays_nobody(db: Database) -> None:
    """Until a read was left, nobody's commit became visible, and so no writer got on."""
    commit(db, b"a", b"b")
    with db.read() as tx:
        begun = tx.scan()
        assert next(begun) == (b"a", b"")
        for work in (
            lambda: db.transact(lambda inner: inner.set(b"a", b"new")),
            lambda: db.delete(b"b"),
            lambda: commit(db, b"c"),
            db.compact,
        ):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            work()
            assert (tx.get(b"a"), tx.get(b"b"), tx.get(b"c")) == (b"", b"", None)
            assert list(tx.scan()) == [(b"a", b""), (b"b", b"")]
        assert list(begun) == [(b"b", b"")]
        version = tx.version
    assert (keys(db), db.get(b"a"), version) == ([b"a", b"c"], b"new", 2)


def test_a_read_block_goes_on_when_its_database_is_closed(db: Database) -> None:
    commit(db, b"a", b"b")
    with db.read() as tx:
        db.close()
        assert (tx.get(b"a"), list(tx.scan())) == (b"", [(b"a", b""), (b"b", b"")])
    with pytest.raises(UsageError, match="closed"), db.read():
        raise AssertionError("a closed database was read")


@pytest.mark.parametrize("block", BLOCKS)
def test_a_database_of_which_a_block_was_left_goes_at_once_when_it_is_dropped(
    db: Database, memory_fs: SimFileSystem, block: str
) -> None:
    """The guard kept the last block, with all that its transaction had written."""
    gc.disable()
    try:
        other = libredb.open("other", fs=memory_fs)
        with BLOCKS[block](other):
            pass
        kept = ref(other._guard)
        other.close()
        del other
        assert kept() is None
    finally:
        gc.enable()


def test_a_dropped_group_is_synced_before_anybody_else_commits(
    db: Database, memory_fs: SimFileSystem
) -> None:
    by_hand = db.group()
    by_hand.__enter__()
    commit(db, b"1", b"2")
    calls = Fault(memory_fs, OSError())
    del by_hand
    assert calls.names == ["sync"]
    assert db.pending_commits == 0


@pytest.mark.cpython
def test_a_commit_being_synced_is_not_visible_and_nobody_waits_for_it(
    memory_fs: SimFileSystem,
) -> None:
    """Every read waited for the lock that a writer holds during its sync."""
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"1")
    syncing, seen = threading.Event(), threading.Event()

    def hook(
        name: str, where: str, effect: Callable[..., object], arguments: tuple[object, ...]
    ) -> object:
        if name == "sync":
            syncing.set()
            seen.wait()
        return effect(*arguments)

    memory_fs.hook = hook
    writer = threading.Thread(target=commit, args=(db, b"2"))
    writer.start()
    syncing.wait()
    try:
        assert db.get(b"2") is None
        assert keys(db) == [b"1"]
        assert db.read(lambda tx: [tx.get(b"2"), tx.version]) == [None, 1]
        with db.read() as tx:
            assert [key for key, _ in tx.scan()] == [b"1"]
        assert (db.version, db.durable_version, db.pending_commits, db.pending_bytes) == (
            1,
            1,
            0,
            0,
        )
    finally:
        seen.set()
        writer.join()
    assert keys(db) == [b"1", b"2"]


@pytest.mark.cpython
def test_a_group_is_not_visible_before_it_is_left(db: Database) -> None:
    seen: list[list[bytes]] = []
    reader = threading.Thread(target=lambda: seen.append(keys(db)))
    with db.group():
        commit(db, b"1")
        reader.start()
        commit(db, b"2")
    reader.join()
    assert seen == [[b"1", b"2"]]


def test_after_a_failure_in_a_group_nothing_in_it_goes_on(
    db: Database, memory_fs: SimFileSystem
) -> None:
    """A later commit of the same group must not make the failure forgotten."""

    def fail() -> None:
        with db.group():
            commit(db, b"1")
            Fault(memory_fs, OSError("no"), 1)
            for call in (
                lambda: commit(db, b"2"),
                lambda: commit(db, b"3"),
                lambda: db.get(b"1"),
                db.sync,
            ):
                with pytest.raises(libredb.StorageError):
                    call()

    with pytest.raises(DatabaseFailedError):
        fail()
    memory_fs.hook = None
    db.close()
    with libredb.open("p", fs=memory_fs, mode="rw") as again:
        assert keys(again) == [b"1"]


def test_a_window_is_kept_as_it_is_around_a_group(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=3))
    commit(db, b"1")
    with db.group():
        commit(db, b"2", b"3", b"4")
        assert db.pending_commits == 4
    assert db.pending_commits == 0
    commit(db, b"5")
    assert db.pending_commits == 1
