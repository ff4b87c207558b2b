"""Claim: rows go into a kv and a table as they do into documents, and come out as they went in."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from math import inf
from typing import Annotated, Any
from uuid import UUID

import pytest

import libredb
from libredb import Database, Store, UsageValueError
from libredb.interop import (
    BadLineError,
    export_csv,
    export_json,
    export_jsonl,
    import_csv,
    import_json,
    import_jsonl,
    recorded_lens,
)
from libredb.interop.cells import from_text, to_json, to_text
from libredb.lens.errors import InvalidValueError
from libredb.lens.keys.namespace import RECORDS
from libredb.lens.values.exchange import value_from_json
from tests.support.case import case

TYPES = {
    "key": "str",
    "n": "int?",
    "f": "float?",
    "b": "bool?",
    "raw": "bytes?",
    "at": "datetime?",
    "local": "naive_datetime?",
    "day": "date?",
    "price": "decimal?",
    "uid": "uuid?",
    "o": "dict?",
    "l": "list?",
    "any": "any",
}
AT = datetime(2026, 11, 30, 12, 0, 0, 1, tzinfo=UTC)
NULLS = dict.fromkeys(TYPES, None)
ROWS: list[dict[str, Any]] = [
    {
        "key": "a",
        "n": 2**70,
        "f": -inf,
        "b": True,
        "raw": b"\0\xff",
        "at": AT,
        "local": AT.replace(tzinfo=None),
        "day": date(1815, 12, 10),
        "price": Decimal("-1.50"),
        "uid": UUID(int=7),
        "o": {"$date": 1},
        "l": [1, {"$bytes": "x"}],
        "any": {"$date": [b"x", AT]},
    },
    {**NULLS, "key": "b", "f": 0.1, "b": False, "any": Decimal("2.0")},
    {**NULLS, "key": "c", "any": "text"},
]


def filled(db: Database) -> libredb.Table[Any]:
    """Return a table with a column of each type."""
    rows = libredb.table(db, "rows", TYPES, key="key")
    rows.insert_many(ROWS)
    return rows


# Tables


@pytest.mark.parametrize(
    ("out", "back"), [(export_jsonl, import_jsonl), (export_json, import_json)]
)
def test_every_type_of_a_table_comes_back_out_of_json(
    db: Database, out: Callable[..., int], back: Callable[..., Any]
) -> None:
    data = io.BytesIO()
    assert out(db, filled(db), data) == 3
    copy = libredb.table(db, "copy", TYPES, key="key")
    assert back(db, io.BytesIO(data.getvalue()), into=copy).inserted == 3
    assert list(copy) == ROWS


def test_every_type_of_a_table_comes_back_out_of_csv(db: Database) -> None:
    data = io.BytesIO()
    assert export_csv(db, filled(db), data) == 3
    copy = libredb.table(db, "copy", TYPES, key="key")
    options: Any = {"into": copy, "empty_is_null": True}
    assert import_csv(db, io.BytesIO(data.getvalue()), **options).inserted == 3
    as_text = ['{"$object":{"$date":[{"$bytes":"eA=="},{"$datetime":1796040000000001}]}}']
    as_text += ['{"$decimal":"2.0"}', "text"]
    expected = [{**row, "any": text} for row, text in zip(ROWS, as_text, strict=True)]
    assert list(copy) == expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("float", 1, 1),
        ("float", "inf", inf),
        ("float", {"$float": "-inf"}, -inf),
        ("int", {"$int": "9007199254740993"}, 2**53 + 1),
        ("bytes", "AP8=", b"\0\xff"),
        ("datetime", "2026-11-30T13:00:00.000001+01:00", AT),
        ("datetime", "2026-11-30T12:00:00.000001Z", AT),
        ("date", "1815-12-10", date(1815, 12, 10)),
        ("decimal", "1.50", Decimal("1.50")),
        ("decimal", 3, Decimal(3)),
        ("decimal", 0.1, Decimal("0.1")),
        ("uuid", str(UUID(int=7)), UUID(int=7)),
        ("any", [{"$date": "2026-11-30"}], [date(2026, 11, 30)]),
        ("dict", {"$oid": "x"}, {"$oid": "x"}),
        ("str", "2026-11-30", "2026-11-30"),
    ],
)
def test_a_column_reads_what_other_programs_write(kind: str, value: Any, expected: Any) -> None:
    found = value_from_json(kind, value)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bytes", "%"),
        ("date", "30.11.2026"),
        ("date", {"$day": 1}),
        ("date", {"$date": 1}),
        ("datetime", {"$datetime": 10**30}),
        ("decimal", "x"),
        ("uuid", "7"),
        ("any", {"$oid": "x"}),
        ("int", {"$int": "x"}),
        ("float", {"$float": "x"}),
    ],
)
def test_what_says_no_value_is_refused(kind: str, value: Any) -> None:
    with pytest.raises(InvalidValueError):
        value_from_json(kind, value)


def test_values_come_back_out_of_cells_and_out_of_json() -> None:
    zone = timezone(timedelta(hours=2))
    for row in [*ROWS, {"at": AT.astimezone(zone)}]:
        for name, value in row.items():
            kind = TYPES[name].removesuffix("?")
            if value is not None:
                with case(name=name, value=value):
                    assert value_from_json(kind, to_json(kind, value)) == value
                    if kind != "any":
                        assert from_text(kind, to_text(kind, value)) == value


class Color(Enum):
    RED = "red"


class Size(Enum):
    BIG = 2


@dataclass
class Thing:
    id: int
    color: Color
    size: Size
    made: Annotated[datetime, libredb.Naive]
    note: str = "none"
    more: list[Any] | None = None


def test_rows_of_a_class_go_in_and_out(db: Database) -> None:
    things = libredb.table(db, "things", Thing)
    lines = b'{"id":1,"color":"red","size":2,"made":"2026-11-30"}\n'
    import_jsonl(db, io.BytesIO(lines), into=things)
    cells = b"id,color,size,made,note\n2,red,2,2026-11-30T01:00:00,x\n"
    import_csv(db, io.BytesIO(cells), into=things)
    day = datetime(2026, 11, 30)
    rows = [
        Thing(1, Color.RED, Size.BIG, day),
        Thing(2, Color.RED, Size.BIG, day.replace(hour=1), "x"),
    ]
    assert list(things) == rows
    out, text = io.BytesIO(), io.BytesIO()
    export_jsonl(db, things, out)
    export_csv(db, things, text)
    copy, other = libredb.table(db, "copy", Thing), libredb.table(db, "other", Thing)
    import_jsonl(db, io.BytesIO(out.getvalue()), into=copy)
    import_csv(db, io.BytesIO(text.getvalue()), into=other, empty_is_null=True)
    assert list(copy) == list(other) == rows


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[]", "expected a JSON object, got list"),
        ('{"id":1,"color":"red","size":2}', "column made: no value"),
        ('{"id":1,"colour":"red"}', "colour: expected a column of 'things', which has id, color"),
        ('{"id":1,"color":"blue","size":2,"made":"2026-11-30"}', "column color: 'blue' is stored"),
        (
            '{"id":1,"color":"red","size":2,"made":"now"}',
            "column made: expected text that is a naive_datetime",
        ),
        ('{"id":"x","color":"red","size":2,"made":"2026-11-30"}', "column id: expected int"),
    ],
)
def test_a_row_that_does_not_fit_its_class_is_a_bad_line(
    db: Database, line: str, reason: str
) -> None:
    with pytest.raises(BadLineError) as caught:
        import_jsonl(db, io.BytesIO(line.encode()), into=libredb.table(db, "things", Thing))
    assert reason in caught.value.reason


def test_what_a_model_refuses_by_itself_is_a_bad_line(db: Database) -> None:
    pydantic = pytest.importorskip("pydantic")
    adult: Any = pydantic.create_model("Adult", id=(str, ...), age=(int, pydantic.Field(ge=18)))
    adults = libredb.table(db, "adults", adult)
    with pytest.raises(BadLineError, match="no row of 'adults'"):
        import_jsonl(db, io.BytesIO(b'{"id":"a","age":7}'), into=adults)
    assert import_jsonl(db, io.BytesIO(b'{"id":"a","age":18}'), into=adults).inserted == 1


def test_duplicates_in_a_table_are_told_by_all_columns_of_the_key(store: Store) -> None:
    bills: Any = libredb.table(store, "bills", {"y": "int", "n": "int", "t": "str"}, key=("y", "n"))
    rows = b'{"y":1,"n":1,"t":"a"}\n{"y":1,"n":2,"t":"b"}\n{"y":1,"n":1,"t":"c"}\n'
    report = import_jsonl(store, io.BytesIO(rows), into=bills, on_duplicate="skip")
    assert (report.inserted, report.skipped, bills.get((1, 1))["t"]) == (2, 1, "a")
    report = import_jsonl(store, io.BytesIO(rows), into=bills, on_duplicate="replace")
    assert (report.inserted, report.updated, bills.get((1, 1))["t"]) == (0, 3, "c")
    with pytest.raises(BadLineError, match=r"\(1, 1\) is in 'bills' already"):
        import_jsonl(store, io.BytesIO(rows), into=bills)


def test_names_of_an_object_are_keys_of_one_column(db: Database) -> None:
    table = libredb.table(db, "days", {"day": "date", "n": "int"}, key="day")
    import_json(db, io.BytesIO(b'{"2026-11-30":{"n":1}}'), into=table)
    assert table.get(date(2026, 11, 30)) == {"day": date(2026, 11, 30), "n": 1}
    pairs = libredb.table(db, "pairs", {"a": "str", "b": "str"}, key=("a", "b"))
    with pytest.raises(BadLineError, match="x: expected a name for all of a, b"):
        import_json(db, io.BytesIO(b'{"x":{}}'), into=pairs)
    with pytest.raises(BadLineError, match="x: expected a JSON object"):
        import_json(db, io.BytesIO(b'{"x":1}'), into=table)


def test_the_key_and_the_types_of_a_table_are_settled(db: Database) -> None:
    table = libredb.table(db, "t", {"id": "str"})
    with pytest.raises(UsageValueError, match="the key of the table 't' is settled"):
        import_jsonl(db, io.BytesIO(b""), into=table, key="id")
    with pytest.raises(UsageValueError, match="the columns of 't' have types"):
        import_csv(db, io.BytesIO(b""), into=table, types={"id": "str"})


# A kv


@pytest.mark.parametrize("values", ["str", "bytes", "json"])
def test_a_kv_comes_back_out_of_every_format(db: Database, values: Any) -> None:
    value: Any = {"str": "t,\n", "bytes": b"\0\xff", "json": {"$bytes": [1, None]}}[values]
    texts = libredb.KV[Any](db, "texts", values)
    texts.update({"a/b": value, "c": value})
    for number, (out, back) in enumerate(
        [(export_jsonl, import_jsonl), (export_json, import_json)]
    ):
        data = io.BytesIO()
        out(db, texts, data)
        copy = libredb.KV[Any](db, f"copy{number}", values)
        back(db, io.BytesIO(data.getvalue()), into=copy)
        assert dict(copy.items()) == dict(texts.items())
    cells = io.BytesIO()
    export_csv(db, texts, cells)
    copy = libredb.KV[Any](db, "cells", values)
    types = {"value": "json"} if values == "json" else None
    import_csv(db, io.BytesIO(cells.getvalue()), into=copy, types=types)
    assert dict(copy.items()) == dict(texts.items())


def test_an_object_of_names_and_values_is_a_kv(store: Store) -> None:
    settings = libredb.kv(store, "settings")
    report = import_json(store, io.BytesIO(b'{"theme":"dark","lang":"en"}'), into=settings)
    assert report.inserted == 2
    assert dict(settings.items()) == {"lang": "en", "theme": "dark"}
    with pytest.raises(BadLineError, match="'theme' is in 'settings' already"):
        import_json(store, io.BytesIO(b'{"a":"b","theme":"light"}'), into=settings)
    again = io.BytesIO(b'{"a":"b","theme":"light"}')
    report = import_json(store, again, into=settings, on_duplicate="replace")
    assert (report.inserted, report.updated, settings["theme"]) == (1, 1, "light")
    again = io.BytesIO(b'{"c":"d","theme":"x"}')
    report = import_json(store, again, into=settings, on_duplicate="skip")
    assert (report.inserted, report.skipped, settings["theme"]) == (1, 1, "light")


def test_a_field_is_the_key_of_the_rest(db: Database) -> None:
    users = libredb.kv(db, "users", values="json")
    import_jsonl(db, io.BytesIO(b'{"n":1,"name":"ada"}'), into=users, key="name")
    assert dict(users.items()) == {"ada": {"n": 1}}
    with pytest.raises(UsageValueError, match="is a value of a kv of JSON"):
        import_jsonl(db, io.BytesIO(b""), into=libredb.kv(db, "texts"), key="name")
    with pytest.raises(BadLineError, match="expected an object with 'name'"):
        import_jsonl(db, io.BytesIO(b"{}"), into=users, key="name")


@pytest.mark.parametrize(
    "line",
    [
        "7",
        '{"key":"a"}',
        '{"key":"a","value":"b","more":1}',
        '{"key":7,"value":"b"}',
        '{"key":"a","value":7}',
        f'{{"key":"{"x" * 600}","value":""}}',
    ],
)
def test_what_is_no_entry_is_a_bad_line(db: Database, line: str) -> None:
    with pytest.raises(BadLineError):
        import_jsonl(db, io.BytesIO(line.encode()), into=libredb.kv(db, "texts"))


def test_what_has_expired_is_not_exported(db: Database) -> None:
    now = [1000.0]
    sessions = libredb.kv(db, "sessions", clock=lambda: now[0])
    sessions.set("a", "x", ttl=timedelta(seconds=5))
    sessions["b"] = "y"
    now[0] += 10
    out = io.BytesIO()
    assert export_jsonl(db, sessions, out) == 1


# What the file itself says


def test_the_lens_of_a_namespace_is_what_its_record_says(store: Store) -> None:
    libredb.documents(store, "named").insert({"id": "a"})
    libredb.documents(store, "counted", key=libredb.counter("id")).insert({})
    libredb.kv(store, "raw", values="bytes")["a"] = b"b"
    libredb.table(store, "things", Thing, index=["color"]).insert(
        Thing(1, Color.RED, Size.BIG, datetime(2026, 11, 30))
    )
    named: Any = recorded_lens(store, "named")
    counted: Any = recorded_lens(store, "counted")
    assert (named.insert({"id": "b"}), counted.insert({})) == ("b", 2)
    assert dict(recorded_lens(store, "raw").items()) == {"a": b"b"}  # type: ignore[union-attr] - it is a kv
    things: Any = recorded_lens(store, "things")
    assert things.get(1)["color"] == "red"
    with pytest.raises(libredb.MissingKeyError):
        recorded_lens(store, "none")


def test_a_namespace_of_no_kind_is_told(db: Database) -> None:
    libredb.kv(db, "a")["b"] = "c"
    record = db.get(RECORDS + b"a")
    assert record is not None
    db.set(RECORDS + b"a", record.replace(b'"kv"', b'"graph"'))
    with pytest.raises(libredb.UsageValueError, match="is one of graph, which is no lens here"):
        recorded_lens(db, "a")
