"""The conformance kit for lenses: that all of them work on a store, whatever keeps it.

Whoever writes a store, be it another kernel, a proxy or a client of something remote, first lets
`libredb.testing.store` check it, and then asks whether every lens works on it, with any test runner
or with none:

    for promise in kit.PROMISES:
        unchecked = kit.check(promise, kit.Subject(MyStore()))

    L1   keys are in the order of what they are made of, up to the last byte FF
    L2   namespaces know nothing of one another, nor of raw keys, and reading creates none
    L3   a kv and a mapping are dicts in the order of their keys
    L4   a kv has versions, deadlines and counters
    L5   documents come back as they were stored, and are changed as a whole
    L6   a search finds the same by every index and without one, in the same order
    L7   of a unique index each value has one owner, and no value is no claim
    L8   a result reads anew each time it is asked, and a cursor goes on behind its place
    L9   tables keep rows of a class, found and changed as plain Python would have it
    L10  joins have all pairs of rows, and groups all rows
    L11  what is refused or aborted leaves no trace
    L12  a lens in a transaction sees and is seen, and lenses work together in one
    L13  what only reads takes no turn, and what changes something is one transaction
    L14  what a store runs again has been done once
    L15  threads share a lens, where the store lets threads share it

After each check every namespace agrees with its indexes and the catalog, as their `check()` tells.
`check` returns None when the promise was kept, a reason when this subject offers no way to check
it, and raises an AssertionError that begins with the number of the promise when it was broken.
Every check needs a store of its own, which is empty. Absent on purpose: pytest, what the port
promises by itself, speed.
"""

from libredb.testing.lens import (
    dictionaries,
    documents,
    joins,
    namespaces,
    results,
    searches,
    tables,
    transactions,
    turns,
    unique,
)
from libredb.testing.lens.subject import NO_THREADS, Promise, Subject, expect_nothing_wrong

__all__ = ["NO_THREADS", "PROMISES", "Promise", "Subject", "check", "number_of"]

_MODULES = (
    *(namespaces, dictionaries, documents, searches, unique, results),
    *(tables, joins, transactions, turns),
)

PROMISES: tuple[Promise, ...] = tuple(
    value
    for module in _MODULES
    for name, value in sorted(vars(module).items())
    if name[:1] == "l" and name[1:3].isdigit()
)


def number_of(promise: Promise) -> str:
    """Return the number of a promise, for example "L4"."""
    return f"L{int(promise.__name__[1:3])}"


def check(promise: Promise, subject: Subject) -> str | None:
    """Check one promise; return None, or why this subject gives no way to check it.

    Raises:
        AssertionError: The promise was broken; the text begins with its number.
    """
    try:
        unchecked = promise(subject)
        expect_nothing_wrong(subject.store)
    except Exception as error:
        told = str(error) if isinstance(error, AssertionError) else repr(error)
        sentence = promise.__name__[4:].replace("_", " ")
        raise AssertionError(f"{number_of(promise)}, {sentence}: {told}") from error
    return unchecked
