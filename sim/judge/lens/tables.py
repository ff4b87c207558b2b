"""The calls of tables: what an application has of people and orders, and what it asks of a table.

Each call opens the tables that it needs, as code of the version that is meant: so whatever is
declared, migrated or refused at an opening is so at the next call. People are a dataclass, orders
a dict of names and types; the dicts of `rows` are made into both here. What each call means is
told by the method of the same name of `MeantRows`.
Absent on purpose: more than one table object at a time, which would hide what an opening does.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sim.judge.lens.facts import DECLARED, KEPT, Document
from sim.judge.lens.rows import (
    EXTRAS,
    LAST_VERSION,
    NOTES,
    changes_of,
    extra_columns,
    number_column,
    order_of,
    person_of,
)

if TYPE_CHECKING:
    from libredb import Table

ORDERS = {"person": "str", "number": "int", "price": "decimal", "note": "str?", "at": "datetime?"}


class Undone(Exception):  # noqa: N818 - a wish, not an error
    """What a transaction inside raises that wants to leave no trace."""


@dataclass
class Person0:
    """A person, as of version 0."""

    id: str
    name: str
    age: int
    mail: str | None = None


@dataclass
class Person1:
    """A person who need not tell an age, with two columns that older rows do not have."""

    id: str
    name: str
    age: int | None
    mail: str | None = None
    level: str = "new"
    score: float = 0.5


@dataclass
class Person2:
    """A person with a code in place of an age."""

    id: str
    name: str
    code: int
    mail: str | None = None


@dataclass
class Person3(Person2):
    """A person whose visits are counted."""

    visits: int = 0


CLASSES: tuple[type[Any], ...] = (Person0, Person1, Person2, Person3)


def give_codes(row: Document) -> Document | None:
    """Return a person with a code, which is made of an age."""
    if not row["age"]:
        return None
    mail = row["mail"] and row["mail"].lower()
    return {"id": row["id"], "name": row["name"], "code": 2 * row["age"], "mail": mail}


def count_visits(row: Document) -> Document:
    """Return a person with visits, and another code; p4 is somebody whom we know already."""
    row["visits"] = len(row["name"])
    row["code"] += 1
    row["id"] = row["id"].replace("4", "3")
    return row


def spoil(row: Document) -> Document:
    """Return no person at all."""
    return {**row, "id": 5}


MIGRATIONS = (("2026-11 codes", give_codes), ("2026-12 visits", count_visits))


class TableCalls:
    """Tables on one store, and each call as these do it."""

    kernel: Any
    store: Any
    names: dict[str, str]
    existing: set[str]
    version: int
    declared: dict[str, str]
    now: int

    @property
    def people(self) -> "Table[Any]":
        """The table of people, opened as the code of today does."""
        return self._people_of(self.version, MIGRATIONS[: max(0, self.version - 1)])

    @property
    def orders(self) -> "Table[Any]":
        """The table of orders, opened."""
        index = [("note", "price"), ("price", "note")]
        key = ("person", "number")
        return self.kernel.table(self.store, self.names["orders"], ORDERS, key=key, index=index)

    def _people_of(self, version: int, migrations: Any) -> "Table[Any]":
        number = number_column(version)
        wanted = [which for which, how in self.declared.items() if how == DECLARED]
        extras = [extra_columns(which, version) for which in wanted]
        unique: list[Any] = ["mail", *(columns for columns, is_unique in extras if is_unique)]
        index = [(number, "name"), *(columns for columns, is_unique in extras if not is_unique)]
        return self.kernel.table(
            self.store,
            self.names["people"],
            CLASSES[version],
            unique=unique,
            index=index,
            migrations=migrations,
        )

    def _person(self, number: int, shape: int) -> Any:
        return CLASSES[self.version](**person_of(number, shape, self.version))

    # People

    def _hire(self, number: int, shape: int) -> Any:
        return self.people.insert(self._person(number, shape))

    def _hire_two(self, number: int, other: int, shape: int) -> Any:
        two = ((number, shape), (other, shape // 2))
        return self.people.insert_many(self._person(*each) for each in two)

    def _rehire(self, number: int, shape: int) -> Any:
        return self.people.upsert(self._person(number, shape))

    def _change(self, number: int, kind: int, value: int) -> Any:
        changes = changes_of(kind, value, self.version)
        if kind % 2:
            return self.people.update(f"p{number}", **changes)
        return self.people.update(f"p{number}", changes)

    def _change_all(self, value: int) -> Any:
        number = number_column(self.version)
        return self.people.update_where(lambda p: p[number] >= 1, {number: value})

    def _share_mail(self, value: int) -> Any:
        return self.people.update_where(lambda p: p.name == "Ada", mail=f"m{value}")

    def _fire(self, number: int) -> Any:
        return self.people.delete(f"p{number}")

    def _fire_where(self, value: int) -> Any:
        number, missing = number_column(self.version), self.kernel.missing
        return self.people.delete_where(lambda p: missing(p.mail) & (p[number] <= value))

    def _fire_all(self) -> Any:
        return self.people.clear()

    def _misfit(self, number: int, shape: int) -> Any:
        misfit = self._person(number + 1, shape)
        misfit.name = number
        return self.people.insert_many([self._person(number, shape), misfit])

    # Orders

    def _order(self, number: int, nth: int, shape: int) -> Any:
        return self.orders.insert(order_row(order_of(number, nth, shape)))

    def _reorder(self, number: int, nth: int, shape: int) -> Any:
        return self.orders.upsert(order_row(order_of(number, nth, shape)))

    def _remark(self, number: int, nth: int, note: int) -> Any:
        return self.orders.update((f"p{number}", nth), note=NOTES[note])

    def _cancel(self, number: int, nth: int) -> Any:
        return self.orders.delete((f"p{number}", nth))

    def _cancel_where(self, note: int) -> Any:
        return self.orders.delete_where(lambda o: o.note == NOTES[note])

    # Openings

    def _migrate(self, steps: int) -> None:
        self.version = min(self.version + steps, LAST_VERSION)
        assert self.people is not None

    def _migrate_badly(self) -> None:
        done = MIGRATIONS[: max(0, self.version - 1)]
        self._people_of(self.version, [*done, (f"spoiled at {self.now}", spoil)])

    def _open_old(self) -> None:
        if self.version:
            self._people_of(self.version - 1, MIGRATIONS[: max(0, self.version - 2)])

    def _declare(self, which: int) -> None:
        self.declared[EXTRAS[which]] = DECLARED
        assert self.people is not None

    def _undeclare(self, which: int) -> None:
        self.declared.pop(EXTRAS[which], None)
        assert self.people is not None

    def _drop_kept(self, which: int) -> None:
        if self.declared.get(EXTRAS[which], KEPT) == KEPT:
            self.people.drop_index(",".join(extra_columns(EXTRAS[which], self.version)[0]))

    def _mistake_table(self) -> None:
        if "people" in self.existing:
            self.kernel.documents(self.store, self.names["people"]).insert({"id": "p1"})

    def _undo_rows(self, number: int, shape: int) -> None:
        people, orders = self.people, self.orders

        def work(tx: Any) -> None:
            orders.on(tx).upsert(order_row(order_of(number, 0, shape % 40)))
            people.on(tx).upsert(self._person(number, shape))
            found = people.on(tx).join(orders.on(tx), lambda p: p.id, lambda o: o.person)
            assert any(person.id == f"p{number}" for person, _ in found), "it was just written"
            people.on(tx).delete_where(lambda p: p.id >= "p2")
            raise Undone

        try:
            self.store.transact(work)
        except (Undone, self.kernel.LensError):
            return


def order_row(order: Document) -> Document:
    """Return an order as its table takes it."""
    at = None if order["at"] is None else datetime.fromtimestamp(order["at"], UTC)
    return {**order, "price": Decimal(order["price"]), "at": at}
