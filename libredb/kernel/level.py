"""A level: ops by key, in memory and in key order.

What was committed is a level, and so is what a transaction has written. A dict answers "what
happened to this key last". The order is kept beside it, in blocks of at most 512 keys with a
parallel block of values each, and it is made when it is read: a write only notes that its key is
unplaced, and the next ordered read replaces the blocks that changed. So loading never pays for
order, and a commit costs the same at a thousand entries and at a million. An order that was made
never changes. Who reads one needs no lock and delays nobody, and keeps what was there at that
moment. Keys ascend by unsigned byte, a prefix before its extensions: so does Python compare bytes.
Absent on purpose: locks. One caller at a time is up to whoever owns the level.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, cast

Entry = tuple[bytes, bytes]
Op = tuple[bytes, bytes | None]
"""One write: (key, value) sets, (key, None) deletes."""
Writes = dict[bytes, bytes | None]
"""Ops, one per key, in the order of each key's first write."""
Ops = tuple[Sequence[bytes], Sequence[bytes | None]]
"""A piece of ops in key order, as keys and values; nobody changes these lists."""

ABSENT = bytes(bytearray(b"absent"))
"""What stands for "nothing is said of this key"; it is compared by identity."""

BLOCK_LENGTH = 512
"""A block is cut when it holds more keys than this; 256 to 512 were fastest."""

PIECE_LENGTH = 128
"""How many entries a scan takes at once."""

REBUILD_SHARE = 8
"""With more than one in so many keys unplaced, one sort beats placing them one by one."""


class Blocks(Protocol):
    """Pieces of ops, by number."""

    def __getitem__(self, index: int, /) -> Ops:
        """Return one of them."""
        ...


class Order:
    """The ops of a level as of one moment, or the entries of a snapshot, in key order.

    Invariant: blocks ascend, and there is at least one; only a single one may be empty.
    `_bounds[i]` separates block `i` from block `i + 1`: every key below it is in an earlier block.
    """

    __slots__ = ("_blocks", "_bounds")

    def __init__(self, blocks: Blocks, bounds: list[bytes]) -> None:
        """Take over what nobody changes from now on."""
        self._blocks = blocks
        self._bounds = bounds

    def get(self, key: bytes, default: bytes | None, /) -> bytes | None:
        """Return the value of `key`, None if it was deleted, or `default` if nothing happened."""
        keys, values = self._blocks[bisect_right(self._bounds, key)]
        index = bisect_left(keys, key)
        return values[index] if index < len(keys) and keys[index] == key else default

    def chunks(self, start: bytes, end: bytes | None, *, reverse: bool) -> Iterator[Ops]:
        """Yield the ops of `[start, end)`, a piece at a time, none empty.

        With `reverse` the pieces come last one first; within a piece keys ascend in any case.
        """
        first = bisect_right(self._bounds, start)
        last = len(self._bounds) if end is None else bisect_left(self._bounds, end)
        for block in range(last, first - 1, -1) if reverse else range(first, last + 1):
            keys, values = self._blocks[block]
            low = bisect_left(keys, start) if block == first else 0
            high = len(keys) if end is None or block != last else bisect_left(keys, end)
            for piece in pieces_of(low, high, reverse=reverse):
                yield keys[piece], values[piece]

    def changed(self, unplaced: Sequence[bytes], ops: Mapping[bytes, bytes | None]) -> "Order":
        """Return this order with the keys `unplaced`, which ascend, as they are in `ops` now."""
        blocks, bounds = cast(list[Ops], self._blocks)[:], self._bounds[:]
        end = len(unplaced)
        while end:  # the last block first: what is before it keeps its number
            block = bisect_right(self._bounds, unplaced[end - 1])
            first = bisect_left(unplaced, self._bounds[block - 1], 0, end) if block else 0
            keys = unplaced[first:end]
            now = keys, [ops.get(key, ABSENT) for key in keys]
            pieces = _cut(*overlaid(blocks[block], now, gone=ABSENT))
            if pieces or not bounds:
                pieces = pieces or [([], [])]
                bounds[block:block] = [keys[0] for keys, _ in pieces[1:]]
            else:
                del bounds[max(block - 1, 0)]
            blocks[block : block + 1] = pieces
            end = first
        return Order(blocks, bounds)

    def check(self) -> None:
        """Assert the invariant; tests call this after every random step."""
        blocks = cast(list[Ops], self._blocks)
        assert len(blocks) == len(self._bounds) + 1
        for block, (keys, values) in enumerate(blocks):
            assert len(keys) == len(values) <= BLOCK_LENGTH
            assert keys or not self._bounds
            assert list(keys) == sorted(set(keys))
            assert all(bisect_right(self._bounds, key) == block for key in keys)


def sorted_order(ops: Mapping[bytes, bytes | None]) -> Order:
    """Return the order of `ops`, all sorted at once."""
    keys = sorted(ops)
    blocks = _cut(keys, [ops[key] for key in keys]) or [([], [])]
    return Order(blocks, [keys[0] for keys, _ in blocks[1:]])


