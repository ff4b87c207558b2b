"""Stores for the tests of lenses: each test runs on all of them.

They are a database in memory, one that only copies a dict, one that runs every function twice, and
a transaction of a database, which is a store as well.
"""

from collections.abc import Iterator

import pytest

import libredb
from libredb import Store
from tests.support.stores import NaiveStore, RerunningStore

STORES = ("database", "naive", "rerunning", "transaction")


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Return an empty store."""
    if request.param == "naive":
        yield NaiveStore()
    elif request.param == "rerunning":
        yield RerunningStore()
    else:
        with libredb.open() as db:
            if request.param == "database":
                yield db
            else:
                with db.transaction() as tx:
                    yield tx
