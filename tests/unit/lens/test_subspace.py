"""Claim: every range has exactly the keys it is told to have, whatever else lies around them."""

import pickle
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from itertools import product
from typing import Any

import pytest

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.encoding import Range, pack
from libredb.lens.keys.order_key import MISSING, kind_range, order_key
from libredb.lens.keys.subspace import Subspace
from tests.support.case import case

ROWS = Subspace(b"\xfe" + pack((7,)) + b"\1")
INDEX = Subspace(b"\xfe" + pack((7,)) + b"\3" + pack((2,)))

TEXTS = ["", "\0", "\0\1", "\1", "a", "a\0", "a\1", "ab", "b", "\U0010ffff"]
IDS: list[Any] = [*TEXTS, -256, -1, 0, 1, 255, 256, 2**64, b"", b"\0", b"\xff", ("a", 1), True]
FIELDS: list[Any] = [
    *(MISSING, None, False, True, -1.5, 0, 1, 2**53, 2**53 + 1, *TEXTS, b"", b"a", b"\xff"),
    *([], ["a"], {}, {"a": 1}),
]

# What stands around each subspace: its neighbours in the same file, and their first and last keys.
AROUND = [
    prefix + tail
    for prefix in (b"", b"\xfd\xff", b"\xfe", *(b"\xfe" + pack((n,)) for n in (6, 7, 8, 263)))
    for tail in (b"", b"\0", b"\1", b"\2", b"\3", b"\3\x15\1", b"\3\x15\3", b"\4", b"\xff\xff")
]
AROUND.remove(ROWS.prefix)

BOUNDS: list[tuple[str, ...]] = [
    *((), ("gt",), ("gte",), ("lt",), ("lte",), ("gt", "lt"), ("gt", "lte"), ("gte", "lt")),
    *(("gte", "lte"), ("gt", "gte"), ("lt", "lte"), ("gt", "gte", "lt", "lte")),
]


def found(keys: list[bytes], where: Range) -> list[bytes]:
    """Return the keys that a store has in a range."""
    start, end = where
    assert end is not None
    assert start <= end
    return keys[bisect_left(keys, start) : bisect_left(keys, end)]


def within(key: bytes, bounds: dict[str, bytes]) -> bool:
    """Whether a key is within bounds, by what their names say."""
    tests = {"gt": key.__gt__, "gte": key.__ge__, "lt": key.__lt__, "lte": key.__le__}
    return all(tests[name](bound) for name, bound in bounds.items())


