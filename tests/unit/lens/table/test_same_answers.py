"""A search has the same answer with indexes and without, and that of Python on the same rows."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from libredb.lens.table.opening import table
from libredb.lens.table.recording import missing, not_, one_of
from libredb.lens.table.table import Table
from tests.support.case import case
from tests.support.stores import NaiveStore
from tests.unit.lens.table.classes import Color


@dataclass
class Thing:
    shop: str
    number: int
    ratio: float
    at: datetime
    day: date | None
    price: Decimal | None
    color: Color
    name: str | None


Rule = Callable[[Any], Any]
Judge = Callable[[Thing], bool]

START = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[str, list[Any]] = {
    "shop": ["a", "a\0", "ab", "b"],
    "number": [-1, 0, 1, 2**60],
    "ratio": [-0.5, -0.0, 0.0, 1.5, float("inf")],
    "at": [START + timedelta(hours=hours) for hours in range(3)],
    "day": [None, date(2026, 1, 1), date(2026, 1, 2)],
    "price": [None, Decimal("1.0"), Decimal("1.00"), Decimal("-2E+3")],
    "color": list(Color),
    "name": [None, "", "x", "xy"],
}
RANGES = [operator.lt, operator.le, operator.gt, operator.ge]
INDEXES = [("shop", "ratio"), ("price", "day"), "color", ("name", "at"), "ratio"]


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Color) else value


def comparison(random: Random) -> tuple[Rule, Judge]:
    """Return a condition, and what decides it about a row."""
    name = random.choice(list(VALUES))
    given = random.choice(VALUES[name])
    kind = random.choice(["eq", "ne", "range", "one_of", "missing", "prefix"])
    if kind == "range" and given is not None:
        compare = random.choice(RANGES)

        def decide(row: Thing) -> bool:
            value = getattr(row, name)
            return value is not None and compare(plain(value), plain(given))

        return lambda u: compare(u[name], given), decide
    if kind == "one_of":
        some = random.sample(VALUES[name], 2)
        return lambda u: one_of(u[name], some), lambda row: getattr(row, name) in some
    if kind == "missing" and None in VALUES[name]:
        return lambda u: missing(u[name]), lambda row: getattr(row, name) is None
    if kind == "prefix":
        text = random.choice(["", "x", "a"])
        return (
            lambda u: u["name"].startswith(text),
            lambda row: row.name is not None and row.name.startswith(text),
        )
    if kind == "ne":
        return lambda u: u[name] != given, lambda row: getattr(row, name) != given
    return lambda u: u[name] == given, lambda row: getattr(row, name) == given


def condition(random: Random, depth: int = 0) -> tuple[Rule, Judge]:
    """Return comparisons that are joined at random."""
    kind = random.choice(["one", "and", "or", "not"]) if depth < 3 else "one"
    if kind == "one":
        return comparison(random)
    rule, decide = condition(random, depth + 1)
    if kind == "not":
        return lambda u: not_(rule(u)), lambda row: not decide(row)
    other, decide_other = condition(random, depth + 1)
    if kind == "and":
        return lambda u: rule(u) & other(u), lambda row: decide(row) and decide_other(row)
    return lambda u: rule(u) | other(u), lambda row: decide(row) or decide_other(row)


def place(row: Thing, names: list[str]) -> list[Any]:
    """Return what orders rows as Python does, None below everything."""
    values = [plain(getattr(row, name)) for name in [*names, "shop", "number"]]
    return [(value is not None, 0 if value is None else value) for value in values]


def tables_of(rows: list[Thing]) -> list[Table[Thing]]:
    found: list[Table[Thing]] = []
    for indexes in ([], INDEXES):
        things = table(NaiveStore(), "things", Thing, key=("shop", "number"), index=indexes)
        things.insert_many(rows)
        found.append(things)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_indexes_change_no_answer(seed: int) -> None:
    random = Random(seed)
    rows = [
        Thing(shop, number, *(random.choice(VALUES[name]) for name in list(VALUES)[2:]))
        for shop in VALUES["shop"]
        for number in VALUES["number"]
    ]
    random.shuffle(rows)
    tables = tables_of(rows)
    for number in range(60):
        rule, decide = condition(random)
        names = random.sample(list(VALUES), random.randrange(3))
        reverse = random.random() < 0.5
        with case(seed=seed, number=number, names=names, reverse=reverse):
            expected = sorted(
                filter(decide, rows), key=lambda row: place(row, names), reverse=reverse
            )
            for things in tables:
                found = things.where(rule).order_by(*names, reverse=reverse)
                assert list(found) == expected, found.explain()
                assert found.count() == len(expected)
                page = found.limit(3).page()
                assert page.rows == expected[:3]
                if page.next_cursor is not None:
                    assert list(found.after(page.next_cursor)) == expected[3:], found.explain()
