"""Every file that a libredb of format 2 ever wrote opens for ever, and shows what it showed then.

tests/format/files holds such files and never loses or changes one; manifest.json says what is in
them. They are opened on every file system.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import FileSystem, LogFileError, RecoveryReport
from tests.support import dump
from tests.support.files import hash_of, put

FOLDER = Path(__file__).parent / "files"
MANIFEST: dict[str, dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
OPENED = [name for name, told in MANIFEST.items() if told["outcome"] != "refused"]
REFUSED = [name for name, told in MANIFEST.items() if told["outcome"] == "refused"]


def file(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def entries(told: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    return [(bytes.fromhex(key), bytes.fromhex(value)) for key, value in told["entries"]]


def test_the_folder_holds_the_files_of_the_manifest_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"manifest.json", *MANIFEST}
    assert len(OPENED) >= 11
    assert len(REFUSED) >= 2


@pytest.mark.parametrize("name", MANIFEST)
def test_the_files_are_those_that_were_committed(name: str) -> None:
    assert sha256(file(name)).hexdigest() == MANIFEST[name]["sha256"]


@pytest.mark.parametrize("name", OPENED)
def test_an_old_file_shows_its_entries_and_takes_a_commit(
    fs: FileSystem, db_path: str, name: str
) -> None:
    told = MANIFEST[name]
    put(fs, db_path, file(name))
    reports: list[RecoveryReport] = []
    with libredb.open(db_path, fs=fs, mode="rw", on_recovery=reports.append) as db:
        assert list(db.scan()) == entries(told)
        db.transact(lambda tx: tx.set(b"a later libredb", b"was here"))
        assert db.version == told["version"] + 1
    (report,) = reports
    assert (report.outcome, report.offset) == (told["outcome"], told["offset"])
    assert (report.version, report.durable_version) == (told["version"], told["durable_version"])
    assert report.damaged_mark == told["damaged_mark"]
    assert report.discarded.hex() == told["discarded"]
    with libredb.open(db_path, fs=fs) as db:
        assert dict(db.scan()) == {**dict(entries(told)), b"a later libredb": b"was here"}


@pytest.mark.parametrize("name", OPENED)
def test_an_old_file_is_judged_and_read_without_being_changed(
    fs: FileSystem, db_path: str, name: str
) -> None:
    told = MANIFEST[name]
    put(fs, db_path, file(name))
    verdict = libredb.verify(db_path, fs=fs)
    assert (verdict.outcome, verdict.offset) == (told["outcome"], told["offset"])
    assert (verdict.generation, verdict.version) == (told["generation"], told["version"])
    assert (verdict.records, verdict.entries) == (told["records"], len(told["entries"]))
    assert (verdict.damaged_mark, verdict.error) == (told["damaged_mark"], None)
    with libredb.open(db_path, fs=fs, mode="r") as db:
        assert list(db.scan()) == entries(told)
    assert hash_of(fs, db_path) == told["sha256"]


@pytest.mark.parametrize("name", REFUSED)
def test_an_old_damaged_file_stays_refused_and_unchanged(
    fs: FileSystem, db_path: str, name: str
) -> None:
    told = MANIFEST[name]
    put(fs, db_path, file(name))
    with pytest.raises(LogFileError) as refusal:
        libredb.open(db_path, fs=fs)
    assert (refusal.value.code, refusal.value.offset) == (told["error"], told["offset"])
    verdict = libredb.verify(db_path, fs=fs)
    assert (verdict.outcome, verdict.offset) == ("refused", told["offset"])
    assert hash_of(fs, db_path) == told["sha256"]


@pytest.mark.parametrize(
    "name", [name for name in OPENED if MANIFEST[name]["outcome"] == "clean" and "mark" not in name]
)
def test_a_reader_that_knows_only_the_document_finds_the_same_entries(name: str) -> None:
    reader = dump.Reader(file(name))
    assert sorted(reader.entries.items()) == entries(MANIFEST[name])
    assert reader.at == MANIFEST[name]["offset"]
