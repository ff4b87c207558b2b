"""A kv is a dict in order whose entries go when their time has come, whatever else is done to it.

A machine drives a kv and a plain dict of values and deadlines, with a clock that it moves itself:
single calls, transactions of several, and transactions that are aborted. The store is a database
in memory, or one that runs every function twice. After every step both agree, nothing is damaged,
and no version that was committed has come back with another value.
"""

from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import libredb
from libredb import Store, Writer
from libredb.lens.catalog import catalog
from libredb.lens.errors import InvalidValueError
from libredb.lens.kv import KV, kv
from tests.property.profile import examples
from tests.support.case import case
from tests.support.stores import NaiveStore, RerunningStore

State = dict[str, tuple[str, int | None]]
"""What is stored, expired or not: its value, and the deadline in milliseconds."""

STORES = {"database": libredb.open, "naive": NaiveStore, "rerunning": RerunningStore}
CHANGES = (
    *("set", "set", "set for a while", "set for a while", "delete", "pop", "popitem", "incr"),
    *("setdefault", "update", "put_if", "put_if wrongly", "delete_range", "purge", "clear", "get"),
)

keys = st.lists(st.sampled_from(["", "a", "b", "\0", "\U0001f600"]), max_size=2).map("".join)
values = st.sampled_from(["", "0", "7", "-12", "x", "\uffff"])


class Step(NamedTuple):
    """One call, with everything it could need."""

    what: str
    key: str
    other: str
    value: str
    ttl: int


steps = st.builds(Step, st.sampled_from(CHANGES), keys, keys, values, st.integers(1, 5))


class AbortedError(Exception):
    """Raised inside a transaction so that it leaves no trace."""


def visible(state: State, now: int) -> dict[str, str]:
    """Return what is there at this time, in order."""
    return {
        key: value
        for key, (value, deadline) in sorted(state.items())
        if deadline is None or now < deadline
    }


def take(it: KV[str], step: Step, state: State, now: int) -> None:
    """Take a step in a kv and in a dict; both return the same."""
    there = visible(state, now)
    with case(step=step, there=there):
        if step.what in {"delete", "pop", "popitem", "delete_range", "clear", "purge"}:
            take_deletion(it, step, state, there)
        elif step.what in {"incr", "put_if", "put_if wrongly", "setdefault"}:
            take_careful_change(it, step, state, there)
        elif step.what == "get":
            take_get(it, step, there)
        else:
            take_change(it, step, state, now)


def take_get(it: KV[str], step: Step, there: dict[str, str]) -> None:
    assert it.get(step.key) == there.get(step.key)
    assert it.get_many([step.key, step.other]) == [there.get(step.key), there.get(step.other)]
    assert (step.key in it, bool(it), len(it)) == (step.key in there, bool(there), len(there))
    inside = [(key, value) for key, value in there.items() if step.key <= key < step.other]
    assert list(it.scan(step.key, step.other)) == inside
    assert list(it.scan(step.key, step.other, reverse=True, limit=2)) == inside[::-1][:2]
    begins = [(key, value) for key, value in there.items() if key.startswith(step.key)]
    assert list(it.scan(prefix=step.key)) == begins


def take_careful_change(it: KV[str], step: Step, state: State, there: dict[str, str]) -> None:
    """Change what depends on what is there; what is expired is not, and its deadline goes."""
    key, value = step.key, step.value
    kept = (state[key] if key in there else ("", None))[1]
    if step.what == "incr":
        found = there.get(key, "0")
        if found in {"", "x", "\uffff"}:
            with pytest.raises(InvalidValueError):
                it.incr(key, step.ttl)
            return
        value = str(int(found) + step.ttl)
        assert it.incr(key, step.ttl) == int(value)
    elif step.what == "setdefault":
        value = there.get(key, value)
        assert it.setdefault(key, step.value) == value
    else:
        found, version = it.get_versioned(key)
        assert (found, version > 0) == (there.get(key), key in there)
        if step.what == "put_if wrongly":
            assert not it.put_if(key, value, version + 1)
            return
        assert it.put_if(key, value, version)
    state[key] = value, kept


def take_deletion(it: KV[str], step: Step, state: State, there: dict[str, str]) -> None:
    """Delete; what is expired goes with the rest, and only `purge` counts it."""
    gone = [step.key]
    if step.what == "delete":
        assert it.delete(step.key) == (step.key in there)
    elif step.what == "pop":
        assert it.pop(step.key, None) == there.get(step.key)
    elif step.what == "popitem":
        gone = list(there)[:1]
        if gone:
            assert it.popitem() == (gone[0], there[gone[0]])
    elif step.what == "clear":
        gone = list(state)
        it.clear()
    elif step.what == "purge":
        gone = [key for key in state if key not in there]
        assert it.purge_expired() == len(gone)
    else:
        gone = [key for key in state if step.key <= key < step.other]
        assert it.delete_range(step.key, step.other) == len(set(gone) & set(there))
    for key in gone:
        state.pop(key, None)


def take_change(it: KV[str], step: Step, state: State, now: int) -> None:
    """Set, whatever was there."""
    if step.what == "set":
        it[step.key] = step.value
        state[step.key] = step.value, None
    elif step.what == "set for a while":
        it.set(step.key, step.value, ttl=timedelta(milliseconds=step.ttl))
        state[step.key] = step.value, now + step.ttl
    else:
        it.update({step.key: step.value, step.other: "7"})
        state |= {step.key: (step.value, None), step.other: ("7", None)}


class KVMachine(RuleBasedStateMachine):
    """A kv and a plain dict."""

    @initialize(store=st.sampled_from(sorted(STORES)))
    def create(self, store: str) -> None:
        self.now = 1000
        self.state: State = {}
        self.store: Store = STORES[store]()
        self.kv = kv(self.store, clock=lambda: self.now / 1000)
        self.values: dict[tuple[str, int], str] = {}

    @rule(step=steps)
    def call(self, step: Step) -> None:
        take(self.kv, step, self.state, self.now)

    @rule(program=st.lists(steps, min_size=1, max_size=8), fails=st.booleans())
    def transact(self, program: list[Step], *, fails: bool) -> None:
        def work(tx: Writer) -> State:
            inside, state = self.kv.on(tx), dict(self.state)
            for step in program:
                take(inside, step, state, self.now)
            if fails:
                raise AbortedError
            return state

        if fails:
            with pytest.raises(AbortedError):
                self.store.transact(work)
        else:
            self.state = self.store.transact(work)

    @rule(milliseconds=st.integers(1, 4))
    def wait(self, milliseconds: int) -> None:
        self.now += milliseconds

    @rule()
    def rename(self) -> None:
        if "default" in catalog(self.store).names():
            catalog(self.store).rename("default", "other")
            assert not self.kv
            catalog(self.store).rename("other", "default")

    @invariant()
    def both_agree(self) -> None:
        if hasattr(self, "kv"):
            there = visible(self.state, self.now)
            assert list(self.kv.scan()) == list(there.items())
            assert list(reversed(self.kv)) == list(there)[::-1]

    @invariant()
    def nothing_is_damaged(self) -> None:
        if hasattr(self, "kv"):
            assert self.kv.check() == []
            assert catalog(self.store).check() == []

    @invariant()
    def a_version_is_of_one_value(self) -> None:
        if hasattr(self, "kv"):
            for key in visible(self.state, self.now):
                value, version = self.kv.get_versioned(key)
                assert value is not None
                assert self.values.setdefault((key, version), value) == value


TestKV = KVMachine.TestCase
TestKV.settings = examples(60, steps=25)
