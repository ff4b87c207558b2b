"""One thread at a time holds the guard, nobody waits for itself, and the latch stays closed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from libredb.kernel.errors import DatabaseFailedError, UsageError
from libredb.kernel.guard import GROUP, Guard


@contextmanager
def hold(
    guard: Guard, what: str, *, inside_group: bool = False, closing: bool = False
) -> Iterator[None]:
    turn = guard.turn(what, inside_group=inside_group, closing=closing)
    with turn.lock, turn:
        yield


def test_a_thread_that_would_wait_for_itself_gets_an_error_that_says_why() -> None:
    guard = Guard()
    why = "a sync cannot begin inside a transaction of the same thread"
    with hold(guard, "a transaction"), pytest.raises(UsageError, match=why):
        hold(guard, "a sync", inside_group=True).__enter__()
    assert not guard._lock.locked()


def test_only_what_a_group_is_for_may_run_inside_it_and_only_one_level_deep() -> None:
    guard = Guard()
    with hold(guard, GROUP):
        with pytest.raises(UsageError, match="inside a group"):
            hold(guard, "a compaction").__enter__()
        with hold(guard, "a transaction", inside_group=True):
            assert guard.in_group
            with pytest.raises(UsageError, match="inside a transaction"):
                hold(guard, "a sync", inside_group=True).__enter__()
        assert guard.in_group
        assert guard._lock.locked()
    assert not guard.in_group
    assert not guard._lock.locked()


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a group"])
def test_an_exception_frees_what_was_held(*, inside: bool) -> None:
    guard = Guard()

    def work() -> None:
        with ExitStack() as stack:
            if inside:
                stack.enter_context(hold(guard, GROUP))
            stack.enter_context(hold(guard, "a transaction", inside_group=True))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert (guard.thread, guard.doing, guard._lock.locked()) == (None, (), False)


@pytest.mark.cpython
def test_another_thread_waits_until_the_guard_is_free() -> None:
    guard = Guard()
    started = threading.Event()
    order: list[str] = []

    def work() -> None:
        started.set()
        with hold(guard, "a transaction", inside_group=True):
            order.append("thread")

    thread = threading.Thread(target=work)
    with hold(guard, GROUP):
        thread.start()
        started.wait()
        order.append("main")
    thread.join()
    assert order == ["main", "thread"]


def test_the_latch_is_open_after_work_that_ended_well() -> None:
    guard = Guard()
    with guard.latch:
        assert guard.latch.failure is not None
    guard.check()


def interrupted(guard: Guard, error: BaseException) -> None:
    with pytest.raises(type(error)), guard.latch:
        raise error


@pytest.mark.parametrize("error", [OSError("disk"), KeyboardInterrupt(), MemoryError()])
def test_work_that_ends_by_an_exception_closes_the_latch_for_good(error: BaseException) -> None:
    guard = Guard()
    interrupted(guard, error)
    for _ in range(2):
        with pytest.raises(DatabaseFailedError, match="close the database and open it") as caught:
            hold(guard, "a transaction").__enter__()
        assert caught.value.__cause__ is error
        assert not guard._lock.locked()


def test_a_latch_that_never_gets_to_its_end_is_closed() -> None:
    guard = Guard()
    guard.latch.__enter__()
    with pytest.raises(DatabaseFailedError, match="interrupted"):
        guard.check()


def test_closing_may_hold_the_guard_after_a_failure() -> None:
    guard = Guard()
    interrupted(guard, MemoryError())
    with hold(guard, "close()", closing=True):
        guard.closed = True
    with pytest.raises(UsageError, match="is closed"):
        hold(guard, "a transaction").__enter__()


def test_closing_may_not_begin_inside_anything() -> None:
    guard = Guard()
    outer: list[Callable[[], AbstractContextManager[None]]] = [
        lambda: hold(guard, GROUP),
        lambda: hold(guard, "a transaction"),
    ]
    for inner in outer:
        with inner(), pytest.raises(UsageError, match="close"):
            hold(guard, "close()", closing=True).__enter__()
