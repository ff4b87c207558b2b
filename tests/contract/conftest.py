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


@pytest.fixture(params=["file", "memory"])
def any_db(request: pytest.FixtureRequest) -> Database:
    """Return a database in a file or in memory, which the caller may leave open."""
    return libredb.open() if request.param == "memory" else libredb.open("p", fs=SimFileSystem())
