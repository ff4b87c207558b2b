"""`changes` yields the durable commits since a version, out of the log, and never of two files.

A power loss takes none of them back: that is proven by letting the power go at every call.
"""

import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import (
    ChangesTrimmedError,
    CorruptLogError,
    Database,
    FileSystem,
    GroupCommit,
    StorageError,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel import compaction, history
from sim.world.filesystem import Crash, SimFileSystem, Style
from sim.world.generator import Generator
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.files import flipped
from tests.support.work import commit, keys

Changes = list[tuple[int, tuple[tuple[bytes, bytes | None], ...]]]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even a small log have many pieces, and a small snapshot many records."""
    monkeypatch.setattr(history, "PIECE_BYTES", 100)
    monkeypatch.setattr(compaction, "BLOCK_BYTES", 20)
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 64)


def versions(db: Database, since: int) -> list[int]:
    return [version for version, _ in db.changes(since=since)]


def filled(db: Database) -> None:
    """Make ten commits, then a compaction, then three more."""
    for number in range(10):
        db.set(b"%d" % number, b"value" * 5)
    db.compact()
    commit(db, b"a", b"b", b"c")


# What it yields


def test_it_yields_each_commit_with_its_ops_in_order(db: Database) -> None:
    def work(tx: libredb.Transaction) -> None:
        tx.set(b"b", b"1")
        tx.set(b"a", b"2" * 300)
        tx.set(b"b", b"3")

    told: Changes = []
    db.on_commit(lambda version, ops: told.append((version, ops)))
    db.transact(work)
    db.delete(b"b")
    with db.group():
        commit(db, b"1", b"2")
    assert told[:2] == [(1, ((b"b", b"3"), (b"a", b"2" * 300))), (2, ((b"b", None),))]
    assert list(db.changes(since=0)) == told
    for since in range(5):
        assert list(db.changes(since=since)) == told[since:]


def test_it_ends_with_what_was_durable_at_its_call(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs, group_commit=GroupCommit(commits=100)) as db:
        commit(db, b"1", b"2")
        assert versions(db, 0) == []
        with pytest.raises(UsageValueError, match="since must be from 0 to 0, not 2"):
            db.changes(since=2)
        db.sync()
        commit(db, b"3")
        found = db.changes(since=0)
        db.sync()
        assert [version for version, _ in found] == [1, 2]
        assert versions(db, 2) == [3]
        with pytest.raises(UsageValueError, match="since must be from 0 to 3, not 4"):
            db.changes(since=4)
        with db.group():
            commit(db, b"4")
            assert versions(db, 2) == [3]


def test_a_reader_yields_what_its_file_proves(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"1", b"2", b"3")
        before = list(db.changes(since=0))
    with libredb.open(db_path, fs=fs, mode="r") as db:
        assert list(db.changes(since=0)) == before


@pytest.mark.cpython(reason="an OPFS handle is exclusive")
def test_a_reader_beside_a_writer_yields_only_what_is_proven(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as writer:
        commit(writer, b"1", b"2", b"3")
        with libredb.open(db_path, fs=fs, mode="r") as reader:
            assert (reader.version, reader.durable_version) == (3, 2)
            assert versions(reader, 0) == [1, 2]
            with pytest.raises(UsageValueError):
                reader.changes(since=3)


# After a compaction


def test_from_the_base_version_to_the_end_of_the_snapshot_means_what_follows_it(
    db: Database,
) -> None:
    filled(db)
    last = db.version - 3
    assert last > 10 + 2, "the snapshot has several records"
    for since in range(10, last + 1):
        assert versions(db, since) == [last + 1, last + 2, last + 3]
    assert versions(db, last + 1) == [last + 2, last + 3]


def test_what_was_compacted_away_is_refused(db: Database) -> None:
    filled(db)
    for since in range(10):
        with pytest.raises(ChangesTrimmedError, match="read everything again"):
            db.changes(since=since)
    db.compact()
    assert versions(db, db.version) == []


def test_a_compaction_ends_it_only_where_it_empties_the_file() -> None:
    for style in ("rename", "slots"):
        for times in (1, 2):
            with case(style=style, compactions=times):
                fs = SimFileSystem(style)
                db = libredb.open("p", fs=fs)
                for number in range(20):
                    db.set(b"%d" % number, b"before")
                found, all_of_it = db.changes(since=0), list(db.changes(since=0))
                first = next(found)
                for _ in range(times):
                    commit(db, b"between")
                    db.compact()
                if style == "rename":
                    assert [first, *found] == all_of_it
                else:
                    read = [first]
                    with pytest.raises(ChangesTrimmedError):
                        read.extend(found)
                    assert read == all_of_it[: len(read)]
                db.close()
                gc.collect()
                assert fs.handles == 0


def test_a_reader_whose_slot_was_emptied_is_told_so_too() -> None:
    fs = SimFileSystem("slots")
    writer = libredb.open("p", fs=fs)
    for number in range(20):
        writer.set(b"%d" % number, b"before")
    reader = libredb.open("p", fs=fs, mode="r")
    found = reader.changes(since=0)
    next(found)
    writer.compact()
    with pytest.raises(ChangesTrimmedError):
        list(found)


def test_a_compaction_between_the_note_and_the_opening_is_noticed(
    memory_fs: SimFileSystem,
) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"1", b"2")

    def compact_first(
        name: str, _: str, effect: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> object:
        memory_fs.hook = None
        assert name == "open"
        db.compact()
        return effect(*arguments)

    memory_fs.hook = compact_first
    with pytest.raises(ChangesTrimmedError):
        db.changes(since=0)
    memory_fs.hook = compact_first
    assert versions(db, db.version) == []


# A crash, and damage


def before_the_crash(style: Style, *, compacted: bool) -> SimFileSystem:
    """Return storage with a closed database, whose log begins with commit 5 or with none."""
    fs = SimFileSystem(style)
    with libredb.open("p", fs=fs) as db:
        if compacted:
            commit(db, *(b"old %d" % number for number in range(5)))
            db.compact()
    return fs


def commit_and_read(fs: SimFileSystem, since: int, seen: list[Changes]) -> None:
    """Commit with a window, and note after each commit what `changes` yields."""
    db = libredb.open("p", fs=fs, group_commit=GroupCommit(commits=3))
    for number in range(8):
        db.set(b"%d" % number, b"value")
        seen.append(list(db.changes(since=since)))


@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("style", ["rename", "slots"])
def test_no_power_loss_takes_back_what_it_has_yielded(style: Style, *, compacted: bool) -> None:
    start = before_the_crash(style, compacted=compacted)
    since = 5 if compacted else 0
    calls = Fault(start.copy(), Crash())
    commit_and_read(calls.fs, since, [])
    yielded = 0
    for at in range(1, len(calls.names) + 1):
        for fate in ("old", "new", ""):
            with case(number=at, call=calls.names[at - 1], fate=fate):
                fs = start.copy(Generator(at))
                seen: list[Changes] = []
                Fault(fs, Crash(), at)
                with pytest.raises(Crash):
                    commit_and_read(fs, since, seen)
                fs.hook = None
                fs.power_loss(fate)
                with libredb.open("p", fs=fs) as db:
                    after = list(db.changes(since=since))
                for before in seen:
                    assert after[: len(before)] == before
                    yielded += len(before)
    assert yielded > 500, "it may take back nothing only where something was yielded"


def test_damage_is_met_and_nothing_behind_it_is_yielded(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, *(b"key %d" % number for number in range(12)))
    before = list(db.changes(since=0))
    (file,) = (file for file in memory_fs._files() if len(file.cache) >= db.log_bytes)
    whole = bytes(file.cache)
    for offset in range(8192, db.log_bytes, 7):
        with case(offset=offset):
            file.cache[:] = flipped(whole, offset)
            read: Changes = []
            with pytest.raises(CorruptLogError) as caught:
                read.extend(db.changes(since=0))
            assert 8192 <= caught.value.offset <= offset
            assert read == before[: len(read)]
    file.cache[:] = whole
    assert list(db.changes(since=0)) == before


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_storage_that_fails_latches_nothing(memory_fs: SimFileSystem, at: int) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"k")
    handles = memory_fs.handles
    Fault(memory_fs, OSError("no"), at)
    with pytest.raises(StorageError):
        list(db.changes(since=0))
    memory_fs.hook = None
    gc.collect()
    assert memory_fs.handles == handles
    assert versions(db, 0) == [1]
    commit(db, b"later")


# How it is read


@pytest.mark.cpython
def test_it_costs_no_right_and_may_move_between_threads(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"1", b"2", b"3", b"4")
    found = db.changes(since=0)
    first = next(found)
    with db.transaction() as tx:
        tx.set(b"5", b"")
        second = next(found)
    rest: Changes = []
    thread = threading.Thread(target=lambda: rest.extend(found))
    thread.start()
    thread.join()
    assert [version for version, _ in (first, second, *rest)] == [1, 2, 3, 4]


def test_it_ends_with_an_error_when_the_database_is_closed(fs: FileSystem, db_path: str) -> None:
    db = libredb.open(db_path, fs=fs)
    commit(db, *(b"%d" % number for number in range(9)))
    found = db.changes(since=0)
    next(found)
    db.close()
    with pytest.raises(UsageError, match="closed before its changes were read"):
        list(found)
    assert list(found) == []


def test_the_file_is_given_back_however_it_ends(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    commit(db, b"1", b"2", b"3")
    handles = memory_fs.handles
    for read in range(4):
        with case(read=read):
            found = db.changes(since=0)
            for _ in range(read):
                next(found)
            found.close()
            found.close()
            assert list(found) == []
            found = db.changes(since=0)
            for _ in range(read):
                next(found)
            del found
            gc.collect()
            assert memory_fs.handles == handles


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_one_that_is_never_read_gives_its_file_back_without_a_warning(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
        db.changes(since=0).close()
        db.changes(since=0)
        gc.collect()
        assert versions(db, 0) == [1]


# What is refused


def test_a_version_that_is_none_is_refused(db: Database) -> None:
    commit(db, b"k")
    for since in (-1, 2, 10**30):
        with case(since=since), pytest.raises(UsageValueError):
            db.changes(since=since)
    for since in (True, 1.0, None, b"1"):
        with case(since=since), pytest.raises(UsageTypeError, match="since must be an int"):
            db.changes(since=since)  # pyright: ignore[reportArgumentType] - the mistake


def test_an_empty_file_has_no_changes(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", b"")
    with libredb.open("p", fs=memory_fs, mode="r") as db:
        assert (list(db.changes(since=0)), db.database_id) == ([], None)
        with pytest.raises(UsageValueError):
            db.changes(since=1)


# The id of a database


def test_the_id_stays_with_compactions_and_copies_and_not_with_a_restore(
    memory_fs: SimFileSystem,
) -> None:
    other = SimFileSystem(memory_fs.style, seed=1)
    with libredb.open("p", fs=memory_fs) as db:
        mine = db.database_id
        assert mine is not None
        assert len(mine) == 8
        commit(db, b"k")
        db.compact()
        assert db.database_id == mine
        db.backup_to("copy", fs=other)
    with libredb.open("p", fs=memory_fs, mode="r") as db:
        assert (keys(db), db.database_id) == ([b"k"], mine)
    libredb.restore("copy", "restored", fs=other)
    for path, is_same in (("copy", True), ("restored", False)):
        with libredb.open(path, fs=other) as db:
            assert (db.database_id == mine) == is_same
    assert libredb.open().database_id is None
