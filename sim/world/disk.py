"""One simulated file: what the operating system shows, and what the disk knows.

    cache   the bytes that `read` returns; its length is the size that `size` returns
    disk    the bytes that a power loss leaves, as of the last sync
    solid   offset below which every byte of `disk` had been durable. A crash leaves such a byte
            old or new, never anything else, and where old equals new it stays (powersafe overwrite)
    low, high   the range written since the last sync; outside of it cache and disk agree
    lost    sectors whose page looks clean but is not on the disk, after a failed sync or a failed
            writeback; the value is what the disk holds there. Only a write makes them dirty again
    sizes   every size since the last sync, the durable one first: the size travels apart from data
    stuck   whether a failed sync lost the change of the size: no later sync carries it, until the
            file is written again
    roomy   whether zero bytes may be kept behind the last byte written (P3): only in a file that
            `open` found or `replace` put in place
    owes    whether a sync lied, and what it did not bring to the disk is not there yet
    covered what the sync that is under way brings to the disk: that of its call (P17), however much
            other threads write before it returns; None while no thread is in one

Sectors have 512 bytes, pages 4,096. Absent on purpose: blocks that go bad later; profiles damage
files of a stopped system through `SimFileSystem.install`.
"""

from typing import NamedTuple

from sim.world.generator import Generator

SECTOR = 512
PAGE = 4096
_NOTHING = 1 << 62


class Covered(NamedTuple):
    """What a file held that is not on the disk, when a sync was called."""

    changes: int
    size: int
    low: int
    data: bytes
    lost: dict[int, bytes]
    sizes: int


