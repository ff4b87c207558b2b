"""Ways to damage bytes: pure functions, from the bytes of a log to damaged ones."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from tests.damage.logs import SECTOR


def cuts(data: bytes, lengths: range) -> Iterator[bytes]:
    """Yield the file cut to each of these lengths."""
    for length in lengths:
        yield data[:length]


def flips(data: bytes, offsets: Sequence[int]) -> Iterator[bytes]:
    """Yield the file with each bit of these bytes flipped, one at a time."""
    damaged = bytearray(data)
    for offset in offsets:
        for bit in range(8):
            damaged[offset] ^= 1 << bit
            yield bytes(damaged)
            damaged[offset] ^= 1 << bit


def sectors(start: int, end: int) -> list[tuple[int, int]]:
    """Return the parts `[low, high)` of `[start, end)`, split where sectors of a disk begin."""
    bounds = [start, *range((start // SECTOR + 1) * SECTOR, end, SECTOR), end]
    return list(pairwise(bounds))


def mixtures(parts: Sequence[tuple[int, int]], *sources: bytes) -> Iterator[bytes]:
    """Yield files in which each part comes from one of the sources, in every combination.

    The sources are whole files; what lies outside of the parts comes from the first of them.
    """
    for choice in product(sources, repeat=len(parts)):
        image = bytearray(sources[0])
        for (low, high), source in zip(parts, choice, strict=True):
            image[low:high] = source[low:high].ljust(high - low, b"\0")
        yield bytes(image)


def filled(data: bytes, start: int, end: int, filling: bytes) -> bytes:
    """Return the file with `[start, end)` replaced by the beginning of `filling`."""
    return data[:start] + filling[: end - start] + data[end:]
