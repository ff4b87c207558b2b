"""A backup is whole or not there, a restored database is one of its own, and nobody waits for them.

README's first recipe wrote the pieces of `backup()` into the file of the last backup. On a full
disk that left half of the new one, and nothing of the old.
"""

import errno
import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import (
    CorruptLogError,
    DatabaseLockedError,
    FileSystem,
    NotADatabaseError,
    StorageError,
    UsageError,
    verify,
)
from libredb.kernel import image as image_module
from sim.world.filesystem import SimFileSystem
from tests.support.backups import damage_old_backup, filled, header_of
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.files import contents, put
from tests.support.work import commit

STATES = ("rename", "slots")


# The iterator


def test_a_backup_is_the_file_after_closing(fs: FileSystem, db_path: str) -> None:
    for _ in range(2):
        with filled(fs, db_path) as db:
            image = b"".join(db.backup())
        assert image in contents(fs, db_path)
        with libredb.open(db_path, fs=fs) as db:
            db.compact()


def test_a_backup_is_the_state_of_its_call_however_slowly_it_is_read(
    memory_fs: SimFileSystem,
) -> None:
    db = filled(memory_fs)
    before = dict(db.scan())
    pieces = db.backup()
    assert db.pending_commits == 0
    commit(db, b"later", b"and later")
    first = next(pieces)
    commit(db, b"much later")
    other = SimFileSystem()
    put(other, "copy", first + b"".join(pieces))
    with libredb.open("copy", fs=other, mode="rw") as copy:
        assert dict(copy.scan()) == before
        assert copy.version == db.version - 3


def test_a_slow_reader_of_a_backup_stops_nobody(fs: FileSystem, db_path: str) -> None:
    with filled(fs, db_path) as db:
        pieces = db.backup()
        for count, _ in enumerate(pieces):
            commit(db, b"while it is read %d" % count)
            assert db.get(b"while it is read %d" % count) == b""
        with db.group():
            commit(db, b"in a group")


@pytest.mark.cpython
def test_a_backup_may_move_between_threads(memory_fs: SimFileSystem) -> None:
    db = filled(memory_fs)
    pieces, read = db.backup(), list[bytes]()
    for _ in range(50):  # more than there are pieces
        thread = threading.Thread(target=lambda: read.extend([next(pieces, b"")]))
        thread.start()
        thread.join()
    assert b"".join(read) == b"".join(db.backup())
    commit(db, b"after it")


def test_a_backup_ends_with_an_error_when_the_database_is_closed(
    fs: FileSystem, db_path: str
) -> None:
    db = filled(fs, db_path)
    pieces = db.backup()
    next(pieces)
    db.close()
    with pytest.raises(UsageError, match="closed before its backup was read"):
        next(pieces)
    assert list(pieces) == []


def test_a_compaction_ends_a_backup_only_where_it_empties_the_file() -> None:
    for style in STATES:
        with case(style=style):
            fs = SimFileSystem(style)
            db = filled(fs)
            before = b"".join(db.backup())
            pieces = db.backup()
            first = next(pieces)
            db.compact()
            if style == "rename":
                assert first + b"".join(pieces) == before
            else:
                with pytest.raises(UsageError, match="compacted before its backup was read"):
                    next(pieces)
            commit(db, b"the database goes on")
            db.close()
            assert fs.handles == 0


def test_damage_does_not_travel(memory_fs: SimFileSystem) -> None:
    db = filled(memory_fs)
    size = db.log_bytes
    for offset in range(8192, size, 61):
        with case(offset=offset):
            (file,) = (f for f in memory_fs._files() if len(f.cache) >= size)
            file.cache[offset] ^= 1
            with pytest.raises(CorruptLogError) as caught:
                list(db.backup())
            assert 8192 <= caught.value.offset <= offset
            file.cache[offset] ^= 1
    assert len(b"".join(db.backup())) == size


def test_a_dropped_backup_gives_its_file_back(memory_fs: SimFileSystem) -> None:
    db = filled(memory_fs)
    open_before = memory_fs.handles
    for read in range(3):
        pieces = db.backup()
        for _ in range(read):
            next(pieces)
        del pieces
        gc.collect()
        assert memory_fs.handles == open_before, f"{read} pieces were read"
    pieces = db.backup()
    pieces.close()
    pieces.close()
    assert list(pieces) == []
    assert memory_fs.handles == open_before


def test_where_there_is_no_log_there_is_no_backup(memory_fs: SimFileSystem) -> None:
    put(memory_fs, "empty", b"")
    for db in (libredb.open(), libredb.open("empty", mode="r", fs=memory_fs)):
        with db:
            with pytest.raises(UsageError, match="in an empty file there is no log"):
                db.backup()
            with pytest.raises(UsageError, match="in an empty file there is no log"):
                db.backup_to("x")


