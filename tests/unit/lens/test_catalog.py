"""Claim: the catalog tells what there is, moves a name alone, drops for good, and finds faults."""

from collections.abc import Callable

import pytest

from libredb import Store, UsageTypeError, UsageValueError, Writer
from libredb.lens.catalog import catalog
from libredb.lens.errors import DamagedEntryError, DuplicateKeyError, MissingKeyError
from libredb.lens.keys.namespace import (
    LAST_NUMBER,
    LAYOUT,
    RECORDS,
    SYSTEM,
    Namespace,
    add_migration,
    find,
    migrations,
    save,
)
from libredb.lens.kv import kv
from tests.support.case import case

KV: dict[str, object] = {"kind": "kv", "schema": {"values": "str"}, "indexes": []}


def entries(store: Store) -> dict[bytes, bytes]:
    """Return all there is."""
    return store.read(lambda tx: dict(tx.scan()))


def set_raw(store: Store, key: bytes, value: bytes) -> None:
    """Write one raw entry."""
    store.transact(lambda tx: tx.set(key, value))


def test_an_empty_store_has_no_namespaces(store: Store) -> None:
    known = catalog(store)
    assert (known.names(), known.to_json(), known.check()) == ([], [], [])
    assert entries(store) == {}
    assert repr(known) == f"<Catalog of {store!r}>"


def test_it_tells_what_is_recorded_in_the_order_of_the_names(store: Store) -> None:
    for name in ("b", "\U0001f600", "a", "\uffff"):
        kv(store, name)["x"] = "y"
    known = catalog(store)
    assert known.names() == ["a", "b", "\uffff", "\U0001f600"]
    assert known.describe("b") == {"name": "b", "prefix": 1, **KV}
    assert known.to_json()[0] == {"name": "a", "prefix": 3, **KV}
    assert known.check() == []


def test_what_a_caller_does_to_a_description_changes_nothing(store: Store) -> None:
    kv(store, "a")["x"] = "y"
    known = catalog(store)
    for described in (known.describe("a"), *known.to_json()):
        described["schema"]["values"] = "json"
    assert known.describe("a")["schema"] == {"values": "str"}
    assert kv(store, "a")["x"] == "y"


def test_renaming_changes_one_key(store: Store) -> None:
    kv(store, "a")["x"] = "y"
    before = entries(store)
    catalog(store).rename("a", "b")
    after = entries(store)
    assert after.pop(RECORDS + b"b") == before.pop(RECORDS + b"a")
    assert after == before
    assert (kv(store, "b")["x"], kv(store, "a").get("x")) == ("y", None)


def test_renaming_to_the_same_name_changes_nothing(store: Store) -> None:
    kv(store, "a")["x"] = "y"
    before = entries(store)
    catalog(store).rename("a", "a")
    assert entries(store) == before


def test_a_name_that_is_taken_is_not_given_again(store: Store) -> None:
    for name in "ab":
        kv(store, name)["x"] = name
    with pytest.raises(DuplicateKeyError, match="a namespace 'b' already") as caught:
        catalog(store).rename("a", "b")
    assert caught.value.namespace == "b"
    assert (kv(store, "a")["x"], kv(store, "b")["x"]) == ("a", "b")


def test_what_is_not_there_or_no_name_is_refused(store: Store) -> None:
    known = catalog(store)
    calls: list[Callable[[str], object]] = [
        *(known.describe, known.drop, lambda name: known.rename(name, "b"))
    ]
    for call in calls:
        with pytest.raises(MissingKeyError, match="no namespace 'a'") as caught:
            call("a")
        assert caught.value.namespace == "a"
        with pytest.raises(UsageTypeError, match="is a str"):
            call(5)  # pyright: ignore[reportArgumentType] - refused
    with pytest.raises(UsageValueError, match="1 to 512 bytes"):
        known.rename("a", "")
    with pytest.raises(UsageTypeError, match="needs a database"):
        catalog(None)  # pyright: ignore[reportArgumentType] - refused


def test_what_is_dropped_is_gone_and_its_number_is_never_given_again(store: Store) -> None:
    for name in "abc":
        kv(store, name).update({"x": name, "y": name})

    def migrate(tx: Writer) -> None:
        for name in "ab":
            add_migration(tx, found(tx, name), "split")

    def found(tx: Writer, name: str) -> Namespace:
        namespace = find(tx, name)
        assert namespace is not None
        return namespace

    store.transact(migrate)
    known = catalog(store)
    assert known.drop("b") == 2
    assert known.names() == ["a", "c"]
    assert (dict(kv(store, "a").items()), dict(kv(store, "b").items())) == (
        {"x": "a", "y": "a"},
        {},
    )
    assert not [key for key in entries(store) if key.startswith(b"\xfe\x15\x02")]
    kv(store, "b")["z"] = "new"
    assert known.describe("b")["prefix"] == 4
    assert store.transact(lambda tx: migrations(tx, found(tx, "b"))) == []
    assert known.drop("c") == 2
    assert known.drop("b") == 1
    assert (known.names(), known.check()) == (["a"], [])
    assert store.transact(lambda tx: migrations(tx, found(tx, "a"))) == ["split"]


