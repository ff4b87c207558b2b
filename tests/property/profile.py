"""How properties are searched: the same examples in every run, and no clock."""

from hypothesis import HealthCheck, settings


def examples(count: int, *, steps: int = 30) -> settings:
    """Return settings for so many examples, of so many steps each where a machine is driven."""
    return settings(
        max_examples=count,
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
