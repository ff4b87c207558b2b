"""The enumerations: where the space is small, every case of it is run, and no seed is needed.

Each is cut into shares of about equal size, so that several processes can work at it. Floors hold
for the whole of one: an enumeration that no longer reaches what it was made for fails. An odd
number of shares leaves no bit out of any: of 8, the first has the lowest bit of every byte alone.
Absent on purpose: combinations of these; the profiles draw them.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import libredb
from sim.campaigns import calls, files
from sim.campaigns.tally import Tally
from sim.judge.oracle import Violation
from sim.judge.runner import run
from sim.plans.plan import Plan

Run = Callable[[Tally, Any, int, int], None]


class Part(NamedTuple):
    """One enumeration.

    Attributes:
        run: Runs one share of it; takes a tally, a kernel, which share, and of how many.
        clauses: The clauses of the contract that it is evidence for, see clauses.py.
        shares: Into how many shares it is cut.
        floors: How often each of these counters has to be reached.
        sample: How many shares to cut it into, of which a mutant meets one.
    """

    run: Run
    clauses: tuple[str, ...]
    shares: int
    floors: dict[str, int]
    sample: int = 1


PLANS: dict[str, Callable[[Any], Iterator[Plan]]] = {
    "calls": calls.call_plans,
    "recoveries": calls.recovery_plans,
}


def _plans(name: str) -> Run:
    def part(tally: Tally, kernel: Any, share: int, shares: int) -> None:
        seen: Counter[tuple[Any, Any]] = Counter()
        for plan in PLANS[name](kernel):
            fault = _last_fault(plan)
            if seen[fault] % shares == share:
                tally.add(plan, run(plan, kernel=kernel))
            seen[fault] += 1

    return part


def _last_fault(plan: Plan) -> tuple[Any, Any]:
    """Return the call and the kind of a plan's last fault; the first share meets each of them."""
    faults = [(step[1], step[3]) for step in plan.steps if step[0] == "fault"]
    return faults[-1] if faults else (None, None)


PARTS: dict[str, Part] = {
    "flips": Part(
        files.flips,
        ("5", "6"),
        16,
        {
            "closed: refused: mark": 20_000,
            "not closed: refused: record": 20_000,
            "not closed: an earlier state": 1,
        },
        sample=16,
    ),
    "cuts": Part(files.cuts, ("5",), 2, {"not closed: an earlier state": 3_000}, sample=16),
    "slots": Part(files.slots, ("5",), 2, {"both: exact": 1_000, "closed: refused: mark": 500}, 8),
    "survivors": Part(files.survivors, ("2",), 2, {"group of 12: an earlier state": 8_000}),
    "splices": Part(files.splices, ("5",), 1, {"a twin: refused: mark": 100}),
    "proofs": Part(files.proofs, ("5",), 1, {"from version 65530: refused: record": 100}),
    "calls": Part(_plans("calls"), ("1", "3", "readers"), 4, calls.FLOORS),
    "recoveries": Part(_plans("recoveries"), ("2", "4"), 4, {"slot chosen of two": 100}),
}


def run_share(part: str, share: int, shares: int, kernel: Any = libredb) -> Tally:
    """Run one share of a part; a violation while a file is made, or calls are counted, is one."""
    tally = Tally(part)
    try:
        PARTS[part].run(tally, kernel, share, shares)
    except Violation as violation:
        tally.failures.append((f"{part} {share}/{shares}", str(violation), ""))
    return tally
