"""A write that the system really cuts short latches the database and loses nothing acknowledged.

RLIMIT_FSIZE makes a write that crosses the limit stop there, with a smaller count, and the next one
fail with EFBIG (Python ignores SIGXFSZ, which would end the process). Part of a record is then in
the file. Room that is reserved ahead meets the limit first, and a commit does without it.
"""

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import libredb
from libredb import DatabaseFailedError, GroupCommit, RecoveryReport, StorageError
from tests.faults.commits import Recorder, commit, count_of, fill, leave_torn, state_after

pytestmark = [
    pytest.mark.cpython(reason="limits the size of the files of a process"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limits are Linux's"),
]

COUNT = 7
HEADERS_BYTES = 8192
STEP_BYTES = 13


@contextmanager
def file_size_limit(limit_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond the limit."""
    import resource

    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def make(db_path: str, count: int = COUNT) -> int:
    """Make a closed database with `count` commits; return its length."""
    fill(db_path, count)
    return Path(db_path).stat().st_size


def record_length(number: int) -> int:
    """Return how many bytes commit `number` takes in the log."""
    writes = Recorder()
    commit(writes, number)
    deleted = 1 if number % 7 == 0 else 0
    sizes = sum(9 + len(key) + len(value) for key, value in writes.state.items())
    return 24 + sizes + deleted * (5 + 5)


def next_commit(db: libredb.Database) -> None:
    """Make the commit after those the database shows."""
    number = count_of(db) + 1
    db.transact(lambda tx: commit(tx, number))


def make_group(db: libredb.Database, count: int) -> None:
    """Make a group of the four commits that follow `count`."""
    with db.group():
        for number in range(count + 1, count + 5):
            db.transact(lambda tx, number=number: commit(tx, number))


def assert_failed(db: libredb.Database) -> None:
    """Assert that the database refuses everything, and closes without a word."""
    with pytest.raises(DatabaseFailedError):
        db.get(b"count")
    with pytest.raises(DatabaseFailedError):
        db.transact(lambda tx: tx.set(b"late", b""))
    db.close()
    assert db.closed


def assert_state(db_path: str, count: int) -> RecoveryReport:
    """Assert that the database shows so many commits and takes more; return how it was opened."""
    reports: list[RecoveryReport] = []
    with libredb.open(db_path, mode="rw", on_recovery=reports.append) as db:
        assert dict(db.scan()) == state_after(count)
        next_commit(db)
    with libredb.open(db_path, mode="rw") as db:
        assert dict(db.scan()) == state_after(count + 1)
    assert not Path(f"{db_path}.next").exists()
    return reports[0]


def test_a_commit_cut_short_at_any_length_latches_and_leaves_what_was_acknowledged(
    db_path: str,
) -> None:
    end = make(db_path)
    original = Path(db_path).read_bytes()
    length = record_length(COUNT + 1)
    for written in [*range(0, length, STEP_BYTES), 1, 23, 24, 25, length - 1]:
        Path(db_path).write_bytes(original)
        db = libredb.open(db_path)
        with file_size_limit(end + written):
            with pytest.raises(StorageError) as caught:
                next_commit(db)
            assert caught.value.errno == errno.EFBIG
            assert Path(db_path).stat().st_size == end + written
            assert_failed(db)
        report = assert_state(db_path, COUNT)
        # The versions in a record start with zeros, which end a log without being a torn tail.
        assert report.outcome == ("cut" if written >= 8 else "clean")


def test_a_commit_that_fits_needs_no_reserved_room(db_path: str) -> None:
    end = make(db_path)
    original = Path(db_path).read_bytes()
    length = record_length(COUNT + 1)
    for room_bytes in (0, 1, 100, 4096, 100_000):
        with libredb.open(db_path) as db, file_size_limit(end + length + room_bytes):
            next_commit(db)
            # What was filled of the room was cut off again.
            assert Path(db_path).stat().st_size == db.log_bytes == end + length
        with libredb.open(db_path) as db:
            assert dict(db.scan()) == state_after(COUNT + 1)
        Path(db_path).write_bytes(original)


def test_commits_go_on_until_the_limit_and_all_of_them_are_there(db_path: str) -> None:
    end = make(db_path)
    done = COUNT
    db = libredb.open(db_path)
    with file_size_limit(end + 100_000):
        with pytest.raises(StorageError) as caught:  # noqa: PT012 - which one fails is not known
            while True:
                next_commit(db)
                done += 1
        assert caught.value.errno == errno.EFBIG
        assert_failed(db)
    assert done > COUNT + 5
    assert_state(db_path, done)


def test_a_group_cut_short_leaves_a_prefix_and_is_not_acknowledged(db_path: str) -> None:
    end = make(db_path)
    limit = end + record_length(COUNT + 1) + record_length(COUNT + 2) + 20
    db = libredb.open(db_path)
    with file_size_limit(limit):
        with pytest.raises(StorageError):
            make_group(db, COUNT)
        assert_failed(db)
    # The two that were handed over whole are there: this process ended, not the system.
    assert assert_state(db_path, COUNT + 2).outcome == "cut"


def test_a_window_cut_short_leaves_a_prefix(db_path: str) -> None:
    end = make(db_path)
    db = libredb.open(db_path, group_commit=GroupCommit(commits=3))
    limit = end + sum(record_length(COUNT + 1 + i) for i in range(4)) + 20
    with file_size_limit(limit):
        for _ in range(4):
            next_commit(db)
        assert (db.version - COUNT, db.pending_commits) == (4, 1)
        with pytest.raises(StorageError):
            next_commit(db)
        assert_failed(db)
    assert assert_state(db_path, COUNT + 4).outcome == "cut"


@pytest.mark.parametrize("limit", [0, 1, 36, 4095, 4096, 4100, HEADERS_BYTES - 1])
def test_a_creation_cut_short_claims_nothing(db_path: str, limit: int) -> None:
    with file_size_limit(limit), pytest.raises(StorageError) as caught:
        libredb.open(db_path)
    assert caught.value.errno == errno.EFBIG
    assert not Path(db_path).exists()
    make(db_path)
    assert_state(db_path, COUNT)


def test_a_closed_database_opens_and_closes_below_the_limit(db_path: str) -> None:
    make(db_path)
    before = Path(db_path).read_bytes()
    with file_size_limit(HEADERS_BYTES), libredb.open(db_path) as db:
        assert dict(db.scan()) == state_after(COUNT)
    assert Path(db_path).read_bytes() == before


def test_an_opening_that_the_limit_stops_leaves_the_file_to_the_next_one(db_path: str) -> None:
    end = make(db_path)
    leave_torn(db_path, COUNT + 3)
    length = record_length(COUNT + 1)
    for limit in (end, end + 1, end + length):
        with file_size_limit(limit), pytest.raises(StorageError) as caught:
            libredb.open(db_path)
        assert caught.value.errno == errno.EFBIG
    assert_state(db_path, COUNT + 3)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.3, 0.6, 0.99])
def test_a_compaction_cut_short_leaves_the_old_log_and_a_healthy_database(
    db_path: str, part: float
) -> None:
    count = 150
    make(db_path, count)
    with libredb.open(db_path) as db:
        with file_size_limit(int(part * (HEADERS_BYTES + db.live_bytes))):
            with pytest.raises(StorageError) as caught:
                db.compact()
            assert caught.value.errno == errno.EFBIG
            assert dict(db.scan()) == state_after(count)
        assert not Path(f"{db_path}.next").exists()
        next_commit(db)
        assert db.compact().generation == 1
        next_commit(db)
    assert_state(db_path, count + 2)
