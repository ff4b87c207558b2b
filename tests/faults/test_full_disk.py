"""On a disk that is really full nothing acknowledged is lost, and opening needs no space at all.

The disk is a tmpfs of a few hundred pages. It is filled by commits, or by another file up to the
last page, and everything the database does is tried with no space, or with any number of pages less
than it takes.
"""

import errno
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

import libredb
from libredb import CompactionReport, DatabaseFailedError, GroupCommit, StorageError
from tests.faults.commits import commit, count_of, fill, leave_torn, state_after

pytestmark = [
    pytest.mark.cpython(reason="mounts a small tmpfs"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tmpfs exists on Linux alone"),
]

MIB = 1 << 20
PAGE_BYTES = 4096

Mount = Callable[[int], Path]


def next_commit(db: libredb.Database) -> None:
    number = count_of(db) + 1
    db.transact(lambda tx: commit(tx, number))


def commit_until_full(db: libredb.Database) -> int:
    """Commit until storage fails with ENOSPC; return how many commits the database had then."""
    done = count_of(db)
    with pytest.raises(StorageError) as caught:  # noqa: PT012 - which one fails is not known
        while True:
            next_commit(db)
            done += 1
    assert caught.value.errno == errno.ENOSPC
    return done


def take_all_space(disk: Path, *, but_pages: int = 0) -> Path:
    """Fill the disk with a file, apart from so many pages."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(PAGE_BYTES))
    with filler.open("r+b") as file:
        file.truncate(filler.stat().st_size - but_pages * PAGE_BYTES)
    assert shutil.disk_usage(disk).free == but_pages * PAGE_BYTES
    return filler


def assert_failed(db: libredb.Database) -> None:
    with pytest.raises(DatabaseFailedError):
        db.get(b"count")
    with pytest.raises(DatabaseFailedError):
        db.transact(lambda tx: tx.set(b"late", b""))
    db.close()
    assert db.closed


def assert_state(path: Path, count: int) -> None:
    with libredb.open(path, mode="rw") as db:
        assert dict(db.scan()) == state_after(count)


@pytest.mark.parametrize("commits", [1, 8])
def test_commits_until_the_disk_is_full_are_all_there_without_any_space(
    small_disk: Mount, commits: int
) -> None:
    disk = small_disk(3 * MIB)
    path = disk / "db"
    db = libredb.open(path, group_commit=GroupCommit(commits=commits))
    done = commit_until_full(db)
    assert done > 100
    assert_failed(db)
    take_all_space(disk)
    assert_state(path, done)


def test_a_torn_database_opens_without_any_space(small_disk: Mount) -> None:
    disk = small_disk(3 * MIB)
    path = disk / "db"
    fill(str(path), 20)
    leave_torn(str(path), 27)
    (disk / "db.next").write_bytes(b"left over")
    take_all_space(disk)
    assert_state(path, 27)
    assert not (disk / "db.next").exists()


def test_a_database_cannot_be_created_without_space_and_can_be_afterwards(
    small_disk: Mount,
) -> None:
    disk = small_disk(MIB)
    for pages in range(2):
        filler = take_all_space(disk, but_pages=pages)
        with pytest.raises(StorageError) as caught:
            libredb.open(disk / "db")
        assert caught.value.errno == errno.ENOSPC
        assert not (disk / "db").exists()
        filler.unlink()
    fill(str(disk / "db"), 3)
    assert_state(disk / "db", 3)


def test_a_full_disk_has_room_for_commits_again_once_there_is_space(small_disk: Mount) -> None:
    disk = small_disk(3 * MIB)
    path = disk / "db"
    fill(str(path), 50)
    filler = take_all_space(disk, but_pages=3)
    db = libredb.open(path)
    done = commit_until_full(db)
    assert done > 50
    assert_failed(db)
    filler.unlink()
    with libredb.open(path) as db:
        assert count_of(db) == done
        next_commit(db)
        assert path.stat().st_size % MIB == 0
    assert_state(path, done + 1)


def test_a_compaction_without_space_gives_back_what_it_took_and_the_database_goes_on(
    small_disk: Mount,
) -> None:
    disk = small_disk(4 * MIB)
    path = disk / "db"
    fill(str(path), 150)
    with libredb.open(path) as db:
        db.compact()
    needed = path.stat().st_blocks * 512 // PAGE_BYTES
    for pages in [0, 1, 2, 3, needed // 2, needed - 1]:
        filler = take_all_space(disk, but_pages=pages)
        with libredb.open(path) as db:
            # An error that is kept keeps the old file: by its traceback, what it went through.
            with pytest.raises(StorageError, match=os.strerror(errno.ENOSPC)):
                db.compact()
            assert not (disk / "db.next").exists()
            assert shutil.disk_usage(disk).free == pages * PAGE_BYTES
            assert dict(db.scan()) == state_after(150)
            filler.unlink()
            assert isinstance(db.compact(), CompactionReport)
        assert_state(path, 150)
    take_all_space(disk, but_pages=needed)
    with libredb.open(path) as db:
        assert isinstance(db.compact(), CompactionReport)
    assert_state(path, 150)
