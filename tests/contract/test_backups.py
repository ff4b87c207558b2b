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
    Database,
    DatabaseLockedError,
    FileSystem,
    GroupCommit,
    NotADatabaseError,
    StorageError,
    StorageNotFoundError,
    UsageError,
    UsageTypeError,
    verify,
)
from libredb.kernel import image as image_module
from libredb.kernel.record import FILE_HEADER_LENGTH, decode_file_header
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.files import contents, flipped, put
from tests.support.work import commit, keys

STATES = ("rename", "slots")


def filled(fs: FileSystem, path: str = "p", count: int = 40) -> Database:
    """Return a database with overwritten, deleted and pending commits."""
    db = libredb.open(path, fs=fs, group_commit=GroupCommit(commits=1000))
    for number in range(count):
        db.transact(lambda tx, n=number: tx.set(b"%d" % (n % 7), bytes([n]) * 50))
    db.transact(lambda tx: tx.delete(b"3"))
    return db


def header_of(fs: SimFileSystem, path: str) -> Any:
    image = max(fs.images(path), key=len)
    return decode_file_header(image[:FILE_HEADER_LENGTH])


def is_as_good_as_nothing(fs: SimFileSystem) -> bool:
    """Whether nothing is at `copy`, or an empty database."""
    return not any(fs.images("copy")) or verify("copy", fs=fs).version == 0


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


def test_a_database_in_memory_has_no_backup() -> None:
    with libredb.open() as db:
        with pytest.raises(UsageError, match="no file"):
            db.backup()
        with pytest.raises(UsageError, match="no file"):
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


def damage_old_backup(fs: SimFileSystem) -> None:
    (file,) = (f for f in fs._files() if len(f.cache) > 8192)
    file.settle(flipped(bytes(file.cache), 8200))


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
    places = calls.names
    for at in range(1, len(places) + 1):
        other = prepared()
        before = max(other.images("copy"), key=len)
        Fault(other, error, at)
        try:
            with pytest.raises((StorageError, KeyboardInterrupt)):
                db.backup_to("copy", fs=other)
        except BaseException as failure:
            failure.add_note(f"call {at}, {places[at - 1]}, of {error!r}")
            raise
        other.hook = None
        found = other.images("copy")
        assert before in found or verify("copy", fs=other).version == db.version, (at, places)
        db.backup_to("copy", fs=other)
        assert verify("copy", fs=other).version == db.version, (at, places)
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


# Restoring


def test_a_restored_database_has_the_contents_and_a_salt_of_its_own(
    memory_fs: SimFileSystem,
) -> None:
    db = filled(memory_fs)
    db.compact()
    commit(db, b"after the snapshot")
    image = b"".join(db.backup())
    other = SimFileSystem(memory_fs.style, seed=1)
    libredb.restore(image, "copy", fs=other)
    theirs, ours = header_of(memory_fs, "p"), header_of(other, "copy")
    assert ours.salt != theirs.salt
    assert ours.generation == theirs.generation + 1
    with libredb.open("copy", fs=other, mode="rw") as copy:
        assert (dict(copy.scan()), copy.version) == (dict(db.scan()), db.version)
    assert verify("copy", fs=other).records == verify("p", fs=memory_fs).records


def test_a_restored_file_does_not_take_a_crash_for_a_proof(memory_fs: SimFileSystem) -> None:
    # A copy of the file shared its salt with the original. Overtaken by it, and then torn by a
    # crash that left a record of the original behind, the copy was refused as damaged.
    db = filled(memory_fs)
    image = b"".join(db.backup())
    copy = SimFileSystem(memory_fs.style, seed=1)
    libredb.restore(image, "copy", fs=copy)
    commit(db, *(b"%d" % n for n in range(40)))
    later = b"".join(db.backup())[len(image) :]
    (file,) = (f for f in copy._files() if len(f.cache) >= len(image))
    file.settle(bytes(file.cache) + later[100:])
    assert verify("copy", fs=copy).outcome == "cut"


@pytest.mark.parametrize("size", [1, 7, 8191, 8192, 8193, 10**9])
def test_an_image_comes_in_pieces_of_any_size(memory_fs: SimFileSystem, size: int) -> None:
    db = filled(memory_fs, count=3)
    image = b"".join(db.backup())
    other = SimFileSystem(memory_fs.style)
    pieces = (image[start : start + size] for start in range(0, len(image), size))
    libredb.restore(pieces, "copy", fs=other)
    with libredb.open("copy", fs=other, mode="rw") as copy:
        assert dict(copy.scan()) == dict(db.scan())


