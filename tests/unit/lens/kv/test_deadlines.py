"""Claim: an entry is there until its deadline and not after, and leaves nothing behind."""

from collections.abc import Callable
from datetime import timedelta

import pytest

import libredb
from libredb import Store, UsageTypeError, UsageValueError
from libredb.lens.errors import (
    MissingKeyError,
)
from libredb.lens.kv import kv
from tests.support.case import case
from tests.support.stores import NaiveStore
from tests.unit.lens.kv.support import SECOND, Clock, below, planted


def test_deadlines_before_1970_are_in_order_too() -> None:
    store, clock = NaiveStore(), Clock(-2.0)
    it = kv(store, clock=clock)
    it.set("a", "x", ttl=SECOND)
    assert below(store)["02" + "7ffffffffffffc18" + "61"] == ""
    clock.now = -0.5
    it.set("b", "x", ttl=SECOND)
    assert it.purge_expired() == 1
    assert list(it) == ["b"]


def test_an_overwritten_or_deleted_entry_leaves_nothing(store: Store) -> None:
    it = kv(store, clock=Clock())
    for change in (lambda: it.__setitem__("a", "y"), lambda: it.delete("a"), it.clear):
        it.set("a", "x", ttl=SECOND)
        change()
        left = [key for key in below(store) if key[:2] == "02"]
        assert left == []


def test_an_entry_is_expired_from_its_deadline_on(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    it.set("a", "x", ttl=timedelta(milliseconds=1500))
    it["b"] = "y"
    for now in (1000.0, 1001.499):
        clock.now = now
        with case(now=now):
            assert (it["a"], len(it), "a" in it) == ("x", 2, True)
    for now in (1001.5, 1001.501, 5000.0):
        clock.now = now
        with case(now=now):
            assert ("a" in it, it.get("a"), it.get_versioned("a")) == (False, None, (None, 0))
            assert list(it.scan()) == list(it.scan(reverse=True)) == [("b", "y")]
            assert (list(it), len(it), it.get_many(["a", "b"])) == (["b"], 1, [None, "y"])
    assert list(it.scan(limit=1)) == [("b", "y")], "a limit counts what is visible"
    del it["b"]
    assert not it
    with pytest.raises(MissingKeyError):
        it["a"]


def test_a_duration_is_rounded_up_to_milliseconds(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    it.set("a", "x", ttl=timedelta(microseconds=1))
    assert "a" in it
    clock.now = 1000.001
    assert "a" not in it


def test_a_duration_is_more_than_nothing(store: Store) -> None:
    it = kv(store)
    for ttl in (timedelta(), timedelta(microseconds=-1)):
        with case(ttl=ttl), pytest.raises(UsageValueError, match="more than nothing"):
            it.set("a", "x", ttl=ttl)
    for wrong in (5, 1.5, "1"):
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="ttl is a timedelta, not"):
            it.set_many({"a": "x"}, ttl=wrong)  # pyright: ignore[reportArgumentType] - refused
    it.set("a", "x", ttl=timedelta.max)
    assert it["a"] == "x"


def test_a_plain_set_clears_a_deadline_and_others_keep_it(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    it.set_many(dict.fromkeys("abcdef", "1"), ttl=SECOND)
    it["a"] = "2"
    it.update(b="2")
    it.incr("c")
    assert it.put_if("d", "2", it.get_versioned("d")[1])
    assert it.setdefault("e", "2") == "1"
    it.set("f", "2", ttl=2 * SECOND)
    assert it.check() == []
    clock.now = 1001.0
    assert dict(it.items()) == {"a": "2", "b": "2", "f": "2"}
    clock.now = 1002.0
    assert list(it) == ["a", "b"]


def test_a_write_begins_anew_where_an_entry_is_expired(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    it.set_many(dict.fromkeys("abcde", "5"), ttl=SECOND)
    _, version = it.get_versioned("a")
    clock.now = 1001.0
    assert not it.put_if("a", "6", version)
    assert it.put_if("a", "6", 0)
    assert it.get_versioned("a")[1] > version
    assert it.incr("b") == 1
    assert it.setdefault("c", "7") == "7"
    assert (it.pop("d", None), it.delete("e")) == (None, False)
    clock.now = 9999.0
    assert dict(it.items()) == {"a": "6", "b": "1", "c": "7"}
    assert all(key[:2] != "02" for key in below(store)), "what was met is gone"
    assert it.check() == []


def test_deleting_a_range_counts_what_is_visible_and_deletes_all(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    it.set_many([("a", "x"), ("b", "x")], ttl=SECOND)
    it["c"] = "x"
    clock.now = 1001.0
    assert it.delete_range("a", "z") == 1
    assert all(key == "03" for key in below(store))


def test_popitem_and_del_do_not_meet_what_is_expired(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    it.set("a", "x", ttl=SECOND)
    it["b"] = "y"
    clock.now = 1001.0
    with pytest.raises(MissingKeyError):
        del it["a"]
    assert it.popitem() == ("b", "y")
    with pytest.raises(KeyError):
        it.popitem()


def test_purging_deletes_what_is_expired_and_reads_nothing_else(store: Store) -> None:
    clock = Clock(1000.0)
    it = kv(store, clock=clock)
    assert it.purge_expired() == 0
    it["forever"] = "x"
    for number in range(5):
        it.set(f"{number}", "x", ttl=SECOND * (number + 1))
    assert it.purge_expired() == 0
    clock.now = 1003.0
    assert it.purge_expired() == 3
    assert it.purge_expired() == 0
    assert list(it) == ["3", "4", "forever"]
    assert it.check() == []
    planted(store, b"\1forever", b"damaged, and not read")
    clock.now = 1005.0
    assert it.purge_expired() == 2


def test_the_clock_is_looked_at_once_for_each_call(store: Store) -> None:
    clock = Clock()
    it = kv(store, clock=clock)
    calls: list[Callable[[], object]] = [
        *(lambda: it.get("a"), lambda: it.set("a", "1", ttl=SECOND), lambda: it.incr("a")),
        *(lambda: list(it.scan()), lambda: it.put_if("a", "x", 0), it.purge_expired, it.clear),
        *(lambda: it.update({"a": "x", "b": "x"}), it.popitem, lambda: len(it)),
    ]
    for number, call in enumerate(calls):
        clock.looks = 0
        call()
        with case(number=number):
            assert clock.looks == 1


def test_in_a_transaction_the_time_stands_still() -> None:
    with libredb.open() as db:
        clock = Clock(1000.0)
        outside = kv(db, clock=clock)
        outside.set("a", "x", ttl=SECOND)
        with db.transaction() as tx:
            inside = outside.on(tx)
            clock.now = 1001.0
            assert inside["a"] == inside["a"] == "x"
            inside.set("b", "x", ttl=SECOND)
            assert outside.on(tx).get("a") is None
        assert list(outside) == []
