"""The conformance kit for stores: what `libredb.kernel.transaction.Store` promises, as checks.

Whoever writes a store writes a test like this one, with any test runner or with none:

    for promise in kit.PROMISES:
        unchecked = kit.check(promise, kit.Subject(MyStore()))

`check` returns None when the promise was kept, a reason when this subject offers no way to check
it, and raises an AssertionError that begins with the number of the promise when it was broken.
Every check needs a store of its own, which is empty. A store is also asked to write while one of
its own functions runs: it may do so, or raise UsageError, but not wait for itself.
Deliberately absent: pytest, what lies below a store, speed.
"""

from libredb.testing.store import reading, running, writing
from libredb.testing.store.subject import NO_THREADS, Promise, Subject

__all__ = ["NO_THREADS", "PROMISES", "Promise", "Subject", "check", "number_of"]

PROMISES: tuple[Promise, ...] = tuple(
    value
    for module in (reading, writing, running)
    for name, value in sorted(vars(module).items())
    if name[:1] == "s" and name[1:3].isdigit()
)


def number_of(promise: Promise) -> str:
    """Return the number of a promise, for example "S4"."""
    return f"S{int(promise.__name__[1:3])}"


def check(promise: Promise, subject: Subject) -> str | None:
    """Check one promise; return None, or why this subject gives no way to check it.

    Raises:
        AssertionError: The promise was broken; the text begins with its number.
    """
    try:
        return promise(subject)
    except Exception as error:
        told = str(error) if isinstance(error, AssertionError) else repr(error)
        sentence = promise.__name__[4:].replace("_", " ")
        raise AssertionError(f"{number_of(promise)}, {sentence}: {told}") from error
