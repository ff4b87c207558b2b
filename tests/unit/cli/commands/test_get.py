"""Claim: `libredb get` prints one value, as it can be typed back, and says if it is not there."""

from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import named, run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (["greeting"], "hello\n"),
        (["user:1"], "Ada\\n\\x1b[31m\n"),
        (["user:2"], "Zo\u00eb\n"),
        (["--hex", "6772656574696e67"], "68656c6c6f\n"),
        (["--raw", "user:1"], "Ada\n\x1b[31m"),
        (["theme", "-n", "settings"], '{"dark": true}\n'),
        (["lang", "--namespace", "settings"], '"en"\n'),
        (["n2", "-n", "notes"], '{"id": "n2", "level": "info", "at": 9, "text": "Started"}\n'),
        (
            ["1", "-n", "people"],
            '{"id": 1, "name": "Ada", "born": {"$date": "1815-12-10"}, "seen": null}\n',
        ),
    ],
    ids=named,
)
def test_a_value_is_printed_as_it_can_be_typed_back(
    app: Path, arguments: list[str], printed: str
) -> None:
    with unchanged(app.parent):
        found = run("get", "app.libredb", *arguments)
    assert (found.code, found.out, found.err) == (0, printed, "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nobody"], 1, "there is no key 'nobody'"),
        (["n9", "-n", "notes"], 1, "there is no key 'n9'"),
        (["9", "-n", "people"], 1, "there is no key '9'"),
        (["x", "-n", "nothing"], 1, "there is no namespace 'nothing'"),
        (["x", "-n", "people"], 2, "the key is a whole number, not 'x'"),
        (["\\q"], 2, "cannot read '\\\\q': \\q at character 1 is no escape"),
        (["--hex", "0g"], 2, "cannot read '0g': it is not pairs of hexadecimal digits"),
        (["\\xff", "-n", "settings"], 2, "cannot read '\\\\xff' as text: byte 1"),
        (["greeting", "--at", "99"], 2, "version must be from 0 to "),
        (["greeting", "--at", "-1"], 2, "argument --at: must be 0 or more, not -1"),
    ],
    ids=named,
)
def test_what_cannot_be_read_is_told_with_an_exit_code(
    app: Path, arguments: list[str], code: int, message: str
) -> None:
    with unchanged(app.parent):
        found = run("get", "app.libredb", *arguments)
    assert found.code == code
    assert found.out == ""
    assert message in found.err


def test_an_earlier_version_has_the_value_of_then(app: Path) -> None:
    with libredb.open(app) as db:
        before = db.version
        db.set(b"greeting", b"bye")
    assert run("get", "app.libredb", "greeting").out == "bye\n"
    assert run("get", "app.libredb", "greeting", "--at", str(before)).out == "hello\n"
    assert run("get", "app.libredb", "greeting", "--at", "0").code == 1


def test_a_writer_elsewhere_is_no_obstacle(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"new", b"value")
        assert run("get", "app.libredb", "new").out == "value\n"


def test_a_missing_file_is_exit_code_5_and_is_not_made(app: Path) -> None:
    assert run("get", "missing.libredb", "key").code == 5
    assert [path.name for path in app.parent.iterdir()] == ["app.libredb"]


def test_a_terminal_without_a_character_gets_its_bytes(app: Path) -> None:
    assert run("get", "app.libredb", "user:2", encoding="ascii").out == "Zo\\xc3\\xab\n"
    run("set", "app.libredb", "name", '"Zo\u00eb"', "-n", "settings")
    assert run("get", "app.libredb", "name", "-n", "settings", encoding="ascii").out == (
        '"Zo\\u00eb"\n'
    )


def test_values_of_every_kind_of_kv_are_shown(app: Path) -> None:
    with libredb.open(app) as db:
        libredb.kv(db, "texts")["k"] = "a\tb"
        libredb.kv(db, "bytes", values="bytes")["k"] = b"\xff"
    assert run("get", "app.libredb", "k", "-n", "texts").out == "a\\tb\n"
    assert run("get", "app.libredb", "k", "-n", "texts", "--raw").data == b"a\tb"
    assert run("get", "app.libredb", "k", "-n", "bytes").out == "\\xff\n"
    assert run("get", "app.libredb", "k", "-n", "bytes", "--raw").data == b"\xff"


def test_documents_with_ids_that_count_are_found_by_number(app: Path) -> None:
    with libredb.open(app) as db:
        libredb.documents(db, "jobs", key=libredb.counter("id")).insert({"to": "Ada"})
    assert run("get", "app.libredb", "1", "-n", "jobs").out == '{"id": 1, "to": "Ada"}\n'
    assert run("get", "app.libredb", "x", "-n", "jobs").code == 2
