"""Claim: the judge sees what it looks for; each fault here is planted in a database that works.

A proof that cannot fail proves nothing: what the hunt would let pass is let in by hand.
"""

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import pytest

from libredb import Database, DatabaseFailedError, UsageError
from tests.interrupts.bytecode import Instructions
from tests.interrupts.helpers import Tell, in_child, scratch
from tests.interrupts.operations import OPERATIONS
from tests.interrupts.trial import Bench, Case, make_files

pytestmark = pytest.mark.cpython(reason="forks and breaks databases")

PATIENCE_SECONDS = 1.0


def judged(plant: Callable[[], object], operation: str = "get", kind: str = "MemoryError") -> str:
    """Return what the judge says after an interrupt at the first place, with a fault planted."""
    with scratch() as folder:
        files = make_files(folder)

        (folder / "bench").mkdir()

        def work(tell: Tell) -> None:
            bench = Bench(folder / "bench", files, PATIENCE_SECONDS)
            plant()
            result = bench.interrupt(Case(operation, kind, kept=False), 1)
            tell(result.failure or result.verdict)

        (told,) = in_child(work)
    return told


def change(name: str, new: Callable[..., Any]) -> Callable[[], None]:
    """Return a plant: `new` is called with the method `name` and the arguments of each call."""
    old = getattr(Database, name)
    return lambda: setattr(Database, name, partialmethod(_call, new, old))


def _call(db: Database, new: Callable[..., Any], old: Callable[..., Any], *rest: Any) -> Any:
    return new(old, db, *rest)


def test_a_database_without_a_fault_passes() -> None:
    assert judged(int) == "works"
    assert judged(int, "close") == "works"
    assert judged(int, "open a clean file") == "not opened"
    assert judged(int, "get", "handler: get") == "works, handler served"


def test_a_commit_without_its_sync_is_seen() -> None:
    def sync_nothing(descriptor: int) -> None:
        del descriptor

    assert "no sync covers commits" in judged(lambda: setattr(os, "fdatasync", sync_nothing))


def test_a_descriptor_that_is_not_given_back_is_seen() -> None:
    kept: list[int] = []

    def close_and_keep_one(close: Any, db: Database) -> None:
        close(db)
        kept.append(os.open(f"{db.path}.lock", os.O_RDWR))

    said = judged(change("close", close_and_keep_one))
    assert said.startswith("descriptors are still open after close(): db.libredb.lock")


def test_a_lock_that_is_not_given_back_is_seen() -> None:
    def close_and_lock(close: Any, db: Database) -> None:
        if not db.closed:
            close(db)
            held = os.open(f"{db.path}.lock", os.O_RDWR)
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    assert "the lock is still held" in judged(change("close", close_and_lock))


def test_a_lost_commit_is_seen() -> None:
    def lose_the_fifth(transact: Any, db: Database, work: Callable[[Any], int]) -> int:
        lost: list[int] = []

        def work_in_vain(tx: Any) -> int:
            lost.append(work(tx))
            raise LookupError

        if db.version % 5:
            return transact(db, work)
        with contextlib.suppress(LookupError):
            transact(db, work_in_vain)
        return lost[0]

    assert judged(change("transact", lose_the_fifth)) == "the version does not fit"


def test_a_second_transaction_inside_is_seen() -> None:
    class Draft:
        def __init__(self, db: Database) -> None:
            self.get = db.get
            self.writes: dict[bytes, bytes] = {}
            self.set = self.writes.__setitem__

    def work_before_the_lock(transact: Any, db: Database, work: Callable[[Any], int]) -> int:
        draft = Draft(db)
        number = work(draft)

        def write(tx: Any) -> None:
            for key, value in draft.writes.items():
                tx.set(key, value)

        transact(db, write)
        return number

    assert "two transactions" in judged(change("transact", work_before_the_lock))


def test_a_thread_that_is_refused_for_ever_is_seen() -> None:
    def refuse(get: Any, db: Database, key: bytes) -> None:
        raise UsageError("a read cannot begin inside a read of the same thread")

    assert "this thread is refused for ever" in judged(change("get", refuse))


def test_a_latched_database_that_still_answers_is_seen() -> None:
    def refuse(get: Any, db: Database, key: bytes) -> None:
        raise DatabaseFailedError("an outcome is unknown")

    said = judged(change("get", refuse))
    assert said == "scan works, and get() says that the database is latched"


def test_a_hang_is_seen() -> None:
    def hang(get: Any, db: Database, key: bytes) -> None:
        os.read(os.pipe()[0], 1)

    assert "the main thread hangs" in judged(change("get", hang))


def test_the_tracer_reaches_every_layer_below_a_transaction() -> None:
    with scratch() as folder:
        files = make_files(folder)
        (folder / "bench").mkdir()

        def work(tell: Tell) -> None:
            bench = Bench(folder / "bench", files, PATIENCE_SECONDS)
            tell(bench.count(OPERATIONS["transact"]))

        (places,) = in_child(work)
    layers = {"operations.py", "database.py", "guard.py", "log.py", "store.py", "logfile.py"}
    assert layers <= {place.split(":")[0] for place in places}


def test_the_tracer_leaves_a_body_and_its_exit_together() -> None:
    """CPython raises nothing between them; a tracer that did would report what cannot happen."""
    lock = threading.Lock()

    def hold() -> int:
        with lock:
            return 1

    instructions = Instructions(hold.__code__)
    (leaves,) = instructions.leaves
    before = [offset for offset in instructions.names if offset <= leaves]
    outside = [o for o in before if o > before[0] and instructions.handler(o) is None]
    late = [o for o in outside if o > min(o for o in before if instructions.handler(o))]
    assert late, "the exit is called outside of the protected range"
    for offset in late:
        assert not instructions.may_interrupt(None, offset), instructions.names[offset]