def _cut(keys: Sequence[bytes], values: Sequence[bytes | None]) -> list[Ops]:
    """Return blocks of these ops: one, or several that are three quarters full, to have room."""
    if 0 < len(keys) <= BLOCK_LENGTH:
        return [(keys, values)]
    length = BLOCK_LENGTH * 3 // 4
    return [(keys[i : i + length], values[i : i + length]) for i in range(0, len(keys), length)]


class Level:
    """Ops, of which the last one per key counts.

    Invariant, checked by `_check`: `_order`, once there is one, has every op of `ops` in its place
    but those of the keys in `_unplaced`; there it may lack one, or have an older one. A key is
    unplaced *before* its op is noted, so that an interrupt in between does no harm.
    """

    __slots__ = ("_last_below", "_order", "_unplaced", "changes", "get", "ops", "size_bytes")

    def __init__(self, ops: Writes | None = None, *, last_below: bytes | None = None) -> None:
        """Begin with `ops`, which are the level's own from now on; their order is made later.

        `last_below` is the last key that an older level may hold, None if there is none.
        """
        self.ops: Writes = {} if ops is None else ops
        """The ops; changed by `put` and `apply` alone."""
        self.get: Callable[[bytes, bytes | None], bytes | None] = self.ops.get
        """What `dict.get` is: the value of a key, None if it was deleted, or a default."""
        self.changes: int = 0
        """How often `apply` was called; counted before anything changes."""
        self._order: Order | None = None
        self._unplaced: set[bytes] = set()
        self._last_below = last_below
        self.size_bytes: int = 0
        """The bytes of all keys and values that were there at first, or came by `apply`."""
        if self.ops:
            values = filter(None, self.ops.values())
            self.size_bytes = sum(map(len, self.ops)) + sum(map(len, values))

    def put(self, key: bytes, value: bytes | None) -> None:
        """Note one op; a deletion is an op like any other."""
        if self._order is not None:
            self._unplaced.add(key)
        self.ops[key] = value

    def apply(self, writes: Iterable[Op]) -> None:
        """Apply ops in order: a value sets its key, None takes it out.

        A deletion stays as an op only where an older level may hold the key.
        """
        self.changes += 1
        ops, size = self.ops, self.size_bytes
        for key, value in writes:
            if self._order is not None:  # asked each time: a signal handler may read in order
                self._unplaced.add(key)
            old = ops.get(key)
            if old is not None:
                size -= len(key) + len(old)
            if value is not None:
                ops[key] = value
                size += len(key) + len(value)
            elif self._last_below is None or key > self._last_below:
                ops.pop(key, None)
            else:
                ops[key] = None
        self.size_bytes = size

    def order(self) -> Order:
        """Return the ops in order, as of this call; places what is unplaced."""
        if self._order is None or len(self._unplaced) * REBUILD_SHARE > len(self.ops):
            self._order = sorted_order(self.ops)
        elif self._unplaced:
            self._order = self._order.changed(sorted(self._unplaced), self.ops)
        self._unplaced.clear()
        return self._order

    def _check(self) -> None:
        """Assert the invariant; tests call this after every random step."""
        if self._order is None:
            return
        self._order.check()
        pieces = self._order.chunks(b"", None, reverse=False)
        placed = {key: value for ops in pieces for key, value in zip(*ops, strict=True)}
        assert placed.keys() - self._unplaced == self.ops.keys() - self._unplaced
        assert all(self.ops[key] is placed[key] for key in placed.keys() - self._unplaced)


def pieces_of(low: int, high: int, *, reverse: bool) -> Iterator[slice]:
    """Yield what to cut out of lists, so that a short scan does not copy long ones."""
    cuts = range(low, high, PIECE_LENGTH)
    return (slice(cut, min(high, cut + PIECE_LENGTH)) for cut in (cuts[::-1] if reverse else cuts))


def overlaid(older: Ops, newer: Ops, *, gone: bytes | None = None) -> Ops:
    """Return `older` with `newer` on top of it; a key whose value is `gone` goes."""
    if not older[0]:
        return without(gone, newer)
    keys, values = list(older[0]), list(older[1])
    index = 0
    for key, value in zip(*newer, strict=True):
        index = bisect_left(keys, key, index)
        found = index < len(keys) and keys[index] == key
        if value is gone:
            if found:
                del keys[index], values[index]
        elif found:
            values[index] = value
        else:
            keys.insert(index, key)
            values.insert(index, value)
    return keys, values


def without(gone: bytes | None, ops: Ops) -> Ops:
    """Return `ops` without the keys whose value is `gone`."""
    if gone not in ops[1]:
        return ops
    kept = [(key, value) for key, value in zip(*ops, strict=True) if value is not gone]
    return [key for key, _ in kept], [value for _, value in kept]
