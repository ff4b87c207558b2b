"""`libredb.open` and `libredb.verify` take a path or nothing, and find the file system."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import libredb
from libredb import FileSystem, UsageError, UsageTypeError, UsageValueError
from sim.world.filesystem import SimFileSystem
from tests.support.work import commit, keys


def test_every_public_name_is_there_and_sorted() -> None:
    assert all(hasattr(libredb, name) for name in libredb.__all__)
    assert sorted(libredb.__all__) == sorted(set(libredb.__all__))


def test_a_path_may_be_text_or_an_object(fs: FileSystem, db_path: str) -> None:
    with libredb.open(Path(db_path), fs=fs) as db:
        commit(db, b"k")
        assert db.path == db_path
    with libredb.open(db_path, fs=fs, mode="rw") as db:
        assert keys(db) == [b"k"]
    assert libredb.verify(Path(db_path), fs=fs).version == 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [(b"p", UsageTypeError), (5, UsageTypeError), ("", UsageValueError), ("p\0q", UsageValueError)],
)
def test_what_is_no_path_is_refused(path: Any, kind: type[UsageError]) -> None:
    for attempt in (libredb.open, libredb.verify):
        with pytest.raises(kind):
            attempt(path, fs=SimFileSystem())


def test_without_a_path_there_is_nothing_to_judge() -> None:
    report = libredb.verify()
    assert (report.outcome, report.size_bytes, report.version, report.error) == (
        "empty",
        0,
        0,
        None,
    )


def test_without_a_path_a_file_system_is_not_asked() -> None:
    fs = SimFileSystem()
    libredb.open(fs=fs).close()
    assert fs.calls == 0


@pytest.mark.cpython
def test_the_file_system_of_the_platform_is_the_default(db_path: str) -> None:
    with libredb.open(db_path) as db:
        commit(db, b"k")
    assert Path(db_path).stat().st_size == db.log_bytes
    assert libredb.verify(db_path).outcome == "clean"


def test_in_the_browser_a_path_needs_a_file_system(monkeypatch: pytest.MonkeyPatch) -> None:
    page = ModuleType("js")
    page.__dict__["document"] = object()
    monkeypatch.setitem(sys.modules, "js", page)
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(UsageError, match=r"libredb_opfs\.acquire"):
        libredb.open("p")
    with libredb.open() as db:
        commit(db, b"k")
