"""Claim: an upgrade makes of each entry what it was for a lens, and loses none.

Collections are documents, relational tables are tables, other keys are entries of a kv, and what
does not fit stays a raw key and is counted. The file that it is made of stays as it is.
"""

from collections.abc import Sequence
from typing import Any

import pytest

import libredb
from libredb import (
    CorruptLogError,
    Database,
    FileSystem,
    LegacyFormatError,
    LogFileError,
    NotADatabaseError,
    StorageNotFoundError,
    UnsupportedVersionError,
    UsageError,
    UsageValueError,
)
from libredb.interop import Unfit, UpgradeReport, upgrade
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents, put
from tests.unit.interop.typescript.old_files import (
    CATALOG,
    MIX,
    SMALL,
    Pair,
    collection,
    compact_json,
    entry,
    file_of,
    records_of,
    relation,
)


def upgraded(pairs: Sequence[Pair], **options: Any) -> tuple[UpgradeReport, Database]:
    """Return the report and the database of a file with these entries."""
    fs = SimFileSystem()
    fs.install("old", file_of([pairs], 1))
    report = upgrade("old", "new", fs=fs, **options)
    return report, libredb.open("new", fs=fs, mode="r")


@pytest.mark.parametrize("version", [0, 1])
def test_each_lens_finds_what_it_had(memory_fs: SimFileSystem, version: int) -> None:
    put(memory_fs, "old", file_of(MIX, version))
    before = contents(memory_fs, "old")
    report = upgrade("old", "new", fs=memory_fs)
    assert contents(memory_fs, "old") == before
    assert (report.source, report.target, report.format) == ("old", "new", version)
    assert (report.commits, report.discarded_bytes) == (len(MIX), 0)
    assert report.documents == {"notes": 2, "notes2": 1}
    assert report.tables == {"users": 2, "empty": 0}
    assert (report.kv, report.kv_entries, report.raw_entries) == ("default", 3, 1)
    assert report.unfit == ()
    assert libredb.verify("new", fs=memory_fs).records == 1  # a snapshot, which opens fast
    with libredb.open("new", fs=memory_fs, mode="rw") as db:
        check_mix(db)


def test_a_file_may_be_given_as_bytes(fs: FileSystem, db_path: str) -> None:
    # In a browser a file system has one database, and no place for the file that it is made of.
    report = upgrade(file_of(MIX, 1), db_path, fs=fs)
    assert (report.source, report.target) == ("the file", db_path)
    with libredb.open(db_path, fs=fs, mode="rw") as db:
        check_mix(db)
    with pytest.raises(NotADatabaseError, match="the file, byte 0"):
        upgrade(b"Dear diary", f"{db_path}-2", fs=SimFileSystem())


def check_mix(db: Database) -> None:
    """Check all that MIX holds, and that every lens goes on with it."""
    notes = libredb.documents(db, "notes")
    assert list(notes.find()) == [
        {"id": "1", "b": 1, "a": [True, None, 2.5], "o": {"z": {}}},
        {"id": "a:b", "text": "\u00fcn\u00ef \U0001f600"},
    ]
    assert libredb.documents(db, "notes2").get("1") == {"id": "1"}
    columns = {"id": "str", "age": "float", "ok": "bool", "more": "dict"}
    users = libredb.table(db, "users", columns)
    assert list(users) == [
        {"id": "u1", "age": 36.0, "ok": True, "more": {"tags": ["x"]}},
        {"id": "u2", "age": -1.5, "ok": False, "more": {}},
    ]
    assert list(libredb.table(db, "empty", {"k": "str"}, key="k")) == []
    assert dict(libredb.kv(db).items()) == {"mark": "\ufeffkept", "theme": "dark", "user:1": "Ada"}
    assert list(db.scan(b"\xff")) == [(b"\xff\0", b"raw")]
    assert libredb.catalog(db).names() == ["default", "empty", "notes", "notes2", "users"]
    assert libredb.catalog(db).check() + notes.check() + users.check() == []
    notes.update("1", {"b": 2})
    users.update("u1", age=37.0)
    assert notes.get("1") == {"id": "1", "b": 2, "a": [True, None, 2.5], "o": {"z": {}}}


