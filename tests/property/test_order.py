"""Claim: the order of keys is the order of values, and equal keys are equal values, for all pairs.

What the order is, is written here a second time: as a comparison, without any bytes. Sorted by one
and by the other, a list is the same; so all pairs of its values are.
"""

import random
from collections.abc import Callable
from functools import cmp_to_key
from itertools import pairwise
from math import inf, nextafter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libredb.lens.keys.order_key import MISSING, end_of, order_key, packer
from tests.property.profile import examples
from tests.support.case import case

SEEDS = range(4)
VALUES_PER_SEED = 5_000  # 12 million pairs
LETTERS = ["\0", "\1", "\2", "a", "\xe9", "\ue000", "\uffff", "\U0001f511"]
KINDS = (type(MISSING), type(None), bool, (int, float), str, bytes, list, dict)
LARGEST = 2**2040 - 1

texts = st.text(st.sampled_from(LETTERS), max_size=4)
ints = st.integers(-LARGEST, LARGEST) | st.integers(-(2**70), 2**70) | st.integers(-3, 3)
doubles = st.floats(allow_nan=False) | st.integers(-(2**54), 2**54).map(float)
octets = st.lists(st.sampled_from([b"\0", b"\1", b"a", b"\xff"]), max_size=4).map(b"".join)
scalars = st.none() | st.booleans() | ints | doubles | texts | octets
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def compare(first: Any, second: Any) -> int:
    """Return -1, 0 or 1: a value below, equal to or above another."""
    kind, other = kind_of(first), kind_of(second)
    if kind != other:
        return -1 if kind < other else 1
    if KINDS[kind] is dict:
        first, second = sorted_pairs(first), sorted_pairs(second)
    elif KINDS[kind] is str:
        first, second = list(map(ord, first)), list(map(ord, second))
    if KINDS[kind] in (dict, list):
        for inner, outer in zip(first, second, strict=False):
            if difference := compare(inner, outer):
                return difference
        first, second = len(first), len(second)
    return 0 if first is second else (first > second) - (first < second)


def kind_of(value: Any) -> int:
    return next(place for place, kind in enumerate(KINDS) if isinstance(value, kind))


def sorted_pairs(pairs: dict[str, Any]) -> list[Any]:
    return [[name, pairs[name]] for name in sorted(pairs, key=lambda name: [*map(ord, name)])]


@examples(500)
@given(values, values)
def test_two_values_are_compared_as_their_keys_are(first: Any, second: Any) -> None:
    low, high = order_key(first), order_key(second)
    assert (low > high) - (low < high) == compare(first, second)
    assert low == high or not high.startswith(low)


@examples(200)
@given(st.lists(values, max_size=4), st.binary(max_size=3))
def test_joined_keys_can_be_taken_apart(fields: list[Any], behind: bytes) -> None:
    key, offset = packer(len(fields))(fields), 0
    for field in fields:
        end = end_of(key + behind, offset)
        assert key[offset:end] == order_key(field)
        offset = end
    assert offset == len(key)


def draw_number(source: random.Random) -> float:
    near = 2 ** source.randrange(source.choice([3, 54, 66, 1023, 2040])) + source.randrange(-2, 3)
    number = source.choice([1, -1]) * (near if abs(near) <= LARGEST else LARGEST)
    kind = source.randrange(6)
    if kind == 0 and abs(number) < 2**1023:
        return float(number)
    if kind == 1 and abs(number) < 2**1023:
        return nextafter(float(number), source.choice([inf, -inf]))
    return source.choice([number, number, 0, -0.0, 0.5, inf, -inf, source.gauss(0, 1)])


def draw_text(source: random.Random) -> str:
    return "".join(source.choices(LETTERS, k=source.randrange(4)))


def draw(source: random.Random, depth: int = 0) -> Any:
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: source.random() < 0.5,
        lambda: draw_number(source),
        lambda: draw_number(source),
        lambda: draw_number(source),
        lambda: draw_text(source),
        lambda: draw_text(source),
        lambda: draw_text(source).encode(),
        lambda: [draw(source, depth + 1) for _ in range(source.randrange(3))],
        lambda: {draw_text(source): draw(source, depth + 1) for _ in range(source.randrange(3))},
    ]
    return source.choice(kinds if depth < 4 else kinds[:-2])()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_list_is_sorted_by_keys_as_by_comparing_its_values(seed: int) -> None:
    source = random.Random(seed)
    drawn = [MISSING, *(draw(source) for _ in range(VALUES_PER_SEED))]
    by_key = sorted(drawn, key=order_key)
    for first, second in pairwise(by_key):
        with case(seed=seed, first=first, second=second):
            same = order_key(first) == order_key(second)
            assert compare(first, second) == (0 if same else -1)
    by_value = sorted(drawn, key=cmp_to_key(compare))
    assert list(map(order_key, by_value)) == list(map(order_key, by_key)), f"seed {seed}"
