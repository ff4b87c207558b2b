"""A join pairs rows of equal values, by a key or an index, and never by reading all of a table."""

from decimal import Decimal
from typing import Any

import pytest

import libredb
from libredb import Store, UsageTypeError, UsageValueError
from libredb.lens.table.opening import table
from libredb.lens.table.table import Table
from tests.support.stores import NaiveStore
from tests.unit.lens.table.classes import Order, Place, User

ADA, BO, CY = User("1", "Ada", 36), User("2", "Bo", 20, "bo@x"), User("3", "Cy", 36, "cy@x")
ORDERS = [Order(n, user, Decimal(n)) for n, user in enumerate(["1", "3", "1", "9", "3"])]

Both = tuple[Table[User], Table[Order]]


@pytest.fixture
def both(store: Store) -> Both:
    """Return users, and their orders."""
    users = table(store, "users", User)
    orders = table(store, "orders", Order, index=["total", "user", ("paid", "user")])
    users.insert_many([ADA, BO, CY])
    orders.insert_many(ORDERS)
    return users, orders


def numbers(pairs: Any) -> list[tuple[str, int | None]]:
    return [(user.id, order and order.id) for user, order in pairs]


def test_a_join_pairs_rows_of_equal_values_by_an_index(both: Both) -> None:
    users, orders = both
    joined = users.join(orders, lambda u: u.id, lambda o: o.user)
    assert numbers(joined) == [("1", 0), ("1", 2), ("3", 1), ("3", 4)]
    assert next(iter(joined)) == (ADA, ORDERS[0])
    assert joined.count() == 4
    assert joined.first() == (ADA, ORDERS[0])
    assert numbers(joined.limit(1)) == [("1", 0)]
    assert joined.limit(1).count() == 1
    assert str(joined.explain()) == "all 3 rows of users; for each, index user of orders"
    assert repr(joined) == "<Joined 'users' and 'orders'>"


def test_a_join_by_the_key_of_the_other_table_needs_no_index(both: Both) -> None:
    users, orders = both
    joined = orders.join(users, "user", "id")
    assert [(order.id, user.id) for order, user in joined] == [
        (0, "1"),
        (1, "3"),
        (2, "1"),
        (4, "3"),
    ]
    assert str(joined.explain()).endswith("for each, the key of users")


def test_a_left_join_keeps_rows_without_another(both: Both) -> None:
    users, orders = both
    joined = users.left_join(orders, lambda u: u.id, lambda o: o.user)
    assert numbers(joined) == [("1", 0), ("1", 2), ("2", None), ("3", 1), ("3", 4)]
    left = users.where(lambda u: u.age == 20).left_join(orders, "id", "user")
    assert left.first() == (BO, None)


def test_both_sides_can_be_selections(both: Both) -> None:
    users, orders = both
    late = orders.where(lambda o: o.total >= 2)
    joined = users.where(lambda u: u.age == 36).order_by("id", reverse=True).limit(2)
    assert numbers(joined.join(late, "id", "user")) == [("3", 4), ("1", 2)]
    assert numbers(users.left_join(late, "id", "user")) == [("1", 2), ("2", None), ("3", 4)]
    with pytest.raises(UsageValueError, match="no limit, offset or cursor"):
        users.join(late.limit(1), "id", "user")


def test_several_columns_are_joined_as_a_tuple(both: Both) -> None:
    users, orders = both
    store = users._store
    places = table(store, "places", Place, key=("country", "number"))
    visits = table(store, "visits", {"id": "int", "land": "str?", "place": "int?"})
    places.insert_many([Place(country="de", number=n, name=f"p{n}") for n in range(3)])
    visits.insert_many(
        [
            {"id": 1, "land": "de", "place": 2},
            {"id": 2, "land": "fr", "place": 2},
            {"id": 3, "land": None, "place": 2},
            {"id": 4, "land": "de", "place": 2},
        ]
    )
    joined = visits.join(places, lambda v: (v["land"], v["place"]), lambda p: (p.country, p.number))
    assert [(visit["id"], place.name) for visit, place in joined] == [(1, "p2"), (4, "p2")]
    paid = users.left_join(orders, lambda u: u.id, lambda o: o.user)
    assert paid.count() == 5