class DiskFile:
    """The contents of one file, in the cache and on the disk."""

    __slots__ = (
        "cache",
        "changes",
        "covered",
        "disk",
        "high",
        "lost",
        "low",
        "name",
        "owes",
        "reserve",
        "roomy",
        "sizes",
        "solid",
        "stale",
        "stuck",
    )

    def __init__(self, name: str, *, reserve: int = 0, stale: bytes | bytearray = b"") -> None:
        """Begin empty; `stale` are bytes that recycled blocks may show after a crash."""
        self.name = name
        self.cache = bytearray()
        self.disk = bytearray()
        self.solid = 0
        self.low = _NOTHING
        self.high = 0
        self.lost: dict[int, bytes] = {}
        self.sizes = [0]
        self.stuck = False
        self.owes = False
        self.changes = 0
        self.covered: Covered | None = None
        self.roomy = False
        self.reserve = reserve
        self.stale = stale

    def copy(self) -> "DiskFile":
        """Return a file in the same state that shares nothing with this one."""
        other = DiskFile(self.name, reserve=self.reserve, stale=bytes(self.stale))
        other.cache, other.disk = bytearray(self.cache), bytearray(self.disk)
        other.solid, other.low, other.high = self.solid, self.low, self.high
        other.lost, other.sizes = dict(self.lost), list(self.sizes)
        other.stuck, other.owes, other.roomy = self.stuck, self.owes, self.roomy
        return other

    def settle(self, data: bytes | bytearray) -> None:
        """Hold `data`, all of it durable."""
        self.cache = bytearray(data)
        self.disk = bytearray(data)
        self._settled()

    def _settled(self) -> None:
        self.solid = len(self.cache)
        self.low, self.high = _NOTHING, 0
        self.sizes = [self.solid]

    @property
    def durable(self) -> bool:
        """Whether a power loss would change nothing."""
        return self.high == 0 and self.sizes == [len(self.cache)] and not self.lost

    # The calls of the port.

    def size(self) -> int:
        """Return the size that the operating system shows."""
        return len(self.cache)

    def read(self, offset: int, length: int) -> bytes:
        """Return the bytes `[offset, offset + length)` of the cache, fewer at the end."""
        return bytes(self.cache[offset : offset + length])

    def write(self, offset: int, data: bytes) -> int:
        """Put `data` into the cache; a gap before it becomes zero bytes, never durable."""
        self.stuck = False
        self.changes += 1
        cache, size, end = self.cache, len(self.cache), offset + len(data)
        if offset > size:
            cache += bytes(offset - size)
        cache[offset:end] = data
        if self.lost:
            for sector in range(offset // SECTOR, -(-end // SECTOR)):
                if self.lost.pop(sector, None) is not None:  # it is dirty whole, not `data` alone
                    self.low = min(self.low, sector * SECTOR)
                    self.high = max(self.high, min((sector + 1) * SECTOR, size))
        if end > size:
            if self.reserve and self.roomy:
                cache += bytes(-end % self.reserve)
            end = len(cache)
            self.sizes.append(end)
            offset = min(offset, size)
        self.low = min(self.low, offset)
        self.high = max(self.high, end)
        return len(data)

    def truncate(self, length: int) -> None:
        """End the cache at `length`; what lay behind may come back until the next sync."""
        self.stuck = False
        self.changes += 1
        size = len(self.cache)
        if length > size:
            self.cache += bytes(length - size)
            self.low, self.high = min(self.low, size), max(self.high, length)
        elif length < size:
            del self.cache[length:]
            self.solid = min(self.solid, length)
            # The sector that the new end cuts gets zeros behind it, so it is written again.
            self.low, self.high = min(self.low, length), max(self.high, length)
            for sector in [sector for sector in self.lost if sector * SECTOR >= length]:
                del self.lost[sector]
        if length != size:
            self.sizes.append(length)

    def begin_sync(self) -> None:
        """Note what a sync covers that is called now; `sync` may come later."""
        data = bytes(self.cache[self.low : self.high]) if self.high else b""
        sizes = len(self.sizes)
        self.covered = Covered(
            self.changes, len(self.cache), self.low, data, dict(self.lost), sizes
        )

    def sync(self) -> None:
        """Bring every dirty page and the size to the disk; what is lost stays lost.

        If the file has changed since the sync was called, only what it covers goes there.
        """
        if self.covered is not None and self.covered.changes != self.changes:
            self._sync_part(self.covered)
            return
        cache, disk = self.cache, self.disk
        size = len(cache)
        del disk[size:]
        if len(disk) < size:
            disk += bytes(size - len(disk))
        if self.low < size:
            high = min(self.high, size)
            disk[self.low : high] = cache[self.low : high]
        for sector, content in self.lost.items():
            start = sector * SECTOR
            content = content[: max(0, size - start)]
            disk[start : start + len(content)] = content
        self.owes = self.owes and (bool(self.lost) or self.stuck)
        sizes = self.sizes
        self._settled()
        if self.stuck:
            self.sizes = sizes

    def _sync_part(self, covered: Covered) -> None:
        """Bring what is covered to the disk; everything that was dirty counts as dirty still."""
        disk, size = self.disk, covered.size
        del disk[size:]
        disk += bytes(size - len(disk))
        disk[covered.low : covered.low + len(covered.data)] = covered.data
        for sector, content in covered.lost.items():
            start = sector * SECTOR
            disk[start : start + SECTOR] = content[: max(0, size - start)]
        self.solid = size
        if not self.stuck:
            self.sizes = [size, *self.sizes[covered.sizes :]]

    # What a failing system does.

    def lose_pages(self, generator: Generator, probability: float = 0.5) -> None:
        """Mark dirty pages clean without writing them: a failed sync, or a failed writeback.

        A change of the size that is not on the disk may be lost as well.
        """
        self.stuck = len(self.sizes) > 1 and generator.chance(0.3)
        high = min(self.high, len(self.cache))
        for page in range(self.low // PAGE, -(-high // PAGE)):
            if generator.chance(probability):
                rubbish = generator.octets(PAGE) if generator.chance(0.25) else bytes(PAGE)
                first = max(self.low // SECTOR, page * PAGE // SECTOR)
                last = min(-(-high // SECTOR), (page + 1) * PAGE // SECTOR)
                for sector in range(first, last):
                    self.lost.setdefault(sector, self._not_written(sector, rubbish))

    def _not_written(self, sector: int, rubbish: bytes) -> bytes:
        """Return what the disk holds where `sector` was not written: old bytes, then rubbish."""
        start = sector * SECTOR
        old = self.disk[start : max(start, min(self.solid, start + SECTOR))]
        return bytes(old) + rubbish[: SECTOR - len(old)]

    def evict(self, generator: Generator) -> None:
        """Drop some lost pages from the cache, so that the next read shows the disk."""
        dropped: dict[int, bool] = {}
        for sector, content in self.lost.items():
            page = sector * SECTOR // PAGE
            if page not in dropped:
                dropped[page] = generator.chance(0.3)
            if dropped[page]:
                start = sector * SECTOR
                content = content[: max(0, len(self.cache) - start)]
                self.cache[start : start + len(content)] = content

    def power_loss(self, generator: Generator, fate: str = "") -> None:
        """Keep what the disk has, and of what it was never asked to keep, anything.

        `fate` is "new" or "old" for everything, "zeros" or "garbage" for every byte that never
        was durable, "tear" for a cut at one byte, or "" to draw.
        """
        self.owes = self.stuck = False
        if self.durable:
            return
        if not fate:
            fate = generator.pick(("new", "old", "tear", "", "", "", ""))
        size = self._surviving_size(generator, fate)
        image = self.disk[:size]
        image += bytes(size - len(image))
        low, high = self.low // SECTOR * SECTOR, min(self.high, len(self.cache), size)
        if fate == "tear":
            self._tear(image, low, generator.between(min(low, high), high))
        else:
            for start in range(low, high, SECTOR):
                stop = min(start + SECTOR, size)
                new, old = bytes(self.cache[start:stop]), bytes(image[start:stop])
                if new != old or stop > self.solid:
                    end = start + len(new)
                    image[start:end] = self._survivor(generator, fate, start, new, old)
        for sector, lost in self.lost.items():
            start = sector * SECTOR
            image[start : start + SECTOR] = lost[: max(0, size - start)]
        del image[size:]
        self.lost = {}
        self.settle(image)

    def _tear(self, image: bytearray, start: int, cut: int) -> None:
        """Put what was written into `image`, in order of its place, up to one byte."""
        image[start:cut] = self.cache[start:cut]

    def _surviving_size(self, generator: Generator, fate: str) -> int:
        """Draw the size after a power loss: any size since the last sync, or one between."""
        sizes = self.sizes
        if fate in ("new", "zeros", "garbage"):
            return sizes[-1]
        if fate == "old":
            return sizes[0]
        if generator.chance(0.4):
            return sizes[-1]
        if sizes[0] <= self.solid and generator.chance(0.5):
            return generator.between(min(sizes[0], sizes[-1]), max(sizes))
        return generator.pick(sizes)

    def _survivor(
        self, generator: Generator, fate: str, start: int, new: bytes, old: bytes
    ) -> bytes:
        """Return one sector after a power loss: new, old, or rubbish where it never was durable."""
        kept = max(0, min(self.solid - start, len(new)))
        if not fate:
            fate = generator.pick(("new", "new", "old", "zeros", "garbage", "stale"))
        if fate == "new":
            return new
        if fate == "old":
            return old[: len(new)]
        head = new[:kept] if generator.chance(0.5) else old[:kept]
        if fate == "zeros":
            return head + bytes(len(new) - kept)
        rubbish = self.stale[start + kept : start + len(new)] if fate == "stale" else b""
        if len(rubbish) < len(new) - kept:
            rubbish = generator.octets(len(new) - kept)
        return head + bytes(rubbish)
