"""A transaction reads through to the store, remembers one op per key, and touches nothing."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any

import pytest

from libredb.kernel.errors import UsageError, UsageTypeError, UsageValueError
from libredb.kernel.store import OrderedStore
from libredb.kernel.transaction import ReadTransaction, Transaction, as_bytes, run


def store_of(**entries: bytes) -> OrderedStore:
    store = OrderedStore()
    store.apply((key.encode(), value) for key, value in entries.items())
    return store


@pytest.mark.parametrize("reverse", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("seed", range(20))
def test_a_scan_is_the_store_overlaid_with_the_own_writes(seed: int, *, reverse: bool) -> None:
    source = random.Random(seed)
    model = {b"%02d" % source.randrange(40): b"stored" for _ in range(20)}
    store = OrderedStore()
    store.apply(model.items())
    tx = Transaction(store)
    for _ in range(25):
        key = b"%02d" % source.randrange(40)
        if source.random() < 0.5:
            tx.set(key, b"own")
            model[key] = b"own"
        else:
            assert tx.delete(key) == (model.pop(key, None) is not None)
        start, end = sorted(b"%02d" % source.randrange(41) for _ in range(2))
        assert list(tx.scan(start, end, reverse=reverse)) == sorted(
            ((k, v) for k, v in model.items() if start <= k < end), reverse=reverse
        )
        assert (
            list(tx.scan(start, reverse=reverse, limit=3))
            == sorted(((k, v) for k, v in model.items() if start <= k), reverse=reverse)[:3]
        )
        assert tx.get(key) == model.get(key)
    assert all(value == b"stored" for _, value in store.scan(b"", None))


def test_the_write_set_has_one_op_per_key_in_the_order_of_first_writes() -> None:
    tx = Transaction(store_of(stored=b"1"))
    tx.set(b"b", b"first")
    tx.delete(b"stored")
    tx.set(b"a", b"1")
    tx.set(b"b", b"last")
    assert not tx.delete(b"absent")
    tx.set(b"stored", b"1")
    tx.delete(b"a")
    assert list(tx.end().items()) == [(b"b", b"last"), (b"stored", b"1"), (b"a", None)]


def test_an_ended_transaction_refuses_everything() -> None:
    tx = Transaction(store_of(a=b"1", b=b"2"))
    scan = tx.scan()
    next(scan)
    tx.end()
    attempts: list[Callable[[], object]] = [
        lambda: tx.get(b"a"),
        tx.scan,
        lambda: tx.set(b"a", b""),
        lambda: tx.delete(b"a"),
        lambda: tx.transact(id),
        lambda: next(scan),
    ]
    for attempt in attempts:
        with pytest.raises(UsageError, match="has ended"):
            attempt()


def test_a_refusal_stops_writes_and_lets_reads_pass() -> None:
    tx = Transaction(store_of(a=b"1"), refusal="only reading here")
    assert tx.get(b"a") == b"1"
    for write in (lambda: tx.set(b"a", b""), lambda: tx.delete(b"a")):
        with pytest.raises(UsageError, match="only reading here"):
            write()
    assert tx.end() == {}


def test_a_reading_face_alone_cannot_run_functions() -> None:
    with pytest.raises(AssertionError):
        ReadTransaction(OrderedStore()).transact(id)


@pytest.mark.parametrize("data", [b"ab", bytearray(b"ab"), memoryview(b"xaby")[1:3]])
def test_as_bytes_copies_what_is_bytes_like(data: bytes | bytearray | memoryview) -> None:
    assert as_bytes(data, "key") == b"ab"
    assert type(as_bytes(data, "key")) is bytes


@pytest.mark.parametrize("data", ["text", 7, None, [1], 1.5])
def test_as_bytes_names_what_is_not(data: object) -> None:
    with pytest.raises(UsageTypeError, match=f"^value must be bytes.*not {type(data).__name__};"):
        as_bytes(data, "value")


@pytest.mark.parametrize(("limit", "count"), [(None, 3), (0, 0), (1, 1), (3, 3), (10**6, 3)])
def test_a_limit_is_a_count_of_entries(limit: int | None, count: int) -> None:
    tx = Transaction(store_of(a=b"1", b=b"2", c=b"3"))
    assert len(list(tx.scan(limit=limit))) == count


def test_a_negative_limit_is_a_value_error() -> None:
    with pytest.raises(UsageValueError, match="0 or more"):
        Transaction(OrderedStore()).scan(limit=-1)


@pytest.mark.parametrize("limit", [1.0, "1", True])
def test_a_limit_of_another_type_is_a_type_error(limit: Any) -> None:
    with pytest.raises(UsageTypeError, match="limit must be an int"):
        Transaction(OrderedStore()).scan(limit=limit)


class Later:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[None, None, None]:
        """Never come to this."""
        yield


async def coroutine(tx: Transaction) -> None:
    tx.set(b"late", b"")


async def generator(tx: Transaction) -> AsyncIterator[None]:
    tx.set(b"late", b"")
    yield


def awaitable(tx: Transaction) -> Awaitable[None]:
    return Later()


@pytest.mark.parametrize("fn", [coroutine, generator, awaitable])
def test_work_that_would_go_on_later_is_refused(fn: Callable[[Transaction], object]) -> None:
    with pytest.raises(UsageTypeError, match="must not be async"):
        run(fn, Transaction(OrderedStore()))


def test_run_returns_what_the_function_returns() -> None:
    tx = Transaction(store_of(a=b"1"))
    assert run(lambda tx: tx.get(b"a"), tx) == b"1"
    assert tx.transact(lambda inner: inner is tx)
