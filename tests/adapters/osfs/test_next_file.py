"""The next file: whose it is, who may read it, and what may be in its place."""

import errno
import os
import stat
from pathlib import Path

import pytest
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS, Calls, refuse

pytestmark = pytest.mark.cpython


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_replace_keeps_the_permissions_of_the_file(path: str, mode: int) -> None:
    Path(path).write_bytes(b"x")
    Path(path).chmod(mode)
    (current,) = FS.open(path, writable=True)
    following = FS.create_next(path, current)
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == mode
    FS.replace(path, current, following)
    assert stat.S_IMODE(Path(path).stat().st_mode) == mode
    current.close()
    following.close()


def test_a_next_file_is_private_until_it_has_the_permissions_of_the_current_one(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(path).chmod(0o644)
    monkeypatch.setattr(os, "fchmod", refuse(errno.EPERM))
    following = FS.create_next(path, file)
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == 0o600
    following.close()


def test_a_new_database_gets_what_the_umask_leaves(path: str) -> None:
    before = os.umask(0o027)
    try:
        FS.create_next(path, None).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == 0o640


def test_replace_keeps_the_owner_where_it_may(path: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    Path(path).write_bytes(b"x")
    os.chown(path, 12345, 23456)
    Path(path).chmod(0o640)
    (current,) = FS.open(path, writable=True)
    following = FS.create_next(path, current)
    status = Path(path + ".next").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 23456, 0o640)
    current.close()
    following.close()


def test_the_owner_is_tried_then_the_group_alone_then_neither(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fchown = Calls(monkeypatch, "fchown")
    fchown.instead = refuse(errno.EPERM)
    FS.create_next(path, file).close()
    status = Path(path).stat()
    assert [arguments[1:] for arguments in fchown.seen] == [
        (status.st_uid, status.st_gid),
        (-1, status.st_gid),
    ]


def test_a_left_over_next_file_is_removed_and_not_written_through(
    tmp_path: Path, path: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    Path(path + ".next").hardlink_to(precious)
    following = FS.create_next(path, None)
    following.write(0, b"overwritten?")
    following.close()
    assert precious.read_bytes() == b"precious"
    following = FS.create_next(path, None)
    assert following.size() == 0
    following.close()


def test_discard_next_removes_what_is_there_and_nothing_else(file: OsLogFile, path: str) -> None:
    FS.create_next(path, file).close()
    FS.discard_next(path, file)
    FS.discard_next(path, file)
    assert not Path(path + ".next").exists()
    assert Path(path).read_bytes() == b"x" * 100


def test_the_replaced_file_stays_open_until_the_kernel_closes_it(
    file: OsLogFile, path: str
) -> None:
    following = FS.create_next(path, file)
    following.write(0, b"following")
    FS.replace(path, file, following)
    assert file.read(0, 100) == b"x" * 100
    assert following.handle.path == path
    following.close()
