"""Stores for the tests of interop: those of lenses, and a database in a file."""

from collections.abc import Iterator

import pytest

import libredb
from libredb import Store
from sim.world.filesystem import SimFileSystem
from tests.support.stores import STORES, empty_store


@pytest.fixture
def db() -> Iterator[libredb.Database]:
    """Return an empty database in memory."""
    with libredb.open() as opened:
        yield opened


@pytest.fixture(params=("file", *STORES))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Return an empty store."""
    if request.param == "file":
        with libredb.open("p", fs=SimFileSystem()) as opened:
            yield opened
    else:
        with empty_store(request.param) as empty:
            yield empty
