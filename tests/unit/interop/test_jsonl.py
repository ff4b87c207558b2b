"""Claim: JSON Lines are read to the byte as they are, and what is written is read again."""

import doctest
import io
import json
from typing import Any

import pytest

import libredb
from libredb import Database, Store
from libredb.interop import BadLineError, export_jsonl, import_jsonl
from libredb.interop import source as source_module
from libredb.interop.formats import jsonl
from libredb.lens.documents import Documents
from tests.support.case import case


def imported(text: bytes, **options: Any) -> list[dict[str, Any]]:
    """Return the documents that these lines become."""
    with libredb.open() as db:
        notes = libredb.documents(db, "notes")
        import_jsonl(db, io.BytesIO(text), into=notes, **options)
        return list(notes.find())


def error_of(text: bytes) -> BadLineError:
    """Return the error about these lines."""
    with pytest.raises(BadLineError) as caught:
        imported(text)
    return caught.value


def test_the_example_is_true() -> None:
    assert doctest.testmod(jsonl).attempted > 0
    assert doctest.testmod(jsonl).failed == 0


def test_each_line_is_a_document(store: Store) -> None:
    notes = libredb.documents(store, "notes")
    lines = b'{"id": "a", "n": 1}\n{"id": "b", "list": [1, {"x": null}]}\n'
    report = import_jsonl(store, io.BytesIO(lines), into=notes)
    assert (report.inserted, report.updated, report.skipped, report.bad) == (2, 0, 0, 0)
    assert (report.namespace, report.offset, report.size) == ("notes", len(lines), len(lines))
    assert list(notes.find()) == [{"id": "a", "n": 1}, {"id": "b", "list": [1, {"x": None}]}]


@pytest.mark.parametrize(
    "text",
    [
        b'{"id":"a"}\n{"id":"b"}\n',
        b'{"id":"a"}\n{"id":"b"}',
        b'{"id":"a"}\r\n{"id":"b"}\r\n',
        b'\xef\xbb\xbf{"id":"a"}\n{"id":"b"}',
        b'\n\n{"id":"a"}\n  \t\r\n\n{"id":"b"}\n\n',
        b' {"id":"a"}\t\n\t{"id" : "b"} ',
        b'\xef\xbb\xbf\n{"id":"a"}\n{"id":"b"}',
    ],
)
def test_blanks_line_ends_and_a_byte_order_mark_are_no_part_of_a_row(text: bytes) -> None:
    assert imported(text) == [{"id": "a"}, {"id": "b"}]


def test_an_empty_file_has_no_rows_and_makes_no_namespace(db: Database) -> None:
    for text in (b"", b"\n\n", b"\xef\xbb\xbf"):
        report = import_jsonl(db, io.BytesIO(text), into=libredb.documents(db, "notes"))
        assert report.inserted == 0
    assert libredb.catalog(db).names() == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id":"b"', "it is not JSON: Expecting ',' delimiter at column 10"),
        (b'{"id":"b"} {}', "it is not JSON: Extra data at column 12"),
        (b'{"id":"b","x":NaN}', "it is not JSON: NaN is no JSON"),
        (b'{"id":"b","x":-Infinity}', "it is not JSON: -Infinity is no JSON"),
        (b'{"id":"b","x":"\xff"}', "it is not UTF-8 at byte 16"),
        (b"\xef\xbb\xbf{}", "it is not JSON: Expecting value at column 1"),
        (b"[1]", "the value: expected a JSON object, got list"),
        (b"7", "the value: expected a JSON object, got int"),
        (b'{"id":7}', "expected a str that is not empty, got int"),
        (b'{"id":""}', "expected a str that is not empty, got str"),
        (b'{"id":["b"]}', "expected a str that is not empty, got list"),
        (b'{"id":"b","x":1e999}', "x: expected a finite number, got inf"),
        (b'{"id":"b","x":"\\ud800"}', "x: expected well-formed Unicode, got str"),
        (b'{"id":"a"}', "'a' is in 'notes' already"),
        (b'{"id":"b","x":' + b"1" * 5000 + b"}", "it is not JSON: Exceeds the limit"),
        pytest.param(
            b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "it nests too deep",
            marks=pytest.mark.cpython(reason="a browser's worker does not survive the attempt"),
        ),
    ],
)
def test_a_bad_line_is_named(line: bytes, reason: str) -> None:
    with case(line=line[:40]):
        error = error_of(b'{"id":"a"}\n\n' + line + b'\n{"id":"c"}\n')
        assert (error.line, error.source, error.code) == (3, "the stream", "bad_line")
        assert reason in error.reason
        assert str(error).startswith("the stream, line 3: ")
        assert error.report.inserted == 0


