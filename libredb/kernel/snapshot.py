"""The snapshot: the sorted beginning of a compacted log, read a block at a time.

Opening has judged every byte of it, and keeps only an index. A block is read when it is asked for,
and its bytes have to be those that were judged. Blocks that were read stay in a cache of a bounded
size, but for a large entry that fills one alone. Nothing ever changes a snapshot, so whoever reads
one needs no lock; and it keeps its file, also after a compaction has put another one in place.
Absent on purpose: reading ahead. The operating system does it.
"""

from operator import lt
from zlib import crc32

from libredb.kernel.block import BLOCK_BYTES, ENTRY_OVERHEAD, BlockIndex, decode_block
from libredb.kernel.errors import CorruptLogError, StorageError, UsageError
from libredb.kernel.filesystem import LogFile, Uncopyable
from libredb.kernel.level import Ops, Order
from libredb.kernel.log import ask
from libredb.kernel.record import FileHeader
from libredb.kernel.store import NOTHING

CACHE_BYTES = 64 << 20
"""How much of the snapshot is kept in memory, unless `open` is told otherwise."""

OBJECT_BYTES = 41
"""What a bytes object takes in memory besides its bytes, with the reference to it."""


class Cache:
    """Blocks by number. Those that were not used for long leave when it is full.

    They are in two dicts. A block that is used is put into `young`. When that has half of what is
    allowed, it becomes `_old`, and what was in `_old` until then goes. Each step is one operation
    on a dict, so it needs no lock: whoever loses a race reads a block once more.
    """

    def __init__(self, limit_bytes: int | None) -> None:
        """Hold blocks that take about `limit_bytes` of memory; None is no limit."""
        self._half = None if limit_bytes is None else limit_bytes // 2
        self.young: dict[int, Ops] = {}
        """Blocks that are marked as used already."""
        self._old: dict[int, Ops] = {}
        self._young_bytes = 0

    def get(self, index: int) -> Ops | None:
        """Return a block, if it is here, without marking it as used."""
        block = self.young.get(index)
        return self._old.get(index) if block is None else block

    def use(self, index: int, block: Ops, size_bytes: int) -> None:
        """Keep a block that was just used."""
        if index in self.young or (self._half is not None and size_bytes > self._half):
            return
        if self._half is not None and self._young_bytes + size_bytes > self._half:
            self._old, self.young, self._young_bytes = self.young, {}, 0
        self.young[index] = block
        self._young_bytes += size_bytes


class Snapshot(Uncopyable):
    """The blocks of a snapshot in a file, in order; a log that was never compacted has none."""

    def __init__(
        self,
        path: str,
        file: LogFile,
        header: FileHeader,
        index: BlockIndex,
        cache_bytes: int | None,
    ) -> None:
        """Read blocks from `file` as they are asked for; `path` is for messages."""
        self.index = index
        self.closed: bool = False
        """Whether the file was closed."""
        self.damage: CorruptLogError | None = None
        """The first damage that was found since the file was opened."""
        self._path = path
        self._file = file
        self._header = header
        self._cache = Cache(cache_bytes)

    @property
    def order(self) -> Order:
        """The entries, as levels have them; they keep the snapshot, so it does not keep them.

        What nobody reads any more then gives its file back at once.
        """
        return Order(self, self.index.separators[1:]) if self.index else NOTHING

    def __len__(self) -> int:
        """Return the count of blocks."""
        return len(self.index)

    def __getitem__(self, index: int, /) -> Ops:
        """Return the entries of a block, from the cache or from the file.

        Raises:
            CorruptLogError: its bytes are not those that were judged; other blocks can be read.
            StorageError: storage failed; that changes nothing, try again.
            UsageError: the database was closed, or a compaction has emptied the file.
        """
        if (block := self._cache.young.get(index)) is not None:
            return block
        block = self.peek(index)
        length = self.index.lengths[index]
        size = length + (2 * OBJECT_BYTES - ENTRY_OVERHEAD) * len(block[0])
        if length <= BLOCK_BYTES or len(block[0]) > 1:
            self._cache.use(index, block, size)
        return block

    def peek(self, index: int) -> Ops:
        """Return the entries of a block as `[]` does, and leave the cache as it is."""
        return self._cache.get(index) or self.load(index)

    def load(self, index: int) -> Ops:
        """Return the entries of a block, from the file."""
        block = decode_block(self.bytes_of(index))
        if block is None:
            raise self._damaged(index, "holds lengths that do not add up; report this")
        return block

    def bytes_of(self, index: int) -> bytes:
        """Return the bytes of a block, which are those that were judged."""
        place, length = self.index.places[index], self.index.lengths[index]
        try:
            data = ask("read", self._path, self._file.read, place, length)
            if len(data) == length and crc32(data) == self.index.checks[index]:
                return data
            encoded = self._header.encode()
            replaced = ask("read", self._path, self._file.read, 0, len(encoded)) != encoded
        except StorageError:
            if self.closed:
                raise UsageError("the database is closed") from None
            raise
        if self.closed:
            raise UsageError("the database is closed")
        if replaced:
            raise UsageError(f"a compaction has replaced {self._path!r} since; read again")
        raise self._damaged(index, "is damaged since it was opened; restore a backup")

    def verify(self) -> None:
        """Read every block, and judge its inside too."""
        for index in range(len(self)):
            keys = self.load(index)[0]
            start, end = self.index.range_of(index)
            inside = start <= keys[0] and (end is None or keys[-1] < end)
            if not inside or not all(map(lt, keys, keys[1:])):
                raise self._damaged(index, "holds keys that are not in order; report this")

    def _damaged(self, index: int, what: str) -> CorruptLogError:
        start, end = self.index.range_of(index)
        keys = f"from {start!r} on" if end is None else f"from {start!r} to {end!r}"
        reason = f"the block of the keys {keys} {what}"
        error = CorruptLogError(self._path, self.index.places[index], reason, "snapshot")
        if self.damage is None:
            self.damage = error
        return error

    def require_undamaged(self) -> None:
        """Raise the first damage again: nothing may be built on top of it."""
        if (damage := self.damage) is not None:
            raise CorruptLogError(damage.path, damage.offset, damage.reason, damage.evidence)
