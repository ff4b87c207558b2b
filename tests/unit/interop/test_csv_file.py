"""Claim: cells are the text that stands in them, and rows end where RFC 4180 says."""

import csv
import doctest
import io
from typing import Any

import pytest

import libredb
from libredb import Database, Store, UsageValueError
from libredb.interop import BadLineError, export_csv, import_csv
from libredb.interop.formats import csv_file


def imported(data: bytes | str, **options: Any) -> list[dict[str, Any]]:
    """Return the documents that this file becomes."""
    with libredb.open() as db:
        notes = libredb.documents(db, "notes")
        given = data.encode() if isinstance(data, str) else data
        import_csv(db, io.BytesIO(given), into=notes, **options)
        return list(notes.find())


def error_of(data: bytes | str, **options: Any) -> BadLineError:
    with pytest.raises(BadLineError) as caught:
        imported(data, **options)
    return caught.value


def test_the_example_is_true() -> None:
    assert doctest.testmod(csv_file).attempted > 0
    assert doctest.testmod(csv_file).failed == 0


@pytest.mark.parametrize(
    ("data", "cells"),
    [
        ("id,n\na,1\n", {"id": "a", "n": "1"}),
        ("id,n\r\na,1\r\n", {"id": "a", "n": "1"}),
        ("id,n\na,1", {"id": "a", "n": "1"}),
        ("\ufeffid,n\na,1", {"id": "a", "n": "1"}),
        ('"id","n"\n"a","1"\n', {"id": "a", "n": "1"}),
        ('id,n\na,"x,y"\n', {"id": "a", "n": "x,y"}),
        ('id,n\na,"x ""y"" z"\n', {"id": "a", "n": 'x "y" z'}),
        ('id,n\na,"two\nlines"\n', {"id": "a", "n": "two\nlines"}),
        ('id,n\r\na,"two\r\nlines"\r\n', {"id": "a", "n": "two\r\nlines"}),
        ('id,n\na,"\n\n"\n', {"id": "a", "n": "\n\n"}),
        ("id,n\n\na,1\n\n\n", {"id": "a", "n": "1"}),
        ("id,n\na,\n", {"id": "a", "n": ""}),
        ('id,n\na,""\n', {"id": "a", "n": ""}),
        ("id,n\na, 1 \n", {"id": "a", "n": " 1 "}),
        ("id,n\na,caf\u00e9 \u2028\n", {"id": "a", "n": "caf\u00e9 \u2028"}),
        ("id,n\na,\0\n", {"id": "a", "n": "\0"}),
        ('id,"a\nb"\na,1\n', {"id": "a", "a\nb": "1"}),
    ],
)
def test_a_cell_is_its_text(data: str, cells: dict[str, str]) -> None:
    assert imported(data) == [cells]


def test_delimiters_types_and_nulls_are_said() -> None:
    data = "id;n;f;b;j;t\na;-7;1.5e3;TRUE;[1,null];x\nb;;;;;\n"
    types = {"n": "int", "f": "float", "b": "bool", "j": "json", "t": "str"}
    found = imported(data, delimiter=";", types=types, empty_is_null=True)
    assert found == [
        {"id": "a", "n": -7, "f": 1500.0, "b": True, "j": [1, None], "t": "x"},
        {"id": "b", **dict.fromkeys("nfbjt")},
    ]


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("int", ""),
        ("int", "1.0"),
        ("int", "1_000"),
        ("int", " 1"),
        ("int", "\u0661"),
        ("float", "x"),
        ("float", "1_0"),
        ("bool", "yes"),
        ("json", "{"),
        ("json", "NaN"),
    ],
)
def test_a_cell_of_another_type_is_a_bad_line(kind: str, cell: str) -> None:
    error = error_of(f"id,n\na,{cell}\n", types={"n": kind})
    assert (error.line, error.reason) == (2, f"column n: expected {kind} as text, got other text")


def test_a_number_that_is_none_is_a_bad_line() -> None:
    for cell in ("nan", "inf"):
        error = error_of(f"id,n\na,{cell}\n", types={"n": "float"})
        assert "n: expected a finite number" in error.reason


