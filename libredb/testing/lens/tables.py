"""L9: tables keep rows of a class, found and changed as plain Python would have it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Annotated, Any
from uuid import UUID

from libredb.lens.errors import (
    ConflictError,
    InvalidValueError,
    SchemaMismatchError,
    UniqueViolationError,
)
from libredb.lens.table.columns import Naive
from libredb.lens.table.opening import table
from libredb.lens.table.recording import descending, missing, not_, one_of, some
from libredb.lens.table.table import Table
from libredb.testing.lens.subject import Subject, everything, expect_exactly
from libredb.testing.lens.world import User, world_of
from libredb.testing.store.subject import Abort, expect, expect_equal, expect_raises


class Color(Enum):
    """Values of a column by their names in a program."""

    RED = "red"
    BLUE = "blue"


@dataclass
class Everything:
    """A column of every type."""

    id: UUID
    text: str
    count: int
    ratio: float
    is_good: bool
    data: bytes
    at: datetime
    clock: Annotated[datetime, Naive]
    day: date
    price: Decimal
    color: Color
    facts: dict[str, Any]
    parts: list[int]
    parent: UUID | None = None
    tags: list[str] = field(default_factory=list[str])


NOW = datetime(2026, 1, 1, 12, 30, 1, 500_001, tzinfo=UTC)
ROWS = [
    Everything(
        UUID(int=0), "", -(2**2039), -1e308, False, b"", datetime(1, 1, 2, tzinfo=UTC),
        datetime(1, 1, 1), date(1, 1, 1), Decimal("-1E+10"), Color.BLUE, {}, [],
    ),
    Everything(
        UUID(int=1), "\0\U0010ffff", 0, -0.0, True, b"\0", NOW,
        datetime(2026, 1, 1), NOW.date(), Decimal("-0.00"), Color.RED, {"a": [None]}, [1],
        UUID(int=0),
    ),
    Everything(
        UUID(int=2**128 - 1), "x" * 300, 2**2039, 1e308, True, b"\xff\0\xff",
        datetime(9999, 1, 1, tzinfo=UTC), datetime(9999, 12, 31), date.max, Decimal("1.50"),
        Color.RED, {"": {}}, [2**70], None, ["a", "a"],
    ),
]  # fmt: skip
ORDERED = ("count", "ratio", "data", "at", "clock", "day", "price")
"""Columns by which these rows are in this order."""


@dataclass(frozen=True, order=True)
class Place:
    """Found by two columns."""

    country: str
    number: int
    name: str = ""


def l09_a_row_of_every_type_comes_back_and_is_found(subject: Subject) -> None:
    """Store the least, the greatest and the odd of each type, and find rows by each of them."""
    things = table(
        subject.store, "things", Everything, index=[*ORDERED, "text", "is_good", "color", "parent"]
    )
    things.insert_many(reversed(ROWS))
    expect_exactly(list(things), ROWS, "the rows in the order of their keys")
    expect_exactly(things.get_many([row.id for row in ROWS]), ROWS, "the rows by their keys")
    for name in ORDERED:
        found = list(things.order_by(name))
        expect_exactly(found, ROWS, f"the rows in the order of {name}")
    for row in ROWS:
        for name in (*ORDERED, "text"):
            found = things.find({name: getattr(row, name)})
            expect_exactly(list(found), [row], f"the row by its {name}")
            expect_equal(found.explain().entries, 1, f"how many entries lead there by {name}")
    expect_exactly(list(things.where(lambda t: t.color == Color.BLUE)), ROWS[:1], "by an Enum")
    expect_exactly(
        list(things.where(lambda t: some(t.parent) == UUID(int=0))), ROWS[1:2], "by UUID"
    )
    expect_exactly(list(things.where(lambda t: missing(t.parent))), [ROWS[0], ROWS[2]], "by None")


def l09_a_key_of_several_columns_is_a_tuple_in_order(subject: Subject) -> None:
    """Read, change and delete by the whole key, and read a range by its beginning."""
    places = table(subject.store, "places", Place, key=("country", "number"))
    rows = [
        Place(c, n) for c in ("", "d", "d\0", "de", "\U0010ffff") for n in (-(2**64), -1, 0, 300)
    ]
    places.insert_many(reversed(rows))
    expect_equal(list(places), rows, "the rows in order")
    expect_equal(list(places.where(lambda p: p.country == "d")), rows[4:8], "those of d")
    found = places.where(lambda p: (p.country == "d") & (p.number >= 0)).order_by(reverse=True)
    expect_equal(list(found), rows[6:8][::-1], "the last ones of d in reverse")
    expect_equal(
        (places.get(("d", 300)), places.get(("d", 301)), ("", -1) in places),
        (rows[7], None, True),
        "by the key",
    )
    places.update(("d", 300), name="new")
    expect_equal(places.delete(("", 0)), True, "what delete returns")
    rows = [Place("d", 300, "new") if row == rows[7] else row for row in rows if row != rows[2]]
    expect_equal(list(places), rows, "the rows afterwards")


def l09_rows_are_found_as_plain_python_finds_them(subject: Subject) -> None:
    """Ask with every operator, in several orders, with indexes and without."""
    users = table(subject.store, "plain", User)
    source = Random(9)
    rows = [
        User(
            f"{number:02}",
            source.choice(["Ada", "Bo", "Bob", ""]),
            source.randrange(5),
            source.choice([None, "x", "y"]),
        )
        for number in range(30)
    ]
    users.insert_many(rows)
    for _ in ("by a pass", "by an index"):
        for name, found, expected in (
            ("==", users.where(lambda u: u.age == 3), [r for r in rows if r.age == 3]),
            ("!=", users.where(lambda u: u.age != 3), [r for r in rows if r.age != 3]),
            ("<", users.where(lambda u: u.age < 2), [r for r in rows if r.age < 2]),
            (
                "& and >=",
                users.where(lambda u: (u.age >= 2) & (u.name == "Bo")),
                [r for r in rows if r.age >= 2 and r.name == "Bo"],
            ),
            (
                "|",
                users.where(lambda u: (u.age == 0) | missing(u.mail)),
                [r for r in rows if r.age == 0 or r.mail is None],
            ),
            (
                "startswith",
                users.where(lambda u: u.name.startswith("Bo")),
                [r for r in rows if r.name.startswith("Bo")],
            ),
            (
                "one_of",
                users.where(lambda u: one_of(u.age, [4, 1, 9])),
                [r for r in rows if r.age in {4, 1, 9}],
            ),
            (
                "not_ and some",
                users.where(lambda u: not_(some(u.mail) > "x")),
                [r for r in rows if r.mail is None or not r.mail > "x"],
            ),
        ):
            expect_equal(sorted(found, key=lambda r: r.id), expected, f"the rows of {name}")
            expect_equal(found.count(), len(expected), f"how many rows {name} has")
            ordered = sorted(expected, key=lambda r: (r.age, r.name, r.id))
            by_age = found.order_by(lambda u: (u.age, u.name))
            expect_equal(list(by_age), ordered, f"the rows of {name} in order")
            expect_equal(list(by_age.offset(1).limit(4)), ordered[1:5], f"a part of {name}")
            mixed = sorted(expected, key=lambda r: (-r.age, r.name, r.id))
            found = found.order_by(lambda u: (descending(u.age), u.name))
            expect_equal(list(found), mixed, f"the rows of {name} in a mixed order")
        users = table(subject.store, "plain", User, index=["age", ("name", "age"), "mail"])


def l09_where_and_order_by_share_one_index(subject: Subject) -> None:
    """Read a few of many in both directions; as many entries are read as are wanted."""
    users = world_of(subject.store).users
    rows = [User(f"{n:03}", f"{n * 37 % 60:02}", n % 3) for n in range(120)]
    users.insert_many(rows)
    meant = [row for row in rows if row.age == 1 and "10" <= row.name < "50"]
    found = users.where(lambda u: (u.age == 1) & (u.name >= "10") & (u.name < "50"))
    for reverse in (False, True):
        meant.sort(key=lambda row: (row.name, row.id), reverse=reverse)
        for limit in (1, 7, len(meant)):
            part = found.order_by("name", reverse=reverse).limit(limit)
            expect_equal(list(part), meant[:limit], f"{reverse=}, {limit=}")
            plan = part.explain()
            told = (plan.index, plan.entries, plan.is_sorted_in_memory)
            expect_equal(told, ("age,name", limit, False), f"how it is found, {reverse=}, {limit=}")


def l09_rows_are_changed_as_those_of_a_dict(subject: Subject) -> None:
    """Take the same steps with a table and a dict."""
    users, plain, source = world_of(subject.store).users, dict[str, User](), Random(7)
    for number in range(60):
        row = User(
            str(source.randrange(6)),
            source.choice("abc"),
            source.randrange(3),
            source.choice([None, "x", "y"]),
        )
        _step(source.randrange(6), users, plain, row, f"step {number}, {row}")
        expect_equal(list(users), [plain[key] for key in sorted(plain)], f"the rows after {number}")
    expect_equal(users.clear(), len(plain), "how many there were")


def _step(which: int, users: Table[User], plain: dict[str, User], row: User, what: str) -> None:
    owner = next((each for each in plain.values() if row.mail and each.mail == row.mail), None)
    is_taken = owner is not None and owner.id != row.id
    if which <= 2 and is_taken:
        expect_raises(UniqueViolationError, lambda: users.upsert(row), what)
    elif which <= 2:
        told = "updated" if row.id in plain else "inserted"
        expect_equal(users.upsert(row), told, what)
        plain[row.id] = row
    elif which == 3:
        expect_equal(users.update(row.id, age=9), row.id in plain, what)
        if row.id in plain:
            plain[row.id] = User(row.id, plain[row.id].name, 9, plain[row.id].mail)
    elif which == 4:
        expect_equal(users.delete(row.id), plain.pop(row.id, None) is not None, what)
    else:
        gone = [key for key, each in plain.items() if each.age == row.age]
        expect_equal(users.delete_where(lambda u: u.age == row.age), len(gone), what)
        for key in gone:
            del plain[key]


def l09_of_two_writers_with_one_version_one_wins(subject: Subject) -> None:
    """Put, update and delete with a version that was read before, and one that is current."""
    users = table(subject.store, "users", User, key="id")
    users.put(User("x", "Ada", 0), if_version=0)
    old = users.get_versioned("x")[1]
    users.update("x", age=1, if_version=old)
    for call in (
        lambda: users.put(User("x", "Bo", 2), if_version=old),
        lambda: users.put(User("x", "Bo", 2), if_version=0),
        lambda: users.update("x", age=2, if_version=old),
        lambda: users.delete("x", if_version=old),
    ):
        expect_raises(ConflictError, call, "a version that was replaced")
    found, version = users.get_versioned("x")
    expect_equal(found, User("x", "Ada", 1), "the row")
    users.delete("x", if_version=version)
    expect_equal(users.get_versioned("x"), (None, 0), "what was deleted")


def l09_what_the_caller_does_later_changes_no_row(subject: Subject) -> None:
    """Change a row that was given, what is inside of it, and one that was read."""
    things = table(
        subject.store, "things", {"id": "bytes", "data": "bytes", "facts": "dict", "parts": "list"}
    )
    given: dict[str, Any] = {"id": b"\0", "data": b"\xff", "facts": {"a": [1]}, "parts": [1, {}]}
    things.insert(given)
    things.insert({**given, "id": b""})
    given["facts"]["a"].append(2)
    given["parts"][1]["x"] = 1
    given["data"] = b"else"
    for row in things:
        row["facts"]["a"].append(3)
        row["parts"].clear()
    kept: dict[str, Any] = {"data": b"\xff", "facts": {"a": [1]}, "parts": [1, {}]}
    expect_exactly(list(things), [{"id": id_, **kept} for id_ in (b"", b"\0")], "the rows")
    for wrong in (bytearray(b"x"), memoryview(b"x")):
        bad: Any = {**given, "id": wrong}
        expect_raises(
            InvalidValueError, lambda bad=bad: things.insert(bad), "memory that may change"
        )


def l09_a_class_that_has_grown_takes_its_table_over(subject: Subject) -> None:
    """Open with a new column, with new indexes, with a migration, and with what does not fit."""
    store = subject.store
    table(store, "t", {"id": "int", "name": "str"}).insert_many(
        [{"id": n, "name": f"first{n} last"} for n in range(5)]
    )
    before = everything(store)
    for columns in ({"id": "int"}, {"id": "int", "name": "bytes"}):
        expect_raises(
            SchemaMismatchError, lambda c=columns: table(store, "t", c), "what does not fit"
        )

    def fails(row: dict[str, Any]) -> dict[str, Any]:
        if row["id"] == 3:
            raise Abort
        return {**row, "name": ""}

    split: dict[str, str] = {"id": "int", "first": "str", "last": "str?"}
    expect_raises(
        Abort, lambda: table(store, "t", split, migrations=[("split", fails)]), "a migration"
    )
    expect_equal(everything(store), before, "what is there after a migration that failed")

    def apart(row: dict[str, Any]) -> dict[str, Any]:
        first, last = row["name"].split()
        return {"id": row["id"], "first": first, "last": last}

    for _ in range(2):
        grown = table(store, "t", split, index=["first"], migrations=[("split", apart)])
        expect_equal(grown.get(3), {"id": 3, "first": "first3", "last": "last"}, "a row")
        expect_equal(grown.find(first="first2").explain().index, "first", "the index that is used")
    grown = table(store, "t", {**split, "more": "int?"}, unique=[("first", "last")])
    expect(
        grown.get(4) == {"id": 4, "first": "first4", "last": "last", "more": None}, "a new column"
    )
    expect_equal(grown.indexes(), ["first", "first,last"], "the indexes")
