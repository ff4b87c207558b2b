"""Stores for the tests of interop: in memory, in a file, and unpleasant ones."""

from collections.abc import Iterator

import pytest

import libredb
from libredb import Store
from sim.world.filesystem import SimFileSystem
from tests.support.stores import NaiveStore, RerunningStore

STORES = ("memory", "file", "transaction", "naive", "rerunning")


@pytest.fixture
def db() -> Iterator[libredb.Database]:
    """Return an empty database in memory."""
    with libredb.open() as opened:
        yield opened


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Return an empty store."""
    if request.param == "naive":
        yield NaiveStore()
    elif request.param == "rerunning":
        yield RerunningStore()
    elif request.param == "file":
        with libredb.open("p", fs=SimFileSystem()) as opened:
            yield opened
    else:
        with libredb.open() as opened:
            if request.param == "memory":
                yield opened
            else:
                with opened.transaction() as tx:
                    yield tx
