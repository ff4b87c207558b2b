"""Levels on top of each other, which is how everything is read.

Reading asks the newest level first. A scan walks through the pieces of the older ones and changes
only those in whose range the newest says something; in a large database that is hardly any.
Absent on purpose: a merge entry by entry, which costs every entry for the sake of few.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, starmap
from typing import Protocol, cast

from libredb.kernel.level import ABSENT, Entry, Level, Ops, Order, overlaid, without

Chunk = tuple[Sequence[bytes], Sequence[bytes]]
"""A piece of entries in key order, as keys and values; nobody changes these lists."""


class Readable(Protocol):
    """Entries that can be read: a level with everything below it."""

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of `key`, or None."""
        ...

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Return the entries of `[start, end)` as of this call, a piece at a time, none empty.

        With `reverse` the pieces come last one first; within a piece keys ascend in any case.
        """
        ...


class Overlay:
    """A level with what is below it."""

    __slots__ = ("_below", "_get", "_level")

    def __init__(self, level: Level, below: Readable) -> None:
        """Put `level` on top of `below`."""
        self._level = level
        self._get = level.get
        self._below = below

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of `key`, or None."""
        value = self._get(key, ABSENT)
        return self._below.get(key) if value is ABSENT else value

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Chunk]:
        """Return the entries of `[start, end)` as of this call; see `Readable`."""
        order = self._level.order()
        below = self._below.chunks(start, end, reverse=reverse)
        return merged(below, order, start, end, reverse=reverse)


def merged(
    older: Iterator[Chunk], newer: Order, start: bytes, end: bytes | None, *, reverse: bool
) -> Iterator[Chunk]:
    """Yield `older`, the entries of `[start, end)`, with the ops of `newer` on top of them.

    Each piece of `older` is overlaid with what `newer` has up to its last key. Where that is
    nothing, which is nearly everywhere in a large database, the piece passes as it is.
    """
    if not any(newer.chunks(start, end, reverse=False)):
        yield from older
        return
    for keys, values in older:
        rest: Ops = keys, values
        first, last = (keys[0], end) if reverse else (start, keys[-1] + b"\0")
        for ops in newer.chunks(first, last, reverse=reverse):  # so that no piece gets too long
            cut = bisect_left(rest[0], ops[0][0]) if reverse else bisect_right(rest[0], ops[0][-1])
            pieces = (rest[0][:cut], rest[1][:cut]), (rest[0][cut:], rest[1][cut:])
            near, rest = pieces[::-1] if reverse else pieces
            yield from _entries(overlaid(near, ops))
        yield from _entries(rest)
        if reverse:
            end = first
        else:
            start = keys[-1] + b"\0"
    for ops in newer.chunks(start, end, reverse=reverse):
        yield from _entries(without(None, ops))


def _entries(ops: Ops) -> Iterator[Chunk]:
    """Yield a piece that has no deletions any more, unless it is empty."""
    if ops[0]:
        yield cast(Chunk, ops)


def entries_of(chunks: Iterator[Chunk], *, reverse: bool) -> Iterator[Entry]:
    """Return the entries of pieces one by one; C code takes them apart."""
    if reverse:
        chunks = ((keys[::-1], values[::-1]) for keys, values in chunks)
    return chain.from_iterable(starmap(zip, chunks))
