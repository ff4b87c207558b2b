"""Claim: rows of a table are objects, whose values the columns tell, with or without a class."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import pytest

import libredb
from libredb import Naive
from tests.remote.asking import Asker, RefusedError, asker
from tests.remote.test_lenses import database, refused

PEOPLE = {
    "columns": {"id": "str", "name": "str", "age": "int?", "mail": "str?"},
    "unique": ["mail"],
    "index": [["age", "name"], "name"],
}


@dataclass
class Everything:
    id: UUID
    born: date
    at: datetime
    clock: Annotated[datetime, Naive]
    price: Decimal
    data: bytes
    ratio: float
    flag: bool
    words: list[str]
    extra: dict[str, Any]
    anything: Any


ROW = Everything(
    UUID(int=1),
    date(1990, 2, 3),
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2026, 1, 1, 12),
    Decimal("1.50"),
    b"\x00\xff",
    float("inf"),
    True,
    ["a"],
    {"$bytes": "no tag"},
    Decimal("2.50"),
)


def people() -> Asker:
    ask = asker()
    ask("connect", schema={"people": PEOPLE})
    rows = [("1", "Ada", 36, "a@x"), ("2", "Bo", 20, None), ("3", "Cy", None, None)]
    names = ("id", "name", "age", "mail")
    many = [dict(zip(names, row, strict=True)) for row in rows]
    assert ask("table.insert_many", namespace="people", rows=many) == 3
    return ask


def found(ask: Asker, **search: Any) -> list[str]:
    page = ask("table.find", namespace="people", **search)
    assert page["next"] is None
    return [row["id"] for row in page["rows"]]


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({}, ["1", "2", "3"]),
        ({"name": "Bo"}, ["2"]),
        ({"age": {"$gte": 20, "$lt": 30}}, ["2"]),
        ({"age": None}, ["3"]),
        ({"age": {"$ne": None}}, ["1", "2"]),
        ({"name": {"$in": ["Ada", "Cy"]}}, ["1", "3"]),
        ({"name": {"$nin": ["Ada", "Cy"]}}, ["2"]),
        ({"name": {"$prefix": "A"}}, ["1"]),
        ({"$or": [{"age": 20}, {"$not": {"mail": None}}]}, ["1", "2"]),
        ({"$and": [{"age": {"$not": {"$gt": 30}}}, {"name": "Cy"}]}, ["3"]),
    ],
)
def test_a_filter_finds_what_it_says(given: dict[str, Any], ids: list[str]) -> None:
    ask = people()
    assert found(ask, filter=given) == ids
    assert ask("table.count", namespace="people", filter=given) == len(ids)


def test_orders_go_up_and_down_and_pages_go_on() -> None:
    ask = people()
    assert found(ask, order_by="-name") == ["3", "2", "1"]
    assert found(ask, order_by=["-age", "name"], filter={"age": {"$gt": 0}}) == ["1", "2"]
    page = ask("table.find", namespace="people", order_by="name", limit=2)
    assert [row["id"] for row in page["rows"]] == ["1", "2"]
    page = ask("table.find", namespace="people", order_by="name", limit=2, after=page["next"])
    assert [row["id"] for row in page["rows"]] == ["3"]
    assert found(ask, offset=2) == ["3"]
    assert ask("table.find_one", namespace="people", order_by="-id")["id"] == "3"


def test_an_index_is_used_that_the_schema_declares() -> None:
    explained = people()("table.explain", namespace="people", filter={"age": 36})
    assert explained == "index age,name: 1 range, 1 entry read, sorted in memory"


def test_a_version_is_held_against_that_of_a_row() -> None:
    ask = people()
    version = ask("table.get_versioned", namespace="people", key="1")["version"]
    assert ask("table.update", namespace="people", key="1", columns={"age": 37}, if_version=version)
    row = {"id": "1", "name": "Ada", "age": 1, "mail": None}
    for call, args in [
        ("table.put", {"row": row}),
        ("table.update", {"key": "1", "columns": {"age": 1}}),
        ("table.delete", {"key": "1"}),
    ]:
        assert refused(ask, call, namespace="people", **args, if_version=version).code == "conflict"
    assert ask("table.get", namespace="people", key="1")["age"] == 37
    absent = {"namespace": "people", "key": "none"}
    assert ask("table.get_versioned", **absent) == {"row": None, "version": 0}
    assert ask("table.delete", **absent, if_version=0) is False
    assert refused(ask, "table.delete", **absent, if_version=7).code == "conflict"


def test_every_type_of_column_comes_back_as_python_wrote_it() -> None:
    ask = asker()
    table = libredb.table(database(ask), "all", Everything)
    table.insert(ROW)
    row = ask("table.get", namespace="all", key=ROW.id)
    assert row == vars(ROW)
    assert ask("table.delete", namespace="all", key=ROW.id)
    ask("table.insert", namespace="all", row=row)
    assert table.get(ROW.id) == ROW


def test_text_is_taken_where_a_column_has_no_text() -> None:
    ask = asker()
    table = libredb.table(database(ask), "all", Everything)
    table.insert(ROW)
    table.clear()
    as_text = {
        **vars(ROW),
        "id": str(ROW.id),
        "born": "1990-02-03",
        "at": "2026-01-01T00:00:00Z",
        "clock": "2026-01-01T12:00:00",
        "price": "1.50",
        "data": "AP8=",
        "ratio": "inf",
    }
    ask("table.insert", namespace="all", row=as_text)
    assert table.get(ROW.id) == ROW
    for given in [
        {"born": {"$lt": "1990-02-04"}},
        {"born": date(1990, 2, 3)},
        {"at": {"$gte": datetime(2026, 1, 1, tzinfo=UTC)}},
        {"clock": "2026-01-01T12:00:00"},
        {"price": {"$in": ["1.5", "7"]}},
        {"data": b"\x00\xff"},
        {"ratio": {"$gt": 1e300}},
        {"id": str(ROW.id)},
        {"extra": {"$eq": {"$bytes": "no tag"}}},
        {"words": {"$contains": "a"}},
        {"anything": {"$eq": Decimal("2.5")}},
    ]:
        assert ask("table.count", namespace="all", filter=given) == 1, given


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"born": "yesterday"}, "invalid_value"),
        ({"price": {"$gt": "much"}}, "invalid_value"),
        ({"data": {"$in": ["?"]}}, "invalid_value"),
        ({"flag": "yes"}, "invalid_value"),
        ({"ratio": "7"}, "invalid_value"),
        ({"none": 1}, "usage_type"),
        ({"born": {"$near": 1}}, "usage_value"),
        ({"$or": 1}, "usage_value"),
    ],
)
def test_a_filter_that_no_row_can_match_is_refused(given: dict[str, Any], code: str) -> None:
    ask = asker()
    libredb.table(database(ask), "all", Everything).insert(ROW)
    assert refused(ask, "table.count", namespace="all", filter=given).code == code


def test_a_key_of_several_columns_is_a_list() -> None:
    ask = asker()
    days = {"columns": {"day": "date", "n": "int", "text": "str"}, "key": ["day", "n"]}
    ask("connect", schema={"days": days})
    ask("table.insert", namespace="days", row={"day": "2026-01-01", "n": 1, "text": "x"})
    key = ["2026-01-01", 1]
    assert ask("table.get", namespace="days", key=key)["text"] == "x"
    assert ask("table.update", namespace="days", key=key, columns={"text": "y"})
    wrongs: list[Any] = ["2026-01-01", ["2026-01-01"], {}]
    for wrong in wrongs:
        told = refused(ask, "table.get", namespace="days", key=wrong)
        assert (told.code, "list of day, n" in told.message) == ("usage_value", True)


def test_a_table_that_nobody_declared_says_what_to_do() -> None:
    told = refused(asker(), "table.get", namespace="none", key="1")
    assert told.code == "missing_key"
    assert "declare its columns" in told.message


def test_a_row_that_is_none_is_refused_and_nothing_is_written() -> None:
    ask = people()
    good = {"id": "9", "name": "Di"}
    for wrong, code in [
        (7, "usage_type"),
        ({"id": "8"}, "invalid_value"),
        ({"id": "8", "name": "E", "more": 1}, "invalid_value"),
        ({"id": "8", "name": 7}, "invalid_value"),
        ({"id": "1", "name": "again"}, "duplicate_key"),
        ({"id": "8", "name": "E", "mail": "a@x"}, "unique_violation"),
    ]:
        rows = [good, wrong]
        assert refused(ask, "table.insert_many", namespace="people", rows=rows).code == code
    assert ask("table.count", namespace="people") == 3


def test_a_table_that_python_changes_meanwhile_is_seen_as_it_is_now() -> None:
    ask = people()

    def add_column(row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "city": "Rome"}

    columns = {"id": "str", "name": "str", "age": "int?", "mail": "str?", "city": "str"}
    options: Any = {"migrations": [("city", add_column)]}
    libredb.table(database(ask), "people", columns, **options)
    assert ask("table.get", namespace="people", key="1")["city"] == "Rome"


def test_a_declared_table_of_another_shape_is_refused_and_nothing_else_is_made() -> None:
    ask = people()
    schema = {"new": {"indexes": ["a"]}, "people": {"columns": {"id": "int"}}}
    with pytest.raises(RefusedError) as told:
        ask("connect", schema=schema)
    assert told.value.code == "schema_mismatch"
    assert ask("catalog.names") == ["people"]
