"""A transaction whose every answer is compared, and whose writes are noted.

It stands before a transaction of the kernel, and before those inside of that one, so that whoever
works with it, a plan or a lens, tells the oracle what was read and written without knowing it.

    view      what the transaction sees: the state it began with, and its own writes
    written   its writes, a deleted key as None

A transaction inside works on copies of both, which count if and only if it returns.
Absent on purpose: errors. What the kernel raises passes on as it is.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

from sim.judge.oracle import Contents, Violation

Written = dict[bytes, bytes | None]


class Recorder:
    """A transaction of the kernel, and the view that it has to agree with."""

    def __init__(self, tx: Any, view: Contents, written: Written) -> None:
        """Stand before `tx`."""
        self.tx = tx
        self.view = view
        self.written = written

    @property
    def version(self) -> int:
        """The number of the commit, as the kernel tells it."""
        return self.tx.version

    def get(self, key: bytes) -> bytes | None:
        """Read a key."""
        value: bytes | None = self.tx.get(key)
        if value != self.view.get(key):
            raise Violation("read", f"get({key!r}) inside a transaction")
        return value

    def get_many(self, keys: Iterable[bytes]) -> list[bytes | None]:
        """Read several keys."""
        wanted = list(keys)
        values: list[bytes | None] = self.tx.get_many(wanted)
        if values != [self.view.get(key) for key in wanted]:
            raise Violation("read", f"get_many({wanted!r}) inside a transaction")
        return values

    def scan(
        self,
        start: bytes = b"",
        end: bytes | None = None,
        *,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[bytes, bytes]]:
        """Read a range, as lazily as the kernel does; it is that of this call."""
        keys = [key for key in self.view if key >= start and (end is None or key < end)]
        keys.sort(reverse=reverse)
        expected = [(key, self.view[key]) for key in keys[:limit]]
        found = self.tx.scan(start, end, reverse=reverse, limit=limit)
        return _compared(found, expected, f"scan({start!r}, {end!r}, {reverse=}, {limit=})")

    def set(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        self.tx.set(key, value)
        self.view[key] = self.written[key] = value

    def delete(self, key: bytes) -> bool:
        """Delete a key."""
        was_there: bool = self.tx.delete(key)
        if was_there != (key in self.view):
            raise Violation("read", f"delete({key!r}) did not tell what was there")
        if was_there:
            del self.view[key]
            self.written[key] = None
        return was_there

    def read(self, fn: Callable[[Any], Any]) -> Any:
        """Run `fn` on a reader inside."""

        def read(tx: Any) -> Any:
            return fn(Recorder(tx, self.view, self.written))

        return self.tx.read(read)

    def transact(self, fn: Callable[[Any], Any]) -> Any:
        """Run `fn` in a transaction inside; only if it returns, it was there."""
        view, written = dict(self.view), dict(self.written)

        def transact(tx: Any) -> Any:
            return fn(Recorder(tx, view, written))

        result = self.tx.transact(transact)
        self.view.clear()  # it is the same dict for whoever holds it
        self.view.update(view)
        self.written.update(written)
        return result


def _compared(
    found: Iterable[tuple[bytes, bytes]], expected: list[tuple[bytes, bytes]], what: str
) -> Iterator[tuple[bytes, bytes]]:
    for entry, wanted in zip_longest(found, expected):
        if entry is None or entry != wanted:
            raise Violation("read", f"{what} is not what was committed")
        yield entry
