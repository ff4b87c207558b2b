"""Claim: documents are stored as they are, found as they were stored, and changed as a whole."""

import doctest
from collections.abc import Callable
from typing import Any

import pytest

from libredb import Store
from libredb.kernel.errors import LibreDBError, UsageTypeError, UsageValueError
from libredb.kernel.transaction import Writer
from libredb.lens import documents as module
from libredb.lens.documents import Documents, documents
from libredb.lens.errors import (
    ConflictError,
    DamagedEntryError,
    DuplicateKeyError,
    InvalidValueError,
    NamespaceKindError,
)
from libredb.lens.keys.namespace import IndexRecord, create
from libredb.lens.rows.document import NAMED
from tests.support.case import case
from tests.support.stores import NaiveStore


@pytest.fixture
def notes(store: Store) -> Documents[str]:
    return documents(store, "notes")


def test_the_example_is_true() -> None:
    assert doctest.testmod(module).attempted > 0
    assert doctest.testmod(module).failed == 0


# One document


def test_what_is_inserted_is_what_is_read(notes: Documents[str]) -> None:
    given: dict[str, Any] = {
        "level": "warn",
        "at": 1.0,
        "id": "a",
        "deep": {"list": [1, True, None, {}]},
    }
    assert notes.insert(given) == "a"
    found = notes.get("a")
    assert found == given
    assert found is not None
    assert list(found) == ["id", "level", "at", "deep"]
    assert type(found["at"]) is float


def test_a_document_without_an_id_gets_a_new_one(notes: Documents[str]) -> None:
    given = {"a": 1}
    first, second = notes.insert(given), notes.insert(given)
    assert given == {"a": 1}
    assert first < second
    assert notes.get(first) == {"id": first, "a": 1}


def test_new_ids_can_come_from_a_function_and_a_rerun_keeps_them(store: Store) -> None:
    drawn = iter("abc")
    notes = documents(store, "notes", new_id=lambda: next(drawn))
    assert notes.insert_many([{}, {}]) == ["a", "b"]
    assert notes.put({}) == "c"


def test_what_was_given_or_read_can_change_later(notes: Documents[str]) -> None:
    given: dict[str, Any] = {"id": "a", "list": [1]}
    notes.insert(given)
    given["list"].append(2)
    found = notes.get("a")
    assert found == {"id": "a", "list": [1]}
    assert found is not None
    found["list"].append(3)
    assert notes.get("a") == {"id": "a", "list": [1]}


def test_an_insert_refuses_an_id_that_is_there(notes: Documents[str]) -> None:
    notes.insert({"id": "a", "at": 1})
    for given in ([{"id": "a"}], [{"id": "b"}, {"id": "b"}], [{"id": "c"}, {"id": "a"}]):
        with pytest.raises(DuplicateKeyError, match="already") as caught:
            notes.insert_many(given)
        assert (caught.value.id, caught.value.namespace) == (given[-1]["id"], "notes")
    assert list(notes.find()) == [{"id": "a", "at": 1}]


def test_a_put_replaces_the_whole_document(notes: Documents[str]) -> None:
    assert notes.put({"id": "a", "at": 1, "b": 2}) == "a"
    assert notes.put({"id": "a", "at": 2}) == "a"
    assert notes.get("a") == {"id": "a", "at": 2}
    assert notes.put_many([{"id": "a"}, {"id": "b", "n": 1}, {"id": "b", "n": 2}]) == [
        "a",
        "b",
        "b",
    ]
    assert list(notes.find()) == [{"id": "a"}, {"id": "b", "n": 2}]


def test_an_update_patches_what_is_there_and_tells_if_it_was(notes: Documents[str]) -> None:
    notes.insert({"id": "a", "at": 1})
    assert notes.update("a", {"b.c": 2})
    assert notes.update("a", {"$inc": {"at": 1}, "$push": {"l": 5}})
    assert not notes.update("b", {"at": 1})
    assert list(notes.find()) == [{"id": "a", "at": 2, "b": {"c": 2}, "l": [5]}]


def test_a_delete_tells_if_it_was_there(notes: Documents[str]) -> None:
    assert not notes.delete("a")
    notes.insert_many([{"id": each} for each in "abc"])
    assert notes.delete("a")
    assert not notes.delete("a")
    assert notes.delete_many(["b", "b", "x", "c"]) == 2
    assert len(notes) == 0


def test_several_are_read_in_the_order_asked_for(notes: Documents[str]) -> None:
    assert notes.get("a") is None
    assert notes.get_many(["a"]) == [None]
    notes.insert_many([{"id": each} for each in "ab"])
    assert notes.get_many(iter(["b", "x", "a", "b"])) == [
        {"id": "b"},
        None,
        {"id": "a"},
        {"id": "b"},
    ]
    assert "a" in notes
    assert "x" not in notes
    assert bool(notes)
    assert not notes.on(notes._store) or notes


REFUSED: list[Any] = [
    *(5, None, [], "a"),
    *({"a": float("nan")}, {"a": (1,)}, {"a": {1: 2}}, {"a": "\ud800"}, {5: 1}),
    *({"id": 5}, {"id": ""}, {"id": None}, {"id": "\ud800"}, {"id": "i" * 511}),
]


