"""Claim: a kv keeps text keys with versions and deadlines, as its bytes say, and refuses the rest.

What it has in common with a mapping is in ../test_dictionary.py.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, assert_type

import pytest

import libredb
from libredb import Store, UsageError, UsageTypeError, UsageValueError
from libredb.lens.catalog import catalog
from libredb.lens.errors import (
    DamagedEntryError,
    InvalidValueError,
    NamespaceKindError,
    SchemaMismatchError,
)
from libredb.lens.keys.namespace import create
from libredb.lens.kv import KV, kv
from tests.support.case import case
from tests.support.stores import NaiveStore
from tests.unit.lens.kv.support import PREFIX, SECOND, Clock, below, entry, planted

# The bytes


def test_the_bytes_of_an_entry_are_those_of_its_format() -> None:
    store, clock = NaiveStore(), Clock(1.5)
    it = kv(store, clock=clock)
    it["ä"] = "ö"
    it.set("b", "x", ttl=timedelta(milliseconds=500))
    assert below(store) == {
        "01c3a4": "00" + "0000000000010000" + "c3b6",
        "0162": "01" + "0000000000020000" + "00000000000007d0" + "78",
        "02" + "80000000000007d0" + "62": "",
    }
    kv(store, "json", "json")["a"] = {"x": [1, 2.0, None]}
    record = store.entries[b"\xfe\0\1json"]
    assert record == b'{"kind":"kv","prefix":2,"schema":{"values":"json"},"indexes":[]}'
    assert store.entries[b"\xfe\x15\2\1a"][9:] == b'{"x":[1,2.0,null]}'


# Values


def test_values_are_text_bytes_or_json(store: Store) -> None:
    text = assert_type(kv(store, "text"), KV[str])
    data = assert_type(kv(store, "data", values="bytes"), KV[bytes])
    anything = assert_type(kv(store, "anything", "json"), KV[Any])
    assert_type(kv(store, "data", "bytes"), KV[bytes])
    assert_type(kv(store, "anything", values="json"), KV[Any])
    cases: list[tuple[KV[Any], list[Any]]] = [
        (text, ["", "x", "\0", "\U0001f600", "x" * 10_000]),
        (data, [b"", b"\0\xff", b"x" * 10_000]),
        (anything, [None, True, 0, -1.5, "x", [], {}, {"b": [1, {"a": None}]}, 2**2039]),
    ]
    for it, values in cases:
        for value in values:
            with case(kv=it, value=value):
                it["a"] = value
                assert it["a"] == it.get("a", 5) == it.get_versioned("a")[0] == value
                assert type(it["a"]) is type(value)
        assert it.check() == []


def test_what_the_caller_does_to_a_value_changes_nothing(store: Store) -> None:
    anything, data = kv(store, "anything", "json"), kv(store, "data", "bytes")
    given, raw = {"a": [1]}, bytearray(b"abc")
    anything["x"], data["x"] = given, raw  # pyright: ignore[reportArgumentType] - taken, as everywhere
    given["a"].append(2)
    raw[0] = 0
    assert (anything["x"], data["x"]) == ({"a": [1]}, b"abc")
    anything["x"]["a"].append(3)
    assert anything["x"] == {"a": [1]}
    default = {"b": [1]}
    kept = anything.setdefault("y", default)
    kept["b"].append(2)
    assert anything["y"] == default == {"b": [1]}


def test_a_value_of_another_type_is_refused_with_its_place(store: Store) -> None:
    wrong: list[tuple[KV[Any], list[Any]]] = [
        (kv(store, "n"), [None, 5, b"x", type("Text", (str,), {})("x"), "\ud800"]),
        (kv(store, "n", "bytes"), [None, 5, "x", [1]]),
        (kv(store, "n", "json"), [b"x", (1,), float("nan"), {1: 2}, "\ud800", 2**2040]),
    ]
    for it, values in wrong:
        for value in values:
            calls: list[Callable[[], object]] = [
                *(lambda: it.__setitem__("k", value), lambda: it.setdefault("k", value)),  # noqa: B023 - called in this turn
                *(lambda: it.update({"a": value}), lambda: it.set_many({"k": value})),  # noqa: B023 - as above
                *(lambda: it.put_if("k", value, 0), lambda: it.set("k", value, ttl=SECOND)),  # noqa: B023 - as above
            ]
            for call in calls:
                with case(kv=it, value=value), pytest.raises(InvalidValueError) as caught:
                    call()
                assert (caught.value.namespace, caught.value.id) in {("n", "k"), ("n", "a")}
                assert "'n', key '" in str(caught.value)
    assert catalog(store).names() == []


def test_an_error_says_where_in_the_json(store: Store) -> None:
    with pytest.raises(InvalidValueError) as caught:
        kv(store, "n", "json")["k"] = {"a": [1, float("inf")]}
    assert (caught.value.field, caught.value.expected) == ("a[1]", "a finite number")


# Keys


def test_a_key_that_is_no_str_is_refused_by_every_call(store: Store) -> None:
    it = kv(store)
    for wrong in (b"a", None, 5, type("Name", (str,), {})("a")):
        key: Any = wrong
        calls: list[Callable[[], object]] = [
            *(lambda: it.get(key), lambda: it[key], lambda: key in it, lambda: it.pop(key)),  # noqa: B023 - called in this turn
            *(lambda: it.__setitem__(key, "x"), lambda: it.delete(key), lambda: it.incr(key)),  # noqa: B023 - as above
            *(lambda: it.get_many(["a", key]), lambda: it.put_if(key, "x", 0)),  # noqa: B023 - as above
            *(lambda: it.get_versioned(key), lambda: it.update({key: "x"})),  # noqa: B023 - as above
        ]
        for call in calls:
            with case(key=key), pytest.raises(UsageTypeError, match="a key of 'default' is a str"):
                call()
    assert not it


def test_half_of_a_character_is_no_key(store: Store) -> None:
    it = kv(store)
    it["a"] = "x"
    for call in (it.get, it.__getitem__, it.delete, it.incr):
        with pytest.raises(InvalidValueError, match="well-formed") as caught:
            call("a\ud800")
        assert (caught.value.namespace, caught.value.id) == ("default", "a\ud800")


def test_a_key_has_at_most_512_bytes(store: Store) -> None:
    it = kv(store)
    longest, longer = "ä" * 256, "ä" * 256 + "a"
    it[longest] = "1"
    assert it.incr(longest) == 2
    for call in (
        lambda: it.__setitem__(longer, "x"),
        lambda: it.setdefault(longer, "x"),
        lambda: it.put_if(longer, "x", 0),
        lambda: it.incr(longer),
    ):
        with pytest.raises(InvalidValueError, match="at most 512 bytes, got one of 513") as caught:
            call()
        assert (caught.value.namespace, caught.value.id) == ("default", longer)
    assert (longer in it, it.get(longer), it.delete(longer)) == (False, None, False)
    assert list(it.scan(longest, longer)) == [(longest, "2")]


# The namespace


def test_what_was_made_with_other_values_is_refused_when_it_is_used(store: Store) -> None:
    kv(store)["a"] = "1"
    other = kv(store, values="json")
    calls: list[Callable[[], object]] = [
        *(lambda: other["a"], lambda: other.set("a", 1), lambda: list(other.scan()), other.check),
        *(other.clear, other.purge_expired, lambda: other.incr("a"), lambda: bool(other)),
    ]
    for call in calls:
        with pytest.raises(SchemaMismatchError, match="made with") as caught:
            call()
        error = caught.value
        assert (error.namespace, error.expected, error.actual) == (
            *("default", {"values": "json"}, {"values": "str"}),
        )
    assert kv(store)["a"] == "1"


def test_what_is_no_kv_is_refused(store: Store) -> None:
    store.transact(lambda tx: create(tx, "a", "documents"))
    with pytest.raises(NamespaceKindError, match="one of documents, not of kv"):
        kv(store, "a").get("x")


def test_wrong_options_are_refused(store: Store) -> None:
    with pytest.raises(UsageValueError, match="values are one of str, bytes, json, not 'int'"):
        kv(store, "a", "int")  # pyright: ignore[reportCallIssue, reportArgumentType] - refused
    with pytest.raises(UsageTypeError, match="needs a database"):
        kv(None)  # pyright: ignore[reportArgumentType] - refused
    with pytest.raises(UsageValueError, match="1 to 512 bytes"):
        kv(store, "")
    assert repr(kv(store, "a")) == "<KV 'a'>"
    assert kv(store, "a").name == "a"


def test_two_namespaces_know_nothing_of_each_other(store: Store) -> None:
    first, second = kv(store, "a"), kv(store, "b")
    first["x"], second["x"] = "1", "2"
    first.clear()
    assert (dict(first.items()), dict(second.items())) == ({}, {"x": "2"})


# Numbers


def test_incr_counts_from_zero_in_every_kind_of_value(store: Store) -> None:
    text, data, anything = kv(store, "t"), kv(store, "d", "bytes"), kv(store, "j", "json")
    for it in (text, data, anything):
        assert [it.incr("a"), it.incr("a", 5), it.incr("a", by=-7), it.incr("a", 0)] == [
            1,
            6,
            -1,
            -1,
        ]
    assert (text["a"], data["a"], anything["a"]) == ("-1", b"-1", -1)
    anything["b"] = 41
    assert anything.incr("b") == anything["b"] == 42
    text["b"] = "41"
    assert text.incr("b", 2**2039) == 41 + 2**2039


def test_incr_refuses_what_is_no_integer(store: Store) -> None:
    text, anything = kv(store, "t"), kv(store, "j", "json")
    cases: list[tuple[KV[Any], list[Any]]] = [
        (text, ["", "x", " 1", "+1", "-0", "01", "1_0", "1.0", "\u0663", "9" * 5000]),
        (anything, [None, True, 1.0, "1", [1], {}]),
    ]
    for it, values in cases:
        for value in values:
            it["a"] = value
            with case(value=value), pytest.raises(InvalidValueError, match="an integer") as caught:
                it.incr("a")
            assert (caught.value.namespace, caught.value.id) == (it.name, "a")
            assert it["a"] == value
    for by in (1.0, "1", True):
        with case(by=by), pytest.raises(UsageTypeError, match="by must be an int"):
            text.incr("a", by)  # pyright: ignore[reportArgumentType] - refused
    for by in (2**2040, -(2**2040)):
        with case(by=by), pytest.raises(InvalidValueError, match="at most 255 bytes"):
            text.incr("b", by)


# Inside of a transaction


def test_a_kv_in_a_transaction_sees_its_namespace_come_and_go() -> None:
    with libredb.open() as db, db.transaction() as tx:
        it = kv(db).on(tx)
        assert it.get("a") is None
        it["a"] = "x"
        assert [it["a"], it["a"], it.get("b"), it.get("b", 5)] == ["x", "x", None, 5]
        catalog(tx).drop("default")
        assert it.get("a") is None
        it["a"] = "y"
        assert it["a"] == "y"
        assert kv(tx)["a"] == "y"


def test_a_kv_in_a_transaction_that_has_ended_is_refused() -> None:
    with libredb.open() as db:
        with db.transaction() as tx:
            it = kv(tx)
            it["a"] = "x"
            assert it["a"] == "x"
        for call in (it.get, it.delete, it.incr):
            with pytest.raises(UsageError, match="has ended"):
                call("a")


def test_a_kv_in_a_transaction_refuses_as_others_do() -> None:
    with libredb.open() as db, db.transaction() as tx:
        it = kv(tx, values="json", clock=Clock())
        it["a"] = {"x": 1}
        assert it["a"] == {"x": 1}
        with pytest.raises(InvalidValueError, match="well-formed"):
            it.get("\ud800")
        with pytest.raises(UsageTypeError, match="is a str"):
            it.get(5)  # pyright: ignore[reportArgumentType] - refused
        it.set("b", 1, ttl=SECOND)
        assert it["b"] == 1
        planted(tx, b"\1c", entry(1, b"{"))
        with pytest.raises(DamagedEntryError, match="'default', key 'c'"):
            it.get("c")


# Damage


DAMAGED: dict[bytes, tuple[bytes, str]] = {
    b"\1a": (b"", "does not begin an entry"),
    b"\1b": (b"\0" + bytes(7), "does not begin an entry"),
    b"\1c": (entry(1, b"", 5)[:-1], "does not begin an entry"),
    b"\1d": (b"\2" + bytes(16), "does not begin an entry"),
    b"\1e": (entry(0, b"x", 5), "has the version 0"),
    b"\1f": (entry(2**64 - 1, b"x", 5), "has the version 18446744073709551615"),
    b"\1g": (entry(1, b"\xff"), "utf-8"),
    b"\1\xff": (entry(1, b"x"), "the key is not UTF-8"),
}


def test_a_damaged_entry_is_found_and_refused_with_its_place(store: Store) -> None:
    it = kv(store, clock=Clock(0.0))
    it["ok"] = "x"
    for key, (data, reason) in DAMAGED.items():
        planted(store, key, data)
        name = key[1:].decode(errors="backslashreplace")
        with case(key=key, data=data):
            with pytest.raises(DamagedEntryError, match=reason) as caught:
                list(it.scan())
            assert (caught.value.namespace, caught.value.id) == ("default", name)
            if key[1:].isascii():
                with pytest.raises(DamagedEntryError, match=reason):
                    it.get(name)
            (problem,) = it.check()
            assert reason in problem
        planted(store, key, None)
    assert it.check() == []


def test_check_walks_both_ways(store: Store) -> None:
    it = kv(store, clock=Clock(0.0))
    assert it.check() == []
    it["a"] = "x"
    it.set("b", "x", ttl=SECOND)
    faults: list[tuple[bytes, bytes, str]] = [
        (b"\1b", entry(1, b"x"), "key b'b': it does not have the deadline 1000"),
        (b"\2" + bytes(8) + b"a", b"", "key b'a': it does not have the deadline"),
        (b"\2" + bytes(8) + b"c", b"", "key b'c': it does not have the deadline"),
        (b"\2", b"", "it does not have the deadline"),
        (b"\1c", entry(1, b"x", 7), "key b'c': its deadline 7 would not be noticed"),
        (b"\3", b"1234567", "the key fe 15 01 03 is of no entry"),
        (b"\3x", bytes(8), "the key fe 15 01 03 78 is of no entry"),
        (b"\4", b"", "the key fe 15 01 04 is of no entry"),
        (b"", b"", "the key fe 15 01 is of no entry"),
        (b"\1b", b"", "key b'b':  does not begin an entry"),
        (
            b"\2" + (2**63 + 1000).to_bytes(8) + b"b",
            b"x",
            "key b'b': it does not have the deadline",
        ),
    ]
    whole = bytes.fromhex(PREFIX)
    for key, data, problem in faults:
        before = store.read(lambda tx: tx.get(whole + key))  # noqa: B023 - called in this turn
        planted(store, key, data)
        with case(key=key, data=data):
            (found,) = it.check()
            assert problem in found
        planted(store, key, before)
    assert it.check() == []


def test_a_damaged_mark_is_refused_where_it_is_needed(store: Store) -> None:
    it = kv(store)
    it["a"] = "x"
    planted(store, b"\3", b"1")
    with pytest.raises(DamagedEntryError, match="the version 31 is not one of 8 bytes"):
        it["b"] = "x"


def test_purging_also_deletes_deadlines_of_nothing(store: Store) -> None:
    it = kv(store, clock=Clock(1000.0))
    it["a"] = "x"
    for key in (b"\2", b"\2" + bytes(8) + b"gone", b"\2" + bytes(8) + b"a"):
        planted(store, key, b"")
    assert it.purge_expired() == 0
    assert it.check() == []
    assert it["a"] == "x"
