"""A selection has the rows that are meant, in the order asked for, by index or in memory."""

from typing import Any

import pytest

from libredb import UsageTypeError, UsageValueError
from libredb.lens.errors import (
    MissingKeyError,
)
from libredb.lens.table.opening import table
from libredb.lens.table.recording import descending, missing, not_, one_of
from libredb.lens.table.table import Table
from tests.support.stores import NaiveStore
from tests.unit.lens.table.classes import ADA, BO, User


def ids(rows: Any) -> list[str]:
    return [row.id for row in rows]


def test_conditions_orders_and_limits_are_chained(users: Table[User]) -> None:
    assert ids(users.where(lambda u: (u.age >= 18) & u.name.startswith("A"))) == ["1"]
    assert ids(users.where(lambda u: u.age == 36).where(lambda u: not_(missing(u.mail)))) == ["3"]
    assert ids(users.where(lambda u: one_of(u.age, [20, 99]))) == ["2"]
    assert ids(users.where(lambda u: u.mail == None)) == ["1"]  # noqa: E711 - the column
    assert ids(users.order_by(lambda u: u.age)) == ["2", "1", "3"]
    assert ids(users.order_by("age", reverse=True)) == ["3", "1", "2"]
    assert ids(users.order_by(lambda u: (u.age, descending(u.name)))) == ["2", "3", "1"]
    assert ids(users.order_by(reverse=True)) == ["3", "2", "1"]
    assert ids(users.all().order_by("age").limit(1).offset(1)) == ["1"]
    assert ids(users.find(age=36).limit(1)) == ["1"]
    assert ids(users.find({"age": 36, "name": "Cy"})) == ["3"]
    assert ids(users.find()) == ["1", "2", "3"]
    assert users.where(lambda u: u.age == 36).count() == 2
    assert repr(users.find(age=36)) == "<Selection of 'users': age $eq 36>"
    assert repr(users) == "<Table 'users'>"
    with pytest.raises(UsageTypeError, match="limit is an int"):
        users.all().limit("1")  # type: ignore[arg-type] - on purpose


def test_one_row_is_one_row(users: Table[User]) -> None:
    assert users.where(lambda u: u.age == 20).one() == BO
    assert users.where(lambda u: u.age == 36).first() == ADA
    with pytest.raises(MissingKeyError):
        users.where(lambda u: u.age == 1).one()
    with pytest.raises(UsageValueError, match="more than one"):
        users.where(lambda u: u.age == 36).one()


def test_a_plan_is_explained(users: Table[User]) -> None:
    by_age = users.where(lambda u: u.age == 36)
    assert str(by_age.explain()).startswith("index age,name: 1 range, 2 entries read")
    assert by_age.order_by("name").explain().is_sorted_in_memory is False
    assert str(users.where(lambda u: u.id == "1").explain()) == "1 row of users by id"
    assert str(users.explain()) == "all 3 rows of users"


def test_an_index_finds_an_int_by_an_equal_float(users: Table[User]) -> None:
    assert ids(users.where(lambda u: u.age == 36.0)) == ["1", "3"]
    numbers = table(NaiveStore(), "numbers", {"id": "int"})
    numbers.insert_many([{"id": n} for n in (1, 2, 3)])
    assert list(numbers.where(lambda n: n["id"] == 2.0)) == [{"id": 2}]
    assert list(numbers.where(lambda n: n["id"] == 2.5)) == []
    assert list(numbers.where(lambda n: n["id"] > 1.5)) == [{"id": 2}, {"id": 3}]


def test_columns_are_selected(users: Table[User]) -> None:
    assert list(users.select(lambda u: u.name)) == ["Ada", "Bo", "Cy"]
    assert users.select(lambda u: (u.name, u.age)).first() == ("Ada", 36)
    assert list(users.all().select("name", "mail"))[1] == ("Bo", "bo@x")
    assert list(users.all().select("name").limit(1)) == ["Ada"]
    assert list(users.select(lambda u: (u.name,)).order_by("age").limit(1)) == [("Bo",)]
    assert users.select(lambda u: u.name).all().first() == ADA


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_pages_hold_every_row_once(users: Table[User], size: int) -> None:
    for selection in (users.all(), users.order_by("age"), users.order_by("name", reverse=True)):
        found: list[User] = []
        cursor: str | None = None
        while True:
            page = selection.limit(size).after(cursor).page()
            found += page.rows
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == list(selection)


def test_a_cursor_of_another_order_is_refused(users: Table[User]) -> None:
    cursor = users.order_by("age").limit(1).page().next_cursor
    with pytest.raises(UsageValueError, match="another search"):
        users.order_by("name").after(cursor)
    with pytest.raises(UsageValueError, match="another search"):
        users.order_by("age").after(cursor).order_by("name")


def test_a_result_reads_anew_each_time(users: Table[User]) -> None:
    adults = users.where(lambda u: u.age >= 18)
    assert adults.count() == 3
    users.delete("1")
    assert ids(adults) == ["2", "3"]


def test_outside_of_a_transaction_a_loop_may_change_what_it_goes_over(users: Table[User]) -> None:
    for user in users:
        users.delete(user.id)
        users.insert(User(user.id + "x", user.name, user.age))
    assert ids(users) == ["1x", "2x", "3x"]
