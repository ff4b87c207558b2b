"""What deletes a range is refused where writing is, and what runs elsewhere has to be plain."""

from functools import partial

import pytest

from libredb.kernel.convenience import require_plain
from libredb.kernel.errors import UsageError, UsageTypeError
from tests.unit.kernel.transactions import store_of, writer


def test_deleting_a_range_is_an_op_for_each_key_that_is_there() -> None:
    tx = writer(store_of(a=b"1", b=b"2", c=b"3", d=b"4"))
    tx.set(b"bb", b"own")
    tx.delete(b"c")
    assert tx.delete_range(b"b", b"d") == 2
    assert list((tx.end() or {}).items()) == [(b"bb", None), (b"c", None), (b"b", None)]


def test_deleting_nothing_is_refused_where_nothing_may_be_written() -> None:
    """Or a program would find out that it may not write on the day there is something to delete."""
    tx = writer(store_of(a=b"1"), "only reading here")
    for attempt in (lambda: tx.delete_range(prefix=b"x"), lambda: tx.delete_range(b"b", b"a")):
        with pytest.raises(UsageError, match="only reading here"):
            attempt()


# What is called elsewhere


class Calls:
    async def method(self) -> None: ...
    def __call__(self) -> None: ...


async def function() -> None: ...


ASYNC = [function, Calls().method, partial(function), partial(partial(Calls().method))]


@pytest.mark.parametrize("fn", ASYNC)
def test_an_async_function_is_not_plain(fn: object) -> None:
    with pytest.raises(UsageTypeError, match="a plain function, not an async one; await first"):
        require_plain(fn)


@pytest.mark.parametrize("fn", [print, Calls(), partial(print), Calls])
def test_what_is_no_async_function_is_plain(fn: object) -> None:
    require_plain(fn)
