"""Claim: `check` finds whatever makes rows and indexes disagree, in both directions."""

from typing import Any

import pytest

from libredb.kernel.transaction import Store, Writer
from libredb.lens.documents import Documents, documents
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.namespace import IndexRecord, find
from libredb.lens.rows.collection import Collection
from libredb.lens.rows.document import NAMED
from tests.support.stores import NaiveStore

ROW_A = bytes.fromhex("fe 15 01 01 02 61 00")
ENTRY_A = bytes.fromhex("fe 15 01 03 15 01 10 bf f0 00 00 00 00 00 00 00 02 61 00")
ENTRY_C = ENTRY_A[:-2] + b"c\0"
UNIQUE_A = bytes.fromhex("fe 15 01 03 15 02 20 78 00 02 61 00")
HEADER = bytes(9)


@pytest.fixture
def store() -> NaiveStore:
    made = NaiveStore()
    notes = documents(made, "notes")
    notes.create_index("at")
    notes.create_index("mail", unique=True)
    notes.insert_many([{"id": "a", "at": 1, "mail": "x"}, {"id": "b", "at": 1, "mail": "y"}])
    assert ENTRY_A in made.entries
    assert UNIQUE_A in made.entries
    return made


def notes_of(store: NaiveStore) -> Documents[str]:
    return documents(store, "notes")


def test_nothing_is_wrong_with_what_was_written(store: NaiveStore) -> None:
    assert notes_of(store).check() == []
    assert documents(store, "other").check() == []


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        (ENTRY_A, None, "the document 'a' has no entry fe 15 01 03 15 01"),
        (ROW_A, None, "the index at has an entry of no document: fe 15 01 03 15 01"),
        (ENTRY_C, b"", "the index at has an entry of no document: fe 15 01 03 15 01"),
        (ENTRY_A, b"x", "the index at has an entry of no document: fe 15 01 03 15 01"),
        (ROW_A, b"\0", "the row at fe 15 01 01 02 61 00: a row begins with 00"),
        (ROW_A, HEADER + b"{", "the row at fe 15 01 01 02 61 00: a stored value is damaged"),
        (ROW_A, HEADER + b'{"at":2,"mail":"x"}', "the document 'a' has no entry"),
        (ROW_A, HEADER + b'{"at":1,"mail":"y"}', "the index mail is unique and has two owners of"),
        (ROW_A[:-2] + b"\xff\0", HEADER + b"{}", "the row at fe 15 01 01 02 ff 00"),
        (ROW_A[:3] + b"\x03\x15\x09x", b"", "the key fe 15 01 03 15 09 78 is of no document"),
        (ROW_A[:3] + b"\x07", b"", "the key fe 15 01 07 is of no document and of no index"),
    ],
)
def test_what_disagrees_is_told(store: NaiveStore, key: bytes, value: Any, problem: str) -> None:
    store.entries[key] = value
    if value is None:
        del store.entries[key]
    if b'"y"' in (value or b""):
        store.entries[UNIQUE_A.replace(b"x", b"y")] = b""
    problems = notes_of(store).check()
    assert any(each.startswith(problem) for each in problems), problems


def test_a_counter_belongs_to_its_documents(store: NaiveStore) -> None:
    store.entries[ROW_A[:3] + b"\x04"] = b"3"
    assert notes_of(store).check() == []


def test_a_row_that_changes_in_no_indexed_field_costs_one_key(store: NaiveStore) -> None:
    before = dict(store.entries)
    notes_of(store).update("a", {"other": 1})
    changed = {key for key in store.entries if store.entries[key] != before.get(key)}
    assert changed == {ROW_A}


def test_of_two_who_make_the_same_index_at_once_the_second_finds_it(store: NaiveStore) -> None:
    def work(tx: Writer) -> None:
        namespace = find(tx, "notes")
        assert namespace is not None
        Collection(tx, namespace, NAMED).create_index(IndexRecord(0, (("at",),)))

    before = dict(store.entries)
    store.transact(work)
    assert store.entries == before


def test_a_value_that_cannot_be_stored_tells_its_namespace_its_id_and_its_field(
    store: Store,
) -> None:
    # Of a thousand documents nobody could tell which one was refused.
    notes = documents(store, "others")
    notes.insert({"id": "a", "at": "text"})
    with pytest.raises(InvalidValueError, match=r"^document 2 for 'others': b\.c: ") as caught:
        notes.insert_many([{"id": "x"}, {"id": "y", "b": {"c": float("nan")}}])
    error = caught.value
    assert (error.namespace, error.id, error.field) == ("others", "y", "b.c")
    with pytest.raises(InvalidValueError, match=r"^'a' in 'others': at: ") as caught:
        notes.update_many({}, {"$inc": {"at": 1}})
    error = caught.value
    assert (error.namespace, error.id, error.field) == ("others", "a", "at")
    assert notes.get_many(["a", "x"]) == [{"id": "a", "at": "text"}, None]