def test_a_row_that_nests_deeper_than_is_stored_is_a_bad_line() -> None:
    line = b'{"id":"b","x":' + b"[" * 101 + b"]" * 101 + b"}"
    assert "at most 100 levels" in error_of(line).reason


def test_the_name_of_a_file_is_in_the_error(db: Database) -> None:
    stream = io.BytesIO(b"x")
    stream.name = "notes.jsonl"
    with pytest.raises(BadLineError, match=r"^notes\.jsonl, line 1: it is not JSON"):
        import_jsonl(db, stream, into=libredb.documents(db, "notes"))


def test_a_line_may_be_longer_than_any_portion() -> None:
    text = "x" * (9 << 20)
    lines = [json.dumps({"id": str(number), "text": text}) for number in range(2)]
    assert [len(row["text"]) for row in imported("\n".join(lines).encode())] == [9 << 20] * 2


def test_a_line_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_ROW_BYTES", 100)
    monkeypatch.setattr(source_module, "MAX_ROW_BYTES", 100)
    fits = b'{"id":"b","x":"' + b"x" * 82 + b'"}\n'
    assert len(fits) == 100
    assert len(imported(b'{"id":"a"}\n' + fits)) == 2
    error = error_of(b'{"id":"a"}\n' + b'{"id":"b","x":"' + b"x" * 83 + b'"}\n')
    assert (error.line, error.reason) == (2, "the line is longer than 100 bytes")
    with pytest.raises(BadLineError):
        imported(b"x" * 101, skip_bad=io.BytesIO())


def test_a_field_of_another_name_becomes_the_id() -> None:
    assert imported(b'{"n":1,"sku":"a"}', key="sku") == [{"id": "a", "n": 1}]
    assert "expected an object with 'sku'" in key_error(b'{"n":1}')
    assert "expected an object with 'sku'" in key_error(b'{"id":"b","sku":"a"}')


def key_error(line: bytes) -> str:
    with pytest.raises(BadLineError) as caught:
        imported(line, key="sku")
    return caught.value.reason


def test_documents_may_come_without_ids_and_with_numbers(store: Store) -> None:
    named = libredb.documents(store, "named")
    counted = libredb.documents(store, "counted", key=libredb.counter("id"))
    lines = b'{"n":1}\n{"n":2}'
    assert import_jsonl(store, io.BytesIO(lines), into=named).inserted == 2
    assert [row["n"] for row in named.find()] == [1, 2]
    lines = b'{"n":1}\n{"id":7,"n":2}\n{"n":3}'
    assert import_jsonl(store, io.BytesIO(lines), into=counted).inserted == 3
    assert list(counted.find()) == [{"id": 1, "n": 1}, {"id": 7, "n": 2}, {"id": 8, "n": 3}]


def test_a_stream_of_text_is_refused(db: Database) -> None:
    with pytest.raises(libredb.UsageTypeError, match="open it with mode 'rb'"):
        import_jsonl(db, io.StringIO("{}"), into=libredb.documents(db, "n"))  # type: ignore[arg-type] - it is refused


def test_what_is_exported_is_imported_again(db: Database) -> None:
    notes = libredb.documents(db, "notes")
    notes.insert_many(
        [
            {"id": "a\u2028", "text": '\u0000\u2029 \U0010ffff "\\\n'},
            {"id": "b", "n": 2**70, "x": -0.0, "deep": {"$date": 1, "list": [None, True]}},
            {"id": "c", "$bytes": "x"},
        ]
    )
    out = io.BytesIO()
    assert export_jsonl(db, notes, out) == 3
    assert out.getvalue().count(b"\n") == 3
    copy: Documents[str] = libredb.documents(db, "copy")
    import_jsonl(db, io.BytesIO(out.getvalue()), into=copy)
    assert [repr(row) for row in copy.find()] == [repr(row) for row in notes.find()]


def test_a_namespace_that_is_not_there_is_exported_as_nothing(db: Database) -> None:
    out = io.BytesIO()
    assert export_jsonl(db, libredb.documents(db, "none"), out) == 0
    assert out.getvalue() == b""
