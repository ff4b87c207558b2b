"""What many runs came to: counts, counters and failures, for one profile or enumeration.

Tallies of shares of the same work add up in any order to the same figures, and travel between
processes as JSON. Absent on purpose: traces; a failure is run again to see its trace.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

import libredb
from sim.judge.oracle import Violation
from sim.judge.runner import Result, run
from sim.plans.plan import Plan
from sim.plans.profiles import PROFILES


@dataclass(slots=True)
class Tally:
    """The sum of many runs."""

    name: str
    runs: int = 0
    operations: int = 0
    lives: int = 0
    calls: int = 0
    armed: int = 0
    """How many faults were armed."""
    fired: int = 0
    """How many of them fired."""
    seconds: float = 0.0
    counters: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """For each failure: what was run, the violation, and the plan as JSON."""

    def count(self, counter: str) -> None:
        """Count one trial that is not a run of a plan."""
        self.runs += 1
        self.counters[counter] = self.counters.get(counter, 0) + 1

    def add(self, plan: Plan, result: Result) -> None:
        """Add the result of one run."""
        self.runs += 1
        self.operations += result.operations
        self.lives += result.lives
        self.calls += result.calls
        self.armed += result.armed
        self.fired += result.fired
        counters = self.counters
        for name, count in result.counters.items():
            counters[name] = counters.get(name, 0) + count
        if result.violation is not None:
            self.fail(plan, result.violation)

    def fail(self, plan: Plan, violation: Violation) -> None:
        """Add a violation, with all that is needed to see it again."""
        what = f"{plan.profile}: {plan.about}" if plan.about else f"{plan.profile} seed {plan.seed}"
        self.failures.append((what, str(violation), plan.to_json()))

    def merge(self, other: "Tally") -> None:
        """Add another tally of the same name."""
        self.runs += other.runs
        self.operations += other.operations
        self.lives += other.lives
        self.calls += other.calls
        self.armed += other.armed
        self.fired += other.fired
        self.seconds += other.seconds
        for name, count in other.counters.items():
            self.counters[name] = self.counters.get(name, 0) + count
        self.failures += other.failures

    @property
    def fired_share(self) -> float:
        """How many of the armed faults fired, of 1; one that finds no call proves nothing."""
        return self.fired / self.armed if self.armed else 1.0

    def to_json(self) -> str:
        """Return the tally as text that `from_json` reads."""
        return json.dumps(asdict(self))


def from_json(text: str) -> Tally:
    """Return the tally that `to_json` wrote."""
    plain = json.loads(text)
    plain["failures"] = [tuple(failure) for failure in plain["failures"]]
    return Tally(**plain)


def run_seeds(profile: str, seeds: Iterable[int], kernel: object = libredb) -> Tally:
    """Run these seeds of a profile."""
    tally = Tally(profile)
    draw = PROFILES[profile].plan
    for seed in seeds:
        plan = draw(seed)
        tally.add(plan, run(plan, kernel=kernel))
    return tally
