"""Interrupts every place of every operation, in forked children; one that failed is given up."""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from zlib import crc32

from tests.interrupts.helpers import PATIENCE_SECONDS, Tell, in_child
from tests.interrupts.operations import OPERATIONS, Start
from tests.interrupts.trial import EXCEPTIONS, KINDS, Bench, Case, Result, make_files

CRITICAL = "guard.py:"
"""The file of which a sample leaves out no instruction."""

SEED = 7
"""Which places a sample takes; the places of a case follow from it and from the case."""


@dataclass
class Tally:
    """What was found, by operation."""

    verdicts: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])
    failures: list[tuple[Case, Result]] = field(default_factory=list[tuple[Case, Result]])
    tried: Counter[str] = field(default_factory=Counter[str])
    places: Counter[str] = field(default_factory=Counter[str])
    """How many there are, of which `tried` were tried; for each kind of exception, kept or not."""

    def add(self, case: Case, result: Result) -> None:
        """Count one interrupt."""
        self.tried[case.operation] += 1
        self.verdicts.setdefault(case.operation, Counter())[result.verdict] += 1
        if result.failure:
            self.failures.append((case, result))

    def join(self, other: "Tally") -> None:
        """Add what another one counted, of other operations."""
        self.verdicts |= other.verdicts
        self.failures += other.failures
        self.tried += other.tried
        self.places += other.places

    def table(self) -> str:
        """Return what was found, a line for each operation."""
        lines = [f"{'operation':36}{'tried':>7} of{'places':>7}  afterwards"]
        for operation, verdicts in self.verdicts.items():
            counts = ", ".join(f"{verdict}: {count}" for verdict, count in verdicts.most_common())
            tried, places = self.tried[operation], self.places[operation]
            lines.append(f"{operation:36}{tried:7} of{places:7}  {counts}")
        tried, places = self.tried.total(), self.places.total()
        lines.append(f"{'together':36}{tried:7} of{places:7}  failures: {len(self.failures)}")
        return "\n".join(lines)

    def explain(self, limit: int = 10) -> str:
        """Return the failures by what broke, each with the places and a command that repeats it."""
        groups: dict[str, list[tuple[Case, Result]]] = {}
        for case, result in self.failures:
            groups.setdefault(f"{case.operation}: {result.failure}", []).append((case, result))
        lines: list[str] = []
        for what, found in list(groups.items())[:limit]:
            case, result = found[0]
            lines.append(f"{what} ({len(found)} times)")
            lines.append(f"    first at place {result.number}: {result.where or 'not told'}")
            lines.append(f"    repeat: {case.command(result.number)}")
        if len(groups) > limit:
            lines.append(f"and {len(groups) - limit} more")
        return "\n".join(lines)


class Hunt:
    """Children that interrupt, and what they told."""

    def __init__(self, folder: Path, patience: float = PATIENCE_SECONDS) -> None:
        """Make the files that operations start from."""
        self._folder = folder
        self._patience = patience
        self._files: dict[Start, bytes] = make_files(folder)
        self._counts: dict[str, list[str]] = {}

    def places(self, operation: str) -> list[str]:
        """Return each place of an operation: file, function, instruction; in the order reached."""
        if operation not in self._counts:
            told = list(in_child(lambda tell: tell(self._bench().count(OPERATIONS[operation]))))
            if not told:
                raise AssertionError(f"{operation}: undisturbed, it does not come to its end")
            (self._counts[operation],) = told
        return self._counts[operation]

    def interrupt(self, case: Case, numbers: Iterable[int]) -> Iterator[Result]:
        """Interrupt at each of these places, and yield what was found."""
        left = list(numbers)

        def work(tell: Tell) -> None:
            bench = self._bench()
            for number in left:
                result = bench.interrupt(case, number)
                tell(asdict(result))
                if result.failure:
                    return

        while left:
            told = 0
            for result in in_child(work):
                told += 1
                yield Result(**result)
            if told == 0:
                yield Result(left[0], "failure", "", "the process died or hung, and told nothing")
                told = 1
            del left[:told]

    def sample(self, case: Case, step: int) -> list[int]:
        """Return the numbers of every `step`-th place, from a start that differs by case.

        With a step above 1, for one kind of exception, every instruction in CRITICAL is among them.
        """
        start = SEED + crc32(repr(case).encode())
        numbers = range(1, len(self.places(case.operation)) + 1)
        chosen = {number for number in numbers if (start + number) % step == 0}
        if case.kind == "KeyboardInterrupt" and not case.kept:
            chosen |= self.once(case.operation, CRITICAL)
        return sorted(chosen)

    def once(self, operation: str, prefix: str = "") -> set[int]:
        """Return the number of the first place of each instruction below `prefix`."""
        places = self.places(operation)
        first = {place: number for number, place in reversed(list(enumerate(places, start=1)))}
        return {number for place, number in first.items() if place.startswith(prefix)}

    def run(self, chosen: Iterable[Case], step: int = 1, *, most: int | None = None) -> Tally:
        """Interrupt every `step`-th place of the chosen cases, and count what was found.

        With step 0, each instruction the first time that an operation comes to it. With `most`, so
        many failures are enough: each may cost the time that a hang takes.
        """
        tally = Tally()
        for case in chosen:
            tally.places[case.operation] += len(self.places(case.operation))
            numbers = self.sample(case, step) if step else sorted(self.once(case.operation))
            for result in self.interrupt(case, numbers):
                tally.add(case, result)
                if most is not None and len(tally.failures) >= most:
                    return tally
        return tally

    def _bench(self) -> Bench:
        """Return a bench, in a child."""
        folder = self._folder / "bench"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return Bench(folder, self._files, self._patience)


def cases(operations: Iterable[str] = OPERATIONS, kinds: Iterable[str] = KINDS) -> list[Case]:
    """Return every case of these."""
    return [
        Case(operation, kind, kept)
        for operation in operations
        for kind in kinds
        for kept in ((False, True) if kind in EXCEPTIONS else (False,))
        if kind in EXCEPTIONS or OPERATIONS[operation].mode is not None  # a handler has to know it
        if (operation, kind) != ("open twice", "handler: close")  # then it is free to be opened
    ]
