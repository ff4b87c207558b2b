"""Claim: a version of a key never comes twice, and a write that depends on one knows it."""

import random
from collections.abc import Callable

import pytest

import libredb
from libredb import Store, UsageTypeError, Writer
from libredb.lens.kv import KV, kv
from tests.support.case import case
from tests.support.stores import NaiveStore, RerunningStore
from tests.unit.lens.kv.support import SECOND, Clock, UnnumberedStore, below, entry, planted


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
