"""Nothing of anybody else's is opened, changed, given away or shown, whatever lies in our places.

Whoever may write to the folder of a database can put something where the adapter expects its own
files. A user did that to root: `app.libredb` was the user's, `app.libredb.lock` a link to a file of
root's, and root, opening the database, followed the link and gave the file to the user, because a
lock file belongs to the owner of its database. So the lock file is made by a call that cannot find
anything, opened without following links, and only what this very call made is given to anybody.
"""

import errno
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from libredb_osfs.folder import Folder
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS, Calls, open_count

pytestmark = pytest.mark.cpython

USER, GROUP = 12345, 23456

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    """A file that is none of the adapter's business."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    precious.chmod(0o600)
    return precious


@pytest.fixture
def users(path: str) -> str:
    """A database that belongs to a user who is not root."""
    Path(path).write_bytes(b"x" * 100)
    Path(path).chmod(0o640)
    os.chown(path, USER, GROUP)
    return path


def state(path: Path) -> tuple[int, int, int, bytes]:
    status = path.stat()
    return status.st_uid, status.st_gid, status.st_mode, path.read_bytes()


def put_folder(place: str, _: Path) -> None:
    Path(place).mkdir()


def put_link(place: str, precious: Path) -> None:
    Path(place).symlink_to(precious)


def put_dangling_link(place: str, precious: Path) -> None:
    Path(place).symlink_to(precious.with_name("not there"))


def put_loop(place: str, _: Path) -> None:
    Path(place).symlink_to(place)


def put_pipe(place: str, _: Path) -> None:
    os.mkfifo(place)


def put_socket(place: str, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:  # the name of a socket must be short
        listener.bind(os.path.relpath(place))


def put_device(place: str, _: Path) -> None:
    try:
        os.mknod(place, stat.S_IFCHR | 0o666, Path(os.devnull).stat().st_rdev)
    except PermissionError:
        pytest.skip("this process may not make devices")


OBSTACLES: dict[str, tuple[str, Callable[[str, Path], None]]] = {
    "folder": ("a folder", put_folder),
    "link": ("a symbolic link", put_link),
    "dangling link": ("a symbolic link", put_dangling_link),
    "loop": ("a symbolic link", put_loop),
    "pipe": ("a pipe", put_pipe),
    "socket": ("a socket", put_socket),
    "device": ("a device", put_device),
}

obstacles = pytest.mark.parametrize("obstacle", OBSTACLES)


# The lock file.


@only_root
def test_root_gives_no_file_away_through_a_link_at_the_lock(users: str, precious: Path) -> None:
    Path(users + ".lock").symlink_to(precious)
    before = state(precious)
    with pytest.raises(FileExistsError):
        FS.lock(users)
    assert state(precious) == before


@obstacles
def test_what_is_no_file_at_the_lock_is_named_and_left_alone(
    path: str, precious: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    tmp_path = precious.parent
    monkeypatch.chdir(tmp_path)
    kind, put = OBSTACLES[obstacle]
    put(path + ".lock", precious)
    before = sorted(tmp_path.iterdir()), os.lstat(path + ".lock"), open_count()
    with pytest.raises(FileExistsError) as caught:
        FS.lock(path)
    assert caught.value.errno == errno.EEXIST
    assert caught.value.strerror == f"{kind} is where the lock file has to be: {path}.lock"
    assert (sorted(tmp_path.iterdir()), os.lstat(path + ".lock"), open_count()) == before
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("obstacle", ["link", "dangling link", "pipe", "device"])
def test_what_comes_to_the_lock_after_it_was_looked_at_is_refused_as_well(
    path: str, precious: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    """Whoever puts a link there between the look and the opening must not win the race."""
    OBSTACLES[obstacle][1](path + ".lock", precious)
    before = open_count()

    def see_nothing(folder: Folder, name: str) -> None:
        """Look before it was there."""

    monkeypatch.setattr(Folder, "status", see_nothing)
    with pytest.raises(OSError, match=r"symbolic links|has to be"):
        FS.lock(path)
    assert open_count() == before
    assert not precious.with_name("not there").exists()


def test_a_lock_file_that_is_gone_before_it_is_opened_is_not_made(
    tmp_path: Path,
) -> None:
    """Made by a call that may find something, it would be made through whatever comes there."""
    with Folder(str(tmp_path)) as folder, pytest.raises(FileNotFoundError):
        folder.open("app.libredb.lock", "lock file")
    assert list(tmp_path.iterdir()) == []


@only_root
def test_a_lock_file_that_was_there_is_not_given_to_anybody(users: str) -> None:
    lock_file = Path(users + ".lock")
    lock_file.touch(0o600)
    before = state(lock_file)
    FS.lock(users).release()
    assert state(lock_file) == before


@only_root
def test_a_hard_link_at_the_lock_is_locked_and_nothing_else(users: str, precious: Path) -> None:
    """Copies of a folder made by hard links are common, so it is no reason to refuse."""
    Path(users + ".lock").hardlink_to(precious)
    before = state(precious)
    FS.lock(users).release()
    assert state(precious) == before


@only_root
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o6755])
def test_a_lock_file_is_for_those_who_may_open_the_database(users: str, mode: int) -> None:
    """Root's lock file beside a database of a group kept the group from writing."""
    Path(users).chmod(mode)
    FS.lock(users).release()
    status = Path(users + ".lock").stat()
    assert (status.st_uid, status.st_gid) == (USER, GROUP)
    assert stat.S_IMODE(status.st_mode) == mode & 0o777


