"""Claim: any value comes back from tagged JSON, and a column reads plain scalars too."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from libredb import InvalidValueError
from libredb.interop import from_tagged, row_from_json, row_to_json, to_tagged

NOON = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
KEY = UUID("12345678-1234-5678-1234-567812345678")


def random_value(generator: random.Random, depth: int = 0) -> Any:
    scalars = [
        *(None, True, generator.randrange(-(2**70), 2**70), generator.random(), "text", ""),
        *(float("-inf"), b"\0\xff", date(1, 1, 1), Decimal("1.50"), KEY),
        NOON + timedelta(microseconds=generator.randrange(10**12)),
    ]
    choice = generator.randrange(len(scalars) + (3 if depth < 3 else 0))
    if choice < len(scalars):
        return scalars[choice]
    if choice == len(scalars):
        return [random_value(generator, depth + 1) for _ in range(generator.randrange(3))]
    names = ["$date", "$object", "$int", "a"] if choice == len(scalars) + 1 else ["a", "$b", "c"]
    count = generator.randrange(3)
    return {name: random_value(generator, depth + 1) for name in generator.sample(names, count)}


def test_every_value_comes_back_through_json() -> None:
    generator = random.Random(26)
    for number in range(3000):
        value = random_value(generator)
        text = json.dumps(to_tagged(value), allow_nan=False)
        back = from_tagged(json.loads(text))
        assert (back, repr(back)) == (value, repr(value)), (number, text)


def test_numbers_that_other_programs_would_change_are_text() -> None:
    assert to_tagged(2**53 - 1) == 2**53 - 1
    assert to_tagged(-(2**53)) == {"$int": "-9007199254740992"}
    assert to_tagged(float("inf")) == {"$float": "inf"}


@pytest.mark.parametrize(
    ("type_name", "given", "value"),
    [
        ("datetime", "2026-11-01T12:30:00+00:00", NOON),
        ("datetime?", "2026-11-01T12:30:00Z", NOON),
        ("datetime", 1793536200000000, NOON),
        ("datetime", {"$datetime": 1793536200000000}, NOON),
        ("datetime", {"$datetime": "2026-11-01T13:30:00+01:00"}, NOON),
        ("naive_datetime", "2026-11-01T12:30:00", NOON.replace(tzinfo=None)),
        ("naive_datetime", {"$datetime": 1793536200000000}, NOON.replace(tzinfo=None)),
        ("date", "2026-11-01", date(2026, 11, 1)),
        ("decimal", "1.50", Decimal("1.50")),
        ("decimal", 1.1, Decimal("1.1")),
        ("decimal", 2, Decimal(2)),
        ("bytes", "AP8=", b"\0\xff"),
        ("uuid", str(KEY), KEY),
        ("float", "inf", float("inf")),
        ("float", 1, 1),
        ("int", {"$int": "9007199254740993"}, 9007199254740993),
        ("str", "2026-11-01", "2026-11-01"),
        ("any", {"$date": "2026-11-01"}, date(2026, 11, 1)),
        ("dict", {"$date": 1}, {"$date": 1}),
        ("list?", [{"$x": 1}], [{"$x": 1}]),
        ("date?", None, None),
    ],
)
def test_a_column_reads_scalars_by_its_type(type_name: str, given: Any, value: Any) -> None:
    assert row_from_json({"c": type_name}, {"c": given}) == {"c": value}


def test_a_row_comes_back_and_what_has_no_column_is_left_to_the_table() -> None:
    columns = {"at": "datetime", "j": "dict", "n": "naive_datetime?"}
    row = {"at": NOON, "j": {"$date": 1}, "n": None}
    assert row_from_json(columns, row_to_json(columns, row)) == row
    assert row_from_json(columns, {"other": {"$date": "2026-11-01"}}) == {
        "other": date(2026, 11, 1)
    }


@pytest.mark.parametrize(
    ("type_name", "given"),
    [("date", "today"), ("uuid", "1"), ("decimal", "x"), ("bytes", "!"), ("float", "1.5")],
)
def test_text_that_is_none_of_its_type_is_refused(type_name: str, given: str) -> None:
    with pytest.raises(InvalidValueError, match=f"expected text that is a {type_name}"):
        row_from_json({"c": type_name}, {"c": given})


@pytest.mark.parametrize(
    "given",
    [{"$date": 1}, {"$nothing": 1}, {"$int": 1}, {"$float": "nan"}, {"$object": 1}, {"$uuid": "x"}],
    ids=str,
)
def test_a_tag_that_says_nothing_is_refused(given: Any) -> None:
    with pytest.raises(InvalidValueError, match="expected a tag and what it takes"):
        from_tagged([given])
