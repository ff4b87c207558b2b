"""What can happen to the bytes of a file at rest: each function returns a damaged copy.

Absent on purpose: what the damage may lead to; see damage.py. Of the format this file knows where
the pages and the mark are, and that the first bytes of a record can prove something on their own.
"""

from itertools import pairwise

MARK = 4096
MARK_LENGTH = 12
PAGES = 8192
SECTOR = 512
PROOF = 20
"""So many bytes at the beginning of a record prove that earlier records had been synced."""


def flip(image: bytes, bit: int) -> bytes:
    """Return `image` with one bit flipped; bit 0 is the lowest one of the first byte."""
    index = bit >> 3
    return image[:index] + bytes((image[index] ^ (1 << (bit & 7)),)) + image[index + 1 :]


def lose(image: bytes, start: int, end: int, kept: int = 0) -> bytes:
    """Return `image` with the bytes `[start + kept, end)` zero."""
    return image[: start + kept] + bytes(end - start - kept) + image[end:]


def without_mark(image: bytes) -> bytes:
    """Return `image` as if the file had never been closed."""
    return lose(image, MARK, MARK + MARK_LENGTH)


def misplace(
    image: bytes, edges: list[int], older: bytes, kind: str, first: int, second: int
) -> bytes:
    """Return `image` with a record twice, two swapped, one missing, or those of another log.

    Args:
        image: The file.
        edges: Where each record ends; the first one is where records begin.
        older: Another file, for example of the generation before.
        kind: "duplicate", "swap", "omit" or "older".
        first: Which record.
        second: Which other record.
    """
    if len(edges) < 3:
        return image
    a, b = sorted((first % (len(edges) - 1), second % (len(edges) - 1)))
    one, two = image[edges[a] : edges[a + 1]], image[edges[b] : edges[b + 1]]
    if kind == "duplicate":
        return image[: edges[b + 1]] + one + image[edges[b + 1] :]
    if kind == "omit":
        return image[: edges[a]] + image[edges[a + 1] :]
    if kind == "older":
        stale = older[edges[a] : edges[a] + len(image)]
        return image[: edges[a]] + stale if stale else image
    if a == b:
        return image
    return image[: edges[a]] + two + image[edges[a + 1] : edges[b]] + one + image[edges[b + 1] :]


def splice(image: bytes, edges: list[int], other: bytes, first: int, end: int) -> bytes:
    """Return `image` with the records `[first, end)` of another file in the place of its own."""
    start, stop = edges[first], edges[end]
    return image[:start] + other[start:stop] + image[stop:]


def survive(image: bytes, edges: list[int], mask: int, rubbish: bytes) -> bytes:
    """Return `image` where only those of the records between `edges` are left that `mask` names."""
    damaged = bytearray(image)
    for index, (start, end) in enumerate(pairwise(edges)):
        if not mask >> index & 1:
            damaged[start:end] = rubbish[start:end]
    return bytes(damaged)


def prove(image: bytes, edges: list[int], first: int, last: int, room: int) -> bytes:
    """Return `image` with record `first` damaged and, of what follows, what record `last` proves.

    All between them is garbage. Behind the proof follow `room` zero bytes, as an adapter may keep
    them.
    """
    bit = (edges[first] + edges[first + 1]) * 4  # in the middle of the record
    between = b"\xa5" * (edges[last] - edges[first + 1])
    damaged = flip(image, bit)[: edges[first + 1]] + between
    return damaged + image[edges[last] : edges[last] + PROOF] + bytes(room)