def test_none_is_equal_to_nothing(store: Store) -> None:
    people = table(store, "people", {"id": "int", "boss": "int?"}, index=["boss"])
    people.insert_many([{"id": 1}, {"id": 2, "boss": 1}, {"id": 3, "boss": 1}])
    pairs = people.join(people, "boss", "id")
    assert [(low["id"], high["id"]) for low, high in pairs] == [(2, 1), (3, 1)]
    assert people.join(people, "boss", "boss").count() == 4
    assert people.left_join(people, "boss", "id").first() == (people.get(1), None)


def test_without_an_index_the_error_says_which_one_to_create(both: Both) -> None:
    users, orders = both
    for joined, index in (
        (users.join(users, "id", "mail"), "'mail'"),
        (
            users.join(users, lambda u: (u.name, u.id), lambda u: (u.name, u.mail)),
            "..name., .mail..",
        ),
    ):
        with pytest.raises(UsageValueError, match=f"open it with index=.{index}"):
            list(joined)
        with pytest.raises(UsageValueError, match="a join needs an index of users"):
            joined.explain()
    assert list(users.join(orders, "id", "user"))


def test_tables_that_are_not_there_have_no_pairs(store: Store) -> None:
    users, orders = table(store, "users", User), table(store, "orders", Order)
    joined, left = users.join(orders, "id", "user"), users.left_join(orders, "id", "user")
    assert (list(joined), joined.count(), joined.first()) == ([], 0, None)
    assert str(joined.explain()) == "nothing is in users"
    users.insert(ADA)
    assert list(joined) == []
    assert list(left) == [(ADA, None)]
    assert str(joined.explain()) == "all 1 rows of users; for each, nothing"


def test_columns_of_different_types_are_never_equal_and_refused(both: Both) -> None:
    users, orders = both
    with pytest.raises(UsageTypeError, match=r"not age \(int\) with user \(str\)"):
        users.join(orders, "age", "user")
    with pytest.raises(UsageTypeError, match="same types"):
        users.join(orders, lambda u: (u.id, u.age), lambda o: o.user)


def test_tables_of_different_stores_are_not_joined(both: Both) -> None:
    users, _ = both
    with pytest.raises(UsageValueError, match="of one database"):
        users.join(table(NaiveStore(), "orders", Order), "id", "user")


def test_inside_of_a_transaction_a_join_streams(both: Both) -> None:
    users, orders = both

    def work(tx: Store) -> tuple[list[tuple[str, int | None]], int]:
        mine, theirs = users.on(tx), orders.on(tx)
        seen: list[tuple[str, int | None]] = []
        for user, order in mine.join(theirs, "id", "user"):
            seen.append((user.id, order.id))
            theirs.delete(order.id)
        none = table(tx, "none", User).on(tx)
        return seen, len(list(none.join(theirs, "id", "user")))

    assert users._store.transact(work) == ([("1", 0), ("1", 2), ("3", 1), ("3", 4)], 0)
    assert orders.count() == 1


def test_a_join_with_many_rows_looks_up_a_hundred_at_a_time() -> None:
    with libredb.open() as db:
        numbers = table(db, "numbers", {"id": "int", "next": "int"}, index=["next"])
        numbers.insert_many([{"id": n, "next": (n + 1) % 250} for n in range(250)])
        pairs = list(numbers.join(numbers, "next", "id"))
        assert [(a["id"], b["id"]) for a, b in pairs] == [(n, (n + 1) % 250) for n in range(250)]
        fan_out = numbers.join(numbers, "id", "next")
        assert fan_out.count() == 250


def test_a_join_by_the_beginning_of_a_key_reads_a_range_for_each_value(store: Store) -> None:
    places = table(store, "places", Place, key=("country", "number"))
    lands = table(store, "lands", {"id": "str"})
    places.insert_many([Place(country=c, number=n) for c in ("de", "fr", "it") for n in (2, 1)])
    lands.insert_many([{"id": "de"}, {"id": "it"}, {"id": "uk"}])
    pairs = lands.left_join(places, lambda row: row["id"], lambda place: place.country)
    assert [(land["id"], place and place.number) for land, place in pairs] == [
        ("de", 1),
        ("de", 2),
        ("it", 1),
        ("it", 2),
        ("uk", None),
    ]
    assert str(pairs.explain()) == "all 3 rows of lands; for each, the key of places"
