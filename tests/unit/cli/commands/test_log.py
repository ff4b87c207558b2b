"""Claim: `libredb log` prints each commit, what it did, and what follows the last one."""

import json
import os
from pathlib import Path

import pytest

import libredb
from tests.unit.cli.running import run, unchanged

pytestmark = pytest.mark.cpython  # commands open files of the operating system


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a database of three commits, of which the last deletes."""
    path = tmp_path / "small.libredb"
    with libredb.open(path) as db:
        db.set(b"a", b"1")
        with db.transaction() as tx:
            tx.set(b"b\n", b"2" * 2000)
            tx.set(b"c", b"")
        db.delete(b"a")
    monkeypatch.chdir(tmp_path)
    return path


def log(*arguments: str, code: int = 0) -> list[str]:
    with unchanged(Path.cwd()):
        done = run("log", "small.libredb", *arguments)
    assert done.code == code, done.err
    return done.out.splitlines()


def test_commits_are_a_table_with_the_end_below(small: Path) -> None:
    assert log() == [
        "version  offset  bytes  sets  deletes  durable",
        "      1   8,192     35     1        0  yes",
        "      2   8,227  2,045     2        0  yes",
        "      3  10,272     30     0        1  yes",
        "",
        "The log ends at byte 10,302 with version 3; durable up to 3.",
    ]


def test_ops_are_shown_one_by_one(small: Path) -> None:
    assert log("--ops")[:5] == [
        "version  durable  op      key  value",
        "      1  yes      set     a    1",
        f"      2  yes      set     b\\n  {'2' * 2000}",
        "      2  yes      set     c",
        "      3  yes      delete  a",
    ]


def test_some_commits_are_asked_for(small: Path) -> None:
    assert [line.split()[0] for line in log("--since", "1", "--limit", "1")[1:2]] == ["2"]
    assert log("--since", "3") == ["The log ends at byte 10,302 with version 3; durable up to 3."]
    assert log("--limit", "0") == log("--since", "9")


def test_programs_get_a_line_of_json_for_each(small: Path) -> None:
    lines = list(map(json.loads, log("--jsonl")))
    assert lines[2] == {
        "version": 3,
        "offset": 10272,
        "size_bytes": 30,
        "is_durable": True,
        "op_count": 1,
    }
    lines = list(map(json.loads, log("--jsonl", "--ops", "--since", "1")))
    assert lines[0]["ops"][1] == {"set": "c", "value": ""}
    assert lines[1]["ops"] == [{"delete": "a"}]


def test_a_snapshot_is_told_and_the_commits_behind_it_are_listed(small: Path) -> None:
    with libredb.open(small) as db:
        db.compact()
        db.set(b"d", b"3")
    lines = log()
    assert lines[0] == "The log begins with a snapshot of 2 entries, as of commit 3."
    assert lines[1].startswith("It is version 4, and ends at byte ")
    assert [line.split()[0] for line in lines[4:5]] == ["5"]


def test_a_torn_commit_is_told(small: Path) -> None:
    with small.open("ab") as file:
        file.write(b"half a record\0\0")
    assert log()[-2:] == [
        "13 bytes follow: of a commit that a crash has torn, or that is",
        "being written. Nothing proves that they were durable.",
    ]


def test_what_a_writer_has_not_synced_is_not_durable(small: Path) -> None:
    with libredb.open(small, group_commit=libredb.GroupCommit(commits=9)) as db:
        db.set(b"d", b"3")
        db.set(b"e", b"4")
        lines = log()
    assert [line.split()[-1] for line in lines[1:6]] == ["yes", "yes", "yes", "no", "no"]
    assert "durable up to 3." in lines[-1]


def test_a_damaged_file_is_read_up_to_the_damage(small: Path) -> None:
    with small.open("r+b") as file:
        file.seek(8300)
        file.write(b"X")
    done = run("log", "small.libredb")
    assert done.code == 4
    assert done.out.splitlines() == [
        "version  offset  bytes  sets  deletes  durable",
        "      1   8,192     35     1        0  yes",
        "",
        "The log ends at byte 8,227 with version 1; durable up to 1.",
        "2,075 bytes follow, which are not read: there is damage in them.",
    ]
    assert "small.libredb, byte 8227: the record here had been durable and is damaged" in done.err
    assert [json.loads(line)["version"] for line in log("--jsonl", code=4)] == [1]


def test_what_has_no_history_is_told(small: Path) -> None:
    Path("notes.txt").write_text("not a database")
    assert run("log", "notes.txt").code == 4
    assert run("log", "missing").code == 5
    Path("empty").touch()
    done = run("log", "empty")
    assert (done.code, done.out) == (0, "The file is empty: no database was made in it yet.\n")
    with small.open("r+b") as file:
        file.write(b"LRDB\0\2damaged")
    done = run("log", "small.libredb")
    assert (done.code, done.out) == (4, "")
    assert "byte 0: the file header is damaged" in done.err


def test_a_file_cut_short_below_its_mark_is_told(small: Path) -> None:
    os.truncate(small, 9000)
    done = run("log", "small.libredb")
    assert done.code == 4
    assert "durable up to 1." in done.out
    assert "773 bytes follow, which are not read" in done.out