def test_the_file_that_is_refused_is_upgraded_with_the_command_that_the_refusal_names() -> None:
    fs = SimFileSystem()
    fs.install("old", file_of(SMALL, 1))
    with pytest.raises(LegacyFormatError, match="`libredb upgrade OLD NEW`"):
        libredb.open("old", fs=fs)
    upgrade("old", "new", fs=fs)
    with libredb.open("new", fs=fs) as db:
        assert db.get(b"\0\xff") == b"\x80"


UNFIT: dict[str, tuple[list[Pair], list[Unfit]]] = {
    "a value that is no JSON": (
        [collection("d"), entry("d:1", "not json")],
        [Unfit("d", "a value that is no JSON object", 1)],
    ),
    "a value that is a list": (
        [collection("d"), entry("d:1", [1]), entry("d:2", [2])],
        [Unfit("d", "a value that is no JSON object", 2)],
    ),
    "an id that is empty": (
        [collection("d"), entry("d:", {})],
        [Unfit("d", "something else than a str that is not empty", 1)],
    ),
    "an id that is not UTF-8": (
        [collection("d"), (b"d:\xff", b"{}")],
        [Unfit("d", "an id that is not UTF-8", 1)],
    ),
    "another id inside": (
        [collection("d"), entry("d:1", {"id": 1}), entry("d:2", {"id": "1"})],
        [Unfit("d", "another id in the value than in the key", 2)],
    ),
    "half of a character": (
        [collection("d"), entry("d:1", '{"s":"\\ud800"}')],
        [Unfit("d", "something else than well-formed Unicode", 1)],
    ),
    "a number that no double keeps": (
        [collection("d"), entry("d:1", '{"n":9007199254740993}')],
        [Unfit("d", "a value that is no JSON object", 1)],
    ),
    "more levels than 100": (
        [collection("d"), entry("d:1", '{"n":' + "[" * 200 + "]" * 200 + "}")],
        [Unfit("d", "something else than at most 100 levels", 1)],
    ),
    "a column of another type": (
        [relation("t", "id", id="string", n="number"), entry("t:1", {"id": "1", "n": "1"})],
        [Unfit("t", "other columns than those of the table", 1)],
    ),
    "a column that is true where a number belongs": (
        [relation("t", "id", id="string", n="number"), entry("t:1", {"id": "1", "n": True})],
        [Unfit("t", "other columns than those of the table", 1)],
    ),
    "a column too many, and one too few": (
        [relation("t", "id", id="string"), entry("t:1", {"id": "1", "n": 1}), entry("t:2", {})],
        [Unfit("t", "other columns than those of the table", 2)],
    ),
    "a row with another key": (
        [relation("t", "id", id="string"), entry("t:1", {"id": "2"})],
        [Unfit("t", "another id in the value than in the key", 1)],
    ),
    "a value of the kv that is not UTF-8": (
        [(b"k", b"\xff")],
        [Unfit("default", "a value that is not UTF-8", 1)],
    ),
    "a key of the kv that is too long": (
        [(b"k" * 513, b"v")],
        [Unfit("default", "something else than a key of at most 512 bytes", 1)],
    ),
    "a record of the catalog that is no JSON": (
        [(CATALOG + b"d", b"not json"), (CATALOG + b"n" * 513, b'{"kind":"document"}')],
        [Unfit("catalog", "a record that no lens wrote", 2)],
    ),
}


@pytest.mark.parametrize("story", UNFIT)
def test_what_does_not_fit_stays_where_it_was_and_is_counted(story: str) -> None:
    pairs, unfit = UNFIT[story]
    report, db = upgraded(pairs)
    records = {CATALOG + b"d", CATALOG + b"t"}
    kept = {key: value for key, value in pairs if key not in records}
    if unfit[0].namespace == "catalog":
        kept = dict(pairs)
    with db:
        assert dict(db.scan(*libredb.USER_KEYS)) == kept
    assert list(report.unfit) == unfit
    assert report.raw_entries == len(kept)


@pytest.mark.cpython(reason="a browser's worker does not survive the attempt")
def test_what_nests_deeper_than_python_reads_stays_raw() -> None:
    deep = entry("d:1", '{"n":' + "[" * 200_000 + "]" * 200_000 + "}")
    report, db = upgraded([collection("d"), deep])
    with db:
        assert dict(db.scan(*libredb.USER_KEYS)) == dict([deep])
    assert list(report.unfit) == [Unfit("d", "a value that is no JSON object", 1)]


