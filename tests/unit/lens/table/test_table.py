"""A table keeps rows of a class: each call does all or nothing, and indexes go with their rows."""

from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest

import libredb
from libredb import Store, UsageError, UsageTypeError, UsageValueError
from libredb.lens.catalog import catalog
from libredb.lens.encoding import pack
from libredb.lens.errors import (
    DamagedEntryError,
    DuplicateKeyError,
    InvalidValueError,
    MissingKeyError,
    NamespaceKindError,
    SchemaMismatchError,
    UniqueViolationError,
)
from libredb.lens.namespace import create, find
from libredb.lens.table.opening import table
from libredb.lens.table.recording import descending, missing, not_, one_of, some
from libredb.lens.table.table import Table
from tests.support.case import case
from tests.support.stores import NaiveStore
from tests.unit.lens.table.classes import Color, Everything, Place, User

ADA, BO, CY = User("1", "Ada", 36), User("2", "Bo", 20, "bo@x"), User("3", "Cy", 36, "cy@x")


def users_of(store: Store) -> Table[User]:
    return table(store, "users", User, unique=["mail"], index=[("age", "name")])


@pytest.fixture
def users(store: Store) -> Table[User]:
    """Return a table of three."""
    users = users_of(store)
    assert users.insert_many([CY, ADA, BO]) == 3
    return users


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
        users.update("1", {"age": 1}, name="x")  # type: ignore[call-overload]
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


def test_a_unique_index_of_a_decimal_judges_by_value(store: Store) -> None:
    things = table(store, "d", {"id": "int", "price": "decimal"}, unique=["price"])
    things.insert({"id": 1, "price": Decimal("1.0")})
    with pytest.raises(UniqueViolationError):
        things.insert({"id": 2, "price": Decimal("1.00")})


# Selections


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
        users.all().limit("1")  # type: ignore[arg-type]


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


# Opening


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


def test_a_database_open_for_reading_is_read_as_it_is(db_path: str) -> None:
    with libredb.open(db_path) as db:
        users_of(db).insert_many([ADA, BO, CY])
    wider = {"id": "str", "name": "str", "age": "int", "mail": "str?", "size": "int?"}
    with libredb.open(db_path, mode="r") as db:
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


def test_a_store_and_a_name_are_checked(store: Store) -> None:
    with pytest.raises(UsageTypeError, match="needs a database"):
        table(None, "users", User)  # type: ignore[call-overload]
    with pytest.raises(UsageValueError, match="1 to 512 bytes"):
        table(store, "", User)


# Damage


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


# Against a model


def test_a_table_does_what_a_dict_does(store: Store) -> None:
    seed = 12
    random = Random(seed)
    users, model = users_of(store), dict[str, User]()
    for number in range(150):
        with case(seed=seed, number=number):
            step(random, users, model)
            if number % 10 == 0:
                assert users.check() == []
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
