"""Whatever happens to a log, it opens as what it was, or is refused; what is allowed is enumerated.

Each scenario of tests/damage/scenarios.py names the outcomes it allows. The program
`python -m tests.damage.table` prints how often each of them occurred, and the documentation shows
exactly that.
"""

from pathlib import Path

import pytest

from tests.damage.scenarios import CRASHES, DAMAGE_CLOSED, TABLES, Scenario, outcomes
from tests.damage.table import markdown

SCENARIOS = [scenario for table in TABLES.values() for scenario in table]
DOCUMENT = Path(__file__).parents[2] / "docs" / "log-format.md"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_outcomes_that_a_scenario_allows_occur_and_no_other(scenario: Scenario) -> None:
    assert set(outcomes(scenario)) == scenario.allowed


@pytest.mark.parametrize("scenario", CRASHES, ids=lambda scenario: scenario.name)
def test_a_crash_alone_never_makes_a_log_unreadable(scenario: Scenario) -> None:
    assert scenario.allowed == {"kept"}


@pytest.mark.parametrize("scenario", DAMAGE_CLOSED, ids=lambda scenario: scenario.name)
def test_damage_to_a_closed_file_never_goes_unnoticed(scenario: Scenario) -> None:
    assert scenario.allowed <= {"kept", "refused"}


@pytest.mark.cpython(reason="reads the documentation")
def test_the_documentation_shows_the_outcomes_as_they_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    _, _, after = text.partition("<!-- outcomes:begin -->\n")
    shown, _, _ = after.partition("<!-- outcomes:end -->")
    assert shown.strip() == markdown().strip()
