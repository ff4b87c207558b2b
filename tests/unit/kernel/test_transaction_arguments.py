"""What a transaction is given is bytes and functions; what it cannot use it refuses with a hint."""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from typing import Any

import pytest

from libredb.kernel.arguments import as_bytes
from libredb.kernel.errors import UsageTypeError
from libredb.kernel.transaction import Transaction, run
from tests.unit.kernel.transactions import reader, store_of, writer


class Text(bytes):
    """Bytes of a kind of its own, which would be stored as what it is."""


@pytest.mark.parametrize(
    "data",
    [b"ab", bytearray(b"ab"), memoryview(b"xaby")[1:3], Text(b"ab")],
    ids=lambda data: type(data).__name__,
)
def test_as_bytes_copies_what_is_bytes_like(data: bytes | bytearray | memoryview) -> None:
    assert as_bytes(data, "key") == b"ab"
    assert type(as_bytes(data, "key")) is bytes


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        ("text", r"encode text with \.encode\(\)"),
        (7, r"\.to_bytes\(8\)"),
        (True, r"\.to_bytes\(8\)"),
        (None, r"use delete\(\)"),
        ([1], "turn it into bytes first"),
        (1.5, "turn it into bytes first"),
    ],
)
def test_as_bytes_names_what_is_not_and_says_what_to_do(data: object, hint: str) -> None:
    """A number was told to call .encode(), which only text has."""
    name = type(data).__name__
    with pytest.raises(UsageTypeError, match=f"^value must be bytes.*, not {name}; .*{hint}"):
        as_bytes(data, "value")


def test_a_key_that_is_none_is_not_told_to_delete() -> None:
    with pytest.raises(UsageTypeError, match=r"^key must be bytes.*not NoneType; turn it into"):
        as_bytes(None, "key")


@pytest.mark.parametrize("wrong", ["text", 5, None])
def test_a_refused_key_or_value_writes_nothing(wrong: Any) -> None:
    tx = writer(store_of(a=b"1"))
    for attempt in (
        lambda: tx.set(b"k", wrong),
        lambda: tx.set(wrong, b""),
        lambda: tx.delete(wrong),
        lambda: tx.get(wrong),
        lambda: tx.scan(wrong),
    ):
        with pytest.raises(UsageTypeError, match="must be bytes"):
            attempt()
    assert tx.end() == {}


# What the function gives back


class Later:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[None, None, None]:
        """Never come to this."""
        yield


ran: list[str] = []


async def coroutine(tx: Transaction) -> None:
    ran.append("coroutine")


async def async_generator(tx: Transaction) -> AsyncIterator[None]:
    ran.append("async generator")
    yield


def awaitable(tx: Transaction) -> Awaitable[None]:
    return Later()


def generator(tx: Transaction) -> Iterator[None]:
    ran.append("generator")
    tx.set(b"late", b"")
    yield


def a_scan(tx: Transaction) -> Iterator[object]:
    return tx.scan()


@pytest.mark.parametrize("fn", [coroutine, async_generator, awaitable])
def test_async_work_is_refused(fn: Callable[[Transaction], object]) -> None:
    with pytest.raises(UsageTypeError, match="async work would run after the commit; await first"):
        run(fn, writer())
    assert ran == []


@pytest.mark.parametrize("fn", [generator, a_scan])
def test_a_generator_is_refused(fn: Callable[[Transaction], object]) -> None:
    """A function with a `yield` did nothing, and nobody said so: its generator was returned."""
    with pytest.raises(UsageTypeError, match=r"a generator would run after the commit; return li"):
        run(fn, writer())
    assert ran == []


def test_a_refused_generator_is_closed() -> None:
    made: list[Iterator[None]] = []

    def make(tx: Transaction) -> Iterator[None]:
        made.append(generator(tx))
        return made[0]

    tx = writer()
    with pytest.raises(UsageTypeError):
        run(make, tx)
    assert (list(made[0]), ran, tx.end()) == ([], [], {})


@pytest.mark.parametrize("wrong", [5, None, "transact", b"fn"])
def test_what_cannot_be_called_is_refused(wrong: Any) -> None:
    name = type(wrong).__name__
    for attempt in (lambda: run(wrong, writer()), lambda: writer().transact(wrong)):
        with pytest.raises(UsageTypeError, match=f"needs a function, not {name}"):
            attempt()
    with pytest.raises(UsageTypeError, match="needs a function"):
        reader().read(wrong)


def test_run_returns_what_the_function_returns() -> None:
    tx = writer(store_of(a=b"1"))
    assert run(lambda tx: tx.get(b"a"), tx) == b"1"
    assert list(run(lambda tx: iter([tx.get(b"a")]), tx)) == [b"1"]
    assert run(lambda _: None, tx) is None
