"""Claim: the demo can fail. It notices whatever is missing, damaged or too much.

Commits are taken away, or invented, between a kill and the reopening.
"""

import os
from pathlib import Path

import pytest

import libredb
from libredb.cli.demo.characters import id_of
from libredb.cli.demo.writer import counter_key, note_key
from tests.unit.cli.running import run_demo

pytestmark = [pytest.mark.cpython, pytest.mark.slow]  # it starts processes and kills them


def test_demo_fails_when_the_last_acknowledged_commits_are_cut_off(tmp_path: Path) -> None:
    def cut(path: Path) -> None:
        # Whole records of a file that was not closed: recovery cannot know that they were there.
        os.truncate(path, libredb.verify(path).offset - 1000)

    code, output = run_demo(tmp_path, cut)
    assert code == 1
    assert "s  MISSING OR DAMAGED: " in output
    assert "was acknowledged and is not there" in output


def test_demo_fails_when_one_commit_in_the_middle_is_gone(tmp_path: Path) -> None:
    def remove(path: Path) -> None:
        with libredb.open(path) as db:
            db.transact(lambda tx: tx.delete(note_key(1, 3)))

    code, output = run_demo(tmp_path, remove)
    assert code == 1
    assert "\nMISSING OR DAMAGED: 1\n   writer 1: commit 3 was acknowledged" in output


def test_demo_fails_when_a_commit_is_there_in_part(tmp_path: Path) -> None:
    def write_half(path: Path) -> None:
        with libredb.open(path) as db:
            following = int(db.get(counter_key(1)) or b"0") + 1
            db.transact(lambda tx: tx.set(counter_key(1), b"%d" % following))

    code, output = run_demo(tmp_path, write_half)
    assert code == 1
    assert "is there in part" in output


def test_demo_fails_when_there_is_a_commit_that_was_never_made(tmp_path: Path) -> None:
    def invent(path: Path) -> None:
        with libredb.open(path) as db:
            db.transact(lambda tx: tx.set(note_key(1, 999), b"invented"))

    code, output = run_demo(tmp_path, invent)
    assert code == 1
    assert "texts of" in output


def test_demo_fails_when_characters_are_gone_and_names_some(tmp_path: Path) -> None:
    def remove(path: Path) -> None:
        with libredb.open(path) as db:
            alphabet = [id_of(code) for code in range(ord("A"), ord("Z") + 1)]
            assert libredb.documents(db, "characters").delete_many(alphabet) == 26

    code, output = run_demo(tmp_path, remove)
    assert code == 1
    assert "U+0041 LATIN CAPITAL LETTER A: not found by code" in output
    assert output.endswith("   and 22 more\n")
