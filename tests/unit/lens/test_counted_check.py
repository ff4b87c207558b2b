"""A check of documents whose ids are counted tells when the counter would give an id again.

A crash test deleted every key that lenses had written, one by one, and asked who missed it: nobody
missed the counter. The next document would have been given the id 1 again, and been refused.
"""

from typing import Any

import pytest

import libredb
from libredb import Store
from libredb.lens.keys.namespace import find
from libredb.lens.rows.row import COUNTER


def counted(store: Store) -> Any:
    return libredb.documents(store, "tasks", key=libredb.counter("id"))


def change_counter(store: Store, value: bytes | None) -> None:
    def change(tx: libredb.Writer) -> None:
        namespace = find(tx, "tasks")
        assert namespace is not None
        tx.delete(namespace.keys.prefix + COUNTER)
        if value is not None:
            tx.set(namespace.keys.prefix + COUNTER, value)

    store.transact(change)


def test_a_counter_that_is_not_below_any_id_is_right(store: Store) -> None:
    tasks = counted(store)
    assert tasks.check() == []
    tasks.insert_many([{}, {}, {"id": 40}, {}])
    assert tasks.check() == []
    tasks.delete(41)
    assert tasks.check() == []


@pytest.mark.parametrize("value", [None, b"1"], ids=["lost", "too low"])
def test_a_counter_that_is_below_an_id_is_told(store: Store, value: bytes | None) -> None:
    tasks = counted(store)
    tasks.insert_many([{}, {}])
    change_counter(store, value)
    last = int(value or 0)
    assert tasks.check() == [f"the counter is at {last}, and there is the document 2"]


def test_a_counter_that_is_no_number_is_told(store: Store) -> None:
    tasks = counted(store)
    tasks.insert({})
    change_counter(store, b"many")
    (told,) = tasks.check()
    assert "b'many'" in told


def test_ids_that_are_texts_have_no_counter(store: Store) -> None:
    libredb.documents(store, "tasks").insert({"id": "a"})
    assert counted(store).check() == []
