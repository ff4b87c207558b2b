"""Claim: the demo does what it says, where it was told to."""

import io
from pathlib import Path

import pytest

import libredb
from libredb.cli.console import Console
from libredb.cli.demo import story as demo
from libredb.cli.main import main
from tests.unit.cli.running import CHARACTERS, run_demo

pytestmark = [pytest.mark.cpython, pytest.mark.slow]  # it starts processes and kills them


def test_demo_succeeds_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--characters", str(CHARACTERS), "--kills", "2"]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("\nNothing is missing.\n")
    assert "\n   1,200 characters in 3 commits: " in printed.out
    assert "which are currency signs? index category: 1 range, 5 entries read\n" in printed.out
    assert "\n     Greek and Coptic   135  from GREEK CAPITAL LETTER HETA\n" in printed.out
    assert f"U+03B1  {chr(0x3B1)}  Ll  GREEK SMALL LETTER ALPHA\n" in printed.out
    assert "GREEK SMALL LETTER OMEGA            0003C9\n" in printed.out
    assert all(len(line) <= 80 for line in printed.out.splitlines() if "Database" not in line)


def test_demo_keeps_its_database_in_the_directory_it_is_given(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "folder"
    assert run_demo(directory)[0] == 0
    with libredb.open(directory / demo.FILE_NAME, mode="r") as db:
        name = libredb.kv(db, "names")["LATIN CAPITAL LETTER A"]
        assert libredb.documents(db, "characters").get(name) == {
            "id": "000041",
            "name": "LATIN CAPITAL LETTER A",
            "category": "Lu",
        }


def test_demo_without_a_directory_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["demo", "--characters", "3", "--kills", "0"]) == 0
    assert str(tmp_path) in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_demo_without_characters_still_counts() -> None:
    out = io.StringIO()
    assert demo.run(Console(out, io.StringIO()), demo.Options(None, 0, 0)) == 0
    assert "   0 characters in 1 commits" in out.getvalue()


def test_demo_prints_what_recovery_cut(tmp_path: Path) -> None:
    def append_half_a_record(path: Path) -> None:
        end = libredb.verify(path).offset
        with path.open("r+b") as file:
            file.seek(end)
            file.write(b"torn" * 25)

    code, output = run_demo(tmp_path, append_half_a_record)
    assert code == 0
    assert "cut 100 bytes of a torn commit" in output


def test_an_existing_demo_is_refused_and_not_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / demo.FILE_NAME
    path.write_bytes(b"precious")
    assert main(["demo", "--directory", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"libredb: {path} is there already; ")
    assert path.read_bytes() == b"precious"
