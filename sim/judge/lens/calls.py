"""The calls of lenses that plans ask for: each done by a lens and on plain dicts, and compared.

What a lens returns, or by which error it refuses, has to be what `Meant` says; a call that is
refused has to leave no trace, because what is meant does not change either. Everything goes through
a `Recorder`, so the oracle knows each key that a lens writes, in the order it does, and judges
later what a crash has left of them. Ids and the clock come from what is meant: a plan gives the
same trace again. Clause that breaks here: lens.
Absent on purpose: who is right. When both differ, the plan is replayed and somebody looks.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sim.judge.lens.documents import document_of
from sim.judge.lens.facts import (
    DOCUMENTS,
    END,
    INDEXES,
    PEOPLE,
    PREFIX,
    RAW,
    ROLES,
    VERSION,
    Facts,
    Refusal,
)
from sim.judge.lens.looks import LOOKS, Opened, answer
from sim.judge.lens.meant import Meant, meant_by
from sim.judge.lens.names import other_name
from sim.judge.lens.rows import number_column
from sim.judge.lens.settings import value_of
from sim.judge.lens.tables import TableCalls, Undone
from sim.judge.oracle import Violation
from sim.judge.recorder import Recorder

FIELDS = (("level", "at"), ("tags",), ("mail",))
OPTIONS: tuple[dict[str, bool], ...] = ({}, {"each": True}, {"unique": True})


class Lenses(TableCalls):
    """The lenses on one store, and each call as these do it."""

    def __init__(self, kernel: Any, store: Any, meant: Meant) -> None:
        """Open all but tables; `meant` says what they are called, and what the time is."""
        names, now = dict(meant.names), meant.now
        self.now = now
        self.version, self.declared = meant.version, dict(meant.declared)
        self.kernel = kernel
        self.store = store
        self.names = {role: names.get(role, role) for role in ROLES}
        self.existing = {*names}
        self.notes = kernel.documents(store, self.names["notes"], new_id=lambda: f"i{now}")
        self.tasks = kernel.documents(store, self.names["tasks"], key=kernel.counter("id"))
        self.settings = self.settings_at(now)
        self.catalog = kernel.catalog(store)
        self.mapping = kernel.mapping(store)

    def settings_at(self, now: int) -> Any:
        """Return the settings at another time."""
        name = self.names["settings"]
        return self.kernel.kv(self.store, name, values="json", clock=lambda: now)

    def do(self, name: str, *numbers: int) -> Any:
        """Do the call of that name; what each of them means is told by the same one of `Meant`."""
        return getattr(self, f"_{name}")(*numbers)

    def opened(self) -> Opened:
        """Open both tables."""
        return Opened(self.kernel, self.people, self.orders, number_column(self.version))

    def on(self, tx: Any) -> "Lenses":
        """Return the same lenses inside a transaction."""
        moved = object.__new__(Lenses)
        moved.__dict__ = {**self.__dict__, "store": tx}
        for name in ("notes", "tasks", "settings", "catalog", "mapping"):
            setattr(moved, name, getattr(self, name).on(tx))
        return moved

    # Documents

    def _put(self, number: int, shape: int) -> Any:
        return self.notes.put({**document_of(shape), "id": f"n{number}"})

    def _put_if(self, number: int, shape: int, stale: int) -> Any:
        _, version = self.notes.get_versioned(f"n{number}")
        document = {"id": f"n{number}", **document_of(shape)}
        return self.notes.put(document, if_version=version + stale)

    def _insert(self, number: int, shape: int) -> Any:
        return self.notes.insert({"id": f"n{number}", **document_of(shape)})

    def _insert_two(self, number: int, other: int, shape: int) -> Any:
        two = ((number, shape), (other, shape // 2))
        return self.notes.insert_many({"id": f"n{n}", **document_of(each)} for n, each in two)

    def _add(self, shape: int) -> Any:
        return self.notes.insert(document_of(shape))

    def _update(self, number: int, kind: int, value: int) -> Any:
        return self.notes.update(f"n{number}", PATCHES[kind](value))

    def _update_all(self, value: int) -> Any:
        return self.notes.update_many({"level": "warn"}, {"at": value})

    def _give_mail(self, value: int) -> Any:
        return self.notes.update_many({"level": "info"}, {"mail": f"m{value}"})

    def _upsert(self, value: int) -> Any:
        return self.notes.upsert({"mail": f"m{value}"}, {"at": 9})

    def _delete(self, number: int) -> Any:
        return self.notes.delete(f"n{number}")

    def _delete_tagged(self, value: int) -> Any:
        return self.notes.delete_where({"tags": {"$contains": "abc"[value]}})

    def _clear(self) -> Any:
        return self.notes.clear()

    def _create_index(self, which: int) -> Any:
        return self.notes.create_index(*FIELDS[which], **OPTIONS[which])

    def _drop_index(self, which: int) -> Any:
        return self.notes.drop_index(",".join(FIELDS[which]))

    # The kv

    def _set(self, key: int, value: int, ttl: int) -> Any:
        lasting = timedelta(seconds=ttl) if ttl else None
        return self.settings.set(f"k{key}", value_of(value), ttl=lasting)

    def _set_two(self, key: int, other: int, value: int) -> Any:
        two = [(f"k{key}", value_of(value)), (f"k{other}", value_of(value + 1))]
        return self.settings.set_many(two)

    def _set_if(self, key: int, value: int, stale: int) -> Any:
        _, version = self.settings.get_versioned(f"k{key}")
        return self.settings.put_if(f"k{key}", value_of(value), version + stale)

    def _set_old(self, key: int, value: int) -> Any:
        _, version = self.settings.get_versioned(f"k{key}")
        if not self.settings.delete(f"k{key}"):
            return None
        self._set(key, value, 0)
        return self.settings.put_if(f"k{key}", "old", version)

    def _incr(self, key: int, by: int) -> Any:
        return self.settings.incr(f"k{key}", by)

    def _forget(self, key: int) -> Any:
        return self.settings.delete(f"k{key}")

    def _forget_range(self, key: int, other: int) -> Any:
        return self.settings.delete_range(f"k{key}", f"k{other}")

    def _purge(self) -> Any:
        return self.settings.purge_expired()

    # Documents whose ids are counted

    def _begin_task(self, shape: int) -> Any:
        return self.tasks.insert(document_of(shape))

    def _end_task(self, number: int) -> Any:
        return self.tasks.delete(number)

    # The catalog

    def _rename(self, role: int) -> Any:
        name = self.names[ROLES[role]]
        return self.catalog.rename(name, other_name(name))

    def _rename_onto(self, role: int, other: int) -> Any:
        if ROLES[other] in self.existing:
            self.catalog.rename(self.names[ROLES[role]], self.names[ROLES[other]])

    def _mistake(self) -> Any:
        if "notes" in self.existing:
            self.kernel.kv(self.store, self.names["notes"]).set("a", "b")

    def _drop(self, role: int) -> Any:
        self.catalog.drop(self.names[ROLES[role]])  # how many keys that were is its own affair

    def _rename_table(self, which: int) -> Any:
        return self._rename(ROLES.index("people") + which)

    def _drop_table(self, which: int) -> Any:
        return self._drop(ROLES.index("people") + which)

    # What is no single lens

    def _look(self, which: int) -> Any:
        return answer(LOOKS[which], self.opened())

    def _undo(self, number: int, shape: int) -> Any:
        def work(tx: Any) -> None:
            inside = self.on(tx)
            inside.do("set", number, shape, 1)
            inside.do("put", number, shape)
            raise Undone

        try:
            self.store.transact(work)
        except (Undone, self.kernel.LensError):
            return

    def _keep(self, number: int, value: int) -> Any:
        self.mapping[RAW + b"r%d" % number] = b"v%d" % value

    def _lose(self, number: int) -> Any:
        return self.mapping.pop(RAW + b"r%d" % number, None) is not None


def call(kernel: Any, tx: Recorder, name: str, numbers: tuple[int, ...]) -> str:
    """Do a call in a transaction, by the lenses and as it is meant; return how it ended, in words.

    Raises:
        Violation: both differ.
    """
    before: Facts = dict(tx.scan(PREFIX, END))
    meant = _later(before)
    lenses = Lenses(kernel, tx, meant)
    wanted = _outcome(lambda: getattr(meant, name)(*numbers), Refusal)
    refusals = (kernel.LensError, kernel.UsageValueError)
    found = _outcome(lambda: lenses.do(name, *numbers), refusals)
    if found != wanted:
        told, meant_to = (f"{how}{what!r}" for how, what in (found, wanted))
        raise Violation("lens", f"{name}{numbers}: {told}, and meant was {meant_to}")
    if wanted[0]:
        meant = _later(before)
    _note(tx, before, meant.facts())
    return f"{wanted[0]}{wanted[1]}" if wanted[0] else "done"


def changes_indexes(view: Facts, written: dict[bytes, bytes | None]) -> bool:
    """Return whether a commit changes documents or rows that have indexes, by what it meant."""
    if any(key.startswith(PEOPLE) for key in written):
        return True
    return any(key.startswith(DOCUMENTS) for key in written) and any(
        key.startswith(INDEXES) for key in view
    )


def migrates(written: dict[bytes, bytes | None]) -> bool:
    """Return whether a commit takes rows to another version of their class, by what it meant."""
    return VERSION in written and any(key.startswith(PEOPLE) for key in written)


def _later(facts: Facts) -> Meant:
    """Return what was meant so far, and one call more."""
    meant = meant_by(facts)
    meant.counts["calls"] = meant.now + 1
    return meant


def _outcome(work: Callable[[], Any], refusals: Any) -> tuple[str, Any]:
    """Return "" and what `work` returns, or the name of the error that it raises."""
    try:
        return "", work()
    except Refusal as refusal:
        return "refused by ", str(refusal)
    except refusals as error:
        return "refused by ", type(error).__name__


def _note(tx: Recorder, before: Facts, after: Facts) -> None:
    """Write the facts that have changed."""
    for key in sorted(before.keys() - after.keys()):
        tx.delete(key)
    for key, value in after.items():
        if before.get(key) != value:
            tx.set(key, value)


def _patch(name: str, path: str, values: tuple[Any, ...]) -> Callable[[int], dict[str, Any]]:
    return lambda value: {name: {path: values[value]}}


PATCHES: tuple[Callable[[int], dict[str, Any]], ...] = (
    _patch("$inc", "at", (0, 1, 2)),
    lambda value: {"level": (None, "info", "warn")[value]},
    _patch("$set", "mail", ("m0", "m1", "m2")),
    lambda _: {"$unset": ["mail"]},
    _patch("$push", "tags", ("a", "b", "c")),
    _patch("$pull", "tags", ("a", "b", "c")),
    _patch("$set", "tags", (["c", "c"], [], "text of b")),
)
