"""Claim: `libredb find` prints what a filter is true of, for people and for programs."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import libredb
from tests.unit.cli.running import named, run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


def found(*arguments: str) -> str:
    with unchanged(Path.cwd()):
        done = run("find", "app.libredb", *arguments)
    assert (done.code, done.err) == (0, ""), done
    return done.out


def ids(*arguments: str) -> list[Any]:
    return [json.loads(line)["id"] for line in found(*arguments, "--jsonl").splitlines()]


def test_rows_are_printed_as_a_table(app: Path) -> None:
    assert found("notes", '{"level": "warn"}') == (
        "id  level  at  text\nn1  warn    7  Disk is nearly full\nn3  warn   12  Disk is full\n"
    )
    assert found("people").splitlines() == [
        "id  name   born        seen",
        " 1  Ada    1815-12-10",
        " 2  Grace  1906-12-09  1992-01-01 12:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["notes"], ["n1", "n2", "n3"]),
        (["notes", "--order-by", "-at"], ["n3", "n2", "n1"]),
        (["notes", "--order-by", "level,-at"], ["n2", "n3", "n1"]),
        (["notes", "--order-by=-at", "--limit", "1"], ["n3"]),
        (["notes", '{"at": {"$gte": 9}}'], ["n2", "n3"]),
        (["notes", '{"$or": [{"at": 7}, {"level": "info"}]}'], ["n1", "n2"]),
        (["notes", '{"at": 99}'], []),
        (["notes", "--at", "0"], None),
        (["people", '{"born": {"$lt": "1900-01-01"}}'], [1]),
        (["people", '{"born": {"$in": ["1906-12-09", {"$date": "1815-12-10"}]}}'], [1, 2]),
        (["people", '{"seen": null}'], [1]),
        (["people", '{"$not": {"seen": "1992-01-01T13:00:00+01:00"}}'], [1]),
        (["people", '{"seen": {"$gte": 694267200000000}}'], [2]),
        (["people", '{"name": {"$prefix": "A"}, "id": {"$ne": 7}}'], [1]),
        (["people", '{"$or": [{"id": 2}, {"name": "Ada"}]}'], [1, 2]),
        (["people", "--order-by", "-born"], [2, 1]),
        (["people", "--order-by", "-seen,id", "--limit", "1"], [2]),
    ],
    ids=named,
)
def test_filters_orders_and_limits(
    app: Path, arguments: list[str], expected: list[Any] | None
) -> None:
    if expected is None:
        assert run("find", "app.libredb", *arguments).code == 1
    else:
        assert ids(*arguments) == expected


def test_json_is_a_list_and_an_empty_one_too(app: Path) -> None:
    rows = json.loads(found("people", "--json"))
    assert [row["name"] for row in rows] == ["Ada", "Grace"]
    assert rows[1]["seen"] == {"$datetime": 694267200000000}
    assert found("people", '{"id": 9}', "--json") == "[]\n"
    assert found("people", '{"id": 9}', "--jsonl") == ""


def test_nothing_found_is_said_to_people_and_is_no_failure(app: Path) -> None:
    done = run("find", "app.libredb", "notes", '{"at": 99}')
    assert (done.code, done.out, done.err) == (0, "", "nothing was found\n")
    assert found("notes", '{"at": 99}', "--csv") == "\n"


def test_csv_has_every_field_and_text_that_python_reads_back(app: Path) -> None:
    with libredb.open(app) as db:
        libredb.documents(db, "odd").insert_many(
            [{"id": "a", "text": 'x,"y"\nz', "tags": [1]}, {"id": "b", "more": True}]
        )
    rows = list(csv.DictReader(io.StringIO(found("odd", "--csv"), newline="")))
    assert rows == [
        {"id": "a", "text": 'x,"y"\nz', "tags": "[1]", "more": ""},
        {"id": "b", "text": "", "tags": "", "more": "true"},
    ]


def test_a_value_of_every_type_is_shown_and_looked_for(app: Path) -> None:
    columns = {"id": "uuid", "d": "decimal", "b": "bytes", "f": "float", "n": "naive_datetime"}
    columns |= {"j": "dict", "x": "any", "i": "int", "t": "bool"}
    key = UUID("12345678-1234-5678-1234-567812345678")
    now = datetime(2026, 11, 1, 12)
    row = {"id": key, "d": Decimal("1.50"), "b": b"\0\xff", "f": float("inf"), "n": now}
    row |= {"j": {"$date": 1}, "x": [now.replace(tzinfo=UTC)], "i": 2**60, "t": True}
    with libredb.open(app) as db:
        libredb.table(db, "all", columns).insert(row)
    (line,) = found("all", "--jsonl").splitlines()
    assert json.loads(line) == {
        "id": {"$uuid": str(key)},
        "d": {"$decimal": "1.50"},
        "b": {"$bytes": "AP8="},
        "f": {"$float": "inf"},
        "n": "2026-11-01T12:00:00",
        "j": {"$date": 1},
        "x": [{"$datetime": 1793534400000000}],
        "i": {"$int": str(2**60)},
        "t": True,
    }
    cells = next(csv.DictReader(io.StringIO(found("all", "--csv"))))
    assert [cells[name] for name in "dbfntj"] == [
        *("1.50", "AP8=", "inf", "2026-11-01 12:00:00", "true", '{"$date": 1}'),
    ]
    for name in ("id", "d", "b", "f", "n", "i", "t", "j"):
        stored = json.loads(line)[name]
        wanted = {name: {"$eq": stored}}
        assert len(found("all", json.dumps(wanted), "--jsonl").splitlines()) == 1, name
    for wanted in ('{"d": 1.5}', '{"d": "1.50"}', f'{{"id": "{key}"}}', '{"b": "AP8="}'):
        assert len(found("all", wanted, "--jsonl").splitlines()) == 1, wanted
    assert run("set", "app.libredb", str(key), line, "-n", "all").code == 0
    assert found("all", "--jsonl") == line + "\n"


def test_explain_says_what_is_read_instead(app: Path) -> None:
    wanted = ["notes", '{"level": "warn"}', "--order-by", "at", "--explain"]
    assert found(*wanted) == "index level,at: 1 range, 2 entries read\n"
    told = json.loads(found(*wanted, "--json"))
    assert (told["index"], told["entries"], told["is_sorted_in_memory"]) == ("level,at", 2, False)
    lines = found("people", '{"name": "Ada"}', "--explain").splitlines()
    assert lines[1] == "not index born: nothing asked for begins with born"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing"], 1, "there is no namespace 'nothing'"),
        (["settings"], 2, "'settings' is a kv, whose keys are found by `scan`"),
        (["notes", "{"], 2, "argument FILTER: is no JSON at line 1, character 2"),
        (["notes", "[]"], 2, "argument FILTER: must be a JSON object such as {}, not []"),
        (["notes", '{"a": {"$gt": NaN}}'], 2, "it has no NaN"),
        (["notes", '{"at": {"$gtt": 1}}'], 2, "unknown operator '$gtt', the nearest one"),
        (["people", '{"age": 1}'], 2, "people has no column 'age'; there are id, name, born, seen"),
        (["people", '{"born": "today"}'], 6, "expected text that is a date, got 'today'"),
        (["people", '{"id": "1"}'], 6, "column id: expected int, got str"),
        (["people", "--order-by", "age"], 2, "people has no column 'age'"),
        (["notes", "--order-by", "at,,level"], 2, "argument --order-by: must be fields"),
        (["notes", "--json", "--csv"], 2, "--json and --csv exclude each other"),
        (["notes", "--limit", "x"], 2, "argument --limit: must be a whole number, not x"),
    ],
    ids=named,
)
def test_what_cannot_be_looked_for_is_told(
    app: Path, arguments: list[str], code: int, message: str
) -> None:
    with unchanged(app.parent):
        done = run("find", "app.libredb", *arguments)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_an_earlier_version_is_looked_at(app: Path) -> None:
    with libredb.open(app) as db:
        before = db.version
        libredb.documents(db, "notes").clear()
    assert ids("notes") == []
    assert ids("notes", "--at", str(before)) == ["n1", "n2", "n3"]
