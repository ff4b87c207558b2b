"""A table keeps rows of a class: each call does all or nothing, and indexes go with their rows."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest

from libredb import Store, UsageTypeError, UsageValueError
from libredb.lens.catalog import catalog
from libredb.lens.errors import (
    DuplicateKeyError,
    InvalidValueError,
    UniqueViolationError,
)
from libredb.lens.table.opening import table
from libredb.lens.table.recording import missing, some
from libredb.lens.table.table import Table
from tests.support.case import case
from tests.support.stores import NaiveStore
from tests.unit.lens.table.classes import ADA, BO, CY, Color, Everything, Place, User, users_of


def ids(rows: Any) -> list[str]:
    return [row.id for row in rows]


# Before there is anything


def test_what_is_not_there_yet_reads_as_empty_and_is_not_created_by_reading(store: Store) -> None:
    users = users_of(store)
    assert (list(users), len(users), users.count(), "1" in users) == ([], 0, 0, False)
    assert users.get("1") is None
    assert users.get_many(["1", "2"]) == [None, None]
    assert users.where(lambda u: u.age > 3).first() is None
    assert users.where(lambda u: u.age > 3).count() == 0
    assert users.update("1", age=3) is False
    assert users.update_where(lambda u: u.age > 3, age=3) == 0
    assert users.delete("1") is False
    assert users.delete_where(lambda u: u.age > 3) == 0
    assert users.clear() == 0
    assert users.indexes() == []
    assert users.check() == []
    assert users.group_by("age").count() == {}
    assert str(users.explain()) == "nothing is in users"
    assert bool(users)
    assert catalog(store).names() == []


def test_the_first_write_creates_the_table_as_it_is_declared(store: Store) -> None:
    users_of(store).insert(ADA)
    found = catalog(store).describe("users")
    assert (found["kind"], found["schema"]["key"]) == ("table", ["id"])
    assert found["schema"]["columns"]["mail"] == {"type": "str", "optional": True}
    assert found["indexes"] == [
        {"number": 1, "fields": [["mail"]], "unique": True},
        {"number": 2, "fields": [["age"], ["name"]]},
    ]


def test_the_bytes_of_a_row_are_as_recorded_here() -> None:
    store = NaiveStore()
    users_of(store).insert(BO)
    (key, value), *entries = [
        (key, value) for key, value in store.entries.items() if key.startswith(b"\xfe\x15\x01")
    ]
    assert key == b"\xfe\x15\x01" + b"\x01" + b"\x02" + b"2\0"
    assert value[:9] == b"\0" + (1 << 16).to_bytes(8)
    assert value[9:] == b'{"name":"Bo","age":20,"mail":"bo@x"}'
    mail, by_age = sorted(entries)
    assert mail == (b"\xfe\x15\x01\x03\x15\x01" + b"\x20bo@x\0" + b"\x022\0", b"")
    assert by_age[0].startswith(b"\xfe\x15\x01\x03\x15\x02\x10")


# Rows in and out


def test_a_row_comes_back_equal_and_in_the_order_of_the_keys(users: Table[User]) -> None:
    assert list(users) == [ADA, BO, CY]
    assert users.get("2") == BO
    assert users.get_many(["3", "9", "1"]) == [CY, None, ADA]
    assert (len(users), "2" in users, "9" in users) == (3, True, False)
    assert users.check() == []


def test_a_row_of_every_type_comes_back_equal(store: Store) -> None:
    things = table(store, "things", Everything, index=["at", "price", "color", "parent"])
    row = Everything(
        UUID(int=7), "é\0", 2**70, 1.5, True, b"\0\xff", datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1), datetime(2026, 1, 1).date(), Decimal("1.50"), Color.RED,
        {"a": [1]}, [1], {"$x": b"y"}, UUID(int=1), datetime(2026, 1, 1), [],
    )  # fmt: skip
    things.insert(row)
    assert things.get(UUID(int=7)) == row
    for found in (
        things.where(lambda t: t.color == Color.RED),
        things.where(lambda t: t.price == Decimal("1.5")),
        things.where(lambda t: t.at <= datetime(2026, 1, 1, tzinfo=UTC)),
        things.where(lambda t: some(t.parent) == UUID(int=1)),
        things.where(lambda t: t.id == UUID(int=7)),
    ):
        with case(found=found):
            assert list(found) == [row]
            assert found.explain().entries == 1
    assert things.check() == []


def test_a_key_of_several_columns_is_a_tuple(store: Store) -> None:
    places = table(store, "places", Place, key=("country", "number"))
    rows = [Place(country=c, number=n) for c in ("de", "fr") for n in (1, 2)]
    places.insert_many(rows)
    assert places.get(("de", 2)) == rows[1]
    assert places.update(("de", 2), name="x")
    assert places.delete(("fr", 1))
    assert [row.number for row in places.where(lambda p: p.country == "de")] == [1, 2]
    found = places.where(lambda p: (p.country == "de") & (p.number > 1))
    assert found.one().name == "x"
    assert str(found.explain()) == "a range of ids: 1 row of places read"
    with pytest.raises(UsageTypeError, match="a tuple of country, number"):
        places.get("de")
    with pytest.raises(UsageValueError, match="country is of the key"):
        places.update(("de", 2), country="fr")


def test_an_insert_of_what_is_there_or_comes_twice_leaves_no_trace(users: Table[User]) -> None:
    new = User("4", "Di", 1)
    for rows in ([new, ADA], [new, new], [ADA]):
        with case(rows=rows), pytest.raises(DuplicateKeyError) as caught:
            users.insert_many(rows)
        assert caught.value.namespace == "users"
        assert caught.value.id in {"1", "4"}
        assert list(users) == [ADA, BO, CY]
    assert users.check() == []


def test_a_put_replaces_the_whole_row(users: Table[User]) -> None:
    assert users.upsert(User("2", "Bob", 21)) == "updated"
    assert users.upsert(User("4", "Di", 1)) == "inserted"
    users.put(User("4", "Di", 2))
    assert list(users) == [ADA, User("2", "Bob", 21), CY, User("4", "Di", 2)]
    assert users.find(mail="bo@x").first() is None
    assert users.check() == []


def test_an_update_sets_columns_by_name_or_in_a_dict(users: Table[User]) -> None:
    assert users.update("1", age=37, mail="a@x") is True
    assert users.update("1", {"name": "Ada L."}) is True
    assert users.update("1", {"id": "1"}) is True
    assert users.update("1") is True
    assert users.update("9", age=1) is False
    assert users.get("1") == User("1", "Ada L.", 37, "a@x")
    with pytest.raises(UsageTypeError, match="not both"):
        users.update("1", {"age": 1}, name="x")  # type: ignore[call-overload] - on purpose
    with pytest.raises(UsageTypeError, match="no column 'agee'"):
        users.update("1", agee=1)
    with pytest.raises(UsageValueError, match="id is of the key"):
        users.update("1", {"id": "2"})
    with pytest.raises(UsageValueError, match="id is of the key"):
        users.update_where(lambda u: u.age > 1, {"id": "2"})
    with pytest.raises(InvalidValueError) as caught:
        users.update("1", age="old")
    assert (caught.value.id, caught.value.field) == ("1", "age")
    assert users.check() == []


def test_an_update_that_the_class_refuses_leaves_no_trace(store: Store) -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Model", id=(str, ...), age=(int, pydantic.Field(ge=0)))
    models = table(store, "models", model)
    models.insert(model(id="1", age=3))
    with pytest.raises(pydantic.ValidationError):
        models.update("1", age=-1)
    assert list(models) == [model(id="1", age=3)]


def test_many_rows_are_changed_and_deleted_by_a_condition(users: Table[User]) -> None:
    assert users.update_where(lambda u: u.age == 36, age=37) == 2
    assert [row.age for row in users] == [37, 20, 37]
    assert users.delete_where(lambda u: u.age == 37) == 2
    assert list(users) == [BO]
    assert users.clear() == 1
    assert list(users) == []
    assert users.check() == []


def test_a_wrong_row_is_refused_before_anything_is_written(users: Table[User]) -> None:
    wrong: Any = None
    with pytest.raises(InvalidValueError, match="users, key '5', column name: expected str"):
        users.insert_many([User("4", "Di", 1), User("5", wrong, 1)])
    for call in (users.get, users.delete, users.update, users.__contains__):
        with case(call=call), pytest.raises(InvalidValueError, match="column id: expected str"):
            call(5)
    with pytest.raises(InvalidValueError, match="at most 512"):
        users.insert(User("x" * 600, "Di", 1))
    with pytest.raises(InvalidValueError, match=r"1,024"):
        users.insert(User("4", "x" * 1100, 1))
    assert list(users) == [ADA, BO, CY]


# Unique


def test_a_unique_index_lets_one_row_have_a_value_and_any_have_none(users: Table[User]) -> None:
    users.insert(User("4", "Di", 1))
    for call in (
        lambda: users.insert(User("5", "Ed", 1, "bo@x")),
        lambda: users.put(User("1", "Ada", 36, "bo@x")),
        lambda: users.update("1", mail="bo@x"),
        lambda: users.update_where(lambda u: missing(u.mail), mail="new@x"),
        lambda: users.insert_many([User("5", "Ed", 1, "e@x"), User("6", "Fy", 1, "e@x")]),
    ):
        with pytest.raises(UniqueViolationError) as caught:
            call()
        assert caught.value.field == "mail"
        assert len(users) == 4
        assert users.check() == []
    users.put(User("2", "Bob", 1, "bo@x"))
    assert users.update("2", mail="bo@x")


def test_a_unique_value_is_found_among_many_wherever_it_is(store: Store) -> None:
    users = users_of(store)
    users.insert_many([User(f"{n:02}", "Di", 1, f"m{n:02}") for n in range(60)])
    for taken in (0, 1, 7, 8, 9, 30, 59):
        mails = ["a", "m00y", f"m{taken:02}", f"m{taken:02}x", "z"]
        new = [User(f"new {n}", "Ed", 2, mail) for n, mail in enumerate(mails)]
        with case(taken=taken), pytest.raises(UniqueViolationError) as caught:
            users.insert_many(new)
        assert (caught.value.id, caught.value.actual) == (f"{taken:02}", f"m{taken:02}")
        del new[2:4]
        assert users.insert_many(new) == 3
        assert users.delete_where(lambda u: u.age == 2) == 3
    assert users.check() == []


def test_a_unique_index_of_a_decimal_judges_by_value(store: Store) -> None:
    things = table(store, "d", {"id": "int", "price": "decimal"}, unique=["price"])
    things.insert({"id": 1, "price": Decimal("1.0")})
    with pytest.raises(UniqueViolationError):
        things.insert({"id": 2, "price": Decimal("1.00")})


# Transactions


def test_inside_of_a_transaction_a_table_sees_its_own_writes_and_streams(
    users: Table[User],
) -> None:
    def work(tx: Store) -> list[str]:
        mine = users.on(tx)
        seen: list[str] = []
        for user in mine.where(lambda u: u.age > 1).order_by("age"):
            seen.append(user.id)
            mine.update(user.id, age=user.age + 100)
            mine.delete("3")
        return seen

    assert users._store.transact(work) == ["2", "1"]
    assert list(users) == [User("1", "Ada", 136), User("2", "Bo", 120, "bo@x")]
    assert users.check() == []


def test_what_raises_inside_of_a_transaction_leaves_no_trace_of_that_call(store: Store) -> None:
    users = users_of(store)

    def work(tx: Store) -> None:
        mine = users.on(tx)
        mine.insert(BO)
        with pytest.raises(UniqueViolationError):
            mine.insert_many([ADA, User("9", "Ed", 1, "bo@x")])
        assert list(mine) == [BO]

    store.transact(work)
    assert list(users) == [BO]
    assert users.check() == []


def test_under_on_an_absent_table_is_empty(store: Store) -> None:
    users = users_of(store)
    assert store.transact(lambda tx: list(users.on(tx))) == []


def test_an_abort_leaves_a_table_that_works() -> None:
    store = NaiveStore()
    users = users_of(store)
    with pytest.raises(ZeroDivisionError):
        store.transact(lambda tx: [users.on(tx).insert(ADA), 1 // 0])
    users.insert(BO)
    assert list(users) == [BO]
    assert users.indexes() == ["mail", "age,name"]
    assert users.check() == []


# Against a model


def test_a_table_does_what_a_dict_does(store: Store) -> None:
    seed = 12
    random = Random(seed)
    users, model = users_of(store), dict[str, User]()
    for number in range(100):
        with case(seed=seed, number=number):
            step(random, users, model)
            assert list(users) == [model[key] for key in sorted(model)]
            assert users.check() == []


def step(random: Random, users: Table[User], model: dict[str, User]) -> None:
    """Do the same to a table and to a dict."""
    row = User(
        str(random.randrange(12)),
        random.choice(["Ada", "Bo", "Cy"]),
        random.randrange(4),
        random.choice([None, "a@x", "b@x", "c@x"]),
    )
    others = {each.mail for key, each in model.items() if key != row.id}
    call = random.choice([insert_both, put_both, update_both, delete_both, read_both])
    is_taken = row.mail is not None and row.mail in others
    is_written = row.id in model if call is update_both else call in {insert_both, put_both}
    if is_taken and is_written and not (call is insert_both and row.id in model):
        with pytest.raises(UniqueViolationError):
            call(users, model, row)
    else:
        call(users, model, row)


def insert_both(users: Table[User], model: dict[str, User], row: User) -> None:
    if row.id in model:
        with pytest.raises(DuplicateKeyError):
            users.insert(row)
    else:
        users.insert(row)
        model[row.id] = row


def put_both(users: Table[User], model: dict[str, User], row: User) -> None:
    assert users.upsert(row) == ("updated" if row.id in model else "inserted")
    model[row.id] = row


def update_both(users: Table[User], model: dict[str, User], row: User) -> None:
    assert users.update(row.id, age=row.age, mail=row.mail) == (row.id in model)
    if row.id in model:
        model[row.id] = User(row.id, model[row.id].name, row.age, row.mail)


def delete_both(users: Table[User], model: dict[str, User], row: User) -> None:
    assert users.delete(row.id) == (model.pop(row.id, None) is not None)
    gone = [key for key, each in model.items() if each.age == row.age and key > "8"]
    assert users.delete_where(lambda u: (u.age == row.age) & (u.id > "8")) == len(gone)
    for key in gone:
        del model[key]


def read_both(users: Table[User], model: dict[str, User], row: User) -> None:
    found = users.where(lambda u: (u.age >= row.age) | (u.mail == row.mail))
    assert list(found.order_by("age", "name")) == sorted(
        (each for each in model.values() if each.age >= row.age or each.mail == row.mail),
        key=lambda each: (each.age, each.name, each.id),
    )
