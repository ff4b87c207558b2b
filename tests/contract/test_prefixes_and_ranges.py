"""A range is told by a prefix too, and is counted and deleted: what a scan shows of it."""

from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import (
    Database,
    FileSystem,
    ReadTransaction,
    Transaction,
    UsageError,
    UsageTypeError,
)
from tests.support.case import case
from tests.support.work import Holder, commit, keys, on_every_holder

KEYS = [
    *(b"", b"\0", b"a", b"a\0", b"aa", b"ab", b"a\xff", b"a\xff\xff", b"a\xff\xffb", b"b"),
    *(b"\xfe\xff", b"\xff", b"\xff\0", b"\xff\xfe", b"\xff\xff", b"\xff\xff\xff"),
]


# A prefix


def test_a_prefix_is_the_keys_that_begin_with_it_in_order(db: Database) -> None:
    commit(db, *KEYS)

    def check(holder: Holder) -> None:
        for prefix in [*KEYS, b"zz", b"a\xff\xff\xff"]:
            with case(holder=holder, prefix=prefix):
                expected = [key for key in KEYS if key.startswith(prefix)]
                assert [key for key, _ in holder.scan(prefix=prefix)] == expected
                assert [k for k, _ in holder.scan(prefix=prefix, reverse=True)] == expected[::-1]
                assert [k for k, _ in holder.scan(prefix=prefix, limit=2)] == expected[:2]
                assert holder.count(prefix=prefix) == len(expected)

    on_every_holder(db, check)


def test_a_prefix_of_own_writes_is_seen_and_what_was_deleted_is_not(db: Database) -> None:
    commit(db, b"a", b"a\xff", b"b")
    with db.transaction() as tx:
        tx.set(b"a\xff\xff", b"own")
        tx.set(b"\xff", b"own")
        tx.delete(b"a")
        assert [key for key, _ in tx.scan(prefix=b"a")] == [b"a\xff", b"a\xff\xff"]
        assert list(tx.scan(prefix=b"\xff")) == [(b"\xff", b"own")]
        assert (tx.count(prefix=b"a"), tx.count()) == (2, 4)


def test_a_prefix_is_a_range_of_its_own(db: Database) -> None:
    commit(db, b"a", b"b")

    def check(holder: Holder) -> None:
        for call in (holder.scan, holder.count):
            for bounds in ((b"a",), (b"", b"b"), (b"a", b"b")):
                with pytest.raises(UsageError, match=r"prefix=\.\.\., or start and end, not both"):
                    call(*bounds, prefix=b"a")
            with pytest.raises(UsageTypeError, match="prefix must be bytes"):
                call(prefix="a")  # pyright: ignore[reportArgumentType] - that is the point

    on_every_holder(db, check)


# Counting


def test_a_count_is_the_length_of_a_scan(db: Database) -> None:
    commit(db, *KEYS)

    def check(holder: Holder) -> None:
        assert holder.count() == len(KEYS)
        for start in KEYS:
            assert holder.count(start) == len(list(holder.scan(start)))
            for end in KEYS:
                with case(start=start, end=end):
                    assert holder.count(start, end) == len(list(holder.scan(start, end)))

    on_every_holder(db, check)


# Deleting a range


def whole(**entries: bytes) -> dict[str, bytes]:
    return entries


RANGES = [
    *(whole(start=start, end=end) for start in KEYS for end in KEYS[::3]),
    *(whole(prefix=prefix) for prefix in KEYS),
]


def inside(key: bytes, asked: dict[str, bytes]) -> bool:
    """Whether a key is in the range that is asked for."""
    if "prefix" in asked:
        return key.startswith(asked["prefix"])
    return asked["start"] <= key < asked["end"]


