"""A migration runs once, over all rows, in the transaction of the opening, or leaves no trace."""

from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from typing import Any

import pytest

import libredb
from libredb import Store, UsageTypeError, UsageValueError
from libredb.lens.errors import (
    DuplicateKeyError,
    InvalidValueError,
    SchemaMismatchError,
    UniqueViolationError,
)
from libredb.lens.keys.namespace import find, migrations
from libredb.lens.table.opening import table
from libredb.lens.table.row_type import Row
from libredb.lens.table.table import Table
from tests.support.case import case
from tests.unit.lens.table.classes import Color

OLD = {"id": "str", "name": "str", "age": "int?", "color": "enum_str"}
ROWS = [
    {"id": "1", "name": "Ada Lovelace", "age": 36, "color": "red"},
    {"id": "2", "name": "Bo Diddley", "age": None, "color": "blue"},
    {"id": "3", "name": "Cy Young", "age": 20, "color": "red"},
]


@dataclass
class Person:
    id: str
    first: str
    last: str
    color: Color
    tags: list[str]
    is_new: bool = True


def split_name(row: Row) -> Row:
    row["first"], row["last"] = row.pop("name").split(" ")
    return {**row, "tags": []}


def drop_the_ageless(row: Row) -> Row | None:
    return row if row.pop("age") is not None else None


SPLIT, DROP = ("2026-11 split name", split_name), ("2026-12 drop the ageless", drop_the_ageless)


@pytest.fixture
def old(store: Store) -> Table[Row]:
    """Return a table as it was."""
    old = table(store, "people", OLD, index=["name", ("color", "age")], unique=["id"])
    old.insert_many(ROWS)
    return old


def done(store: Store) -> list[str]:
    """Return the names of the migrations that are recorded."""

    def read(tx: Any) -> list[str]:
        namespace = find(tx, "people")
        return [] if namespace is None else migrations(tx, namespace)

    return store.read(read)


def test_pending_migrations_run_in_order_and_their_names_are_recorded(old: Table[Row]) -> None:
    people = table(old._store, "people", Person, index=["first"], migrations=[SPLIT, DROP])
    assert list(people) == [
        Person("1", "Ada", "Lovelace", Color.RED, []),
        Person("3", "Cy", "Young", Color.RED, []),
    ]
    assert done(old._store) == [SPLIT[0], DROP[0]]
    assert people.check() == []
    assert people.indexes() == ["id", "first"]  # those of columns that are gone went with them
    assert people.find(first="Cy").explain().index == "first"
    with pytest.raises(SchemaMismatchError):
        list(old)


def test_a_migration_that_ran_does_not_run_again(old: Table[Row]) -> None:
    table(old._store, "people", Person, migrations=[SPLIT, DROP])

    def never(_: Row) -> Row:
        raise AssertionError("it runs")

    again = table(old._store, "people", Person, migrations=[(SPLIT[0], never), (DROP[0], never)])
    assert again.count() == 2
    assert table(old._store, "people", Person).count() == 2


def test_a_new_table_records_all_migrations_and_runs_none(store: Store) -> None:
    people = table(store, "people", Person, migrations=[SPLIT, DROP])
    assert done(store) == []
    people.insert(Person("1", "Ada", "Lovelace", Color.RED, []))
    assert done(store) == [SPLIT[0], DROP[0]]
    again = table(store, "people", Person, migrations=[SPLIT, DROP])
    assert again.count() == 1


def test_a_migration_may_change_only_rows(old: Table[Row]) -> None:
    def shout(row: Row) -> Row:
        return {**row, "name": row["name"].upper()}

    again = table(old._store, "people", OLD, migrations=[("shout", shout)])
    assert [row["name"] for row in again] == ["ADA LOVELACE", "BO DIDDLEY", "CY YOUNG"]
    assert again.find(name="CY YOUNG").explain().index == "name"
    assert old.get("1") == {**ROWS[0], "name": "ADA LOVELACE"}
    assert again.check() == []


def test_a_migration_may_change_keys(old: Table[Row]) -> None:
    def number(row: Row) -> Row:
        return {**row, "id": int(row["id"]) * 10}

    again = table(old._store, "people", {**OLD, "id": "int"}, migrations=[("number", number)])
    assert [row["id"] for row in again] == [10, 20, 30]
    assert again.check() == []


