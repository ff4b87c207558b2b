"""The ordered store: every entry of the database, in memory, in key order.

A dict answers "what is the value of this key". Order is kept beside it in blocks of at most 512
keys, each with a parallel block of values, so that a range is read by slicing. New keys wait in a
pending set until the next ordered read: loading never pays for order, and a commit costs the same
at a thousand entries and at a million. Order is unsigned byte-lexicographic, a prefix before its
extensions, which is how Python compares bytes.
Absent on purpose: versions of a value, locks, files. One writer at a time is up to the database.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import chain

Entry = tuple[bytes, bytes]

BLOCK_LENGTH = 512
"""A block is split in two when it holds more keys than this; 256 to 512 were fastest."""

REBUILD_SHARE = 8
"""With more than one in so many keys pending, one sort beats inserting them one by one."""


class OrderedStore:
    """A map from bytes to bytes with ordered ranges.

    Invariant, checked by `_check`: the keys of `_values` are the keys in the blocks and the pending
    keys, each in one place. Blocks ascend, and `_bounds[i]` separates block `i` from block `i + 1`:
    every key below it is in an earlier block. There is always at least one block.
    """

    def __init__(self, entries: dict[bytes, bytes] | None = None) -> None:
        """Create a store of `entries`; their order is made when it is needed."""
        self._values: dict[bytes, bytes] = dict(entries or {})
        self._pending: set[bytes] = set(self._values)
        self._keys: list[list[bytes]] = [[]]
        self._blocks: list[list[bytes]] = [[]]
        self._bounds: list[bytes] = []
        self.size_bytes: int = sum(map(len, self._values)) + sum(map(len, self._values.values()))
        """The bytes of all keys and values."""

    def __len__(self) -> int:
        """Return the count of entries."""
        return len(self._values)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of `key`, or None."""
        return self._values.get(key)

    def apply(self, writes: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Apply ops in order: a value sets its key, None deletes it if it is there."""
        for key, value in writes:
            if value is None:
                self._delete(key)
            else:
                self._set(key, value)

    def scan(self, start: bytes, end: bytes | None, *, reverse: bool = False) -> Iterator[Entry]:
        """Return the entries of `[start, end)` in key order; `end` None means to the last key.

        The store must not change while the result is in use.
        """
        self._merge_pending()
        if end is not None and start >= end:
            return iter(())
        first, low = self._locate(start)
        last, high = self._locate(end) if end is not None else (len(self._keys) - 1, None)
        step = -1 if reverse else 1
        return chain.from_iterable(
            self._slice(block, low if block == first else 0, high if block == last else None, step)
            for block in range(first, last + 1)[::step]
        )

    def _slice(self, block: int, low: int, high: int | None, step: int) -> Iterator[Entry]:
        return zip(
            self._keys[block][low:high][::step], self._blocks[block][low:high][::step], strict=True
        )

    def _set(self, key: bytes, value: bytes) -> None:
        old = self._values.get(key)
        self._values[key] = value
        self.size_bytes += len(value)
        if old is None:
            self._pending.add(key)
            self.size_bytes += len(key)
            return
        self.size_bytes -= len(old)
        if key not in self._pending:
            block, index = self._locate(key)
            self._blocks[block][index] = value

    def _delete(self, key: bytes) -> None:
        old = self._values.pop(key, None)
        if old is None:
            return
        self.size_bytes -= len(key) + len(old)
        if key in self._pending:
            self._pending.remove(key)
            return
        block, index = self._locate(key)
        del self._keys[block][index]
        del self._blocks[block][index]
        if not self._keys[block] and self._bounds:
            del self._keys[block]
            del self._blocks[block]
            del self._bounds[max(block - 1, 0)]

    def _locate(self, key: bytes) -> tuple[int, int]:
        """Return the block `key` belongs to, and the index in it of the first key not below it."""
        block = bisect_right(self._bounds, key)
        return block, bisect_left(self._keys[block], key)

    def _merge_pending(self) -> None:
        """Give the pending keys their place in the order; interrupted, forget the order instead."""
        try:
            if len(self._pending) * REBUILD_SHARE > len(self._values):
                self._rebuild()
            else:
                for key in sorted(self._pending):
                    self._insert(key)
            self._pending = set()
        except BaseException:
            self._pending = set(self._values)
            self._keys, self._blocks, self._bounds = [[]], [[]], []
            raise

    def _insert(self, key: bytes) -> None:
        block, index = self._locate(key)
        keys, values = self._keys[block], self._blocks[block]
        keys.insert(index, key)
        values.insert(index, self._values[key])
        if len(keys) > BLOCK_LENGTH:
            half = len(keys) // 2
            self._bounds.insert(block, keys[half])
            self._keys[block : block + 1] = [keys[:half], keys[half:]]
            self._blocks[block : block + 1] = [values[:half], values[half:]]

    def _rebuild(self) -> None:
        """Sort all keys at once; blocks start three quarters full, so that inserts find room."""
        keys = sorted(self._values)
        length = BLOCK_LENGTH * 3 // 4
        self._keys = [keys[i : i + length] for i in range(0, len(keys), length)] or [[]]
        self._blocks = [[self._values[key] for key in block] for block in self._keys]
        self._bounds = [block[0] for block in self._keys[1:]]

    def _check(self) -> None:
        """Assert the invariant; tests call this after every random step."""
        assert len(self._keys) == len(self._blocks) == len(self._bounds) + 1
        ordered = list(chain.from_iterable(self._keys))
        assert ordered == sorted(set(self._values) - self._pending)
        assert len(ordered) + len(self._pending) == len(self._values)
        for block, (keys, values) in enumerate(zip(self._keys, self._blocks, strict=True)):
            assert len(keys) <= BLOCK_LENGTH
            assert values == [self._values[key] for key in keys]
            assert all(bisect_right(self._bounds, key) == block for key in keys)
        assert self.size_bytes == sum(len(k) + len(v) for k, v in self._values.items())
