"""The trace of a run and its digest: two runs of one seed have to agree to the last byte.

A trace has a line for every port call with its arguments and outcome, and for every verdict. Its
digest is what the suite pins, and what has to be equal on every interpreter. Absent on purpose:
anything that differs between two machines, such as times and addresses.
"""

import hashlib
from typing import Any

import libredb
from sim.judge.runner import run
from sim.plans.plan import Plan
from sim.plans.profiles import PROFILES


def trace_of(plan: Plan, kernel: Any = libredb) -> list[str]:
    """Run `plan` and return its trace."""
    return run(plan, kernel=kernel, trace=True).trace


def digest(profile: str, seeds: range, kernel: Any = libredb) -> str:
    """Return the digest of the traces of these seeds, 16 hexadecimal digits."""
    total = hashlib.sha256()
    for seed in seeds:
        for line in trace_of(PROFILES[profile].plan(seed), kernel):
            total.update(line.encode() + b"\n")
    return total.hexdigest()[:16]


def digests(count: int = 3, *, kernel: Any = libredb) -> dict[str, str]:
    """Return the digest of the first `count` seeds of every profile."""
    return {name: digest(name, range(count), kernel) for name in PROFILES}