WRONG: list[tuple[type[Exception], str, Callable[[Row], Any]]] = [
    (DuplicateKeyError, "'1' is in 'people' already", lambda row: {**row, "id": "1"}),
    (
        InvalidValueError,
        "people, key '1', column age: expected int or None",
        lambda row: {**row, "age": "x"},
    ),
    (
        InvalidValueError,
        "people, key '1', column size: the class has none",
        lambda row: {**row, "size": 1},
    ),
    (
        InvalidValueError,
        "people, key '1', column name: no value",
        lambda row: {"id": row["id"], "color": "red"},
    ),
    (UsageTypeError, "the migration 'wrong' returns a dict of columns or None", lambda row: [row]),
    (ZeroDivisionError, "by zero", lambda _: 1 // 0),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_migration_that_fails_leaves_no_trace(old: Table[Row], number: int) -> None:
    error, message, made = WRONG[number]
    fn: Any = made
    with pytest.raises(error, match=message):
        table(old._store, "people", OLD, migrations=[("wrong", fn)])
    assert list(old) == ROWS
    assert done(old._store) == []
    assert old.check() == []


def test_a_unique_index_judges_what_migrations_leave(old: Table[Row]) -> None:
    new = {"id": "str", "name": "str", "age": "int?", "color": "enum_str"}
    with pytest.raises(UniqueViolationError):
        table(old._store, "people", new, unique=["color"], migrations=[("same", lambda row: row)])
    assert list(old) == ROWS
    assert old.check() == []


def test_an_enum_is_given_as_it_is_stored_and_may_be_returned_as_a_member(old: Table[Row]) -> None:
    seen: list[Any] = []

    def look(row: Row) -> Row:
        seen.append(row["color"])
        return {**row, "color": Color.BLUE} if row["id"] == "1" else row

    thing: Any = make_dataclass(
        "Thing", [("id", str), ("name", str), ("color", Color), ("age", int | None, None)]
    )
    again: Table[Any] = table(old._store, "people", thing, migrations=[("look", look)])
    assert [row.color for row in again] == [Color.BLUE, Color.BLUE, Color.RED]
    assert set(seen) == {"red", "blue"}
    with pytest.raises(SchemaMismatchError, match="no member of Color"):
        table(
            old._store, "people", thing, migrations=[("pink", lambda row: {**row, "color": "pink"})]
        )


def test_a_new_column_is_taken_over_and_keeps_the_default_it_had_then(old: Table[Row]) -> None:
    def thing(*columns: Any) -> Any:
        return make_dataclass(
            "Thing",
            [("id", str), ("name", str), ("color", str), ("age", int | None, None), *columns],
        )

    with pytest.raises(SchemaMismatchError):
        table(old._store, "people", thing())
    base = {**OLD, "size": "int?"}
    wider = table(old._store, "people", base, index=["size"])
    assert [row["size"] for row in wider] == [None] * 3
    wider.insert({"id": "4", "name": "Di", "age": 1, "color": "red", "size": 5})
    assert [row["id"] for row in wider.order_by("size")] == ["1", "2", "3", "4"]
    assert wider.check() == []
    with pytest.raises(SchemaMismatchError, match="column size: recorded as int"):
        list(old)


def test_a_default_that_changes_later_is_that_of_new_rows_only(store: Store) -> None:
    def sized(*default: Any) -> Any:
        return make_dataclass("Thing", [("id", str), *default])

    without = sized()
    table(store, "people", without).insert(without("1"))
    with_five: Any = sized(("size", int, 5))
    table(store, "people", with_five).insert(with_five("2", 6))
    with_seven: Any = sized(("size", int, 7))
    things: Table[Any] = table(store, "people", with_seven, index=["size"])
    things.insert(with_seven("3"))
    assert [row.size for row in things] == [5, 6, 7]
    assert things.find(size=5).explain().entries == 1
    optional: Table[Any] = table(store, "people", sized(("size", int | None, 1)))
    assert optional.update("1", size=None)
    assert [row.size for row in optional] == [None, 6, 7]
    assert optional.check() == []
    with pytest.raises(SchemaMismatchError, match=r"recorded as int\?, and the class has int"):
        table(store, "people", with_seven)


def test_migrations_are_pairs_with_names_of_their_own(store: Store) -> None:
    for wrong in (["x"], [("x",)], [("x", 5)], [(5, split_name)], [["x", split_name]]):
        given: Any = wrong
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="a migration is a name"):
            table(store, "people", OLD, migrations=given)
    with pytest.raises(UsageValueError, match="two migrations have the name"):
        table(store, "people", OLD, migrations=[SPLIT, SPLIT])


def test_opening_inside_of_a_transaction_that_is_aborted_leaves_the_old_table(
    old: Table[Row],
) -> None:
    def work(tx: Store) -> None:
        people = table(tx, "people", Person, migrations=[SPLIT, DROP])
        assert people.count() == 2
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        old._store.transact(work)
    assert list(old) == ROWS
    assert done(old._store) == []


def test_what_was_seen_in_a_transaction_that_is_aborted_does_not_count_later() -> None:
    """A table took one that older code had created for its own, which an abort had undone.

    Both had the same number and the same record; but no migration was behind the one that was
    there, and none ran before the next opening.
    """
    db = libredb.open()
    columns = {"id": "str", "count": "int"}
    old = table(db, "people", columns)
    new = table(db, "people", columns, migrations=[("double", double)])

    def work(tx: Store) -> None:
        new.on(tx).insert({"id": "1", "count": 1})
        new.on(tx).insert({"id": "2", "count": 1})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.transact(work)
    old.insert({"id": "3", "count": 5})
    new.insert({"id": "4", "count": 5})
    assert [row["count"] for row in new] == [10, 5]
    assert done(db) == ["double"]


def double(row: Row) -> Row:
    return {**row, "count": 2 * row["count"]}
