"""Who has a right is what the locks say; nobody waits for itself; no right outlives its block."""

import asyncio
import sys
import threading
from contextlib import ExitStack
from threading import RLock

import pytest

from libredb.kernel.errors import DatabaseFailedError, UsageError
from libredb.kernel.guard import A_GROUP, A_READ, A_TRANSACTION, Block, Guard, owned
from tests.unit.kernel.rights import Log, block, is_free

# Who would wait for itself


@pytest.mark.cpython
@pytest.mark.parametrize("outer", [A_TRANSACTION, A_READ])
@pytest.mark.parametrize("what", [A_TRANSACTION, A_READ, A_GROUP, "a sync"])
def test_a_thread_that_would_wait_for_itself_gets_an_error_that_says_why(
    outer: str, what: str
) -> None:
    guard = Guard()
    with (
        block(guard, outer),
        pytest.raises(UsageError, match=f"{what} cannot begin inside {outer} of the same thread"),
    ):
        guard.begin(what, inside_group=True)
    assert is_free(guard)


def test_who_reads_inside_a_transaction_is_told_to_use_it() -> None:
    guard = Guard()
    with block(guard, A_TRANSACTION):
        with pytest.raises(UsageError, match=r"use the transaction that is running: tx\.get\(\)"):
            guard.moment()
        with pytest.raises(UsageError, match=r"its own tx\.transact\(\)"):
            guard.begin(A_TRANSACTION, inside_group=True)


def test_only_what_a_group_is_for_may_run_inside_it_and_only_one_level_deep() -> None:
    guard = Guard()
    with block(guard, A_GROUP):
        with pytest.raises(UsageError, match="a compaction cannot begin inside a group"):
            guard.begin("a compaction")
        assert guard.begin("a sync", inside_group=True)
        assert guard.moment() is guard.step
        with (
            block(guard, A_TRANSACTION),
            pytest.raises(UsageError, match="inside a transaction of the same thread"),
        ):
            guard.begin("a sync", inside_group=True)
    assert not guard.begin("a compaction")
    assert guard.moment() is guard.state


def test_a_group_belongs_to_the_task_that_opened_it() -> None:
    """Another task of the thread joined a group it knew nothing of: its commits were not synced."""
    guard = Guard()
    refused: list[str] = []

    async def other() -> None:
        try:
            guard.begin(A_TRANSACTION, inside_group=True)
        except UsageError as error:
            refused.append(str(error))

    async def owner() -> None:
        with block(guard, A_GROUP):
            await asyncio.create_task(other())
            assert guard.begin(A_TRANSACTION, inside_group=True)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(owner())
    loop.close()
    assert len(refused) == 1
    assert "inside a group of another task of this thread" in refused[0]


def test_a_child_that_was_forked_waits_for_nothing() -> None:
    gone: list[str] = []
    guard = Guard(lambda: gone[0] if gone else None)
    guard.turn.acquire()
    gone.append("opened before a fork; open it again")
    with pytest.raises(UsageError, match="opened before a fork; open it again"):
        guard.begin("a sync")
    guard.closed = True
    with pytest.raises(UsageError, match="is closed"):
        guard.begin("a sync")


@pytest.mark.cpython
def test_another_thread_waits_until_the_right_is_free() -> None:
    guard = Guard()
    started = threading.Event()
    order: list[str] = []

    def work() -> None:
        started.set()
        with block(guard, A_TRANSACTION):
            order.append("thread")

    thread = threading.Thread(target=work)
    with block(guard, A_GROUP):
        thread.start()
        started.wait()
        order.append("main")
    thread.join()
    assert order == ["main", "thread"]


@pytest.mark.cpython
def test_who_reads_does_not_wait_for_the_turn() -> None:
    guard = Guard()
    read: list[str] = []

    def work() -> None:
        with guard.moment():
            read.append("the state")

    with block(guard, A_TRANSACTION):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert read == ["the state"]


# Blocks


@pytest.mark.cpython
@pytest.mark.parametrize("grouped", [False, True], ids=["alone", "in a group"])
def test_a_block_tells_how_it_was_left_and_gives_back_what_it_took(*, grouped: bool) -> None:
    guard, log = Guard(), Log()
    with ExitStack() as stack:
        if grouped:
            stack.enter_context(block(guard, A_GROUP))
        with block(guard, A_TRANSACTION, log) as started:
            assert started == A_TRANSACTION
        with pytest.raises(LookupError), block(guard, A_TRANSACTION, log):
            raise LookupError
        with pytest.raises(OSError, match="no"), block(guard, A_READ, log, OSError("no")):
            pass
    assert log == [
        (A_TRANSACTION, None, grouped),
        (A_TRANSACTION, LookupError, grouped),
        (A_READ, None, grouped),
        (A_READ, OSError, grouped),  # once more, in case it was interrupted before it began
    ]
    assert is_free(guard)


@pytest.mark.cpython
def test_a_block_that_cannot_start_gives_back_what_it_took() -> None:
    guard = Guard()
    guard.closed = True
    for what in (A_TRANSACTION, A_READ, A_GROUP):
        with pytest.raises(UsageError, match="closed"):
            block(guard, what).__enter__()
        with pytest.raises(UsageError, match="closed"), block(guard, what):
            pass
    assert is_free(guard)