@pytest.mark.parametrize("given", REFUSED, ids=repr)
def test_what_cannot_be_stored_is_refused_and_leaves_no_trace(
    notes: Documents[str], given: Any
) -> None:
    for write in (notes.insert, notes.put):
        with pytest.raises(InvalidValueError):
            write(given)
    with pytest.raises(InvalidValueError):
        notes.insert_many([{}, given])
    assert notes.count() == 0


def test_an_id_of_510_bytes_fits(notes: Documents[str]) -> None:
    longest = "i" * 510
    notes.insert({"id": longest})
    assert notes.get(longest) == notes.find({"id": longest}).one()


def test_an_id_may_hold_any_character(notes: Documents[str]) -> None:
    ids = ["\0", "a", "a\0", "a\0b", "\xe4", "\U0001f600"]
    notes.create_index("n")
    notes.insert_many([{"id": each, "n": 1} for each in reversed(ids)])
    assert [each["id"] for each in notes.find()] == ids
    assert [each["id"] for each in notes.find({"n": 1}, order_by="-id")] == ids[::-1]


WRONG_CALLS: list[Callable[[Any], Any]] = [
    lambda notes: notes.get(5),
    lambda notes: notes.get(""),
    lambda notes: 5 in notes,
    lambda notes: notes.update("a", {"$foo": 1}),
    lambda notes: notes.update("a", {"id": "b"}),
    lambda notes: notes.update_many({"$foo": 1}, {}),
    lambda notes: notes.find({"a": {"$foo": 1}}),
    lambda notes: notes.find(order_by=5),
    lambda notes: notes.put({"id": "a"}, if_version="1"),
    lambda notes: notes.create_index(),
    lambda notes: notes.create_index("a", ("a",)),
    lambda notes: notes.create_index("a", words=True, unique=True),
    lambda notes: notes.group_by(),
    lambda notes: notes.drop_index("a"),
]


@pytest.mark.parametrize("number", range(len(WRONG_CALLS)))
def test_a_wrong_call_is_refused_and_changes_nothing(notes: Documents[str], number: int) -> None:
    notes.insert({"id": "a", "at": 1})
    with pytest.raises(LibreDBError):
        WRONG_CALLS[number](notes)
    assert list(notes.find()) == [{"id": "a", "at": 1}]
    assert notes.check() == []


# Versions


def test_a_version_lets_one_of_two_writers_win(notes: Documents[str]) -> None:
    assert notes.get_versioned("a") == (None, 0)
    notes.put({"id": "a", "at": 1}, if_version=0)
    found, version = notes.get_versioned("a")
    assert found == {"id": "a", "at": 1}
    notes.update("a", {"at": 2}, if_version=version)
    for call in (
        lambda: notes.put({"id": "a"}, if_version=version),
        lambda: notes.update("a", {"at": 3}, if_version=version),
        lambda: notes.delete("a", if_version=version),
        lambda: notes.put({"id": "a"}, if_version=0),
        lambda: notes.delete("b", if_version=version),
    ):
        with pytest.raises(ConflictError):
            call()
    assert notes.get("a") == {"id": "a", "at": 2}
    assert notes.delete("a", if_version=notes.get_versioned("a")[1])


def test_a_namespace_that_is_not_there_has_version_0_of_everything(notes: Documents[str]) -> None:
    assert not notes.update("a", {}, if_version=0)
    assert not notes.delete("a", if_version=0)
    assert notes.get_versioned("a") == (None, 0)
    with pytest.raises(ConflictError):
        notes.update("a", {}, if_version=1)
    with pytest.raises(ConflictError):
        notes.delete("a", if_version=1)


# Many


def test_many_are_updated_and_deleted_by_a_filter(notes: Documents[str]) -> None:
    notes.insert_many([{"id": str(at), "at": at} for at in range(6)])
    assert notes.update_many({"at": {"$gte": 3}}, {"$inc": {"at": 10}}) == 3
    assert notes.update_many({"at": 1}, {"x": 1}, where=lambda note: note["at"] > 1) == 0
    assert notes.delete_where({"at": {"$lt": 10}}, where=lambda note: note["at"] != 1) == 2
    assert [note["at"] for note in notes.find()] == [1, 13, 14, 15]
    assert notes.delete_where({}) == 4
    assert notes.delete_where({}) == notes.clear() == 0


def test_an_update_of_many_that_one_refuses_changes_none(notes: Documents[str]) -> None:
    notes.insert_many([{"id": "a", "n": 1}, {"id": "b", "n": "text"}])
    with pytest.raises(InvalidValueError, match="n: expected a number"):
        notes.update_many({}, {"$inc": {"n": 1}})
    assert [note["n"] for note in notes.find()] == [1, "text"]


