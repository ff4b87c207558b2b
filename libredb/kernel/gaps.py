"""Gaps: where scans have found that everything was deleted.

Whoever takes the first entry of a queue, again and again, would pass what was deleted before it,
more each time. So a scan that had to pass much before its first entry notes the gap, and the next
one that begins at the same key begins behind it. A gap is noted without a lock, and known from the
next change or view on, if nothing was changed in between.
Absent on purpose: gaps for scans that begin anywhere. Queues are read from one end.
"""

from collections.abc import Iterable

from libredb.kernel.level import Op

Range = tuple[bytes, bytes | None]

MOST = 16
"""So many gaps are known at most: so many queues."""


class Gaps:
    """The gaps of a store.

    Invariant: no key of a range that is known has a value in the store as it is now. Each is kept
    under the key from which it was scanned, and the direction.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[tuple[bytes | None, bool], Range] = {}
        self._noted: tuple[int, tuple[bytes | None, bool], Range] | None = None

    def behind(self, start: bytes, end: bytes | None, *, reverse: bool) -> Range:
        """Return what is left to scan of `[start, end)`."""
        gap = self._known.get((end if reverse else start, reverse))
        if gap is None:
            return start, end
        low, high = gap
        if reverse:
            return start, max(start, low)
        return (start, start) if high is None else (max(start, high), end)

    def note(self, changes: int, gap: Range, *, reverse: bool) -> None:
        """Note a gap that was found when the level had changed so often; anybody may, any time."""
        self._noted = changes, (gap[1] if reverse else gap[0], reverse), gap

    def learn(self, changes: int) -> None:
        """Know what was noted, if the level has not changed since; it has so often by now."""
        noted, self._noted = self._noted, None
        if noted is not None and noted[0] == changes:
            if len(self._known) == MOST:
                self._known.clear()
            self._known[noted[1]] = noted[2]

    def fill(self, writes: Iterable[Op]) -> None:
        """Forget the gaps in which something is set."""
        if self._known:
            for key, value in writes:
                if value is not None:
                    self._forget(key)

    def _forget(self, key: bytes) -> None:
        for origin, (low, high) in list(self._known.items()):
            if low <= key and (high is None or key < high):
                del self._known[origin]
