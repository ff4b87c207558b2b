"""Claim: a namespace is opened as what the file says it is, and searched whichever it is."""

from datetime import date
from typing import Any

import pytest

import libredb
from libredb import Database, interop
from libredb.interop import find, recorded_lens


@pytest.fixture
def db() -> Database:
    db = libredb.open()
    libredb.kv(db, "k", values="json")["a"] = [1]
    libredb.documents(db, "d").insert_many([{"id": "x", "n": 1}, {"id": "y", "n": 2}])
    libredb.documents(db, "c", key=libredb.counter("id")).insert({"n": 1})
    people = libredb.table(db, "t", {"id": "int", "born": "date?"}, index=["born"])
    people.insert_many([{"id": 1, "born": date(2000, 1, 1)}, {"id": 2, "born": None}])
    return db


def test_public_names_are_loaded_when_they_are_asked_for() -> None:
    assert set(interop.__all__) <= set(dir(interop))
    for name in interop.__all__:
        assert getattr(interop, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = interop.nothing


def test_each_lens_is_what_it_was_made_as(db: Database) -> None:
    lenses: dict[str, Any] = {name: recorded_lens(db, name) for name in "kdct"}
    assert lenses["k"].get("a") == [1]
    assert lenses["d"].get("y") == {"id": "y", "n": 2}
    assert lenses["c"].get(1) == {"id": 1, "n": 1}
    assert lenses["t"].get(2) == {"id": 2, "born": None}
    with pytest.raises(libredb.MissingKeyError):
        recorded_lens(db, "nothing")


def test_what_is_found_is_the_same_in_a_transaction(db: Database) -> None:
    searches: list[tuple[str, dict[str, Any] | None, Any, list[Any]]] = [
        ("d", {"n": {"$gt": 1}}, None, ["y"]),
        ("d", None, "-n", ["y", "x"]),
        ("t", {"born": {"$gte": "1999-12-31"}}, None, [1]),
        ("t", {"$not": {"born": None}}, ["-id"], [1]),
        ("t", {}, ["born", "-id"], [2, 1]),
    ]
    with db.read() as tx:
        for name, wanted, order, ids in searches:
            for store in (db, tx):
                found = find(store, name, wanted, order_by=order)
                assert [row["id"] for row in found] == ids, (name, wanted)
                page = find(store, name, wanted, order_by=order, limit=1, offset=1)
                assert [row["id"] for row in page] == ids[1:2], (name, wanted)


def test_what_cannot_be_found_is_refused(db: Database) -> None:
    with pytest.raises(libredb.UsageError, match="'k' is a kv"):
        find(db, "k")
    with pytest.raises(libredb.UsageError, match="t has no column 'age'"):
        find(db, "t", {"age": 1})
    with pytest.raises(libredb.InvalidValueError, match="column born"):
        find(db, "t", {"born": 7})


def test_an_index_serves_a_filter_of_plain_values(db: Database) -> None:
    assert "index born" in str(find(db, "t", {"born": "2000-01-01"}).explain())
