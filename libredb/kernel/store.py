"""The store: every entry that was committed, as two levels.

    the level       what was committed since the last compaction, in memory; a deletion is an op
    what is below   the snapshot that the compaction wrote, on storage; nothing changes it

The level is changed, and looked up for its newest values, by whoever has the state: a lock, see
guard.py. A view is for everybody else: what the store held at one moment, to be read for as long as
one likes while others commit. Storage is read when the state is free again, except in a group.
Absent on purpose: versions of a value.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from libredb.kernel.gaps import Gaps
from libredb.kernel.level import ABSENT, Level, Op, Order, sorted_order
from libredb.kernel.overlay import Chunk, Readable, merged

FEW_PIECES = 4
"""A gap that is no longer than this is not worth a note."""

NOTHING: Order = sorted_order({})
"""What is below the level of a log that was never compacted."""


class View:
    """What a store held when this was made, under the state."""

    __slots__ = ("_below", "_changes", "_gaps", "_level", "_order")

    def __init__(self, level: Level, below: Order = NOTHING, gaps: Gaps | None = None) -> None:
        """Remember the order of `level`, and how often it had changed."""
        self._gaps = gaps or Gaps()
        self._level = level
        self._changes = level.changes
        self._order = level.order()
        self._below = below

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of `key`, or None.

        The level is asked first, which is three times as fast, and right as long as no change of it
        had begun when it had answered.
        """
        value = self._level.get(key, ABSENT)
        if self._level.changes != self._changes:
            value = self._order.get(key, ABSENT)
        return self._below.get(key, None) if value is ABSENT else value

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Return the entries of `[start, end)`; see `Readable`."""
        if self._below is NOTHING:  # then the level holds no deletion
            return cast(Iterator[Chunk], self._order.chunks(start, end, reverse=reverse))
        return self._over_blocks(start, end, reverse=reverse)

    def _over_blocks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Yield the entries of `[start, end)`, and note the gap that they begin with."""
        left = self._gaps.behind(start, end, reverse=reverse)
        if self._level.changes != self._changes:  # the gap may be younger than this view
            left = start, end
        passed, is_first = 0, True

        def below() -> Iterator[Chunk]:
            nonlocal passed
            for chunk in self._below.chunks(*left, reverse=reverse):
                passed += 1
                yield cast(Chunk, chunk)

        for keys, values in merged(below(), self._order, *left, reverse=reverse):
            if is_first and passed > FEW_PIECES:
                gap = (keys[-1] + b"\0", end) if reverse else (start, keys[0])
                self._gaps.note(self._changes, gap, reverse=reverse)
            is_first = False
            yield keys, values
        if is_first and passed > FEW_PIECES:
            self._gaps.note(self._changes, (start, end), reverse=reverse)


class OrderedStore:
    """A map from bytes to bytes with ordered ranges."""

    def __init__(
        self,
        level: Level | None = None,
        state: AbstractContextManager[object] | None = None,
        *,
        below: Order = NOTHING,
    ) -> None:
        """Create a store of what is in `level` and `below`; `state` is held while it is changed."""
        self._level = level or Level()
        self._below = below
        self._gaps = Gaps()
        self._state = state or nullcontext()

    @property
    def level(self) -> Level:
        """What was committed since the last compaction."""
        return self._level

    def newest(self, key: bytes, /) -> tuple[bytes | None, Order]:
        """Return what the level says of `key`, or ABSENT, and where to ask then."""
        return self._level.get(key, ABSENT), self._below

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of `key`, or None."""
        value = self._level.get(key, ABSENT)
        return self._below.get(key, None) if value is ABSENT else value

    def apply(self, writes: Sequence[Op]) -> None:
        """Apply ops in order: a value sets its key, None deletes it if it is there."""
        self._gaps.learn(self._level.changes)
        self._gaps.fill(writes)
        self._level.apply(writes)

    def replace(self, level: Level, below: Order) -> None:
        """Hold the same entries in other levels: a compaction has written them down."""
        self._level, self._below, self._gaps = level, below, Gaps()

    def view(self) -> Readable:
        """Return what is in the store at this call; nothing changes it afterwards."""
        with self._state:
            self._gaps.learn(self._level.changes)
            return View(self._level, self._below, self._gaps)

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Return the entries of `[start, end)` as of this call; see `Readable`."""
        return self.view().chunks(start, end, reverse=reverse)