@pytest.mark.cpython
def test_a_path_restores_as_well(tmp_path: Path) -> None:
    with libredb.open(tmp_path / "a.libredb") as db:
        commit(db, b"k")
        db.backup_to(tmp_path / "backup.libredb")
    libredb.restore(tmp_path / "backup.libredb", tmp_path / "b.libredb")
    with libredb.open(tmp_path / "b.libredb", mode="rw") as db:
        assert keys(db) == [b"k"]


def test_a_database_is_replaced_only_if_that_is_asked_for(memory_fs: SimFileSystem) -> None:
    source = filled(memory_fs, count=9)
    other = SimFileSystem(memory_fs.style)
    with filled(other, "q", 3):
        pass
    with pytest.raises(UsageError, match="replace=True"):
        libredb.restore(source.backup(), "q", fs=other)
    libredb.restore(source.backup(), "q", fs=other, replace=True)
    with libredb.open("q", fs=other, mode="rw") as db:
        assert dict(db.scan()) == dict(source.scan())


def test_an_empty_database_is_replaced_without_asking(memory_fs: SimFileSystem) -> None:
    source = filled(memory_fs, count=9)
    other = SimFileSystem(memory_fs.style)
    libredb.open("q", fs=other).close()
    libredb.restore(source.backup(), "q", fs=other)
    assert verify("q", fs=other).version == source.version


def test_a_damaged_database_is_replaced_only_if_that_is_asked_for(
    memory_fs: SimFileSystem,
) -> None:
    source = filled(memory_fs, count=9)
    other = SimFileSystem(memory_fs.style)
    with filled(other, "q", 30):
        pass
    damage_old_backup(other)
    assert verify("q", fs=other).outcome == "refused"
    with pytest.raises(UsageError, match="replace=True"):
        libredb.restore(source.backup(), "q", fs=other)
    libredb.restore(source.backup(), "q", fs=other, replace=True)
    assert verify("q", fs=other).version == source.version


def test_a_damaged_image_restores_nothing(memory_fs: SimFileSystem) -> None:
    db = filled(memory_fs, count=4)
    image = b"".join(db.backup())
    for offset in [*range(36), *range(4096, 4108), *range(8192, len(image))]:
        other = SimFileSystem(memory_fs.style)
        with pytest.raises(libredb.LogFileError):
            libredb.restore(flipped(image, offset), "copy", fs=other)
        assert is_as_good_as_nothing(other), f"byte {offset}"


def test_an_image_that_is_not_whole_restores_nothing(memory_fs: SimFileSystem) -> None:
    db = filled(memory_fs, count=4)
    image = b"".join(db.backup())
    for wrong in (
        *(image[:length] for length in (0, 1, 36, 8191, 8192, len(image) - 1)),
        image + b"more",
        max(memory_fs.images("p"), key=len),  # the file of an open database
    ):
        other = SimFileSystem(memory_fs.style)
        with pytest.raises(libredb.LogFileError):
            libredb.restore(wrong, "copy", fs=other)
        assert is_as_good_as_nothing(other), f"{len(wrong)} bytes"


def test_the_open_database_is_not_replaced(memory_fs: SimFileSystem) -> None:
    db = filled(memory_fs, count=4)
    with pytest.raises(DatabaseLockedError):
        libredb.restore(db.backup(), "p", fs=memory_fs, replace=True)
    commit(db, b"it goes on")


def test_a_backup_that_is_not_there_cannot_be_restored(memory_fs: SimFileSystem) -> None:
    with pytest.raises(StorageNotFoundError, match="missing"):
        libredb.restore("missing", "copy", fs=memory_fs)


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: 5, "a path or the pieces of an image"),
    (lambda: ["text"], "pieces of bytes, not of str"),
    (lambda: iter([5]), "pieces of bytes, not of int"),
]


@pytest.mark.parametrize(("source", "message"), WRONG)
def test_a_source_of_another_type_is_refused(
    memory_fs: SimFileSystem, source: Callable[[], Any], message: str
) -> None:
    with pytest.raises(UsageTypeError, match=message):
        libredb.restore(source(), "copy", fs=memory_fs)
    assert is_as_good_as_nothing(memory_fs)
    assert memory_fs.handles == 0
    libredb.open("copy", fs=memory_fs).close()  # nobody has the lock


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even a small image have many pieces."""
    monkeypatch.setattr(image_module, "PIECE_BYTES", 300)
