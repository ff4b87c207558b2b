"""Which file a path leads to, and what is refused there."""

import errno
import os
import socket
from pathlib import Path

import pytest

from tests.adapters.osfs.support import FS, open_count

pytestmark = pytest.mark.cpython


def test_a_symbolic_link_and_its_target_share_one_lock(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    link = str(tmp_path / "folder" / "link")
    Path(link).symlink_to(path)
    lock = FS.lock(link)
    with pytest.raises(BlockingIOError):
        FS.lock(path)
    assert Path(path + ".lock").exists()
    assert not Path(link + ".lock").exists()
    lock.release()


def test_replace_through_a_symbolic_link_replaces_its_target(tmp_path: Path, path: str) -> None:
    link = str(tmp_path / "link")
    Path(link).symlink_to("app.libredb")
    for content, current in ((b"created", None), (b"replaced", "found")):
        old = FS.open(link, writable=True)[0] if current else None
        following = FS.create_next(link, old)
        following.write(0, content)
        FS.replace(link, old, following)
        following.close()
        if old is not None:
            assert old.read(0, 99) == b"created"
            old.close()
        assert Path(link).is_symlink()
        assert Path(path).read_bytes() == content
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["app.libredb", "link"]


def test_an_open_file_is_replaced_where_it_is_after_a_change_of_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    first = FS.create_next("app.libredb", None)
    FS.replace("app.libredb", None, first)
    monkeypatch.chdir(tmp_path / "elsewhere")
    second = FS.create_next("app.libredb", first)
    second.write(0, b"second")
    FS.replace("app.libredb", first, second)
    FS.create_next("app.libredb", second).close()
    FS.discard_next("app.libredb", second)
    first.close()
    second.close()
    assert (tmp_path / "app.libredb").read_bytes() == b"second"
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert not (tmp_path / "app.libredb.next").exists()


def test_a_path_with_nothing_behind_it_opens_as_nothing(tmp_path: Path, path: str) -> None:
    assert list(FS.open(path, writable=True)) == []
    assert list(FS.open(str(tmp_path / "no" / "folder"), writable=False)) == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_parent_is_a_missing_file_to_whoever_wants_to_write(tmp_path: Path) -> None:
    path = str(tmp_path / "no" / "folder")
    for call in (
        lambda: FS.lock(path),
        lambda: FS.create_next(path, None),
        lambda: FS.sync_directory(path),
    ):
        with pytest.raises(FileNotFoundError):
            call()


def test_a_parent_that_is_a_file_is_no_directory(path: str) -> None:
    Path(path).write_bytes(b"x")
    for call in (lambda: FS.lock(path + "/db"), lambda: FS.open(path + "/db", writable=False)):
        with pytest.raises(NotADirectoryError):
            call()


@pytest.mark.parametrize("writable", [False, True])
def test_a_directory_is_refused(tmp_path: Path, *, writable: bool) -> None:
    before = open_count()
    with pytest.raises(IsADirectoryError):
        FS.open(str(tmp_path), writable=writable)
    assert open_count() == before


def test_a_path_that_cannot_be_a_database_leaves_no_lock_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(IsADirectoryError):
        FS.lock(str(tmp_path / "folder"))
    with pytest.raises(OSError, match="not a regular file"):
        FS.lock(str(tmp_path / "pipe"))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["folder", "pipe"]


@pytest.mark.parametrize("writable", [False, True])
def test_a_pipe_is_refused_without_waiting_for_its_other_end(path: str, *, writable: bool) -> None:
    os.mkfifo(path)
    with pytest.raises(OSError, match="not a regular file") as caught:
        FS.open(path, writable=writable)
    assert caught.value.errno == errno.EINVAL


def test_a_device_and_a_socket_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        FS.open(os.devnull, writable=True)
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(OSError, match="not a regular file"):
            FS.open("socket", writable=False)


@pytest.mark.parametrize("name", ["nul\0byte", "surrogate\ud800"])
def test_a_name_the_system_cannot_have_is_an_os_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="no such file names") as caught:
        FS.open(str(tmp_path / name), writable=False)
    assert caught.value.errno == errno.EINVAL


def test_a_name_that_is_not_utf8_works(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(str(tmp_path)) + b"/caf\xe9")
    following = FS.create_next(path, None)
    FS.replace(path, None, following)
    following.close()
    assert [os.fsencode(entry.name) for entry in tmp_path.iterdir()] == [b"caf\xe9"]


def test_a_read_only_file_opens_for_reading_alone(path: str) -> None:
    Path(path).write_bytes(b"x")
    Path(path).chmod(0o400)
    (file,) = FS.open(path, writable=False)
    for call in (lambda: file.write(0, b"y"), lambda: file.truncate(0)):
        with pytest.raises(OSError, match=r"descriptor|argument"):
            call()
    file.close()
    assert Path(path).read_bytes() == b"x"


def test_a_file_without_write_permission_is_refused_for_writing(path: str) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write to every file")
    Path(path).write_bytes(b"x")
    Path(path).chmod(0o400)
    with pytest.raises(PermissionError):
        FS.open(path, writable=True)
