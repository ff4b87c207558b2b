"""What makes bytes durable on each platform, and that a failure to do so is never passed over."""

import errno
import fcntl
import os
import re
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


NOT_KNOWN = [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.ENOTTY]
"""What a system answers that does not know a call; on macOS alone there is another one to try."""


@pytest.mark.parametrize("number", [*NOT_KNOWN, errno.EIO, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("name", ["fdatasync", "fsync"])
def test_no_failure_of_a_sync_is_passed_over(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    """A mutant that took EINVAL for "nothing to do" acknowledged commits that nobody had synced."""
    monkeypatch.setattr(sync, "FULL_SYNC", None)
    if name == "fsync":
        monkeypatch.delattr(os, "fdatasync")
    failing = Calls(monkeypatch, name)
    failing.instead = refuse(number)
    others = [Calls(monkeypatch, other) for other in {"fsync"} - {name}]
    with pytest.raises(OSError, match=re.escape(os.strerror(number))) as caught:
        file.sync()
    assert caught.value.errno == number
    assert len(failing.seen) == 1, "a sync that failed was tried again"
    assert [calls.seen for calls in others] == [[]] * len(others)


@pytest.mark.parametrize("number", [*NOT_KNOWN, errno.EIO])
@pytest.mark.parametrize("call", ["replace", "sync_directory"])
def test_no_failure_to_sync_the_directory_is_passed_over(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """Some file systems answer EINVAL there: a database that cannot be durable is none."""
    monkeypatch.setattr(sync, "FULL_SYNC", None)
    following = FS.create_next(path, file)
    before = open_count()
    monkeypatch.setattr(os, "fsync", refuse(number))
    with pytest.raises(OSError, match=re.escape(os.strerror(number))) as caught:
        FS.replace(path, file, following) if call == "replace" else FS.sync_directory(path)
    assert caught.value.errno == number
    assert open_count() == before
    following.close()


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


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EBADF, errno.EDQUOT])
def test_a_full_sync_that_failed_is_not_followed_by_an_fsync(
    file: OsLogFile, full_sync: Calls, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    full_sync.instead = refuse(number)
    fsync = Calls(monkeypatch, "fsync")
    with pytest.raises(OSError, match=re.escape(os.strerror(number))):
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
