"""A transaction reads through to the store, remembers one op per key, and touches nothing."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from libredb.kernel.errors import UsageError, UsageTypeError, UsageValueError
from libredb.kernel.level import Entry, Level
from libredb.kernel.overlay import entries_of
from libredb.kernel.store import OrderedStore
from libredb.kernel.transaction import Reader, ReadTransaction, Store, Transaction, Writer
from tests.unit.kernel.transactions import READS, USES, WRITES, reader, store_of, writer

Model = dict[bytes, bytes]


def fits_the_port(store: Store, write: Writer, read: Reader) -> None:
    """Be called with what has to implement the protocols; pyright checks it."""


fits_the_port(writer(), writer(), writer())
fits_the_port(reader(), writer(), reader())


def entries(store: OrderedStore) -> list[Entry]:
    return list(entries_of(store.chunks(b"", None, reverse=False), reverse=False))


# Reading


def change(source: random.Random, tx: Transaction, model: Model) -> None:
    """Write something to both."""
    for _ in range(source.randrange(4)):
        key = b"%02d" % source.randrange(40)
        if source.random() < 0.5:
            value = b"%d" % source.randrange(1000)
            tx.set(key, value)
            model[key] = value
        else:
            assert tx.delete(key) == (model.pop(key, None) is not None)


def compare(source: random.Random, tx: ReadTransaction, model: Model, *, reverse: bool) -> None:
    """Read something, and compare it with the model."""
    start, end = sorted(b"%02d" % source.randrange(41) for _ in range(2))
    assert list(tx.scan(start, end, reverse=reverse)) == sorted(
        ((k, v) for k, v in model.items() if start <= k < end), reverse=reverse
    )
    assert (
        list(tx.scan(start, reverse=reverse, limit=3))
        == sorted(((k, v) for k, v in model.items() if start <= k), reverse=reverse)[:3]
    )
    assert tx.get(start) == model.get(start)


def act(source: random.Random, tx: Transaction, model: Model, depth: int, *, reverse: bool) -> None:
    """Write and read at random, sometimes in a transaction inside, which may raise."""
    for _ in range(6):
        change(source, tx, model)
        compare(source, tx, model, reverse=reverse)
        tx.read(lambda inner: compare(source, inner, model, reverse=reverse))
        if depth and source.random() < 0.5:
            inside, fails = dict(model), source.random() < 0.4

            def work(inner: Transaction, inside: Model = inside, *, fails: bool = fails) -> None:
                act(source, inner, inside, depth - 1, reverse=reverse)
                if fails:
                    raise LookupError

            if fails:
                with pytest.raises(LookupError):
                    tx.transact(work)
            else:
                tx.transact(work)
                model.clear()
                model.update(inside)
            compare(source, tx, model, reverse=reverse)


@pytest.mark.parametrize("reverse", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("seed", range(20))
def test_reads_see_the_store_overlaid_with_the_writes_of_each_level(
    seed: int, *, reverse: bool
) -> None:
    source = random.Random(seed)
    model = {b"%02d" % source.randrange(40): b"stored" for _ in range(20)}
    store = OrderedStore(Level(dict(model)))
    tx = writer(store)
    act(source, tx, model, 3, reverse=reverse)
    assert all(value == b"stored" for _, value in entries(store))
    store.apply([*(tx.end() or {}).items()])
    assert list(entries(store)) == sorted(model.items())


@pytest.mark.parametrize(("limit", "count"), [(None, 3), (0, 0), (1, 1), (3, 3), (10**30, 3)])
def test_a_limit_is_a_count_of_entries(limit: int | None, count: int) -> None:
    def inside(inner: Transaction) -> int:
        inner.set(b"c", b"3")
        return len(list(inner.scan(limit=limit)))

    tx = writer(store_of(a=b"1"))
    tx.set(b"b", b"2")
    assert tx.transact(inside) == count


def test_a_negative_limit_is_a_value_error() -> None:
    with pytest.raises(UsageValueError, match="0 or more"):
        reader().scan(limit=-1)


@pytest.mark.parametrize("limit", [1.0, "1", True])
def test_a_limit_of_another_type_is_a_type_error(limit: Any) -> None:
    with pytest.raises(UsageTypeError, match="limit must be an int"):
        reader().scan(limit=limit)


def test_a_transaction_that_only_reads_has_no_way_to_write() -> None:
    assert {name for name in dir(reader()) if not name.startswith("_")} == {
        *("get", "get_many", "scan", "count", "read", "transact", "end", "version")
    }
    calls: list[object] = []
    with pytest.raises(UsageError, match=r"can only read; use read\(fn\), or db.transact\(\)"):
        reader().transact(calls.append)
    assert calls == []
    assert reader().end() is None


def test_a_refusal_stops_writes_and_lets_reads_pass() -> None:
    tx = writer(store_of(a=b"1"), "only reading here")
    assert tx.get(b"a") == b"1"
    for write in (USES[name] for name in WRITES):
        with pytest.raises(UsageError, match="only reading here"):
            write(tx)
        with pytest.raises(UsageError, match="only reading here"):
            tx.transact(write)
    assert tx.transact(lambda inner: inner.get(b"a")) == b"1"
    assert tx.end() == {}


# The write set


def test_the_write_set_has_one_op_per_key_in_the_order_of_first_writes() -> None:
    tx = writer(store_of(stored=b"1"))
    tx.set(b"b", b"first")
    tx.delete(b"stored")
    tx.set(b"a", b"1")
    tx.set(b"b", b"last")
    assert not tx.delete(b"absent")
    tx.set(b"stored", b"1")
    tx.delete(b"a")
    assert list((tx.end() or {}).items()) == [(b"b", b"last"), (b"stored", b"1"), (b"a", None)]


# The end


@pytest.mark.parametrize("use", USES)
def test_an_ended_transaction_refuses_everything(use: str) -> None:
    names = {f"{number:04}": b"" for number in range(300)}  # more than a scan takes at once
    tx = writer(store_of(**names))
    scan = tx.scan()
    next(scan)
    assert tx.end() == {}
    for attempt in (lambda: USES[use](tx), lambda: list(scan)):
        with pytest.raises(UsageError, match="has ended"):
            attempt()
    assert tx.end() is None


def test_an_ended_reader_refuses_everything() -> None:
    tx = reader(store_of(a=b"1"))
    scan = tx.scan()
    tx.end()
    for attempt in (lambda: tx.get(b"a"), tx.scan, lambda: tx.read(id), lambda: tx.transact(id)):
        with pytest.raises(UsageError, match="has ended"):
            attempt()
    with pytest.raises(UsageError, match="has ended"):
        next(scan)


@pytest.mark.parametrize("outer", [reader, writer])
def test_a_reader_inside_sees_the_same_and_ends_with_its_function(
    outer: Callable[[OrderedStore], ReadTransaction],
) -> None:
    kept: list[Any] = []

    def look(inner: ReadTransaction) -> bytes | None:
        kept.extend([inner, inner.scan()])
        assert type(inner) is ReadTransaction
        return inner.get(b"a")

    tx = outer(store_of(a=b"1"))
    assert tx.read(look) == b"1"
    assert tx.read(lambda inner: inner.version) == tx.version
    ended, scan = kept
    for attempt in (lambda: ended.get(b"a"), lambda: next(scan)):
        with pytest.raises(UsageError, match="has ended"):
            attempt()
    assert tx.get(b"a") == b"1"


def test_while_a_reader_inside_runs_its_transaction_reads_and_does_not_write() -> None:
    tx = writer(store_of(a=b"1"))

    def look(inner: ReadTransaction) -> None:
        for use in READS:
            USES[use](tx)
        tx.transact(lambda other: other.get(b"a"))
        for write in (USES[name] for name in WRITES):
            with pytest.raises(UsageError, match=r"a read\(\) of this transaction is running"):
                write(tx)
            with pytest.raises(UsageError, match=r"a read\(\) of this transaction is running"):
                tx.transact(write)
        assert list(inner.scan()) == [(b"a", b"1")]

    tx.read(look)
    tx.set(b"b", b"2")
    assert tx.end() == {b"b": b"2"}


def test_a_reader_inside_does_not_bring_an_ended_transaction_back() -> None:
    tx = writer()
    tx.read(lambda _: tx.end())
    with pytest.raises(UsageError, match="has ended"):
        tx.set(b"k", b"")


# What a transaction looks like


def test_a_transaction_tells_its_version_and_why_it_is_refused() -> None:
    tx = writer()
    assert repr(tx) == "<Transaction, version 7>"
    assert repr(reader()) == "<ReadTransaction, version 6>"
    told = tx.transact(lambda inner: (repr(tx), repr(inner)))
    assert told == (
        "<Transaction, version 7: a transaction inside this one is running>",
        "<Transaction, version 7>",
    )
    assert tx.read(repr) == "<ReadTransaction, version 7>"
    tx.end()
    assert repr(tx) == "<Transaction, version 7: this transaction has ended>"