def test_what_fits_is_not_held_up_by_what_does_not() -> None:
    pairs = [collection("d"), *(entry(f"d:{number}", {"n": number}) for number in range(2500))]
    pairs += [entry("d:", {}), entry("d:x", "[]")]
    report, db = upgraded(pairs)
    with db:
        assert report.documents == {"d": 2500}
        assert libredb.documents(db, "d").count() == 2500
        assert [unfit.count for unfit in report.unfit] == [1, 1]


def test_a_key_belongs_to_the_longest_name_that_it_begins_with() -> None:
    pairs = [
        *(collection(name) for name in ("a", "a:b", "ab")),
        *(entry(key, {"k": key}) for key in ("a:1", "a:b:1", "a:b", "ab:1", "a:b:c:d")),
        *(entry(key, "text") for key in ("a", "ab", "abc:1", ":1")),
    ]
    _, db = upgraded(pairs)
    with db:
        ids = {
            name: [each["id"] for each in libredb.documents(db, name).find()]
            for name in ("a", "a:b", "ab")
        }
        assert ids == {"a": ["1", "b"], "a:b": ["1", "c:d"], "ab": ["1"]}
        assert list(libredb.kv(db)) == [":1", "a", "ab", "abc:1"]


def of_a_table(key: Any, columns: Any) -> bytes:
    """Return a record of the catalog with this schema, whatever it is."""
    return compact_json({"kind": "relational", "schema": {"primaryKey": key, "columns": columns}})


DAMAGED_RECORDS = {
    "of another kind": b'{"kind":"kv"}',
    "with more than a kind": b'{"kind":"document","more":1}',
    "without a schema": b'{"kind":"relational"}',
    "with a key that is no column": of_a_table("x", {"id": "string"}),
    "with a key of an inherited name": of_a_table("toString", {}),
    "with a key that is a number": of_a_table("id", {"id": "number"}),
    "with a key that is no text": of_a_table(["id"], {"id": "string"}),
    "with a type of another age": of_a_table("id", {"id": "string", "d": "date"}),
    "with a column without a name": of_a_table("id", {"id": "string", "": "string"}),
    "with columns that are a list": of_a_table("id", [["id", "string"]]),
    "that is a list": b"[1]",
    "that is a text": b'"document"',
    "that is cut off": b'{"kind":"docu',
    "that is not UTF-8": b"\xff",
    "that is empty": b"",
}


@pytest.mark.parametrize("story", DAMAGED_RECORDS)
def test_a_damaged_record_of_the_catalog_stays_raw_and_its_keys_go_into_the_kv(story: str) -> None:
    record = (CATALOG + b"d", DAMAGED_RECORDS[story])
    report, db = upgraded([record, entry("d:1", {"id": "1"}), collection("e"), entry("e:1", {})])
    with db:
        assert list(db.scan(*libredb.USER_KEYS)) == [record]
        assert dict(libredb.kv(db).items()) == {"d:1": '{"id":"1"}'}
    assert report.documents == {"e": 1}
    assert report.unfit == (Unfit("catalog", "a record that no lens wrote", 1),)


def test_an_id_that_is_in_the_document_as_well_is_there_once() -> None:
    _, db = upgraded([collection("d"), entry("d:1", {"a": 1, "id": "1"})])
    with db:
        assert libredb.documents(db, "d").get("1") == {"id": "1", "a": 1}


def test_raw_keys_under_the_byte_of_the_lenses_are_rows_of_a_table() -> None:
    pairs = [(b"\xfd", b"1"), (b"\xfe", b"2"), (b"\xfe\0", b"lenses 9"), (b"\xff\xff", b"4")]
    report, db = upgraded(pairs)
    with db:
        assert (db.get(b"\xfd"), db.get(b"\xff\xff")) == (b"1", b"4")
        rows = libredb.table(db, "raw:FE", {"key": "bytes", "value": "bytes"}, key="key")
        assert list(rows) == [
            {"key": b"\xfe", "value": b"2"},
            {"key": b"\xfe\0", "value": b"lenses 9"},
        ]
        assert libredb.catalog(db).check() == []
    assert report.raw_entries == 4


def test_a_collection_that_is_called_as_the_kv_asks_for_another_name() -> None:
    pairs = [collection("default"), entry("default:1", {}), entry("k", "v")]
    with pytest.raises(UsageValueError, match="'default' is the name of a collection"):
        upgraded(pairs)
    report, db = upgraded(pairs, kv="keys")
    with db:
        assert libredb.kv(db, "keys")["k"] == "v"
    assert (report.kv, report.kv_entries, report.documents) == ("keys", 1, {"default": 1})
    report, db = upgraded(pairs[:-1])  # no kv is in its way
    db.close()
    assert (report.kv_entries, report.documents) == (0, {"default": 1})


