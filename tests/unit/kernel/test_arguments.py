"""A prefix is the range of exactly the keys that begin with it, and arguments make one range."""

import itertools
from typing import Any

import pytest

from libredb.kernel.arguments import range_of, successor
from libredb.kernel.errors import UsageError, UsageTypeError
from tests.support.case import case

ALPHABET = (b"\x00", b"a", b"\xfe", b"\xff")
KEYS = sorted(
    b"".join(letters)
    for length in range(5)
    for letters in itertools.product(ALPHABET, repeat=length)
)


@pytest.mark.parametrize(
    ("prefix", "following"),
    [
        (b"a", b"b"),
        (b"a\x00", b"a\x01"),
        (b"\xfe", b"\xff"),
        (b"a\xff", b"b"),
        (b"a\xfe\xff\xff", b"a\xff"),
        (b"", None),
        (b"\xff", None),
        (b"\xff\xff\xff", None),
    ],
)
def test_a_successor_is_the_first_key_behind_a_prefix(
    prefix: bytes, following: bytes | None
) -> None:
    assert successor(prefix) == following


def test_the_range_of_a_prefix_holds_exactly_the_keys_that_begin_with_it() -> None:
    for prefix in KEYS:
        start, end = range_of(b"", None, prefix)
        for key in KEYS:
            with case(prefix=prefix, key=key):
                inside = key >= start and (end is None or key < end)
                assert inside == key.startswith(prefix)


def test_a_range_is_what_was_asked_for_as_bytes() -> None:
    assert range_of(b"", None, None) == (b"", None)
    assert range_of(bytearray(b"a"), memoryview(b"b"), None) == (b"a", b"b")
    assert range_of(b"", None, bytearray(b"ab")) == (b"ab", b"ac")
    assert range_of(b"b", b"a", None) == (b"b", b"a")


@pytest.mark.parametrize(
    ("start", "end"), [(b"a", None), (b"", b"b"), (b"a", b"b"), (b"", b""), (bytearray(b"a"), None)]
)
def test_a_prefix_beside_a_start_or_an_end_is_refused(start: Any, end: Any) -> None:
    with pytest.raises(UsageError, match=r"pass prefix=\.\.\., or start and end, not both"):
        range_of(start, end, b"a")


@pytest.mark.parametrize(
    ("arguments", "name"), [(("a", None, None), "start"), ((b"", 5, None), "end")]
)
def test_a_bound_that_is_not_bytes_is_named(arguments: Any, name: str) -> None:
    with pytest.raises(UsageTypeError, match=f"^{name} must be bytes"):
        range_of(*arguments)


@pytest.mark.parametrize("wrong", ["a", 5, [b"a"]], ids=repr)
def test_a_prefix_that_is_not_bytes_is_named(wrong: Any) -> None:
    with pytest.raises(UsageTypeError, match=r"^prefix must be bytes.*turn|encode"):
        range_of(b"", None, wrong)
