"""`transact_async` is `transact` in a thread: the loop goes on, and what it refuses never runs."""

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import partial
from typing import Any

import pytest

import libredb
from libredb import Database, FileSystem, Transaction, UsageError, UsageTypeError
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.gate import Gate
from tests.support.work import awaited, keys

BLOCKS: dict[str, Callable[[Database], AbstractContextManager[object]]] = {
    "transaction": lambda db: db.transaction(),
    "group": lambda db: db.group(),
}
INSIDE = r"transact_async\(\) cannot begin inside a .*; use the transaction that is running, or tr"


@pytest.fixture
def db(memory_fs: SimFileSystem) -> Database:
    return libredb.open("p", fs=memory_fs)


def increment(tx: Transaction) -> int:
    number = int(tx.get(b"n", b"0")) + 1
    tx.set(b"n", b"%d" % number)
    return number


def fail(tx: Transaction) -> None:
    tx.set(b"aborted", b"")
    raise LookupError("no")


# What it does


def test_it_returns_the_result_of_a_durable_commit(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        assert awaited(db.transact_async(increment)) == 1
        assert awaited(db.transact_async(increment)) == 2
        assert (db.version, db.durable_version) == (2, 2)
    with libredb.open(db_path, fs=fs, mode="r") as db:
        assert db.get(b"n") == b"2"
        assert awaited(db.transact_async(lambda tx: tx.get(b"n"))) == b"2"


@pytest.mark.cpython
def test_the_function_runs_in_another_thread(db: Database) -> None:
    runs_in = awaited(db.transact_async(lambda _: threading.get_ident()))
    assert runs_in != threading.get_ident()


@pytest.mark.cpython
def test_the_event_loop_goes_on_meanwhile(db: Database) -> None:
    gate = Gate()

    async def main() -> tuple[str, bool]:
        task = asyncio.ensure_future(db.transact_async(gate.work))
        await gate.wait_until_reached()
        alone = db.get(b"slow") is None  # what was not committed, nobody sees
        gate.opened.set()
        return await task, alone

    assert asyncio.run(main()) == ("done", True)
    assert keys(db) == [b"slow"]


@pytest.mark.cpython
def test_two_tasks_take_turns(fs: FileSystem, db_path: str) -> None:
    async def work(db: Database) -> list[int]:
        return [await db.transact_async(increment) for _ in range(10)]

    async def main(db: Database) -> list[list[int]]:
        return list(await asyncio.gather(work(db), work(db)))

    with libredb.open(db_path, fs=fs) as db:
        first, second = asyncio.run(main(db))
        assert sorted(first + second) == list(range(1, 21))
        assert (first, second) == (sorted(first), sorted(second))
        assert db.version == 20


@pytest.mark.cpython
def test_more_tasks_than_a_pool_has_threads_all_come_to_their_end(db: Database) -> None:
    async def main() -> list[int]:
        return await asyncio.gather(*(db.transact_async(increment) for _ in range(100)))

    assert sorted(asyncio.run(main())) == list(range(1, 101))


@pytest.mark.cpython
def test_the_function_sees_the_context_of_its_task(db: Database) -> None:
    name = ContextVar("name", default="nobody")

    async def main(own: str) -> str:
        name.set(own)
        return await db.transact_async(lambda _: name.get())

    async def both() -> list[str]:
        return list(await asyncio.gather(main("ada"), main("bob")))

    assert asyncio.run(both()) == ["ada", "bob"]


# In a browser


def test_where_there_are_no_threads_it_runs_in_place(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "emscripten")
        assert awaited(db.transact_async(lambda tx: (increment(tx), threading.get_ident()))) == (
            1,
            threading.get_ident(),
        )
        with pytest.raises(LookupError):
            awaited(db.transact_async(fail))
        with db.group(), pytest.raises(UsageError, match=INSIDE):
            awaited(db.transact_async(increment))
        with pytest.raises(UsageTypeError, match="await first, then transact"):
            awaited(db.transact_async(ASYNC["function"]))
    assert db.version == 1


# What it refuses


async def coroutine(tx: Transaction) -> None:
    tx.set(b"late", b"")


class Methods:
    async def method(self, tx: Transaction) -> None:
        tx.set(b"late", b"")

    async def __call__(self, tx: Transaction) -> None:
        tx.set(b"late", b"")


ASYNC: dict[str, Callable[[Transaction], Awaitable[None]]] = {
    "function": coroutine,
    "method": Methods().method,
    "partial": partial(coroutine),
    "lambda": lambda tx: coroutine(tx),  # noqa: PLW0108 - that it is none is the point
    "object": Methods(),
}


@pytest.mark.parametrize("fn", ASYNC)
def test_async_work_is_refused_and_never_runs(db: Database, fn: str) -> None:
    with pytest.raises(UsageTypeError, match="await first, then transact"):
        awaited(db.transact_async(ASYNC[fn]))
    gc.collect()  # a coroutine that was dropped would warn now, and fail the test
    assert (db.version, keys(db)) == (0, [])


@pytest.mark.cpython
@pytest.mark.parametrize("fn", ["function", "method", "partial"])
def test_an_async_function_is_refused_before_anything_runs(db: Database, fn: str) -> None:
    """Nobody waits for the turn to hear that: another thread has it until then."""
    gate = Gate()
    holder = threading.Thread(target=db.transact, args=(gate.work,))
    holder.start()
    assert gate.reached.wait(60)
    try:
        with pytest.raises(UsageTypeError, match="runs a plain function, not an async one"):
            awaited(db.transact_async(ASYNC[fn]))
    finally:
        gate.opened.set()
        holder.join()


@pytest.mark.parametrize("wrong", [5, None, b"fn"], ids=repr)
def test_what_cannot_be_called_is_refused(db: Database, wrong: Any) -> None:
    with pytest.raises(UsageTypeError, match="needs a function, not"):
        awaited(db.transact_async(wrong))
    assert db.version == 0


@pytest.mark.cpython
@pytest.mark.parametrize("block", BLOCKS)
def test_inside_a_block_of_its_own_thread_it_is_refused_instead_of_waiting_for_ever(
    db: Database, memory_fs: SimFileSystem, block: str
) -> None:
    async def main() -> None:
        with BLOCKS[block](db):
            calls = Fault(memory_fs, OSError())
            with pytest.raises(UsageError, match=INSIDE):
                await db.transact_async(increment)
            assert calls.names == []
        assert await db.transact_async(increment) == 1

    asyncio.run(main())


@pytest.mark.cpython
def test_inside_a_read_it_waits_for_nothing_and_is_not_seen(db: Database) -> None:
    async def main() -> None:
        with db.read() as tx:
            assert await db.transact_async(increment) == 1
            assert (tx.get(b"n"), db.get(b"n")) == (None, b"1")

    asyncio.run(main())


@pytest.mark.cpython
def test_inside_a_group_of_another_task_it_is_refused(db: Database) -> None:
    async def other() -> None:
        with pytest.raises(UsageError, match="inside a group of another task of this thread"):
            await db.transact_async(increment)

    async def main() -> None:
        with db.group():
            db.transact(increment)
            await asyncio.ensure_future(other())
            db.transact(increment)

    asyncio.run(main())
    assert db.get(b"n") == b"2"


@pytest.mark.cpython
def test_without_an_event_loop_nothing_runs(db: Database) -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        db.transact_async(increment).send(None)
    assert db.version == 0
