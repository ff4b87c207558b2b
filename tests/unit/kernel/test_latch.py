"""Whatever leaves the outcome of a write unknown closes the latch, and only that."""

import errno

import pytest

from libredb.kernel.errors import DatabaseFailedError
from libredb.kernel.guard import Guard
from libredb.kernel.latch import Latch


def write(latch: Latch, error: BaseException | None = None) -> None:
    with latch.running, latch:
        if error is not None:
            raise error


def test_the_latch_is_open_after_work_that_ended_well_and_while_work_is_done() -> None:
    guard = Guard()
    with guard.latch.running, guard.latch:
        assert guard.latch.failure is not None
        guard.check()
    guard.check()


@pytest.mark.parametrize("error", [OSError(errno.EIO, "disk"), KeyboardInterrupt(), MemoryError()])
def test_work_that_ends_by_an_exception_closes_the_latch_for_good(error: BaseException) -> None:
    guard = Guard()
    with pytest.raises(type(error)):
        write(guard.latch, error)
    for _ in range(2):
        with pytest.raises(DatabaseFailedError, match="close the database and open it") as caught:
            guard.check()
        assert caught.value.__cause__ is error
        assert caught.value.errno == (errno.EIO if isinstance(error, OSError) else None)


def interrupt_disarming(latch: Latch) -> None:
    """Leave the latch armed, as an interrupt at the first instruction of `__exit__` does."""
    with latch.running:
        latch.__enter__()


def test_a_latch_that_never_gets_to_its_end_is_closed() -> None:
    guard = Guard()
    interrupt_disarming(guard.latch)
    for _ in range(2):
        with pytest.raises(DatabaseFailedError, match="interrupted"):
            guard.check()


def test_a_write_that_begins_while_the_latch_is_looked_at_does_not_close_it() -> None:
    latch = Latch()

    class Moment:
        """A lock of writes that is free at the moment when it is asked, between two writes."""

        def locked(self) -> bool:
            latch.__exit__(None, None, None)
            latch.__enter__()
            return False

    real = latch.running
    latch.__enter__()
    latch.running = Moment()  # pyright: ignore[reportAttributeAccessIssue] - that is the point
    assert not latch.closed
    latch.running = real
    assert latch.closed
