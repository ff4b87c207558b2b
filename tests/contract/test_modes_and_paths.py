"""What each mode does with a file that is missing, empty, whole, or out of reach."""

import errno
import os
from pathlib import Path
from typing import Any, Literal

import pytest

import libredb
from libredb import FileSystem, RecoveryReport, StorageError, UsageError, UsageValueError
from sim.world.filesystem import SimFileSystem
from tests.support.calls import DATABASE
from tests.support.faults import Fault
from tests.support.files import contents, put
from tests.support.work import commit, keys

Mode = Literal["rwc", "rw", "r"]
MODES: tuple[Mode, ...] = ("rwc", "rw", "r")


def test_rwc_creates_a_missing_database_and_finds_it_again(fs: FileSystem, db_path: str) -> None:
    for expected in ([], [b"k"]):
        with libredb.open(db_path, fs=fs) as db:
            assert keys(db) == expected
            commit(db, b"k")


@pytest.mark.parametrize("mode", ["rw", "r"])
def test_the_other_modes_need_the_database(fs: FileSystem, db_path: str, mode: Mode) -> None:
    with pytest.raises(StorageError, match="there is no database") as caught:
        libredb.open(db_path, fs=fs, mode=mode)
    assert isinstance(caught.value, FileNotFoundError)
    assert isinstance(caught.value.__cause__, FileNotFoundError)
    assert caught.value.errno == errno.ENOENT
    assert db_path in str(caught.value)
    with pytest.raises(FileNotFoundError):
        libredb.verify(db_path, fs=fs)


@pytest.mark.cpython
@pytest.mark.parametrize("mode", ["rw", "r"])
def test_a_missing_database_leaves_no_litter(db_path: str, mode: Mode) -> None:
    with pytest.raises(FileNotFoundError):
        libredb.open(db_path, mode=mode)
    with pytest.raises(FileNotFoundError):
        libredb.verify(db_path)
    assert list(Path(db_path).parent.iterdir()) == []


def put_empty_file(fs: FileSystem, path: str) -> None:
    put(fs, path, b"")
    if not contents(fs, path):
        pytest.skip("on this file system an empty file is no file")


@pytest.mark.parametrize("mode", ["rwc", "rw"])
def test_a_database_is_put_in_the_place_of_an_empty_file(
    fs: FileSystem, db_path: str, mode: Mode
) -> None:
    put_empty_file(fs, db_path)
    reports: list[RecoveryReport] = []
    with libredb.open(db_path, fs=fs, mode=mode, on_recovery=reports.append) as db:
        commit(db, b"k")
    assert [report.outcome for report in reports] == ["created"]
    with libredb.open(db_path, fs=fs, mode="rw") as db:
        assert keys(db) == [b"k"]


def test_an_empty_file_is_an_empty_database_to_a_reader(fs: FileSystem, db_path: str) -> None:
    put_empty_file(fs, db_path)
    before = contents(fs, db_path)
    with libredb.open(db_path, fs=fs, mode="r") as db:
        assert (keys(db), db.version, db.pending_commits) == ([], 0, 0)
    assert libredb.verify(db_path, fs=fs).outcome == "empty"
    assert contents(fs, db_path) == before


@pytest.mark.parametrize("call", DATABASE)
def test_a_reader_reads_everything_and_writes_nothing(
    fs: FileSystem, db_path: str, call: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
    before = contents(fs, db_path)
    with libredb.open(db_path, fs=fs, mode="r") as db:
        if DATABASE[call].writes:
            with pytest.raises(UsageError, match="mode 'rw'"):
                DATABASE[call].run(db)
        else:
            DATABASE[call].run(db)
    assert contents(fs, db_path) == before


def test_a_reader_shows_what_is_there(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
    with libredb.open(db_path, fs=fs, mode="r") as db:
        assert (db.mode, keys(db), db.get(b"k"), db.version) == ("r", [b"k"], b"", 1)
        assert db.transact(lambda tx: tx.get(b"k")) == b""
        with pytest.raises(UsageError, match="mode 'rw'"):
            db.transact(lambda tx: tx.delete(b"k"))
        with db.group():
            assert db.get(b"k") == b""
        assert b"".join(db.backup()) in contents(fs, db_path)


def test_a_window_is_no_hindrance_to_a_reader(fs: FileSystem, db_path: str) -> None:
    libredb.open(db_path, fs=fs).close()
    window = libredb.GroupCommit(commits=5)
    libredb.open(db_path, fs=fs, mode="r", group_commit=window).close()


@pytest.mark.parametrize("mode", ["", "w", "rwx", "cwr"])
def test_any_other_mode_is_refused_before_anything_is_touched(mode: Any) -> None:
    fs = SimFileSystem()
    with pytest.raises(UsageValueError, match="'rwc', 'rw' or 'r'"):
        libredb.open("p", fs=fs, mode=mode)
    assert fs.calls == 0


# What the operating system may say


@pytest.mark.cpython
@pytest.mark.parametrize("mode", MODES)
def test_a_missing_folder_is_a_file_not_found(tmp_path: Path, mode: Mode) -> None:
    with pytest.raises(libredb.StorageNotFoundError, match="folder exists"):
        libredb.open(tmp_path / "missing" / "p", mode=mode)


@pytest.mark.cpython
@pytest.mark.parametrize("mode", MODES)
def test_a_folder_is_no_database(tmp_path: Path, mode: Mode) -> None:
    with pytest.raises(libredb.StorageIsDirectoryError, match="name a file"):
        libredb.open(tmp_path, mode=mode)
    assert not Path(f"{tmp_path}.lock").exists()


@pytest.mark.cpython
@pytest.mark.parametrize("mode", MODES)
def test_a_file_is_no_folder(tmp_path: Path, mode: Mode) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(libredb.StorageNotDirectoryError, match="folders in the path"):
        libredb.open(tmp_path / "file" / "p", mode=mode)


@pytest.mark.cpython
def test_a_lock_file_that_cannot_be_made_is_a_storage_error(db_path: str) -> None:
    Path(f"{db_path}.lock").mkdir()
    with pytest.raises(StorageError, match="cannot lock"):
        libredb.open(db_path)
    assert not Path(db_path).exists()


@pytest.mark.parametrize("call", ["lock", "create_next", "write", "sync", "open"])
@pytest.mark.parametrize("name", ["EROFS", "EACCES", "ENOSPC", "EMFILE"])
def test_what_the_system_says_comes_out_with_its_number_and_a_hint(
    memory_fs: SimFileSystem, call: str, name: str
) -> None:
    number = getattr(errno, name)  # the numbers differ between platforms
    calls = Fault(memory_fs, OSError())
    libredb.open("p", fs=memory_fs).close()
    fs = SimFileSystem(memory_fs.style)
    cause = OSError(number, os.strerror(number))
    Fault(fs, cause, 1 + calls.names.index(call))
    with pytest.raises(StorageError, match=rf"'p': {os.strerror(number)} \(check the ") as caught:
        libredb.open("p", fs=fs)
    assert caught.value.errno == number
    assert caught.value.__cause__ is cause
    assert isinstance(caught.value, type(cause))
    fs.hook = None
    libredb.open("p", fs=fs).close()


@pytest.mark.cpython
def test_a_link_and_its_target_are_one_database(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with libredb.open(tmp_path / "link") as db:
        commit(db, b"k")
        with pytest.raises(libredb.DatabaseLockedError):
            libredb.open(tmp_path / "target")
        db.compact()
    assert (tmp_path / "link").is_symlink()
    with libredb.open(tmp_path / "target", mode="rw") as db:
        assert keys(db) == [b"k"]
