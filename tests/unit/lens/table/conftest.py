"""The table that most tests are about, on each store."""

import pytest

from libredb import Store
from libredb.lens.table.table import Table
from tests.unit.lens.table.classes import ADA, BO, CY, User, users_of


@pytest.fixture
def users(store: Store) -> Table[User]:
    """Return a table of three."""
    users = users_of(store)
    assert users.insert_many([CY, ADA, BO]) == 3
    return users