def test_an_upsert_inserts_what_it_did_not_find(notes: Documents[str]) -> None:
    assert notes.upsert({"mail": "x", "a.b": 1}, {"$inc": {"n": 2}}) == "inserted"
    assert notes.upsert({"mail": "x"}, {"$inc": {"n": 2}}) == "updated"
    found = notes.find().one()
    assert found == {"id": found["id"], "mail": "x", "a": {"b": 1}, "n": 4}
    assert notes.upsert({"id": "own"}, {"n": 1}) == "inserted"
    assert notes.get("own") == {"id": "own", "n": 1}


@pytest.mark.parametrize(
    "condition",
    [
        {"n": {"$gt": 1}},
        {"$or": [{"n": 1}]},
        {"$or": [{"n": 1}, {"n": 2}]},
        {"n": 1, "$not": {"m": 1}},
        {"$and": [{"n": 1}, {"n": 2}]},
        {"n": 1, "n.m": 1},
        {"m": 1},
    ],
    ids=repr,
)
def test_an_upsert_is_by_equality_and_of_one(notes: Documents[str], condition: Any) -> None:
    notes.insert_many([{"m": 1}, {"m": 1}])
    if condition == {"$or": [{"n": 1}]}:
        assert notes.upsert(condition, {}) == "inserted"  # one alternative is none
        return
    with pytest.raises(UsageValueError):
        notes.upsert(condition, {})
    assert notes.count() == 2


def test_an_upsert_with_an_id_that_is_none_is_refused(notes: Documents[str]) -> None:
    with pytest.raises(InvalidValueError):
        notes.upsert({"id": 5}, {"a": 1})
    assert notes.count() == 0


# Indexes


def test_an_index_is_built_over_what_is_there_and_dropped_whole() -> None:
    store = NaiveStore()
    notes = documents(store, "notes")
    notes.insert_many([{"at": at} for at in range(5)])
    before = set(store.entries)
    assert notes.create_index("at", ("a.b",)) == "at,a.b"
    assert len(set(store.entries) - before) == 5
    assert notes.indexes() == [IndexRecord(1, (("at",), ("a.b",)))]
    assert notes.find({"at": 3}).explain().index == "at,a.b"
    notes.drop_index("at,a.b")
    assert set(store.entries) == before
    assert notes.indexes() == []


def test_an_index_that_is_there_is_made_no_second_time(notes: Documents[str]) -> None:
    assert notes.create_index("a") == notes.create_index("a") == "a"
    assert len(notes.indexes()) == 1
    with pytest.raises(UsageValueError, match="another index 'a'"):
        notes.create_index("a", unique=True)


def test_a_unique_index_over_two_owners_is_not_made(notes: Documents[str]) -> None:
    notes.insert_many([{"a": 1}, {"a": 1}])
    with pytest.raises(ValueError, match="unique"):
        notes.create_index("a", unique=True)
    assert notes.indexes() == []
    assert notes.check() == []


def test_clearing_keeps_the_indexes(notes: Documents[str]) -> None:
    notes.create_index("a")
    notes.insert_many([{"a": 1}, {"a": 2}])
    assert notes.clear() == 2
    notes.insert({"id": "x", "a": 1})
    assert notes.find({"a": 1}).explain().entries == 1
    assert notes.check() == []


# Transactions


def test_documents_take_part_in_a_transaction_or_leave_no_trace(
    notes: Documents[str], store: Store
) -> None:
    notes.create_index("a", unique=True)
    notes.insert({"id": "kept", "a": 1})

    def work(tx: Writer) -> None:
        inside = notes.on(tx)
        inside.insert({"id": "b", "a": 2})
        with pytest.raises(ValueError, match="unique"):
            inside.insert_many([{"id": "c", "a": 3}, {"id": "d", "a": 2}])
        assert [note["id"] for note in inside.find()] == ["b", "kept"]
        assert inside.check() == []

    store.transact(work)
    assert [note["id"] for note in notes.find()] == ["b", "kept"]

    def abort(tx: Writer) -> None:
        notes.on(tx).clear()
        notes.on(tx).drop_index("a")
        raise KeyError

    with pytest.raises(KeyError):
        store.transact(abort)
    assert (len(notes), notes.check()) == (2, [])


def test_another_kind_of_lens_is_refused(store: Store) -> None:
    store.transact(lambda tx: create(tx, "notes", "kv") and None)
    for call in (
        lambda: documents(store, "notes").get("a"),
        lambda: documents(store, "notes").insert({}),
    ):
        with pytest.raises(NamespaceKindError):
            call()


def test_opening_reads_and_writes_nothing() -> None:
    store = NaiveStore()
    assert repr(documents(store, "notes")) == "<Documents 'notes'>"
    assert (store.entries, store.version) == ({}, 0)
    with pytest.raises(UsageTypeError):
        documents(store, 5)  # pyright: ignore[reportArgumentType] - the point


# Damage


def test_bytes_that_are_no_document_are_damage() -> None:
    for data in (b"[]", b'{"id":"b"}', b"{", b"5"):
        with case(data=data), pytest.raises(DamagedEntryError):
            NAMED.decode(b"\x02a\0", data)
    for packed in (b"\x05\0", b"\x15\x01\x15\x01", b"\x26", b"", b"\x02\xff\0"):
        with case(packed=packed), pytest.raises(DamagedEntryError):
            NAMED.unpack(packed)
