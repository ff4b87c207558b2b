"""Hypothesis drives kernel and simulator: crashes, faults, groups and compactions are rules.

The machine does steps of the same kind as the plans, judged by the same oracle; Hypothesis adds
another way to search, and shrinking that knows nothing about us.
"""

from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import libredb
from sim.judge.lives import Refused
from sim.judge.runner import Runner
from sim.plans.plan import Plan
from sim.plans.profile import CACHES
from sim.world.faults import CRASHES, INSIDE, RAISING, SILENT
from sim.world.filesystem import Style

KEYS = st.sampled_from([b"", b"\0", b"a", b"aa", b"b", b"\xff", b"\xff\xff"])
VALUES = st.one_of(st.binary(max_size=8), st.sampled_from([bytes(40), b"v" * 500, b"w" * 5000]))
OPS = st.one_of(
    st.tuples(st.just("set"), KEYS, VALUES),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("get"), KEYS),
)
TRANSACTIONS = st.lists(OPS, min_size=1, max_size=4)
SHARES = st.sampled_from([0, 300, 1000])
WINDOWS = st.one_of(st.none(), st.tuples(st.integers(2, 6), st.sampled_from([100, 1 << 30])))
CALLS = st.sampled_from(["write", "sync", "read", "replace", "any"])
FAULTS = st.sampled_from([*CRASHES, *SILENT, *RAISING, "count", "more", "short", "reader"])
ENDINGS = st.sampled_from(["leave", "leave", "raise", "interrupt"])


class Machine(RuleBasedStateMachine):
    """One database on one simulated file system, through any number of lives."""

    @initialize(
        style=st.sampled_from(["rename", "slots"]),
        seed=st.integers(0, 1 << 16),
        reserve=st.sampled_from([0, 4096]),
        cache_bytes=st.sampled_from(CACHES),
    )
    def begin(self, style: Style, seed: int, reserve: int, cache_bytes: int | None) -> None:
        self.plan = Plan("machine", seed, style, reserve, cache_bytes=cache_bytes)
        self.runner = Runner(self.plan, libredb)

    def do(self, *step: Any) -> None:
        try:
            self.runner.step(step)
        except Refused:  # as it may after a lie; the machine goes on with a new database
            self.runner = Runner(self.plan, libredb)

    @rule(ops=TRANSACTIONS, ending=st.sampled_from(["commit", "commit", "abort", "interrupt"]))
    def transact(self, ops: list[Any], ending: str) -> None:
        self.do("tx", ops, ending)

    @rule(transactions=st.lists(TRANSACTIONS, max_size=4), ending=ENDINGS)
    def group(self, transactions: list[list[Any]], ending: str) -> None:
        self.do("group", transactions, ending)

    @rule(call=CALLS, nth=st.integers(1, 20), kind=FAULTS, share=SHARES)
    def arm(self, call: str, nth: int, kind: str, share: int) -> None:
        self.do("fault", call, nth, kind, share)

    @rule(name=st.sampled_from(INSIDE), kind=st.sampled_from(["interrupt", "memory"]), share=SHARES)
    def arm_inside(self, name: str, kind: str, share: int) -> None:
        self.do("fault", name, 1, kind, share)

    @rule()
    def back_up(self) -> None:
        self.do("backup")

    @rule()
    def compact(self) -> None:
        self.do("compact")

    @rule()
    def sync(self) -> None:
        self.do("sync")

    @rule()
    def close(self) -> None:
        self.do("close")

    @rule(window=WINDOWS)
    def open_again(self, window: tuple[int, int] | None) -> None:
        self.do("open", "rwc", window)

    @rule()
    def read_only(self) -> None:
        self.do("read-only")

    @rule(fate=st.sampled_from(["", "", "new", "old", "zeros", "garbage", "tear"]))
    def lose_power(self, fate: str) -> None:
        self.do("power", fate)

    @rule(lost=st.sampled_from([0, 300, 1000]))
    def kill(self, lost: int) -> None:
        self.do("kill", lost)

    @rule(start=KEYS, end=st.one_of(st.none(), KEYS), reverse=st.integers(0, 1))
    def scan(self, start: bytes, end: bytes | None, reverse: int) -> None:
        self.do("scan", start, end, reverse, None)

    @invariant()
    def a_pending_window_is_bounded(self) -> None:
        runner = getattr(self, "runner", None)
        run = None if runner is None else runner.run
        if run is not None and run.db is not None and run.window is not None:
            assert run.db.pending_commits < run.window[0]

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            with suppress(Refused):
                self.runner.end()


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