# To a path


def test_backup_to_writes_a_database_that_opens_clean(memory_fs: SimFileSystem) -> None:
    other = SimFileSystem(memory_fs.style)
    db = filled(memory_fs)
    db.backup_to("copy", fs=other)
    assert verify("copy", fs=other).outcome == "clean"
    assert header_of(other, "copy") == header_of(memory_fs, "p")
    with libredb.open("copy", fs=other, mode="rw") as copy:
        assert (dict(copy.scan()), copy.version) == (dict(db.scan()), db.version)
        commit(copy, b"it takes commits")
    commit(db, b"and so does the original")


@pytest.mark.cpython
def test_backup_to_needs_no_file_system_on_one(tmp_path: Path) -> None:
    with libredb.open(tmp_path / "a.libredb") as db:
        commit(db, b"k")
        db.backup_to(tmp_path / "b.libredb")
        db.backup_to(tmp_path / "b.libredb")  # over the last one
    assert verify(tmp_path / "b.libredb").entries == 1
    assert {path.name for path in tmp_path.iterdir()} == {
        *("a.libredb", "a.libredb.lock"),
        *("b.libredb", "b.libredb.lock"),
    }


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "damaged"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_whatever_fails_the_last_backup_is_kept(
    memory_fs: SimFileSystem, error: BaseException, *, damaged: bool
) -> None:
    db = filled(memory_fs)

    def prepared() -> SimFileSystem:
        other = SimFileSystem(memory_fs.style)
        with filled(other, "copy", 5):
            pass
        if damaged:
            damage_old_backup(other)
        return other

    other = prepared()
    calls = Fault(other, error)
    db.backup_to("copy", fs=other)
    for at in range(1, len(calls.names) + 1):
        with case(number=at, call=calls.names[at - 1]):
            other = prepared()
            before = max(other.images("copy"), key=len)
            Fault(other, error, at)
            with pytest.raises((StorageError, KeyboardInterrupt)):
                db.backup_to("copy", fs=other)
            other.hook = None
            found = other.images("copy")
            assert before in found or verify("copy", fs=other).version == db.version
            db.backup_to("copy", fs=other)
            assert verify("copy", fs=other).version == db.version
    commit(db, b"the original goes on")


def test_backup_to_replaces_nothing_that_is_no_database(memory_fs: SimFileSystem) -> None:
    other = SimFileSystem()
    other.install("notes", b"dear diary" * 1000)
    with filled(memory_fs) as db, pytest.raises(NotADatabaseError):
        db.backup_to("notes", fs=other)
    assert other.images("notes") == [b"dear diary" * 1000]


def test_backup_to_its_own_path_is_refused(memory_fs: SimFileSystem) -> None:
    with filled(memory_fs) as db:
        with pytest.raises(DatabaseLockedError):
            db.backup_to("p", fs=memory_fs)
        commit(db, b"nothing happened")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even a small image have many pieces."""
    monkeypatch.setattr(image_module, "PIECE_BYTES", 300)


def test_what_was_written_is_read_back_before_it_replaces_the_last_backup(
    memory_fs: SimFileSystem,
) -> None:
    db = filled(memory_fs)
    other = SimFileSystem(memory_fs.style, seed=1)
    with filled(other, "copy", 5):
        pass
    before = max(other.images("copy"), key=len)

    def flip(name: str, _: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> object:
        if name == "write" and arguments[0] >= 8192:
            offset, data = arguments
            return effect(offset, data[:-1] + bytes([data[-1] ^ 1]))
        return effect(*arguments)

    other.hook = flip
    with pytest.raises(CorruptLogError):
        db.backup_to("copy", fs=other)
    other.hook = None
    assert [image for image in other.images("copy") if image] == [before]
    assert not other.images("copy.next")
    assert other.handles == 0


@pytest.mark.parametrize("error", [OSError(errno.EIO, "no"), KeyboardInterrupt()])
def test_a_backup_that_cannot_begin_leaves_no_file_open(
    memory_fs: SimFileSystem, error: BaseException
) -> None:
    db = filled(memory_fs)
    db.sync()
    open_before = memory_fs.handles
    calls = Fault(memory_fs, error)
    db.backup().close()
    memory_fs.hook = None
    assert "read" in calls.names
    for at in range(1, len(calls.names)):  # the last one closes what was begun
        Fault(memory_fs, error, at)
        with pytest.raises((StorageError, KeyboardInterrupt)):
            db.backup()
        memory_fs.hook = None
        assert memory_fs.handles == open_before, f"call {at}, {calls.names[at - 1]}"
    commit(db, b"and the database goes on")


def test_an_image_that_never_was_made_goes_without_a_word() -> None:
    image_module.Image.__new__(image_module.Image).__del__()