@pytest.fixture
def swapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """A database whose folder is renamed, and replaced by a link, as soon as it was looked at."""
    home, system = tmp_path / "home", tmp_path / "system"
    home.mkdir()
    system.mkdir()
    real = Folder.status

    def swap(folder: Folder, name: str) -> os.stat_result | None:
        status = real(folder, name)
        if not home.is_symlink():
            home.rename(tmp_path / "moved")
            home.symlink_to(system)
        return status

    monkeypatch.setattr(Folder, "status", swap)
    return str(home / "app.libredb"), system


def test_a_folder_that_is_exchanged_gets_no_lock_file(swapped: tuple[str, Path]) -> None:
    """With a name of two calls, the second was made in a folder of root's and given away."""
    path, system = swapped
    Path(path).write_bytes(b"x")
    FS.lock(path).release()
    assert list(system.iterdir()) == []
    assert (system.parent / "moved" / "app.libredb.lock").exists()


# The next file.


@obstacles
@pytest.mark.parametrize("call", ["create_next", "discard_next"])
def test_what_is_no_file_at_the_next_file_is_named_and_left_alone(
    file: OsLogFile, precious: Path, monkeypatch: pytest.MonkeyPatch, call: str, obstacle: str
) -> None:
    """A folder there was a database that could not be opened: "Is a directory", of which path?"""
    path, tmp_path = file.handle.path, precious.parent
    monkeypatch.chdir(tmp_path)
    kind, put = OBSTACLES[obstacle]
    put(path + ".next", precious)
    before = sorted(tmp_path.iterdir()), os.lstat(path + ".next"), open_count()
    with pytest.raises(FileExistsError) as caught:
        getattr(FS, call)(path, file)
    assert caught.value.errno == errno.EEXIST
    assert caught.value.strerror == f"{kind} is where the next file has to be: {path}.next"
    assert (sorted(tmp_path.iterdir()), os.lstat(path + ".next"), open_count()) == before
    assert precious.read_bytes() == b"precious"


@pytest.mark.parametrize("left_over", [True, False])
def test_what_comes_to_the_next_file_while_it_is_made_is_not_written_to(
    file: OsLogFile,
    path: str,
    precious: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    left_over: bool,
) -> None:
    """Made without O_EXCL, the next file would be whatever somebody puts there in time."""
    if left_over:
        Path(path + ".next").touch()
    real_open = os.open

    def slow_open(name: str, *arguments: Any, **named: Any) -> int:
        if name == Path(path).name + ".next":
            Path(path + ".next").symlink_to(precious)
        return real_open(name, *arguments, **named)

    monkeypatch.setattr(os, "open", slow_open)
    with pytest.raises(FileExistsError):
        FS.create_next(path, file)
    assert precious.read_bytes() == b"precious"


def test_a_folder_that_is_exchanged_gets_no_next_file(swapped: tuple[str, Path]) -> None:
    path, system = swapped
    Path(path).write_bytes(b"x")
    (file,) = FS.open(path, writable=True)
    FS.create_next(path, file).close()
    file.close()
    assert list(system.iterdir()) == []


def test_a_next_file_is_never_open_to_anybody_who_may_not_open_it_in_the_end(
    file: OsLogFile, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever opens it in such a moment keeps it open, and reads what is written later."""
    for final in range(0o1000):
        Path(path).chmod(final)
        seen: list[int] = []

        def look(name: str, *, seen: list[int] = seen) -> Callable[..., Any]:
            real: Callable[..., Any] = getattr(os, name)

            def looking(*arguments: Any, **named: Any) -> Any:
                returned = real(*arguments, **named)
                mode = os.fstat(returned if name == "open" else arguments[0]).st_mode
                if not stat.S_ISDIR(mode):
                    seen.append(stat.S_IMODE(mode))
                return returned

            return looking

        with monkeypatch.context() as patch:
            for name in ("open", "fchown", "fchmod"):
                patch.setattr(os, name, look(name))
            FS.create_next(path, file).close()
        told = f"{final:o} after {[f'{mode:o}' for mode in seen]}"
        assert seen == [final & 0o600, final & 0o600, final], told


@pytest.mark.parametrize("bits", [stat.S_ISUID, stat.S_ISGID, stat.S_ISVTX, 0o7000])
def test_a_next_file_runs_as_nobody_else(file: OsLogFile, path: str, bits: int) -> None:
    Path(path).chmod(0o755 | bits)
    FS.create_next(path, file).close()
    assert stat.S_IMODE(Path(path + ".next").stat().st_mode) == 0o755


@only_root
@pytest.mark.parametrize(("keeps_group", "mode"), [(True, 0o664), (False, 0o604)])
def test_the_rights_of_a_group_go_to_that_group_or_to_none(
    users: str, monkeypatch: pytest.MonkeyPatch, *, keeps_group: bool, mode: int
) -> None:
    """What the group of the database may do was given to the group of whoever compacted it."""
    Path(users).chmod(0o664)
    (file,) = FS.open(users, writable=True)
    fchown = Calls(monkeypatch, "fchown")

    def only_the_group(descriptor: int, user: int, group: int) -> None:
        if user != -1 or not keeps_group:
            raise OSError(errno.EPERM, "not permitted")
        fchown.real(descriptor, user, group)

    fchown.instead = only_the_group
    FS.create_next(users, file).close()
    status = Path(users + ".next").stat()
    assert (status.st_gid == GROUP) == keeps_group
    assert stat.S_IMODE(status.st_mode) == mode
    file.close()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_database_made_of_an_empty_file_is_as_private_as_the_file(path: str, mode: int) -> None:
    """A temporary file, private and empty, became a database that everybody could read."""
    Path(path).touch()
    Path(path).chmod(mode)
    following = FS.create_next(path, None)
    FS.replace(path, None, following)
    following.close()
    assert stat.S_IMODE(Path(path).stat().st_mode) == mode
