"""The log asks the port in a fixed order, wraps what it raises, and trusts no count."""

import contextlib
import errno
from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import IncompleteReadError, StorageError
from libredb.kernel import log as log_module
from libredb.kernel import record
from libredb.kernel.log import Log, snapshot_pieces
from libredb.kernel.store import OrderedStore
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.work import commit, keys


def store_of(count: int) -> OrderedStore:
    store = OrderedStore()
    store.apply((b"%04d" % number, b"value") for number in range(count))
    return store


def new_log(fs: SimFileSystem) -> Log:
    log = Log("p", fs)
    log.lock()
    log.put_in_place(OrderedStore())
    return log


def test_a_snapshot_is_cut_into_pieces_in_key_order(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(10)
    assert [len(piece) for piece in snapshot_pieces(store)] == [10]
    monkeypatch.setattr(log_module, "PIECE_BYTES", 3 * (9 + record.SET_OVERHEAD))
    pieces = list(snapshot_pieces(store))
    assert [len(piece) for piece in pieces] == [3, 3, 3, 1]
    assert [entry for piece in pieces for entry in piece] == list(store.scan(b"", None))
    assert [len(piece) for piece in snapshot_pieces(store_of(6))] == [3, 3]
    assert list(snapshot_pieces(OrderedStore())) == []


def test_a_new_log_is_written_whole_and_its_header_last(memory_fs: SimFileSystem) -> None:
    written: list[tuple[str, object]] = []

    def watch(name: str, where: str, effect: Callable[..., Any], arguments: Any) -> object:
        if name in {"write", "sync"} or name.startswith("replace"):
            written.append((name, arguments[0] if name == "write" else None))
        return effect(*arguments)

    memory_fs.hook = watch
    new_log(memory_fs)
    assert written[:6] == [
        ("write", 0),
        ("sync", None),
        ("write", record.MARK_OFFSET),
        ("sync", None),
        ("write", 0),
        ("sync", None),
    ]
    assert all(name.startswith("replace") for name, _ in written[6:])
    assert len(written) > 6


def test_an_append_is_one_write_at_the_end_and_a_sync_is_one_sync(
    memory_fs: SimFileSystem,
) -> None:
    log = new_log(memory_fs)
    calls = Fault(memory_fs, OSError())
    log.append(record.encode_ops([(b"k", b"v")]))
    assert (log.version, log.durable_version, log.pending_bytes) == (1, 0, log.end - 8192)
    log.sync()
    assert (log.version, log.durable_version, log.pending_bytes) == (1, 1, 0)
    log.sync()
    assert calls.names == ["write", "sync"]


@pytest.mark.parametrize("difference", [-1, 1, 1000])
def test_a_wrong_count_of_written_bytes_is_a_failure(
    memory_fs: SimFileSystem, difference: int
) -> None:
    log = new_log(memory_fs)

    def miscount(name: str, where: str, effect: Callable[..., Any], arguments: Any) -> object:
        return effect(*arguments) + difference if name == "write" else effect(*arguments)

    memory_fs.hook = miscount
    with pytest.raises(StorageError, match=r"cannot write to 'p'.*at byte 8192"):
        log.append(record.encode_ops([(b"k", b"v")]))
    assert log.version == 0


@pytest.mark.parametrize("missing", [1, 8, 10**9])
def test_fewer_bytes_than_the_file_has_are_an_incomplete_read(
    memory_fs: SimFileSystem, missing: int
) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"k")
    images = memory_fs.images("p")

    def shorten(name: str, where: str, effect: Callable[..., Any], arguments: Any) -> Any:
        data = effect(*arguments)
        return data[: max(0, len(data) - missing)] if name == "read" else data

    for mode in ("rwc", "rw", "r"):
        memory_fs.hook = shorten
        with pytest.raises(IncompleteReadError, match="try again"):
            libredb.open("p", fs=memory_fs, mode=mode)
        assert libredb.verify("p", fs=memory_fs).outcome == "refused"
        memory_fs.hook = None
        assert memory_fs.images("p") == images
    with libredb.open("p", fs=memory_fs) as db:
        assert keys(db) == [b"k"]


def a_life(fs: SimFileSystem) -> None:
    with libredb.open("p", fs=fs, group_commit=libredb.GroupCommit(commits=2)) as db:
        commit(db, b"1", b"2")
        list(db.backup())
        db.compact()
    with libredb.open("p", fs=fs, mode="rw") as db:
        commit(db, b"3")
    libredb.open("p", fs=fs, mode="r").close()
    libredb.verify("p", fs=fs)
    fs.install("p", fs.images("p")[-1] + b"a tail")
    libredb.open("p", fs=fs, mode="r").close()
    libredb.open("p", fs=fs).close()
    fs.install("q", b"no database".ljust(9000))
    with pytest.raises(libredb.NotADatabaseError):
        libredb.open("q", fs=fs)


def test_whatever_the_port_raises_anywhere_comes_out_as_a_storage_error(
    memory_fs: SimFileSystem,
) -> None:
    calls = Fault(memory_fs, OSError())
    a_life(memory_fs)
    assert len(calls.names) > 90
    for at in range(1, len(calls.names) + 1):
        fs = SimFileSystem(memory_fs.style)
        Fault(fs, OSError(errno.EIO, "the device does not answer"), at)
        with contextlib.suppress(StorageError):  # nothing, where a database for reading is closed
            a_life(fs)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("lock", "cannot lock 'p'"),
        ("open", "cannot open 'p'"),
        ("size", "cannot measure 'p'"),
        ("read", "cannot read 'p'"),
        ("write", "cannot write to 'p'"),
        ("sync", "cannot sync 'p'"),
        ("sync_directory", "cannot sync the directory of 'p'"),
    ],
)
def test_a_storage_error_says_what_was_tried_where_and_why(
    memory_fs: SimFileSystem, call: str, what: str
) -> None:
    libredb.open("p", fs=memory_fs).close()
    calls = Fault(memory_fs, OSError())
    libredb.open("p", fs=memory_fs).close()
    cause = OSError(errno.EIO, "the device does not answer")
    Fault(memory_fs, cause, 1 + calls.names.index(call))
    with pytest.raises(StorageError, match=f"^{what}: the device does not answer") as caught:
        libredb.open("p", fs=memory_fs)
    assert caught.value.__cause__ is cause


def test_releasing_gives_back_the_lock_although_the_file_fails(memory_fs: SimFileSystem) -> None:
    log = new_log(memory_fs)
    Fault(memory_fs, OSError(errno.EIO, "no"), 1)
    with pytest.raises(StorageError, match="cannot close 'p'"):
        log.release()
    assert not log.held
    memory_fs.lock("p")


def test_a_log_that_was_not_opened_cannot_be_written() -> None:
    with pytest.raises(AssertionError):
        Log("p", SimFileSystem()).append(b"payload")


def test_no_handle_is_left_open(memory_fs: SimFileSystem) -> None:
    a_life(memory_fs)
    assert memory_fs.handles == 0
