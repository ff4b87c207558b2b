"""A transaction is all or nothing, records one op per key, and runs alone."""

import gc
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import nullcontext
from typing import Any

import pytest

import libredb
from libredb import Database, FileSystem, Transaction, UsageError, UsageTypeError, UsageValueError
from libredb.kernel import record
from tests.support.calls import DATABASE, WRITER
from tests.support.case import case
from tests.support.files import contents
from tests.support.work import commit, keys, setting


def nothing(tx: Transaction) -> None:
    assert list(tx.scan()) == list(tx.scan())


# What is recorded


def test_the_write_set_is_one_op_per_key_in_the_order_of_first_writes(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"stored")
        start = db.log_bytes

        def work(tx: Transaction) -> None:
            tx.set(b"z", b"first")
            tx.delete(b"stored")
            tx.set(b"a", b"1")
            tx.set(b"z", b"last")
            tx.delete(b"absent")
            tx.set(b"stored", b"again")
            tx.delete(b"a")

        db.transact(work)
    image = next(image for image in contents(fs, db_path) if image)
    payload = start + record.RECORD_HEADER_LENGTH
    assert record.decode_ops(image, payload, len(image)) == [
        (b"z", b"last"),
        (b"stored", b"again"),
        (b"a", None),
    ]


def test_deleting_an_absent_key_returns_false_and_records_nothing(any_db: Database) -> None:
    commit(any_db, b"k")
    assert any_db.transact(lambda tx: tx.delete(b"absent")) is False
    assert any_db.version == 1
    assert any_db.transact(lambda tx: (tx.delete(b"k"), tx.delete(b"k"))) == (True, False)
    assert (any_db.version, keys(any_db)) == (2, [])


def test_setting_an_equal_value_is_recorded(any_db: Database) -> None:
    commit(any_db, b"k", b"k")
    assert any_db.version == 2


def test_a_transaction_without_ops_changes_nothing(db: Database) -> None:
    commit(db, b"k")
    before = (db.version, db.log_bytes)
    db.transact(nothing)
    with db.transaction() as tx:
        nothing(tx)
    with db.read() as tx:
        tx.get(b"k")
    assert (db.version, db.log_bytes) == before


def test_an_aborted_transaction_leaves_no_trace(db: Database) -> None:
    def abort(tx: Transaction) -> None:
        tx.set(b"aborted", b"")
        raise LookupError

    before = (db.version, db.log_bytes)
    with pytest.raises(LookupError):
        db.transact(abort)
    with pytest.raises(LookupError), db.transaction() as tx:
        abort(tx)
    assert (db.version, db.log_bytes, keys(db)) == (*before, [])
    commit(db, b"k")