def test_it_is_moved_into_a_transaction(store: Store) -> None:
    kv(store, "a")["x"] = "y"

    def work(tx: Writer) -> None:
        catalog(store).on(tx).drop("a")
        assert catalog(store).on(tx).names() == []
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(work)
    assert catalog(store).names() == ["a"]


def test_check_finds_each_fault(store: Store) -> None:
    for name in "ab":
        kv(store, name)["x"] = "y"
    known = catalog(store)
    record = entries(store)[RECORDS + b"a"]
    of_none = [
        *(b"\xfe", b"\xfe\x00\x00", b"\xfe\x00\x02\x00", b"\xfe\x00\x06", b"\xfe\x00\xff"),
        *(b"\xfe\x00\x03\x15\x03\x02x\x00", b"\xfe\x00\x03", b"\xfe\x01", b"\xfe\x14"),
        *(b"\xfe\x15\x03\x01x", b"\xfe\x15\x00", b"\xfe\xff\xff"),
    ]
    faults: dict[bytes, tuple[bytes, str]] = {
        key: (b"", f"the key {key.hex(' ')} is of no namespace") for key in of_none
    }
    faults |= {
        RECORDS + b"c": (record, "2 namespaces have the prefix 1"),
        RECORDS + b"d": (record.replace(b"1", b"9"), "'d' has the prefix 9, which was never given"),
        RECORDS + b"e": (b"{}", "the record of the namespace 'e' is not one"),
        RECORDS: (record, "the record of the namespace '' is not one"),
        RECORDS + b"\xff": (record, "the key fe 00 01 ff of a record has no name"),
        LAST_NUMBER: (b"x", "the last number of a namespace is b'x'"),
    }
    before = entries(store)
    for key, (value, problem) in faults.items():
        set_raw(store, key, value)
        with case(key=key):
            found = known.check()
            assert len(found) == 1
            assert problem in found[0]
        if key in before:
            set_raw(store, key, before[key])
        else:
            store.transact(lambda tx, key=key: tx.delete(key))
    assert known.check() == []


def test_check_goes_on_behind_a_fault(store: Store) -> None:
    for name in "abc":
        kv(store, name)["x"] = "y"
    set_raw(store, RECORDS + b"b", b"{}")
    set_raw(store, LAST_NUMBER, b"1")
    assert catalog(store).check() == [
        "the record of the namespace 'b' is not one",
        "the namespace 'c' has the prefix 3, which was never given",
        "the key fe 15 02 01 78 is of no namespace",
    ]


def test_what_is_reserved_is_no_fault(store: Store) -> None:
    kv(store, "a")["x"] = "y"
    for key in (b"\xfe\x00\x04", b"\xfe\x00\x04x", b"\xfe\x00\x05\xff"):
        set_raw(store, key, b"")
    assert catalog(store).check() == []


def test_check_says_so_where_the_layout_is_unknown(store: Store) -> None:
    kv(store, "a")["x"] = "y"
    set_raw(store, SYSTEM, b"lenses 2")
    assert catalog(store).check() == ["the lenses in this file have the layout b'lenses 2'"]
    store.transact(lambda tx: tx.delete(SYSTEM))
    (problem,) = catalog(store).check()
    assert problem.startswith("the key fe 00 01 61 is not of a lens")
    with pytest.raises(DamagedEntryError):
        catalog(store).names()
    set_raw(store, SYSTEM, LAYOUT)
    assert catalog(store).names() == ["a"]


def test_a_damaged_record_can_be_neither_read_nor_moved_nor_written_over(store: Store) -> None:
    kv(store, "a")["x"] = "y"
    store.transact(lambda tx: save(tx, Namespace("b", "kv", 1)))
    set_raw(store, RECORDS + b"b", b"{}")
    known = catalog(store)
    for call in (known.names, known.to_json, lambda: known.rename("a", "b")):
        with pytest.raises(DamagedEntryError, match="'b' is not one"):
            call()
    assert known.describe("a")["prefix"] == 1
