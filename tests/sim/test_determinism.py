"""One seed is one run: the same trace twice, under every hash seed, and on every interpreter.

After a change of the kernel or of the simulator that is meant to change traces, renew the pins with
`python -m sim digests` and put them into tests/sim/digests.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.campaigns.trace import digests, trace_of
from sim.judge.runner import run
from sim.plans.profiles import PROFILES
from tests.sim.digests import DIGESTS

ROOT = Path(__file__).parents[2]


def test_the_traces_of_fixed_seeds_have_the_pinned_digests() -> None:
    assert digests() == DIGESTS


@pytest.mark.parametrize("name", ["mixed", "P6", "P12"])
def test_a_seed_run_twice_gives_the_same_trace(name: str) -> None:
    for seed in range(20):
        plan = PROFILES[name].plan(seed)
        assert trace_of(plan) == trace_of(PROFILES[name].plan(seed))


def test_tracing_changes_nothing() -> None:
    for seed in range(20):
        plan = PROFILES["mixed"].plan(seed)
        assert run(plan).counters == run(plan, trace=True).counters


@pytest.mark.cpython
@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_hash_seed_does_not_matter(hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sim", "digests"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == DIGESTS
