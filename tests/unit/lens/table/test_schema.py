"""A row goes in and out unchanged, by its key, and a class is held against what is recorded."""

import json
from dataclasses import dataclass, field, make_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf
from typing import Any
from uuid import UUID

import pytest

from libredb import UsageTypeError, UsageValueError
from libredb.lens.errors import DamagedEntryError, InvalidValueError, SchemaMismatchError
from libredb.lens.table.kept import row_encoder
from libredb.lens.table.recorded import Recorded, taken_over
from libredb.lens.table.row_type import row_type
from libredb.lens.table.schema import Schema
from libredb.lens.values.json_value import decode, encode
from tests.support.case import case
from tests.unit.lens.table.classes import Color, Everything, Place, User

ROW = Everything(
    id=UUID(int=7),
    text="é",
    count=2**70,
    ratio=-inf,
    is_good=True,
    data=b"\0",
    at=datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
    clock=datetime(1970, 1, 1, 0, 0, 2),
    day=date(2026, 11, 1),
    price=Decimal("1.50"),
    color=Color.RED,
    facts={"a": [1]},
    parts=[1, 2],
    extra={"at": Decimal("1.0")},
    parent=None,
)

STORED = """{"text":"é","count":1180591620717411303424,"ratio":"-inf","is_good":true,"data":"AA==",
"at":1000000,"clock":2000000,"day":"2026-11-01","price":"1.50","color":"red","facts":{"a":[1]},
"parts":[1,2],"extra":{"at":{"$decimal":"1.0"}},"parent":null,"since":null,"tags":["new"]}"""

RECORDED = {
    "key": ["id"],
    "columns": {
        "id": {"type": "uuid"},
        "text": {"type": "str"},
        "count": {"type": "int"},
        "ratio": {"type": "float"},
        "is_good": {"type": "bool"},
        "data": {"type": "bytes"},
        "at": {"type": "datetime"},
        "clock": {"type": "naive_datetime"},
        "day": {"type": "date"},
        "price": {"type": "decimal"},
        "color": {"type": "enum_str"},
        "facts": {"type": "dict"},
        "parts": {"type": "list"},
        "extra": {"type": "any"},
        "parent": {"type": "uuid", "optional": True},
        "since": {"type": "naive_datetime", "optional": True},
        "tags": {"type": "list"},
    },
}


def schema_of(given: Any, key: Any = "id") -> Schema[Any]:
    return Schema("things", row_type(given), key)


def with_columns(*columns: Any) -> Schema[Any]:
    """Return the schema of a dataclass with an id and these columns."""
    return schema_of(make_dataclass("Thing", [("id", str), *columns]))


# Rows in and out


def test_a_row_is_stored_as_recorded_here_and_read_again() -> None:
    schema = schema_of(Everything)
    plain = schema.plain_of(ROW)
    assert encode(schema.stored_of(plain)).decode() == STORED.replace("\n", "")
    assert schema.parts_of(plain) == (ROW.id.bytes,)
    read = Recorded.of(schema).reader()
    again = read(schema.parts_of(plain), decode(encode(schema.stored_of(plain))))
    assert again == plain
    assert schema.row_of(again) == ROW


def test_a_row_is_encoded_as_any_other_json_is() -> None:
    schema = schema_of(Everything)
    encoded = row_encoder(schema)
    for row in (
        ROW,
        replace(ROW, text='"\\\n\x7f\u2028', ratio=-0.0, count=-1, is_good=False, extra=b"x"),
        replace(ROW, ratio=1e308, parent=UUID(int=1), since=datetime(2026, 1, 1), facts={"é": {}}),
    ):
        with case(row=row):
            plain = schema.plain_of(row)
            assert encoded(plain) == encode(schema.stored_of(plain))
    damaged = {**schema.plain_of(ROW), "text": 5}
    assert encoded(damaged) == encode(schema.stored_of(damaged))


def test_a_schema_is_recorded_as_here() -> None:
    recorded = Recorded.of(schema_of(Everything))
    assert recorded.to_json() == RECORDED
    assert Recorded.from_json("things", json.loads(json.dumps(RECORDED))) == recorded


