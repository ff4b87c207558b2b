"""Order is by unsigned byte; ranges are half-open; a scan is the snapshot of its call."""

import pytest

import libredb
from libredb import Database, Transaction, UsageError, UsageTypeError, UsageValueError
from tests.support.case import case
from tests.support.work import commit, keys

ORDERED = [
    *(b"", b"\0", b"\0\0", b"\0\xff", b"\1", b"A", b"a", b"a\0", b"aa", b"b"),
    *(b"\x7f", b"\x80", b"\xff", b"\xff\0", b"\xff\xff"),
]


@pytest.fixture
def letters() -> Database:
    """Return a database in memory with the keys a to e."""
    db = libredb.open()
    commit(db, *(bytes([letter]) for letter in b"ecabd"))
    return db


def test_order_is_by_unsigned_byte_with_the_shorter_prefix_first(db: Database) -> None:
    def fill(tx: Transaction) -> None:
        for key in reversed(ORDERED):
            tx.set(key, key)
        assert [key for key, _ in tx.scan()] == ORDERED

    db.transact(fill)
    assert list(db.scan()) == [(key, key) for key in ORDERED]
    assert list(db.scan(reverse=True)) == [(key, key) for key in reversed(ORDERED)]


def test_a_range_holds_its_start_and_not_its_end(db: Database) -> None:
    commit(db, *ORDERED)
    for start in ORDERED:
        for end in (*ORDERED, None):
            with case(start=start, end=end):
                expected = [key for key in ORDERED if key >= start and (end is None or key < end)]
                assert [key for key, _ in db.scan(start, end)] == expected
                assert [key for key, _ in db.scan(start, end, reverse=True)] == expected[::-1]


@pytest.mark.parametrize(("start", "end"), [(b"c", b"c"), (b"d", b"b"), (b"a", b""), (b"x", None)])
def test_a_range_with_nothing_in_it_is_empty(letters: Database, start: bytes, end: bytes) -> None:
    assert list(letters.scan(start, end)) == []
    with letters.transaction() as tx:
        tx.set(b"c", b"own")
        tx.set(b"d", b"own")
        assert list(tx.scan(start, end)) == []
        assert list(tx.scan(start, end, reverse=True)) == []


@pytest.mark.parametrize(("limit", "found"), [(0, b""), (1, b"b"), (3, b"bcd"), (9, b"bcde")])
def test_a_limit_bounds_the_entries(letters: Database, limit: int, found: bytes) -> None:
    assert b"".join(key for key, _ in letters.scan(b"b", limit=limit)) == found
    backwards = [key for key, _ in letters.scan(reverse=True, limit=limit)]
    assert backwards == [b"e", b"d", b"c", b"b", b"a"][:limit]


def test_a_limit_that_is_no_count_is_refused_at_the_call(letters: Database) -> None:
    with letters.read() as tx:
        with pytest.raises(UsageValueError):
            tx.scan(limit=-1)
        with pytest.raises(UsageTypeError):
            tx.scan(limit="3")  # pyright: ignore[reportArgumentType] - that is the point


def test_a_scan_is_the_snapshot_of_its_call_and_not_of_its_first_read(letters: Database) -> None:
    with letters.transaction() as tx:
        scan = tx.scan()
        tx.set(b"a", b"changed")
        tx.set(b"aa", b"new")
        tx.delete(b"d")
        assert list(scan) == [(bytes([letter]), b"") for letter in b"abcde"]
        assert [key for key, _ in tx.scan()] == [b"a", b"aa", b"b", b"c", b"e"]


@pytest.mark.parametrize("reverse", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("count", [10, 2000])
def test_deleting_while_scanning_visits_every_entry_once(count: int, *, reverse: bool) -> None:
    db = libredb.open()
    names = [b"%05d" % number for number in range(count)]

    def fill(tx: Transaction) -> None:
        for key in names[::2]:
            tx.set(key, b"")

    db.transact(fill)
    with db.transaction() as tx:
        for key in names[1::2]:
            tx.set(key, b"own")
        visited: list[bytes] = []
        for key, _ in tx.scan(reverse=reverse):
            visited.append(key)
            assert tx.delete(key)
            tx.set(key + b" later", b"")
        assert sorted(visited) == names
    assert keys(db) == [key + b" later" for key in names]


def test_a_scan_dies_with_its_transaction(letters: Database) -> None:
    with letters.read() as tx:
        begun, unused = tx.scan(), tx.scan()
        next(begun)
    for scan in (begun, unused):
        with pytest.raises(UsageError, match="has ended"):
            list(scan)


def test_reads_see_the_own_writes(db: Database) -> None:
    commit(db, b"stored", b"deleted")
    with db.transaction() as tx:
        tx.set(b"new", b"1")
        tx.set(b"stored", b"2")
        tx.delete(b"deleted")
        assert (tx.get(b"new"), tx.get(b"stored"), tx.get(b"deleted")) == (b"1", b"2", None)
        assert list(tx.scan()) == [(b"new", b"1"), (b"stored", b"2")]
        assert list(tx.scan(b"o", reverse=True)) == [(b"stored", b"2")]
        tx.delete(b"new")
        assert tx.get(b"new") is None
    assert list(db.scan()) == [(b"stored", b"2")]
