"""A table is a list of rows, whichever indexes it has and whatever is done to it.

A machine drives a table and a plain dict of rows, on a database, a naive store, or one that runs
each function twice: rows are inserted one by one and many at once, replaced, changed and deleted by
key and by condition, in transactions that may abort and have others inside of them, and the table
is opened again with fewer and more indexes. After each step both have the same rows, by every
condition, in every order, page by page, and in groups, and indexes and rows agree.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import libredb
from libredb import DuplicateKeyError, LensError, Store, Table, UniqueViolationError, Writer
from libredb.lens.catalog import catalog
from tests.property.profile import examples
from tests.support.case import case
from tests.support.stores import NaiveStore, RerunningStore


@dataclass(frozen=True)
class Task:
    """A row; each task has a place in a list of its own, or none."""

    id: str
    state: str
    weight: int
    place: int | None = None


Model = dict[str, Task]
STORES: dict[str, Callable[[], Any]] = {
    "database": libredb.open,
    "naive": NaiveStore,
    "rerunning": RerunningStore,
}
IDS = ("", "a", "a\0", "b", "B", "\U0001f600")
STATES = ("", "new", "next", "\uffff")
INDEXES: tuple[list[Any], ...] = (
    [("state", "weight")],
    [("state", "weight"), "weight"],
    [("weight", "place", "state")],
    [],
)

ids = st.sampled_from(IDS)
states = st.sampled_from(STATES)
weights = st.sampled_from([-1, 0, 1, 2, 2**64])
places = st.sampled_from([None, None, 1, 2, 3, 4])
rows = st.builds(Task, ids, states, weights, places)


class Step(NamedTuple):
    """One call, with everything it could need."""

    what: str
    rows: list[Task]
    changes: dict[str, Any]


changes = st.fixed_dictionaries({}, optional={"state": states, "weight": weights, "place": places})
steps = st.builds(
    Step,
    st.sampled_from(
        [
            *(
                "insert_many",
                "insert_many",
                "insert",
                "upsert",
                "upsert",
                "put",
                "update",
                "update",
            ),
            *("update_where", "delete", "delete_where", "clear"),
        ]
    ),
    st.lists(rows, min_size=1, max_size=4),
    changes,
)


class AbortedError(Exception):
    """Raised inside a transaction so that it leaves no trace."""


# What a table does, and what it does to a dict


def take(tasks: Table[Task], step: Step, model: Model) -> Model:
    """Take a step with a table and a dict; both refuse it, or return the same. Return the dict."""
    returned, after = expected(step, model)
    with case(step=step, model=model):
        if isinstance(returned, type):
            assert issubclass(returned, LensError)
            with pytest.raises(returned):
                call(tasks, step)
        else:
            assert call(tasks, step) == returned
    return after


def call(tasks: Table[Task], step: Step) -> object:
    row = step.rows[0]
    calls: dict[str, Callable[[], object]] = {
        "insert_many": lambda: tasks.insert_many(step.rows),
        "insert": lambda: tasks.insert(row),
        "upsert": lambda: tasks.upsert(row),
        "put": lambda: tasks.put(row),
        "update": lambda: tasks.update(row.id, step.changes),
        "update_where": lambda: tasks.update_where(lambda t: t.state == row.state, step.changes),
        "delete": lambda: tasks.delete(row.id),
        "delete_where": lambda: tasks.delete_where(lambda t: t.weight >= row.weight),
        "clear": tasks.clear,
    }
    return calls[step.what]()


def expected(step: Step, model: Model) -> tuple[object, Model]:
    """Return what a call returns, or which error it raises, and the rows afterwards."""
    row = step.rows[0]
    if step.what in {"insert", "insert_many"}:
        given = step.rows if step.what == "insert_many" else [row]
        if len({each.id for each in given} | set(model)) < len(given) + len(model):
            return DuplicateKeyError, model
        returned = len(given) if step.what == "insert_many" else None
        return judged(returned, model, {each.id: each for each in given})
    if step.what in {"upsert", "put"}:
        told = "updated" if row.id in model else "inserted"
        return judged(told if step.what == "upsert" else None, model, {row.id: row})
    is_chosen: dict[str, Callable[[Task], bool]] = {
        "update": lambda each: each.id == row.id,
        "update_where": lambda each: each.state == row.state,
        "delete": lambda each: each.id == row.id,
        "delete_where": lambda each: each.weight >= row.weight,
        "clear": lambda _: True,
    }
    found = {key: each for key, each in model.items() if is_chosen[step.what](each)}
    count: int | bool = bool(found) if step.what in {"update", "delete"} else len(found)
    if step.what.startswith("update"):
        return judged(
            count, model, {key: replace(each, **step.changes) for key, each in found.items()}
        )
    return count, {key: each for key, each in model.items() if key not in found}


def judged(returned: object, model: Model, new: Model) -> tuple[object, Model]:
    """Return the rows with new ones, unless two of them had one place then."""
    after = {**model, **new}
    taken = [each.place for each in after.values() if each.place is not None]
    return (returned, after) if len(set(taken)) == len(taken) else (UniqueViolationError, model)


# What is asked of both


def searches(tasks: Table[Task], row: Task) -> Iterator[tuple[str, Any, Callable[[Task], bool]]]:
    """Yield conditions of every kind, as a selection and as a function of a row."""
    state, weight, place = row.state, row.weight, row.place
    yield "all", tasks.all(), lambda _: True
    yield "state ==", tasks.where(lambda t: t.state == state), lambda t: t.state == state
    yield "weight >", tasks.where(lambda t: t.weight > weight), lambda t: t.weight > weight
    yield "place", tasks.find(place=place), lambda t: t.place == place
    yield (
        "state and weight",
        tasks.where(lambda t: (t.state == state) & (t.weight <= weight)),
        lambda t: t.state == state and t.weight <= weight,
    )
    yield (
        "prefix or id",
        tasks.where(lambda t: t.state.startswith("ne") | (t.id == row.id)),
        lambda t: t.state.startswith("ne") or t.id == row.id,
    )
    yield (
        "one of, not missing",
        tasks.where(
            lambda t: libredb.one_of(t.weight, [0, weight]) & libredb.not_(libredb.missing(t.place))
        ),
        lambda t: t.weight in {0, weight} and t.place is not None,
    )


def placed(task: Task) -> tuple[int, int]:
    """Return a key in whose order None comes first."""
    return (0, 0) if task.place is None else (1, task.place)


def state_and_weight(task: Task) -> tuple[str, int]:
    """Return what rows are grouped by."""
    return task.state, task.weight


ORDERS: tuple[tuple[tuple[Any, ...], Callable[[Task], Any]], ...] = (
    ((), lambda t: t.id),
    (("weight",), lambda t: (t.weight, t.id)),
    (("state", "weight"), lambda t: (t.state, t.weight, t.id)),
    (("place", "state"), lambda t: (placed(t), t.state, t.id)),
)


def compare(tasks: Table[Task], model: Model, row: Task, turn: int) -> None:
    """Expect of a table what plain Python makes of the rows."""
    columns, key = ORDERS[turn % len(ORDERS)]
    reverse = turn % 3 == 0
    for name, selection, is_true in searches(tasks, row):
        with case(name=name, row=row, columns=columns, reverse=reverse):
            meant = sorted(filter(is_true, model.values()), key=key, reverse=reverse)
            ordered = selection.order_by(*columns, reverse=reverse)
            assert list(ordered) == meant
            assert list(ordered.offset(turn % 2).limit(2)) == meant[turn % 2 :][:2]
            assert selection.count() == len(meant)
            assert paged(ordered, size=1 + turn % 3) == meant
            counts = selection.group_by(state_and_weight).count()
            assert counts == Counter(map(state_and_weight, meant))
    assert list(tasks) == sorted(model.values(), key=lambda t: t.id)
    assert tasks.get_many(IDS) == [model.get(key) for key in IDS]


def paged(selection: Any, size: int) -> list[Task]:
    found: list[Task] = []
    after: str | None = None
    while True:
        page = selection.limit(size).after(after).page()
        assert len(page.rows) <= size
        found += page.rows
        assert len(found) <= len(IDS), "a cursor that does not go on would do so for ever"
        after = page.next_cursor
        if after is None:
            return found


class TableMachine(RuleBasedStateMachine):
    """A table, and a dict of rows."""

    @initialize(kind=st.sampled_from(sorted(STORES)), given=st.lists(rows, max_size=6))
    def create(self, kind: str, given: list[Task]) -> None:
        self.store: Store = STORES[kind]()
        self.model: Model = {}
        self.row = Task("a", "new", 1, 1)
        self.turn = 0
        self.open_again(INDEXES[0])
        for row in given:
            self.model = take(self.tasks, Step("upsert", [row], {}), self.model)

    @rule(index=st.sampled_from(INDEXES))
    def open_again(self, index: list[Any]) -> None:
        self.tasks = libredb.table(self.store, "tasks", Task, unique=["place"], index=index)
        if self.model:
            assert len(self.tasks.indexes()) > len(index), "the unique one is there as well"

    @rule()
    def drop_an_index(self) -> None:
        names = [name for name in self.tasks.indexes() if name != "place"]
        if names:
            libredb.table(self.store, "tasks", Task, unique=["place"]).drop_index(names[-1])
            self.open_again([])

    @rule(step=steps)
    def call(self, step: Step) -> None:
        self.model = take(self.tasks, step, self.model)
        self.row = step.rows[0]

    @rule(
        program=st.lists(st.tuples(steps, st.sampled_from(["", "inner", "aborted"])), max_size=5),
        fails=st.booleans(),
    )
    def transact(self, program: list[tuple[Step, str]], *, fails: bool) -> None:
        def work(tx: Writer) -> Model:
            inside, model = self.tasks.on(tx), self.model
            for step, how in program:
                if how == "":
                    model = take(inside, step, model)
                else:
                    model = self.nested(tx, step, model, is_aborted=how == "aborted")
            compare(inside, model, self.row, self.turn)
            if fails:
                raise AbortedError
            return model

        if fails:
            with pytest.raises(AbortedError):
                self.store.transact(work)
        else:
            self.model = self.store.transact(work)

    def nested(self, tx: Writer, step: Step, model: Model, *, is_aborted: bool) -> Model:
        def work(inner: Writer) -> Model:
            after = take(self.tasks.on(inner), step, model)
            if is_aborted:
                raise AbortedError
            return after

        if not is_aborted:
            return tx.transact(work)
        with pytest.raises(AbortedError):
            tx.transact(work)
        return model

    @rule(row=rows)
    def change_in_a_loop(self, row: Task) -> None:
        """Change and delete what a loop goes over; it shows what was there, and none twice."""

        def work(tx: Writer) -> tuple[list[str], Model]:
            inside, model, seen = self.tasks.on(tx), self.model, list[str]()
            for task in inside.where(lambda t: t.weight >= 0).order_by("weight"):
                seen.append(task.id)
                what = "delete" if task.state == row.state else "update"
                model = take(inside, Step(what, [task], {"weight": task.weight + 1}), model)
            return seen, model

        meant = sorted(
            (each for each in self.model.values() if each.weight >= 0),
            key=lambda t: (t.weight, t.id),
        )
        seen, self.model = self.store.transact(work)
        assert seen == [each.id for each in meant]

    @invariant()
    def both_agree(self) -> None:
        if hasattr(self, "tasks"):
            self.turn += 1
            compare(self.tasks, self.model, self.row, self.turn)

    @invariant()
    def nothing_is_damaged(self) -> None:
        if hasattr(self, "tasks"):
            assert self.tasks.check() == []
            assert catalog(self.store).check() == []


TestTable = TableMachine.TestCase
TestTable.settings = examples(24, steps=15)
