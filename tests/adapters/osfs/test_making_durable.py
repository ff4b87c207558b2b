"""What makes bytes durable on each platform, and that a failure to do so is never passed over."""

import errno
import fcntl
import os
import stat
from pathlib import Path

import pytest
from libredb_osfs import sync
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import (
    FS,
    Calls,
    open_count,
    refuse,
)

pytestmark = pytest.mark.cpython


def test_sync_is_fdatasync_where_there_is_one(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "FULL_SYNC", None)
    fdatasync, fsync = Calls(monkeypatch, "fdatasync"), Calls(monkeypatch, "fsync")
    file.sync()
    assert fdatasync.seen == [(file.handle.descriptor(),)]
    assert fsync.seen == []


def test_sync_is_fsync_where_there_is_no_fdatasync(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "FULL_SYNC", None)
    monkeypatch.delattr(os, "fdatasync")
    fsync = Calls(monkeypatch, "fsync")
    file.sync()
    assert fsync.seen == [(file.handle.descriptor(),)]


@pytest.fixture
def full_sync(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A macOS in which F_FULLFSYNC is 51."""
    monkeypatch.setattr(sync, "FULL_SYNC", 51)
    calls = Calls(monkeypatch, "fcntl", fcntl)
    calls.instead = lambda *_: 0
    return calls


def test_sync_empties_the_cache_of_the_drive_on_macos(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdatasync, fsync = Calls(monkeypatch, "fdatasync"), Calls(monkeypatch, "fsync")
    file.sync()
    assert full_sync.seen == [(file.handle.descriptor(), 51)]
    assert fdatasync.seen == fsync.seen == []


def test_the_directory_gets_the_same_full_sync_on_macos(path: str, full_sync: Calls) -> None:
    following = FS.create_next(path, None)
    FS.replace(path, None, following)
    FS.sync_directory(path)
    assert [command for _, command in full_sync.seen] == [51, 51]
    following.close()


@pytest.mark.parametrize("number", [errno.ENOTSUP, errno.ENOTTY, errno.EINVAL])
def test_a_file_system_without_full_sync_gets_an_fsync(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    full_sync.instead = refuse(number)
    fsync = Calls(monkeypatch, "fsync")
    file.sync()
    assert fsync.seen == [(file.handle.descriptor(),)]


def test_a_full_sync_that_failed_is_not_followed_by_an_fsync(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_sync.instead = refuse(errno.EIO)
    fsync = Calls(monkeypatch, "fsync")
    with pytest.raises(OSError, match=r"[Ii]nput/output"):
        file.sync()
    assert fsync.seen == []


def test_replace_syncs_the_directory_after_the_rename(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[str, bool]] = []
    following = FS.create_next(path, None)
    fsync, rename = Calls(monkeypatch, "fsync"), Calls(monkeypatch, "replace")

    def note(descriptor: int) -> None:
        order.append(("fsync", stat.S_ISDIR(os.fstat(descriptor).st_mode)))
        fsync.real(descriptor)

    def note_rename(source: str, target: str, **folders: int) -> None:
        order.append(("rename", Path(path).with_name(source).exists()))
        rename.real(source, target, **folders)

    fsync.instead, rename.instead = note, note_rename
    FS.replace(path, None, following)
    assert order == [("rename", True), ("fsync", True)]
    FS.sync_directory(path)
    assert order[2:] == [("fsync", True)]
    following.close()


def test_a_directory_that_cannot_be_synced_is_an_error(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_count()
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match=r"[Ii]nput/output"):
        FS.sync_directory(path)
    assert open_count() == before
