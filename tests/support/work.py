"""The little work that most tests do: commit some keys, and see which are there."""

import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from libredb import Database, ReadTransaction, Transaction

T = TypeVar("T")

Holder = Database | ReadTransaction
"""Whatever has the forms that read."""


def setting(key: bytes, value: bytes = b"") -> Callable[[Transaction], None]:
    """Return the function of a transaction that sets one key."""
    return lambda tx: tx.set(key, value)


def commit(db: Database, *keys: bytes) -> None:
    """Set every key in a transaction of its own."""
    for key in keys:
        db.transact(setting(key))


def awaited(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what `transact_async` returns: in an event loop, or in place where it needs none."""
    if sys.platform == "emscripten":
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("it waited for something, and did not run in place")
    import asyncio

    with asyncio.Runner() as runner:
        return runner.run(coroutine)


def keys(db: Database) -> list[bytes]:
    """Return all keys in order."""
    return [key for key, _ in db.scan()]


def on_every_holder(db: Database, check: Callable[[Holder], None]) -> None:
    """Check a database, a reader, a writer, and what runs inside of a writer."""
    check(db)
    with db.read() as tx:
        check(tx)
    with db.transaction() as tx:
        check(tx)
        tx.read(check)
        tx.transact(check)
    with db.group():
        check(db)
