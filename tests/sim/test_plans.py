"""A plan outlives its generator: it is saved, read back, and made small, and still fails."""

import pytest

from sim.campaigns.shrink import broken_clause, shrink
from sim.campaigns.trace import trace_of
from sim.hunts.loading import find, load
from sim.judge.runner import run
from sim.plans.plan import Plan, from_json
from sim.plans.profiles import PROFILES


@pytest.mark.parametrize("name", PROFILES)
def test_a_plan_read_back_from_json_gives_the_same_trace(name: str) -> None:
    plan = PROFILES[name].plan(7)
    assert trace_of(from_json(plan.to_json())) == trace_of(plan)


def test_a_failing_plan_shrinks_to_a_few_steps_that_break_the_same_clause() -> None:
    kernel = load(find("the tail is not written again"))
    plan = next(
        plan
        for plan in map(PROFILES["P6"].plan, range(200))
        if broken_clause(plan, kernel) == "prefix"
    )
    small = shrink(plan, kernel=kernel)
    assert broken_clause(small, kernel) == "prefix"
    assert len(small.steps) <= 8
    assert run(small).violation is None  # the real kernel passes


def test_a_plan_that_breaks_nothing_is_not_shrunk() -> None:
    with pytest.raises(ValueError, match="breaks no clause"):
        shrink(Plan("mixed", 0, steps=[("get", b"a")]))


def test_operations_are_counted_inside_transactions_and_groups() -> None:
    ops = [("set", b"a", b"1"), ("get", b"a")]
    steps = [("tx", ops, "commit"), ("group", [ops, ops]), ("fault", "sync", 1, "error", 0)]
    assert Plan("mixed", 0, steps=[*steps, ("power", "")]).count() == 3 + 7 + 1
