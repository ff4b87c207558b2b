"""Damage to a file at rest: bit rot, lost sectors, lost tails, misplaced records, foreign files.

The trials know where each commit ended in the file (`log_bytes`, which the database tells) and
what it held then, so they can say which state a damaged file may still show:

    closed file     refused, or exactly its contents, whatever single bit, sector or tail is damaged
    file not closed refused below the durable mark, and wherever a later record vouches; otherwise
                    at most the commits that the damage touches, at the very end, are lost
    always          a state that was, never a mixture; and a refused file is not changed by one byte

Each trial works on a copy. Absent on purpose: knowledge of the format, the foreign headers apart.
"""

from typing import Any, NamedTuple

from sim.judge.oracle import Contents, Violation
from sim.judge.refusal import reason
from sim.plans.foreign import foreign
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator

PATH = "damaged.libredb"
MARK = 4096
PAGES = 8192
SECTOR = 512


class State(NamedTuple):
    """The database after one commit."""

    end: int
    contents: Contents
    unit: int


class Trials:
    """What is known about one file, and the judging of damaged copies of it."""

    def __init__(self, kernel: Any) -> None:
        """Begin with no file."""
        self.kernel = kernel
        self.history: list[State] = []
        self.older = b""
        self.mark = PAGES
        self.is_closed = False
        self._unit = 0

    def opened(self, end: int, contents: Contents) -> None:
        """Note that an open or a compaction left the file ending at `end`, its mark there."""
        self.is_closed = False
        self.mark = end
        while self.history and self.history[-1].end > end:
            self.history.pop()
        if not self.history or self.history[-1].end != end or self.history[-1].contents != contents:
            self.history = [State(end, dict(contents), self._unit)]
        self.synced()

    def committed(self, end: int, contents: Contents) -> None:
        """Note one more record, which belongs to the unit that the next sync ends."""
        self.history.append(State(end, dict(contents), self._unit))

    def synced(self) -> None:
        """Note that what was committed so far is durable together."""
        self._unit += 1

    def closed(self) -> None:
        """Note that the file was closed, its mark at its end."""
        self.is_closed = True
        self.mark = self.history[-1].end if self.history else PAGES

    def judge(self, image: bytes, kind: str, first: int, second: int) -> str:
        """Damage a copy of `image`, open it, and return what happened.

        Raises:
            Violation: it showed what it must not, or was changed although it was refused.
        """
        damaged, allowed = self._damage(image, kind, first, second)
        if damaged == image:
            return "nothing to damage"
        return self.open_damaged(damaged, allowed, f"{kind} {first} {second}")

    def open_damaged(self, damaged: bytes, allowed: "Allowed", what: str) -> str:
        """Open a damaged file; `allowed` says which states it may show."""
        fs = SimFileSystem()
        fs.install(PATH, damaged)
        kernel = self.kernel
        try:
            db = kernel.open(PATH, fs=fs)
        except kernel.LogFileError as error:
            if fs.images(PATH)[0] != damaged:
                raise Violation("unchanged", f"{what}: refused and changed") from error
            if not allowed.refusal:
                raise Violation("refused", f"{what}: {error}") from error
            return "refused: " + reason(error, self.mark)
        contents = dict(db.scan())
        db.close()
        for index in range(len(self.history) - 1, -1, -1):
            if contents == self.history[index].contents and allowed.least <= index <= allowed.most:
                lost = len(self.history) - 1 - index
                return "exact" if not lost else "an earlier state"
        raise Violation(
            "damage",
            f"{what}: {len(contents)} entries, not one of the states {allowed.least} to "
            f"{allowed.most} of {len(self.history) - 1}; closed {self.is_closed}",
        )

    def _damage(self, image: bytes, kind: str, first: int, second: int) -> tuple[bytes, "Allowed"]:
        last = len(self.history) - 1
        if kind == "flip":
            bit = first % (len(image) * 8)
            return flip(image, bit), Allowed(last if self.is_closed else self.before_units(1), last)
        if kind in ("flips", "mark+flip"):
            bits = first % (len(image) * 8), second % (len(image) * 8)
            if kind == "mark+flip":
                records = (len(image) - PAGES) * 8
                bits = MARK * 8 + first % 96, PAGES * 8 + (second % records if records else -1)
            least = self.before_units(1 if self.is_closed else 2)
            return flip(flip(image, bits[0]), bits[1]), Allowed(least, last)
        if kind in ("sector", "sector-old"):
            return self._lose_sector(image, kind, first, second)
        if kind == "cut":
            return self.cut(image, 1 + first % (len(image) - 1))
        return misplace(image, self.history, self.older, kind, first, second), Allowed(0, last)

    def before_units(self, count: int) -> int:
        """Return the index of the state before the last `count` units, each synced at once."""
        units = sorted({state.unit for state in self.history})
        first = units[max(0, len(units) - count)]
        index = next(i for i, state in enumerate(self.history) if state.unit == first)
        return max(0, index - 1)

    def cut(self, image: bytes, length: int) -> tuple[bytes, "Allowed"]:
        """Return the file cut to `length`, which is not 0, and what that may lead to."""
        whole = [i for i, state in enumerate(self.history) if state.end <= length]
        if length >= self.history[-1].end:  # only reserved zero bytes are gone
            return image[:length], Allowed(len(self.history) - 1, len(self.history) - 1, False)
        if self.is_closed or length < self.mark or not whole:
            return image[:length], Allowed(1, 0)
        return image[:length], Allowed(whole[-1], whole[-1], False)

    def _lose_sector(
        self, image: bytes, kind: str, first: int, second: int
    ) -> tuple[bytes, "Allowed"]:
        sectors = -(-len(image) // SECTOR)
        where = (
            first % sectors if first % 3 else sectors - 1 - first // 3 % min(3, sectors)
        ) * SECTOR
        stop = min(where + SECTOR, len(image))
        kept = 0
        if kind == "sector-old":  # as it was when the file ended at an earlier commit
            kept = max(0, min(self.history[second % len(self.history)].end - where, stop - where))
        damaged = (
            image[:where] + image[where : where + kept] + bytes(stop - where - kept) + image[stop:]
        )
        last = len(self.history) - 1
        starts = [state.end for state in self.history]
        least = last
        if not self.is_closed:
            # A unit that begins behind the sector vouches for everything before it.
            vouched = any(
                starts[i] >= stop and self.history[i].unit != self.history[i + 1].unit
                for i in range(last)
            )
            if not vouched:
                whole = next((i for i in range(where, stop) if image[i] != damaged[i]), stop)
                before = [i for i, end in enumerate(starts) if end <= whole]
                least = before[-1] if before else last
        return damaged, Allowed(least, last)

    def judge_foreign(self, kind: str, seed: int) -> str:
        """Open a file that is not ours, or of another version; it must be refused, unchanged."""
        data = foreign(kind, Generator(seed))
        # As a slot, two pages without a header may be a creation that never finished.
        slots = len(data) > PAGES and seed & 1
        fs = SimFileSystem("slots" if slots else "rename")
        fs.install(PATH, data, slot=seed >> 1 & 1 if slots else 0)
        before = fs.images(PATH)
        kernel = self.kernel
        for mode in ("rwc", "rw", "r"):
            try:
                kernel.open(PATH, fs=fs, mode=mode)
            except kernel.LogFileError as error:
                code = str(error.code)
            else:
                raise Violation("foreign", f"{kind} {seed} was opened with mode {mode}")
            if fs.images(PATH) != before:
                raise Violation("unchanged", f"{kind} {seed} was refused and changed")
        if kernel.verify(PATH, fs=fs).outcome != "refused" or fs.images(PATH) != before:
            raise Violation("foreign", f"verify did not refuse {kind} {seed}")
        return code


class Allowed(NamedTuple):
    """The states from `least` to `most` that a damaged file may show; none if least > most."""

    least: int
    most: int
    refusal: bool = True


def flip(image: bytes, bit: int) -> bytes:
    """Return `image` with one bit flipped; bit 0 is the lowest one of the first byte."""
    index = bit >> 3
    return image[:index] + bytes((image[index] ^ (1 << (bit & 7)),)) + image[index + 1 :]


def misplace(
    image: bytes, history: list[State], older: bytes, kind: str, first: int, second: int
) -> bytes:
    """Return `image` with a record twice, two swapped, one missing, or one of another log."""
    edges = [state.end for state in history]
    if len(edges) < 3:
        return image
    a = first % (len(edges) - 1)
    b = second % (len(edges) - 1)
    a, b = min(a, b), max(a, b)
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
