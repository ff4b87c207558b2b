"""How properties are searched: the same examples in every run, and no clock.

With a LIBREDB_SIM_FRACTION above 10, as on other interpreters, a fourth of them.
"""

import os

from hypothesis import HealthCheck, settings

PART = 4 if int(os.environ.get("LIBREDB_SIM_FRACTION", "1")) > 10 else 1


def examples(count: int, *, steps: int = 30) -> settings:
    """Return settings for so many examples, of so many steps each where a machine is driven."""
    return settings(
        max_examples=-(-count // PART),
        stateful_step_count=steps,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
