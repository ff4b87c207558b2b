"""Claim: tuples have the bytes and the order that FoundationDB gives them, and come back from them.

The oracle is the tuple layer of its Python package, which needs no server: another program, written
by others. It is not there in a browser, so that only what needs it is left out there.
"""

import importlib
import random
from collections.abc import Callable
from itertools import pairwise
from math import copysign
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.encoding import Part, pack, prefix_range, unpack
from tests.property.profile import examples
from tests.support.case import case

SEEDS = range(4)
TUPLES_PER_SEED = 25_000
LETTERS = ["\0", "\1", "a", "\xe9", "\uffff", "\U0001f511", "\xff"]
DOUBLES = [0.0, -0.0, 5e-324, 1e308, -1e308, float("inf"), float("-inf"), 2.0**53]

texts = st.text(st.sampled_from(LETTERS) | st.characters(exclude_categories=["Cs"]), max_size=9)
octets = st.lists(st.sampled_from([b"\0", b"\1", b"a", b"\xff"]), max_size=5).map(b"".join)
ints = st.integers(-(2**2040) + 1, 2**2040 - 1) | st.integers(-(2**70), 2**70) | st.integers(-9, 9)
scalars = (
    st.none() | st.booleans() | ints | st.floats(allow_nan=False) | texts | octets | st.uuids()
)
parts = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=9)
tuples: st.SearchStrategy[tuple[Part, ...]] = st.lists(parts, max_size=4).map(tuple)


def same(value: Any) -> Any:
    """Return what is unequal for 1, 1.0 and True, and for both zeros."""
    if isinstance(value, tuple):
        return [same(part) for part in value]  # pyright: ignore[reportUnknownVariableType] - any
    return type(value), value, copysign(1, value) if isinstance(value, float) else None


@examples(200)
@given(tuples)
def test_a_tuple_comes_back_from_its_bytes(given: tuple[Part, ...]) -> None:
    assert same(unpack(pack(given))) == same(given)


@examples(200)
@given(tuples, tuples)
def test_a_tuple_is_in_the_range_of_another_if_and_only_if_it_begins_with_it(
    first: tuple[Part, ...], second: tuple[Part, ...]
) -> None:
    start, end = pack(first), pack(first) + b"\xff"
    for other in (second, first + second):
        begins = same(other[: len(first)]) == same(first)
        assert (start <= pack(other) < end) == begins


@examples(200)
@given(st.binary(max_size=40) | st.tuples(tuples.map(pack), st.binary(max_size=3)).map(b"".join))
def test_bytes_that_unpack_are_what_the_result_packs_to(data: bytes) -> None:
    try:
        found = unpack(data)
    except DamagedEntryError:
        return
    assert pack(found) == data


@examples(300)
@given(octets, octets, octets)
def test_a_prefix_range_has_what_begins_with_it_and_nothing_else(
    prefix: bytes, tail: bytes, other: bytes
) -> None:
    start, end = prefix_range(prefix)
    for key in (prefix + tail, other):
        assert (start <= key and (end is None or key < end)) == key.startswith(prefix)


def draw_text(source: random.Random) -> str:
    return "".join(source.choices(LETTERS, k=source.randrange(6)))


def draw_int(source: random.Random) -> int:
    size = source.choice([3, 8, 9, 16, 63, 64, 65, 128, 2039])
    near = 2 ** source.randrange(size) + source.randrange(-2, 2)
    return source.choice([1, -1]) * (near if source.random() < 0.5 else source.getrandbits(size))


def draw_tuple(source: random.Random, depth: int = 0) -> tuple[Any, ...]:
    kinds: list[Callable[[], Any]] = [
        lambda: None,
        lambda: source.random() < 0.5,
        lambda: draw_int(source),
        lambda: draw_int(source),
        lambda: source.choice([*DOUBLES, source.gauss(0, 1), source.gauss(0, 1e200)]),
        lambda: draw_text(source),
        lambda: draw_text(source).encode(),
        lambda: UUID(int=source.getrandbits(128)),
        lambda: draw_tuple(source, depth + 1) if depth < 3 else (),
    ]
    return tuple(source.choice(kinds)() for _ in range(source.choice([0, 1, 1, 2, 3])))


@pytest.mark.cpython(reason="compares with a package that browsers have not")
@pytest.mark.parametrize("seed", SEEDS)
def test_tuples_have_the_bytes_and_the_order_that_foundationdb_gives_them(seed: int) -> None:
    oracle: Any = importlib.import_module("fdb.tuple")
    source = random.Random(seed)
    packed: dict[bytes, tuple[Any, ...]] = {}
    for number in range(TUPLES_PER_SEED):
        drawn = draw_tuple(source)
        with case(seed=seed, number=number, drawn=drawn):
            data = pack(drawn)
            assert data == oracle.pack(drawn)
            assert same(unpack(data)) == same(oracle.unpack(data)) == same(drawn)
        packed[data] = drawn
    for low, high in pairwise(packed[data] for data in sorted(packed)):
        with case(seed=seed, low=low, high=high):
            assert oracle.compare(low, high) < 0
