"""The store: every entry that was committed.

Looking something up and changing it is for whoever has the state of the database. A view is for
everybody else: what the store held at one moment, to be read for as long as one likes while others
commit. It is a level with nothing below it, so what was deleted leaves no op behind.
Absent on purpose: versions of a value, files.
"""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from libredb.kernel.level import Level, Op
from libredb.kernel.overlay import Chunk, Readable


class View:
    """What the level of a store held when this was made, under the state."""

    __slots__ = ("_changes", "_level", "_order")

    def __init__(self, level: Level) -> None:
        """Remember the order of `level`, and how often it had changed."""
        self._level = level
        self._changes = level.changes
        self._order = level.order()

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of `key`, or None.

        The level is asked first, which is three times as fast, and right as long as no change of it
        had begun when it had answered.
        """
        value = self._level.get(key, None)
        if self._level.changes != self._changes:
            value = self._order.get(key, None)
        return value

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Return the entries of `[start, end)`; see `Readable`."""
        return cast(Iterator[Chunk], self._order.chunks(start, end, reverse=reverse))


class OrderedStore:
    """A map from bytes to bytes with ordered ranges."""

    def __init__(
        self, level: Level | None = None, state: AbstractContextManager[object] | None = None
    ) -> None:
        """Create a store of what is in `level`; `state` is held while the store is changed."""
        self._level = level or Level()
        self._state = state or nullcontext()

    @property
    def size_bytes(self) -> int:
        """The bytes of all keys and values."""
        return self._level.size_bytes

    def __len__(self) -> int:
        """Return the count of entries."""
        return len(self._level.ops)

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of `key`, or None."""
        return self._level.get(key, None)

    def apply(self, writes: Iterable[Op]) -> None:
        """Apply ops in order: a value sets its key, None deletes it if it is there."""
        self._level.apply(writes)

    def view(self) -> Readable:
        """Return what is in the store at this call; nothing changes it afterwards."""
        with self._state:
            return View(self._level)

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Return the entries of `[start, end)` as of this call; see `Readable`."""
        return self.view().chunks(start, end, reverse=reverse)
