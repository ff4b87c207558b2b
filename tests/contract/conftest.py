"""The databases that tests of the contract work on, each new and empty."""

from collections.abc import Iterator

import pytest

import libredb
from libredb import Database, FileSystem
from sim.world.filesystem import SimFileSystem


@pytest.fixture
def db(fs: FileSystem, db_path: str) -> Iterator[Database]:
    """Return a database on each file system; it is closed afterwards."""
    with libredb.open(db_path, fs=fs) as db:
        yield db


@pytest.fixture(params=["file", "memory", "shared"])
def any_db(request: pytest.FixtureRequest) -> Database:
    """Return a database in a file, in memory, or in a file whose threads share syncs.

    The caller may leave it open.
    """
    if request.param == "memory":
        return libredb.open()
    shared = libredb.SharedSync() if request.param == "shared" else None
    return libredb.open("p", fs=SimFileSystem(), group_commit=shared)
