"""What is asked of tables: each question answered by a table, and by a look at every row.

A plan asks them while it runs, and a check asks them all after every opening. An answer is text:
True is not 1 there, 1.5 is not 1.50, and an order of rows is one. People have None as a name of
nobody, and a number that not everybody has; None is below everything, and equal to nothing where
tables are joined. Absent on purpose: how a table finds its answer, which an index may help it to.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from sim.judge.lens.facts import Document
from sim.judge.lens.rows import MeantRows
from sim.judge.lens.tables import order_row

if TYPE_CHECKING:
    from libredb import Table

Rows = list[Document]


class Opened(NamedTuple):
    """Who is asked: both tables, and the name of the column of people that holds a number."""

    kernel: Any
    people: "Table[Any]"
    orders: "Table[Any]"
    number: str


class Read(NamedTuple):
    """All rows, in the order of their keys, and the same name."""

    people: Rows
    orders: Rows
    number: str


class Look(NamedTuple):
    """A question: what it is called, and how both answer it."""

    name: str
    of_tables: Callable[[Opened], Iterable[Any]]
    of_rows: Callable[[Read], Iterable[Any]]


def answer(look: Look, tables: Opened) -> str:
    """Return what tables answer, as text."""
    return _text([_plain(each) for each in look.of_tables(tables)])


def meant_answer(look: Look, meant: MeantRows) -> str:
    """Return the answer that is meant, as text."""
    people = [meant.people[key] for key in sorted(meant.people)]
    orders = sorted(meant.orders.values(), key=lambda order: (order["person"], order["number"]))
    return _text(list(look.of_rows(Read(people, list(map(order_row, orders)), meant.number))))


def _plain(found: object) -> Any:
    """Return a row as a dict, whatever class it has, and so in a pair."""
    if isinstance(found, tuple):
        return [_plain(each) for each in cast("tuple[Any, ...]", found)]
    return vars(found) if is_dataclass(found) else found


def _text(value: Any) -> str:
    return json.dumps(value, default=repr, sort_keys=True)


# What a table answers


def _all_rows(on: Opened) -> Iterable[Any]:
    return [*on.people, *on.orders]


def _largest(on: Opened) -> Iterable[Any]:
    number = on.number
    found = on.people.where(lambda p: p[number] >= 1)
    return found.order_by(lambda p: (p[number], p.name), reverse=True).limit(3)


def _without_mail(on: Opened) -> Iterable[Any]:
    return on.people.where(lambda p: on.kernel.missing(p.mail) | p.name.startswith("A"))


def _not_two(on: Opened) -> Iterable[Any]:
    kernel, number = on.kernel, on.number
    return on.people.where(
        lambda p: kernel.not_(p[number] == 2) & kernel.one_of(p.name, ["Bo", "Cy", "nobody"])
    ).select(number, "id")


def _of_a_mail(on: Opened) -> Iterable[Any]:
    return [on.people.find(mail=f"m{number}").first() for number in range(3)]


def _by_key(on: Opened) -> Iterable[Any]:
    keys = ["p1", "p9", "p0"]
    order = on.orders.get(("p1", 1))
    return [*on.people.get_many(keys), "p2" in on.people, len(on.people), order]


def _in_pages(on: Opened) -> Iterable[Any]:
    number, found, cursor = on.number, list[Any](), None
    ordered = on.people.order_by(lambda p: (p[number], p.name)).limit(2)
    while True:
        page = ordered.after(cursor).page()
        found += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return found


def _by_name(on: Opened) -> Iterable[Any]:
    return on.people.group_by(lambda p: p.name).count().items()


def _numbers_by_name(on: Opened) -> Iterable[Any]:
    groups = on.people.where(lambda p: p.name >= "B").group_by("name")
    return [*groups.sum(on.number).items(), *groups.max(on.number).items()]


def _with_orders(on: Opened) -> Iterable[Any]:
    return on.people.join(on.orders, lambda p: p.id, lambda o: o.person)


def _noted_or_not(on: Opened) -> Iterable[Any]:
    number = on.number
    found = on.people.where(lambda p: p[number] >= 0)
    return found.left_join(on.orders, lambda p: p.name, lambda o: o.note)


def _who_ordered(on: Opened) -> Iterable[Any]:
    dear = on.orders.where(lambda o: o.price >= Decimal("1.5"))
    return dear.join(on.people, lambda o: o.person, lambda p: p.id)


def _by_note(on: Opened) -> Iterable[Any]:
    found = on.orders.where(lambda o: (o.note == "Ada") & (o.price == Decimal("1.5")))
    without_text = on.orders.where(lambda o: o.note == "").count()
    return [*found, *on.orders.order_by("price", "note"), without_text]


def _prices(on: Opened) -> Iterable[Any]:
    late = on.orders.where(lambda o: on.kernel.not_(on.kernel.missing(o.at)))
    return [*on.orders.group_by("person").sum("price").items(), *late.group_by("note").min("price")]


# The same, of all rows


def _low(value: Any) -> tuple[bool, Any]:
    """Return what puts None below everything."""
    return (True, value) if value is not None else (False, 0)


def _all_rows_of(rows: Read) -> Iterable[Any]:
    return [*rows.people, *rows.orders]


def _largest_of(rows: Read) -> Iterable[Any]:
    found = [p for p in rows.people if p[rows.number] is not None and p[rows.number] >= 1]
    return sorted(found, key=lambda p: (p[rows.number], p["name"], p["id"]), reverse=True)[:3]


def _without_mail_of(rows: Read) -> Iterable[Any]:
    return [p for p in rows.people if p["mail"] is None or p["name"].startswith("A")]


def _with_orders_of(rows: Read) -> Iterable[Any]:
    people, orders = rows.people, rows.orders
    return [[p, o] for p in people for o in orders if o["person"] == p["id"]]


def _not_two_of(rows: Read) -> Iterable[Any]:
    found = [p for p in rows.people if p["name"] in ("Bo", "Cy")]
    return [[p[rows.number], p["id"]] for p in found if p[rows.number] != 2]


def _of_a_mail_of(rows: Read) -> Iterable[Any]:
    owners = {p["mail"]: p for p in rows.people}
    return [owners.get(f"m{number}") for number in range(3)]


def _by_key_of(rows: Read) -> Iterable[Any]:
    known = {p["id"]: p for p in rows.people}
    order = [o for o in rows.orders if (o["person"], o["number"]) == ("p1", 1)]
    keys = [known.get(key) for key in ("p1", "p9", "p0")]
    return [*keys, "p2" in known, len(known), order[0] if order else None]


def _in_pages_of(rows: Read) -> Iterable[Any]:
    return sorted(rows.people, key=lambda p: (_low(p[rows.number]), p["name"], p["id"]))


def _by_name_of(rows: Read) -> Iterable[Any]:
    names = [p["name"] for p in rows.people]
    return [[name, names.count(name)] for name in sorted({*names})]


def _numbers_by_name_of(rows: Read) -> Iterable[Any]:
    groups: dict[str, list[int]] = {}
    for person in rows.people:
        if person["name"] >= "B":
            numbers = groups.setdefault(person["name"], [])
            numbers += [person[rows.number]] if person[rows.number] is not None else []
    names = sorted(groups)
    sums = [[name, sum(groups[name])] for name in names]
    return [*sums, *([name, max(groups[name], default=None)] for name in names)]


def _noted_or_not_of(rows: Read) -> Iterable[Any]:
    found: list[Any] = []
    for person in (p for p in rows.people if p[rows.number] is not None):
        noted = [[person, o] for o in rows.orders if o["note"] == person["name"]]
        found += noted or [[person, None]]
    return found


def _who_ordered_of(rows: Read) -> Iterable[Any]:
    dear = [o for o in rows.orders if o["price"] >= Decimal("1.5")]
    return [[o, p] for o in dear for p in rows.people if p["id"] == o["person"]]


def _by_note_of(rows: Read) -> Iterable[Any]:
    found = [o for o in rows.orders if o["note"] == "Ada" and o["price"] == Decimal("1.5")]
    ordered = sorted(rows.orders, key=lambda o: (o["price"], _low(o["note"])))
    return [*found, *ordered, sum(o["note"] == "" for o in rows.orders)]


def _prices_of(rows: Read) -> Iterable[Any]:
    who = sorted({o["person"] for o in rows.orders})
    sums = [[name, sum(o["price"] for o in rows.orders if o["person"] == name)] for name in who]
    notes = {o["note"] for o in rows.orders if o["at"] is not None}
    return [*sums, *sorted(notes, key=_low)]


LOOKS: tuple[Look, ...] = (
    Look("all rows", _all_rows, _all_rows_of),
    Look("the largest", _largest, _largest_of),
    Look("without a mail", _without_mail, _without_mail_of),
    Look("not two", _not_two, _not_two_of),
    Look("of a mail", _of_a_mail, _of_a_mail_of),
    Look("by key", _by_key, _by_key_of),
    Look("in pages", _in_pages, _in_pages_of),
    Look("by name", _by_name, _by_name_of),
    Look("numbers by name", _numbers_by_name, _numbers_by_name_of),
    Look("with orders", _with_orders, _with_orders_of),
    Look("noted, and not", _noted_or_not, _noted_or_not_of),
    Look("who ordered", _who_ordered, _who_ordered_of),
    Look("by note", _by_note, _by_note_of),
    Look("prices", _prices, _prices_of),
)
