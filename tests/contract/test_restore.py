"""A restored database is one of its own, and whole, or nothing was restored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import (
    DatabaseLockedError,
    StorageNotFoundError,
    UsageError,
    UsageTypeError,
    verify,
)
from libredb.kernel import image as image_module
from libredb.kernel import log as log_module
from sim.world.filesystem import SimFileSystem
from tests.support.backups import damage_old_backup, filled, header_of, is_as_good_as_nothing
from tests.support.case import case
from tests.support.files import flipped
from tests.support.work import commit, keys


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
    assert ours.database_id != theirs.database_id
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
    for offset in [*range(44), *range(4096, 4108), *range(8192, len(image))]:
        with case(offset=offset):
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
    monkeypatch.setattr(log_module, "PIECE_BYTES", 300)


def test_a_restored_database_is_of_a_later_generation_than_the_one_it_replaces(
    memory_fs: SimFileSystem,
) -> None:
    # With two slots the later generation wins, whatever a crash leaves.
    source = filled(memory_fs, count=4)
    other = SimFileSystem(memory_fs.style, seed=1)
    with filled(other, "q", 5) as db:
        for _ in range(3):
            db.compact()
    libredb.restore(source.backup(), "q", fs=other, replace=True)
    assert header_of(other, "q").generation == 4


def test_a_database_of_a_newer_format_is_neither_restored_nor_backed_up_over() -> None:
    """In two slots it was taken for nothing, because none of them was chosen, and emptied."""
    source = filled(SimFileSystem(), count=4)
    newer = b"LRDB\0\3\0\0" + bytes(9000)
    for slot in (0, 1):
        fs = SimFileSystem("slots")
        fs.install("q", newer, slot=slot)
        before = fs.images("q")
        with pytest.raises(libredb.UnsupportedVersionError):
            libredb.restore(source.backup(), "q", fs=fs, replace=True)
        with pytest.raises(libredb.UnsupportedVersionError):
            source.backup_to("q", fs=fs)
        assert fs.images("q") == before, f"slot {slot}"
        assert (fs.handles, fs.holder("q")) == (0, None)