def test_a_wrong_value_is_refused_with_table_key_column_expected_and_actual() -> None:
    wrong: Any = "old"
    with pytest.raises(InvalidValueError) as caught:
        schema_of(User).plain_of(User("1", "Ada", wrong))
    error = caught.value
    assert str(error) == "things, key '1', column age: expected int, got str"
    place = (error.namespace, error.id, error.field, error.expected, error.actual)
    assert place == ("things", "1", "age", "int", "str")
    wrong_name: Any = None
    nameless = Place(country="de", number=1, name=wrong_name)
    with pytest.raises(InvalidValueError, match=r"key \('de', 1\), column name") as caught:
        schema_of(Place, ("country", "number")).plain_of(nameless)
    assert caught.value.id == ("de", 1)


def test_a_row_of_another_class_is_refused() -> None:
    @dataclass
    class Child(User):
        pass

    for row in (Child("1", "Ada", 36), {"id": "1"}, None):
        with case(row=row), pytest.raises(UsageTypeError, match="is a User, not"):
            schema_of(User).plain_of(row)


# Keys


def test_a_key_is_one_value_or_a_tuple_in_order() -> None:
    users, places = schema_of(Everything), schema_of(Place, ["country", "number"])
    assert users.parts_of_key(ROW.id) == (ROW.id.bytes,)
    assert users.key_of((ROW.id.bytes,)) == ROW.id
    assert places.parts_of_key(("de", 1)) == ("de", 1)
    assert places.key_of(("de", 1)) == ("de", 1)
    for wrong in ("de", ("de",), ("de", 1, 2), ["de", 1], None):
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="tuple of country, number"):
            places.parts_of_key(wrong)
    with pytest.raises(InvalidValueError, match="column number: expected int, got str"):
        places.parts_of_key(("de", "1"))
    with pytest.raises(InvalidValueError, match="column id: expected UUID, got str"):
        users.parts_of_key(str(ROW.id))


@pytest.mark.parametrize("name", ["ratio", "price", "facts", "parts", "extra", "parent"])
def test_a_column_that_is_not_found_by_its_bytes_is_no_part_of_a_key(name: str) -> None:
    with pytest.raises(UsageTypeError, match="a key is never"):
        schema_of(Everything, ["id", name])


@pytest.mark.parametrize(
    "name", ["text", "count", "is_good", "data", "at", "clock", "day", "color"]
)
def test_other_columns_can_be_the_key(name: str) -> None:
    schema = schema_of(Everything, name)
    parts = schema.parts_of_key(getattr(ROW, name))
    assert schema.key_of(parts) == getattr(ROW, name)


def test_a_key_of_no_column_or_of_one_twice_is_refused() -> None:
    for wrong in ([], ["id", "id"]):
        with pytest.raises(UsageValueError, match="one column, or several different ones"):
            schema_of(User, wrong)
    with pytest.raises(UsageTypeError, match="no column 'ID'; there are id, name, age, mail"):
        schema_of(User, "ID")


def test_an_update_names_columns_and_leaves_the_key_alone() -> None:
    schema = schema_of(User)
    assert schema.changes({"age": 3, "mail": None}) == {"age": 3, "mail": None}
    assert schema.changes({"id": "1", "age": 3}, ("1",))["age"] == 3
    with pytest.raises(UsageValueError, match="id is of the key"):
        schema.changes({"id": "2"}, ("1",))
    with pytest.raises(UsageTypeError, match="no column 'agee'"):
        schema.changes({"agee": 3})
    with pytest.raises(InvalidValueError, match="key '1', column age"):
        schema.changes({"age": None}, ("1",))


def recorded(**columns: Any) -> Recorded:
    found = {"id": {"type": "str"}, **columns}
    return Recorded.from_json("things", {"key": ["id"], "columns": found})


def test_a_class_like_the_record_changes_nothing() -> None:
    old = recorded(n={"type": "int", "default": 5}, c={"type": "enum_str"})
    assert taken_over(old, with_columns(("c", Color), ("n", int, 7))) == old


