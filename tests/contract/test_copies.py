"""An open database is never copied: a copy would close the original's files behind its back.

`copy.deepcopy(db)` raised, but the half-made copy of the file's handle was collected, and closed
the descriptor of the log. The next file that the program opened got its number: an acknowledged
commit was written into that file, and a second writer got the lock.
"""

import copy
import dataclasses
import gc
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

import libredb
from libredb import Database, FileSystem
from tests.support.work import commit, keys

COPIES: dict[str, Callable[[object], object]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
}


@dataclasses.dataclass
class Application:
    """What holds a database, as programs do."""

    db: Database


def parts_of(db: Database) -> list[object]:
    commits = db._commits
    assert db._place is not None and commits.log is not None  # noqa: PT018 - one fact
    return [db, commits, db._place, db._place._lock, commits.log, commits.log.file, db.backup()]


@pytest.mark.parametrize("how", COPIES)
def test_nothing_that_holds_an_open_file_is_copied(fs: FileSystem, db_path: str, how: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"before")
        for part in parts_of(db):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                COPIES[how](part)
        if how != "copy":  # a shallow copy of what holds a database holds the same one
            with pytest.raises(TypeError, match="Database cannot be copied"):
                COPIES[how]({"settings": [db]})
        gc.collect()
        commit(db, b"after")
        assert keys(db) == [b"after", b"before"]
    with libredb.open(db_path, fs=fs, mode="rw") as db:
        assert keys(db) == [b"after", b"before"]


@pytest.mark.cpython
def test_a_dataclass_with_a_database_inside_keeps_its_files(tmp_path: Path) -> None:
    path, foreign = tmp_path / "app.libredb", tmp_path / "foreign.txt"
    with libredb.open(path) as db:
        with pytest.raises(TypeError, match="Database cannot be copied"):
            dataclasses.asdict(Application(db))
        gc.collect()
        with foreign.open("wb") as file:
            db.transact(lambda tx: tx.set(b"acknowledged", b""))
            file.write(b"mine")
            assert os.fstat(file.fileno()).st_size == 0  # still in the buffer of Python
        with pytest.raises(libredb.DatabaseLockedError):
            libredb.open(path)
    assert foreign.read_bytes() == b"mine"
    with libredb.open(path, mode="r") as db:
        assert keys(db) == [b"acknowledged"]


def test_a_database_in_memory_is_not_copied_either() -> None:
    with libredb.open() as db, pytest.raises(TypeError, match="cannot be copied"):
        copy.deepcopy(db)
