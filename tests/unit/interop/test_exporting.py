"""Claim: an exported file is whole or not there, and all of it is of one state."""

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import Database, interop
from libredb.interop import BadLineError, ImportReport, export_csv, export_json, export_jsonl
from sim.world.filesystem import SimFileSystem

EXPORTS = [export_jsonl, export_json, export_csv]


@pytest.fixture
def notes(db: Database) -> libredb.Documents[str]:
    found = libredb.documents(db, "notes")
    found.insert_many({"id": f"n{number:04}"} for number in range(2000))
    return found


@pytest.mark.parametrize("export", EXPORTS)
def test_a_file_is_replaced_only_if_that_was_said(
    db: Database, notes: Any, tmp_path: Path, export: Callable[..., int]
) -> None:
    path = tmp_path / "out"
    assert export(db, notes, path) == 2000
    first = path.read_bytes()
    notes.insert({"id": "x"})
    with pytest.raises(FileExistsError, match="is there already"):
        export(db, notes, path)
    assert path.read_bytes() == first
    assert export(db, notes, str(path), replace=True) == 2001
    assert len(path.read_bytes()) > len(first)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_what_ends_an_export_leaves_no_file_and_an_old_one_as_it_was(
    db: Database, notes: Any, tmp_path: Path, monkeypatch: Any, error: BaseException
) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")

    def fail(row: Any) -> str:
        if row["id"] == "n1500":
            raise error
        return "x"

    monkeypatch.setattr("libredb.interop.exporting.to_json_text", fail)
    with pytest.raises(type(error)):
        export_jsonl(db, notes, path, replace=True)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("store", ["memory", "file", "transaction"])
def test_what_is_written_meanwhile_is_not_in_the_file(store: str) -> None:
    class Writing(io.BytesIO):
        def write(self, data: Any, /) -> int:
            if not self.tell() and store != "transaction":
                notes.insert({"id": "later"})
            return super().write(data)

    with libredb.open("p" if store == "file" else None, fs=SimFileSystem()) as db:
        notes = libredb.documents(db, "notes")
        notes.insert_many([{"id": "a"}, {"id": "z"}])
        out = Writing()
        if store == "transaction":
            with db.transaction() as tx:
                notes.on(tx).insert({"id": "b"})
                assert export_jsonl(tx, notes, out) == 3
        else:
            assert export_jsonl(db, notes, out) == 2
            assert "later" in notes


@pytest.mark.cpython(reason="Pyodide has no sqlite3 unless it is loaded")
def test_every_public_name_is_there_and_explains_itself() -> None:
    assert set(interop.__all__) <= set(dir(interop))
    for name in interop.__all__:
        doc = getattr(interop, name).__doc__ or ""
        assert doc.split("\n")[0].endswith(".")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = interop.nothing


def test_the_error_about_a_line_crosses_a_process_boundary() -> None:
    error = BadLineError("a.jsonl", 1234, "it is bad", ImportReport("a", inserted=7))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.report) == ("a.jsonl, line 1,234: it is bad", error.report)
    assert isinstance(again, libredb.LibreDBError)
