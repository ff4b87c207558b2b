"""Every case of the small spaces is run, and each has the outcome that the contract allows.

`make test` sets LIBREDB_SIM_FRACTION: one case in seven on one interpreter, in seventeen elsewhere.
"""

import os
from pathlib import Path

import pytest

from sim.campaigns.calls import KINDS, OPERATIONS
from sim.campaigns.floors import shortfalls
from sim.campaigns.jobs import Job, part_jobs, run_jobs, sum_up
from sim.campaigns.parts import PARTS, run_share
from sim.campaigns.replay import how_to_replay
from sim.campaigns.tally import Tally
from sim.hunts.loading import find, load
from sim.judge.runner import run
from sim.plans.plan import from_json

FRACTION = int(os.environ.get("LIBREDB_SIM_FRACTION", "1"))


def part(name: str) -> Tally:
    """Run an enumeration; say of each violation which case it was, and how to see it again."""
    jobs: list[Job] = [("part", name, 0, FRACTION)] if FRACTION > 1 else part_jobs([name])
    tally = sum_up(run_jobs(jobs))[name]
    told = [f"{what}: {why}\n  {how_to_replay(plan)}" for what, why, plan in tally.failures[:5]]
    assert not tally.failures, "\n".join(told)
    assert shortfalls(tally, FRACTION) == []
    return tally


def test_a_part_of_the_cases_leaves_no_bit_out() -> None:
    """One in four flipped two bits of every byte alone, and lost the first two of every group."""
    assert FRACTION % 2 == 1, "LIBREDB_SIM_FRACTION has to be odd"


def test_a_flipped_bit_is_refused_or_harmless_or_costs_the_last_commit_of_an_unclosed_file() -> (
    None
):
    tally = part("flips")
    assert tally.runs > 150_000 // FRACTION
    assert not any(c.startswith("closed") and "earlier" in c for c in tally.counters)
    assert tally.counters["not closed: an earlier state"] < 1_000


def test_a_closed_file_is_refused_at_every_cut_and_an_unclosed_one_shows_a_prefix() -> None:
    tally = part("cuts")
    assert not any(c.startswith("closed") and "refused" not in c for c in tally.counters)


def test_damage_to_one_of_two_slots_is_refused_or_shows_a_state_that_was() -> None:
    """Damage was only ever tried with a single file, although OPFS has two slots."""
    tally = part("slots")
    assert not any(c.startswith("closed") and "earlier" in c for c in tally.counters)


def test_any_survivors_of_a_group_give_the_prefix_before_the_first_loss() -> None:
    assert part("survivors").runs >= 2 * (2**13 - 2) // FRACTION


def test_records_of_another_file_or_timeline_are_never_taken_for_ours() -> None:
    assert part("splices").runs > 1_000 // FRACTION


def test_one_record_header_anywhere_behind_damage_proves_that_it_had_been_synced() -> None:
    """Three searches that were wrong passed.

    One looked only near the damage, one stopped at the last byte that is not zero, and one had a
    wrong prefix where versions cross 256.
    """
    assert part("proofs").runs > 1_000 // FRACTION


@pytest.mark.parametrize("name", ["calls", "recoveries"])
def test_every_port_call_may_fail_or_crash_in_every_way(name: str) -> None:
    tally = part(name)
    assert tally.runs > 3_000 // FRACTION
    assert tally.fired_share > 0.99


def test_all_parts_and_all_public_operations_are_there() -> None:
    damage = {"flips", "cuts", "slots", "survivors", "splices", "proofs"}
    assert set(PARTS) == {*damage, "calls", "recoveries"}
    wanted = {"create", "commit", "group", "window", "close", "compact", "back up", "recover"}
    assert {*wanted, "read", "verify"} <= set(OPERATIONS)
    assert all(f"{kind} at write" in PARTS["calls"].floors for kind in KINDS if kind[0] in "eim")


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("flips", "nothing proves damage"),
        ("proofs", "nothing proves damage"),
        ("calls", "no latch"),
    ],
)
def test_a_violation_in_an_enumeration_says_which_case_it_was_and_is_replayed_from_its_plan(
    name: str, mutant: str, tmp_path: Path
) -> None:
    """It used to be the text of the violation alone: nobody knew which call of what had failed."""
    kernel = load(find(mutant))
    what, why, text = run_share(name, 5, 64, kernel).failures[0]
    assert what.startswith(name)
    assert any(word in what for word in ("call ", "flip ", "proof "))
    command = how_to_replay(text, tmp_path)
    saved = Path(command.split()[-1])
    assert command == f"python -m sim replay --plan {saved}"
    again = run(from_json(saved.read_text("utf-8")), kernel=kernel).violation
    assert str(again) == why
