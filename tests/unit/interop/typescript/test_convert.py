"""Claim: a conversion writes what the old formats can hold, and refuses or reports all else.

What is refused is listed by namespace, reason and count, and nothing is written. With `lossy` each
of these has a form that keeps its value, in JSON with tags.
"""

from collections.abc import Callable
from datetime import timedelta
from pickle import dumps, loads
from typing import Any

import pytest

import libredb
from libredb import Database, NotADatabaseError, UsageError, UsageValueError
from libredb.interop import Unfit, UnfitError, convert, upgrade
from libredb.interop.typescript.log import read_log
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents, put
from tests.support.ports import Calls
from tests.unit.interop.typescript.losses import LOSSES
from tests.unit.interop.typescript.old_files import (
    HEADER,
    MIX,
    collection,
    compact_json,
    entries_after,
    entry,
    file_of,
    relation,
)


def with_database(fill: Callable[[Database], object]) -> SimFileSystem:
    """Return a file system with a database at "db" that was filled like this."""
    fs = SimFileSystem()
    with libredb.open("db", fs=fs) as db:
        fill(db)
    return fs


def written(fs: SimFileSystem, **options: Any) -> dict[bytes, bytes]:
    """Return the entries of the file that a conversion writes."""
    convert("db", "out", fs=fs, **options)
    (data,) = contents(fs, "out")
    return read_log(data).entries()


def mixed(db: Database) -> None:
    """Fill a database with what the old formats can hold."""
    notes = libredb.documents(db, "notes")
    notes.insert_many([{"id": "1", "b": 1, "10": None}, {"id": "a:b", "z": 1.0, "s": "\u00fc"}])
    libredb.documents(db, "none").put_many([])
    columns = {"id": "str", "n": "float", "ok": "bool", "o": "dict"}
    libredb.table(db, "users", columns).insert({"id": "u", "n": 2.5, "ok": True, "o": {"x": []}})
    libredb.kv(db)["theme"] = "dark"
    db.set(b"raw", b"\xff")
    db.set(b"\xff\xff", b"last")


MIXED = dict(
    [
        collection("none"),
        collection("notes"),
        relation("users", "id", id="string", n="number", ok="boolean", o="object"),
        entry("notes:1", '{"10":null,"b":1}'),
        entry("notes:a:b", '{"z":1,"s":"\u00fc"}'),
        entry("users:u", '{"id":"u","n":2.5,"ok":true,"o":{"x":[]}}'),
        entry("theme", "dark"),
        (b"raw", b"\xff"),
        (b"\xff\xff", b"last"),
    ]
)


@pytest.mark.parametrize("version", [0, 1])
def test_what_fits_is_written_as_typescript_writes_it(version: int) -> None:
    fs = with_database(mixed)
    before = contents(fs, "db")
    report = convert("db", "out", fs=fs, format=version)
    (data,) = contents(fs, "out")
    log = read_log(data)
    assert log.entries() == dict(sorted(MIXED.items()))
    assert (report.format, report.entries, report.size_bytes) == (version, 9, len(data))
    assert report.losses == ()
    assert data.startswith(HEADER) == bool(version)
    assert contents(fs, "db") == before


def test_a_file_that_was_upgraded_comes_back(memory_fs: SimFileSystem) -> None:
    pairs = [pair for pair in entries_after(MIX).items() if not pair[0].startswith(b"users:u")]
    put(memory_fs, "old", file_of([pairs], 1))
    upgrade("old", "new", fs=memory_fs)
    convert("new", "back", fs=memory_fs)
    back = b"".join(contents(memory_fs, "back"))
    assert read_log(back).entries() == dict(pairs)


def many_transactions(db: Database) -> None:
    for number in range(3):
        db.set(b"%d" % number, bytes(1 << 20))


def test_large_databases_have_several_transactions() -> None:
    fs = with_database(many_transactions)
    convert("db", "out", fs=fs)
    (data,) = contents(fs, "out")
    assert len(read_log(data).transactions) == 3


def test_a_database_without_an_entry_is_a_file_without_a_record() -> None:
    fs = with_database(lambda _: None)
    convert("db", "one", fs=fs)
    convert("db", "zero", fs=fs, format=0)
    assert (contents(fs, "one"), contents(fs, "zero")) == ([HEADER], [b""])


# What does not fit


@pytest.mark.parametrize("story", LOSSES)
def test_what_does_not_fit_is_refused_with_a_list_and_nothing_is_written(story: str) -> None:
    fill, losses, _ = LOSSES[story]
    fs = with_database(fill)
    with pytest.raises(UnfitError, match="lossy=True") as caught:
        convert("db", "out", fs=fs)
    assert list(caught.value.unfit) == losses
    assert all(str(loss) in str(caught.value) for loss in losses)
    assert contents(fs, "out") == []


@pytest.mark.parametrize("story", LOSSES)
def test_what_does_not_fit_has_another_form_if_that_is_permitted(story: str) -> None:
    fill, losses, entries = LOSSES[story]
    fs = with_database(fill)
    assert written(fs, lossy=True) == dict(sorted(entries.items()))
    fs = with_database(fill)
    report = convert("db", "out", fs=fs, lossy=True)
    assert list(report.losses) == losses
    assert report.to_json()["losses"][0]["count"] == losses[0].count


def test_what_is_expired_is_not_there_any_more() -> None:
    def fill(db: Database) -> None:
        libredb.kv(db, clock=lambda: 0.0).set("a", "1", ttl=timedelta(seconds=1))

    assert written(with_database(fill)) == {}


def test_another_kv_can_be_the_one_without_a_prefix() -> None:
    def fill(db: Database) -> None:
        libredb.kv(db, "keys")["a"] = "1"

    assert written(with_database(fill), kv="keys") == {b"a": b"1"}


def test_a_document_of_a_hundred_levels_goes_there_and_back() -> None:
    value: Any = 1
    for level in range(99):
        value = [value] if level % 2 else {"n": value}

    def fill(db: Database) -> None:
        libredb.documents(db, "d").insert({"id": "1", "v": value})

    fs = with_database(fill)
    assert written(fs)[b"d:1"] == compact_json({"v": value})
    upgrade("out", "again", fs=fs)
    with libredb.open("again", fs=fs) as db:
        assert libredb.documents(db, "d").get("1") == {"id": "1", "v": value}


def test_a_target_that_is_there_and_a_source_that_is_none_are_refused() -> None:
    fs = with_database(mixed)
    fs.install("out", b"Dear diary")
    with pytest.raises(UsageError, match="already; choose another path"):
        convert("db", "out", fs=fs)
    with pytest.raises(NotADatabaseError):
        convert("out", "other", fs=fs)
    with pytest.raises(UsageError, match="already"):
        convert("db", "db", fs=fs)
    with pytest.raises(UsageValueError, match="format must be 0 or 1, not 2"):
        convert("db", "other", fs=fs, format=2)
    assert (contents(fs, "out"), contents(fs, "other")) == ([b"Dear diary"], [])


def test_the_lock_of_the_target_is_not_taken() -> None:
    # Its file would stay, and the TypeScript library has one of that name: it would wait for ever.
    fs = with_database(mixed)
    calls = Calls(fs)
    convert("db", "out", fs=fs)
    assert "lock" not in calls.names()
    assert "replace.rename" in calls.names()


def test_a_refusal_crosses_a_border_between_processes() -> None:
    error = loads(dumps(UnfitError("no", (Unfit("d", "an index", 2),))))
    assert (str(error), error.unfit) == ("no", (Unfit("d", "an index", 2),))
    assert isinstance(error, libredb.LensError)
    assert error.code == "unfit"
