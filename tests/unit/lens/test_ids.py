"""Claim: ids rise, whatever the clock does, and counted ones are never given twice."""

from itertools import pairwise
from uuid import UUID

import pytest

from libredb import Store
from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.documents import documents
from libredb.lens.errors import DamagedEntryError, DuplicateKeyError, InvalidValueError
from libredb.lens.rows.ids import COUNTER, RisingIds, counter, new_id
from tests.support.stores import NaiveStore


def test_the_text_of_an_id_is_this() -> None:
    make = RisingIds(lambda: 0x0123456789AB, lambda count: b"\xff" * count)
    assert make() == "01234567-89ab-7fff-bfff-ffffffffffff"


def test_an_id_is_a_uuid_of_version_7_that_begins_with_the_time() -> None:
    made = UUID(new_id())
    assert (made.version, made.variant) == (7, UUID(new_id()).variant)
    assert UUID(new_id()).int >> 80 >= made.int >> 80


def test_ids_rise_when_the_clock_stands_still_or_goes_back() -> None:
    times = iter([5, 5, 5, 4, 1, 6, 6])
    made = [RisingIds(lambda: next(times), lambda count: b"\xff" * count)] * 7
    ids = [make() for make in made]
    assert all(one < other for one, other in pairwise(ids))
    assert [UUID(id).int >> 80 for id in ids] == [5, 6, 6, 6, 6, 6, 6]  # noqa: A001 - they are ids
    assert {UUID(id).version for id in ids} == {7}  # noqa: A001 - as above


def test_ids_of_two_processes_differ_in_the_same_millisecond() -> None:
    assert RisingIds(lambda: 5)() != RisingIds(lambda: 5)()


def test_a_counter_counts_and_gives_no_number_twice(store: Store) -> None:
    notes = documents(store, "notes", key=counter("id"))
    assert notes.insert_many([{"a": 1}, {"a": 2}]) == [1, 2]
    assert notes.delete(2)
    assert notes.insert({}) == 3
    assert notes.clear() == 2
    assert notes.put({}) == 4
    assert notes.upsert({"a": 1}, {"b": 1}) == "inserted"
    assert notes.get(5) == {"id": 5, "a": 1, "b": 1}


def test_a_counter_goes_on_behind_an_id_that_was_given(store: Store) -> None:
    notes = documents(store, "notes", key=counter("id"))
    assert notes.insert_many([{"id": 7}, {}]) == [7, 8]
    assert notes.insert({"id": 3}) == 3
    assert notes.insert({}) == 9
    with pytest.raises(DuplicateKeyError):
        notes.insert({"id": 9})


def test_a_refused_insert_uses_up_no_number(store: Store) -> None:
    notes = documents(store, "notes", key=counter("id"))
    notes.create_index("a", unique=True)
    assert notes.insert({"a": 1}) == 1
    with pytest.raises(ValueError, match="unique"):
        notes.insert({"a": 1})
    assert notes.insert({"a": 2}) == 2


def test_counted_ids_are_ints_and_others_are_texts(store: Store) -> None:
    with pytest.raises(InvalidValueError, match="id: expected an int"):
        documents(store, "notes", key=counter("id")).insert({"id": "1"})
    for id in (1, "", None, ["a"]):  # noqa: A001 - they are ids
        with pytest.raises(InvalidValueError, match="id: expected a str"):
            documents(store, "notes").insert({"id": id})
    assert documents(store, "notes").count() == 0


def test_the_counter_of_documents_is_in_their_id(store: Store) -> None:
    with pytest.raises(UsageValueError, match="'id'"):
        documents(store, "notes", key=counter("number"))
    with pytest.raises(UsageTypeError):
        counter(1)  # pyright: ignore[reportArgumentType] - the point


def test_a_counter_that_is_no_number_is_damage() -> None:
    store = NaiveStore()
    notes = documents(store, "notes", key=counter("id"))
    notes.insert({})
    store.entries[b"\xfe\x15\x01" + COUNTER] = b"x"
    with pytest.raises(DamagedEntryError):
        notes.insert({})
