"""Claim: nothing is wider than a terminal, colours change no word, and no terminal is too poor.

Data that a program reads, which JSON and CSV are, is never cut; everything else is.
"""

import sys
from pathlib import Path

import pytest

import libredb
from libredb.cli.commands import COMMANDS
from libredb.cli.layout import cell_width
from tests.unit.cli.conftest import NAME
from tests.unit.cli.running import run

pytestmark = pytest.mark.cpython  # it needs terminals

CALLS = [
    *("inspect", "verify --deep", "log", "log --ops", "compact --if-due", "scan --lenses"),
    *("scan -n notes --keys", "scan --hex", "find notes", "find people", "find wide"),
    *("find notes --explain", "get greeting", "get nobody", "get n1 -n notes", "set k"),
    *("find people --order-by nothing", "find notes {", "delete nobody", "restore other"),
    *("backup copy.libredb", "shell --run print(db)", "completion"),
    *("export wide --output rows.jsonl", "import rows.jsonl --namespace again"),
    *("import rows.jsonl --namespace again", "import nothing.jsonl", "export nothing"),
    *("convert back.libredb", "convert back.libredb --lossy", "upgrade up.libredb"),
]


@pytest.fixture
def wide(app: Path) -> Path:
    """Return the database with what does not fit a terminal."""
    with libredb.open(app) as db:
        row = {f"field {number}": "\u6c34" * number for number in range(30)}
        libredb.documents(db, "wide").insert({"id": "w", **row})
        db.set(b"long" * 40, b"value\x1b[2J" * 40)
    Path("other").write_bytes(app.read_bytes()[:9000])
    return app


@pytest.mark.parametrize("columns", [80, 120])
def test_nothing_is_wider_than_the_terminal(wide: Path, columns: int) -> None:
    from tests.unit.cli.terminal import run_in_terminal, without_sequences

    called: set[str] = set()
    for call in CALLS:
        name, *rest = call.split(" ")
        called.add(name)
        # `completion` takes no file, and `restore` makes a second one.
        file = [] if name == "completion" else ["new.libredb" if name == "restore" else NAME]
        given = [*rest[:1], *file, *rest[1:]] if name == "restore" else [*file, *rest]
        _, shown = run_in_terminal(name, *given, columns=columns)
        for line in without_sequences(shown).replace("\r", "\n").split("\n"):
            assert cell_width(line) <= columns, (call, line)
            assert line.isprintable(), (call, line)
    assert called == set(COMMANDS) - {"demo"}


@pytest.mark.parametrize("columns", [40, 80])
def test_every_help_fits_the_terminal(columns: int) -> None:
    from tests.unit.cli.terminal import run_in_terminal, without_sequences

    for name in COMMANDS:
        code, shown = run_in_terminal(
            name, "--help", columns=columns, environment={"COLUMNS": str(columns)}
        )
        lines = without_sequences(shown).split("\n")
        assert code == 0
        assert [line for line in lines if len(line) > columns and " " in line.strip()] == []


@pytest.mark.parametrize(
    "environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "TERM=dumb"]
)
def test_without_colours_every_line_is_the_same(app: Path, environment: dict[str, str]) -> None:
    pytest.importorskip("rich")
    from tests.unit.cli.terminal import run_in_terminal, without_sequences

    for call in ("inspect", "verify", "log", "scan", "find people"):
        name, *rest = call.split(" ")
        code, coloured = run_in_terminal(name, NAME, *rest)
        plain_code, plain = run_in_terminal(name, NAME, *rest, environment=environment)
        assert (code, without_sequences(coloured)) == (plain_code, plain)
        assert "\x1b" in coloured
        assert "\x1b" not in plain


def test_without_rich_every_line_is_the_same(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    from tests.unit.cli.terminal import run_in_terminal, without_sequences

    coloured = run_in_terminal("inspect", NAME)[1]
    monkeypatch.setitem(sys.modules, "libredb.cli.rich_console", None)
    assert run_in_terminal("inspect", NAME) == (0, without_sequences(coloured))


def test_a_terminal_that_is_not_utf_8_gets_what_it_can_show(wide: Path) -> None:
    from tests.unit.cli.terminal import run_in_terminal

    for call in CALLS:
        name, *rest = call.split(" ")
        if name in {"completion", "restore"}:
            continue
        code, shown = run_in_terminal(name, NAME, *rest, encoding="ascii")
        assert code != 7, (call, shown)
        assert shown.isascii()


def test_json_on_a_terminal_is_indented_and_whole(app: Path) -> None:
    from tests.unit.cli.terminal import run_in_terminal

    assert run_in_terminal("get", NAME, "n2", "-n", "notes")[1].split("\n")[:2] == [
        "{",
        '  "id": "n2",',
    ]
    shown = run_in_terminal("find", NAME, "notes", "--csv", columns=10)[1]
    assert shown == run("find", NAME, "notes", "--csv").out


def test_a_backup_is_not_printed_on_a_terminal(app: Path) -> None:
    from tests.unit.cli.terminal import run_in_terminal

    code, shown = run_in_terminal("backup", NAME, "-")
    assert code == 2
    assert shown == "libredb: a terminal shows no backup; let stdout be a file or a pipe\n"


def test_progress_is_a_bar_that_is_gone_in_the_end(tmp_path: Path) -> None:
    pytest.importorskip("rich")
    from tests.unit.cli.terminal import run_in_terminal, without_sequences

    code, shown = run_in_terminal("demo", "--characters", "3000", "--kills", "0")
    assert code == 0
    assert "100%" in shown
    lines = without_sequences(shown).replace("\r", "\n").split("\n")
    assert all(cell_width(line) <= 80 for line in lines if "Database: " not in line)
