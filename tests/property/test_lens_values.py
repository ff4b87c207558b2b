"""Values, filters and patches do what naive code makes of the same rules."""

import json
import random
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libredb.kernel.errors import LibreDBError
from libredb.lens.values.expression import Not, compiled, conjuncts, fingerprint
from libredb.lens.values.filter import from_filter
from libredb.lens.values.json_value import MISSING, check_encoded, decode, encode, equal, sort_key
from libredb.lens.values.patch import Patch
from tests.property.naive_values import (
    OBJECT,
    RefusedError,
    compared,
    draw_document,
    draw_filter,
    draw_patch,
    draw_value,
    is_true,
    kind_of,
    patched,
)
from tests.property.profile import examples
from tests.support.case import case

ROUNDS = 500
"""How many are drawn from one seed."""

seeds = pytest.mark.parametrize("seed", range(8))


@seeds
def test_values_are_equal_and_ordered_as_the_rules_have_it(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(ROUNDS):
        value, other = (draw_value(source) for _ in range(2))
        with case(value=value, other=other):
            order = compared(value, other)
            assert equal(value, other) is equal(other, value) is (order == 0)
            assert (sort_key(value) < sort_key(other)) is (order < 0)
            assert (sort_key(value) == sort_key(other)) is (order == 0)
            assert sort_key(MISSING) < sort_key(value)
            assert equal(value, deepcopy(value))


@seeds
def test_the_order_is_total(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(ROUNDS):
        values = [draw_value(source) for _ in range(3)]
        with case(values=values):
            one, two, three = sorted(map(sort_key, values))
            assert one <= two <= three
            assert one <= three
            assert (one == three) is (one == two and two == three)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e308, 1e308),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
@examples(60)
def test_what_is_stored_comes_back(value: Any) -> None:
    data = encode(value)
    assert repr(decode(data)) == repr(json.loads(data)) == repr(value)
    check_encoded(data)


@seeds
def test_a_filter_is_true_of_what_the_rules_say(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(ROUNDS):
        condition = draw_filter(source)
        expression = from_filter(condition)
        matches, differs = compiled(expression), compiled(Not(expression))
        tests = [compiled(each) for each in conjuncts(expression)]
        for document in [draw_document(source) for _ in range(4)]:
            with case(condition=condition, document=document):
                expected = is_true(condition, document)
                assert matches(document) is expected
                assert differs(document) is not expected
                assert not expected or all(test(document) for test in tests)


@seeds
def test_a_filter_is_the_same_in_any_order_of_its_keys(seed: int) -> None:
    def backwards(part: Any) -> Any:
        if kind_of(part) != OBJECT:
            return part
        return {name: backwards(part[name]) for name in reversed(part)}

    source = random.Random(seed)
    for _ in range(ROUNDS):
        condition = draw_filter(source)
        with case(condition=condition):
            one, other = from_filter(condition), from_filter(backwards(condition))
            assert fingerprint(one) == fingerprint(other)
            assert one == other


@seeds
def test_a_patch_does_what_the_rules_say(seed: int) -> None:
    source = random.Random(seed)
    for _ in range(ROUNDS):
        patch, document = draw_patch(source), draw_document(source)
        with case(patch=patch, document=document):
            before = repr(document)
            assert repr(result_of(patch, document)) == repr(expected_of(patch, document))
            assert repr(document) == before


def result_of(patch: dict[Any, Any], document: dict[str, Any]) -> Any:
    try:
        return Patch.parse(patch).apply(document)
    except LibreDBError:
        return RefusedError


def expected_of(patch: dict[Any, Any], document: dict[str, Any]) -> Any:
    try:
        return patched(document, patch)
    except RefusedError:
        return RefusedError
