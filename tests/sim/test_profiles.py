"""No profile finds a violation, and each of them reaches what it was made for.

The mixed profile runs 12,000 seeds, each of the others at most 500. LIBREDB_SIM_SEEDS asks for more
or fewer; a failure prints the command that replays it.
"""

import os
import re
from pathlib import Path

import pytest

from sim.campaigns import jobs
from sim.campaigns.floors import shortfalls
from sim.campaigns.jobs import run_jobs, seed_jobs, sum_up
from sim.campaigns.parts import PARTS
from sim.campaigns.replay import how_to_replay
from sim.campaigns.tally import Tally, run_seeds
from sim.plans.clauses import CLAUSES
from sim.plans.profile import NUMBERS
from sim.plans.profiles import PROFILES

SOURCES = Path(__file__).parents[2] / "sim"
SEEDS = int(os.environ.get("LIBREDB_SIM_SEEDS", "12000"))
OTHERS = {name: max(4, SEEDS // 24 // one.weight) for name, one in PROFILES.items()}


def explain(tally: Tally) -> str:
    return "\n".join(
        f"{what}: {violation}\n  {how_to_replay(plan)}"
        for what, violation, plan in tally.failures[:5]
    )


def test_mixed_seeds_violate_nothing() -> None:
    tally = sum_up(run_jobs(seed_jobs("mixed", 0, SEEDS)))["mixed"]
    assert not tally.failures, explain(tally)
    assert tally.runs == SEEDS
    assert tally.operations >= 30 * tally.runs
    assert tally.lives >= 2 * tally.runs
    assert shortfalls(tally) == []


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "mixed"])
def test_a_profile_violates_nothing_and_reaches_its_floors(name: str) -> None:
    tally = run_seeds(name, range(OTHERS[name]))
    assert not tally.failures, explain(tally)
    if tally.runs * PROFILES[name].weight >= 300:
        assert shortfalls(tally) == []


def test_seeds_run_in_a_worker_that_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 36 minutes in a browser they failed: 2**31 microseconds are all that clock can tell."""

    def ended() -> float:
        raise RuntimeError("the processor time used is not available")

    monkeypatch.setattr(jobs.time, "process_time", ended)
    monkeypatch.setattr(jobs.sys, "platform", "emscripten")
    assert jobs.run_job(("seeds", "P1", 0, 1)).runs == 1


def test_every_profile_of_the_table_is_there_and_has_floors() -> None:
    assert list(PROFILES) == ["mixed", *(f"P{number}" for number in range(1, 24))]
    assert all(profile.floors for profile in PROFILES.values())


def test_a_profile_is_known_in_one_place_and_has_a_number_of_its_own() -> None:
    numbers = [profile.number for profile in PROFILES.values()]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < NUMBERS
    sources = {path: path.read_text("utf-8") for path in SOURCES.rglob("*.py")}
    named = [
        str(path)
        for path, text in sources.items()
        if re.search(r"[\"'](?:P\d+|mixed)[\"']", text) and path.name != "profiles.py"
    ]
    assert named == []


def test_every_clause_has_evidence_and_every_word_for_a_violation_belongs_to_a_clause() -> None:
    everything = (*PROFILES.values(), *PARTS.values())
    assert {name for one in everything for name in one.clauses} == {c.name for c in CLAUSES}
    sources = [path.read_text("utf-8") for path in SOURCES.glob("judge/**/*.py")]
    words = {word for text in sources for word in re.findall(r"Violation\(\s*\"(\w+)\"", text)}
    assert words == {word for clause in CLAUSES for word in clause.broken}


def test_a_counter_below_its_floor_is_told() -> None:
    tally = Tally("P1", runs=1000)
    assert len(shortfalls(tally)) == len(PROFILES["P1"].floors)
    tally = Tally("proofs", runs=1000)
    assert len(shortfalls(tally)) == len(PARTS["proofs"].floors)


def test_a_share_of_an_enumeration_has_a_share_of_its_floors() -> None:
    floors = PARTS["slots"].floors
    tally = Tally("slots", counters={name: floor // 10 for name, floor in floors.items()})
    assert shortfalls(tally, 5) == []
    assert len(shortfalls(tally, 4)) == len(shortfalls(tally)) == len(floors)


def test_faults_that_find_no_call_are_told() -> None:
    """Of the calls that were enumerated, one in four had no fault, and counted as a run."""
    (told,) = shortfalls(Tally("a name", runs=10, armed=10, fired=8))
    assert told == "a name: 8 of 10 armed faults fired"
    assert shortfalls(Tally("a name", runs=10, armed=10, fired=9)) == []
