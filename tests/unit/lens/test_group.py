"""Claim: groups are of equal values, in order, and what is missing or null is left out of sums."""

import pytest

from libredb import Store
from libredb.lens.documents import Documents, documents
from libredb.lens.errors import InvalidValueError


@pytest.fixture
def notes(store: Store) -> Documents[str]:
    return documents(store, "notes")


def test_distinct_values_come_in_their_order(notes: Documents[str]) -> None:
    assert notes.distinct("a") == []
    for value in (2, "x", None, True, 1, 1.0, [1], {"b": 1}, [1.0]):
        notes.insert({"a": value, "b": {"c": 1}})
    notes.insert({})
    assert notes.distinct("a") == [None, True, 1, 2, "x", [1], {"b": 1}]
    assert notes.distinct("b.c", {"a": True}) == [1]


def test_groups_are_of_equal_values(notes: Documents[str]) -> None:
    assert notes.group_by("a").count() == []
    for a, b, n in ((1, "x", 1), (1.0, "y", 2.5), (True, "x", None), ("z", "x", 4)):
        notes.insert({"a": a, "b": b, "n": n})
    notes.insert_many([{"a": None, "n": 7}, {"n": -1}])
    by_a = notes.group_by("a")
    assert repr(by_a) == "<Groups of 'notes'>"
    assert by_a.count() == [(None, 2), (True, 1), (1, 2), ("z", 1)]
    assert by_a.sum("n") == [(None, 6), (True, 0), (1, 3.5), ("z", 4)]
    assert by_a.avg("n") == [(None, 3), (True, None), (1, 1.75), ("z", 4)]
    assert by_a.min("n") == [(None, -1), (True, None), (1, 1), ("z", 4)]
    assert by_a.max("n") == [(None, 7), (True, None), (1, 2.5), ("z", 4)]
    assert by_a.max("b")[0] == (None, None)
    assert notes.group_by("b", "a", filter={"a": 1}).count() == [(("x", 1), 1), (("y", 1.0), 1)]
    for of in (by_a.sum, by_a.avg):
        with pytest.raises(InvalidValueError, match="b: expected a number"):
            of("b")