def test_a_torn_record_is_left_out_and_told() -> None:
    fs = SimFileSystem()
    data = file_of(SMALL, 1)
    fs.install("old", data[:-3])
    report = upgrade("old", "new", fs=fs)
    last = records_of(SMALL, 1)[-1]
    assert (report.commits, report.discarded_bytes) == (3, len(last) - 3)
    assert contents(fs, "old") == [data[:-3]]


def test_whole_records_behind_a_damaged_one_are_lost_only_if_that_is_asked_for() -> None:
    fs = SimFileSystem()
    data = bytearray(file_of(SMALL, 0))
    data[22] ^= 0x80
    fs.install("old", bytes(data))
    with pytest.raises(
        CorruptLogError, match=r"byte 22: .* follows at byte .*--cut-tail"
    ) as caught:
        upgrade("old", "new", fs=fs)
    assert caught.value.offset == 22
    assert contents(fs, "new") == []
    report = upgrade("old", "new", fs=fs, cut_tail=True)
    assert (report.commits, report.discarded_bytes) == (1, len(data) - 22)


REFUSED: dict[str, tuple[bytes, type[LogFileError]]] = {
    "a foreign file": (b"Dear diary", NotADatabaseError),
    "a database of ours": (b"LRDB\0\2".ljust(9000, b"\0"), UnsupportedVersionError),
    "a damaged file": (file_of(SMALL, 1)[:-30] + b"!" * 30 + bytes(1), CorruptLogError),
}


@pytest.mark.parametrize("story", REFUSED)
def test_what_is_refused_leaves_nothing_behind(memory_fs: SimFileSystem, story: str) -> None:
    data, kind = REFUSED[story]
    put(memory_fs, "old", data)
    before = contents(memory_fs, "old")
    with pytest.raises(kind) as caught:
        upgrade("old", "new", fs=memory_fs)
    assert caught.value.path == "old"
    assert (contents(memory_fs, "old"), contents(memory_fs, "new")) == (before, [])


def test_a_target_that_is_there_is_refused_and_stays(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        db.set(b"k", b"v")
    before = contents(fs, db_path)
    with pytest.raises(UsageError, match="already; choose another path"):
        upgrade(file_of(SMALL, 1), db_path, fs=fs)
    assert contents(fs, db_path) == before


def test_a_foreign_target_is_refused_and_stays() -> None:
    fs = SimFileSystem()
    fs.install("old", file_of(SMALL, 1))
    fs.install("new", b"Dear diary")
    with pytest.raises(NotADatabaseError):
        upgrade("old", "new", fs=fs)
    assert contents(fs, "new") == [b"Dear diary"]


def test_a_target_without_a_commit_is_taken() -> None:
    fs = SimFileSystem()
    fs.install("old", file_of(SMALL, 1))
    fs.install("empty", b"")
    libredb.open("new", fs=fs).close()
    for target in ("new", "empty"):
        assert upgrade("old", target, fs=fs).commits == 4
        with libredb.open(target, fs=fs) as db:
            assert db.get(b"\0\xff") == b"\x80"


def test_a_source_that_is_missing_or_the_target_itself_is_refused() -> None:
    fs = SimFileSystem()
    with pytest.raises(StorageNotFoundError, match="no file at 'old'"):
        upgrade("old", "new", fs=fs)
    fs.install("old", b"")
    with pytest.raises(UsageValueError, match="another path"):
        upgrade("old", "old", fs=fs)
    assert contents(fs, "old") == [b""]
    assert contents(fs, "new") == []


def test_an_empty_file_becomes_a_database_without_an_entry() -> None:
    report, db = upgraded([])
    with db:
        assert list(db.scan()) == []
    assert (report.commits, report.documents, report.kv_entries) == (0, {}, 0)


def test_a_report_is_json_as_well() -> None:
    report, db = upgraded([collection("d"), entry("d:1", "x")])
    db.close()
    assert report.to_json()["unfit"] == (
        {"namespace": "d", "reason": "a value that is no JSON object", "count": 1},
    )
    assert str(report.unfit[0]) == "'d': 1 with a value that is no JSON object"
