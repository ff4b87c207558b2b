"""Claim: the columns of rows are what all of the rows have in common, and no more."""

import doctest
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

import libredb
from libredb import UsageTypeError
from libredb.interop import infer_schema, inference
from libredb.interop.inference import infer_schema_of


def test_the_example_is_true() -> None:
    assert doctest.testmod(inference).attempted > 0
    assert doctest.testmod(inference).failed == 0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b"], "str"),
        ([1, 2**70], "int"),
        ([1.5], "float"),
        ([True], "bool"),
        ([b"x"], "bytes"),
        ([datetime(2026, 1, 1, tzinfo=UTC)], "datetime"),
        ([datetime(2026, 1, 1)], "naive_datetime"),
        ([date(2026, 1, 1)], "date"),
        ([Decimal(1)], "decimal"),
        ([UUID(int=1)], "uuid"),
        ([{"a": 1}], "dict"),
        ([["a"]], "list"),
        (["a", None], "str?"),
        ([None, "a"], "str?"),
        ([1, 1.5], "float"),
        ([1.5, 1, None], "float?"),
        ([2**53 + 1, 1.5], "any"),
        ([2**2000, 1.5], "any"),
        ([2**60, 1.5], "float"),
        ([True, 1], "any"),
        ([1, "a"], "any"),
        ([1, "a", None], "any"),
        ([datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)], "any"),
        ([None, None], "any"),
    ],
)
def test_a_column_is_what_all_its_values_are(values: list[Any], expected: str) -> None:
    assert infer_schema({"x": value} for value in values) == {"x": expected}


def test_a_column_that_a_row_does_not_have_is_optional() -> None:
    assert infer_schema([{"a": 1}, {"a": 1, "b": 2}, {}]) == {"a": "int?", "b": "int?"}
    assert infer_schema([]) == {}


def test_what_is_found_makes_a_table_that_takes_the_rows() -> None:
    rows = [
        {"id": 1, "x": 1, "y": "a"},
        {"id": 2, "x": 2.5, "y": 7},
        {"id": 3, "x": 0.5, "y": None},
    ]
    with libredb.open() as db:
        table = libredb.table(db, "t", infer_schema(rows))
        table.insert_many(rows)
        assert list(table) == rows


def test_what_no_column_holds_is_refused() -> None:
    with pytest.raises(UsageTypeError, match="column x: no column of a table holds tuple"):
        infer_schema([{"x": ()}])
    with pytest.raises(UsageTypeError, match="a row is a dict, not list"):
        infer_schema([[]])  # type: ignore[list-item] - it is refused


def test_a_file_tells_its_columns_and_bad_lines_are_left_out() -> None:
    lines = b'{"id":"a","d":{"$date":"2026-11-30"}}\nbad\n7\n{"id":"b","o":{"$oid":1}}\n'
    assert infer_schema_of(io.BytesIO(lines), "jsonl") == {"id": "str", "d": "date?", "o": "dict?"}
    members = b'{"a":{"n":1},"b":{"n":2.5}}'
    assert infer_schema_of(io.BytesIO(members), "json", key="k") == {"k": "str", "n": "float"}
    cells = b"id;n\na;1\n"
    assert infer_schema_of(io.BytesIO(cells), "csv", delimiter=";") == {"id": "str", "n": "str"}
    with pytest.raises(libredb.UsageValueError, match="line 1: expected an array or an object"):
        infer_schema_of(io.BytesIO(b""), "json")
