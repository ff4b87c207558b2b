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


def test_a_lying_disk_may_show_an_earlier_state_but_no_mixture() -> None:
    oracle = Oracle(honest=False)
    oracle.returned([(b"1", b"x")], 1)
    oracle.returned([(b"2", b"x")], 2)
    oracle.shown(state(1), 1, pinned=True)
    with pytest.raises(Violation):
        oracle.shown(state(2), 2, pinned=True)


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
