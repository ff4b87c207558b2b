"""Without a path there is no log; store and transactions are the same, and all of it is durable."""

import pytest

import libredb
from libredb import CompactionReport, GroupCommit, UsageError
from tests.support.calls import DATABASE, REFUSABLE
from tests.support.case import case
from tests.support.work import commit, keys


def test_it_begins_empty_and_ends_with_its_object() -> None:
    for _ in range(2):
        with libredb.open() as db:
            assert (db.path, db.mode, keys(db), db.version) == (None, "rwc", [], 0)
            commit(db, b"k")
            assert keys(db) == [b"k"]


def test_two_of_them_share_nothing() -> None:
    first, second = libredb.open(), libredb.open(mode="rw")
    commit(first, b"k")
    assert keys(second) == []


def test_every_commit_is_durable_at_once_whatever_the_window() -> None:
    db = libredb.open(group_commit=GroupCommit(commits=100))
    for number in range(1, 4):
        commit(db, b"k")
        assert (db.version, db.durable_version) == (number, number)
        assert (db.pending_commits, db.pending_bytes, db.log_bytes) == (0, 0, 0)


def test_sync_and_group_do_nothing() -> None:
    db = libredb.open()
    db.sync()
    with db.group():
        commit(db, b"1", b"2")
        db.sync()
        assert (db.version, db.durable_version) == (2, 2)
    assert keys(db) == [b"1", b"2"]


def test_compact_counts_its_entries_and_verify_finds_no_file() -> None:
    db = libredb.open()
    commit(db, b"k")
    assert db.compact() == CompactionReport(0, 0, 1, 0)
    assert (db.version, keys(db)) == (1, [b"k"])
    report = libredb.verify()
    assert (report.size_bytes, report.offset, report.version, report.records) == (0, 0, 0, 0)


def test_mode_r_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a path"):
        libredb.open(mode="r")


@pytest.mark.parametrize("call", DATABASE)
def test_it_does_everything_that_needs_no_file(call: str) -> None:
    db = libredb.open()
    commit(db, b"k")
    if DATABASE[call].needs_file:
        with pytest.raises(
            UsageError, match=r"in memory (has no file|or in an empty file there is no log)"
        ):
            DATABASE[call].run(db)
    else:
        DATABASE[call].run(db)
    assert db.closed == (call == "close()")


def test_it_refuses_everything_once_it_is_closed() -> None:
    db = libredb.open()
    commit(db, b"k")
    db.close()
    for name, call in REFUSABLE.items():
        with case(call=name), pytest.raises(UsageError, match="closed"):
            call(db)
    db.close()
