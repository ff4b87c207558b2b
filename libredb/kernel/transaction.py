"""One unit of work: it reads through to the store and remembers its writes.

A transaction never touches the store. It keeps one op per key, the last write wins, in the order
of each key's first write; the database appends these ops to the log as one record and only then
applies them. A transaction inside another does the same over the outer one: its ops pass into that
one together, or not at all. Reads ask the newest writes first, then older ones, then the store.
Transactions run one at a time: that is all there is to being serializable here.
`Store` is the upper port: lenses are written against it, and `libredb.testing.store` checks each
of its promises for any store. Absent on purpose: retries, isolation levels, conflict detection.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from itertools import islice
from sys import maxsize
from types import GeneratorType
from typing import Protocol, TypeVar, overload

from libredb.kernel.arguments import BytesLike, as_bytes, check_count, range_of
from libredb.kernel.convenience import ReadForms, WriteForms
from libredb.kernel.errors import UsageError, UsageTypeError, UsageValueError
from libredb.kernel.level import Entry, Level, Writes
from libredb.kernel.overlay import Chunk, Overlay, Readable, entries_of

T = TypeVar("T")
Given = TypeVar("Given")

LAZY = (GeneratorType, islice)
"""What a function with a `yield` returns, and what a scan does."""

ENDED = "this transaction has ended; read and write inside its block"
READ_RUNS = "a read() of this transaction is running; write when it has returned"
INNER_RUNS = "a transaction inside this one is running; use that one until it has returned"
INTERRUPTED = "this transaction was interrupted or ended from inside, and is aborted; begin again"


class Reader(Protocol):
    """What the function given to `Store.read` gets.

    S1  It sees one state, whatever is committed while it runs; `get_many` is `get` of each key.
    S2  Keys ascend by unsigned byte, a prefix before its extensions. A range holds its start, not
        its end; `reverse` turns the order, and `limit` counts from where it then begins.
    S3  A scan is the snapshot of its call: no later write changes what it yields.
    S4  What is not bytes-like, a limit that is no int or below 0: UsageTypeError or UsageValueError
        from the call itself. What is bytes-like is copied, so that it may change afterwards.
    S5  It ends with its function: afterwards it raises UsageError, and each of its scans does at
        its own end at the latest.
    S6  `version` never falls: that of the last commit seen, or, in a writer and whatever runs
        inside, that of its own commit; always 0 where commits are not numbered.
    """

    @property
    def version(self) -> int:
        """The number of the commit that is read, or being made."""
        ...

    def get(self, key: BytesLike, /) -> bytes | None:
        """Return the value of `key`, or None."""
        ...

    def get_many(self, keys: Iterable[BytesLike], /) -> list[bytes | None]:
        """Return the value of each key, or None, in the order of `keys`: one call for them all."""
        ...

    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Return the entries of `[start, end)`, ascending by byte; `end` None is the last key."""
        ...

    def read(self, fn: "Callable[[Reader], T]", /) -> T:
        """Run `fn` on the same state, and return its result."""
        ...


class Writer(Reader, Protocol):
    """What the function given to `Store.transact` gets; it is a store itself.

    S7  Own writes are read back, by `get` and by `scan`.
    S8  `delete` tells whether the key was there.
    S9  An inner `transact` that raises leaves no trace of itself, and the outer one goes on; one
        that returns has written into the outer one, which is refused while the inner one runs.
    """

    def set(self, key: BytesLike, value: BytesLike, /) -> None:
        """Set `key` to a copy of `value`."""
        ...

    def delete(self, key: BytesLike, /) -> bool:
        """Delete `key`; return whether it was there."""
        ...

    def transact(self, fn: "Callable[[Writer], T]", /) -> T:
        """Run `fn` in a transaction inside this one, and return its result."""
        ...


class Store(Protocol):
    """Whatever keeps entries and has transactions: a database, or a transaction itself.

    S10  When `transact` has returned the result of `fn`, every write of `fn` is there; if `fn`
         raises, its exception passes on and none is.
    S11  `fn` runs once, unless the store says that it may run it again: then only the last run
         counts, and whatever `fn` changes outside of the transaction is changed twice.
    S12  `read` cannot write.
    S13  What cannot be called, or returns work for later (an awaitable, a generator), is a
         UsageTypeError; that work never runs, and nothing commits.
    S14  Transactions of several threads are as if they had come one after the other.
    """

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        """Run `fn` in one transaction, and return its result."""
        ...

    def read(self, fn: Callable[[Reader], T], /) -> T:
        """Run `fn` on one state, and return its result."""
        ...


