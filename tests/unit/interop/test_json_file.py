"""Claim: a JSON file is read row by row, however it is laid out and wherever its bytes are cut."""

import doctest
import io
import json
import random
from typing import Any

import pytest

import libredb
from libredb import Database, Store
from libredb.interop import BadLineError, export_json, import_json
from libredb.interop import source as source_module
from libredb.interop.formats import json_file
from tests.support.case import case

ROWS = [{"id": "a", "n": [1, {"x": "]"}]}, {"id": "b", "text": 'a,"}\\'}, {"id": "c"}]


def imported(data: bytes | str, **options: Any) -> list[dict[str, Any]]:
    """Return the documents that this file becomes."""
    with libredb.open() as db:
        notes = libredb.documents(db, "notes")
        given = data.encode() if isinstance(data, str) else data
        import_json(db, io.BytesIO(given), into=notes, **options)
        return list(notes.find())


def error_of(data: bytes | str, **options: Any) -> BadLineError:
    with pytest.raises(BadLineError) as caught:
        imported(data, **options)
    return caught.value


@pytest.fixture
def tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "CHUNK_BYTES", 3)
    monkeypatch.setattr(source_module, "CHUNK_BYTES", 3)


def test_the_example_is_true() -> None:
    assert doctest.testmod(json_file).attempted > 0
    assert doctest.testmod(json_file).failed == 0


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("head", [b"", b"\xef\xbb\xbf", b" \n"])
def test_an_array_and_an_object_of_rows_are_the_same_rows(
    store: Store, indent: int | None, head: bytes
) -> None:
    array = head + json.dumps(ROWS, indent=indent).encode()
    members = {row["id"]: {k: v for k, v in row.items() if k != "id"} for row in ROWS}
    for name, data in (("array", array), ("object", head + json.dumps(members).encode())):
        notes = libredb.documents(store, name)
        report = import_json(store, io.BytesIO(data), into=notes)
        assert (report.inserted, report.offset <= len(data)) == (3, True)
        assert list(notes.find()) == ROWS


def test_any_layout_is_read_at_any_cut(tiny_chunks: None) -> None:
    seed = 7
    draw = random.Random(seed)
    for number in range(60):
        rows = [drawn_row(draw, index) for index in range(draw.randrange(5))]
        text = json.dumps(rows, indent=draw.choice([None, 0, 2]), ensure_ascii=draw.random() < 0.5)
        with case(seed=seed, number=number, text=text):
            assert imported(text) == rows


def drawn_row(draw: random.Random, index: int) -> dict[str, Any]:
    pieces = ['"', "\\", "]", "}", ",", "[", "{", ":", "\n", "\xe9", "\U0001f600", "a"]
    text = "".join(draw.choices(pieces, k=draw.randrange(6)))
    return {"id": f"{index}", text or "t": [text, {text: draw.choice([None, True, 1.5, -2])}]}


@pytest.mark.parametrize("data", ["[]", "{}", " [ \n ] \n", "{\t}\r\n"])
def test_there_may_be_no_rows(data: str) -> None:
    assert imported(data) == []


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        ("", 1, "expected an array or an object"),
        ("7", 1, "expected an array or an object"),
        ('"x"', 1, "expected an array or an object"),
        ("[", 1, "the file ends before its rows do"),
        ('[{"id":"a"}', 1, "the file ends inside of a row"),
        ('[{"id":"a"},\n', 2, "the file ends inside of a row"),
        ('[\n{"id":"a', 2, "the file ends inside of a row"),
        ('[{"id":"a"}]\n\n{}', 3, "something follows the end; JSON Lines are another format"),
        ('[{"id":"a"}}', 1, "expected , or ]"),
        ('{"a":{}]', 1, "expected , or }"),
        ('[{"id":"a","x":[1},\n{"id":"b"}]', 1, "the file ends inside of a row"),
    ],
)
def test_a_file_that_cannot_be_read_on_is_an_error_even_if_bad_lines_are_skipped(
    data: str, line: int, reason: str
) -> None:
    for options in ({}, {"skip_bad": io.BytesIO()}):
        error = error_of(data, **options)
        assert (error.line, error.reason) == (line, reason)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"id":"b",}', "it is not JSON"),
        ("", "it is not JSON: Expecting value at column 1"),
        ("nope", "it is not JSON: Expecting value at column 1"),
        ('{"id":"b"} {"id":"x"}', "it is not JSON: Extra data at column 12"),
        ('{"id":"b","x":[1}]', "it is not JSON"),
        ("[1,2]", "the value: expected a JSON object, got list"),
        ('{"id":"b","x":NaN}', "it is not JSON: NaN is no JSON"),
        ('{"id":7}', "expected a str that is not empty, got int"),
    ],
)
def test_one_bad_row_leaves_the_next_one_alone(row: str, reason: str) -> None:
    data = f'[{{"id":"a"}},\n{row}\n,{{"id":"c"}}]'
    error = error_of(data)
    assert reason in error.reason
    bad = io.BytesIO()
    assert imported(data, skip_bad=bad) == [{"id": "a"}, {"id": "c"}]
    assert bad.getvalue() == f"{row}\n".encode()


