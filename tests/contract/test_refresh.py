"""`refresh` sees what a writer has committed since, by reading only what is new where it can."""

from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import (
    CorruptLogError,
    FileSystem,
)
from libredb.kernel import refresh as refreshing
from sim.world.filesystem import SimFileSystem
from tests.support.case import case
from tests.support.files import log_image
from tests.support.ports import Calls
from tests.support.readers import opened_beside, requires_the_same, told_by
from tests.support.work import commit, keys

beside_a_writer = pytest.mark.cpython(reason="an OPFS handle is exclusive")


# What it sees


@beside_a_writer
def test_it_sees_what_was_committed_since_and_nothing_before_it_is_asked(
    fs: FileSystem, db_path: str
) -> None:
    writer, reader = opened_beside(fs, db_path, b"1")
    commit(writer, b"2", b"3")
    writer.delete(b"1")
    assert (keys(reader), reader.version) == ([b"1"], 1)
    assert reader.refresh() is True
    assert (keys(reader), reader.version) == ([b"2", b"3"], 4)
    assert reader.refresh() is True
    requires_the_same(fs, db_path, reader)
    writer.close()
    assert reader.refresh() is True
    requires_the_same(fs, db_path, reader)
    reader.close()


@beside_a_writer
@pytest.mark.parametrize("count", range(12))
def test_what_it_tells_is_what_a_new_reader_tells(fs: FileSystem, db_path: str, count: int) -> None:
    """With a window some of the commits are proven, and some are not."""
    writer, reader = opened_beside(fs, db_path, *(b"%d" % n for n in range(count)))
    for number in range(7):
        commit(writer, b"new %d" % number)
        if number in {2, 3}:
            writer.sync()
        if number != 1:
            with case(number=number):
                assert reader.refresh()
                requires_the_same(fs, db_path, reader)
    writer.close()
    assert reader.refresh()
    assert reader.pending_commits == 0
    requires_the_same(fs, db_path, reader)
    reader.close()


def test_it_reads_only_what_is_new(memory_fs: SimFileSystem) -> None:
    writer, reader = opened_beside(memory_fs, "p", *(b"%d" % n for n in range(100)))
    end = reader.log_bytes
    commit(writer, b"new")
    calls = Calls(memory_fs)
    assert reader.refresh()
    memory_fs.hook = None
    new = writer.log_bytes - end
    pages, last, behind = calls.reads()
    assert (pages, behind) == ((0, 4096 + 12), (end, new))
    assert last == (end - 24 - 9 - 2, 24), "the header of the record that was applied last"
    assert calls.names() == ["in_place", "read", "read", "size", "read"]


def test_a_log_that_came_in_many_pieces_is_read_in_many(
    memory_fs: SimFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "PIECE_BYTES", 50)
    writer, reader = opened_beside(memory_fs, "p")
    for number in range(30):
        writer.set(b"%d" % number, bytes(number * 7))
    assert reader.refresh()
    assert list(reader.scan()) == list(writer.scan())


@beside_a_writer
def test_what_was_handed_out_before_stays_as_it_was(fs: FileSystem, db_path: str) -> None:
    writer, reader = opened_beside(fs, db_path, b"1", b"2")
    scan = reader.scan()
    assert next(scan) == (b"1", b"")
    commit(writer, b"3")
    writer.delete(b"2")
    assert reader.refresh()
    assert list(scan) == [(b"2", b"")]
    writer.compact()
    scan = reader.scan()
    assert not reader.refresh()
    assert list(scan) == [(b"1", b""), (b"3", b"")]
    writer.close()
    reader.close()


# When it reads anew


@beside_a_writer
def test_after_a_compaction_it_reads_anew_and_says_so(fs: FileSystem, db_path: str) -> None:
    writer, reader = opened_beside(fs, db_path, b"1", b"2")
    for _ in range(3):
        commit(writer, b"3")
        writer.compact()
        assert reader.refresh() is False
        requires_the_same(fs, db_path, reader)
        commit(writer, b"4")
        assert reader.refresh() is True
        requires_the_same(fs, db_path, reader)
    writer.compact()
    writer.compact()
    assert reader.refresh() is False
    writer.close()
    reader.close()


@beside_a_writer
def test_a_log_without_a_record_is_known_by_its_header(fs: FileSystem, db_path: str) -> None:
    writer, reader = opened_beside(fs, db_path)
    assert reader.refresh() is True
    commit(writer, b"k")
    for _ in range(2):  # with slots, the second one takes the place of the file that was read
        writer.compact()
    assert reader.refresh() is False
    requires_the_same(fs, db_path, reader)
    writer.close()
    reader.close()


