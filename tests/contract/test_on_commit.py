"""Whoever asks is told of each commit: once, in order, when it is visible, with no right held."""

import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

import libredb
from libredb import Database, FileSystem, GroupCommit, StorageError, UsageError, UsageTypeError
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.work import commit, keys, setting

Told = list[tuple[int, tuple[tuple[bytes, bytes | None], ...]]]


def noting(told: Told) -> Callable[[int, tuple[tuple[bytes, bytes | None], ...]], None]:
    """Return a callback that notes what it is told."""
    return lambda version, ops: told.append((version, ops))


def leave_early(block: AbstractContextManager[object], work: Callable[[], object] = int) -> None:
    """Enter a block, work, and leave it by an exception."""

    def enter() -> None:
        with block:
            work()
            raise LookupError

    with pytest.raises(LookupError):
        enter()


class Swallowed:
    """What `sys.unraisablehook` was given, in the place of the usual hook."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.errors: list[BaseException | None] = []
        monkeypatch.setattr(sys, "unraisablehook", self._note)

    def _note(self, told: "sys.UnraisableHookArgs") -> None:
        self.errors.append(told.exc_value)


# What is told, and when


def test_each_commit_is_told_with_its_version_and_its_ops(any_db: Database) -> None:
    told: Told = []
    commit(any_db, b"before")
    any_db.on_commit(noting(told))

    def work(tx: libredb.Transaction) -> None:
        tx.set(b"b", b"1")
        tx.set(b"a", b"2")
        tx.set(b"b", b"3")
        tx.delete(b"before")

    any_db.transact(work)
    with any_db.transaction() as tx:
        tx.set(b"c", b"")
    any_db.delete(b"c")
    assert told == [
        (2, ((b"b", b"3"), (b"a", b"2"), (b"before", None))),
        (3, ((b"c", b""),)),
        (4, ((b"c", None),)),
    ]


def test_what_commits_nothing_is_not_told(any_db: Database) -> None:
    told: Told = []
    commit(any_db, b"k")
    any_db.on_commit(noting(told))
    any_db.transact(lambda tx: tx.get(b"k"))
    any_db.delete(b"absent")
    any_db.transact(lambda tx: tx.read(lambda _: None))
    leave_early(any_db.transaction())
    with any_db.group():
        pass
    any_db.compact()
    assert told == []


def test_who_is_told_sees_the_commit_and_can_commit_itself(any_db: Database) -> None:
    told: list[int] = []

    def callback(version: int, _: object) -> None:
        assert any_db.version >= version
        told.append(version)
        if version < 4:
            commit(any_db, b"%d" % version)
            assert told[-1] == version, "a commit in a callback is told after it"

    any_db.on_commit(callback)
    commit(any_db, b"k")
    assert told == [1, 2, 3, 4]
    assert keys(any_db) == [b"1", b"2", b"3", b"k"]


@pytest.mark.cpython
def test_another_thread_can_use_the_database_while_a_callback_runs(any_db: Database) -> None:
    told: list[int] = []

    def callback(version: int, _: object) -> None:
        told.append(version)
        if version == 1:
            thread = threading.Thread(target=commit, args=(any_db, b"beside"))
            thread.start()
            thread.join(60)
            assert not thread.is_alive(), "a callback holds a right"

    any_db.on_commit(callback)
    commit(any_db, b"k")
    assert told == [1, 2], "who made the first delivery tells of both"


def test_in_a_group_it_is_told_after_the_block(any_db: Database) -> None:
    told: list[tuple[int, int]] = []
    any_db.on_commit(lambda version, _: told.append((version, any_db.pending_commits)))
    with any_db.group():
        commit(any_db, b"1", b"2")
        any_db.sync()
        with any_db.transaction() as tx:
            tx.set(b"3", b"")
        assert told == []
    assert told == [(1, 0), (2, 0), (3, 0)]
    leave_early(any_db.group(), lambda: commit(any_db, b"4"))
    assert told[3:] == [(4, 0)], "it stands, and is told, whatever left the block"


@pytest.mark.cpython
def test_who_delivers_tells_nothing_of_a_group_that_is_running(any_db: Database) -> None:
    told: list[int] = []
    begun, ended = threading.Event(), threading.Event()

    def group() -> None:
        with any_db.group():
            commit(any_db, b"2")
            begun.set()
            assert ended.wait(60), "the delivery never ended"

    thread = threading.Thread(target=group)

    def callback(version: int, _: object) -> None:
        told.append(version)
        if version == 1:
            thread.start()
            assert begun.wait(60), "the group never began"

    any_db.on_commit(callback)
    commit(any_db, b"1")
    first = list(told)
    ended.set()
    thread.join()
    assert (first, told) == ([1], [1, 2])


def test_in_a_window_it_says_visible_and_not_durable(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs, group_commit=GroupCommit(commits=2)) as db:
        told: list[tuple[int, int]] = []
        db.on_commit(lambda version, _: told.append((version, db.durable_version)))
        commit(db, b"1", b"2", b"3")
        assert told == [(1, 0), (2, 2), (3, 2)]


def test_a_commit_that_failed_is_not_told(memory_fs: SimFileSystem) -> None:
    for at in (1, 2):
        fs = SimFileSystem(memory_fs.style)
        db = libredb.open("p", fs=fs)
        told: Told = []
        db.on_commit(noting(told))
        Fault(fs, OSError("no"), at)
        with pytest.raises(StorageError):
            commit(db, b"k")
        db.close()
        assert told == []


def test_a_group_that_failed_is_not_told(memory_fs: SimFileSystem) -> None:
    db = libredb.open("p", fs=memory_fs)
    told: Told = []
    db.on_commit(noting(told))
    with pytest.raises(StorageError):
        leave_early(db.group(), lambda: (commit(db, b"k"), Fault(memory_fs, OSError("no"), 1)))
    db.close()
    assert told == []


# Several callbacks, and their end


def test_callbacks_are_told_in_the_order_in_which_they_asked(any_db: Database) -> None:
    told: list[tuple[str, int]] = []
    any_db.on_commit(lambda version, _: told.append(("first", version)))
    any_db.on_commit(lambda version, _: told.append(("second", version)))
    commit(any_db, b"1", b"2")
    assert told == [("first", 1), ("second", 1), ("first", 2), ("second", 2)]


def test_a_callback_that_asked_twice_is_told_twice_until_each_ends(any_db: Database) -> None:
    told: Told = []
    callback = noting(told)
    ends = [any_db.on_commit(callback) for _ in range(2)]
    commit(any_db, b"1")
    ends[0]()
    ends[0]()
    commit(any_db, b"2")
    ends[1]()
    commit(any_db, b"3")
    assert [version for version, _ in told] == [1, 1, 2]


def test_who_has_ended_it_is_told_nothing_more_not_even_of_what_was_queued(
    any_db: Database,
) -> None:
    told: list[tuple[str, int]] = []

    def first(version: int, _: object) -> None:
        told.append(("first", version))
        end_first()
        end_second()

    end_first = any_db.on_commit(first)
    end_second = any_db.on_commit(lambda version, _: told.append(("second", version)))
    any_db.on_commit(lambda version, _: told.append(("third", version)))
    with any_db.group():
        commit(any_db, b"1", b"2")
    assert told == [("first", 1), ("third", 1), ("third", 2)]


def test_who_asks_late_is_told_only_of_later_commits(any_db: Database) -> None:
    told: Told = []

    def ask(version: int, _: object) -> None:
        if version == 1:
            any_db.on_commit(noting(told))

    any_db.on_commit(ask)
    commit(any_db, b"1", b"2")
    assert [version for version, _ in told] == [2]


# Callbacks that fail


def test_a_callback_that_fails_is_reported_and_breaks_nothing(
    any_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    swallowed = Swallowed(monkeypatch)
    told: Told = []
    errors = [LookupError("one"), StopIteration("two"), IndexError("three")]

    def fail(version: int, _: object) -> None:
        raise errors[version - 1]

    any_db.on_commit(fail)
    any_db.on_commit(noting(told))
    commit(any_db, b"1", b"2", b"3")
    assert [version for version, _ in told] == [1, 2, 3]
    assert swallowed.errors == errors


def test_an_error_that_was_reported_is_kept_by_nobody(
    any_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gc
    import weakref

    class Error(Exception):
        pass

    watches: list[weakref.ref[Error]] = []
    monkeypatch.setattr(sys, "unraisablehook", bool)

    def fail(version: int, _: object) -> None:
        error = Error()
        watches.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    gc.collect()
    gc.disable()
    try:
        any_db.on_commit(fail)
        commit(any_db, b"1")
        assert [watch() for watch in watches] == [None]
    finally:
        gc.enable()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_in_a_callback_passes_on_and_the_commit_stands(
    any_db: Database, kind: type[BaseException]
) -> None:
    told: Told = []

    def interrupt(version: int, _: object) -> None:
        if version == 1:
            raise kind

    any_db.on_commit(interrupt)
    any_db.on_commit(noting(told))
    with pytest.raises(kind):
        commit(any_db, b"1")
    assert (keys(any_db), told) == ([b"1"], [])
    commit(any_db, b"2")
    assert [version for version, _ in told] == [1, 2], "what was put off comes first"


def test_closing_tells_what_an_interrupt_has_put_off(any_db: Database) -> None:
    told: Told = []

    def interrupt(version: int, _: object) -> None:
        raise KeyboardInterrupt

    end = any_db.on_commit(interrupt)
    any_db.on_commit(noting(told))
    with pytest.raises(KeyboardInterrupt):
        commit(any_db, b"1")
    end()
    any_db.close()
    assert [version for version, _ in told] == [1]


def test_a_callback_may_close_the_database_and_is_told_of_all_that_was_committed(
    any_db: Database,
) -> None:
    told: list[tuple[int, bool]] = []

    def callback(version: int, _: object) -> None:
        any_db.close()
        told.append((version, any_db.closed))

    any_db.on_commit(callback)
    with any_db.group():
        commit(any_db, b"1", b"2")
    assert told == [(1, True), (2, True)]


# Who may ask


def test_only_a_function_can_be_told(any_db: Database) -> None:
    with pytest.raises(UsageTypeError, match="on_commit needs a function, not str"):
        any_db.on_commit("print")  # pyright: ignore[reportArgumentType] - the mistake
    assert any_db.version == 0


def test_a_reader_may_ask_and_is_told_nothing(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
    told: Told = []
    with libredb.open(db_path, fs=fs, mode="r") as db:
        db.on_commit(noting(told))
        db.transact(lambda tx: tx.get(b"k"))
    assert told == []


def test_a_transaction_that_is_running_refuses_the_question(any_db: Database) -> None:
    with any_db.transaction() as tx:
        tx.set(b"k", b"")
        with pytest.raises(UsageError, match=r"on_commit\(\) cannot begin inside a transaction"):
            any_db.on_commit(print)


@pytest.mark.cpython
def test_many_threads_are_told_of_every_commit_once_and_in_order(any_db: Database) -> None:
    told: list[int] = []
    running: list[int] = []

    def callback(version: int, _: object) -> None:
        running.append(version)
        assert running == [version], "two calls at once"
        told.append(version)
        running.clear()

    any_db.on_commit(callback)

    def work() -> None:
        for _ in range(50):
            any_db.transact(setting(b"k"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == list(range(1, 401))
