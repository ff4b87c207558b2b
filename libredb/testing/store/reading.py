"""S1 to S6: what a reader promises, and a writer, which is one as well."""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from libredb.kernel.errors import UsageError, UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader, Writer
from libredb.testing.store.subject import (
    Entries,
    Subject,
    calls,
    entries,
    expect,
    expect_equal,
    expect_raises,
    expect_scan,
    fill,
    version,
)

ORDERED = (
    *(b"", b"\0", b"\0\0", b"\0\xff", b"\1", b"A", b"a", b"a\0", b"aa", b"b"),
    *(b"\x7f", b"\x80", b"\xff", b"\xff\0", b"\xff\xff"),
)
ENTRIES = [(key, b"value of " + key) for key in ORDERED]


def s01_a_reader_sees_one_state(subject: Subject) -> None:
    """Commit in the middle of a read, if the store permits that."""
    store = subject.store
    fill(store, (b"a", b"old"), (b"b", b"old"))

    def change(tx: Writer) -> None:
        tx.set(b"a", b"new")
        tx.delete(b"b")
        tx.set(b"c", b"new")

    def look(tx: Reader) -> tuple[object, object]:
        before = tx.get(b"a"), list(tx.scan()), tx.read(entries)
        with suppress(UsageError):
            store.transact(change)
        return before, (tx.get(b"a"), list(tx.scan()), tx.read(entries))

    before, after = store.read(look)
    expect_equal(after, before, "what a reader sees after another commit")


def s01_several_keys_are_read_as_one_by_one(subject: Subject) -> None:
    """Ask for keys that are there and others, out of order and twice."""
    fill(subject.store, *ENTRIES)
    keys = [*reversed(ORDERED), b"absent", ORDERED[0]]

    def look(tx: Reader) -> tuple[object, ...]:
        return tx.get_many(iter(keys)), tx.get_many([]), [tx.get(key) for key in keys]

    for found, nothing, expected in (subject.store.read(look), subject.store.transact(look)):
        expect_equal(found, expected, "several keys at once")
        expect_equal(nothing, [], "no keys at once")


def s02_keys_ascend_by_unsigned_byte(subject: Subject) -> None:
    """Write keys in another order, and read them in both directions."""
    fill(subject.store, *reversed(ENTRIES))
    expect_scan(subject.store, ENTRIES)


def s02_a_range_holds_its_start_and_not_its_end(subject: Subject) -> None:
    """Read every range between two keys."""
    fill(subject.store, *ENTRIES)
    for start, end in itertools.product(ORDERED, (*ORDERED, None)):
        expected = [(k, v) for k, v in ENTRIES if k >= start and (end is None or k < end)]
        expect_scan(subject.store, expected, start, end)


def s02_a_limit_counts_from_where_the_order_begins(subject: Subject) -> None:
    """Read with limits of nothing, of some, and of more than there is."""
    fill(subject.store, *ENTRIES)
    for limit in (0, 1, 3, len(ENTRIES), 10**30):
        expect_scan(subject.store, ENTRIES[3:], ORDERED[3], limit=limit)
        expect_scan(subject.store, ENTRIES[:7], b"", ORDERED[7], limit=limit)


def s03_a_scan_is_the_snapshot_of_its_call(subject: Subject) -> None:
    """Write after the call of a scan, before it is read and in the middle."""

    def work(tx: Writer) -> tuple[Entries, Entries, Entries]:
        tx.set(b"b", b"own")
        unread, begun = tx.scan(), tx.scan(reverse=True)
        first = next(begun)
        for key in (b"", b"a", b"ab", b"b", b"c", b"zz"):
            tx.set(key, b"later")
        tx.delete(b"d")
        tx.transact(lambda inner: inner.delete(b"a"))
        return list(unread), [first, *begun], list(tx.scan())

    fill(subject.store, (b"a", b"1"), (b"c", b"3"), (b"d", b"4"))
    unread, begun, after = subject.store.transact(work)
    then = [(b"a", b"1"), (b"b", b"own"), (b"c", b"3"), (b"d", b"4")]
    expect_equal(unread, then, "a scan that was called before the writes")
    expect_equal(begun, then[::-1], "a scan that was begun before the writes")
    expect_equal(
        [key for key, _ in after], [b"", b"ab", b"b", b"c", b"zz"], "a scan called after them"
    )


