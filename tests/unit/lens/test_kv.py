"""Claim: a kv keeps text keys with versions and deadlines, as its bytes say, and refuses the rest.

What it has in common with a mapping is in test_dictionary.py.
"""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any, assert_type

import pytest

import libredb
from libredb import Store, UsageError, UsageTypeError, UsageValueError, Writer
from libredb.lens.catalog import catalog
from libredb.lens.errors import (
    DamagedEntryError,
    InvalidValueError,
    MissingKeyError,
    NamespaceKindError,
    SchemaMismatchError,
)
from libredb.lens.kv import KV, kv
from libredb.lens.namespace import create
from tests.support.case import case
from tests.support.stores import NaiveStore, NaiveWriter, RerunningStore

PREFIX = "fe1501"
SECOND = timedelta(seconds=1)


class Clock:
    """A clock that stands still until it is moved, and counts who looks."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.now


class UnnumberedWriter(NaiveWriter):
    """A transaction without a number."""

    def __init__(self, entries: dict[bytes, bytes], version: int) -> None:
        super().__init__(entries, 0)


class UnnumberedStore(NaiveStore):
    """A store that does not number its commits."""

    writer = UnnumberedWriter


def below(store: Store) -> dict[str, str]:
    """Return what a kv keeps under its prefix, in hexadecimal digits."""
    start = bytes.fromhex(PREFIX)
    found = store.read(lambda tx: list(tx.scan(start, start + b"\xff")))
    return {key.hex().removeprefix(PREFIX): value.hex() for key, value in found}


def planted(store: Store, key: bytes, value: bytes | None) -> None:
    """Write a raw entry under the prefix, or delete it."""
    whole = bytes.fromhex(PREFIX) + key

    def plant(tx: Writer) -> None:
        tx.delete(whole) if value is None else tx.set(whole, value)

    store.transact(plant)


def entry(version: int, value: bytes, deadline: int | None = None) -> bytes:
    """Return the bytes of an entry, as the docstring of kv_entries draws them."""
    if deadline is None:
        return b"\0" + version.to_bytes(8) + value
    return b"\1" + version.to_bytes(8) + deadline.to_bytes(8, signed=True) + value


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


# Versions


def test_a_version_is_of_the_commit_and_rises_within_it() -> None:
    store = NaiveStore()
    it = kv(store)
    assert it.get_versioned("a") == (None, 0)
    it["a"] = "x"
    assert it.get_versioned("a") == ("x", 1 << 16)

    def twice(tx: Writer) -> None:
        inside = it.on(tx)
        inside["a"] = "y"
        inside["a"] = "z"
        inside["b"] = "z"

    store.transact(twice)
    assert it.get_versioned("a") == ("z", (2 << 16) + 1)
    assert it.get_versioned("b") == ("z", 2 << 16)


def test_put_if_writes_only_over_the_version_it_is_given(store: Store) -> None:
    it = kv(store)
    assert not it.put_if("a", "x", 5)
    assert not it
    assert it.put_if("a", "x", 0)
    assert not it.put_if("a", "y", 0)
    value, version = it.get_versioned("a")
    assert value == "x"
    assert it.put_if("a", "y", version)
    assert not it.put_if("a", "z", version)
    assert it["a"] == "y"
    with pytest.raises(UsageTypeError, match="version must be an int, not bool"):
        it.put_if("a", "z", True)
    with pytest.raises(UsageTypeError, match="version must be an int, not str"):
        it.put_if("a", "z", "1")  # pyright: ignore[reportArgumentType] - refused


def test_put_if_that_is_false_writes_nothing() -> None:
    with libredb.open() as db:
        it = kv(db)
        assert not it.put_if("a", "x", 5)
        assert db.version == 0
        it["a"] = "x"
        assert not it.put_if("a", "y", 0)
        assert db.version == 1


def changed(inside: KV[str], rng: random.Random) -> None:
    """Change something, in one of the ways there are."""
    key = rng.choice("ab")
    changes: list[Callable[[], object]] = [
        *(lambda: inside.delete(key), lambda: inside.pop(key, None), lambda: inside.incr(key)),
        *(lambda: inside.set(key, "1"), lambda: inside.set(key, "1", ttl=SECOND), inside.clear),
    ]
    rng.choice(changes)()


def versions_of_one_commit(
    inside: KV[str], rng: random.Random, seen: set[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Change a few keys; return what was seen and the new versions, none of which was."""
    found = set(seen)
    known = {key: inside.get_versioned(key)[1] for key in "ab"}
    for _ in range(rng.randrange(1, 9)):
        changed(inside, rng)
        for key in "ab":
            version = inside.get_versioned(key)[1]
            if version not in {0, known[key]}:
                assert (key, version) not in found
                found.add((key, version))
            known[key] = version
    return found


@pytest.mark.parametrize("store_type", [NaiveStore, RerunningStore, UnnumberedStore])
def test_a_version_never_comes_twice(store_type: type[NaiveStore]) -> None:
    """The commit's number alone would come again where a key is deleted and set in one commit."""
    seed = 7
    rng, store = random.Random(seed), store_type()
    it, seen = kv(store, clock=Clock()), set[tuple[str, int]]()

    def work(tx: Writer) -> set[tuple[str, int]]:
        return versions_of_one_commit(it.on(tx), rng, seen)

    for number in range(150):
        with case(seed=seed, number=number):
            seen = store.transact(work)
    assert len(seen) > 100
    assert it.check() == []


def test_a_version_of_a_deleted_entry_is_kept_only_where_it_could_come_again() -> None:
    store = NaiveStore()
    it = kv(store)
    it["a"] = "x"
    del it["a"]
    assert below(store) == {}

    def work(tx: Writer) -> None:
        inside = it.on(tx)
        inside["a"] = "y"
        inside["a"] = "z"
        del inside["a"]
        inside["a"] = "again"
        inside["b"] = "new"
        del inside["b"]

    store.transact(work)
    first = 3 << 16
    assert below(store)["03"] == f"{first + 2:016x}", "that of b, which was above that of a"
    assert it.get_versioned("a") == ("again", first + 2)
    it["b"] = "later"
    assert it.get_versioned("b") == ("later", 4 << 16)


def test_more_changes_than_a_commit_has_versions_for_are_no_problem() -> None:
    store = NaiveStore()
    it = kv(store)
    it["a"] = "x"
    planted(store, b"\1a", entry((5 << 16) + 3, b"x"))
    it["a"] = "y"
    assert it.get_versioned("a") == ("y", (5 << 16) + 4)
    del it["a"]
    it["a"] = "z"
    assert it.get_versioned("a") == ("z", (5 << 16) + 5)


def test_where_commits_have_no_numbers_versions_are_random() -> None:
    it = kv(UnnumberedStore())
    seen: set[int] = set()
    for _ in range(100):
        it["a"] = "x"
        seen.add(it.get_versioned("a")[1])
    assert len(seen) == 100
    assert all(0 < version < 2**63 for version in seen)
    assert it.put_if("a", "y", it.get_versioned("a")[1])


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


# Deadlines


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
