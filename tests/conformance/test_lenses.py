"""Every lens works on whatever takes transactions.

A database in memory, a transaction, which is over entries that it deleted and aborts in the end,
and the stores that the tests of lenses run on. Files are in test_lenses_on_files.py; that the kit
notices what is wrong is in test_broken_lenses.py.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

import libredb
from libredb import KV, Documents, Table
from libredb.lens.catalog import Catalog
from libredb.lens.mapping import RawMapping
from libredb.testing import lens as kit
from libredb.testing.lens.calls import (
    CHANGES,
    CHANGES_AFTER_A_LOOK,
    READS,
    READS_OF_SOMETHING,
)
from libredb.testing.lens.world import filled
from tests.support.stores import NaiveStore, RerunningStore

THREADS = sys.platform != "emscripten"
PROMISES = pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)


class AbortedError(Exception):
    """Raised inside a transaction so that it leaves no trace."""


@contextmanager
def a_database_in_memory() -> Iterator[kit.Subject]:
    with libredb.open() as db:
        yield kit.Subject(db, threads=THREADS)


@contextmanager
def a_transaction_that_has_deleted_what_was_there() -> Iterator[kit.Subject]:
    with libredb.open() as db:
        world = filled(db)
        db.transact(lambda tx: [tx.set(bytes([number]), b"raw") for number in range(254)])
        before = list(db.scan())
        with pytest.raises(AbortedError), db.transaction() as tx:  # noqa: PT012 - all of it is undone
            for key, _ in tx.scan():
                tx.delete(key)
            yield kit.Subject(tx)
            raise AbortedError
        assert list(db.scan()) == before
        assert (world.notes.check(), world.users.check()) == ([], [])


@contextmanager
def a_naive_store() -> Iterator[kit.Subject]:
    yield kit.Subject(NaiveStore())


@contextmanager
def a_store_that_runs_functions_twice() -> Iterator[kit.Subject]:
    yield kit.Subject(RerunningStore())


@pytest.mark.slow
@pytest.mark.parametrize(
    "subject_of",
    [
        a_database_in_memory,
        a_transaction_that_has_deleted_what_was_there,
        a_naive_store,
        a_store_that_runs_functions_twice,
    ],
)
@PROMISES
def test_lenses_keep_the_promise_on(
    promise: kit.Promise, subject_of: Callable[[], AbstractContextManager[kit.Subject]]
) -> None:
    with subject_of() as subject:
        reason = kit.check(promise, subject)
    if reason is not None:
        pytest.skip(reason)


# The kit itself


def test_every_promise_that_the_kit_lists_has_a_check() -> None:
    promised = re.findall(r"^ +(L\d+) ", str(kit.__doc__), re.MULTILINE)
    assert promised == [f"L{number}" for number in range(1, 16)]
    assert list(dict.fromkeys(map(kit.number_of, kit.PROMISES))) == promised


def test_what_a_store_says_about_itself_decides_what_is_checked() -> None:
    (threads,) = (promise for promise in kit.PROMISES if kit.number_of(promise) == "L15")
    assert kit.check(threads, kit.Subject(NaiveStore())) == kit.NO_THREADS


def test_the_kit_calls_every_method_of_every_lens() -> None:
    classes: dict[str, type[Any]] = {
        "kv": KV,
        "mapping": RawMapping,
        "catalog": Catalog,
        "documents": Documents,
        "table": Table,
    }
    called = {*READS, *READS_OF_SOMETHING, *CHANGES, *CHANGES_AFTER_A_LOOK}
    names = {name.partition(",")[0] for name in called}
    no_calls = {"on", "name", "kind", "sync"}
    methods = {
        f"{lens}.{name}"
        for lens, kind in classes.items()
        for name in dir(kind)
        if not name.startswith("_") and name not in no_calls
    }
    assert methods - names == set()
