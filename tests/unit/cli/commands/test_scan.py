"""Claim: `libredb scan` prints the keys of a range in their order, as they can be typed back."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

import libredb
from libredb.cli.escapes import unescape
from tests.unit.cli.running import named, run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system

KEYS = ["greeting", "user:1", "user:2"]
NOTE = "not shown: namespaces notes, people, settings; --namespace NAME shows one\n"


def keys(*arguments: str) -> list[str]:
    with unchanged(Path.cwd()):
        found = run("scan", "app.libredb", "--keys", *arguments)
    assert found.code == 0, found.err
    return found.out.splitlines()


def test_keys_and_values_stand_side_by_side_with_a_tab_between(app: Path) -> None:
    with unchanged(app.parent):
        found = run("scan", "app.libredb")
    lines = ["greeting\thello", "user:1\tAda\\n\\x1b[31m", "user:2\tZo\u00eb"]
    assert (found.code, found.out.splitlines(), found.err) == (0, lines, NOTE)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], KEYS),
        (["--prefix", "user:"], KEYS[1:]),
        (["--prefix", "nobody"], []),
        (["--start", "h", "--end", "user:2"], ["user:1"]),
        (["--start", "z"], []),
        (["--end", "h"], ["greeting"]),
        (["--reverse"], KEYS[::-1]),
        (["--reverse", "--limit", "1"], ["user:2"]),
        (["--limit", "0"], []),
        (["--hex", "--limit", "1"], ["6772656574696e67"]),
        (["--at", "0"], []),
        (["-n", "settings"], ["lang", "theme"]),
        (["-n", "settings", "--prefix", "t"], ["theme"]),
        (["-n", "settings", "--start", "m", "--end", "z", "--reverse"], ["theme"]),
        (["-n", "notes", "--reverse", "--limit", "2"], ["n3", "n2"]),
        (["-n", "notes", "--start", "n2", "--end", "n3"], ["n2"]),
        (["-n", "notes", "--prefix", "n3"], ["n3"]),
        (["-n", "people"], ["1", "2"]),
        (["-n", "people", "--reverse", "--limit", "1"], ["2"]),
    ],
    ids=named,
)
def test_each_option_says_which_keys(app: Path, arguments: list[str], found: list[str]) -> None:
    if "--hex" in arguments:
        found = [key.encode().hex() for key in KEYS[:1]]
    assert keys(*arguments) == found


def test_keys_of_lenses_are_shown_only_when_asked_for(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"\xff", b"last")
    assert keys() == [*KEYS, "\\xff"]
    assert keys("--reverse") == ["\\xff", *KEYS[::-1]]
    assert keys("--start", "user:2", "--end", "\\xff\\xff") == ["user:2", "\\xff"]
    assert keys("--start", "\\xff") == ["\\xff"]
    with libredb.open(app, mode="r") as db:
        everything = [key for key, _ in db.scan()]
    assert [unescape(key) for key in keys("--lenses")] == everything
    below = [key for key in everything if key.startswith(b"\xfe\x00\x01")]
    assert [unescape(key) for key in keys("--prefix", "\\xfe\\x00\\x01")] == below
    assert [unescape(key) for key in keys("--end", "\\xfe")] == [key.encode() for key in KEYS]


def test_what_is_printed_is_what_is_there_byte_by_byte(app: Path) -> None:
    generator = random.Random(25)
    entries = {b"r" + generator.randbytes(6): generator.randbytes(9) for _ in range(300)}
    with libredb.open(app) as db, db.transaction() as tx:
        for key, value in entries.items():
            tx.set(key, value)
    lines = [
        line.split("\t") for line in run("scan", "app.libredb", "--prefix", "r").out.split("\n")
    ]
    assert {unescape(key): unescape(value) for key, value in lines[:-1]} == entries
    raw = run("scan", "app.libredb", "--prefix", "r", "--raw").data
    assert raw == b"".join(key + b"\t" + entries[key] + b"\n" for key in sorted(entries))
    digits = run("scan", "app.libredb", "--prefix", b"r".hex(), "--hex").out.split()
    assert dict(zip(digits[::2], digits[1::2], strict=True)) == {
        key.hex(): value.hex() for key, value in entries.items()
    }


def test_objects_are_json_behind_their_keys(app: Path) -> None:
    found = run("scan", "app.libredb", "-n", "people", "--limit", "1")
    row = '{"id": 1, "name": "Ada", "born": {"$date": "1815-12-10"}, "seen": null}'
    assert found.out == f"1\t{row}\n"
    assert run("scan", "app.libredb", "-n", "people", "--limit", "1", "--raw").out == f"1\t{row}\n"


def test_a_key_of_several_columns_is_a_list_that_can_be_typed_back(app: Path) -> None:
    with libredb.open(app) as db:
        columns = {"on": "date", "no": "int", "ok": "bool"}
        table = libredb.table(db, "days", columns, key=["on", "no"])
        from datetime import date

        table.insert({"on": date(2026, 11, 1), "no": 2, "ok": True})
    (key,) = keys("-n", "days")
    assert key == '[{"$date": "2026-11-01"}, 2]'
    printed = '{"on": {"$date": "2026-11-01"}, "no": 2, "ok": true}\n'
    assert run("get", "app.libredb", key, "-n", "days").out == printed
    assert run("get", "app.libredb", '["2026-11-01", 2]', "-n", "days").out == printed
    assert run("get", "app.libredb", '["2026-11-01"]', "-n", "days").code == 2


@pytest.mark.parametrize(
    ("type_name", "value", "shown"),
    [
        ("bytes", b"\x00k", "\\x00k"),
        ("bool", True, "true"),
        ("str", "a\tb", "a\\tb"),
        ("enum_int", 7, "7"),
    ],
)
def test_a_key_of_any_type_can_be_typed_back(
    app: Path, type_name: str, value: object, shown: str
) -> None:
    with libredb.open(app) as db:
        libredb.table(db, "odd", {"id": type_name}).insert({"id": value})
    assert keys("-n", "odd") == [shown]
    assert run("get", "app.libredb", shown, "-n", "odd").code == 0
    assert run("delete", "app.libredb", shown, "-n", "odd").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prefix", "a", "--start", "b"],
        ["-n", "settings", "--prefix", "a", "--end", "b"],
        ["-n", "notes", "--prefix", "a", "--end", "b"],
        ["-n", "people", "--prefix", "1"],
        ["--raw", "--hex"],
        ["--lenses", "-n", "notes"],
        ["--limit", "-1"],
    ],
    ids=" ".join,
)
def test_options_that_mean_nothing_together_are_usage_errors(
    app: Path, arguments: list[str]
) -> None:
    found = run("scan", "app.libredb", *arguments)
    assert (found.code, found.out) == (2, "")
    assert found.err.startswith(("libredb: ", "usage: libredb scan "))


def test_a_reader_may_stop_whenever_it_likes(app: Path) -> None:
    with libredb.open(app) as db:
        db.set(b"long", bytes(1 << 20))
    program = f'"{sys.executable}" -m libredb scan app.libredb | head -c 1; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("g0\n", "")


def test_a_namespace_that_there_is_not_is_exit_code_1(app: Path) -> None:
    assert run("scan", "app.libredb", "-n", "nothing").code == 1
