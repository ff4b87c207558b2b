"""Bugs that were found and fixed; each test opens with the story of its bug."""

import os
import signal
import sys
import threading
from pathlib import Path
from types import TracebackType

import pytest

import libredb
from libredb import Database, GroupCommit, Transaction, UsageError
from sim.world.filesystem import SimFileSystem


class AnnouncingLock:
    """A lock that tells when a thread is about to wait for it."""

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.waiting = threading.Semaphore(0)

    def __enter__(self) -> None:
        self.waiting.release()
        self.lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.lock.release()


@pytest.mark.cpython
def test_two_threads_may_close_at_once() -> None:
    """Both waited in `close` for a transaction to end; the second wrote to the closed file."""
    db = libredb.open("p", fs=SimFileSystem())
    errors: list[BaseException] = []

    def close() -> None:
        try:
            db.close()
        except libredb.LibreDBError as error:
            errors.append(error)

    threads = [threading.Thread(target=close) for _ in range(2)]
    with db.transaction():
        lock = AnnouncingLock(db._guard.turn)
        db._guard.turn = lock  # pyright: ignore[reportAttributeAccessIssue] - a stand-in
        for thread in threads:
            thread.start()
        for _ in threads:
            lock.waiting.acquire()
    for thread in threads:
        thread.join()
    assert errors == []


def child_uses_after_close(db: Database) -> int:
    signal.alarm(10)  # a child that waits for ever is killed by this
    db.close()
    try:
        db.get(b"key")
    except UsageError:
        return 0
    return 1


@pytest.mark.cpython
def test_a_forked_child_never_waits_for_the_lock(tmp_path: Path) -> None:
    """A child that closed its copy and read from it waited for a thread it did not have."""
    db = libredb.open(tmp_path / "p")
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with db.transaction():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = child_uses_after_close(db)
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    leave.set()
    thread.join()
    db.close()
    assert status == 0


def test_a_scan_that_outlives_its_transaction_looks_before_it_reads() -> None:
    """It looked only afterwards, and found the store smaller than it remembered: IndexError."""

    def fill(tx: Transaction) -> None:
        for number in range(3000):
            tx.set(b"%05d" % number, b"value")

    def clear(tx: Transaction) -> None:
        for key, _ in tx.scan():
            tx.delete(key)

    with libredb.open() as db:
        db.transact(fill)
        with db.read() as tx:
            late = tx.scan(b"02900")
        db.transact(clear)
        list(db.scan())
        with pytest.raises(UsageError):
            next(late)


def test_a_reader_knows_the_bytes_of_its_pending_commits() -> None:
    """It counted the pending commits and said that they took no bytes."""
    fs = SimFileSystem()
    with libredb.open("p", fs=fs, group_commit=GroupCommit(commits=9)) as writer:
        for key in (b"1", b"2"):
            with writer.transaction() as tx:
                tx.set(key, b"")
        with libredb.open("p", fs=fs, mode="r") as reader:
            assert reader.pending_commits == 2
            assert reader.pending_bytes == writer.pending_bytes > 0


def test_a_huge_limit_is_only_a_large_count() -> None:
    """A limit beyond the machine's word was refused by itertools, not by us; smaller in Pyodide."""
    with libredb.open() as db:
        db.transact(lambda tx: tx.set(b"key", b""))
        assert list(db.scan(limit=sys.maxsize + 1)) == [(b"key", b"")]
