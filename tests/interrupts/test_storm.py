"""Claim: thousands of real signals, whose handlers raise or call the database, break no promise."""

import pytest

from tests.interrupts.helpers import Tell, in_child, scratch
from tests.interrupts.storm import LEAST, WEATHERS, Report, Storm

pytestmark = pytest.mark.cpython(reason="sends signals to processes of its own")

SIGNALS = {"raise": 5_000, "call": 4_000, "collect": 1_500}
"""They are for one storm, of which there are three: 31,500 altogether."""

PATIENCE_SECONDS = 400.0  # on a busy machine; it is only for one that hangs


@pytest.mark.parametrize(
    ("threads", "shared"),
    [(1, False), (2, False), (2, True)],
    ids=["one thread", "two threads", "two threads that share a sync"],
)
@pytest.mark.parametrize("weather", WEATHERS)
def test_a_database_in_a_storm_of_signals_keeps_its_promises(
    weather: str, threads: int, *, shared: bool
) -> None:
    signals = SIGNALS[weather]
    with scratch() as folder:

        def work(tell: Tell) -> None:
            storm = Storm(weather, signals, folder / "db.libredb", threads=threads, shared=shared)
            tell(storm.run(PATIENCE_SECONDS))

        told = list(in_child(work))
    assert told, "the process died"
    report = Report(**told[0])
    assert not report.failures, report
    assert report.signals >= signals, report
    assert report.commits >= LEAST, report
    assert (report.raised >= LEAST) == (weather != "call"), report
    assert (report.in_kernel >= LEAST) == (weather != "raise"), report
