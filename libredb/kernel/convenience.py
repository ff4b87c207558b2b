"""Everyday forms: each is a line or two, over get, scan, set, delete, read, transact and close.

    ReadForms     a database and every transaction: `in`, get_many, count
    WriteForms    a transaction that writes: delete_range
    OneShotForms  a database: a transaction for a single call, and the block that closes it
    in_a_thread   what lets an event loop go on while a call waits for the disk

What deletes a range takes no open end, so that a forgotten argument empties nothing.
Absent on purpose: `db[key]`, `len(db)` and a loop over `db`, which would hide what they cost.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Protocol, Self, TypeVar

from libredb.kernel.arguments import BytesLike, as_keys, range_of
from libredb.kernel.errors import UsageError, UsageTypeError
from libredb.kernel.level import Entry

T = TypeVar("T")

OPEN_END = "delete_range needs both start and end, or a prefix; prefix=b'' deletes every key"
PLAIN = "transact_async() runs a plain function, not an async one; await first, then transact"


class _Looks(Protocol):
    def get(self, key: BytesLike, /) -> bytes | None: ...
    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
    ) -> Iterator[Entry]: ...
    def read(self, fn: "Callable[[_Looks], T]", /) -> T: ...


class _Writes(_Looks, Protocol):
    _write_refusal: str | None

    def set(self, key: BytesLike, value: BytesLike) -> None: ...
    def delete(self, key: BytesLike) -> bool: ...
    def delete_range(
        self,
        start: BytesLike | None = None,
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
    ) -> int: ...


class _Transacts(Protocol):
    def transact(self, fn: Callable[[_Writes], T], /) -> T: ...
    def close(self) -> None: ...


class ReadForms:
    """What a database and every transaction has besides `get` and `scan`."""

    def __contains__(self: _Looks, key: BytesLike) -> bool:
        return self.get(key) is not None

    def get_many(self: _Looks, keys: Iterable[BytesLike], /) -> list[bytes | None]:
        """Return the value of each key, or None, in the order of `keys`; all are of one state."""
        wanted = as_keys(keys)
        return self.read(lambda tx: [tx.get(key) for key in wanted])

    def count(
        self: _Looks,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
    ) -> int:
        """Return how many keys are in `[start, end)` or begin with `prefix`.

        Reads every entry of the range, one at a time; `end` None is the last key.
        """
        return self.read(lambda tx: sum(1 for _ in tx.scan(start, end, prefix=prefix)))


class WriteForms:
    """What a transaction that writes has besides `set` and `delete`."""

    def delete_range(
        self: _Writes,
        start: BytesLike | None = None,
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
    ) -> int:
        """Delete the keys in `[start, end)` or of `prefix`; return how many.

        It takes both ends, or a prefix: what is left out is never taken for "up to the last key".
        `prefix=b""` is every key. Costs a scan of the range, and an op for each of its keys.
        """
        if (refusal := self._write_refusal) is not None:  # pyright: ignore[reportPrivateUsage] - this is a part of Transaction
            raise UsageError(refusal)
        if prefix is None and (start is None or end is None):
            raise UsageError(OPEN_END)
        first, last = range_of(b"" if start is None else start, end, prefix)
        return sum(self.delete(key) for key, _ in self.scan(first, last))


class OneShotForms(ReadForms):
    """What a database has besides its own calls: each of these is a transaction of its own.

    Those that write are durable when they return, join a group, and raise what `transact` raises.
    """

    def set(self: _Transacts, key: BytesLike, value: BytesLike) -> None:
        """Set `key` to a copy of `value`, in a transaction; durable as `transact` says."""
        self.transact(lambda tx: tx.set(key, value))

    def delete(self: _Transacts, key: BytesLike) -> bool:
        """Delete `key`, in a transaction; return whether it was there."""
        return self.transact(lambda tx: tx.delete(key))

    def delete_range(
        self: _Transacts,
        start: BytesLike | None = None,
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
    ) -> int:
        """Delete a range, in a transaction; return how many. See `Transaction.delete_range`."""
        return self.transact(lambda tx: tx.delete_range(start, end, prefix=prefix))

    def __enter__(self) -> Self:
        """Return the database itself."""
        return self

    def __exit__(
        self: _Transacts,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close; an exception already in flight is not masked by one of closing."""
        try:
            self.close()
        except Exception:
            if error is None:
                raise


def require_plain(fn: object) -> None:
    """Refuse an async function before anything runs."""
    import inspect  # noqa: PLC0415 - only who has an event loop needs it, and has imported it

    if inspect.iscoroutinefunction(fn):
        raise UsageTypeError(PLAIN)


async def in_a_thread(call: Callable[[], T]) -> T:
    """Return `call()`, made in a thread so that the event loop goes on; without threads, in place.

    Cancelling does not end the await before the call has ended: its outcome is known by then.
    """
    if sys.platform == "emscripten":
        return call()
    import asyncio  # noqa: PLC0415 - only who has an event loop needs it, and has imported it
    from contextvars import copy_context  # noqa: PLC0415 - as above

    def work() -> T:
        try:
            return call()
        except StopIteration as error:  # no future takes one: the await would never end
            raise RuntimeError("the function raised StopIteration") from error

    ending = asyncio.get_running_loop().run_in_executor(None, copy_context().run, work)
    cancelled: list[asyncio.CancelledError] = []
    while not ending.done():
        try:
            await asyncio.wait([ending])
        except asyncio.CancelledError as error:
            cancelled.append(error)
    try:
        if cancelled:
            raise cancelled.pop() from ending.exception()
        return ending.result()
    finally:
        del ending  # or its error, which knows this call, would stay until a garbage collection
