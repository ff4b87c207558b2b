"""Claim: a row has exactly the entries that its indexes give it, and a unique value one owner."""

from typing import Any

import pytest

from libredb import Store
from libredb.lens.documents import documents
from libredb.lens.errors import DamagedEntryError, InvalidValueError, UniqueViolationError
from libredb.lens.keys.encoding import pack
from libredb.lens.keys.namespace import IndexRecord, keys_of
from libredb.lens.keys.order_key import order_key
from libredb.lens.rows.index import Index, is_claim
from libredb.lens.values.json_value import MISSING
from tests.support.stores import NaiveStore


def index(*paths: str, **flags: Any) -> Index:
    fields = tuple(tuple(path.split(".")) for path in paths)
    return Index(keys_of(1), IndexRecord(1, fields, **flags))


def keys(*values: Any) -> bytes:
    return b"".join(map(order_key, values))


def test_a_row_has_one_entry_with_missing_where_a_field_is_not() -> None:
    assert index("a").heads({"a": 1}) == [keys(1)]
    assert index("a", "b.c").heads({"b": {"c": "x"}}) == [keys(MISSING, "x")]
    assert index("a", "b", "c", "d").heads({"a": None}) == [keys(None, *[MISSING] * 3)]


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        (["io", 1, "io", 1.0, None], ["io", 1, None]),
        ("io", [MISSING]),
        ([], []),
        (5, []),
        ({"a": 1}, []),
        (None, []),
    ],
)
def test_each_different_element_has_an_entry(value: Any, elements: list[Any]) -> None:
    row = {"a": 7, "t": value}
    assert index("t", each=True).heads(row) == [keys(each) for each in elements]
    assert index("a", "t", each=True).heads(row) == [keys(7, each) for each in elements]
    assert index("t", each=True).heads({}) == []


def test_each_different_word_has_an_entry() -> None:
    heads = index("t", words=True).heads
    assert heads({"t": "Big \uff22ig, small!"}) == [keys("big"), keys("small")]
    assert heads({"t": ["big"]}) == []
    assert heads({}) == []


@pytest.mark.parametrize("values", [(1, "a"), (["x", None], {"b": [1.5]}), (None, MISSING)])
def test_the_id_is_what_follows_the_keys(values: Any) -> None:
    found, packed = index("a", "b"), pack(("id\0",))
    key = found.prefix + keys(*values) + packed
    assert found.packed_id(key, len(found.prefix), 2) == packed
    assert found.packed_id(key, len(found.prefix) + len(keys(values[0])), 1) == packed


@pytest.mark.parametrize("tail", [b"", b"\x10\xc0", b"\x20ab", b"\xff"])
def test_an_entry_that_ends_too_early_is_damage(tail: bytes) -> None:
    found = index("a")
    with pytest.raises(DamagedEntryError):
        found.packed_id(found.prefix + tail, len(found.prefix), 1)


def test_null_and_missing_claim_nothing() -> None:
    assert is_claim(keys(1, "a", [None]))
    assert not is_claim(keys(1, None))
    assert not is_claim(keys(MISSING, 1))


def test_an_index_says_its_name() -> None:
    assert repr(index("a", "b.c")) == "<Index 'a,b.c'>"


def test_indexes_are_made_once_for_a_record_and_the_oldest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("libredb.lens.rows.index._MOST_KNOWN", 2)
    store = NaiveStore()
    for number in range(4):
        notes = documents(store, f"notes{number}")
        notes.create_index("a")
        assert [each.name for each in notes.indexes()] == ["a"]
        notes.insert({"id": "x", "a": number})
        assert notes.find({"a": number}).one() == {"id": "x", "a": number}


# Unique


def test_a_second_owner_is_refused_and_told_of_the_first(store: Store) -> None:
    notes = documents(store, "notes")
    notes.create_index("mail", "at", unique=True)
    notes.insert({"id": "a", "mail": "x", "at": 1})
    with pytest.raises(UniqueViolationError, match="mail,at: 'a' has") as caught:
        notes.insert({"id": "b", "mail": "x", "at": 1.0})
    error = caught.value
    assert (error.namespace, error.field) == ("notes", "mail,at")
    assert (error.actual, error.id) == (["x", 1.0], "a")
    assert list(notes.find()) == [{"id": "a", "mail": "x", "at": 1}]


def test_null_and_missing_have_any_number_of_owners(store: Store) -> None:
    notes = documents(store, "notes")
    notes.create_index("a", "b", unique=True)
    notes.insert_many([{"a": 1}, {"a": 1}, {"a": 1, "b": None}, {"a": 1, "b": None}, {}, {}])
    assert (notes.count(), notes.check()) == (6, [])


def test_elements_that_two_share_are_refused_and_repeats_in_one_are_not(store: Store) -> None:
    notes = documents(store, "notes")
    notes.create_index("tags", each=True, unique=True)
    notes.insert({"id": "a", "tags": ["x", "x", None]})
    notes.insert({"id": "b", "tags": ["y", None]})
    notes.update("a", {"$push": {"tags": "z"}})
    with pytest.raises(UniqueViolationError) as caught:
        notes.update("b", {"$push": {"tags": "z"}})
    assert (caught.value.actual, caught.value.id) == ("z", "a")
    notes.insert_many([{"tags": "text"}, {"tags": "text"}])
    assert notes.check() == []


def test_an_owner_may_keep_its_own_value(store: Store) -> None:
    notes = documents(store, "notes")
    notes.create_index("mail", unique=True)
    notes.insert({"id": "a", "mail": "x"})
    notes.put({"id": "a", "mail": "x", "at": 1})
    notes.update("a", {"at": 2})
    assert notes.upsert({"mail": "x"}, {"mail": "x"}) == "updated"
    assert notes.get("a") == {"id": "a", "mail": "x", "at": 2}


def test_many_are_judged_by_what_they_leave_behind(store: Store) -> None:
    notes = documents(store, "notes")
    notes.create_index("at", unique=True)
    notes.insert_many([{"id": name, "at": at} for at, name in enumerate("abc")])
    assert notes.update_many({}, {"$inc": {"at": 1}}) == 3
    notes.put_many([{"id": "a", "at": 3}, {"id": "c", "at": 1}])
    assert [each["at"] for each in notes.find()] == [3, 2, 1]
    with pytest.raises(UniqueViolationError):
        notes.update_many({}, {"at": 9})
    with pytest.raises(UniqueViolationError):
        notes.insert_many([{"at": 7}, {"at": 7}])
    assert [each["at"] for each in notes.find()] == [3, 2, 1]
    assert notes.check() == []


# Sizes


def test_a_key_has_at_most_1024_bytes(store: Store) -> None:
    notes = documents(store, "notes")
    notes.create_index("a.b", "c")
    around = len(index("a.b", "c").prefix + keys("", 1) + pack(("x",)))
    notes.insert({"id": "x", "a": {"b": "t" * (1024 - around)}, "c": 1})
    with pytest.raises(InvalidValueError, match=r"^a\.b: its key in the index a\.b,c") as caught:
        notes.update("x", {"a.b": "t" * (1025 - around)})
    error = caught.value
    assert (error.field, error.actual, error.id) == ("a.b", 1025, "x")
    assert notes.check() == []
