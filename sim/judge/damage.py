"""Damage to a file at rest: bit rot, lost sectors, lost tails, misplaced records, foreign files.

The trials know where each commit ended in the file (`log_bytes`, which the database tells) and
what it held then, so they can say which state a damaged file may still show:

    closed file     refused, or exactly its contents, whatever single bit, sector or tail is damaged
    file not closed refused below the durable mark, and wherever a later record proves that the
                    damaged one had been synced; otherwise at most the commits that the damage
                    touches, at the very end, are lost
    two slots       with both filled, as a crash in a compaction leaves them, either one is damaged
    always          a state that was, never a mixture; and a refused file is not changed by one byte

Each trial works on a copy. Absent on purpose: knowledge of the format; see wounds.py.
"""

from typing import Any, NamedTuple

from sim.judge import wounds
from sim.judge.oracle import Contents, Violation
from sim.judge.refusal import reason
from sim.judge.wounds import MARK, MARK_LENGTH, PAGES, SECTOR
from sim.plans.foreign import foreign
from sim.world.filesystem import SimFileSystem, Style
from sim.world.generator import POOL, Generator

PATH = "damaged.libredb"


class State(NamedTuple):
    """The database after one commit."""

    end: int
    contents: Contents
    unit: int


class Allowed(NamedTuple):
    """The states from `least` to `most` that a damaged file may show; none if least > most."""

    least: int
    most: int
    refusal: bool = True


REFUSED = Allowed(1, 0)


