"""Every case of the small spaces is run, and each has the outcome that the contract allows."""

import pytest

from sim.campaigns.exhaustive import OPERATIONS, PARTS
from sim.campaigns.jobs import part_jobs, run_jobs, sum_up
from sim.campaigns.tally import Tally


def part(name: str) -> Tally:
    tally = sum_up(run_jobs(part_jobs([name])))[name]
    assert not tally.failures, tally.failures[:5]
    return tally


def test_a_flipped_bit_is_refused_or_harmless_or_costs_the_last_commit_of_an_unclosed_file() -> (
    None
):
    tally = part("flips")
    assert tally.runs > 150_000
    assert not any(c.startswith("closed") and "earlier" in c for c in tally.counters)
    assert tally.counters["closed: refused: mark"] > 20_000
    assert tally.counters["not closed: refused: record"] > 20_000
    assert 0 < tally.counters["not closed: an earlier state"] < 1_000


def test_a_closed_file_is_refused_at_every_cut_and_an_unclosed_one_shows_a_prefix() -> None:
    tally = part("cuts")
    assert not any(c.startswith("closed") and "refused" not in c for c in tally.counters)
    assert tally.counters["not closed: an earlier state"] > 3_000


def test_any_survivors_of_a_group_give_the_prefix_before_the_first_loss() -> None:
    assert part("survivors").runs == 2 * (2**13 - 2)


def test_records_of_another_file_or_timeline_are_never_taken_for_ours() -> None:
    assert part("splices").runs > 1_000


@pytest.mark.parametrize("name", ["calls", "recoveries"])
def test_every_port_call_may_fail_or_crash_in_every_way(name: str) -> None:
    tally = part(name)
    assert tally.runs > 3_000
    assert tally.counters["crash while opening"] > 500
    assert tally.counters["slot chosen of two"] > 100


def test_all_parts_and_all_public_operations_are_there() -> None:
    assert set(PARTS) == {"flips", "cuts", "survivors", "splices", "calls", "recoveries"}
    wanted = {"create", "commit", "group", "window", "close", "compact", "recover", "read"}
    assert wanted <= set(OPERATIONS)
