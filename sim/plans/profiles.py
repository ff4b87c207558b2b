"""The fault profiles: what each one lets happen; the oracle and the runner say what must hold.

A profile draws a plan from a generator. Most plans have the same shape, a few lives of ordinary
work with one kind of trouble in them, because trouble is found where it meets a state that work
has made. P1 to P18 are the rows of the table in docs/simulation.md; `mixed` is all storage faults
together. `floors` names counters that have to be reached, in events for each thousand seeds: a
profile that no longer reaches what it was made for fails, instead of passing for ever.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sim.judge.damage import MISPLACED
from sim.plans import troubles
from sim.plans.plan import Plan, Step
from sim.world.filesystem import Style
from sim.world.generator import Generator

Draw = Callable[[Generator], list[Step]]


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of trouble."""

    name: str
    title: str
    draw: Draw
    floors: dict[str, int] = field(default_factory=dict[str, int])

    def plan(self, seed: int) -> Plan:
        """Return the plan that belongs to `seed`."""
        generator = Generator(seed * 64 + _NUMBERS[self.name])
        style: Style = "rename" if generator.chance(0.5) else "slots"
        reserve = 4096 if generator.chance(0.2) else 0
        return Plan(self.name, seed, style, reserve, self.draw(generator))


_ALL = (
    Profile(
        "mixed",
        "all storage faults together",
        troubles.mixed,
        {
            "latch": 150,
            "opened: cut": 60,
            "tail rewritten": 600,
            "slot chosen of two": 8,
            "crash while opening": 25,
            "crash while compacting": 20,
            "pages lost in a kill": 15,
            "shown: some of what was pending": 15,
            "shown: only what was durable": 200,
        },
    ),
    Profile("P1", "tear", troubles.tear, {"nolose at write": 700, "opened: cut": 250}),
    Profile(
        "P2",
        "sectors",
        troubles.sectors,
        {"power at write": 250, "power at sync": 250, "opened: cut": 100},
    ),
    Profile(
        "P3",
        "group",
        troubles.groups,
        {
            "group": 1000,
            "a group was left by an exception": 50,
            "shown: some of what was pending": 90,
        },
    ),
    Profile(
        "P4",
        "sync error",
        troubles.sync_errors,
        {"latch": 900, "error at sync": 400, "full at sync": 400},
    ),
    Profile("P5", "write error", troubles.write_errors, {"latch": 1000, "count at write": 300}),
    Profile(
        "P6",
        "same-boot reopen",
        troubles.same_boot,
        {"pages lost in a kill": 200, "tail rewritten": 2000, "mark damaged": 10},
    ),
    Profile(
        "P7",
        "lying or delayed sync",
        troubles.lies,
        {
            "shown: an earlier state": 400,
            "refused: voucher": 40,
            "the run ended with a refusal": 50,
        },
    ),
    Profile(
        "P8",
        "bit rot",
        lambda g: troubles.at_rest(g, ("flip", "flips", "mark+flip"), 12),
        {
            "flip: exact": 1000,
            "flip: refused: mark": 150,
            "flip: refused: voucher": 80,
            "flip: an earlier state": 15,
            "mark+flip: an earlier state": 300,
        },
    ),
    Profile(
        "P9",
        "lost sector",
        lambda g: troubles.at_rest(g, ("sector", "sector-old"), 12),
        {
            "sector: refused: mark": 500,
            "sector: refused: voucher": 100,
            "sector: an earlier state": 100,
        },
    ),
    Profile(
        "P10",
        "cut short",
        lambda g: troubles.at_rest(g, ("cut",), 12),
        {"cut: refused: mark": 500, "cut: refused: corrupt": 4000, "cut: an earlier state": 300},
    ),
    Profile(
        "P11",
        "misplaced record",
        lambda g: troubles.at_rest(g, MISPLACED, 12),
        {"swap: refused: voucher": 300, "omit: refused: voucher": 400, "older: refused: mark": 50},
    ),
    Profile(
        "P12",
        "recovery",
        troubles.recovery,
        {
            "crash while opening": 350,
            "slot chosen of two": 20,
            "tail rewritten": 800,
            "pages lost in a kill": 40,
        },
    ),
    Profile(
        "P13", "creation", troubles.creation, {"crash while opening": 300, "opened: created": 400}
    ),
    Profile(
        "P14",
        "compaction",
        troubles.compaction,
        {
            "crash while compacting": 300,
            "slot chosen of two": 100,
            "power at replace.rename": 5,
            "power at replace.sync_directory": 20,
            "power at replace.truncate": 4,
        },
    ),
    Profile(
        "P15",
        "adapter lies",
        troubles.adapter_lies,
        {"more at write": 200, "held at lock": 1000, "latch": 400, "close raised": 100},
    ),
    Profile(
        "P16",
        "foreign file",
        troubles.foreign,
        {"zeros: not_a_database": 500, "fuzzed: corrupt": 400},
    ),
    Profile("P17", "short read", troubles.short_reads, {"refused: incomplete_read": 300}),
    Profile(
        "P18",
        "many lives",
        troubles.many_lives,
        {"latch": 1500, "opened: cut": 500, "compacted": 1500, "crash while opening": 150},
    ),
)
PROFILES: dict[str, Profile] = {profile.name: profile for profile in _ALL}
_NUMBERS = {profile.name: number for number, profile in enumerate(_ALL)}