NEW: list[tuple[Any, Any]] = [
    (("n", int, 7), 7),
    (("n", int | None, None), None),
    (("n", list, field(default_factory=list)), []),
    (("n", dict, field(default_factory=dict)), {}),
    (("n", Decimal, Decimal("1.50")), "1.50"),
    (("n", float, inf), "inf"),
    (("n", Color, Color.RED), "red"),
    (("n", Any, None), None),
]


@pytest.mark.parametrize("number", range(len(NEW)))
def test_a_new_column_with_a_constant_default_is_taken_over(number: int) -> None:
    column, default = NEW[number]
    schema = with_columns(column)
    new = taken_over(recorded(), schema)
    assert new.to_json()["columns"]["n"]["default"] == default
    again = Recorded.from_json("things", json.loads(json.dumps(new.to_json())))
    plain = again.reader()(("1",), {})
    made = schema.columns["n"].default
    assert made is not None
    assert schema.columns["n"].from_plain(plain["n"]) == made.make()
    assert taken_over(new, schema) == new


def test_new_columns_are_recorded_in_the_order_of_the_class() -> None:
    """They came in the order of a set: each run of Python wrote other bytes for the same opening.

    The simulator found it, whose traces did not agree under two hash seeds.
    """
    names = [f"column_{number}" for number in range(12)]
    new = taken_over(recorded(), with_columns(*((name, int, 0) for name in names)))
    assert list(new.columns) == ["id", *names]


def test_a_default_that_is_made_for_each_row_shares_nothing() -> None:
    read = taken_over(recorded(), with_columns(("n", list, field(default_factory=list)))).reader()
    read(("1",), {})["n"].append(1)
    assert read(("1",), {})["n"] == []


def test_a_column_that_lets_none_in_is_taken_over() -> None:
    new = taken_over(recorded(n={"type": "int", "default": 5}), with_columns(("n", int | None)))
    assert new.to_json()["columns"]["n"] == {"type": "int", "optional": True, "default": 5}


def test_anything_else_is_a_mismatch_that_tells_all_differences() -> None:
    old = recorded(a={"type": "int"}, b={"type": "str", "optional": True}, c={"type": "str"})
    schema = schema_of(
        make_dataclass(
            "Thing",
            [
                ("id", str),
                ("a", float),
                ("b", str),
                ("d", int),
                ("e", list, field(default_factory=lambda: [1])),
            ],
        ),
        ["d", "id"],
    )
    with pytest.raises(SchemaMismatchError) as caught:
        taken_over(old, schema)
    head, *lines = str(caught.value).split("\n  ")
    assert head == "the class of things is not what is recorded; a migration can change the rows:"
    assert lines[0] == "the key is d, id, and recorded is id"
    assert lines[1:4] == [
        "column a: recorded as int, and the class has float",
        "column b: recorded as str?, and the class has str",
        "column c: recorded as str, and the class has none",
    ]
    assert sorted(lines[4:]) == [
        "column d: not recorded, and the class has no constant as its default",
        "column e: not recorded, and the class has no constant as its default",
    ]
    assert caught.value.namespace == "things"
    assert caught.value.expected == old.to_json()
    assert caught.value.actual == Recorded.of(schema).to_json()


def test_values_without_a_class_have_enums_as_they_are_stored() -> None:
    schema = schema_of(Everything)
    values = Recorded.of(schema).values_of(schema.plain_of(ROW))
    assert values["color"] == "red"
    assert values["at"] == ROW.at
    assert values["parent"] is None


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        {},
        {"key": ["id"]},
        {"key": [], "columns": {}},
        {"key": ["a"], "columns": {}},
        {"key": ["id"], "columns": {"id": {"type": "text"}}},
        {"key": ["id"], "columns": {"id": 5}},
    ],
    ids=str,
)
def test_what_is_no_record_of_a_schema_is_damaged(found: Any) -> None:
    with pytest.raises(DamagedEntryError):
        Recorded.from_json("things", found)
