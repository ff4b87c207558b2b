"""The database is a dict with sorted scans, whatever is done to it between transactions.

A machine drives a database and a plain dict: transactions that read their own writes, delete while
they scan or are aborted; groups, windows, compactions, reopenings, kills, and backups that are
opened elsewhere. After every step both agree, and so does the store's own invariant.
"""

from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import libredb
from libredb import GroupCommit, RecoveryReport, Transaction
from sim.world.filesystem import SimFileSystem, Style
from tests.property.profile import examples
from tests.property.values import State, bytes_like, keys, scanned, values

PATH = "app.libredb"


class Step(NamedTuple):
    """One thing that a transaction does, with everything it could need."""

    what: str
    key: bytes
    value: bytes
    end: bytes | None
    reverse: bool
    limit: int | None
    kind: int


steps = st.builds(
    Step,
    st.sampled_from(["set", "set", "set", "delete", "get", "scan", "delete while scanning"]),
    keys,
    values,
    st.none() | keys,
    st.booleans(),
    st.none() | st.integers(0, 6),
    st.integers(0, 2),
)
programs = st.lists(steps, max_size=8)
windows = st.none() | st.builds(
    GroupCommit, commits=st.integers(1, 4), size_bytes=st.integers(1, 600)
)


class AbortedError(Exception):
    """Raised inside a transaction so that it leaves no trace."""


def run(tx: Transaction, program: list[Step], state: State) -> bool:
    """Take the steps in a transaction and in a dict; return whether anything was recorded."""
    recorded = False
    for step in program:
        key = bytes_like(step.key, step.kind)
        if step.what == "set":
            tx.set(key, bytes_like(step.value, step.kind))
            state[step.key] = step.value
            recorded = True
        elif step.what == "delete":
            there = step.key in state
            assert tx.delete(key) == there
            state.pop(step.key, None)
            recorded = recorded or there
        elif step.what == "get":
            assert tx.get(key) == state.get(step.key)
        else:
            recorded = scan(tx, step, state) or recorded
    return recorded


def scan(tx: Transaction, step: Step, state: State) -> bool:
    """Scan in a transaction and in a dict, and perhaps delete each entry when it is seen."""
    expected = scanned(state, step.key, step.end, reverse=step.reverse, limit=step.limit)
    end = None if step.end is None else bytes_like(step.end, step.kind)
    found = tx.scan(bytes_like(step.key, step.kind), end, reverse=step.reverse, limit=step.limit)
    if step.what == "scan":
        assert list(found) == expected
        return False
    seen: list[tuple[bytes, bytes]] = []
    for key, value in found:
        seen.append((key, value))
        assert tx.delete(key)
        del state[key]
    assert seen == expected
    return bool(seen)


class DatabaseMachine(RuleBasedStateMachine):
    """A database in memory and a plain dict."""

    @initialize(
        style=st.sampled_from(["rename", "slots"]),
        reserve=st.sampled_from([0, 512]),
        window=windows,
    )
    def create(self, style: Style, reserve: int, window: GroupCommit | None) -> None:
        self.fs = SimFileSystem(style, reserve=reserve)
        self.state: State = {}
        self.version = 0
        self.reports: list[RecoveryReport] = []
        self.open(window)
        assert self.reports[0].outcome == "created"

    def open(self, window: GroupCommit | None) -> None:
        self.window = window
        self.db = libredb.open(
            PATH, fs=self.fs, group_commit=window, on_recovery=self.reports.append
        )

    def commit(self, program: list[Step]) -> None:
        state = dict(self.state)
        recorded = self.db.transact(lambda tx: run(tx, program, state))
        self.state = state
        self.version += recorded

    @rule(program=programs)
    def transact(self, program: list[Step]) -> None:
        self.commit(program)
        if self.window is None:
            assert self.db.pending_commits == 0
        else:
            assert self.db.pending_commits < self.window.commits
            assert self.db.pending_bytes < self.window.size_bytes

    @rule(program=programs)
    def abort(self, program: list[Step]) -> None:
        def work(tx: Transaction) -> None:
            run(tx, program, dict(self.state))
            raise AbortedError

        with pytest.raises(AbortedError):
            self.db.transact(work)

    @rule(programs=st.lists(programs, max_size=4), fails=st.booleans())
    def group(self, *, programs: list[list[Step]], fails: bool) -> None:
        def work() -> None:
            with self.db.group():
                for program in programs:
                    self.commit(program)
                if fails:
                    raise AbortedError

        if fails:
            with pytest.raises(AbortedError):
                work()
        else:
            work()
        assert self.db.pending_commits == 0

    @rule(step=steps)
    def scan_in_one_call(self, step: Step) -> None:
        arguments: dict[str, Any] = {"reverse": step.reverse, "limit": step.limit}
        found = self.db.scan(step.key, step.end, **arguments)
        assert list(found) == scanned(self.state, step.key, step.end, **arguments)
        assert self.db.get(step.key) == self.state.get(step.key)

    @rule()
    def sync(self) -> None:
        self.db.sync()
        assert (self.db.pending_commits, self.db.pending_bytes) == (0, 0)

    @rule()
    def compact(self) -> None:
        report = self.db.compact()
        assert report.entries == len(self.state)
        assert report.bytes_after == self.db.log_bytes
        self.version += 1 if self.state else 0
        assert self.db.pending_commits == 0

    @rule(window=windows)
    def reopen(self, window: GroupCommit | None) -> None:
        self.db.close()
        self.open(window)
        report = self.reports[-1]
        assert (report.outcome, report.durable_version) == ("clean", self.version)

    @rule(window=windows)
    def be_killed(self, window: GroupCommit | None) -> None:
        self.fs.process_kill(lost=0.0)
        self.open(window)
        assert self.reports[-1].outcome == "clean"
        assert self.db.pending_commits == 0

    @rule()
    def back_up(self) -> None:
        image = b"".join(self.db.backup())
        elsewhere = SimFileSystem()
        elsewhere.install(PATH, image)
        with libredb.open(PATH, fs=elsewhere) as copy:
            assert dict(copy.scan()) == self.state
            assert copy.version == self.version
        assert elsewhere.images(PATH) == [image]
        assert len(image) == self.db.log_bytes

    @rule()
    def read_beside_the_writer(self) -> None:
        with libredb.open(PATH, fs=self.fs, mode="r") as reader:
            assert list(reader.scan()) == sorted(self.state.items())
        verdict = libredb.verify(PATH, fs=self.fs)
        assert (verdict.outcome, verdict.version) == ("clean", self.version)

    @invariant()
    def both_agree(self) -> None:
        if hasattr(self, "db"):
            assert list(self.db.scan()) == sorted(self.state.items())
            assert self.db.version == self.version
            self.db._commits.store._level._check()

    def teardown(self) -> None:
        """Close, and find everything in the file."""
        if hasattr(self, "db"):
            self.db.close()
            self.open(None)
            self.both_agree()
            self.db.close()


TestDatabase = DatabaseMachine.TestCase
TestDatabase.settings = examples(80, steps=25)
