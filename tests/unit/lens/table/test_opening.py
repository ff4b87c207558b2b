"""Opening holds the code against the record, builds what is missing, and finds what is damaged."""

import doctest
from typing import Any

import pytest

import libredb
from libredb import Store, UsageError, UsageTypeError, UsageValueError
from libredb.lens.catalog import catalog
from libredb.lens.errors import (
    DamagedEntryError,
    MissingKeyError,
    NamespaceKindError,
    SchemaMismatchError,
    UniqueViolationError,
)
from libredb.lens.keys.encoding import pack
from libredb.lens.keys.namespace import create, find
from libredb.lens.table import opening
from libredb.lens.table.opening import table
from libredb.lens.table.table import Table
from sim.world.filesystem import SimFileSystem
from tests.unit.lens.table.classes import ADA, BO, CY, User, users_of


def test_opening_the_same_again_writes_nothing(users: Table[User]) -> None:
    store = users._store

    class Refusing:
        read = store.read

        def transact(self, fn: Any) -> Any:
            raise AssertionError("it writes")

    again = users_of(Refusing())
    assert list(again) == [ADA, BO, CY]


def test_new_indexes_are_built_and_others_stay(users: Table[User]) -> None:
    again = table(users._store, "users", User, index=["name"])
    assert again.indexes() == ["mail", "age,name", "name"]
    assert again.where(lambda u: u.name == "Bo").explain().index == "name"
    assert users.check() == []
    again.drop_index("mail")
    assert again.indexes() == ["age,name", "name"]
    assert again.check() == []
    with pytest.raises(MissingKeyError):
        again.drop_index("mail")
    with pytest.raises(UsageValueError, match="drop it first"):
        table(users._store, "users", User, unique=["name"])
    with pytest.raises(UniqueViolationError):
        table(users._store, "users", User, unique=["age"])
    assert again.indexes() == ["age,name", "name"]
    with pytest.raises(UsageTypeError, match="no column 'size'"):
        table(users._store, "users", User, index=["size"])


def test_an_index_that_is_gone_is_built_again_by_the_next_write(users: Table[User]) -> None:
    table(users._store, "users", User).drop_index("mail")
    users.insert(User("4", "Di", 1, "di@x"))
    assert users.indexes() == ["age,name", "mail"]
    assert users.check() == []


def test_a_table_that_was_dropped_is_created_again_as_declared(users: Table[User]) -> None:
    catalog(users._store).drop("users")
    assert list(users) == []
    users.insert(BO)
    assert list(users.find(mail="bo@x")) == [BO]
    assert users.find(mail="bo@x").explain().index == "mail"
    assert users.check() == []


def test_a_namespace_of_another_kind_is_refused(store: Store) -> None:
    store.transact(lambda tx: create(tx, "users", "documents") and None)
    with pytest.raises(NamespaceKindError):
        users_of(store)


def test_a_table_whose_record_has_changed_since_is_refused(users: Table[User]) -> None:
    def drop_age(row: dict[str, Any]) -> dict[str, Any]:
        del row["age"]
        return row

    columns = {"id": "str", "name": "str", "mail": "str?"}
    table(users._store, "users", columns, migrations=[("drop age", drop_age)])
    for call in (lambda: list(users), lambda: users.get("1"), lambda: users.insert(ADA)):
        with pytest.raises(SchemaMismatchError, match="column age: not recorded"):
            call()


def test_a_database_open_for_reading_is_read_as_it_is(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        users_of(db).insert_many([ADA, BO, CY])
    wider = {"id": "str", "name": "str", "age": "int", "mail": "str?", "size": "int?"}
    with libredb.open("p", fs=memory_fs, mode="r") as db:
        users = table(db, "users", wider, index=["name"])
        assert users.where(lambda u: u["name"] == "Bo").one()["size"] is None
        assert users.where(lambda u: u["name"] == "Bo").explain().index is None
        assert users.indexes() == ["mail", "age,name"]
        with pytest.raises(UsageError, match="reading only"):
            users.insert({"id": "9", "name": "x", "age": 1})
        assert list(table(db, "other", User)) == []
        with pytest.raises(SchemaMismatchError):
            table(db, "users", {"id": "str"})
        with pytest.raises(UsageError, match="reading only"):
            table(db, "users", wider, migrations=[("new", lambda row: row)])
        with pytest.raises(UsageValueError, match="drop it first"):
            table(db, "users", User, index=["mail"])


def test_the_example_in_the_docstring_is_true() -> None:
    failed, tried = doctest.testmod(opening)
    assert (failed, tried > 5) == (0, True)


def test_a_table_is_read_inside_of_a_transaction_that_only_reads() -> None:
    with libredb.open() as db:
        users = users_of(db)
        users.insert_many([ADA, BO, CY])
        with db.read() as tx:
            assert list(users.on(tx)) == [ADA, BO, CY]
            assert users.on(tx).get("2") == BO
            assert list(users_of(tx)) == [ADA, BO, CY]
            with pytest.raises(UsageError, match="only read"):
                users.on(tx).delete("2")


def test_a_store_and_a_name_are_checked(store: Store) -> None:
    with pytest.raises(UsageTypeError, match="needs a database"):
        table(None, "users", User)  # type: ignore[call-overload] - on purpose
    with pytest.raises(UsageValueError, match="1 to 512 bytes"):
        table(store, "", User)


def damage(store: Store, tail: bytes, value: bytes | None) -> None:
    """Overwrite or delete a key of the table."""

    def write(tx: Any) -> None:
        namespace = find(tx, "users")
        assert namespace is not None
        key = namespace.keys.prefix + tail
        if value is None:
            tx.delete(key)
        else:
            tx.set(key, value)

    store.transact(write)


HEAD = b"\0" + b"\1".rjust(8, b"\0")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("2",), HEAD + b'{"name":"Bo","age":20}'),
        (("2",), HEAD + b'{"name":"Bo","age":20,"mail":null,"x":1}'),
        (("2",), HEAD + b"[]"),
        (("2",), HEAD + b"{"),
        (("2",), b"\0"),
        (("2", "3"), HEAD + b'{"name":"Bo","age":20,"mail":null}'),
    ],
    ids=str,
)
def test_a_damaged_row_is_refused_and_told_by_check(
    users: Table[User], key: tuple[str, ...], value: bytes
) -> None:
    damage(users._store, b"\1" + pack(key), value)
    with pytest.raises(DamagedEntryError):
        list(users)
    assert users.check() != []


def test_check_tells_rows_that_no_column_takes_and_entries_that_lead_nowhere(
    users: Table[User],
) -> None:
    damage(users._store, b"\1" + pack(("2",)), HEAD + b'{"name":"Bo","age":"x","mail":"bo@x"}')
    assert any("column age: expected int, got str" in line for line in users.check())
    users.put(BO)
    assert users.check() == []
    damage(users._store, b"\1" + pack(("2",)), None)
    assert len(users.check()) == 2
