"""What the checks of a store have in common: whom they ask, what they write, what they expect."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from libredb.kernel.transaction import Reader, Store, Writer

Entries = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Subject:
    """A store to check, and what it says about itself.

    Attributes:
        store: The store, empty.
        may_rerun: Whether it says that it may run a function again.
        threads: Whether it says that several threads may use it.
    """

    store: Store
    may_rerun: bool = False
    threads: bool = False


Promise = Callable[[Subject], str | None]

NO_THREADS = "this store is for one thread"

BEFORE = [(b"changed", b"1"), (b"gone", b"1"), (b"kept", b"1")]
AFTER = [(b"changed", b"2"), (b"kept", b"1"), (b"new", b"2")]


class Abort(Exception):  # noqa: N818 - it is no error, it ends a transaction
    """Raised by a function to abort its transaction."""


def change(tx: Writer) -> None:
    """Make AFTER out of BEFORE."""
    tx.set(b"changed", b"2")
    tx.delete(b"gone")
    tx.set(b"new", b"2")


def calls(tx: Writer, argument: Any) -> tuple[Callable[[], object], ...]:  # noqa: ANN401 - it may be wrong
    """Return every call of a writer that takes bytes, with this argument."""
    return (
        lambda: tx.get(argument),
        lambda: tx.get_many([b"k", argument]),
        lambda: tx.scan(argument),
        lambda: tx.set(argument, b""),
        lambda: tx.set(b"k", argument),
        lambda: tx.delete(argument),
    )


def fill(store: Store, *entries: tuple[bytes, bytes]) -> None:
    """Set the entries, in this order."""

    def fill(tx: Writer) -> None:
        for key, value in entries:
            tx.set(key, value)

    store.transact(fill)


def entries(tx: Reader) -> Entries:
    """Return everything."""
    return list(tx.scan())


def version(tx: Reader) -> int:
    """Return the version."""
    return tx.version


def expect_scan(
    store: Store,
    expected: Entries,
    start: bytes = b"",
    end: bytes | None = None,
    limit: int | None = None,
) -> None:
    """Expect these entries, and their reverse, of a reader and of a writer."""
    for reverse in (False, True):
        told = expected[::-1][:limit] if reverse else expected[:limit]

        def scan(tx: Reader, *, reverse: bool = reverse) -> Entries:
            return list(tx.scan(start, end, reverse=reverse, limit=limit))

        what = f"scan({start!r}, {end!r}, {reverse=}, {limit=})"
        expect_equal(store.read(scan), told, f"{what} of a reader")
        expect_equal(store.transact(scan), told, f"{what} of a writer")


def expect(kept: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition is the argument
    """Raise an AssertionError unless the promise was `kept`; unlike `assert`, also under -O."""
    if not kept:
        raise AssertionError(otherwise)


def expect_equal(found: object, expected: object, what: str) -> None:
    """Expect what was found to be this, and tell both otherwise."""
    expect(found == expected, f"{what}: {found!r}, not {expected!r}")


def expect_raises(
    kind: type[BaseException] | tuple[type[BaseException], ...],
    call: Callable[[], object],
    what: str,
) -> BaseException:
    """Expect an error of this kind, and return it."""
    try:
        call()
    except kind as error:
        return error
    except Exception as error:
        raise AssertionError(f"{what} raised {error!r}") from error
    raise AssertionError(f"{what} raised nothing")
