"""Deleting a range is an op for each key that is there, and is refused where writing is."""

import pytest

from libredb.kernel.errors import UsageError
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
