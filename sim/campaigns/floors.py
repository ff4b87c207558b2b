"""Floors: what many runs have to have reached, so that no profile goes blind unnoticed.

A profile has floors in events for each thousand seeds, an enumeration for the whole of it, and of
all faults that were armed nine in ten have to fire: one that finds no call proves nothing.
Absent on purpose: ceilings. More of an event than usual is no failure.
"""

from sim.campaigns.parts import PARTS
from sim.campaigns.tally import Tally
from sim.plans.profiles import PROFILES

FIRED_SHARE = 0.9
UNEVEN = 0.5
"""What is rare is not spread evenly; a share of an enumeration has to reach half of its part."""


def shortfalls(tally: Tally, shares: int = 1) -> list[str]:
    """Return what stayed below its floor in an enumeration's first share of so many."""
    told: list[str] = []
    if tally.fired_share < FIRED_SHARE:
        told.append(f"{tally.name}: {tally.fired} of {tally.armed} armed faults fired")
    floors = _floors(tally, shares)
    for counter, floor in floors.items():
        count = tally.counters.get(counter, 0)
        if count < floor:
            told.append(
                f"{tally.name}: {counter!r} happened {count} times in {tally.runs} runs, "
                f"and {floor:g} are the floor"
            )
    return told


def _floors(tally: Tally, shares: int) -> dict[str, float]:
    """Return how often each counter has to be reached in as many runs as these."""
    if tally.name in PARTS:
        floors = PARTS[tally.name].floors
        part = 1 if shares == 1 else UNEVEN / shares
        return {counter: floor * part for counter, floor in floors.items()}
    if tally.name in PROFILES:
        floors = PROFILES[tally.name].floors
        return {counter: floor * tally.runs / 1000 for counter, floor in floors.items()}
    return {}
