"""Claim: JSON is written and read as JavaScript does it, and what a double changes is noticed."""

from random import Random
from struct import pack, unpack
from typing import Any

import pytest

from libredb.interop.typescript import javascript

WRITTEN: list[tuple[Any, str]] = [
    (None, "null"),
    (True, "true"),
    (0, "0"),
    (-0.0, "0"),
    (1.0, "1"),
    (-1.5, "-1.5"),
    (1e20, "100000000000000000000"),
    (123456789012345680000.0, "123456789012345680000"),
    (1e21, "1e+21"),
    (1.5e300, "1.5e+300"),
    (1e-6, "0.000001"),
    (1.5e-7, "1.5e-7"),
    (5e-324, "5e-324"),
    (float("inf"), "null"),
    (float("nan"), "null"),
    (10**400, "null"),
    (
        '"\\/\b\t\n\f\r\x00\x7f\u2028\u00e9\U0001f600',
        '"\\"\\\\/\\b\\t\\n\\f\\r\\u0000\x7f\u2028é\U0001f600"',
    ),
    ("\ud800", '"\\ud800"'),
    ({"b": 1, "10": 2, "2": 3, "01": 4, "": 5}, '{"2":3,"10":2,"b":1,"01":4,"":5}'),
    ({"4294967294": 1, "4294967295": 2, "0": 3}, '{"0":3,"4294967294":1,"4294967295":2}'),
    ({"\u0661": 1, "1": 2, "x": [[], {}]}, '{"1":2,"\u0661":1,"x":[[],{}]}'),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN, ids=range(len(WRITTEN)))
def test_a_value_is_written_as_javascript_writes_it(value: Any, text: str) -> None:
    assert javascript.write(value) == text


def test_every_double_comes_back() -> None:
    random = Random(18)
    for _ in range(3000):
        (value,) = unpack(">d", pack(">Q", random.getrandbits(64)))
        if value - value == 0:
            assert javascript.read(javascript.write(value)) == value, value.hex()


def test_an_int_is_one_up_to_what_a_double_keeps_and_a_float_behind_it() -> None:
    found = javascript.read("[9007199254740991,9007199254740992,123456789012345680000]")
    assert found == [2**53 - 1, float(2**53), 123456789012345680000.0]
    assert [type(each) for each in found] == [int, float, float]


@pytest.mark.parametrize(
    "text",
    [
        "9007199254740993",
        "-9007199254740993",
        "1" + "0" * 400,
        "1e999",
        "NaN",
        "Infinity",
        "1" * 5000,
    ],
    ids=lambda text: text[:20],
)
def test_a_number_that_javascript_would_change_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        javascript.read(text)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**53 - 1, True),
        (2**53 + 1, False),
        (2**53, True),
        (10**21, True),
        (10**400, False),
        ({"deep": [1.0, {"n": 2**60 + 1}]}, False),
        ({"b": 1, "10": [None, False, "x"]}, True),
        (float("-inf"), False),
    ],
)
def test_whether_a_value_comes_back_is_told(value: Any, kept: bool) -> None:  # noqa: FBT001 - a datum
    assert javascript.is_kept(value) is kept
