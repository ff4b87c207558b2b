"""A transaction inside another is all or nothing as well, and the outer one waits for it."""

from typing import Any

import pytest

from libredb.kernel import transaction as transaction_module
from libredb.kernel.errors import UsageError
from libredb.kernel.level import Level
from libredb.kernel.overlay import Overlay
from libredb.kernel.transaction import Transaction
from tests.support.case import case
from tests.support.interrupting import interrupted_at
from tests.unit.kernel.transactions import USES, store_of, writer


def test_what_is_written_inside_passes_on_in_the_order_of_first_writes() -> None:
    def inside(inner: Transaction) -> None:
        inner.set(b"z", b"inside")
        inner.set(b"b", b"inside")
        inner.delete(b"stored")
        inner.transact(lambda innermost: (innermost.set(b"m", b"1"), innermost.set(b"z", b"2")))
        inner.set(b"a", b"inside")

    tx = writer(store_of(stored=b"1"))
    tx.set(b"b", b"outside")
    tx.transact(inside)
    tx.set(b"last", b"")
    assert list((tx.end() or {}).items()) == [
        (b"b", b"inside"),
        (b"z", b"2"),
        (b"stored", None),
        (b"m", b"1"),
        (b"a", b"inside"),
        (b"last", b""),
    ]


@pytest.mark.parametrize("use", USES)
def test_while_a_transaction_inside_runs_the_outer_one_is_refused(use: str) -> None:
    tx = writer(store_of(a=b"1", b=b"2"))
    scan, read_inside = tx.scan(), tx.scan()

    def inside(inner: Transaction) -> None:
        for attempt in (lambda: USES[use](tx), lambda: next(read_inside)):
            with pytest.raises(UsageError, match="inside this one is running; use that one"):
                attempt()
        inner.transact(lambda innermost: innermost.set(b"c", b"3"))

    tx.transact(inside)
    assert next(scan) == (b"a", b"1")
    USES[use](tx)
    assert (tx.end() or {})[b"c"] == b"3"


def test_a_transaction_inside_that_raises_leaves_no_trace_and_the_outer_one_goes_on() -> None:
    kept: list[Any] = []

    def inside(inner: Transaction) -> None:
        kept.extend([inner, inner.scan()])
        inner.set(b"a", b"inside")
        inner.set(b"new", b"inside")
        inner.delete(b"stored")
        raise LookupError

    tx = writer(store_of(stored=b"1"))
    tx.set(b"a", b"outside")
    for _ in range(2):
        with pytest.raises(LookupError):
            tx.transact(inside)
        assert list(tx.scan()) == [(b"a", b"outside"), (b"stored", b"1")]
    for attempt in (lambda: kept[0].set(b"k", b""), lambda: next(kept[1])):
        with pytest.raises(UsageError, match="has ended"):
            attempt()
    tx.set(b"b", b"")
    assert tx.end() == {b"a": b"outside", b"b": b""}


def test_a_transaction_inside_ends_with_its_function() -> None:
    kept: list[Any] = []

    def inside(inner: Transaction) -> None:
        inner.set(b"a", b"")
        kept.extend([inner, inner.scan()])

    tx = writer()
    tx.transact(inside)
    for attempt in (lambda: kept[0].get(b"a"), lambda: next(kept[1])):
        with pytest.raises(UsageError, match="has ended"):
            attempt()
    assert tx.get(b"a") == b""


def test_the_version_is_shared_by_all_that_runs_inside() -> None:
    tx = writer()
    assert tx.transact(lambda inner: inner.transact(lambda innermost: innermost.version)) == 7
    assert tx.transact(lambda inner: inner.read(lambda innermost: innermost.version)) == 7


def test_the_outer_transaction_is_not_copied() -> None:
    tx = writer()
    for number in range(1000):
        tx.set(b"%d" % number, b"")
    writes = tx._writes
    below: list[object] = [tx._view]

    def inside(inner: Transaction) -> None:
        assert isinstance(inner._view, Overlay)
        below.append(inner._view._below)

    tx.transact(inside)
    assert below[0] is below[1]
    assert tx._writes is writes


def test_an_outer_transaction_that_ends_too_early_takes_nothing_over() -> None:
    tx = writer()

    def inside(inner: Transaction) -> None:
        inner.set(b"k", b"")
        assert tx.end() is None

    with pytest.raises(UsageError, match="has ended"):
        tx.transact(inside)
    with pytest.raises(UsageError, match="has ended"):
        tx.set(b"k", b"")


class Short(Level):
    """A level that runs out of memory in the middle of taking others over."""

    def put(self, key: bytes, value: bytes | None) -> None:
        if self.ops:
            raise MemoryError
        super().put(key, value)


def swallow(tx: Transaction) -> None:
    """Let two writes pass into `tx` and be interrupted, and take no notice."""
    tx._writes = Short()
    with pytest.raises(MemoryError):
        tx.transact(lambda inner: (inner.set(b"1", b""), inner.set(b"2", b"")))


def test_an_interrupt_while_the_writes_pass_aborts_the_transaction_they_pass_into() -> None:
    tx = writer()
    swallow(tx)
    for use in USES.values():
        with pytest.raises(UsageError, match=r"was interrupted .* is aborted; begin again"):
            use(tx)
    assert tx.end() is None


def test_a_transaction_inside_that_is_aborted_leaves_no_trace_in_the_outer_one() -> None:
    tx = writer()
    tx.set(b"k", b"")
    with pytest.raises(UsageError, match="was interrupted"):
        tx.transact(swallow)
    assert tx.end() == {b"k": b""}


def interrupted(at: int) -> tuple[Transaction, list[str], bool]:
    """Interrupt a transaction inside `tx` at a line of transaction.py; say how far it came."""
    tx = writer(store_of(stored=b"1"))
    tx.set(b"outer", b"")
    told: list[str] = []

    def inside(inner: Transaction) -> None:
        inner.set(b"1", b"inner")
        inner.set(b"2", b"inner")

    def act() -> None:
        try:
            tx.transact(inside)
        except KeyboardInterrupt:
            told.append("interrupted")
        else:
            told.append("returned")

    reached = interrupted_at(at, transaction_module.__file__, act)
    return tx, told, not reached


def test_an_interrupt_anywhere_in_a_transaction_inside_leaves_all_or_nothing() -> None:
    at, over = 0, False
    ends = set[tuple[str, str]]()
    while not over:
        at += 1
        with case(interrupted_at_line=at):
            tx, told, over = interrupted(at)
            usable = tx._read_refusal is None
            ops = tx.end()
            assert (ops is not None) == usable
            nothing, everything = {b"outer": b""}, {b"outer": b"", b"1": b"inner", b"2": b"inner"}
            assert ops in (None, nothing, everything)
            assert told == (["returned"] if over else ["interrupted"])
            ends.add((told[0], "aborted" if ops is None else f"{len(ops)} ops"))
    assert ends == {
        ("interrupted", "1 ops"),
        ("interrupted", "3 ops"),
        ("interrupted", "aborted"),
        ("returned", "3 ops"),
    }
