"""Claim: thousands of real signals, whose handlers raise or call the database, break no promise."""

import pytest

from tests.interrupts.helpers import in_child, scratch
from tests.interrupts.storm import WEATHERS, Report, Storm

pytestmark = pytest.mark.cpython(reason="sends signals to processes of its own")

SIGNALS = {"raise": 5_000, "call": 4_000, "collect": 1_500}
"""They are for one storm, of which there are two: 21,000 altogether."""

PATIENCE_SECONDS = 120.0


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("weather", WEATHERS)
def test_a_database_in_a_storm_of_signals_keeps_its_promises(weather: str, threads: int) -> None:
    with scratch() as folder:
        storm = Storm(weather, SIGNALS[weather], folder / "db.libredb", threads=threads)
        told = list(in_child(lambda tell: tell(storm.run(PATIENCE_SECONDS))))
    assert told, "the process died"
    report = Report(**told[0])
    assert not report.failures, report
    assert report.signals >= SIGNALS[weather], report
    assert report.commits > 20, report
    assert (report.raised > 0) == (weather != "call"), report
    assert (report.in_kernel > 0) == (weather != "raise"), report