def test_a_type_that_no_cell_has_and_one_of_no_column_are_refused() -> None:
    with pytest.raises(UsageValueError, match="'date' is no type of a cell; there are bool"):
        imported("id\na\n", types={"id": "date"})
    assert error_of("id\na\n", types={"n": "int"}).reason == (
        "there is no column 'n', which has a type"
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("b", "it has 1 cells, and the header has 2"),
        ("b,1,", "it has 3 cells, and the header has 2"),
        ('b,"x"y', "it is not CSV: ',' expected after '\"'"),
        ("b,x\ry", "it is not CSV: new-line character seen in unquoted field"),
        (b"b,\xff", "it is not UTF-8 at byte 3"),
        ("a,1", "'a' is in 'notes' already"),
        (",1", "expected a str that is not empty"),
    ],
)
def test_a_bad_row_is_named_and_leaves_the_next_one_alone(row: bytes | str, reason: str) -> None:
    row = row.encode() if isinstance(row, str) else row
    data = b'\xef\xbb\xbfid,n\r\na,"1\n2"\n' + row + b"\nc,3\n"
    error = error_of(data)
    assert error.line == 4
    assert reason in error.reason
    bad = io.BytesIO()
    assert imported(data, skip_bad=bad) == [{"id": "a", "n": "1\n2"}, {"id": "c", "n": "3"}]
    assert bad.getvalue() == row + b"\n"


def test_a_quotation_that_does_not_end_is_a_bad_line() -> None:
    error = error_of('id,n\na,1\nb,"x\nc,2\n')
    assert (error.line, error.reason) == (3, "it is not CSV: unexpected end of data")


def test_a_header_that_cannot_be_one_ends_the_import() -> None:
    for data, reason in (
        (b"id,n,id\n", "the column 'id' comes twice"),
        (b'id,"n"x\n', "it is not CSV"),
        (b"id,\xff\n", "it is not UTF-8"),
    ):
        error = error_of(data, skip_bad=io.BytesIO())
        assert error.line == 1
        assert reason in error.reason


def test_an_empty_file_and_one_of_a_header_have_no_rows() -> None:
    assert imported("") == imported("id,n\n") == imported("\n\nid,n\n") == []


def test_a_long_cell_is_a_cell_and_the_limit_of_the_process_stays() -> None:
    before = csv.field_size_limit()
    assert len(imported(f"id,n\na,{'x' * 300_000}\n")[0]["n"]) == 300_000
    error_of("id,n\na\n")
    assert csv.field_size_limit() == before


def test_the_file_of_bad_rows_begins_with_the_header(db: Database, tmp_path: Any) -> None:
    place, notes = tmp_path / "bad.csv", libredb.documents(db, "notes")
    data = b"id,n\r\na,1\r\nb\r\n"
    import_csv(db, io.BytesIO(data), into=notes, skip_bad=place)
    assert place.read_bytes() == b"id,n\nb\n"


@pytest.mark.parametrize("portions", [1, 2, 3])
def test_csv_is_resumed_at_every_boundary(store: Store, portions: int) -> None:
    class StopError(Exception):
        pass

    def stop(report: Any) -> None:
        if report.inserted == portions:
            raise StopError

    notes = libredb.documents(store, "notes")
    data = b'id,n\na,"1\n2"\n\nb,2\nc,3\n'
    with pytest.raises(StopError):
        import_csv(store, io.BytesIO(data), into=notes, progress=stop, portion_rows=1)
    report = import_csv(store, io.BytesIO(data), into=notes, resume=True)
    assert report.inserted == 3
    assert [row["n"] for row in notes.find()] == ["1\n2", "2", "3"]


def test_documents_become_columns_of_all_their_names(db: Database) -> None:
    notes = libredb.documents(db, "notes")
    notes.insert_many([{"id": "a", "n": 1}, {"id": "b", "t": 'x,"\n', "l": [1], "o": {"k": None}}])
    out = io.BytesIO()
    assert export_csv(db, notes, out) == 2
    text = 'id,n,t,l,o\na,1,,,\nb,,"x,""\n",[1],"{""k"":null}"\n'
    assert out.getvalue() == text.encode()
    assert not out.closed
    types = {"n": "int", "l": "json", "o": "json"}
    found = imported(out.getvalue(), types=types, empty_is_null=True)
    assert found[0] == {"id": "a", "n": 1, "t": None, "l": None, "o": None}
    assert found[1] == {"id": "b", "n": None, "t": 'x,"\n', "l": [1], "o": {"k": None}}
