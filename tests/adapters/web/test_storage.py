"""Claim: a storage is a dict, and what is kept of it is what it was at a sync, whole."""

import asyncio
import copy
from collections.abc import Callable, Mapping
from typing import Any

import libredb_opfs
import libredb_web
import pytest
from libredb_web import Storage
from libredb_web.entries import Here

import libredb
from libredb import Database, DatabaseLockedError, InvalidValueError, StorageError, UsageError
from tests.adapters.opfs.support import run
from tests.adapters.web.support import FakeSite, on


@pytest.fixture
def db() -> Database:
    return libredb.open()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> FakeSite:
    site = FakeSite()
    monkeypatch.setattr(libredb_opfs, "acquire", site.acquire)
    return site


def test_what_was_synced_is_there_when_it_is_opened_again(site: FakeSite) -> None:
    store = run(libredb_web.storage("app"))
    store["a"], store["b"] = (1, b"x"), {"c": [1.0]}
    run(store.sync())
    run(store.close())
    assert site.held["app"].closed
    again = run(libredb_web.storage("app"))
    assert dict(again) == {"a": (1, b"x"), "b": {"c": [1.0]}}
    assert list(again) == ["a", "b"]
    run(again.close())


def test_nothing_is_kept_before_a_sync_and_everything_by_one_commit(db: Database) -> None:
    store = on(db)
    store["a"], store["b"] = 1, 2
    assert dict(on(db)) == {}
    run(store.sync())
    assert (db.version, dict(on(db))) == (1, {"a": 1, "b": 2})
    del store["a"]
    store["b"], store["c"] = 3, 4
    run(store.sync())
    assert (db.version, dict(on(db))) == (2, {"b": 3, "c": 4})
    run(store.sync())
    assert db.version == 2, "a sync without a difference commits nothing"


def test_values_without_a_tag_are_plain_json_for_others(db: Database) -> None:
    store = on(db)
    store["theme"] = {"dark": True}
    run(store.sync())
    assert libredb.kv(db, "storage", values="json")["theme"] == {"dark": True}


def test_a_change_in_place_is_kept(db: Database) -> None:
    store = on(db)
    store["tags"] = ["a"]
    run(store.sync())
    store["tags"].append("b")
    run(store.sync())
    assert on(db)["tags"] == ["a", "b"]


def test_the_same_number_of_another_type_is_a_difference(db: Database) -> None:
    store = on(db)
    for value in (1, 1.0, True):
        store["n"] = value
        run(store.sync())
        assert type(on(db)["n"]) is type(value)


def _or(store: Storage) -> None:
    store |= {"c": 3}


