"""Claim: an interrupt anywhere leaves a database that works, is latched, or is closed.

Here every STEP-th place is interrupted, and every instruction of the guard by KeyboardInterrupt;
`python -m tests.interrupts` interrupts all of them. Its --help says how to repeat a single one.
"""

from collections.abc import Iterator

import pytest

from tests.interrupts.helpers import scratch
from tests.interrupts.hunt import Hunt, Tally, cases
from tests.interrupts.operations import OPERATIONS

pytestmark = pytest.mark.cpython(reason="forks, traces and interrupts CPython")

STEP = 797


@pytest.fixture(scope="module")
def hunt() -> Iterator[Hunt]:
    with scratch() as folder:
        yield Hunt(folder)


@pytest.fixture(scope="module")
def total() -> Tally:
    return Tally()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_interrupted_operation_leaves_a_database_that_works_or_is_latched(
    hunt: Hunt, total: Tally, operation: str
) -> None:
    found = hunt.run(cases([operation]), STEP, most=3)
    total.join(found)
    assert not found.failures, f"{len(found.failures)} interrupts broke it\n{found.explain()}"


def test_the_sample_is_large_and_saw_every_state(
    total: Tally, capsys: pytest.CaptureFixture[str]
) -> None:
    if len(total.places) < len(OPERATIONS):
        pytest.skip("counts what the tests before it interrupted, and not all of them were run")
    with capsys.disabled():
        print(f" [{total.tried.total()} of {total.places.total()} places interrupted]", end="")
    assert total.tried.total() >= 5_000
    verdicts = {verdict for counts in total.verdicts.values() for verdict in counts}
    assert {"works", "latched", "closed", "not opened", "works, handler served"} <= verdicts
