"""One unit of work: it reads through to the store and remembers its writes.

A transaction never touches the store. It keeps one op per key, the last write wins, in the order
of each key's first write; the database appends these ops to the log as one record and only then
applies them. Transactions run one at a time, so what a transaction reads cannot change under it:
that is all there is to being serializable here.
`Store` is the upper port: every lens is written against `transact` alone.
Absent on purpose: savepoints, retries, isolation levels, conflict detection.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from itertools import islice
from typing import Protocol, TypeVar

from libredb.kernel.errors import UsageError, UsageTypeError, UsageValueError
from libredb.kernel.store import Entry, OrderedStore

T = TypeVar("T")
BytesLike = bytes | bytearray | memoryview
Op = tuple[bytes, bytes | None]
"""One write: (key, value) sets, (key, None) deletes."""


class Store(Protocol):
    """Anything a transaction can run on: a database, or a transaction itself."""

    def transact(self, fn: "Callable[[Transaction], T]", /) -> T:
        """Run `fn` in one transaction and return its result."""
        ...


class ReadTransaction:
    """The reading face of a transaction. It ends with the block or function it was made for."""

    def __init__(self, store: OrderedStore, *, refusal: str | None = None) -> None:
        """Begin; `refusal` says why a write is refused, None permits writes."""
        self._store = store
        self._refusal = refusal
        self._writes: dict[bytes, bytes | None] = {}
        self._open = True

    def get(self, key: BytesLike) -> bytes | None:
        """Return the value of `key`, or None; own writes are seen.

        Raises:
            UsageTypeError: the key is not bytes-like.
            UsageError: the transaction has ended.
        """
        self._check_open()
        key = as_bytes(key, "key")
        return self._writes[key] if key in self._writes else self._store.get(key)

    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Return the entries of `[start, end)`, ascending by byte; `end` None is the last key.

        The result is the snapshot at this call: writes made while it is read do not change it. It
        is read lazily, costs what it yields, and ends with the transaction.

        Raises:
            UsageTypeError: a bound is not bytes-like, or the limit is not an int.
            UsageValueError: the limit is negative.
            UsageError: the transaction has ended, now or while the result is read.
        """
        self._check_open()
        start = as_bytes(start, "start")
        end = None if end is None else as_bytes(end, "end")
        if limit is not None:
            check_count(limit, "limit")
            if limit < 0:
                raise UsageValueError(f"limit must be 0 or more, not {limit}")
            limit = min(limit, len(self._store) + len(self._writes))  # islice takes no larger one
        entries = self._store.scan(start, end, reverse=reverse)
        own = sorted(
            (op for op in self._writes.items() if op[0] >= start and (end is None or op[0] < end)),
            reverse=reverse,
        )
        merged = merge_writes(entries, own, reverse=reverse) if own else entries
        return self._while_open(islice(merged, limit))

    def transact(self, fn: "Callable[[Transaction], T]", /) -> T:
        """Run `fn` in this transaction, in place; an exception it raises undoes nothing."""
        self._check_open()
        assert isinstance(self, Transaction), "ReadTransaction is only the face of a Transaction"
        return run(fn, self)

    def end(self) -> dict[bytes, bytes | None]:
        """End the transaction and hand over its ops, in the order of each key's first write."""
        self._open = False
        return self._writes

    def _while_open(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        while True:
            self._check_open()
            entry = next(entries, None)
            if entry is None:
                return
            yield entry

    def _check_open(self) -> None:
        if not self._open:
            raise UsageError("this transaction has ended; read and write inside its block")


class Transaction(ReadTransaction):
    """Reads and writes of one unit of work; nothing is visible to others before it commits."""

    def set(self, key: BytesLike, value: BytesLike) -> None:
        """Set `key` to a copy of `value`; an equal value is recorded as well.

        Raises:
            UsageTypeError: the key or the value is not bytes-like.
            UsageError: the transaction has ended, or may only read.
        """
        self._check_writable()
        self._writes[as_bytes(key, "key")] = as_bytes(value, "value")

    def delete(self, key: BytesLike) -> bool:
        """Delete `key`; return whether it was there. An absent key records nothing.

        Raises:
            UsageTypeError: the key is not bytes-like.
            UsageError: the transaction has ended, or may only read.
        """
        self._check_writable()
        key = as_bytes(key, "key")
        if self.get(key) is None:
            return False
        self._writes[key] = None
        return True

    def _check_writable(self) -> None:
        self._check_open()
        if self._refusal is not None:
            raise UsageError(self._refusal)


def run(fn: Callable[[Transaction], T], tx: Transaction) -> T:
    """Return `fn(tx)`; work that would go on after the transaction is refused."""
    result = fn(tx)
    if result is not None and isinstance(result, (Awaitable, AsyncIterator)):
        if isinstance(result, Coroutine):
            result.close()
        raise UsageTypeError(
            "the function of a transaction must not be async: it would run after the commit; "
            "await first, then transact"
        )
    return result


def merge_writes(entries: Iterator[Entry], own: list[Op], *, reverse: bool) -> Iterator[Entry]:
    """Yield `entries` overlaid with the ops `own`, both in the same order, one op per key."""
    entry = next(entries, None)
    for key, value in own:
        while entry is not None and entry[0] != key and (entry[0] > key) == reverse:
            yield entry
            entry = next(entries, None)
        if entry is not None and entry[0] == key:
            entry = next(entries, None)
        if value is not None:
            yield key, value
    if entry is not None:
        yield entry
        yield from entries


def as_bytes(data: object, what: str) -> bytes:
    """Return `data` as immutable bytes, copied where it could change later."""
    if isinstance(data, (bytes, bytearray)):
        return bytes(data)
    if isinstance(data, memoryview):
        return data.tobytes()
    raise UsageTypeError(
        f"{what} must be bytes, bytearray or memoryview, not {type(data).__name__}; "
        "encode text with .encode() first"
    )


def check_count(count: object, what: str) -> None:
    """Refuse what is no int."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise UsageTypeError(f"{what} must be an int, not {type(count).__name__}")