WAYS: dict[str, tuple[Callable[[Storage], Any], dict[str, int]]] = {
    "del": (lambda store: store.__delitem__("a"), {"b": 2}),
    "pop": (lambda store: store.pop("a"), {"b": 2}),
    "popitem": (lambda store: store.popitem(), {"a": 1}),
    "clear": (lambda store: store.clear(), {}),
    "setdefault": (lambda store: store.setdefault("c", 3), {"a": 1, "b": 2, "c": 3}),
    "setdefault of one that is there": (lambda store: store.setdefault("a", 9), {"a": 1, "b": 2}),
    "update": (lambda store: store.update([("a", 5)], c=3), {"a": 5, "b": 2, "c": 3}),
    "|=": (_or, {"a": 1, "b": 2, "c": 3}),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_a_dict_can_do_is_kept(db: Database, way: str) -> None:
    store = on(db)
    store.update(a=1, b=2)
    run(store.sync())
    change, expected = WAYS[way]
    change(store)
    run(store.sync())
    assert dict(on(db)) == dict(store) == expected


SETTERS: dict[str, Callable[[Storage], Any]] = {
    "[]": lambda store: store.__setitem__("a", {1}),
    "setdefault": lambda store: store.setdefault("a", {1}),
    "update": lambda store: store.update(a={1}),
    "|=": lambda store: store.__ior__({"a": {1}}),
}


@pytest.mark.parametrize("way", SETTERS)
def test_what_cannot_be_kept_is_refused_when_it_is_set(db: Database, way: str) -> None:
    store = on(db)
    with pytest.raises(InvalidValueError, match="store a list"):
        SETTERS[way](store)
    assert store == {}


def test_a_value_that_became_impossible_in_place_stops_the_sync_whole(db: Database) -> None:
    store = on(db)
    store["a"], store["tags"] = 1, ["a"]
    store["tags"].append({"b"})
    with pytest.raises(InvalidValueError, match=r"store\['tags'\]\[1\]"):
        run(store.sync())
    assert dict(on(db)) == {}
    store["tags"].pop()
    run(store.sync())
    assert on(db) == {"a": 1, "tags": ["a"]}


class Failing(Here):
    """Fails when it is told to, before or after it has committed."""

    when = ""

    async def write(self, changes: Mapping[str, str | None]) -> None:
        if self.when != "before":
            await super().write(changes)
        if self.when:
            raise StorageError("nobody knows what happened")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_sync_that_failed_is_done_again_whatever_became_of_it(db: Database, when: str) -> None:
    keeper = Failing(db)
    store = Storage(keeper)
    store.update(a=1, b=2)
    run(store.sync())
    keeper.when = when
    store.update(b=3, c=4, d=5)
    with pytest.raises(StorageError):
        run(store.sync())
    keeper.when = ""
    store["b"] = 2  # as it was at the last sync that is known to have come to its end
    del store["c"]
    run(store.sync())
    assert dict(on(db)) == dict(store) == {"a": 1, "b": 2, "d": 5}


class Slow(Here):
    """Commits when it is let."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.gate = asyncio.Event()

    async def write(self, changes: Mapping[str, str | None]) -> None:
        await self.gate.wait()
        await super().write(changes)


@pytest.mark.cpython(reason="starts an event loop, and in a browser there is one")
def test_syncs_take_turns(db: Database) -> None:
    """The second saw no difference to what the first had not written yet, and wrote nothing."""

    async def work() -> None:
        keeper = Slow(db)
        store = Storage(keeper)
        store["a"] = 1
        first = asyncio.create_task(store.sync())
        await asyncio.sleep(0)
        del store["a"]
        second = asyncio.create_task(store.sync())
        await asyncio.sleep(0)
        keeper.gate.set()
        await asyncio.gather(first, second)

    asyncio.run(work())
    assert dict(on(db)) == {}


def test_closing_syncs_and_gives_the_files_back(site: FakeSite) -> None:
    store = run(libredb_web.storage("app"))
    store["a"] = 1
    run(store.close())
    run(store.close())
    for use in (lambda: store.update(b=2), lambda: run(store.sync())):
        with pytest.raises(UsageError, match="closed"):
            use()
    again = run(libredb_web.storage("app"))
    assert again == {"a": 1}
    assert again is not store
    run(again.close())


def test_files_are_given_back_also_when_the_last_sync_fails(site: FakeSite) -> None:
    store = run(libredb_web.storage("app"))
    store["a"] = []
    store["a"].append({1})
    with pytest.raises(InvalidValueError):
        run(store.close())
    assert site.held["app"].closed
    assert run(libredb_web.storage("app")) == {}
    run(run(libredb_web.storage("app")).close())


@pytest.mark.parametrize("error", [None, KeyError()])
def test_a_block_keeps_what_it_did_unless_it_raised(
    site: FakeSite, error: Exception | None
) -> None:
    async def work() -> None:
        async with await libredb_web.storage("app") as store:
            store["a"] = 1
            if error:
                raise error

    if error:
        with pytest.raises(KeyError):
            run(work())
    else:
        run(work())
    assert site.held["app"].closed
    again = run(libredb_web.storage("app"))
    assert again == ({} if error else {"a": 1})
    run(again.close())


def test_a_name_that_is_open_here_gives_what_is_open(site: FakeSite) -> None:
    """A cell of a notebook that ran again was locked out by its own first run."""
    store = run(libredb_web.storage("app"))
    store["a"] = 1
    assert run(libredb_web.storage("app")) is store
    assert run(libredb_web.storage("other")) == {}
    with pytest.raises(UsageError, match="open already, as a Storage"):
        run(libredb_web.storage("app", Counting))
    run(store.close())
    run(run(libredb_web.storage("other")).close())


def test_what_somebody_else_has_open_is_told(site: FakeSite) -> None:
    holder = run(site.acquire("app", patience_seconds=1))
    with pytest.raises(DatabaseLockedError, match="after 7 seconds"):
        run(libredb_web.storage("app", patience_seconds=7))
    holder.close()


class Counting(Storage):
    """Counts what is set."""

    def __init__(self, keeper: Any) -> None:
        super().__init__(keeper)
        self.count = 0

    def __setitem__(self, key: str, value: Any) -> None:
        self.count += 1
        super().__setitem__(key, value)


def test_a_class_of_ones_own_sees_everything_that_is_set(site: FakeSite) -> None:
    store = run(libredb_web.storage("app", Counting))
    store["a"] = 1
    store.update(b=2)
    store.setdefault("c", 3)
    store |= {"d": 4}
    assert store.count == 4
    run(store.close())


OTHERS: dict[str, tuple[Callable[[Database], Any], type[libredb.LensError]]] = {
    "a tag": (
        lambda db: libredb.kv(db, "storage", values="json").update(bad={"$pickle": 1}),
        libredb.DamagedEntryError,
    ),
    "text": (
        lambda db: libredb.kv(db, "storage", values="str").update(bad="1"),
        libredb.SchemaMismatchError,
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_files_are_given_back_when_there_is_something_that_no_storage_wrote(
    site: FakeSite, what: str
) -> None:
    """What failed to read kept the files until the worker ended, and every later try was locked."""
    write, refusal = OTHERS[what]
    with (
        run(site.acquire("app", patience_seconds=1)) as fs,
        libredb.open("app.libredb", fs=fs) as db,
    ):
        write(db)
    with pytest.raises(refusal):
        run(libredb_web.storage("app"))
    assert site.held["app"].closed


@pytest.mark.parametrize("name", ["", None, 7])
def test_a_storage_has_a_name(name: Any) -> None:
    with pytest.raises(ValueError, match="the name of a storage"):
        run(libredb_web.storage(name))


@pytest.mark.cpython(reason="is about being elsewhere")
def test_outside_a_browser_it_says_so() -> None:
    with pytest.raises(StorageError, match="only browsers"):
        run(libredb_web.storage("app"))


def test_a_storage_is_not_copied_but_a_dict_of_it_is(db: Database) -> None:
    store = on(db)
    store["a"] = [1]
    for way in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be copied"):
            way(store)
    assert type(store.copy()) is dict
    assert type(store | {"b": 2}) is dict
