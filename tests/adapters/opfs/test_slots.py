"""The Python side keeps the port's promises over two slots, and gives them back."""

import errno
import gc

import pytest

import libredb
from libredb.testing import filesystem as kit
from tests.adapters.opfs.support import make


@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_the_python_side_keeps_the_promise(promise: kit.Promise) -> None:
    reason = kit.check(promise, kit.Subject(make()[0], "app.libredb"))
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.parametrize("length", [100, 250_000])
def test_a_commit_is_one_write_and_one_flush(length: int) -> None:
    fs, bridge = make()
    with libredb.open("app.libredb", fs=fs) as db:
        db.transact(lambda tx: tx.set(b"first", b"after opening, it may reserve room"))
        bridge.calls.clear()
        db.transact(lambda tx: tx.set(b"key", bytes(length)))
        assert bridge.calls == ["write", "flush"]


def test_a_second_path_is_refused_while_there_is_content() -> None:
    fs, _ = make()
    assert not fs.open("one.libredb", writable=False)
    with libredb.open("two.libredb", fs=fs):
        pass
    with pytest.raises(libredb.StorageNotFoundError):
        libredb.open("one.libredb", fs=fs)
    fs.clear()
    libredb.open("one.libredb", fs=fs).close()


def test_a_slot_is_always_in_its_place() -> None:
    """Nobody else can move or remove what the browser gave to us alone."""
    fs, _ = make()
    file = fs.create_next("app", None)
    assert file.in_place()
    file.close()
    with pytest.raises(OSError, match="the file is closed"):
        file.in_place()


def test_an_open_database_is_not_cleared() -> None:
    fs, _ = make()
    with libredb.open("app", fs=fs) as db:
        with pytest.raises(BlockingIOError):
            fs.clear()
        db.transact(lambda tx: tx.set(b"key", b"value"))


def test_a_closed_file_system_refuses_everything() -> None:
    fs, bridge = make()
    lock = fs.lock("app")
    with fs:
        assert lock.held
    fs.close()
    assert bridge.calls == ["close"]
    assert not lock.held
    with pytest.raises(OSError, match="acquire it again"):
        fs.open("app", writable=False)


def test_a_close_that_was_interrupted_is_finished_by_the_next() -> None:
    """The file system was closed from the first instruction on, so a second close did nothing.

    An interrupt before the files were given back kept them for as long as the worker lived: no
    other tab could acquire the database.
    """
    fs, bridge = make()
    bridge.interrupt = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        fs.close()
    assert bridge.calls == []
    bridge.interrupt = None
    fs.close()
    fs.close()
    assert bridge.calls == ["close"]
    assert fs.closed


def test_a_clear_that_failed_may_be_repeated() -> None:
    """The lock of the first one was kept for as long as somebody kept the exception."""
    fs, bridge = make()
    bridge.told = ("UnknownError", "not now")
    with pytest.raises(OSError, match="not now") as kept:
        fs.clear()
    bridge.told = ("", "")
    fs.clear()
    assert kept.value.errno == errno.EIO


def test_a_lock_of_a_file_system_that_was_closed_tells_of_no_fork() -> None:
    """Whoever closed it read that the database had been opened before a fork."""
    fs, _ = make()
    lock, other = fs.lock("app"), make()[0].lock("app")
    fs.close()
    assert not lock.held
    assert lock.why_gone == "the file system 'app' was closed; acquire it again"
    other.release()
    assert other.why_gone == "the lock was released"


def test_a_dropped_file_system_gives_its_files_back() -> None:
    fs, bridge = make()
    del fs
    gc.collect()
    assert bridge.calls == ["close"]
