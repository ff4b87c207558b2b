"""Claim: what a storage keeps comes back as what it was, type for type; the rest is refused."""

from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libredb_web.values import text_of, value_of

from libredb import DamagedEntryError, InvalidValueError, LibreDBError, UsageTypeError
from libredb.lens.values.json_value import type_of

Number = IntEnum("Number", ["ONE"])

KEPT: list[Any] = [
    *(None, True, 0, -1, 2**53 + 1, 10**600, 1.0, -0.0, 1e300, float("inf"), float("-inf")),
    *("", "text", "\0", "\U0001f600", b"", b"\x00\xff", bytearray(b"\x01\x02")),
    *(date(2026, 11, 1), Decimal("1.50"), Decimal("1E+3"), UUID(int=7)),
    datetime(2026, 11, 1, 12, 30, 5, 7),
    datetime(2026, 11, 1, 12, tzinfo=UTC),
    datetime(2026, 11, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    [1, [2.0, (3, [])], {}],
    ((), (b"a", None)),
    {"a": {"b": (1, 2)}, "": []},
    *({"$bytes": "AA=="}, {"$set": {"a": 1}}, {"$object": {}}, {"$a": 1, "$b": 2}, {"$": ()}),
]

LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])) | st.binary() | st.dates()
    | st.builds(bytearray, st.binary()) | st.datetimes(timezones=st.sampled_from([None, UTC]))
    | st.decimals(allow_nan=False) | st.uuids()
)  # fmt: skip
NAMES = st.sampled_from(["", "a", "$", "$tuple", "$bytes", "$object"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """Return what two values have in common if and only if they are of one type, all the way."""
    kind = type_of(value)
    if kind is dict:
        return dict, [(name, shape(each)) for name, each in value.items()]
    if kind in (list, tuple):
        return kind, [shape(each) for each in value]
    if kind is datetime:
        value = value.replace(fold=0)  # which of two equal hours at the end of summer is not kept
    return kind, repr(value)


def again(value: Any) -> Any:
    return value_of("key", text_of("key", value))


@pytest.mark.parametrize("value", KEPT, ids=lambda value: f"{value!r:.90}")
def test_a_value_comes_back_as_what_it_was(value: Any) -> None:
    assert shape(again(value)) == shape(value)


@given(VALUES)
def test_any_value_comes_back_as_what_it_was(value: Any) -> None:
    assert shape(again(value)) == shape(value)


REFUSED: list[tuple[Any, str]] = [
    ({"b", "a"}, "store['key']: a set cannot be kept; store a list: sorted(value)"),
    (memoryview(b"a"), "store['key']: a memoryview cannot be kept; store bytes(value)"),
    (timedelta(1), "store['key']: a timedelta cannot be kept; store value.total_seconds()"),
    (time(1), "store['key']: a time cannot be kept; store value.isoformat()"),
    (object(), "store['key']: a object cannot be kept; store what makes it up, as a dict"),
    (Number.ONE, "store['key']: a Number cannot be kept; turn it into a plain int first"),
    (OrderedDict(a=1), "store['key']: a OrderedDict cannot be kept; turn it into a plain dict"),
    ([{"a": (0, {1})}], "store['key'][0]['a'][1]: a set cannot be kept"),
    ({1: "a"}, "store['key']: the name 1 is no str, and would come back as one; use str(name)"),
    ([float("nan")], "store['key'][0]: NaN equals nothing, not even itself; store None"),
    ("\ud800", "store['key']: the value: expected well-formed Unicode"),
    ({"\ud800": 1}, "store['key']: the value: expected names that are well-formed Unicode"),
    (10**700, "store['key']: the value: expected an integer of at most 255 bytes"),
]


@pytest.mark.parametrize(
    ("value", "message"), REFUSED, ids=[message.partition(": ")[2] for _, message in REFUSED]
)
def test_what_cannot_be_kept_is_refused_with_its_place_and_what_to_do(
    value: Any, message: str
) -> None:
    with pytest.raises(InvalidValueError) as caught:
        text_of("key", value)
    assert str(caught.value).startswith(message)
    assert caught.value.id == "key"


def test_a_value_that_holds_itself_or_nests_too_deep_is_refused() -> None:
    loops: list[Any] = [[], {}]
    loops[0].append(loops[0])
    loops[1]["a"] = (loops[1],)
    for _ in range(200):
        loops.append([loops.pop()])
    for value in loops:
        with pytest.raises(InvalidValueError, match="100 levels"):
            text_of("key", value)


def test_what_nests_as_deep_as_it_may_comes_back() -> None:
    value: Any = 0
    for _ in range(50):
        value = (value,)  # a tuple is two levels, for it has a tag
    assert again(value) == value


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        (1, UsageTypeError, "a key of a storage is a str, not int: store[1]; use str(key)"),
        ((1, 2), UsageTypeError, "a key of a storage is a str, not tuple"),
        ("k" * 513, InvalidValueError, "a key has at most 512 bytes, not 513"),
        ("\u20ac" * 171, InvalidValueError, "a key has at most 512 bytes, not 513"),
        ("\udc00", InvalidValueError, "a key is well-formed text"),
    ],
    ids=repr,
)
def test_a_key_that_is_none_is_refused(key: Any, kind: type[LibreDBError], message: str) -> None:
    with pytest.raises(kind) as caught:
        text_of(key, 1)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "text",
    [
        '{"$set":1}',
        '{"$tuple":1}',
        '{"$tuple":{"a":1}}',
        '{"$bytearray":"?"}',
        '{"$object":1}',
        '{"$int":[]}',
        "{",
    ],
)
def test_what_no_storage_wrote_is_damage_and_names_the_key(text: str) -> None:
    with pytest.raises(DamagedEntryError, match="'key'"):
        value_of("key", text)
