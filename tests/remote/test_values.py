"""Claim: what crosses comes back as it was, and what cannot cross is refused with what it is."""

import json
from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum, StrEnum
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from libredb import UsageError
from libredb.remote import ProtocolError
from libredb.remote.values import LARGEST_EXACT, from_wire, to_wire


class Color(StrEnum):
    RED = "red"


class Level(IntEnum):
    HIGH = 2**60


class Point(NamedTuple):
    x: int
    y: int


def some_value(random: Random, depth: int = 0) -> Any:
    """Return a value of any kind that crosses, the awkward ones often."""
    kind = random.randrange(11 if depth > 3 else 14)
    if kind == 11:
        return [some_value(random, depth + 1) for _ in range(random.randrange(4))]
    if kind >= 12:
        names = ["$bytes", "$object", "$", "", "a", "b"]
        chosen = random.sample(names, random.choice([0, 1, 1, 1, 2, 3]))
        return {name: some_value(random, depth + 1) for name in chosen}
    return [
        None,
        random.random() < 0.5,
        random.choice([0, LARGEST_EXACT, LARGEST_EXACT + 1, -LARGEST_EXACT - 1, 10**40]),
        random.choice([0.5, float("inf"), float("-inf"), -0.0, 1e300]),
        random.choice(["", "$int", "gr\u00fc\u00dfe", "\ud800"]),
        random.randbytes(random.randrange(4)),
        datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=random.randrange(-(10**15), 9)),
        datetime(2026, 1, 1) + timedelta(microseconds=random.randrange(10**15)),
        date(2026, 1, random.randint(1, 31)),
        Decimal(random.choice(["1.50", "-0", "1E+5", "Infinity"])),
        UUID(int=random.getrandbits(128)),
    ][kind]


@pytest.mark.parametrize("seed", range(20))
def test_every_value_comes_back_through_a_text(seed: int) -> None:
    random = Random(seed)
    for number in range(100):
        value = some_value(random)
        back = from_wire(json.loads(json.dumps(to_wire(value))))
        assert repr(back) == repr(value), f"seed {seed}, value {number}"


@pytest.mark.parametrize(
    ("value", "comes_back"),
    [
        ((1, (2,)), [1, [2]]),
        (OrderedDict[str, int](a=1), {"a": 1}),
        (bytearray(b"x"), b"x"),
        (memoryview(b"x"), b"x"),
        (Color.RED, "red"),
        (Level.HIGH, 2**60),
        (Point(1, 2), [1, 2]),
        (
            datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
            datetime(2026, 1, 1, tzinfo=UTC),
        ),
    ],
)
def test_what_is_nearly_a_value_comes_back_as_the_plain_one(value: Any, comes_back: Any) -> None:
    back = from_wire(to_wire(value))
    assert back == comes_back
    assert type(back) is type(comes_back)


def test_an_object_of_one_name_with_a_dollar_is_wrapped_and_of_two_is_not() -> None:
    assert to_wire({"$inc": {"n": 1}}) == {"$object": {"$inc": {"n": 1}}}
    assert to_wire({"$a": 1, "b": 2}) == {"$a": 1, "b": 2}


def test_a_value_may_have_128_levels() -> None:
    assert from_wire(to_wire(nested(127))) == nested(127)
    with pytest.raises(UsageError, match="cannot cross"):
        to_wire(nested(129))


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [float("nan"), object(), {1: 2}, {"a": {None: 1}}, [set[int]()], nested(100_000), lambda: 1],
    ids=["nan", "object", "name", "inner name", "set", "deep", "function"],
)
def test_what_cannot_cross_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match="cannot cross"):
        to_wire(value)


@pytest.mark.parametrize(
    "stored",
    [
        {"$file": 1},
        {"$bytes": "no base64!"},
        {"$bytes": None},
        {"$int": "1.5"},
        {"$int": 1},
        {"$float": "nan"},
        {"$datetime": "yesterday"},
        {"$datetime": 10**30},
        {"$date": 7},
        {"$decimal": "one"},
        {"$uuid": "x"},
        {"$object": []},
        [{"a": {"$": 1}}],
    ],
    ids=repr,
)
def test_a_tag_that_nobody_writes_is_refused(stored: Any) -> None:
    with pytest.raises(ProtocolError, match="is no tag of a value"):
        from_wire(stored)
