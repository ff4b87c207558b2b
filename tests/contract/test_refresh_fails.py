"""A refresh that is refused, or fails, leaves what was seen before, and can be tried again."""

import errno
import gc
from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import (
    CorruptLogError,
    Database,
    FileSystem,
    LibreDBError,
    Mode,
    StorageError,
    UsageError,
)
from libredb.kernel.opening import READINGS
from sim.world.filesystem import SimFileSystem, Style
from tests.support.case import case
from tests.support.faults import Fault
from tests.support.files import flipped
from tests.support.readers import opened_beside
from tests.support.work import commit, keys


@pytest.mark.slow
@pytest.mark.parametrize("compacted", [False, True])
@pytest.mark.parametrize("style", ["rename", "slots"])
@pytest.mark.parametrize("error", [OSError(errno.EIO, "no"), KeyboardInterrupt()])
def test_whatever_fails_what_was_seen_is_still_there(
    style: Style, error: BaseException, *, compacted: bool
) -> None:
    def prepared() -> tuple[SimFileSystem, Database]:
        fs = SimFileSystem(style)
        writer, reader = opened_beside(fs, "p", b"1", b"2")
        commit(writer, b"3")
        if compacted:
            writer.compact()
        writer.close()
        return fs, reader

    fs, reader = prepared()
    calls = Fault(fs, error)
    assert reader.refresh() is not compacted
    for at in range(1, len(calls.names) + 1):
        with case(number=at, call=calls.names[at - 1]):
            fs, reader = prepared()
            Fault(fs, error, at)
            with pytest.raises((StorageError, KeyboardInterrupt)):
                reader.refresh()
            error.__traceback__ = None  # it knows the file that is given up below
            assert keys(reader) == [b"1", b"2"]
            fs.hook = None
            reader.refresh()
            assert keys(reader) == [b"1", b"2", b"3"]
            reader.close()
            gc.collect()  # what ExitStack raises knows itself, and the file
            assert fs.handles == 0


def test_damage_that_is_met_when_it_reads_anew_is_raised_and_what_was_seen_stays(
    memory_fs: SimFileSystem,
) -> None:
    writer, reader = opened_beside(memory_fs, "p", b"1", b"2")
    writer.compact()
    writer.close()
    image = max(memory_fs.images("p"), key=len)
    handles = memory_fs.handles
    memory_fs.install("p", flipped(image, 8200), slot=int(memory_fs.style == "slots"))
    with pytest.raises(CorruptLogError):
        reader.refresh()
    assert (keys(reader), memory_fs.handles) == ([b"1", b"2"], handles)
    memory_fs.forget("p")
    with pytest.raises(LibreDBError):
        reader.refresh()
    assert (keys(reader), memory_fs.handles) == ([b"1", b"2"], handles)
    reader.close()


# What is refused


def test_only_a_reader_of_the_present_is_refreshed(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"k")
        with pytest.raises(UsageError, match="opened with mode 'r', and without a version"):
            db.refresh()
    cases: list[tuple[Mode, int | None]] = [("rw", None), ("r", 1)]
    for mode, version in cases:
        with (
            case(mode=mode, version=version),
            libredb.open("p", fs=memory_fs, mode=mode, version=version) as db,
            pytest.raises(UsageError, match="opened with mode 'r', and without a version"),
        ):
            db.refresh()
    with libredb.open() as db, pytest.raises(UsageError, match="opened with mode 'r'"):
        db.refresh()


def test_inside_its_own_read_it_is_refused_and_afterwards_it_is_not(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
    with libredb.open(db_path, fs=fs, mode="r") as db:
        with db.read() as outer:
            with db.read() as inner:
                pass
            with pytest.raises(UsageError, match=r"inside a read\(\) of the same thread"):
                db.refresh()
            assert outer.get(b"k") == b""
        kept = [outer, inner]
        assert db.refresh() is True

        def refresh(tx: object) -> bool:
            kept.append(tx)  # pyright: ignore[reportArgumentType] - it is one of them
            return db.refresh()

        with pytest.raises(UsageError, match=r"inside a read\(\)"):
            db.read(refresh)
        assert db.refresh() is True
        scan = db.scan()
        assert db.refresh() is True, "a scan is no block"
        assert next(scan) == (b"k", b"")


@pytest.mark.cpython
def test_a_read_of_another_thread_or_task_is_no_hindrance(memory_fs: SimFileSystem) -> None:
    import asyncio
    import threading

    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"k")
    db = libredb.open("p", fs=memory_fs, mode="r")
    refreshed: list[bool] = []
    with db.read():
        thread = threading.Thread(target=lambda: refreshed.append(db.refresh()))
        thread.start()
        thread.join()
    assert refreshed == [True]

    async def reads(go_on: asyncio.Event) -> None:
        with db.read():
            await go_on.wait()

    async def both() -> bool:
        go_on = asyncio.Event()
        task = asyncio.create_task(reads(go_on))
        await asyncio.sleep(0)
        found = db.refresh()
        go_on.set()
        await task
        return found

    assert asyncio.run(both())


def test_a_read_that_was_dropped_is_no_hindrance(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs):
        pass
    db = libredb.open("p", fs=memory_fs, mode="r")
    block = db.read()
    block.__enter__()
    with pytest.raises(UsageError):
        db.refresh()
    del block
    assert db.refresh()


def test_the_readings_of_a_file_that_never_comes_to_rest_are_counted_as_in_open(
    memory_fs: SimFileSystem,
) -> None:
    writer, reader = opened_beside(memory_fs, "p", b"1")
    writer.compact()
    opens = 0

    def grow(name: str, _: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> object:
        nonlocal opens
        if name == "open":
            opens += 1
            (file,) = (file for file in memory_fs._files() if len(file.cache) > 8192)
            file.cache.extend(b"half a record, and it grows")
        return effect(*arguments)

    memory_fs.hook = grow
    assert not reader.refresh()
    assert opens == READINGS