def test_the_line_of_a_row_is_where_it_begins() -> None:
    assert error_of('[\n\n{"id":\n"a"}\n,\n{"id":\n7}]').line == 6


def test_a_bad_row_of_several_lines_is_written_in_one() -> None:
    bad = io.BytesIO()
    imported('[{\r\n"id": 7\n}]', skip_bad=bad)
    assert bad.getvalue() == b'{  "id": 7 }\n'


def test_a_name_and_an_id_have_to_agree() -> None:
    assert imported('{"a":{"id":"a","n":1}}') == [{"id": "a", "n": 1}]
    assert "expected the id 'a', as its name says" in error_of('{"a":{"id":"b"}}').reason
    assert "a: expected a JSON object, got int" in error_of('{"a":1}').reason
    assert "it is not JSON" in error_of("{a:1}").reason


def test_names_that_are_numbers_become_ids_that_count(db: Database) -> None:
    people = libredb.documents(db, "people", key=libredb.counter("id"))
    import_json(db, io.BytesIO(b'{"1":{"name":"Ada"},"2":{"name":"Bo"}}'), into=people)
    assert people.get(2) == {"id": 2, "name": "Bo"}
    assert people.insert({"name": "Cleo"}) == 3
    with pytest.raises(BadLineError, match="expected int as text"):
        import_json(db, io.BytesIO(b'{"x":{}}'), into=people)


def test_rows_may_be_inside_of_objects(tiny_chunks: None) -> None:
    data = '{"x": {"rows": 1}, "data": {"a": [1, "rows"], "rows": [{"id": "a"}], "b": 2}, "y": 3}'
    assert imported(data, at=["data", "rows"]) == [{"id": "a"}]
    assert error_of(data, at=["data", "none"]).reason == "there is no 'none'"
    assert error_of(data, at=["x", "rows"]).reason == "expected an array or an object"
    assert error_of(data, at=["y", "rows"]).reason == "expected an object with 'rows'"
    assert error_of("[]", at=["rows"]).reason == "expected an object with 'rows'"
    assert error_of('{"rows" [{"id":"a"}]}', at=["rows"]).reason == "expected :"
    assert imported('{"\\q":1,"r\\u006fws":[{"id":"a"}]}', at=["rows"]) == [{"id": "a"}]


@pytest.mark.parametrize("data", [json.dumps(ROWS), json.dumps({r["id"]: {} for r in ROWS})])
@pytest.mark.parametrize("portions", [1, 2, 3])
def test_a_json_file_is_resumed_at_every_boundary(
    db: Database, data: str, portions: int, tiny_chunks: None
) -> None:
    class StopError(Exception):
        pass

    def stop(report: Any) -> None:
        if report.inserted == portions:
            raise StopError

    notes = libredb.documents(db, "notes")
    text = f'{{"at": {data}, "more": 1}}'.encode()
    with pytest.raises(StopError):
        import_json(db, io.BytesIO(text), into=notes, at=["at"], progress=stop, portion_rows=1)
    assert len(list(notes.find())) == portions
    report = import_json(db, io.BytesIO(text), into=notes, at=["at"], resume=True)
    assert (report.inserted, len(list(notes.find()))) == (3, 3)
    with pytest.raises(libredb.UsageValueError, match="is not what was imported so far"):
        import_json(db, io.BytesIO(b" " + text), into=notes, at=["at"], resume=True)


def test_a_row_without_an_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_file, "MAX_ROW_BYTES", 1 << 20)
    error = error_of(b'[{"id":"a"},"' + b"x" * (3 << 20))
    assert error.reason == "a row is longer than 1,048,576 bytes"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_exported_is_json_and_imported_again(db: Database, count: int) -> None:
    notes, texts = libredb.documents(db, "notes"), libredb.kv(db, "texts", values="json")
    notes.insert_many(ROWS[:count])
    texts.update({row["id"]: row for row in ROWS[:count]})
    out, members = io.BytesIO(), io.BytesIO()
    assert export_json(db, notes, out) == export_json(db, texts, members) == count
    assert json.loads(out.getvalue()) == ROWS[:count]
    assert json.loads(members.getvalue()) == {row["id"]: row for row in ROWS[:count]}
    assert imported(out.getvalue()) == ROWS[:count]
