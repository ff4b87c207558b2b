"""An await of `transact_async` ends when its transaction has, so that the outcome is known then."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from contextlib import suppress

import pytest

import libredb
from libredb import Database, Transaction, UsageError
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.gate import Gate
from tests.support.work import awaited, commit, keys, setting


@pytest.fixture
def db(memory_fs: SimFileSystem) -> Database:
    return libredb.open("p", fs=memory_fs)


async def turns_of_the_loop() -> None:
    """Let everything happen in the loop that can happen now."""
    for _ in range(10):
        await asyncio.sleep(0)


def fail(tx: Transaction) -> None:
    tx.set(b"aborted", b"")
    raise LookupError("no")


def test_an_exception_aborts_and_passes_on(db: Database) -> None:
    with pytest.raises(LookupError, match="no"):
        awaited(db.transact_async(fail))
    assert keys(db) == []
    awaited(db.transact_async(setting(b"k")))
    assert keys(db) == [b"k"]


@pytest.mark.cpython
def test_a_function_that_raises_stop_iteration_does_not_leave_the_await_waiting(
    db: Database,
) -> None:
    """A future takes no StopIteration: in Python 3.11 nobody would hear of the end."""
    with pytest.raises(RuntimeError, match="StopIteration"):
        awaited(db.transact_async(lambda tx: next(tx.scan())))
    commit(db, b"k")


@pytest.mark.cpython
def test_a_failed_transaction_keeps_no_database_alive() -> None:
    """Files and locks stay with a dropped database until it goes, which has to be at once."""

    async def main() -> bool:
        db = libredb.open()
        gone = weakref.ref(db)
        with suppress(LookupError):
            await db.transact_async(fail)
        del db
        await turns_of_the_loop()
        return gone() is None

    gc.disable()
    try:
        assert asyncio.run(main())
    finally:
        gc.enable()


def cancelling(
    db: Database, fn: Callable[[Transaction], object], gate: Gate, *, times: int = 1
) -> asyncio.CancelledError:
    """Cancel an await whose transaction is at the gate, and return what comes out of it."""

    async def main() -> asyncio.CancelledError:
        task = asyncio.ensure_future(db.transact_async(fn))
        await gate.wait_until_reached()
        try:
            for _ in range(times):
                task.cancel()
                await turns_of_the_loop()
                assert not task.done(), "it ended, and the transaction goes on"
            assert db.version == 0
        finally:
            gate.opened.set()  # or the end of the loop waits a minute for its thread
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert task.cancelled()
        return caught.value

    return asyncio.run(main())


@pytest.mark.cpython
@pytest.mark.parametrize("times", [1, 3])
def test_a_cancelled_await_ends_after_its_transaction_has(db: Database, times: int) -> None:
    gate = Gate()
    assert cancelling(db, gate.work, gate, times=times).__cause__ is None
    assert (keys(db), db.durable_version) == ([b"slow"], 1)


@pytest.mark.cpython
def test_a_cancelled_await_whose_transaction_raised_tells_that_as_its_cause(db: Database) -> None:
    gate = Gate()

    def work(tx: Transaction) -> None:
        gate.work(tx)
        fail(tx)

    assert isinstance(cancelling(db, work, gate).__cause__, LookupError)
    assert keys(db) == []


@pytest.mark.cpython
def test_a_timeout_is_told_after_the_transaction_has_ended(db: Database) -> None:
    gate = Gate()

    async def main() -> None:
        asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, gate.opened.set)
        async with asyncio.timeout(0):
            await db.transact_async(gate.work)

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert keys(db) == [b"slow"]


@pytest.mark.cpython
def test_a_task_that_is_cancelled_before_it_begins_runs_nothing(db: Database) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(db.transact_async(setting(b"k")))
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())
    assert db.version == 0


@pytest.mark.cpython
def test_the_end_of_the_loop_waits_for_the_transaction(db: Database) -> None:
    """`asyncio.run` cancels what is left when its function returns, and must not lose a commit."""
    gate = Gate()
    tasks: list[asyncio.Future[str]] = []

    async def main() -> None:
        tasks.append(asyncio.ensure_future(db.transact_async(gate.work)))
        await gate.wait_until_reached()
        asyncio.get_running_loop().call_later(0, gate.opened.set)

    asyncio.run(main())
    assert tasks[0].cancelled()
    assert keys(db) == [b"slow"]


@pytest.mark.cpython
def test_a_loop_that_is_closed_too_early_leaves_a_transaction_that_ends_and_a_database_that_works(
    db: Database,
) -> None:
    gate = Gate()
    loop = asyncio.new_event_loop()
    task = loop.create_task(db.transact_async(gate.work))
    loop.run_until_complete(gate.wait_until_reached())
    loop.close()
    gate.opened.set()
    db.transact(setting(b"next"))  # it waits for its turn
    assert keys(db) == [b"next", b"slow"]
    del task
    gc.collect()  # asyncio complains of the task in its log; nothing else may


def test_a_failure_is_told_like_that_of_a_transact(db: Database, memory_fs: SimFileSystem) -> None:
    Fault(memory_fs, OSError("no"), 1)
    with pytest.raises(libredb.StorageError):
        awaited(db.transact_async(setting(b"k")))
    with pytest.raises(libredb.DatabaseFailedError):
        awaited(db.transact_async(setting(b"k")))
    db.close()
    with pytest.raises(UsageError, match="closed"):
        awaited(db.transact_async(setting(b"k")))