@pytest.mark.cpython
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_block_that_is_interrupted_while_it_waits_gives_back_what_it_has(
    error: type[BaseException],
) -> None:
    """A RuntimeError was taken for that of a block that another thread drops, and was lost."""

    class NeverFree:
        """The second lock of a block; the handler of a signal raises while it is waited for."""

        def __enter__(self) -> None:
            raise error

        def __exit__(self, *_: object) -> None:
            """Be left."""

        def _is_owned(self) -> bool:
            return False

    guard, log = Guard(), Log()
    guard.state = NeverFree()  # pyright: ignore[reportAttributeAccessIssue] - that is the point
    waiting = block(guard, A_GROUP, log)
    guard.state = RLock()
    with pytest.raises(error), waiting:
        pass
    assert log == []
    assert is_free(guard)


def test_a_block_is_entered_once() -> None:
    again = block(Guard(), A_READ)
    with again, pytest.raises(UsageError, match="entered already"):
        again.__enter__()


@pytest.mark.cpython
def test_a_block_whose_end_was_interrupted_after_it_gave_back_everything_is_not_kept() -> None:
    guard = Guard()
    with block(guard, A_TRANSACTION):
        (left,) = guard.entered
    guard.entered[left] = None  # as if it had been interrupted just before it forgot itself
    with block(guard, A_TRANSACTION):
        assert left not in guard.entered
    assert not guard.entered


def test_where_a_block_is_entered_decides_not_where_it_was_made() -> None:
    guard, log = Guard(), Log()
    with block(guard, A_GROUP):
        made_inside = block(guard, A_TRANSACTION, log)
    with made_inside:
        assert owned(guard.turn)()
    assert log == [(A_TRANSACTION, None, False)]


@pytest.mark.cpython
def test_a_block_that_was_entered_by_hand_ends_when_it_is_dropped() -> None:
    guard, log = Guard(), Log()
    by_hand = block(guard, A_TRANSACTION, log)
    by_hand.__enter__()
    assert not is_free(guard)
    del by_hand
    assert [how[1] is not None for how in log] == [True]
    assert is_free(guard)


def test_a_block_that_never_was_made_ends_without_a_word() -> None:
    Block.__new__(Block).__del__()


@pytest.mark.cpython
def test_an_exit_that_cannot_begin_ends_the_block_all_the_same() -> None:
    # Its first instruction is where a KeyboardInterrupt arrives. contextlib's blocks then stayed
    # entered for as long as somebody kept the exception, as a notebook does, and everybody waited.
    guard, log = Guard(), Log()
    kept: list[BaseException] = []
    original = Block.__dict__["__exit__"]._method

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        Block.__dict__["__exit__"]._method = interrupted
        try:
            with block(guard, A_GROUP, log):
                pass
        except KeyboardInterrupt as error:
            kept.append(error)
    finally:
        Block.__dict__["__exit__"]._method = original
    assert [how[1] is not None for how in log] == [True]
    assert is_free(guard)


@pytest.mark.cpython
@pytest.mark.parametrize("inner", [None, A_TRANSACTION])
def test_a_block_whose_end_was_interrupted_twice_ends_with_the_next_call(
    monkeypatch: pytest.MonkeyPatch, inner: str | None
) -> None:
    # A storm of 20,000 signals found it: one kept `__exit__` from beginning, the next was swallowed
    # where the block watched for that. Its thread was refused for ever.
    guard, log = Guard(), Log()
    end = Block[str].end

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Block.__dict__["__exit__"], "_method", interrupted)
    monkeypatch.setattr(Block, "end", interrupted)
    monkeypatch.setattr(sys, "unraisablehook", id)

    def nest(*blocks: str) -> None:
        if blocks:
            with pytest.raises(KeyboardInterrupt), block(guard, blocks[0], log):
                nest(*blocks[1:])

    nest(A_GROUP, *([inner] if inner else []))
    monkeypatch.setattr(Block, "end", end)
    assert not is_free(guard)
    assert guard.begin(A_READ) is False
    assert [name for name, *_ in log] == ([inner] if inner else []) + [A_GROUP]
    assert is_free(guard)


@pytest.mark.cpython
@pytest.mark.parametrize("what", [A_TRANSACTION, A_GROUP, A_READ])
def test_a_block_that_another_thread_leaves_is_a_failure(what: str) -> None:
    guard = Guard()
    entered = block(guard, what)
    thread = threading.Thread(target=entered.__enter__)
    thread.start()
    thread.join()
    with pytest.raises(UsageError, match="must be left by the thread that entered it"):
        type(entered).__exit__(entered, None, None, None)
    with pytest.raises(DatabaseFailedError, match="the thread that entered it"):
        guard.check()


def test_a_lock_knows_its_owner() -> None:
    guard = Guard()
    for lock in (guard.turn, guard.step, guard.state):
        question = owned(lock)
        assert not question()
        with lock, lock:
            assert question()
        assert not question()