class Trials:
    """What is known about one file, and the judging of damaged copies of it.

    Attributes:
        history: The state after each record, the first one before any.
        older: The file of the generation before.
        other: The file that was put aside, of another timeline.
    """

    def __init__(self, kernel: Any, style: Style) -> None:
        """Begin with no file."""
        self.kernel = kernel
        self.style: Style = style
        self.history: list[State] = []
        self.older = self.other = b""
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

    @property
    def edges(self) -> list[int]:
        """Where each record ends; the first one is where records begin."""
        return [state.end for state in self.history]

    # Damage.

    def judge(self, images: list[bytes], kind: str, first: int, second: int) -> str:
        """Damage a copy of one of the files, open it, and return what happened.

        Raises:
            Violation: it showed what it must not, or was changed although it was refused.
        """
        filled = [index for index, image in enumerate(images) if image]
        if not filled:
            return "nothing to damage"
        index = filled[(first + second) % len(filled)]
        damaged, allowed = self._damage(images[index], kind, first, second)
        if damaged == images[index]:
            return "nothing to damage"
        if len(filled) > 1:
            allowed = Allowed(self.before_units(1) if kind == "flip" else 0, len(self.history) - 1)
        copies = list(images)
        copies[index] = damaged
        return self._open(copies, allowed, f"{kind} {first} {second}")

    def _open(self, copies: list[bytes], allowed: Allowed, what: str) -> str:
        """Open damaged files; `allowed` says which states they may show."""
        fs = SimFileSystem(self.style)
        for slot, copy in enumerate(copies):
            if copy:
                fs.install(PATH, copy, slot=slot)
        before = fs.images(PATH)
        kernel = self.kernel
        try:
            db = kernel.open(PATH, fs=fs)
        except kernel.LogFileError as error:
            if fs.images(PATH) != before:
                raise Violation("unchanged", f"{what}: refused and changed") from error
            if not allowed.refusal:
                raise Violation("refused", f"{what}: {error}") from error
            return "refused: " + reason(error)
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

    def _damage(self, image: bytes, kind: str, first: int, second: int) -> tuple[bytes, Allowed]:
        """Return the damaged copy, and what it may show."""
        one = {
            "flip": self._flip,
            "flips": self._flip_twice,
            "mark+flip": self._flip_mark_too,
            "sector": self._lose_sector,
            "sector-old": self._set_sector_back,
            "cut": self._cut,
            "survivors": self._survive,
            "splice": self._splice,
            "proof": self._prove,
        }.get(kind)
        if one is not None:
            return one(image, first, second)
        damaged = wounds.misplace(image, self.edges, self.older, kind, first, second)
        return damaged, Allowed(0, len(self.history) - 1)

    def _flip(self, image: bytes, bit: int, _: int) -> tuple[bytes, Allowed]:
        last = len(self.history) - 1
        damaged = wounds.flip(image, bit % (len(image) * 8))
        return damaged, Allowed(max(self.before_units(1), self._covered()), last)

    def _flip_twice(self, image: bytes, first: int, second: int) -> tuple[bytes, Allowed]:
        bits = len(image) * 8
        damaged = wounds.flip(wounds.flip(image, first % bits), second % bits)
        least = self.before_units(1 if self.is_closed else 2)
        return damaged, Allowed(least, len(self.history) - 1)

    def _flip_mark_too(self, image: bytes, first: int, second: int) -> tuple[bytes, Allowed]:
        records = (len(image) - PAGES) * 8
        bit = PAGES * 8 + (second % records if records else -1)
        return self._flip_twice(image, MARK * 8 + first % (MARK_LENGTH * 8), bit)

    def _covered(self) -> int:
        """Return the index of the last state that the mark covers."""
        return max((i for i, end in enumerate(self.edges) if end <= self.mark), default=0)

    def before_units(self, count: int) -> int:
        """Return the index of the state before the last `count` units, each synced at once."""
        units = sorted({state.unit for state in self.history})
        first = units[max(0, len(units) - count)]
        index = next(i for i, state in enumerate(self.history) if state.unit == first)
        return max(0, index - 1)

    def _cut(self, image: bytes, first: int, _: int) -> tuple[bytes, Allowed]:
        length = 1 + first % (len(image) - 1)
        whole = [i for i, state in enumerate(self.history) if state.end <= length]
        if length >= self.history[-1].end:  # only reserved zero bytes are gone
            return image[:length], Allowed(whole[-1], whole[-1], refusal=False)
        if self.is_closed or length < self.mark or not whole:
            return image[:length], REFUSED
        return image[:length], Allowed(whole[-1], whole[-1], refusal=False)

    def _lose_sector(self, image: bytes, first: int, _: int) -> tuple[bytes, Allowed]:
        return self._lose_sector_behind(image, first, 0)

    def _set_sector_back(self, image: bytes, first: int, second: int) -> tuple[bytes, Allowed]:
        """Return the file with a sector as it was when the file ended at an earlier commit."""
        end = self.history[second % len(self.history)].end
        return self._lose_sector_behind(image, first, end)

    def _lose_sector_behind(self, image: bytes, first: int, end: int) -> tuple[bytes, Allowed]:
        """Return the file without one sector, of which the bytes before `end` stay."""
        sectors = -(-len(image) // SECTOR)
        where = (
            first % sectors if first % 3 else sectors - 1 - first // 3 % min(3, sectors)
        ) * SECTOR
        stop = min(where + SECTOR, len(image))
        damaged = wounds.lose(image, where, stop, max(0, min(end - where, stop - where)))
        last, edges = len(self.history) - 1, self.edges
        least = last
        if not self.is_closed:
            # A unit that begins behind the sector proves that everything before it was synced.
            proven = any(
                edges[i] >= stop and self.history[i].unit != self.history[i + 1].unit
                for i in range(last)
            )
            if not proven:
                whole = next((i for i in range(where, stop) if image[i] != damaged[i]), stop)
                before = [i for i, end in enumerate(edges) if end <= whole]
                least = before[-1] if before else last
        return damaged, Allowed(max(least, self._covered()), last)

    def _survive(self, image: bytes, mask: int, second: int) -> tuple[bytes, Allowed]:
        """Return what is left when only the records of `mask` survive, of the last `size`."""
        size, garbage = second >> 1, second & 1
        rubbish = POOL[mask : mask + len(image)] if garbage else bytes(len(image))
        damaged = wounds.survive(image, self.edges[-size - 1 :], mask, rubbish)
        kept = next((index for index in range(size) if not mask >> index & 1), size)
        state = len(self.history) - 1 - size + kept
        return damaged, Allowed(state, state, refusal=False)

    def _splice(self, image: bytes, first: int, marked: int) -> tuple[bytes, Allowed]:
        damaged = wounds.splice(image, self.edges, self.other, *divmod(first, 1000))
        if not marked:
            damaged = wounds.without_mark(damaged)
        return damaged, Allowed(0, len(self.history) - 1)

    def _prove(self, image: bytes, first: int, room: int) -> tuple[bytes, Allowed]:
        return wounds.prove(image, self.edges, *divmod(first, 1000), room), REFUSED

    # Foreign files.

    def judge_foreign(self, kind: str, seed: int) -> str:
        """Open a file that is not ours, or of another version; it must be refused, unchanged."""
        data = foreign(kind, Generator(seed))
        fs = SimFileSystem(self.style)
        fs.install(PATH, data, slot=seed & 1 if self.style == "slots" else 0)
        before = fs.images(PATH)
        kernel, code = self.kernel, ""
        for mode in ("r", "rw", "rwc"):
            try:
                db = kernel.open(PATH, fs=fs, mode=mode)
            except kernel.LogFileError as error:
                code = str(error.code)
            else:
                return self._replaced(dict(db.scan()), len(data), f"{kind} {seed}, mode {mode}")
            if fs.images(PATH) != before:
                raise Violation("unchanged", f"{kind} {seed} was refused and changed")
        if kernel.verify(PATH, fs=fs).outcome != "refused" or fs.images(PATH) != before:
            raise Violation("foreign", f"verify did not refuse {kind} {seed}")
        return code

    def _replaced(self, contents: Contents, length: int, what: str) -> str:
        """Judge a foreign file that was opened: a small slot may be a creation that was cut off."""
        if self.style == "rename" or length > PAGES or contents:
            raise Violation("foreign", f"{what} was opened, with {len(contents)} entries")
        return "taken for a creation"