class ReadTransaction(ReadForms):
    """A transaction that only reads, until the block or function it was made for ends.

    Its calls raise UsageError after that, and UsageTypeError for what is not bytes-like.
    Invariant: `_read_refusal` says why a read is refused, None permits reads.
    """

    _read_refusal: str | None = None

    def __init__(self, view: Readable, version: int) -> None:
        self._view = view
        self.version: int = version
        """The last commit that is seen; in a transaction that writes, the number of its commit."""

    @overload
    def get(self, key: BytesLike) -> bytes | None: ...
    @overload
    def get(self, key: BytesLike, default: T) -> bytes | T: ...
    def get(self, key: BytesLike, default: T | None = None) -> bytes | T | None:
        """Return the value of `key`, or `default`; own writes are seen."""
        if self._read_refusal is not None:
            raise UsageError(self._read_refusal)
        value = self._view.get(key if type(key) is bytes else as_bytes(key, "key"))
        return default if value is None else value

    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Return the entries of `[start, end)` or of `prefix`, ascending by byte.

        `end` None is the last key. The result is the snapshot at this call: writes made while it is
        read do not change it. It is read lazily, costs what it yields, and ends with the
        transaction, a few hundred entries later at most.
        """
        self._check_readable()
        start, end = range_of(start, end, prefix)
        if limit is not None:
            check_count(limit, "limit")
            if limit < 0:
                raise UsageValueError(f"limit must be 0 or more, not {limit}")
            limit = min(limit, maxsize)  # islice takes no larger one
        chunks = self._while_readable(self._view.chunks(start, end, reverse=reverse))
        return islice(entries_of(chunks, reverse=reverse), limit)

    def read(self, fn: "Callable[[ReadTransaction], T]", /) -> T:
        """Run `fn` with a reader of what this transaction sees, and return its result."""
        self._check_readable()
        reader = ReadTransaction(self._view, self.version)
        try:
            return run(fn, reader)
        finally:
            reader.end()

    def transact(self, fn: "Callable[[Transaction], T]", /) -> T:
        """Raise UsageError: what only reads has no transaction to give to `fn`."""
        self._check_readable()
        raise UsageError("this transaction can only read; use read(fn), or db.transact()")

    def end(self) -> Writes | None:
        """End the transaction and hand over its ops, of which a reader has none."""
        self._read_refusal = ENDED

    def __repr__(self) -> str:
        why = f": {self._read_refusal.partition(';')[0]}" if self._read_refusal else ""
        return f"<{type(self).__name__}, version {self.version}{why}>"

    def _while_readable(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            self._check_readable()
            yield chunk
        self._check_readable()

    def _check_readable(self) -> None:
        if self._read_refusal is not None:
            raise UsageError(self._read_refusal)


class Transaction(WriteForms, ReadTransaction):
    """Reads and writes of one unit of work; nothing is visible to others before it commits.

    Invariant: what is read is `_writes` on top of what was there before. While reads are permitted,
    it has all writes of each inner transaction or none; while they are refused, writes are refused
    as well.
    """

    def __init__(self, below: Readable, version: int, refusal: str | None = None) -> None:
        """Begin commit `version`; `refusal` says why a write is refused, None permits writes."""
        self._writes = Level()
        # As `super().__init__` does, without its call: every commit begins here.
        self._view = Overlay(self._writes, below)
        self.version: int = version
        self._write_refusal = refusal

    def set(self, key: BytesLike, value: BytesLike) -> None:
        """Set `key` to a copy of `value`; an equal value is recorded as well."""
        if self._write_refusal is not None:
            raise UsageError(self._write_refusal)
        key = key if type(key) is bytes else as_bytes(key, "key")
        value = value if type(value) is bytes else as_bytes(value, "value")
        self._writes.put(key, value)

    def delete(self, key: BytesLike) -> bool:
        """Delete `key`; return whether it was there. An absent key records nothing."""
        if self._write_refusal is not None:
            raise UsageError(self._write_refusal)
        key = as_bytes(key, "key")
        if self.get(key) is None:
            return False
        self._writes.put(key, None)
        return True

    def read(self, fn: Callable[[ReadTransaction], T], /) -> T:
        """Run `fn` with a reader of what this transaction sees; writes wait until it returned."""
        refusal, self._write_refusal = self._write_refusal, READ_RUNS
        try:
            return super().read(fn)
        finally:
            if self._write_refusal is READ_RUNS:
                self._write_refusal = refusal

    def transact(self, fn: "Callable[[Transaction], T]", /) -> T:
        """Run `fn` in a transaction inside this one; if it raises, nothing of that one is left.

        Until it has returned this one is refused. An interrupt while the writes pass aborts it.
        """
        self._check_readable()
        refusal = self._write_refusal
        inner = Transaction(self._view, self.version, refusal)
        self._read_refusal = self._write_refusal = INNER_RUNS
        try:
            result = run(fn, inner)
        finally:
            ops = inner.end()
            if self._read_refusal is INNER_RUNS:
                self._write_refusal, self._read_refusal = refusal, None
        self._check_readable()
        if ops is None:
            raise UsageError(INTERRUPTED)
        self._read_refusal = self._write_refusal = INTERRUPTED
        for key, value in ops.items():
            self._writes.put(key, value)
        self._write_refusal, self._read_refusal = refusal, None
        return result

    def end(self) -> Writes | None:
        """End, and hand over the ops in the order of each key's first write; None if aborted."""
        whole = self._read_refusal is None
        self._read_refusal = self._write_refusal = ENDED
        return self._writes.ops if whole else None


def run(fn: Callable[[Given], T], tx: Given) -> T:
    """Return `fn(tx)`; work that would go on after the transaction is refused."""
    require_callable(fn)
    result = fn(tx)
    if result is not None and isinstance(result, (*LAZY, Awaitable, AsyncIterator)):
        if isinstance(result, (GeneratorType, Coroutine)):
            result.close()
        if isinstance(result, LAZY):
            raise UsageTypeError("a generator would run after the commit; return list(...)")
        raise UsageTypeError("async work would run after the commit; await first, then transact")
    return result


def require_callable(fn: object) -> None:
    """Refuse what is no function."""
    if not callable(fn):
        raise UsageTypeError(f"a transaction needs a function, not {type(fn).__name__}")
