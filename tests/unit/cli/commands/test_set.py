"""Claim: `libredb set` writes one value, checked by who keeps it, and makes nothing by mistake."""

import io
import random
from pathlib import Path

import pytest

import libredb
from libredb.cli.escapes import escape
from libredb.cli.main import main
from tests.unit.cli.running import named, run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system

BO = (
    '{"id": 3, "name": "Bo", "born": {"$date": "2000-01-31"},'
    ' "seen": {"$datetime": 1793530800000000}}'
)


@pytest.mark.parametrize(
    ("namespace", "key", "value", "printed"),
    [
        (None, "a\\x00", "b\\n", "b\\n"),
        ("settings", "size", "[1, 2.5]", "[1, 2.5]"),
        ("notes", "n4", '{"level": "info"}', '{"id": "n4", "level": "info"}'),
        ("notes", "n1", '{"id": "n1"}', '{"id": "n1"}'),
        (
            "people",
            "3",
            '{"name": "Bo", "born": "2000-01-31", "seen": "2026-11-01T12:00:00+01:00"}',
            BO,
        ),
    ],
)
def test_what_is_set_is_there(
    app: Path, namespace: str | None, key: str, value: str, printed: str
) -> None:
    place = [] if namespace is None else ["--namespace", namespace]
    assert run("set", "app.libredb", key, value, *place) == (0, "", "", b"")
    assert run("get", "app.libredb", key, *place).out == printed + "\n"
    assert run("set", "app.libredb", key, printed, *place).code == 0
    assert run("get", "app.libredb", key, *place).out == printed + "\n"
    assert run("verify", "app.libredb", "--deep").code == 0


def test_any_bytes_can_be_typed_as_key_and_as_value(app: Path) -> None:
    generator = random.Random(24)
    for number in range(20):
        key, value = b"k" + generator.randbytes(5), generator.randbytes(8)
        typed = escape(key), escape(value)
        assert run("set", "app.libredb", "--", *typed).code == 0, (number, typed)
        assert run("get", "app.libredb", "--", typed[0]).out == typed[1] + "\n", (number, typed)
        shown = run("get", "app.libredb", "--raw", "--", typed[0])
        assert shown.data == value, (number, typed)


def test_a_value_comes_from_stdin_byte_by_byte(app: Path) -> None:
    assert run("set", "app.libredb", "raw", stdin=b"\xff\\n\0").code == 0
    assert run("get", "app.libredb", "raw", "--raw").data == b"\xff\\n\0"
    assert run("set", "app.libredb", "raw", "--hex", stdin=b"00").code == 2  # the key is none
    assert run("set", "app.libredb", "00", "--hex", stdin=b"\xff").code == 0
    assert run("get", "app.libredb", "00", "--hex").out == "ff\n"
    assert run("set", "app.libredb", "n5", "-n", "notes", stdin=b'{"at": 1}').code == 0
    assert run("get", "app.libredb", "n5", "-n", "notes").out == '{"id": "n5", "at": 1}\n'


@pytest.mark.parametrize("kind", ["str", "bytes", "json", "documents"])
def test_a_namespace_is_made_where_its_kind_is_said(app: Path, kind: str) -> None:
    value = "{}" if kind == "documents" else "1"
    place = ["-n", "new"]
    refused = run("set", "app.libredb", "k", value, *place)
    assert (refused.code, refused.err) == (
        1,
        "libredb: there is no namespace 'new'; --kind makes one\n",
    )
    assert run("set", "app.libredb", "k", value, *place, "--kind", kind).code == 0
    assert run("set", "app.libredb", "k", value, *place).code == 0
    with libredb.open(app, mode="r") as db:
        described = libredb.catalog(db).describe("new")
    expected = ("documents", None) if kind == "documents" else ("kv", {"values": kind})
    assert (described["kind"], described["schema"]) == expected


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["k", "v", "--kind", "str"], 2, "name it with --namespace"),
        (["k", "v", "-n", "notes"], 2, "the value is no JSON at line 1, character 1"),
        (["k", "[1]", "-n", "notes"], 2, "the value is no JSON object"),
        (["k", "NaN", "-n", "settings"], 2, "the value is no JSON: it has no NaN"),
        (["k", "[" * 100_000, "-n", "settings"], 2, "too many levels"),
        (["k", '{"id": "j"}', "-n", "notes"], 2, "the key says id = 'k', and the value 'j'"),
        (["3", '{"name": "Bo"}', "-n", "people"], 6, "column born: no value"),
        (["3", '{"name": "Bo", "born": "today"}', "-n", "people"], 6, "text that is a date"),
        (["3", '{"name": "Ada", "born": "2000-01-01"}', "-n", "people"], 6, "name"),
        (["\\xfe\\x00", "v"], 2, "keys that begin with \\xfe are those of lenses"),
        (["k", "\\", "--hex"], 2, "hexadecimal digits"),
        (["k", "v", "--kind", "blob"], 2, "argument --kind: invalid choice: 'blob'"),
    ],
    ids=named,
)
def test_what_does_not_belong_there_is_refused_and_nothing_is_written(
    app: Path, arguments: list[str], code: int, message: str
) -> None:
    before = run("scan", "app.libredb", "--lenses").out
    found = run("set", "app.libredb", *arguments)
    assert found.code == code, found.err
    assert message in found.err
    assert run("scan", "app.libredb", "--lenses").out == before


def test_who_types_a_value_is_told_how_to_end_it(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"typed\n"))
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    assert main(["set", "app.libredb", "k"]) == 0
    assert "type the value, then Ctrl-D" in capsys.readouterr().err
    assert run("get", "app.libredb", "k").out == "typed\\n\n"


def test_json_from_stdin_that_is_no_utf_8_is_refused(app: Path) -> None:
    found = run("set", "app.libredb", "k", "-n", "settings", stdin=b'"\xff"')
    assert (found.code, found.err) == (2, "libredb: the value is no UTF-8 at byte 2\n")


def test_a_database_is_made_only_when_that_is_said(app: Path) -> None:
    assert run("set", "new.libredb", "k", "v").code == 5
    assert not (app.parent / "new.libredb").exists()
    assert run("set", "new.libredb", "k", "v", "--create").code == 0
    assert run("get", "new.libredb", "k").out == "v\n"


def test_a_database_that_is_open_for_writing_is_exit_code_3(app: Path) -> None:
    with libredb.open(app), unchanged(app.parent):
        assert run("set", "app.libredb", "k", "v").code == 3
