"""Claim: a mapping is all raw keys and no others, and is what a shelf needs."""

import shelve
from typing import Any

import pytest

import libredb
from libredb import Store, UsageTypeError, UsageValueError
from libredb.lens.kv import kv
from libredb.lens.mapping import mapping
from sim.world.filesystem import SimFileSystem
from tests.support.case import case


def test_its_keys_are_those_of_the_store(store: Store) -> None:
    raw = mapping(store)
    raw[b"a"] = b"1"
    store.transact(lambda tx: tx.set(b"b", b"2"))
    assert store.read(lambda tx: tx.get(b"a")) == b"1"
    assert raw == {b"a": b"1", b"b": b"2"}


def test_keys_of_lenses_and_behind_them_are_neither_seen_nor_touched(store: Store) -> None:
    raw, lens = mapping(store), kv(store)
    lens["a"] = "1"
    store.transact(lambda tx: tx.set(b"\xff", b"behind"))
    raw.update({b"": b"", b"\xfd\xff\xff": b"last"})
    assert list(raw) == [b"", b"\xfd\xff\xff"]
    assert list(raw.scan(b"\xfd")) == list(raw.scan(prefix=b"\xfd")) == [(b"\xfd\xff\xff", b"last")]
    for end in (b"\xfe", b"\xfe\x15", b"\xff"):
        with case(end=end):
            assert len(list(raw.scan(end=end))) == 2
    assert raw.delete_range(b"", b"\xff\xff") == 2
    raw.clear()
    assert lens == {"a": "1"}
    assert store.read(lambda tx: tx.get(b"\xff")) == b"behind"


def test_keys_of_lenses_and_behind_them_are_refused(store: Store) -> None:
    raw = mapping(store)
    for key in (b"\xfe", b"\xfe\x00", b"\xff"):
        with case(key=key):
            for call in (raw.get, raw.__getitem__, raw.__contains__, raw.pop, raw.delete):
                with pytest.raises(UsageValueError, match="is not below FE"):
                    call(key)
            with pytest.raises(UsageValueError, match="is not below FE"):
                raw[key] = b""
            with pytest.raises(UsageValueError, match="is not below FE"):
                raw.scan(key)


def test_what_is_not_bytes_is_refused(store: Store) -> None:
    raw = mapping(store)
    with pytest.raises(UsageTypeError, match=r"the key must be bytes, not str; encode text"):
        raw["a"] = b""  # pyright: ignore[reportArgumentType] - refused
    with pytest.raises(UsageTypeError, match=r"the value must be bytes, not int$"):
        raw[b"a"] = 5  # pyright: ignore[reportArgumentType] - refused
    with pytest.raises(UsageTypeError, match="the end must be bytes"):
        raw.scan(end="a")  # pyright: ignore[reportArgumentType] - refused
    for not_a_store in (None, 5, "app.libredb"):
        with (
            case(given=not_a_store),
            pytest.raises(UsageTypeError, match="a lens needs a database"),
        ):
            mapping(not_a_store)  # pyright: ignore[reportArgumentType] - refused
    assert not raw


def test_what_holds_bytes_is_copied(store: Store) -> None:
    raw, key, value = mapping(store), bytearray(b"k"), bytearray(b"v")
    raw[key] = value  # pyright: ignore[reportArgumentType] - taken, as everywhere
    raw[memoryview(b"m")] = memoryview(b"w")  # pyright: ignore[reportArgumentType] - as above
    key[0] = value[0] = 0
    assert raw == {b"k": b"v", b"m": b"w"}


def test_it_syncs_what_can_sync_and_closes_nothing(store: Store) -> None:
    raw = mapping(store)
    raw.sync()
    assert not hasattr(raw, "close")
    window = libredb.GroupCommit(commits=9)
    with libredb.open("a", fs=SimFileSystem("rename"), group_commit=window) as db:
        mapping(db)[b"k"] = b"v"
        assert db.pending_commits == 1
        mapping(db).sync()
        assert db.pending_commits == 0


def test_it_is_named_by_its_store(store: Store) -> None:
    assert repr(mapping(store)) == f"<RawMapping of {store!r}>"


def test_a_shelf_keeps_its_objects_in_it(store: Store) -> None:
    shelf: shelve.Shelf[Any] = shelve.Shelf(mapping(store))
    shelf["a"] = {"name": "Ada", "at": (1, 2)}
    assert shelf["a"] == {"name": "Ada", "at": (1, 2)}
    assert (list(shelf), "a" in shelf, "b" in shelf, len(shelf)) == (["a"], True, False, 1)
    shelf["a"]["name"] = "Bo"
    assert shelf["a"]["name"] == "Ada", "a shelf without writeback hands out copies"
    del shelf["a"]
    assert not mapping(store)
    shelf.close()
    mapping(store)[b"b"] = b"the store is still open"


def test_a_shelf_with_writeback_writes_what_was_changed_when_it_is_closed(store: Store) -> None:
    shelf: shelve.Shelf[Any] = shelve.Shelf(mapping(store), writeback=True)
    with shelf:
        shelf["a"] = [1]
        shelf["a"].append(2)
        shelf.sync()
        shelf["a"].append(3)
    shelf = shelve.Shelf(mapping(store))
    assert shelf["a"] == [1, 2, 3]
