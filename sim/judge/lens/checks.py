"""Whether the lenses of a database hold what was meant, asked after every opening.

    1  no lens finds anything wrong: of documents and indexes, of a kv and its deadlines, and of the
       catalog and whatever lies under FE
    2  the catalog has the names that were meant, and no other ones
    3  each document, setting, task and raw key is there, as it was meant, and no other one; of a
       setting also later, when it may be expired
    4  a search gives the same as a look at every document, whatever indexes serve it, in order
    5  no two documents have what a unique index lets only one have, and no two rows
    6  opening a table has nothing to catch up with: what was migrated is, and what was not is not;
       it answers each question as all its rows do

Clause that breaks here: lens. Absent on purpose: where things are kept; 1 sees to that.
"""

import json
from collections.abc import Callable
from typing import Any

from sim.judge.lens.calls import Lenses
from sim.judge.lens.facts import END, PREFIX, RAW, Document
from sim.judge.lens.looks import LOOKS, answer, meant_answer
from sim.judge.lens.meant import Meant, meant_by
from sim.judge.oracle import Violation

Test = Callable[[Document], bool]
KINDS = {
    "notes": "documents",
    "settings": "kv",
    "tasks": "documents",
    "people": "table",
    "orders": "table",
}
LATER = (0, 2, 1000)
"""When the settings are looked at, in seconds from now: a deadline shows when it is over."""


class Reading:
    """A store that is only read: who wants to write in it has something to catch up with."""

    def __init__(self, store: Any) -> None:
        """Read in a transaction."""
        self.read = store.read

    def transact(self, fn: Any) -> Any:
        """Refuse to write."""
        raise Violation("lens", f"a check writes: {fn.__qualname__}")


def check(kernel: Any, store: Any) -> None:
    """Check all that was meant.

    Raises:
        Violation: a lens holds something else, or says that something is wrong.
    """
    meant = meant_by(dict(store.scan(PREFIX, END)))
    lenses = Lenses(kernel, Reading(store), meant)
    for name in ("catalog", "notes", "tasks", "settings"):
        _agree(f"{name}.check()", getattr(lenses, name).check(), [])
    _agree("names", lenses.catalog.names(), sorted(meant.names.values()))
    for role, name in meant.names.items():
        _agree(f"the kind of {name}", lenses.catalog.describe(name)["kind"], KINDS[role])
    _check_documents(lenses, meant)
    _check_rest(lenses, meant)
    if not {"people", "orders"}.isdisjoint(meant.names):
        _check_tables(lenses, meant)


def _check_documents(lenses: Lenses, meant: Meant) -> None:
    notes, documents = lenses.notes, [meant.notes[name] for name in sorted(meant.notes)]
    _agree("indexes", sorted(each.name for each in notes.indexes()), sorted(meant.indexes))
    for document in documents:
        _agree("a document", notes.get(document["id"]), document)
    for wanted, test in QUERIES:
        expected = [each for each in documents if test(each)]
        _agree(f"find({wanted})", list(notes.find(wanted)), expected)
    ordered = sorted((d for d in documents if d.get("level") == "warn"), key=lambda d: d["at"])
    in_order = notes.find({"level": "warn"}, order_by="at")
    _agree("find in order", list(in_order), ordered)
    mails = [each["mail"] for each in documents if each.get("mail") is not None]
    if "mail" in meant.indexes and len(mails) > len({*mails}):
        raise Violation("lens", f"a unique index has two owners: {mails}")


def _check_rest(lenses: Lenses, meant: Meant) -> None:
    settings = meant.visible()
    _agree(
        "settings", dict(lenses.settings.items()), {key: settings[key] for key in sorted(settings)}
    )
    for key in meant.settings:
        _agree(f"settings[{key!r}]", lenses.settings.get(key), settings.get(key))
    tasks = [meant.tasks[str(number)] for number in sorted(map(int, meant.tasks))]
    _agree("tasks", list(lenses.tasks.find()), tasks)
    raw = {RAW + name.encode(): value.encode() for name, value in meant.raw.items()}
    found = dict(lenses.mapping.scan(prefix=RAW))
    _agree("raw keys", sorted(found.items()), sorted(raw.items()))


def _check_tables(lenses: Lenses, meant: Meant) -> None:
    tables = lenses.opened()
    for name in ("people", "orders"):
        _agree(f"{name}.check()", getattr(tables, name).check(), [])
    indexes = meant.index_names() if "people" in meant.names else []
    _agree("the indexes of people", sorted(tables.people.indexes()), indexes)
    for look in LOOKS:
        _agree(look.name, answer(look, tables), meant_answer(look, meant))
    if meant.has_two_owners():
        raise Violation("lens", f"a unique index of people has two owners: {meant.people}")


def _agree(what: str, found: Any, meant: Any) -> None:
    """Compare as text: True is not 1, and an order of keys is one."""
    if _text(found) != _text(meant):
        raise Violation("lens", f"{what}: {found!r}, and meant was {meant!r}")


def _text(value: Any) -> str:
    return json.dumps(value, default=repr)


def _equal(name: str, value: object) -> tuple[dict[str, Any], Test]:
    return {name: value}, lambda each: name in each and each[name] == value


def _tagged(tag: str) -> tuple[dict[str, Any], Test]:
    return {"tags": {"$contains": tag}}, lambda each: tag in each.get("tags", ())


QUERIES: tuple[tuple[dict[str, Any], Test], ...] = (
    ({}, lambda _: True),
    _equal("level", "info"),
    _equal("level", None),
    ({"level": {"$exists": False}}, lambda each: "level" not in each),
    (
        {"level": "warn", "at": {"$gte": 1}},
        lambda each: each.get("level") == "warn" and each["at"] >= 1,
    ),
    ({"level": {"$in": ["info", "warn"]}}, lambda each: each.get("level") in ("info", "warn")),
    _tagged("a"),
    _tagged("b"),
    _tagged("c"),
    _equal("mail", "m0"),
    _equal("mail", "m1"),
    _equal("mail", "m2"),
)
