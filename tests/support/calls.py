"""Every public call once, with what it needs and what it does.

A test that goes through calls takes them from here, chosen by a fact: whatever is added is then
held to everything at once. tests/contract/test_every_call.py finds a public name that is missing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from operator import attrgetter

from libredb import Database, ReadTransaction, Transaction, UsageError
from sim.world.filesystem import SimFileSystem
from tests.support.work import awaited, setting


@dataclass(frozen=True, kw_only=True)
class Call:
    """A way to call something of a database. It leaves whatever block it enters.

    Attributes:
        run: Makes the call.
        writes: Whether mode "r" refuses it.
        needs_file: Whether a database in memory refuses it.
        in_group: Whether it may be made inside a group of the same thread.
        waits: Whether it waits for a transaction of another thread.
        at_any_time: Whether it only looks at what is known: no transaction, group, failure, fork or
            closing refuses it.
    """

    run: Callable[[Database], object]
    writes: bool = False
    needs_file: bool = False
    in_group: bool = False
    waits: bool = True
    at_any_time: bool = False


def entered(block: AbstractContextManager[object]) -> None:
    """Enter a block, and leave it."""
    with block:
        pass


def look(tx: ReadTransaction) -> list[object]:
    """Read in both ways."""
    return [tx.get(b"k"), *tx.scan()]


def back_up(db: Database) -> None:
    """Write a backup to another file system."""
    db.backup_to("copy", fs=SimFileSystem())


def refresh(db: Database) -> None:
    """Refresh a reader; what writes refuses that whenever it does not refuse everything."""
    try:
        assert db.refresh()
        assert db.mode == "r"
    except UsageError as error:
        if db.mode == "r" or "opened with mode 'r'" not in str(error):
            raise


DATABASE: dict[str, Call] = {
    "transact(fn)": Call(run=lambda db: db.transact(setting(b"k")), writes=True, in_group=True),
    "transact(reading)": Call(run=lambda db: db.transact(look), in_group=True),
    "transaction()": Call(run=lambda db: entered(db.transaction()), in_group=True),
    "transact_async(fn)": Call(
        run=lambda db: awaited(db.transact_async(setting(b"k"))), writes=True
    ),
    "set(key, value)": Call(run=lambda db: db.set(b"k", b""), writes=True, in_group=True),
    "delete(key)": Call(run=lambda db: db.delete(b"absent"), writes=True, in_group=True),
    "delete_range(prefix)": Call(
        run=lambda db: db.delete_range(prefix=b"absent"), writes=True, in_group=True
    ),
    "read()": Call(run=lambda db: entered(db.read()), in_group=True, waits=False),
    "read(fn)": Call(run=lambda db: db.read(look), in_group=True, waits=False),
    "get(key)": Call(run=lambda db: db.get(b"k"), in_group=True, waits=False),
    "get_many(keys)": Call(run=lambda db: db.get_many([b"k"]), in_group=True, waits=False),
    "scan()": Call(run=lambda db: list(db.scan()), in_group=True, waits=False),
    "count()": Call(run=lambda db: db.count(), in_group=True, waits=False),
    "__contains__(key)": Call(run=lambda db: b"k" in db, in_group=True, waits=False),
    "group()": Call(run=lambda db: entered(db.group())),
    "sync()": Call(run=lambda db: db.sync(), in_group=True),
    "compact()": Call(run=lambda db: db.compact(), writes=True),
    "backup()": Call(run=lambda db: list(db.backup()), needs_file=True),
    "backup_to(path)": Call(run=back_up, needs_file=True),
    "on_commit(callback)": Call(run=lambda db: db.on_commit(print)(), in_group=True, waits=False),
    "changes(since)": Call(
        run=lambda db: list(db.changes(since=0)), needs_file=True, in_group=True, waits=False
    ),
    "refresh()": Call(run=refresh, waits=False),
    "close()": Call(run=lambda db: db.close()),
    **{
        name: Call(run=attrgetter(name), in_group=True, waits=False, at_any_time=True)
        for name in (
            *("closed", "path", "database_id", "mode", "version", "durable_version"),
            *("pending_commits", "pending_bytes", "log_bytes", "live_bytes", "compaction_due"),
        )
    },
}

REFUSABLE: dict[str, Callable[[Database], object]] = {
    name: call.run for name, call in DATABASE.items() if not call.at_any_time and name != "close()"
}
"""What a database refuses once it failed or was closed. `close` is always possible then."""

READER: dict[str, Callable[[ReadTransaction], object]] = {
    "get(key)": lambda tx: tx.get(b"k"),
    "get_many(keys)": lambda tx: tx.get_many([b"k"]),
    "scan()": lambda tx: list(tx.scan()),
    "count()": lambda tx: tx.count(),
    "__contains__(key)": lambda tx: b"k" in tx,
    "read(fn)": lambda tx: tx.read(look),
}
"""What a transaction of either kind can do while it is running."""

WRITER: dict[str, Callable[[Transaction], object]] = {
    **READER,
    "set(key, value)": lambda tx: tx.set(b"k", b""),
    "delete(key)": lambda tx: tx.delete(b"k"),
    "delete_range(prefix)": lambda tx: tx.delete_range(prefix=b"absent"),
    "transact(fn)": lambda tx: tx.transact(look),
}
"""What a transaction that writes can do while it is running."""

NOT_REFUSED = {"version", "end"}
"""What else is public in a transaction: what it is, and what the database ends it with."""
