"""Claim: what was compacted is read when it is asked for, and is right, refused, or not there yet.

The blocks are small here, so that a few entries make many of them.
"""

import errno
import random
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import libredb
from libredb import (
    CorruptLogError,
    Database,
    FileSystem,
    StorageError,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel import compaction
from libredb.kernel.record import MARK_LENGTH, MARK_OFFSET
from sim.world.filesystem import SimFileSystem
from tests.support.case import case
from tests.support.work import commit

KEYS = [b"%03d" % number for number in range(60)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three of these entries make a block, and a few blocks a record."""
    monkeypatch.setattr(compaction, "BLOCK_BYTES", 40)
    monkeypatch.setattr(compaction, "SMALL_BYTES", 10)
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 200)


def fill(fs: FileSystem, path: str) -> None:
    """Let a closed and compacted database be there, whose values are its keys."""
    with libredb.open(path, fs=fs) as db:
        db.transact(lambda tx: [tx.set(key, key) for key in KEYS])
        db.compact()


def place_of(db: Database, key: bytes) -> int:
    """Return where a byte of the block of `key` is in the file."""
    index = db._commits.log.index if db._commits.log else None
    assert index is not None
    block = next(i for i in range(len(index)) if (index.range_of(i)[1] or b"\xff") > key)
    return index.places[block] + index.lengths[block] - 1


def damage(fs: FileSystem, path: str, offset: int) -> None:
    """Flip a bit of the file, behind the back of whoever has it open."""
    for file in fs.open(path, writable=True):
        if file.size() > offset:
            file.write(offset, bytes([file.read(offset, 1)[0] ^ 1]))
        file.close()


@pytest.mark.parametrize("cache_bytes", [0, 300, None])
@pytest.mark.parametrize("seed", range(4))
def test_a_cache_of_any_size_shows_what_a_dict_holds(
    memory_fs: SimFileSystem, seed: int, cache_bytes: int | None
) -> None:
    source = random.Random(seed)
    model: dict[bytes, bytes] = {}
    db = libredb.open("p", fs=memory_fs, cache_bytes=cache_bytes)
    for step in range(400):
        key = b"%02d" % source.randrange(60)
        if source.random() < 0.4:
            assert db.delete(key) is (model.pop(key, None) is not None)
        else:
            model[key] = source.randbytes(source.choice([0, 3, 90]))
            db.set(key, model[key])
        if source.random() < 0.03:
            assert db.compact().entries == len(model)
        if source.random() < 0.02:
            db.close()
            db = libredb.open("p", fs=memory_fs, cache_bytes=cache_bytes)
        with case(seed=seed, step=step):
            key = b"%02d" % source.randrange(60)
            assert (db.get(key), key in db) == (model.get(key), key in model)
            low, high = sorted((b"%02d" % source.randrange(60), b"%02d" % source.randrange(60)))
            expected = sorted(entry for entry in model.items() if low <= entry[0] < high)
            assert list(db.scan(low, high)) == expected
            assert list(db.scan(low, high, reverse=True)) == expected[::-1]
    db.close()
    assert libredb.verify("p", fs=memory_fs).entries == len(model)


def test_a_scan_goes_on_while_what_it_reads_is_overwritten_and_deleted(
    memory_fs: SimFileSystem,
) -> None:
    fill(memory_fs, "p")
    with libredb.open("p", fs=memory_fs, cache_bytes=0) as db:
        seen: list[bytes] = []
        for key, value in db.scan():
            assert value == key
            db.delete(KEYS[-len(seen) - 1])
            db.set(key, b"new")
            seen.append(key)
        assert seen == KEYS


def test_what_follows_the_snapshot_and_is_deleted_leaves_nothing(memory_fs: SimFileSystem) -> None:
    # A queue: what comes in at its end and goes out again must not stay in memory as deletions.
    fill(memory_fs, "p")
    with libredb.open("p", fs=memory_fs) as db:
        before = db.live_bytes
        for number in range(100):
            db.set(b"9%03d" % number, b"job")
            db.delete(b"9%03d" % number)
        assert db.live_bytes == before
        assert list(db.scan(b"9")) == []


# Damage that comes while it is open


def test_damage_is_met_by_who_reads_it_and_nothing_is_built_on_top(
    fs: FileSystem, db_path: str
) -> None:
    fill(fs, db_path)
    db = libredb.open(db_path, fs=fs, cache_bytes=0)
    commit(db, b"before")
    damage(fs, db_path, place_of(db, KEYS[30]))
    commit(db, b"not known yet")
    for _ in range(2):
        with pytest.raises(CorruptLogError, match="is damaged since it was opened"):
            db.get(KEYS[30])
    with pytest.raises(CorruptLogError, match="is damaged since it was opened"):
        list(db.scan())
    assert (db.get(KEYS[0]), db.get(KEYS[59]), db.get(b"before")) == (KEYS[0], KEYS[59], b"")
    assert [key for key, _ in db.scan(end=KEYS[20])] == KEYS[:20]
    version = db.version
    for refused in (lambda: db.set(b"k", b""), db.compact, db.backup):
        with pytest.raises(CorruptLogError, match="is damaged since it was opened"):
            refused()
    assert (db.version, db.get(b"k")) == (version, None)
    db.sync()
    db.close()
    with pytest.raises(CorruptLogError):
        libredb.open(db_path, fs=fs)


def test_a_transaction_that_met_damage_does_not_commit_although_it_caught_it(
    memory_fs: SimFileSystem,
) -> None:
    fill(memory_fs, "p")
    db = libredb.open("p", fs=memory_fs, cache_bytes=0)
    damage(memory_fs, "p", place_of(db, KEYS[30]))

    def careless(tx: libredb.Transaction) -> None:
        tx.set(b"k", b"made of nothing")
        with pytest.raises(CorruptLogError):
            tx.get(KEYS[30])

    with pytest.raises(CorruptLogError):
        db.transact(careless)
    assert db.get(b"k") is None
    db.close()


def test_no_mark_is_written_behind_damage(memory_fs: SimFileSystem) -> None:
    fill(memory_fs, "p")
    db = libredb.open("p", fs=memory_fs, cache_bytes=0)
    commit(db, b"later")
    damage(memory_fs, "p", place_of(db, KEYS[30]))
    with pytest.raises(CorruptLogError):
        db.get(KEYS[30])
    (image,) = (image for image in memory_fs.images("p") if image)
    db.close()
    (closed,) = (image for image in memory_fs.images("p") if image)
    mark = slice(MARK_OFFSET, MARK_OFFSET + MARK_LENGTH)
    assert (closed[mark], len(closed)) == (image[mark], db.log_bytes)


def test_a_read_that_storage_refuses_is_an_error_of_that_read_alone(
    memory_fs: SimFileSystem,
) -> None:
    fill(memory_fs, "p")
    db = libredb.open("p", fs=memory_fs, cache_bytes=0)

    def refuse(name: str, where: str, effect: Any, arguments: Any, /) -> Any:
        if name == "read":
            raise OSError(errno.EIO, "the device does not answer")
        return effect(*arguments)

    memory_fs.hook = refuse
    for read in (lambda: db.get(KEYS[3]), lambda: list(db.scan()), db.compact):
        with pytest.raises(StorageError, match="the device does not answer"):
            read()
    memory_fs.hook = None
    assert (db.get(KEYS[3]), len(list(db.scan()))) == (KEYS[3], 60)
    commit(db, b"it goes on")
    assert db.compact().entries == 61
    db.close()


# Files that are replaced, and closed


def test_who_reads_goes_on_after_a_compaction_or_is_told_of_it(memory_fs: SimFileSystem) -> None:
    fill(memory_fs, "p")
    db = libredb.open("p", fs=memory_fs, cache_bytes=0)
    scan = db.scan()
    assert next(scan) == (KEYS[0], KEYS[0])
    with db.read() as tx:
        commit(db, b"later")
        db.compact()
        if memory_fs.style == "rename":
            assert [key for key, _ in scan] == KEYS[1:]
            assert tx.get(KEYS[30]) == KEYS[30]
        else:
            for read in (lambda: list(scan), lambda: tx.get(KEYS[30])):
                with pytest.raises(UsageError, match="a compaction has replaced 'p' since"):
                    read()
    assert (db.get(KEYS[30]), db.get(b"later")) == (KEYS[30], b"")
    db.close()


def test_a_reader_beside_a_writer_keeps_the_file_it_opened(memory_fs: SimFileSystem) -> None:
    fill(memory_fs, "p")
    reader = libredb.open("p", fs=memory_fs, mode="r", cache_bytes=0)
    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"later")
        db.compact()
    if memory_fs.style == "rename":
        assert [key for key, _ in reader.scan()] == KEYS
    else:
        with pytest.raises(UsageError, match="a compaction has replaced 'p' since"):
            list(reader.scan())
    reader.close()


def test_after_closing_a_scan_says_that_it_is_closed(memory_fs: SimFileSystem) -> None:
    fill(memory_fs, "p")
    db = libredb.open("p", fs=memory_fs, cache_bytes=0)
    scan = db.scan()
    assert next(scan) == (KEYS[0], KEYS[0])
    db.close()
    with pytest.raises(UsageError, match="the database is closed"):
        list(scan)


def scans(db: Database, begun: Event, wrong: list[object]) -> None:
    """Scan until the database is closed, and note what is not right."""
    begun.set()
    try:
        while True:
            found = [key for key, value in db.scan(KEYS[0], b"1") if key == value]
            if found != KEYS:
                wrong.append(found)
    except UsageError as error:
        if "closed" not in str(error):
            wrong.append(error)
    except BaseException as error:  # noqa: BLE001 - it is reported
        wrong.append(error)


@pytest.mark.cpython
@pytest.mark.slow
def test_threads_read_cold_blocks_while_others_compact_and_close(tmp_path: Path) -> None:
    with libredb.open(tmp_path / "p") as db:
        db.transact(lambda tx: [tx.set(key, key) for key in KEYS])
        db.compact()
    db = libredb.open(tmp_path / "p", cache_bytes=0)
    begun, wrong = Event(), list[object]()
    threads = [Thread(target=scans, args=(db, begun, wrong)) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait()
    for number in range(20):
        commit(db, b"later %d" % number)
        db.compact()
    db.close()
    for thread in threads:
        thread.join()
    assert wrong == []


# What it is told, and what it tells


@pytest.mark.parametrize("cache_bytes", ["1 MB", 1.5, True, b"1"])
def test_a_cache_of_a_wrong_type_is_refused(cache_bytes: Any) -> None:
    with pytest.raises(UsageTypeError, match="cache_bytes must be an int"):
        libredb.open(cache_bytes=cache_bytes)


def test_a_cache_below_nothing_is_refused(fs: FileSystem, db_path: str) -> None:
    with pytest.raises(UsageValueError, match="cache_bytes must be 0 or more, not -1"):
        libredb.open(db_path, fs=fs, cache_bytes=-1)


def test_compaction_is_due_when_much_was_committed_since(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        assert not db.compaction_due
        db.set(b"large", bytes(1 << 20))
        assert db.compaction_due
        db.compact()
        assert not db.compaction_due
        for _ in range(2):
            assert not db.compaction_due
            db.set(b"large", bytes(600_000))
        assert db.compaction_due


def test_what_is_in_memory_never_needs_compacting() -> None:
    db = libredb.open()
    db.set(b"large", bytes(2 << 20))
    assert not db.compaction_due