def s03_deleting_while_scanning_visits_every_entry(subject: Subject) -> None:
    """Delete what a scan has just shown, many times."""
    keys = [b"%04d" % number for number in range(1500)]

    def work(tx: Writer) -> list[bytes]:
        for key in keys[::2]:
            tx.set(key, b"own")
        visited: list[bytes] = []
        for key, _ in tx.scan():
            visited.append(key)
            tx.delete(key)
        return visited

    fill(subject.store, *((key, b"") for key in keys[1::2]))
    expect_equal(subject.store.transact(work), keys, "what was visited")
    expect_equal(subject.store.read(entries), [], "what is left")


def s04_wrong_arguments_are_refused_by_the_call(subject: Subject) -> None:
    """Pass what is no bytes and no count, and go on in the same transaction."""
    wrong_bytes: list[Any] = ["text", 7, None, 1.5, [b"k"]]
    wrong_limits: list[Any] = ["3", 1.0, True]

    def work(tx: Writer) -> None:
        tx.set(b"before", b"")
        for wrong in wrong_bytes:
            for call in calls(tx, wrong):
                expect_raises(UsageTypeError, call, f"an argument {wrong!r}")
        for wrong in (text for text in wrong_bytes if text is not None):
            expect_raises(
                UsageTypeError, lambda wrong=wrong: tx.scan(b"", wrong), f"an end {wrong!r}"
            )
        for wrong in wrong_limits:
            expect_raises(
                UsageTypeError, lambda wrong=wrong: tx.scan(limit=wrong), f"a limit {wrong!r}"
            )
        expect_raises(UsageValueError, lambda: tx.scan(limit=-1), "a limit of -1")
        tx.set(b"later", b"")

    subject.store.transact(work)
    expect_equal(
        subject.store.read(entries), [(b"before", b""), (b"later", b"")], "what was written"
    )


def s04_what_is_bytes_like_is_copied_at_the_call(subject: Subject) -> None:
    """Change buffers after they were handed over."""

    def work(tx: Writer) -> Entries:
        key, value, end = bytearray(b"key"), bytearray(b"value"), bytearray(b"z")
        tx.set(key, memoryview(value))
        tx.set(memoryview(b"xkey2x")[1:5], b"2")
        found = tx.scan(key, end)
        key[:] = value[:] = end[:] = b"0"
        tx.delete(bytearray(b"key2"))
        return list(found)

    expected = [(b"key", b"value"), (b"key2", b"2")]
    found = subject.store.transact(work)
    expect_equal(found, expected, "a scan")
    kept = subject.store.read(entries)
    expect_equal(kept, expected[:1], "what was written")
    kinds = {type(data) for entry in (*found, *kept) for data in entry}
    expect_equal(kinds, {bytes}, "the types of what is read")


def s05_it_ends_with_its_function(subject: Subject) -> None:
    """Keep readers, writers and scans, and use them afterwards."""
    ended: list[Any] = []
    scans: list[Iterator[object]] = []

    def keep(tx: Reader) -> None:
        begun = tx.scan()
        next(begun)
        ended.append(tx)
        scans.extend([tx.scan(), begun])

    def keep_all(tx: Writer) -> None:
        keep(tx)
        tx.read(keep)
        tx.transact(keep)

    fill(subject.store, (b"a", b""), (b"b", b""))
    subject.store.read(keep)
    subject.store.transact(keep_all)
    for tx in ended:
        uses = [lambda tx=tx: tx.get(b"a"), tx.scan, lambda tx=tx: tx.read(entries)]
        if hasattr(tx, "set"):
            uses += [lambda tx=tx: tx.set(b"late", b""), lambda tx=tx: tx.delete(b"a")]
            uses += [lambda tx=tx: tx.transact(entries)]
        for use in uses:
            expect_raises(UsageError, use, f"a {type(tx).__name__} used after its end")
    for scan in scans:
        expect_raises(UsageError, lambda scan=scan: list(scan), "a scan read after its end")
    expect_equal(subject.store.read(entries), [(b"a", b""), (b"b", b"")], "what is there")


def s06_version_never_falls(subject: Subject) -> None:
    """Write the version into what it is the version of."""

    def work(tx: Writer) -> tuple[int, int, int]:
        tx.set(b"k", b"")
        return tx.version, tx.transact(version), tx.read(version)

    seen = subject.store.read(version)
    for _ in range(3):
        own, inner, reader = subject.store.transact(work)
        expect_equal((inner, reader), (own, own), "versions inside a writer")
        after = subject.store.read(version)
        expect(type(own) is type(after) is int, f"a version is {own!r} or {after!r}")
        expect(seen <= own <= after, f"versions {seen}, {own}, {after} in this order")
        seen = after
