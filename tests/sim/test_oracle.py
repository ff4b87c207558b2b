"""The oracle refuses holes, lost commits and revivals, and permits what was never promised."""

import pickle

import pytest

from sim.judge.oracle import Oracle, Violation, check_scan


def with_commits(*, durable: int, pending: int) -> Oracle:
    oracle = Oracle()
    for version in range(1, durable + pending + 1):
        oracle.returned([(b"%d" % version, b"x")], version)
        if version == durable:
            oracle.acknowledged(version)
    return oracle


def state(*numbers: int) -> dict[bytes, bytes]:
    return {b"%d" % number: b"x" for number in numbers}


def test_a_prefix_that_holds_all_that_was_durable_is_right() -> None:
    for last in (2, 3, 4):
        oracle = with_commits(durable=2, pending=2)
        oracle.shown(state(*range(1, last + 1)), last, pinned=True)


@pytest.mark.parametrize(
    ("numbers", "version"),
    [((1,), 1), ((1, 2, 4), 4), ((1, 2, 3), 4), ((1, 2, 3, 4, 5), 5), ((), 0)],
)
def test_a_lost_commit_a_hole_or_a_wrong_version_is_a_violation(
    numbers: tuple[int, ...], version: int
) -> None:
    with pytest.raises(Violation, match="prefix"):
        with_commits(durable=2, pending=2).shown(state(*numbers), version, pinned=True)


def test_what_was_shown_once_may_not_vanish_and_what_was_not_may_not_come_back() -> None:
    oracle = with_commits(durable=1, pending=2)
    oracle.shown(state(1, 2), 2, pinned=True)
    for numbers in ((1,), (1, 2, 3)):
        with pytest.raises(Violation):
            oracle.shown(state(*numbers), len(numbers), pinned=True)


def test_reading_alone_pins_nothing() -> None:
    oracle = with_commits(durable=1, pending=2)
    oracle.shown(state(1, 2, 3), 3, pinned=False)
    oracle.shown(state(1), 1, pinned=True)


def test_a_crash_of_the_process_alone_loses_nothing_that_returned() -> None:
    oracle = with_commits(durable=1, pending=1)
    oracle.raised([(b"3", b"x")], 3)
    oracle.process_died()
    with pytest.raises(Violation):
        oracle.shown(state(1), 1, pinned=True)
    oracle.shown(state(1, 2), 2, pinned=True)


def lied_about(*, durable: int, pending: int) -> Oracle:
    """Return an oracle whose last commits were acknowledged after a sync that lied."""
    oracle = with_commits(durable=durable, pending=pending)
    oracle.lied()
    oracle.acknowledged(durable + pending)
    return oracle


def test_a_lie_excuses_what_it_covered_and_nothing_before_it() -> None:
    """One lie used to excuse every earlier state, for the rest of the run."""
    for last in (2, 3, 4):
        oracle = lied_about(durable=2, pending=2)
        oracle.may_have_lost()
        oracle.shown(state(*range(1, last + 1)), last, pinned=True)
    oracle = lied_about(durable=2, pending=2)
    oracle.may_have_lost()
    for wrong in (state(1), state(1, 2, 4)):
        with pytest.raises(Violation):
            oracle.shown(wrong, len(wrong), pinned=True)


def test_a_lie_excuses_nothing_while_nothing_was_lost() -> None:
    oracle = lied_about(durable=1, pending=1)
    oracle.process_died()
    assert not oracle.harmed
    with pytest.raises(Violation):
        oracle.shown(state(1), 1, pinned=True)


def test_what_an_open_under_a_lie_replaced_may_come_back_until_all_is_on_the_disk() -> None:
    oracle = lied_about(durable=1, pending=1)
    oracle.may_have_lost()
    assert oracle.harmed
    oracle.shown(state(1), 1, pinned=True)
    assert oracle.shown(state(1, 2), 2, pinned=False) == "an earlier state"
    oracle.settled()
    assert not oracle.harmed
    with pytest.raises(Violation):
        oracle.shown(state(1, 2), 2, pinned=False)


def test_a_compaction_that_failed_raises_the_version_by_its_records_or_not_at_all() -> None:
    oracle = with_commits(durable=2, pending=0)
    oracle.compacting()
    for version in (2, 3):
        oracle.shown(state(1, 2), version, pinned=False)
    with pytest.raises(Violation):
        oracle.shown(state(1, 2), 4, pinned=False)


def test_a_violation_comes_whole_out_of_another_process() -> None:
    violation = pickle.loads(pickle.dumps(Violation("prefix", "a hole")))
    assert (violation.clause, str(violation)) == ("prefix", "prefix: a hole")


def test_wrong_answers_are_violations() -> None:
    oracle = with_commits(durable=2, pending=0)
    oracle.check_get(b"1", b"x")
    with pytest.raises(Violation, match="read"):
        oracle.check_get(b"1", None)
    with pytest.raises(Violation, match="read"):
        check_scan([(b"1", b"x")], oracle.current, (b"", None))
    check_scan([(b"2", b"x")], oracle.current, (b"", None), reverse=True, limit=1)
    with pytest.raises(Violation, match="reverse=True"):
        check_scan([(b"1", b"x")], oracle.current, (b"", None), reverse=True, limit=1)
