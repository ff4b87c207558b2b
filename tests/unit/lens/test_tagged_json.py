"""What JSON lacks is stored in one recorded way, and comes back as it was."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from math import inf
from typing import Any
from uuid import UUID

import pytest

from libredb.lens.errors import DamagedEntryError
from libredb.lens.values.json_value import decode, encode
from libredb.lens.values.tagged_json import (
    FORMS,
    datetime_of,
    microseconds,
    naive_datetime_of,
    read_as,
    tagged,
    untagged,
)

ID = UUID("12345678-1234-5678-1234-567812345678")

GOLDEN: list[tuple[str, Any, str]] = [
    ("date", date(2026, 11, 1), '"2026-11-01"'),
    ("date", date.min, '"0001-01-01"'),
    ("decimal", Decimal("1.50"), '"1.50"'),
    ("decimal", Decimal("-0"), '"-0"'),
    ("decimal", Decimal("1E+30"), '"1E+30"'),
    ("decimal", Decimal("-Infinity"), '"-Infinity"'),
    ("bytes", b"", '""'),
    ("bytes", b"\0\xff", '"AP8="'),
    ("uuid", ID.bytes, '"12345678-1234-5678-1234-567812345678"'),
    ("float", 1.5, "1.5"),
    ("float", -0.0, "-0.0"),
    ("float", inf, '"inf"'),
    ("float", -inf, '"-inf"'),
]


@pytest.mark.parametrize(("name", "value", "stored"), GOLDEN)
def test_a_value_is_stored_as_recorded_here_and_read_again(
    name: str, value: Any, stored: str
) -> None:
    assert encode(FORMS[name].write(value)).decode() == stored
    again = read_as(name, FORMS[name], decode(stored.encode()))
    assert (type(again), repr(again)) == (type(value), repr(value))


def test_a_datetime_is_a_count_of_microseconds_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert microseconds(datetime(1970, 1, 1, 2, 0, 0, 1, tzinfo=east)) == 1
    assert datetime_of(-1) == datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert microseconds(datetime(1970, 1, 2)) == 86_400_000_000
    assert naive_datetime_of(86_400_000_000) == datetime(1970, 1, 2)
    for edge in (datetime.min, datetime.max):
        assert naive_datetime_of(microseconds(edge)) == edge


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), {"$datetime": 1_000_000}),
        (date(2026, 11, 1), {"$date": "2026-11-01"}),
        (Decimal("1.50"), {"$decimal": "1.50"}),
        (b"\xff", {"$bytes": "/w=="}),
        (ID, {"$uuid": str(ID)}),
        ({"$decimal": 1}, {"$object": {"$decimal": 1}}),
        ({"$a": b""}, {"$object": {"$a": {"$bytes": ""}}}),
        ({"$object": {}}, {"$object": {"$object": {}}}),
        ({"$a": 1, "b": 2}, {"$a": 1, "b": 2}),
        (
            [{"a": [date.min]}, None, True, 1.0, ""],
            [{"a": [{"$date": "0001-01-01"}]}, None, True, 1.0, ""],
        ),
        ({}, {}),
    ],
)
def test_what_json_lacks_is_tagged_where_no_column_tells_it(value: Any, stored: Any) -> None:
    assert tagged(value) == stored
    again = untagged(stored)
    assert (type(again), repr(again)) == (type(value), repr(value))


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("date", "2026-13-01"),
        ("date", 5),
        ("decimal", "x"),
        ("decimal", [1]),
        ("bytes", "é"),
        ("bytes", "A"),
        ("uuid", 7),
        ("uuid", "not one"),
        ("float", "many"),
    ],
)
def test_what_no_form_has_written_is_damaged(name: str, stored: Any) -> None:
    with pytest.raises(DamagedEntryError) as caught:
        read_as(name, FORMS[name], stored)
    assert (caught.value.expected, caught.value.actual) == (name, stored)


@pytest.mark.parametrize("stored", [{"$other": 1}, {"$object": 1}, {"$datetime": "now"}])
def test_an_unknown_tag_is_damaged(stored: Any) -> None:
    with pytest.raises(DamagedEntryError):
        untagged(stored)
