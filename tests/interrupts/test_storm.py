"""Claim: thousands of real signals, whose handlers raise or call the database, break no promise."""

import pytest

from tests.interrupts.helpers import Tell, in_child, scratch
from tests.interrupts.storm import WEATHERS, Report, Storm

pytestmark = pytest.mark.cpython(reason="sends signals to processes of its own")

SIGNALS = {"raise": 5_000, "call": 4_000, "collect": 1_500}
"""For one thread; for two, who often wait for each other, four times as many: 52,500 together."""

PATIENCE_SECONDS = 120.0


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("weather", WEATHERS)
def test_a_database_in_a_storm_of_signals_keeps_its_promises(weather: str, threads: int) -> None:
    signals = SIGNALS[weather] * (1 if threads == 1 else 4)
    with scratch() as folder:

        def work(tell: Tell) -> None:
            storm = Storm(weather, signals, folder / "db.libredb", threads=threads)
            tell(storm.run(PATIENCE_SECONDS))

        told = list(in_child(work))
    assert told, "the process died"
    report = Report(**told[0])
    assert not report.failures, report
    assert report.signals >= signals, report
    assert report.commits > 20, report
    assert (report.raised > 0) == (weather != "call"), report
    assert (report.in_kernel > 0) == (weather != "raise"), report