def test_a_range_is_deleted_and_nothing_else() -> None:
    for asked in RANGES:
        with case(asked=asked):
            expected = [key for key in KEYS if not inside(key, asked)]
            for one_shot in (True, False):
                db = libredb.open()
                commit(db, *KEYS)
                deleted = (
                    db.delete_range(**asked)
                    if one_shot
                    else db.transact(lambda tx, asked=asked: tx.delete_range(**asked))
                )
                assert deleted == len(KEYS) - len(expected)
                assert keys(db) == expected
                assert db.version == len(KEYS) + (deleted > 0)


def test_a_range_that_was_deleted_stays_deleted(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, *KEYS)
        assert db.delete_range(prefix=b"\xff") == 5
        assert db.delete_range(b"a", b"b") == 7
    with libredb.open(db_path, fs=fs) as db:
        assert keys(db) == [b"", b"\0", b"b", b"\xfe\xff"]
        assert db.delete_range(prefix=b"") == 4
        assert keys(db) == []


@pytest.mark.parametrize(
    "bounds",
    [{}, {"start": b"a"}, {"end": b"z"}, {"start": b"", "end": None}, {"start": None, "end": b"z"}],
    ids=repr,
)
def test_a_forgotten_argument_deletes_nothing(any_db: Database, bounds: dict[str, Any]) -> None:
    commit(any_db, b"k")
    needs = r"needs both start and end, or a prefix; prefix=b'' deletes every key"
    with pytest.raises(UsageError, match=needs):
        any_db.delete_range(**bounds)
    with any_db.transaction() as tx, pytest.raises(UsageError, match=needs):
        tx.delete_range(**bounds)
    assert keys(any_db) == [b"k"]


@pytest.mark.parametrize("bounds", [(b"a",), (b"", b"z"), (None, b"z"), (b"a", b"z")], ids=repr)
def test_a_prefix_beside_another_range_deletes_nothing(any_db: Database, bounds: Any) -> None:
    commit(any_db, b"k")
    with pytest.raises(UsageError, match=r"pass prefix=\.\.\., or start and end, not both"):
        any_db.delete_range(*bounds, prefix=b"k")
    assert keys(any_db) == [b"k"]


def test_what_is_not_bytes_deletes_nothing(any_db: Database) -> None:
    commit(any_db, b"k")
    for wrong in ({"prefix": "k"}, {"start": b"", "end": "z"}, {"start": 0, "end": b"z"}):
        with case(wrong=wrong), pytest.raises(UsageTypeError, match="must be bytes"):
            any_db.delete_range(**wrong)  # pyright: ignore[reportArgumentType] - that is the point
    assert keys(any_db) == [b"k"]


def test_a_range_can_be_deleted_while_it_is_scanned(db: Database) -> None:
    def fill(tx: Transaction) -> None:
        for number in range(300):
            tx.set(b"%03d" % number, b"")

    db.transact(fill)
    with db.transaction() as tx:
        tx.set(b"1own", b"")
        visited: list[bytes] = []
        deleted = 0
        for key, _ in tx.scan():
            visited.append(key)
            deleted += tx.delete_range(prefix=key[:1])
        assert (len(visited), deleted, tx.count()) == (301, 301, 0)
    assert db.count() == 0


def test_what_an_aborted_transaction_deleted_is_there(any_db: Database) -> None:
    commit(any_db, *KEYS)

    def abort(tx: Transaction) -> None:
        assert tx.delete_range(prefix=b"") == len(KEYS)
        raise LookupError

    with pytest.raises(LookupError):
        any_db.transact(abort)
    with any_db.transaction() as tx, pytest.raises(LookupError):
        tx.transact(abort)
    assert keys(any_db) == KEYS


def test_while_a_reader_runs_inside_nothing_is_deleted_not_even_nothing(any_db: Database) -> None:
    def look(tx: Transaction) -> Callable[[ReadTransaction], None]:
        def inside(_: ReadTransaction) -> None:
            with pytest.raises(UsageError, match=r"a read\(\) of this transaction is running"):
                tx.delete_range(prefix=b"absent")

        return inside

    with any_db.transaction() as tx:
        tx.read(look(tx))
