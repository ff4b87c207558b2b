"""An open file that is no longer at its path is noticed before anything is written beside it.

While a database was open, its folder was renamed and a copy put where it had been. The compaction
found the old path in order, wrote the next file there, and renamed it over the copy: the copy was
lost, and every later commit went where nobody looked for it. A database that was removed came back
with its next compaction, and one whose place another file had taken overwrote that file.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS, Calls, open_count

pytestmark = pytest.mark.cpython


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the database."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def path(home: Path) -> str:
    return str(home / "app.libredb")


def rename_folder(place: Path) -> None:
    place.parent.rename(place.parent.with_name("moved"))


def exchange_folder(place: Path) -> None:
    rename_folder(place)
    place.parent.mkdir()
    place.write_bytes(b"a copy")
    place.with_name("app.libredb.next").write_bytes(b"next to the copy")


def rename_folder_and_put_a_file(place: Path) -> None:
    rename_folder(place)
    place.parent.write_bytes(b"")


def rename_file(place: Path) -> None:
    place.rename(place.with_name("renamed"))


def remove(place: Path) -> None:
    place.unlink()


def exchange(place: Path) -> None:
    place.with_name("other").write_bytes(b"other")
    place.with_name("other").replace(place)


def leave_a_link(place: Path) -> None:
    rename_file(place)
    place.symlink_to("renamed")


def leave_a_folder(place: Path) -> None:
    place.unlink()
    place.mkdir()


MOVES: dict[str, Callable[[Path], None]] = {
    move.__name__: move
    for move in (
        rename_folder,
        exchange_folder,
        rename_folder_and_put_a_file,
        rename_file,
        remove,
        exchange,
        leave_a_link,
        leave_a_folder,
    )
}


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return each path under the folder, with the content of the files."""
    paths = sorted(folder.rglob("*"))
    return {str(path): path.read_bytes() if path.is_file() else None for path in paths}


def expect_gone(path: str, call: Callable[[], object]) -> None:
    with pytest.raises(OSError, match="no longer the one that was") as caught:
        call()
    assert caught.value.errno == errno.ESTALE
    assert caught.value.strerror is not None
    assert path in caught.value.strerror


@pytest.mark.parametrize("move", MOVES)
def test_a_file_that_is_not_at_its_path_any_more_gets_no_successor(
    file: OsLogFile, path: str, tmp_path: Path, move: str
) -> None:
    following = FS.create_next(path, file)
    following.write(0, b"following")
    MOVES[move](Path(path))
    before = everything(tmp_path), open_count()
    expect_gone(path, lambda: FS.create_next(path, file))
    expect_gone(path, lambda: FS.replace(path, file, following))
    expect_gone(path, lambda: FS.discard_next(path, file))
    assert (everything(tmp_path), open_count()) == before
    assert not file.in_place()
    assert file.read(0, 100) == b"x" * 100, "it may still be read"
    following.close()


@pytest.mark.parametrize("move", [remove, exchange, leave_a_link, leave_a_folder])
@pytest.mark.parametrize("replaces", [True, False])
def test_a_next_file_that_was_exchanged_does_not_become_the_database(
    file: OsLogFile, path: str, tmp_path: Path, move: Callable[[Path], None], *, replaces: bool
) -> None:
    """What somebody else put there in time would have been renamed to the database."""
    if not replaces:
        Path(path).unlink()
    current = file if replaces else None
    following = FS.create_next(path, current)
    move(Path(path + ".next"))
    before = everything(tmp_path)
    expect_gone(path + ".next", lambda: FS.replace(path, current, following))
    assert everything(tmp_path) == before
    following.close()


def test_a_file_is_in_place_from_the_moment_it_replaces_the_current_one(
    file: OsLogFile, path: str
) -> None:
    assert file.in_place()
    following = FS.create_next(path, file)
    assert following.in_place(), "it is at the path it was made at"
    FS.replace(path, file, following)
    assert following.in_place()
    assert not file.in_place()
    Path(path).unlink()
    assert not following.in_place()
    following.close()


def test_a_file_that_came_back_is_in_place_again(file: OsLogFile, home: Path) -> None:
    home.rename(home.with_name("moved"))
    assert not file.in_place()
    home.with_name("moved").rename(home)
    assert file.in_place()


def test_a_closed_file_does_not_say_whether_it_is_in_place(file: OsLogFile) -> None:
    file.close()
    with pytest.raises(OSError, match="the file is closed"):
        file.in_place()


def test_whether_it_is_in_place_is_not_guessed_when_nobody_can_look(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **named: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, "may not look")

    monkeypatch.setattr(os, "lstat", refuse)
    with pytest.raises(PermissionError):
        file.in_place()


def test_after_a_change_of_directory_the_folder_of_the_database_is_synced(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Had the path been resolved again, the folder of that name elsewhere were synced instead."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fsync = Calls(monkeypatch, "fsync")
    synced: list[bool] = []

    def note(descriptor: int) -> None:
        status = os.fstat(descriptor)
        synced.append(stat.S_ISDIR(status.st_mode) and os.path.samestat(status, home.stat()))
        fsync.real(descriptor)

    fsync.instead = note
    monkeypatch.chdir(home)
    first = FS.create_next("app.libredb", None)
    monkeypatch.chdir(elsewhere)
    FS.replace("app.libredb", None, first)
    second = FS.create_next("app.libredb", first)
    FS.replace("app.libredb", first, second)
    assert synced == [True, True]
    assert list(elsewhere.iterdir()) == []
    assert [entry.name for entry in home.iterdir()] == ["app.libredb"]
    first.close()
    second.close()
