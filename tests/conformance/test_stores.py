"""Whatever takes transactions keeps every promise of the Store port; the kit finds who does not.

A database in memory, on every file system and in a group, a transaction, one inside another, and
the stores that the tests of lenses run on: the naive one, and one that runs functions twice.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

import libredb
from libredb import FileSystem
from libredb.kernel import transaction
from libredb.testing import store as kit
from sim.world.filesystem import SimFileSystem
from tests.conformance.broken_stores import BROKEN, FirstRunCounts
from tests.support.stores import NaiveStore, RerunningStore

THREADS = sys.platform != "emscripten"
PROMISES = pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)


def kept(promise: kit.Promise, subject: kit.Subject) -> None:
    """Check a promise, or skip the test for the reason that the kit tells."""
    reason = kit.check(promise, subject)
    if reason is not None:
        pytest.skip(reason)


@contextmanager
def a_database_in_memory() -> Iterator[kit.Subject]:
    with libredb.open() as db:
        yield kit.Subject(db, threads=THREADS)


@contextmanager
def a_database_whose_threads_share_a_sync() -> Iterator[kit.Subject]:
    fs = SimFileSystem()
    with libredb.open("p", fs=fs, group_commit=libredb.SharedSync()) as db:
        yield kit.Subject(db, threads=THREADS)


@contextmanager
def a_group() -> Iterator[kit.Subject]:
    with libredb.open() as db, db.group():
        yield kit.Subject(db)


@contextmanager
def a_transaction() -> Iterator[kit.Subject]:
    with libredb.open() as db, db.transaction() as tx:
        yield kit.Subject(tx)


@contextmanager
def a_transaction_over_entries_that_it_deleted() -> Iterator[kit.Subject]:
    with libredb.open() as db:
        with db.transaction() as tx:
            for number in range(256):
                tx.set(bytes([number]), b"committed")
        with db.transaction() as tx:
            for key, _ in tx.scan():
                tx.delete(key)
            yield kit.Subject(tx)


@contextmanager
def a_naive_store() -> Iterator[kit.Subject]:
    yield kit.Subject(NaiveStore())


@contextmanager
def a_store_that_runs_functions_twice() -> Iterator[kit.Subject]:
    yield kit.Subject(RerunningStore(), may_rerun=True)


@pytest.mark.parametrize(
    "subject_of",
    [
        a_database_in_memory,
        a_database_whose_threads_share_a_sync,
        a_group,
        a_transaction,
        a_transaction_over_entries_that_it_deleted,
        a_naive_store,
        a_store_that_runs_functions_twice,
    ],
)
@PROMISES
def test_it_keeps_the_promise(
    promise: kit.Promise, subject_of: Callable[[], AbstractContextManager[kit.Subject]]
) -> None:
    with subject_of() as subject:
        kept(promise, subject)


@PROMISES
def test_a_database_on_files_keeps_the_promise(
    promise: kit.Promise, fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        kept(promise, kit.Subject(db, threads=THREADS))


@PROMISES
def test_a_transaction_inside_another_keeps_the_promise(promise: kit.Promise) -> None:
    with libredb.open() as db:
        reason = db.transact(lambda tx: tx.transact(lambda i: kit.check(promise, kit.Subject(i))))
    assert reason in {None, kit.NO_THREADS}


# The kit itself


def test_every_numbered_promise_of_the_port_has_a_check() -> None:
    ports = (transaction.Reader, transaction.Writer, transaction.Store)
    text = "\n".join(str(port.__doc__) for port in ports)
    promised = re.findall(r"^ *(S\d+) ", text, re.MULTILINE)
    assert promised == [f"S{number}" for number in range(1, 15)]
    assert {kit.number_of(promise) for promise in kit.PROMISES} == set(promised)


def test_every_check_has_a_store_that_it_must_refuse() -> None:
    assert [promise.__name__ for promise in kit.PROMISES] == sorted(BROKEN)


CASES = [
    pytest.param(promise, broken, id=f"{promise.__name__}-{broken.__name__}")
    for promise in kit.PROMISES
    for broken in BROKEN[promise.__name__]
]


@pytest.mark.parametrize(("promise", "broken"), CASES)
def test_the_kit_notices_a_broken_promise(promise: kit.Promise, broken: type[NaiveStore]) -> None:
    if kit.number_of(promise) == "S14" and not THREADS:
        pytest.skip("there are no threads here")
    subject = kit.Subject(broken(), may_rerun=broken is FirstRunCounts, threads=THREADS)
    with pytest.raises(AssertionError, match=f"^{kit.number_of(promise)}, "):
        kit.check(promise, subject)


def test_what_a_store_says_about_itself_decides_what_is_checked() -> None:
    (runs,) = (promise for promise in kit.PROMISES if kit.number_of(promise) == "S11")
    assert kit.check(runs, kit.Subject(RerunningStore(), may_rerun=True)) is None
    (threads,) = (promise for promise in kit.PROMISES if kit.number_of(promise) == "S14")
    assert kit.check(threads, kit.Subject(NaiveStore())) == kit.NO_THREADS
