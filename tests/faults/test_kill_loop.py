"""A commit that was acknowledged survives kill -9, whatever the writer was doing.

The loop is in kill_loop.py, and runs longer as `python -m tests.faults.kill_loop --kills N`.
"""

import pytest

from tests.faults.kill_loop import KINDS, LIVES, Campaign, prepare, total

pytestmark = pytest.mark.cpython(reason="starts and kills processes")


SEED = 1
"""What is drawn from it is the same in every run; what the writers do meanwhile is not."""


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Campaign]:
    """Prepare a database for each kind of writer."""
    return dict(zip(KINDS, prepare(tmp_path_factory.mktemp("kills"), SEED), strict=True))


@pytest.mark.parametrize("name", KINDS)
def test_every_acknowledged_commit_survives_every_kill(
    campaigns: dict[str, Campaign], name: str
) -> None:
    campaign = campaigns[name]
    for _ in range(LIVES):
        campaign.live()
    assert campaign.events["a"] > LIVES
    assert ("c" in campaign.kinds) == (campaign.events["d"] > 0)
    assert ("r" in campaign.kinds) == (campaign.events["k"] > 0)


def test_the_kills_are_at_least_a_hundred_and_fifty_and_hit_everything_that_is_done(
    campaigns: dict[str, Campaign],
) -> None:
    if any(not campaign.kills for campaign in campaigns.values()):
        pytest.skip("counts the kills of the tests before it, and not all of them were run")
    seen = total(list(campaigns.values()))
    assert seen["kills"].total() >= 150
    assert {"open", "commit", "compact", "close"} <= set(seen["kills"])
    assert seen["outcomes"]["clean"] > 0