def test_a_transaction_that_is_too_large_is_refused_before_anything_is_written(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MAX_PAYLOAD_BYTES", 100)
    fits = 100 - record.SET_OVERHEAD - 1
    before = db.log_bytes
    with pytest.raises(UsageValueError, match=r"101 bytes is larger than 100; split it"):
        db.transact(setting(b"k", bytes(fits + 1)))
    assert (db.version, db.log_bytes, keys(db)) == (0, before, [])
    db.transact(setting(b"k", bytes(fits)))
    assert db.version == 1


# Running alone


def test_transact_returns_the_result_and_runs_the_function_once(any_db: Database) -> None:
    runs: list[int] = []

    def work(tx: Transaction) -> int:
        runs.append(len(runs))
        tx.set(b"k", b"")
        if len(runs) > 1:
            raise LookupError
        return 42

    assert any_db.transact(work) == 42
    with pytest.raises(LookupError):
        any_db.transact(work)
    assert runs == [0, 1]


NESTED = [name for name, call in DATABASE.items() if not call.at_any_time]


@pytest.mark.parametrize("call", NESTED)
def test_the_same_thread_cannot_nest(any_db: Database, call: str) -> None:
    with any_db.transaction() as tx:
        tx.set(b"1", b"")
        with pytest.raises(UsageError, match="inside a transaction of the same thread"):
            DATABASE[call].run(any_db)
        tx.set(b"2", b"")
    assert keys(any_db) == [b"1", b"2"]


def test_what_a_database_tells_about_itself_it_tells_at_any_time(any_db: Database) -> None:
    commit(any_db, b"k")
    with any_db.transaction() as tx:
        tx.set(b"new", b"")
        for name, call in DATABASE.items():
            if call.at_any_time:
                with case(call=name):
                    call.run(any_db)
        assert any_db.version == 1


def test_a_transaction_runs_another_one_inside(any_db: Database) -> None:
    with any_db.transaction() as tx:
        tx.set(b"1", b"")
        assert tx.transact(lambda inner: (inner is tx, inner.get(b"1"))) == (False, b"")
        tx.transact(setting(b"2"))
        assert tx.get(b"2") == b""
        assert any_db.version == 0
    assert (any_db.version, keys(any_db)) == (1, [b"1", b"2"])


def test_an_exception_caught_outside_of_it_leaves_nothing_of_an_inner_transaction(
    any_db: Database,
) -> None:
    """It left what had been written before it: half of what one call was to write."""

    def fail(tx: Transaction) -> None:
        tx.set(b"outer", b"changed inside")
        tx.set(b"inner", b"")
        raise LookupError

    with any_db.transaction() as tx:
        tx.set(b"outer", b"")
        with pytest.raises(LookupError):
            tx.transact(fail)
        tx.set(b"later", b"")
    assert list(any_db.scan()) == [(b"later", b""), (b"outer", b"")]


def test_a_transaction_is_refused_while_another_runs_inside(any_db: Database) -> None:
    with any_db.transaction() as tx:

        def inside(inner: Transaction) -> None:
            inner.set(b"inner", b"")
            for name, use in WRITER.items():
                with case(use=name), pytest.raises(UsageError, match="inside this one is running"):
                    use(tx)

        tx.transact(inside)
        tx.set(b"outer", b"")
    assert keys(any_db) == [b"inner", b"outer"]


def test_a_transaction_that_is_left_inside_another_commits_nothing(any_db: Database) -> None:
    block = any_db.transaction()
    tx = block.__enter__()

    def leave(inner: Transaction) -> None:
        inner.set(b"inner", b"")
        block.__exit__(None, None, None)

    tx.set(b"outer", b"")
    with pytest.raises(UsageError, match=r"ended from inside, and is aborted; begin again"):
        tx.transact(leave)
    assert (any_db.version, keys(any_db)) == (0, [])
    commit(any_db, b"k")


def test_the_version_of_a_transaction_is_that_of_its_commit(any_db: Database) -> None:
    def abort(tx: Transaction) -> None:
        assert tx.version == 1
        raise LookupError

    for _ in range(2):  # an aborted transaction's number is used again
        with pytest.raises(LookupError):
            any_db.transact(abort)
    assert any_db.transact(lambda tx: (tx.set(b"1", b""), tx.version)) == (None, 1)
    with any_db.transaction() as tx:
        assert (tx.version, tx.transact(lambda inner: inner.version)) == (2, 2)
    with any_db.read() as tx:
        assert tx.version == any_db.version == 1


def test_a_reading_transaction_refuses_writes_and_goes_on(any_db: Database) -> None:
    commit(any_db, b"k")
    with any_db.read() as tx:
        with pytest.raises(UsageError, match="can only read"):
            tx.transact(setting(b"new"))
        assert not {"set", "delete"} & set(dir(tx))
        assert tx.read(lambda inner: inner.get(b"k")) == b""
        assert tx.get(b"k") == b""
    assert (any_db.version, keys(any_db)) == (1, [b"k"])


@pytest.mark.parametrize("use", WRITER)
def test_a_transaction_cannot_be_used_after_its_end(any_db: Database, use: str) -> None:
    def abort(tx: Transaction) -> None:
        ended.append(tx)
        raise LookupError

    ended = [any_db.transact(lambda tx: tx)]
    with any_db.transaction() as tx:
        ended.append(tx)
    with pytest.raises(LookupError):
        any_db.transact(abort)
    for tx in ended:
        with pytest.raises(UsageError, match="has ended"):
            WRITER[use](tx)
    assert any_db.version == 0


# What would run later


class Later:
    def __await__(self) -> Generator[None, None, None]:
        """Be awaitable."""
        yield


async def coroutine(tx: Transaction) -> None:
    tx.set(b"late", b"")


async def async_generator(tx: Transaction) -> AsyncIterator[None]:
    tx.set(b"late", b"")
    yield


def awaitable(tx: Transaction) -> Awaitable[None]:
    tx.set(b"early", b"")
    return Later()


def generator(tx: Transaction) -> Iterator[None]:
    tx.set(b"late", b"")
    yield


def a_scan(tx: Transaction) -> Iterator[object]:
    tx.set(b"early", b"")
    return tx.scan()


LATER: dict[Callable[[Transaction], object], str] = {
    coroutine: "await first, then transact",
    async_generator: "await first, then transact",
    awaitable: "await first, then transact",
    generator: r"a generator would run after the commit; return list\(",
    a_scan: r"a generator would run after the commit; return list\(",
}


@pytest.mark.parametrize("fn", LATER)
def test_what_would_go_on_after_the_commit_is_refused_before_it(
    any_db: Database, fn: Callable[[Transaction], object]
) -> None:
    """A function with a `yield` was run as if it were one without: it silently did nothing."""
    # A coroutine that is dropped un-awaited warns, and a warning fails the test.
    with pytest.raises(UsageTypeError, match=LATER[fn]):
        any_db.transact(fn)
    gc.collect()
    assert (any_db.version, keys(any_db)) == (0, [])
    with any_db.transaction() as tx, pytest.raises(UsageTypeError, match=LATER[fn]):
        tx.transact(fn)
    assert (any_db.version, keys(any_db)) == (0, [])


@pytest.mark.parametrize("wrong", [5, None, b"fn"])
def test_what_cannot_be_called_is_refused(any_db: Database, wrong: Any) -> None:
    with pytest.raises(UsageTypeError, match=f"needs a function, not {type(wrong).__name__}"):
        any_db.transact(wrong)
    assert any_db.version == 0


# Threads


@pytest.mark.cpython
def test_threads_are_serialized(db: Database) -> None:
    count, rounds = 4, 25

    def increment(tx: Transaction) -> None:
        number = int(tx.get(b"n") or b"0")
        tx.set(b"n", b"%d" % (number + 1))

    def work() -> None:
        for _ in range(rounds):
            db.transact(increment)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (db.get(b"n"), db.version) == (b"%d" % (count * rounds), count * rounds)


WAITING = [name for name, call in DATABASE.items() if call.waits]
NOT_WAITING = [name for name, call in DATABASE.items() if not call.waits]


@pytest.mark.cpython
@pytest.mark.parametrize("call", WAITING)
def test_another_thread_waits_for_the_end_of_a_transaction(
    memory_fs: FileSystem, call: str
) -> None:
    db = libredb.open("p", fs=memory_fs)
    started = threading.Event()
    order: list[str] = []

    def work() -> None:
        started.set()
        DATABASE[call].run(db)
        order.append("thread")

    thread = threading.Thread(target=work)
    with db.transaction() as tx:
        thread.start()
        started.wait()
        tx.set(b"k", b"")
        order.append("transaction")
    thread.join()
    assert order == ["transaction", "thread"]


@pytest.mark.cpython
@pytest.mark.parametrize("call", NOT_WAITING)
def test_another_thread_reads_without_waiting_for_the_end_of_a_transaction(
    any_db: Database, call: str
) -> None:
    """Whoever waits here waits for ever: the transaction ends after the thread."""
    commit(any_db, b"k")
    is_refused = DATABASE[call].needs_file and any_db.path is None

    def work() -> None:
        with pytest.raises(UsageError) if is_refused else nullcontext():
            DATABASE[call].run(any_db)

    thread = threading.Thread(target=work)
    with any_db.transaction() as tx:
        tx.set(b"k", b"new")
        thread.start()
        thread.join()
    assert any_db.get(b"k") == b"new"
