"""The table of calls has every public name, and each call works on an open database.

If the first test fails, add the new name to tests/support/calls.py: the tests that go through the
table (closing, failures, groups, forks, threads, modes) then hold for it as well.
"""

from collections.abc import Iterable

import pytest

import libredb
from libredb import FileSystem
from tests.support.calls import DATABASE, NOT_REFUSED, READER, REFUSABLE, WRITER
from tests.support.work import commit, keys, setting

OPERATORS = {"__contains__"}
MISSING = "tests/support/calls.py does not have what is public: add it to the table there"


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_") or name in OPERATORS}


def names(calls: Iterable[str]) -> set[str]:
    return {call.partition("(")[0] for call in calls}


def test_the_table_has_every_public_name() -> None:
    with libredb.open() as db:
        assert names(DATABASE) == public(db), MISSING
        with db.transaction() as tx:
            assert names(WRITER) | NOT_REFUSED == public(tx), MISSING
        with db.read() as tx:
            refused = {"transact"}  # it is there, so that a reader can be taken for a store
            assert names(READER) | NOT_REFUSED | refused == public(tx), MISSING
    assert set(DATABASE) > set(REFUSABLE)


@pytest.mark.parametrize("call", DATABASE)
def test_each_call_works_on_an_open_database(fs: FileSystem, db_path: str, call: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k", b"other")
        DATABASE[call].run(db)
        assert db.closed == (call == "close()")
        if not db.closed:
            commit(db, b"later")
    with libredb.open(db_path, fs=fs, mode="r") as db:
        assert keys(db)[0] == b"k"


@pytest.mark.parametrize("call", WRITER)
def test_each_call_works_in_a_transaction_and_in_one_inside(call: str) -> None:
    with libredb.open() as db:
        db.transact(setting(b"k"))
        for _ in range(2):
            db.transact(lambda tx: (WRITER[call](tx), None)[1])
            db.transact(lambda tx: tx.transact(lambda inner: (WRITER[call](inner), None)[1]))
        if call in READER:
            with db.read() as tx:
                READER[call](tx)
                tx.read(lambda inner: (READER[call](inner), None)[1])