def bounds_of(values: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield bounds of every shape; of two on the same side, either is the tighter one."""
    for names in BOUNDS:
        for chosen in product(values, repeat=min(2, len(names))):
            yield dict(zip(names, (*chosen, *chosen[::-1]), strict=False))


def test_a_key_is_the_prefix_and_the_packed_parts_and_comes_back() -> None:
    assert ROWS.key("a", 1) == b"\xfe\x15\x07\1" + pack(("a", 1))
    assert ROWS.key() == ROWS.prefix
    for parts in ((), *((part,) for part in IDS), ("a", 1, None)):
        with case(parts=parts):
            assert ROWS.unpack(ROWS.key(*parts)) == parts


def test_a_subspace_inside_of_another_has_a_longer_prefix() -> None:
    namespace = Subspace(b"\xfe\x15\x07")
    assert namespace.sub(b"\1") == ROWS
    assert namespace.sub(b"\3" + pack((2,))) == INDEX
    assert namespace.sub(b"\3").sub(pack((2,))).prefix == INDEX.prefix


def test_a_subspace_is_a_value() -> None:
    assert len({ROWS, Subspace(ROWS.prefix), INDEX}) == 2
    assert pickle.loads(pickle.dumps(ROWS)) == ROWS
    with pytest.raises(FrozenInstanceError):
        ROWS.prefix = b""  # pyright: ignore[reportAttributeAccessIssue] - that is the point


def test_a_key_that_lies_elsewhere_is_not_unpacked() -> None:
    for key in (b"", ROWS.prefix[:-1], INDEX.prefix, b"\xff"):
        with case(key=key), pytest.raises(UsageValueError, match="is not below fe 15 07 01"):
            ROWS.unpack(key)


def test_a_damaged_key_is_named_with_its_place() -> None:
    with pytest.raises(DamagedEntryError, match="byte 4 of a key of 6: no 00 ends"):
        ROWS.unpack(ROWS.prefix + b"\2a")


def test_all_keys_below_a_prefix_are_its_range() -> None:
    inside = [ROWS.key(part) for part in IDS] + [ROWS.prefix, ROWS.prefix + b"\xff\xff"]
    keys = sorted({*AROUND, *inside})
    assert found(keys, ROWS.range()) == sorted(inside)
    assert Subspace(b"").range() == (b"", None)


def test_the_range_of_parts_has_the_keys_that_begin_with_them() -> None:
    tuples = [(first, second) for first, second in product(IDS, repeat=2)]
    keys = {ROWS.key(*parts): parts for parts in [*tuples, *((part,) for part in IDS), ()]}
    order = sorted([*keys, *AROUND])
    for part in IDS:
        with case(part=part):
            inside = [key for key in order if key in keys and pack(keys[key][:1]) == pack((part,))]
            assert found(order, ROWS.range(part)) == inside


def test_bounds_of_a_part_are_those_of_the_order_of_tuples() -> None:
    ids: list[Any] = [-256, -1, 0, 1, 255, 256, 2**64]
    for values in (ids, TEXTS):
        keys = {ROWS.key("of", part, tail): part for part in values for tail in ("", 0)}
        order = sorted([*keys, ROWS.key("o", values[0]), ROWS.key("of\0", values[0]), *AROUND])
        for bounds in bounds_of(values):
            with case(bounds=bounds):
                packed = {name: pack((bound,)) for name, bound in bounds.items()}
                inside = [
                    key for key in order if key in keys and within(pack((keys[key],)), packed)
                ]
                assert found(order, ROWS.range("of", **bounds)) == inside


def test_bounds_of_the_first_part_stay_below_the_prefix() -> None:
    order = sorted([*(ROWS.key(text) for text in TEXTS), *AROUND])
    assert found(order, ROWS.range(gt="a")) == [ROWS.key(text) for text in TEXTS if text > "a"]
    assert found(order, ROWS.range(lte="a")) == [ROWS.key(text) for text in TEXTS if text <= "a"]


def test_a_bound_that_no_key_has_is_refused() -> None:
    with pytest.raises(UsageTypeError, match="not of list"):
        ROWS.range(gt=[1])  # pyright: ignore[reportArgumentType] - that is the point


def entries(*leading: Any) -> dict[bytes, Any]:
    """Return the entries of an index with every field after the leading ones, by their keys."""
    at = b"".join(map(order_key, leading))
    ids = [pack((part,)) for part in ("", "\xff", 0, ("a", 1))]
    return {INDEX.prefix + at + order_key(each) + tail: each for each in FIELDS for tail in ids}


def test_equal_fields_are_one_range_of_an_index() -> None:
    keys = entries()
    order = sorted([*keys, *AROUND])
    for field in FIELDS:
        with case(field=field):
            inside = [key for key in order if key in keys and keys[key] is field]
            assert found(order, INDEX.equal(order_key(field))) == inside
    assert found(order, INDEX.equal(b"")) == sorted(keys)


def test_no_neighbour_of_an_equal_field_is_in_its_range() -> None:
    order = sorted({**entries("a"), **entries("a\0"), **entries(2**53), **entries(2**53 + 1)})
    for field in ("a", "a\0", 2**53, 2**53 + 1):
        with case(field=field):
            assert found(order, INDEX.equal(order_key(field))) == sorted(entries(field))


def test_bounds_of_a_field_are_those_of_its_kind_in_the_order_of_keys() -> None:
    keys = entries("on")
    order = sorted([*keys, *entries("o"), *entries("on\0"), *AROUND])
    at = order_key("on")
    for bounds in bounds_of(FIELDS[::2]):
        with case(bounds=bounds):
            edges = {name: order_key(bound) for name, bound in bounds.items()}
            kinds = {kind_range(edge) for edge in edges.values()}
            inside = [
                key
                for key in order
                if key in keys and within(order_key(keys[key]), edges)
                if kinds <= {kind_range(order_key(keys[key]))}
            ]
            assert found(order, INDEX.between(at, **edges)) == inside


def test_bounds_of_the_first_field_stay_in_the_index() -> None:
    keys = entries()
    order = sorted([*keys, *AROUND])
    inside = [key for key in order if key in keys and type(keys[key]) is str]
    assert found(order, INDEX.between(gte=order_key(""))) == inside


@pytest.mark.parametrize("kind", [str, bytes])
def test_all_that_begins_with_a_text_is_one_range(kind: type) -> None:
    keys = entries("on")
    order = sorted([*keys, *entries("on\0"), *AROUND])
    for text in [*TEXTS, "c"]:
        beginning: Any = text if kind is str else text.encode()
        with case(beginning=beginning):
            inside = [
                key
                for key in order
                if key in keys and type(keys[key]) is kind and keys[key].startswith(beginning)
            ]
            assert found(order, INDEX.beginning(order_key("on"), beginning)) == inside
