"""S7 to S9: what a writer promises, and the transactions inside it."""

from libredb.kernel.errors import UsageError
from libredb.kernel.transaction import Writer
from libredb.testing.store.subject import (
    AFTER,
    BEFORE,
    Abort,
    Entries,
    Subject,
    calls,
    change,
    entries,
    expect_equal,
    expect_raises,
    fill,
)


def s07_own_writes_are_read_back(subject: Subject) -> None:
    """Read each write back in every way, before it commits and after."""
    fill(subject.store, (b"gone", b"1"), (b"kept", b"1"), (b"set", b"1"))
    now = [(b"kept", b"1"), (b"new", b"2"), (b"set", b"2")]

    def work(tx: Writer) -> tuple[object, ...]:
        tx.set(b"set", b"2")
        tx.delete(b"gone")
        tx.set(b"new", b"1")
        tx.set(b"new", b"2")
        tx.set(b"passing", b"")
        tx.delete(b"passing")
        keys = (b"gone", b"kept", b"new", b"set", b"passing")
        got = tuple(tx.get(key) for key in keys)
        return got, list(tx.scan()), list(tx.scan(reverse=True)), tx.read(entries)

    got, scanned, reverse, read = subject.store.transact(work)
    expect_equal(got, (None, b"1", b"2", b"2", None), "what get returns")
    expect_equal(scanned, now, "what a scan shows")
    expect_equal(reverse, now[::-1], "what a scan in reverse shows")
    expect_equal(read, now, "what a reader inside sees")
    expect_equal(subject.store.read(entries), now, "what is there afterwards")


def s08_delete_tells_whether_the_key_was_there(subject: Subject) -> None:
    """Delete what was there before, what was set just now, and what is not there."""
    fill(subject.store, (b"stored", b""))

    def work(tx: Writer) -> list[bool]:
        tx.set(b"own", b"")
        return [tx.delete(key) for key in (b"stored", b"own", b"absent", b"stored", b"own")]

    expect_equal(
        subject.store.transact(work), [True, True, False, False, False], "what delete returns"
    )
    expect_equal(subject.store.read(entries), [], "what is there")


def s09_an_inner_transaction_that_raises_leaves_no_trace_of_itself(subject: Subject) -> None:
    """Let one raise, and one in one, and go on outside of them."""

    def fails(tx: Writer) -> None:
        change(tx)
        raise Abort

    def catches(tx: Writer) -> None:
        tx.set(b"caught", b"")
        expect_raises(Abort, lambda: tx.transact(fails), "an inner transaction that raises")

    def work(tx: Writer) -> tuple[Entries, Entries]:
        tx.set(b"outer", b"before")
        before = entries(tx)
        expect_raises(Abort, lambda: tx.transact(fails), "an inner transaction that raises")
        between = entries(tx)
        tx.transact(catches)
        tx.set(b"outer", b"after")
        return before, between

    fill(subject.store, *BEFORE)
    before, between = subject.store.transact(work)
    expect_equal(between, before, "what the outer transaction sees")
    expected = sorted([*BEFORE, (b"caught", b""), (b"outer", b"after")])
    expect_equal(subject.store.read(entries), expected, "what is there")


def s09_an_inner_transaction_that_returns_has_written_into_the_outer_one(subject: Subject) -> None:
    """Let one return, and look from inside, from outside and afterwards."""

    def work(tx: Writer) -> tuple[Entries, Entries]:
        tx.set(b"outer", b"")
        inside = tx.transact(lambda inner: (change(inner), entries(inner))[1])
        return inside, entries(tx)

    fill(subject.store, *BEFORE)
    expected = sorted([*AFTER, (b"outer", b"")])
    inside, outside = subject.store.transact(work)
    expect_equal(inside, expected, "what the inner transaction sees")
    expect_equal(outside, expected, "what the outer transaction sees")
    expect_equal(subject.store.read(entries), expected, "what is there")


def s09_the_outer_transaction_is_refused_while_an_inner_one_runs(subject: Subject) -> None:
    """Use the outer one inside, in every way, and again afterwards."""

    def work(tx: Writer) -> None:
        def inside(inner: Writer) -> None:
            inner.set(b"inner", b"")
            for use in (
                *calls(tx, b"k"),
                lambda: tx.transact(entries),
                lambda: tx.read(entries),
            ):
                expect_raises(UsageError, use, "an outer transaction that is used inside")

        tx.transact(inside)
        tx.set(b"outer", b"")

    subject.store.transact(work)
    expect_equal(subject.store.read(entries), [(b"inner", b""), (b"outer", b"")], "what is there")
