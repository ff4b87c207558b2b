"""Claim: a writer is killed in mid-commit, and reports what it had acknowledged until then."""

import os
import sys
from pathlib import Path

import pytest

import libredb
from libredb.cli.demo import kill, writer
from libredb.cli.demo.writer import journal_text

pytestmark = pytest.mark.cpython  # it starts processes and kills them


def test_a_writer_that_ends_by_itself_is_reported(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ChildProcessError, match="ended by itself with 1"):
        kill.kill_in_mid_commit(tmp_path / "missing.libredb", 1)
    assert "StorageNotFoundError" in capfd.readouterr().err


def test_the_wait_for_a_large_commit_ends_when_the_file_grows(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.touch()
    reader, pipe_end = os.pipe()
    with os.fdopen(reader, "rb") as pipe:
        os.write(pipe_end, b"1\n")
        kill._wait_for_growth(path, pipe)  # the pipe has news, the file did not grow
        os.close(pipe_end)


def test_a_writer_whose_demo_is_gone_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "journal.libredb")
    libredb.open(path).close()
    reader, pipe_end = os.pipe()
    os.close(reader)
    with os.fdopen(pipe_end, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        writer.main(path, "7")
    with libredb.open(path) as db, db.read() as tx:
        assert writer.problems(tx, 7, 0) == (1, [])


def test_texts_differ_and_every_so_often_one_is_large() -> None:
    assert journal_text(1, 1) != journal_text(1, 2) != journal_text(2, 1)
    assert len(journal_text(1, 1)) == 100
    assert len(journal_text(1, writer.LARGE_EVERY)) == writer.LARGE_BYTES
