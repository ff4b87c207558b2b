"""A profile: one kind of trouble, and what is known about it.

It draws a plan from a generator: the same seed gives the same plan, and what is drawn last can be
added without changing what was drawn before. Absent on purpose: the profiles; see profiles.py.
"""

from dataclasses import dataclass, field

from sim.plans.lenses import with_lenses
from sim.plans.plan import Draw, Plan, Step
from sim.world.filesystem import Style
from sim.world.generator import Generator

AGES = (1 << 8, 1 << 16)
CACHES = (0, 1000, None)
"""None of a snapshot, some blocks of it, and all of it."""
LENSES_EVERY = 100
"""One in so many seeds of any profile works with lenses; such a run takes as long as ten others."""
NUMBERS = 64
"""A seed and the number of a profile make one number; there is room for so many profiles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One kind of trouble.

    Attributes:
        name: What the command line and the documents call it.
        number: Its part of each of its seeds; it never changes, so that a seed stays what it was.
        title: What happens, in a word or two.
        happens: What happens, in a line.
        holds: What must hold then.
        clauses: The clauses of the contract that it is evidence for, see clauses.py.
        draw: Returns the steps of a plan.
        floors: Counters that have to be reached, in events for each thousand seeds.
        ages: Whether its databases may be of any age: some begin near 256 or 65,536 commits,
            where the bytes of a version carry over.
        caches: How much of a snapshot its databases may keep in memory; one of them is drawn.
        share: How many of its seeds a run of everything has for each seed of the mixed profile.
        weight: How many ordinary runs one of its runs takes as long as.
    """

    name: str
    number: int
    title: str
    happens: str
    holds: str
    clauses: tuple[str, ...]
    draw: Draw
    floors: dict[str, int] = field(default_factory=dict[str, int])
    ages: bool = True
    caches: tuple[int | None, ...] = CACHES
    share: float = 0.04
    weight: int = 1

    def plan(self, seed: int) -> Plan:
        """Return the plan that belongs to `seed`."""
        generator = Generator(seed * NUMBERS + self.number)
        style: Style = "rename" if generator.chance(0.5) else "slots"
        reserve = 4096 if generator.chance(0.2) else 0
        born: list[Step] = []
        if self.ages and generator.chance(0.1):
            born = [("born", generator.pick(AGES) - generator.between(1, 6))]
        steps = [*born, *self.draw(generator)]
        cache_bytes = generator.pick(self.caches)
        if seed % LENSES_EVERY == LENSES_EVERY - 1:
            steps = with_lenses(generator, steps)
        return Plan(self.name, seed, style, reserve, steps, cache_bytes=cache_bytes)
