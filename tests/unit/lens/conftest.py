"""Stores for the tests of lenses: each test runs on all of them.

They are a database in memory, one that only copies a dict, one that runs every function twice, and
a transaction of a database, which is a store as well.
"""

from collections.abc import Iterator

import pytest

from libredb import Store
from tests.support.stores import STORES, empty_store


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """Return an empty store."""
    with empty_store(request.param) as empty:
        yield empty
