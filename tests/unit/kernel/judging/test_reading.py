"""A file is judged from its first bytes and read in memory bounds; nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import libredb
from libredb import (
    IncompleteReadError,
    NotADatabaseError,
    RecoveryReport,
    StorageError,
)
from libredb.kernel import log as log_module
from libredb.kernel.level import Op
from libredb.kernel.log import PIECE_BYTES
from libredb.kernel.placement import Place
from libredb.kernel.record import RECORDS_OFFSET
from sim.world.filesystem import SimFileSystem
from tests.support.files import flipped, log_image
from tests.support.ports import Calls, a_database
from tests.support.work import commit, keys

ENTRIES: list[Op] = [(b"%04d" % number, b"value") for number in range(10)]


# Looking


@pytest.mark.parametrize("style", ["rename", "slots"])
def test_a_look_reads_44_bytes_of_each_file_and_leaves_the_chosen_one_open(style: Any) -> None:
    fs = SimFileSystem(style)
    a_database(fs)[0].release()
    calls = Calls(fs)
    place = Place("p", fs)
    reading = place.look(writable=False)
    assert sum(length for _, length in calls.reads()) == 44
    assert (reading.exists, reading.found, reading.error) == (True, None, None)
    assert reading.header is not None
    assert reading.size_bytes == reading.length_bytes == len(max(fs.images("p")))
    assert fs.handles == 1
    place.release()
    assert fs.handles == 0


def test_a_short_file_is_read_whole_to_tell_an_unfinished_one(memory_fs: SimFileSystem) -> None:
    for length in (9, 44, 45, RECORDS_OFFSET, RECORDS_OFFSET + 1):
        memory_fs.install("p", b"x" * length)
        calls = Calls(memory_fs)
        reading = Place("p", memory_fs).look(writable=False)
        assert isinstance(reading.error, NotADatabaseError)
        asked = length if length <= RECORDS_OFFSET else 44
        assert [pair for pair in calls.reads() if pair[1]] == [(0, asked)]
        memory_fs.hook = None


def test_a_look_at_nothing_finds_nothing(memory_fs: SimFileSystem) -> None:
    reading = Place("p", memory_fs).look(writable=False)
    assert (reading.exists, reading.file, reading.error, reading.is_empty) == (
        False,
        None,
        None,
        True,
    )
    error = Place("p", memory_fs).not_found()
    assert isinstance(error, FileNotFoundError)
    assert isinstance(error.__cause__, FileNotFoundError)


def test_a_reading_is_empty_if_no_commit_was_found(memory_fs: SimFileSystem) -> None:
    for image, empty in (
        (b"", True),
        (log_image([], mark=RECORDS_OFFSET), True),
        (log_image([ENTRIES], mark=RECORDS_OFFSET), False),
        (b"a foreign file" * 1000, False),
    ):
        memory_fs.install("p", image)
        place = Place("p", memory_fs)
        assert place.read(writable=False).is_empty is empty, image[:20]
        place.release()


# Reading


def test_a_file_is_read_once_however_its_pieces_lie(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Zeros behind the log are skipped in pieces, and the last value ends in zeros of its own: at
    # every length of it, and of what follows, the same log is found, and no read is long.
    monkeypatch.setattr(log_module, "PIECE_BYTES", 64)
    for zeros in (*range(1, 140), 1000):
        value = b"v" + bytes(zeros)
        image = log_image([[(b"k", b"v")], [(b"z", value)]], mark=RECORDS_OFFSET)
        for behind in (0, 1, 63, 64, 65, 130, 5000):
            fs = SimFileSystem()
            fs.install("p", image + bytes(behind))
            place = Place("p", fs)
            reading = place.read(writable=False)
            found = reading.found
            assert found is not None, (zeros, behind)
            assert (found.version, found.end, found.discarded) == (2, len(image), b""), (
                zeros,
                behind,
            )
            assert found.level.ops[b"z"] == value
            place.release()


def test_recovery_writes_again_what_it_judged_and_no_other_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What storage returns the second time may be something else than what was judged."""
    image = log_image([[(b"a", b"1")], [(b"b", b"2")], [(b"c", b"3")]], unsynced=(0, 1, 2))
    for offset in range(RECORDS_OFFSET, len(image)):
        fs = SimFileSystem()
        fs.install("p", image)
        place = Place("p", fs)
        place.lock()
        reading = place.read(writable=True)
        file = reading.file
        assert file is not None
        file.write(offset, flipped(image, offset)[offset : offset + 1])
        before = file.read(0, len(image))
        with pytest.raises(StorageError, match=r"changed at byte .* while it was opened"):
            place.recover(reading)
        assert file.read(0, len(image)) == before
        place.release()


def test_a_short_read_anywhere_is_an_incomplete_read_at_its_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(log_module, "PIECE_BYTES", 64)
    fs = SimFileSystem()
    fs.install("p", log_image([ENTRIES], mark=RECORDS_OFFSET) + bytes(300))
    calls = Calls(fs)
    Place("p", fs).read(writable=False)
    reads = calls.reads()
    assert len(reads) > 4
    for at, (offset, length) in enumerate(reads):
        number = 0

        def shorten(
            name: str, where: str, effect: Callable[..., Any], arguments: Any, *, at: int = at
        ) -> Any:
            nonlocal number
            data = effect(*arguments)
            if name == "read":
                number += 1
                return data[:-1] if number == at + 1 else data
            return data

        fs.hook = shorten
        error = Place("p", fs).read(writable=False).error
        assert isinstance(error, IncompleteReadError), at
        assert error.offset == offset + length - 1


@pytest.mark.cpython
def test_a_foreign_file_of_gigabytes_is_judged_from_44_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Judging a foreign file of 3 GiB took 53 seconds and 9 GiB of memory, because all of it was
    # read before its first byte was looked at.
    path = tmp_path / "foreign"
    with path.open("wb") as file:
        file.write(b"SQLite format 3\0")
        file.truncate(3 << 30)
    reads = watched_reads(monkeypatch)
    assert isinstance(libredb.verify(path).error, NotADatabaseError)
    with pytest.raises(NotADatabaseError):
        libredb.open(path)
    assert reads == [44, 44]  # one judgement, one refused open
    assert path.stat().st_size == 3 << 30
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.cpython
def test_reserved_zeros_behind_a_log_are_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # They were read as a whole: a file with room for much more than it holds did not open.
    path = tmp_path / "app.libredb"
    with libredb.open(path) as db:
        commit(db, b"1", b"2")
    with path.open("r+b") as file:
        file.truncate(64 * PIECE_BYTES)
    reads = watched_reads(monkeypatch)
    reports: list[RecoveryReport] = []
    with libredb.open(path, on_recovery=reports.append) as db:
        assert keys(db) == [b"1", b"2"]
        commit(db, b"3")
        end = db.log_bytes
    assert max(reads) <= 2 * PIECE_BYTES
    assert (reports[0].outcome, reports[0].discarded) == ("clean", b"")
    assert path.stat().st_size == end


def watched_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the length of every read of a file of the operating system."""
    from libredb_osfs.logfile import OsLogFile  # it does not exist in a browser

    lengths: list[int] = []
    read = OsLogFile.read

    def watch(self: OsLogFile, offset: int, length: int, /) -> bytes:
        lengths.append(length)
        return read(self, offset, length)

    monkeypatch.setattr(OsLogFile, "read", watch)
    return lengths