def test_reading_anew_gives_the_old_file_back(memory_fs: SimFileSystem) -> None:
    writer, reader = opened_beside(memory_fs, "p", b"1")
    handles = memory_fs.handles
    for _ in range(3):
        writer.compact()
        assert not reader.refresh()
        assert memory_fs.handles == handles
    reader.close()
    writer.close()
    assert memory_fs.handles == 0


def test_commits_that_a_crash_took_back_are_not_kept(memory_fs: SimFileSystem) -> None:
    """The reader lives on, on another machine for example; the file is no longer what it read."""
    for committed in ((), (b"other",), (b"other", b"and", b"more"), (b"last", b"two")):
        with case(committed=committed):
            fs = SimFileSystem(memory_fs.style)
            with libredb.open("p", fs=fs) as db:
                commit(db, b"durable")
            (before,) = (image for image in fs.images("p") if image)
            writer, reader = opened_beside(fs, "p", b"lost", b"too")
            assert reader.version == 3
            (file,) = (file for file in fs._files() if len(file.cache) > 8192)
            file.settle(before)
            del writer
            fs.forget_lock("p")
            with libredb.open("p", fs=fs) as again:
                commit(again, *committed)
            assert reader.refresh() is False
            assert keys(reader) == sorted([b"durable", *committed])
            requires_the_same(fs, "p", reader)


def test_a_file_that_was_replaced_by_another_database_is_read_anew(
    memory_fs: SimFileSystem,
) -> None:
    other = SimFileSystem(memory_fs.style, seed=5)
    with libredb.open("p", fs=other) as db:
        commit(db, b"of the other")
        image = b"".join(db.backup())
    writer, reader = opened_beside(memory_fs, "p", b"1")
    writer.close()
    libredb.restore(image, "p", fs=memory_fs, replace=True)
    assert reader.refresh() is False
    assert keys(reader) == [b"of the other"]
    requires_the_same(memory_fs, "p", reader)


def test_an_empty_file_is_read_anew_until_it_has_a_log(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", b"")
    reader = libredb.open("p", fs=memory_fs, mode="r")
    assert reader.refresh() is False
    assert (reader.version, reader.database_id) == (0, None)
    with libredb.open("p", fs=memory_fs) as writer:
        assert reader.refresh() is False
        commit(writer, b"k")
        assert reader.refresh() is True
    assert keys(reader) == [b"k"]
    memory_fs.install("p", b"")
    assert reader.refresh() is False
    assert told_by(reader) == (0, 0, 0, 0, 0)


# What it does not judge


def test_it_judges_no_tail_and_goes_on_when_it_has_become_a_record(
    memory_fs: SimFileSystem,
) -> None:
    writer, reader = opened_beside(memory_fs, "p", b"1")
    for key in (b"2", b"3"):
        writer.set(key, b"not a zero at the end")
    (file,) = (file for file in memory_fs._files() if len(file.cache) > 8192)
    whole = bytes(file.cache)
    end = reader.log_bytes
    size = (len(whole) - end) // 2
    for length in range(end, len(whole)):
        with case(length=length):
            file.cache[:] = whole[:length] + bytes(len(whole) - length)
            assert reader.refresh() is True
            assert reader.version == 1 + (length - end) // size
    file.cache[:] = whole
    assert reader.refresh() is True
    assert reader.version == 3


def test_a_file_that_shrinks_while_it_is_read_is_no_error(memory_fs: SimFileSystem) -> None:
    writer, reader = opened_beside(memory_fs, "p", b"1")
    commit(writer, b"2", b"3")

    def cut(name: str, _: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> object:
        found = effect(*arguments)
        return found[:40] if name == "read" and arguments[1] > 50 and arguments[0] else found

    memory_fs.hook = cut
    assert reader.refresh() is True
    memory_fs.hook = None
    assert reader.version == 2
    assert reader.refresh() is True
    assert reader.version == 3


def test_a_valid_record_of_malformed_ops_is_refused_and_nothing_is_lost(
    memory_fs: SimFileSystem,
) -> None:
    memory_fs.install("p", log_image([[(b"1", b"")]]))
    reader = libredb.open("p", fs=memory_fs, mode="r")
    (file,) = (file for file in memory_fs._files() if file.cache)
    file.cache[:] = log_image([[(b"1", b"")], [(b"2", b"")], b"\7 no ops"])
    end = reader.log_bytes
    with pytest.raises(CorruptLogError, match="malformed ops") as caught:
        reader.refresh()
    assert caught.value.offset == end + 34 + 24
    assert (keys(reader), reader.version) == ([b"1", b"2"], 2)
