"""What a user reads when something is wrong with a path or its storage: what, why, and what to do.

Every failure of storage came with the hint to check the device and its free space, also where the
path was /dev/null, a loop of links, or too long; and a file that was missing in a folder that is
there came with the hint to check the folder. So here whole messages are compared.
"""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from tests.adapters.osfs.support import Calls, refuse

pytestmark = pytest.mark.cpython

NOT_REGULAR = "not a regular file (check the path and its file system)"


def message(open_it: Callable[[], object]) -> str:
    with pytest.raises(libredb.StorageError) as caught:
        open_it()
    told = str(caught.value)
    assert told.count("(") <= 1, f"a hint on top of a hint: {told}"
    # Opening looks before it locks, and which of the two notices something first is no promise.
    return told.replace("cannot lock", "cannot open")


@pytest.mark.parametrize("mode", ["rw", "r"])
def test_a_missing_file_blames_no_folder_that_is_there(path: str, mode: Any) -> None:
    assert message(lambda: libredb.open(path, mode=mode)) == (
        f"cannot open {path!r}: there is no database file; mode 'rwc' creates one where the "
        "folder exists (check the path)"
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "missing" / "app.libredb")
    assert message(lambda: libredb.open(path)) == (
        f"cannot open {path!r}: no folder exists at {tmp_path}/missing (check the path)"
    )


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    for path in (str(tmp_path), "/"):
        assert message(lambda path=path: libredb.open(path)) == (
            f"cannot open {path!r}: Is a directory (name a file, not a folder)"
        )


def test_a_file_is_no_folder(path: str) -> None:
    Path(path).touch()
    assert message(lambda: libredb.open(path + "/app")) == (
        f"cannot open '{path}/app': Not a directory (check the folders in the path)"
    )


@pytest.mark.parametrize("mode", ["rwc", "r"])
def test_a_loop_of_links_is_called_one(path: str, mode: Any) -> None:
    Path(path).symlink_to(path)
    assert message(lambda: libredb.open(path, mode=mode)) == (
        f"cannot open {path!r}: {os.strerror(errno.ELOOP)} (check the links in the path)"
    )
    assert not os.path.lexists(path + ".lock")


@pytest.mark.parametrize("length", [252, 300])
def test_a_name_that_is_too_long_is_called_so(tmp_path: Path, length: int) -> None:
    """At 252 characters the name is good, and that of its lock file is not."""
    path = str(tmp_path / ("x" * length))
    assert message(lambda: libredb.open(path)) == (
        f"cannot open {path!r}: File name too long (choose a shorter name; files beside the "
        "database have longer ones)"
    )


@pytest.mark.parametrize("mode", ["rwc", "rw", "r"])
def test_a_device_is_no_database(mode: Any) -> None:
    told = message(lambda: libredb.open(os.devnull, mode=mode))
    assert told == f"cannot open '/dev/null': {NOT_REGULAR}"


@pytest.mark.parametrize("mode", ["rwc", "rw", "r"])
def test_a_socket_is_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    told = message(lambda: libredb.open("socket", mode=mode))
    assert told == f"cannot open 'socket': {NOT_REGULAR}"


def test_a_lock_file_is_no_database(path: str) -> None:
    assert message(lambda: libredb.open(path + ".lock")) == (
        f"cannot open '{path}.lock': .next and .lock files belong to a database "
        "(check the path and its file system)"
    )


def test_what_is_in_the_way_is_named(path: str) -> None:
    Path(path + ".lock").symlink_to("somewhere")
    assert message(lambda: libredb.open(path)) == (
        f"cannot open {path!r}: a symbolic link is where the lock file has to be: {path}.lock "
        "(move it out of the way)"
    )
    Path(path + ".lock").unlink()
    Path(path + ".next").mkdir()
    assert message(lambda: libredb.open(path)) == (
        f"cannot create the next file of {path!r}: a folder is where the next file has to be: "
        f"{path}.next (move it out of the way)"
    )


def test_a_second_writer_learns_what_to_do(path: str) -> None:
    with libredb.open(path):
        assert message(lambda: libredb.open(path)) == (
            f"cannot open {path!r}: the database is open for writing already (close it there first)"
        )


def test_a_database_that_was_moved_is_not_compacted_elsewhere_and_closing_says_so(
    path: str,
) -> None:
    db = libredb.open(path)
    db.transact(lambda tx: tx.set(b"key", b"value"))
    Path(path).rename(path + ".moved")
    assert message(db.compact) == (
        f"cannot create the next file of {path!r}: the file at this path is no longer the one "
        f"that was opened: {path} (check where the file or its folder went)"
    )
    assert "was moved, removed or replaced while it was open" in message(db.close)
    assert not Path(path).exists()
    with libredb.open(path + ".moved") as db:
        assert db.get(b"key") == b"value"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("EROFS", "check the mount, or open with mode 'r'"),
        ("EACCES", "check the permissions of the file and its folder"),
        ("EPERM", "check the permissions"),
        ("EMFILE", "check the limit on open files"),
        ("ENFILE", "check the limit on open files"),
    ],
)
def test_what_keeps_a_file_from_being_opened_has_a_hint_of_its_own(
    path: str, monkeypatch: pytest.MonkeyPatch, name: str, hint: str
) -> None:
    number = getattr(errno, name)
    monkeypatch.setattr(os, "open", refuse(number))
    assert message(lambda: libredb.open(path)) == (
        f"cannot open {path!r}: {os.strerror(number)} ({hint})"
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ENOSPC", " (check the free space of the device)"),
        ("EDQUOT", " (check the quota)"),
        ("EFBIG", " (check the limit on file sizes)"),
        ("EIO", " (check the device before you trust it with more)"),
        ("EINVAL", " (check the path and its file system)"),
        ("ENOTSUP", " (check the path and its file system)"),
        ("EXDEV", ""),
    ],
)
@pytest.mark.parametrize(("call", "what"), [("pwrite", "write to"), ("fdatasync", "sync")])
def test_what_makes_a_commit_fail_has_a_hint_of_its_own(
    path: str, monkeypatch: pytest.MonkeyPatch, call: str, what: str, name: str, hint: str
) -> None:
    number = getattr(errno, name)
    with libredb.open(path) as db, monkeypatch.context() as patch:
        failing = Calls(patch, call)
        failing.instead = refuse(number)
        told = message(lambda: db.transact(lambda tx: tx.set(b"key", b"value")))
    assert told == f"cannot {what} {path!r}: {os.strerror(number)}{hint}"
