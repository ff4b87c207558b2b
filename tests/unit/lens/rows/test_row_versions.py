"""A row has a version, another one after each write; a call that expects one refuses any other."""

from collections.abc import Callable
from typing import Any

import pytest

from libredb import ConflictError, Store, UsageTypeError
from libredb.lens.table.table import Table
from tests.unit.lens.table.classes import ADA, BO, CY, User, users_of

CALLS: dict[str, Callable[[Table[User], str, Any], Any]] = {
    "put": lambda users, key, version: users.put(User(key, "x", 1), if_version=version),
    "update": lambda users, key, version: users.update(key, {"age": 1}, if_version=version),
    "delete": lambda users, key, version: users.delete(key, if_version=version),
}


@pytest.fixture
def users(store: Store) -> Table[User]:
    users = users_of(store)
    users.insert_many([ADA, BO, CY])
    return users


def test_each_write_gives_another_version(users: Table[User]) -> None:
    versions = [users.get_versioned("1")[1]]
    users.update("1", age=40)
    versions.append(users.get_versioned("1")[1])
    users.put(ADA)
    row, version = users.get_versioned("1")
    assert row == ADA
    assert len({*versions, version, 0}) == 4


def test_what_is_not_there_has_version_0(store: Store) -> None:
    assert users_of(store).get_versioned("1") == (None, 0)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_expects_the_version_does_it_once(users: Table[User], name: str) -> None:
    version = users.get_versioned("1")[1]
    CALLS[name](users, "1", version)
    before = list(users)
    with pytest.raises(ConflictError, match="read it again") as error:
        CALLS[name](users, "1", version)
    assert error.value.expected == version
    assert list(users) == before
    assert users.check() == []


@pytest.mark.parametrize("name", CALLS)
def test_0_expects_that_there_is_no_row(store: Store, name: str) -> None:
    users = users_of(store)
    assert not CALLS[name](users, "1", 0)
    users.put(ADA)
    with pytest.raises(ConflictError):
        CALLS[name](users, "1", 0)
    with pytest.raises(ConflictError):
        CALLS[name](users, "none", 7)


def test_a_version_is_refused_where_there_is_no_table_yet(store: Store) -> None:
    for call in ("update", "delete"):
        with pytest.raises(ConflictError):
            CALLS[call](users_of(store), "1", 7)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("version", ["1", 1.0, True])
def test_what_is_no_version_is_refused(users: Table[User], name: str, version: Any) -> None:
    with pytest.raises(UsageTypeError, match="if_version is an int"):
        CALLS[name](users, "1", version)


def test_a_column_of_that_name_is_set_in_a_dict(store: Store) -> None:
    import libredb

    odd = libredb.table(store, "odd", {"id": "str", "if_version": "int"})
    odd.insert({"id": "1", "if_version": 3})
    odd.update("1", {"if_version": 4})
    assert odd.get("1") == {"id": "1", "if_version": 4}
