"""What calls of tables mean: people, whose class changes from version to version, and orders.

    version 0   id, name, age, mail or None
    version 1   age or None; and a level and a score, which have defaults
    version 2   by a migration: a code, made of an age that is not 0; mails in lower case
    version 3   by another one: visits as well; who was p4 is p3

The version is that of the code: it also counts where there is no table yet. An index that is
declared is there from the next opening on; one that is no longer declared stays, and is kept.
Absent on purpose: `Person` and the functions of migrations, which a table is given; see `tables`.
"""

from collections.abc import Callable
from typing import Any

from sim.judge.lens.facts import DECLARED, KEPT, Document, Refusal, State

LAST_VERSION = 3
NAMES = ("Ada", "Bo", "Cy", "Åsa")
NOTES: tuple[str | None, ...] = (None, "Ada", "Bo", "")
_NUMBERS: tuple[int | None, ...] = (0, 1, 2, 36, None)
_MAILS = (None, "m0", "m1", "M1", "m2")
_PRICES = ("0", "1.50", "1.5", "2E+1", "-3")
EXTRAS = ("name", "number")


class MeantRows(State):
    """What tables have to hold."""

    @property
    def version(self) -> int:
        """The version of the class of people."""
        return self.counts.get("version", 0)

    @property
    def number(self) -> str:
        """The column that holds a number, in this version."""
        return number_column(self.version)

    def index_names(self) -> list[str]:
        """Return the names of all indexes of people."""
        extras = [extra_columns(which, self.version)[0] for which in self.declared]
        return sorted(["mail", f"{self.number},name", *map(",".join, extras)])

    # People

    def hire(self, number: int, shape: int) -> None:
        """Insert a row."""
        self.hire_all([(number, shape)])

    def hire_two(self, number: int, other: int, shape: int) -> int:
        """Insert two rows, or none."""
        self.hire_all([(number, shape), (other, shape // 2)])
        return 2

    def hire_all(self, given: list[tuple[int, int]]) -> None:
        """Insert rows that must not be there."""
        self.begin("people")
        for number, shape in given:
            person = person_of(number, shape, self.version)
            if person["id"] in self.people:
                raise Refusal("DuplicateKeyError")
            self.people[person["id"]] = person
        self._check_people()

    def rehire(self, number: int, shape: int) -> str:
        """Write a row, whether it is there or not."""
        self.begin("people")
        person = person_of(number, shape, self.version)
        how = "updated" if person["id"] in self.people else "inserted"
        self.people[person["id"]] = person
        self._check_people()
        return how

    def change(self, number: int, kind: int, value: int) -> bool:
        """Set columns of a row, but never its key."""
        changes = changes_of(kind, value, self.version)
        if changes.get("id", f"p{number}") != f"p{number}":
            raise Refusal("UsageValueError")
        person = self.people.get(f"p{number}")
        if person is not None:
            person.update(changes)
            self._check_people()
        return person is not None

    def change_all(self, value: int) -> int:
        """Set the number of all that have a large one."""
        return self._set_where(lambda person: (person[self.number] or 0) >= 1, self.number, value)

    def share_mail(self, value: int) -> int:
        """Set the unique column of all that have a name, which is one too many of two."""
        return self._set_where(lambda person: person["name"] == "Ada", "mail", f"m{value}")

    def fire(self, number: int) -> bool:
        """Delete a row."""
        return self.people.pop(f"p{number}", None) is not None

    def fire_where(self, value: int) -> int:
        """Delete the rows without a mail, and with a number that is not large."""

        def is_meant(person: Document) -> bool:
            number = person[self.number]
            return person["mail"] is None and number is not None and number <= value

        return _delete(self.people, is_meant)

    def fire_all(self) -> int:
        """Delete all rows."""
        return _delete(self.people, lambda _: True)

    def misfit(self, number: int, shape: int) -> None:
        """Insert a row, and one with a value that does not belong in its column."""
        del number, shape
        raise Refusal("InvalidValueError")

    # Orders, which are found by a person and a number

    def order(self, number: int, nth: int, shape: int) -> None:
        """Insert a row."""
        self.begin("orders")
        if f"p{number} {nth}" in self.orders:
            raise Refusal("DuplicateKeyError")
        self.orders[f"p{number} {nth}"] = order_of(number, nth, shape)

    def reorder(self, number: int, nth: int, shape: int) -> str:
        """Write a row, whether it is there or not."""
        self.begin("orders")
        how = "updated" if f"p{number} {nth}" in self.orders else "inserted"
        self.orders[f"p{number} {nth}"] = order_of(number, nth, shape)
        return how

    def remark(self, number: int, nth: int, note: int) -> bool:
        """Set a column of a row."""
        order = self.orders.get(f"p{number} {nth}")
        if order is not None:
            order["note"] = NOTES[note]
        return order is not None

    def cancel(self, number: int, nth: int) -> bool:
        """Delete a row."""
        return self.orders.pop(f"p{number} {nth}", None) is not None

    def cancel_where(self, note: int) -> int:
        """Delete the rows with a note."""
        return _delete(self.orders, lambda order: order["note"] == NOTES[note])

    # Openings

    def migrate(self, steps: int) -> None:
        """Go on to a later version, in one opening."""
        first, last = self.version, min(self.version + steps, LAST_VERSION)
        self.counts["version"] = last
        if "people" not in self.names:
            return
        for version in range(first, last):
            migrated = [_STEPS[version](person) for person in self.people.values()]
            left = [person for person in migrated if person is not None]
            self.people = {person["id"]: person for person in left}
            if len(self.people) < len(left):
                raise Refusal("DuplicateKeyError")
        if first < 2 <= last and self.declared.get("number") == KEPT:
            del self.declared["number"]  # it was of a column that is gone
        self._check_people()

    def migrate_badly(self) -> None:
        """Open with a migration that makes of a row what is none."""
        if self.people:
            raise Refusal("InvalidValueError")

    def open_old(self) -> None:
        """Open as code does that has not heard of the last version."""
        if self.version and "people" in self.names:
            raise Refusal("SchemaMismatchError")

    def declare(self, which: int) -> None:
        """Open with one more index, which may meet two owners."""
        self.declared[EXTRAS[which]] = DECLARED
        self._check_people()

    def undeclare(self, which: int) -> None:
        """Open without an index: where there is a table, the index stays."""
        if "people" in self.names and EXTRAS[which] in self.declared:
            self.declared[EXTRAS[which]] = KEPT
        else:
            self.declared.pop(EXTRAS[which], None)

    def drop_kept(self, which: int) -> None:
        """Delete an index that is no longer declared."""
        if EXTRAS[which] not in self.declared:
            raise Refusal("MissingKeyError")
        if self.declared[EXTRAS[which]] == KEPT:
            del self.declared[EXTRAS[which]]

    def mistake_table(self) -> None:
        """Write to a table as if it were documents."""
        if "people" in self.names:
            raise Refusal("NamespaceKindError")

    def undo_rows(self, number: int, shape: int) -> None:
        """Write to two tables and join them, and wish that it had not happened."""

    def _set_where(self, test: Callable[[Document], bool], name: str, value: object) -> int:
        found = [person for person in self.people.values() if test(person)]
        for person in found:
            person[name] = value
        self._check_people()
        return len(found)

    def has_two_owners(self) -> bool:
        """Return whether two people have what only one may have."""
        people = self.people.values()
        claims = [("mail", person["mail"]) for person in people if person["mail"] is not None]
        if "number" in self.declared:
            pairs = [(person["name"], person[self.number]) for person in people]
            claims += [pair for pair in pairs if pair[1] is not None]
        return len(claims) > len({*claims})

    def _check_people(self) -> None:
        """Refuse what a call leaves behind if two people have what only one may have."""
        if self.has_two_owners():
            raise Refusal("UniqueViolationError")


def number_column(version: int) -> str:
    """Return the name of the column that holds a number."""
    return "age" if version < 2 else "code"


def extra_columns(which: str, version: int) -> tuple[tuple[str, ...], bool]:
    """Return the columns of an index that is not always declared, and whether it is unique."""
    return (("name",), False) if which == "name" else (("name", number_column(version)), True)


def person_of(number: int, shape: int, version: int) -> Document:
    """Return a person of one of 200 shapes, as of a version."""
    shape, name = divmod(shape, len(NAMES))
    shape, age = divmod(shape, len(_NUMBERS))
    rest, mail = divmod(shape, len(_MAILS))
    years = _NUMBERS[age]
    if years is None and version != 1:
        years = 7
    person: Document = {"id": f"p{number}", "name": NAMES[name], number_column(version): years}
    person["mail"] = _MAILS[mail]
    if version == 1:
        person |= {"level": ("new", "old")[rest], "score": rest + 0.5}
    if version == LAST_VERSION:
        person["visits"] = rest
    return person


def changes_of(kind: int, value: int, version: int) -> Document:
    """Return which columns an update sets."""
    number = number_column(version)
    return (
        {"name": NAMES[value]},
        {number: value},
        {"mail": _MAILS[value]},
        {"name": NAMES[value], number: 1},
        {"id": f"p{value}", "mail": None},
    )[kind]


def order_of(number: int, nth: int, shape: int) -> Document:
    """Return an order of one of 40 shapes."""
    shape, note = divmod(shape, len(NOTES))
    late, price = divmod(shape, len(_PRICES))
    found = {"person": f"p{number}", "number": nth, "price": _PRICES[price], "note": NOTES[note]}
    return {**found, "at": 1_800_000_000 + nth if late else None}


def _delete(rows: dict[str, Any], test: Callable[[Document], bool]) -> int:
    found = [name for name, row in rows.items() if test(row)]
    for name in found:
        del rows[name]
    return len(found)


# What a row is in the next version, or None


def _with_defaults(person: Document) -> Document | None:
    return {**person, "level": "new", "score": 0.5}


def _with_code(person: Document) -> Document | None:
    if person["age"] in (0, None):
        return None
    mail = person["mail"]
    changed = {"code": person["age"] * 2, "mail": None if mail is None else mail.lower()}
    return {"id": person["id"], "name": person["name"], **changed}


def _with_visits(person: Document) -> Document | None:
    merged = "p3" if person["id"] == "p4" else person["id"]
    return {**person, "id": merged, "code": person["code"] + 1, "visits": len(person["name"])}


_STEPS = (_with_defaults, _with_code, _with_visits)
