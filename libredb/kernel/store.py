"""The ordered store: every entry of the database, in memory, in key order.

A dict answers "what is the value of this key". Order is kept beside it in blocks of at most 512
keys, each with a parallel block of values, so that a range is read by slicing. A new key stays
unplaced until the next ordered read: loading never pays for order, and a commit costs the same
at a thousand entries and at a million. Order is unsigned byte-lexicographic, a prefix before its
extensions, which is how Python compares bytes.
Absent on purpose: versions of a value, locks, files. One writer at a time is up to the database.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from libredb.kernel.errors import UsageTypeError

BytesLike = bytes | bytearray | memoryview
Entry = tuple[bytes, bytes]

BLOCK_LENGTH = 512
"""A block is split in two when it holds more keys than this; 256 to 512 were fastest."""

REBUILD_SHARE = 8
"""With more than one in so many keys unplaced, one sort beats inserting them one by one."""


class OrderedStore:
    """A map from bytes to bytes with ordered ranges.

    Invariant, checked by `_check`: while `_ordered`, the keys of `_values` are the keys in the key
    blocks and the unplaced keys, each in one place; the value blocks are parallel to the key
    blocks; blocks ascend, and `_bounds[i]` separates block `i` from block `i + 1`: every key below
    it is in an earlier block. There is always at least one block. While not `_ordered`, none of
    this holds, and `place` makes the order anew out of `_values`.
    """

    def __init__(self, entries: Mapping[bytes, bytes] | None = None) -> None:
        """Create a store of `entries`; their order is made when it is needed."""
        self._values: dict[bytes, bytes] = dict(entries or {})
        self._ordered = False
        self._unplaced: set[bytes] = set()
        self._key_blocks: list[list[bytes]] = [[]]
        self._value_blocks: list[list[bytes]] = [[]]
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

    def place(self) -> None:
        """Give the unplaced keys their place in the order.

        Interrupted at any moment, it leaves `_ordered` False, and the next call begins anew.
        """
        if self._ordered and not self._unplaced:
            return
        few = self._ordered and len(self._unplaced) * REBUILD_SHARE <= len(self._values)
        self._ordered = False
        if few:
            for key in sorted(self._unplaced):
                self._insert(key)
        else:
            self._rebuild()
        self._unplaced = set()
        self._ordered = True

    def scan(self, start: bytes, end: bytes | None, *, reverse: bool = False) -> Iterator[Entry]:
        """Return the entries of `[start, end)` in key order; `end` None means to the last key.

        Places what is unplaced. The store must not change while the result is in use.
        """
        self.place()
        if end is not None and start >= end:
            return iter(())
        first, low = self._locate(start)
        last, high = self._locate(end) if end is not None else (len(self._key_blocks) - 1, None)
        step = -1 if reverse else 1
        return chain.from_iterable(
            self._slice(block, low if block == first else 0, high if block == last else None, step)
            for block in range(first, last + 1)[::step]
        )

    def _slice(self, block: int, low: int, high: int | None, step: int) -> Iterator[Entry]:
        return zip(
            self._key_blocks[block][low:high][::step],
            self._value_blocks[block][low:high][::step],
            strict=True,
        )

    def _set(self, key: bytes, value: bytes) -> None:
        old = self._values.get(key)
        self._values[key] = value
        self.size_bytes += len(value)
        if old is None:
            self.size_bytes += len(key)
            if self._ordered:
                self._unplaced.add(key)
            return
        self.size_bytes -= len(old)
        if self._ordered and key not in self._unplaced:
            block, index = self._locate(key)
            self._value_blocks[block][index] = value

    def _delete(self, key: bytes) -> None:
        old = self._values.pop(key, None)
        if old is None:
            return
        self.size_bytes -= len(key) + len(old)
        if not self._ordered:
            return
        if key in self._unplaced:
            self._unplaced.remove(key)
            return
        block, index = self._locate(key)
        del self._key_blocks[block][index]
        del self._value_blocks[block][index]
        if not self._key_blocks[block] and self._bounds:
            del self._key_blocks[block]
            del self._value_blocks[block]
            del self._bounds[max(block - 1, 0)]

    def _locate(self, key: bytes) -> tuple[int, int]:
        """Return the block `key` belongs to, and the index in it of the first key not below it."""
        block = bisect_right(self._bounds, key)
        return block, bisect_left(self._key_blocks[block], key)

    def _insert(self, key: bytes) -> None:
        block, index = self._locate(key)
        keys, values = self._key_blocks[block], self._value_blocks[block]
        keys.insert(index, key)
        values.insert(index, self._values[key])
        if len(keys) > BLOCK_LENGTH:
            half = len(keys) // 2
            self._bounds.insert(block, keys[half])
            self._key_blocks[block : block + 1] = [keys[:half], keys[half:]]
            self._value_blocks[block : block + 1] = [values[:half], values[half:]]

    def _rebuild(self) -> None:
        """Sort all keys at once; blocks start three quarters full, so that inserts find room."""
        keys = sorted(self._values)
        length = BLOCK_LENGTH * 3 // 4
        self._key_blocks = [keys[i : i + length] for i in range(0, len(keys), length)] or [[]]
        self._value_blocks = [[self._values[key] for key in block] for block in self._key_blocks]
        self._bounds = [block[0] for block in self._key_blocks[1:]]

    def _check(self) -> None:
        """Assert the invariant; tests call this after every random step."""
        assert self.size_bytes == sum(len(k) + len(v) for k, v in self._values.items())
        if not self._ordered:
            return
        assert len(self._key_blocks) == len(self._value_blocks) == len(self._bounds) + 1
        ordered = list(chain.from_iterable(self._key_blocks))
        assert ordered == sorted(set(self._values) - self._unplaced)
        assert len(ordered) + len(self._unplaced) == len(self._values)
        for block, keys in enumerate(self._key_blocks):
            assert len(keys) <= BLOCK_LENGTH
            assert self._value_blocks[block] == [self._values[key] for key in keys]
            assert all(bisect_right(self._bounds, key) == block for key in keys)


def overlaid(
    entries: Iterator[Entry],
    writes: Mapping[bytes, bytes | None],
    start: bytes,
    end: bytes | None,
    *,
    reverse: bool,
) -> Iterator[Entry]:
    """Return `entries`, a scan of `[start, end)`, as it is with `writes` on top of it.

    A later write does not change the result: the ops of the range are sorted at this call.
    """
    own = sorted(
        (op for op in writes.items() if op[0] >= start and (end is None or op[0] < end)),
        reverse=reverse,
    )
    return _merged(entries, own, reverse=reverse) if own else entries


def _merged(
    entries: Iterator[Entry], own: list[tuple[bytes, bytes | None]], *, reverse: bool
) -> Iterator[Entry]:
    """Yield both, which are in the same order; the op counts where a key is in both."""
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
    hint = "turn it into bytes first"
    if isinstance(data, str):
        hint = "encode text with .encode() first"
    elif isinstance(data, int):
        hint = "turn a number into bytes first: .to_bytes(8) keeps the order from 0 on"
    elif data is None and what == "value":
        hint = "use delete() to remove a key"
    raise UsageTypeError(
        f"{what} must be bytes, bytearray or memoryview, not {type(data).__name__}; {hint}"
    )


def check_count(count: object, what: str) -> None:
    """Refuse what is no int."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise UsageTypeError(f"{what} must be an int, not {type(count).__name__}")
