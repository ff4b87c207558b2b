"""The operations that are interrupted, each with the state that it starts from.

They are written as a user would write them: what is acknowledged is noted as soon as it is known.
The tracer interrupts these functions as well, where CPython can: between the call that returns a
block and its beginning, and around the end of a `with`.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import libredb
from libredb import Database, GroupCommit, SharedSync
from tests.interrupts.world import World, nothing

Start = Literal["nothing", "clean", "torn"]
"""The file before the database is opened: none, closed, or left by a kill while writing."""


@dataclass(frozen=True)
class Operation:
    """What is interrupted; `prepare` comes before it and is not."""

    name: str
    act: Callable[[World], object]
    start: Start = "clean"
    prepare: Callable[[World], object] | None = None
    mode: Literal["rwc", "r"] | None = "rwc"
    """How the database is opened before `prepare`; None if it is not."""
    window: bool = False
    shared: bool = False
    """Whether threads share a sync."""
    beside: bool = False
    """Whether another thread commits and reads meanwhile."""
    closes: bool = False
    """Whether the database may be closed when it is over."""
    needs: str = ""
    """A method of the database that has to exist for this."""


class Left(Exception):  # noqa: N818 - no error: it leaves a block
    """What a user's own code raises in a block."""


def open_database(world: World, mode: Literal["rwc", "r"] = "rwc") -> Database:
    window = GroupCommit(commits=100) if world.window else SharedSync() if world.shared else None
    return libredb.open(world.path, mode=mode, group_commit=window)


def commit_twice(world: World) -> None:
    world.commit()
    world.commit()


def read_and_commit(world: World) -> None:
    list(world.db.scan())
    commit_twice(world)


def transact(world: World) -> None:
    world.commit()


def transact_aborted(world: World) -> None:
    with suppress(Left):
        world.db.transact(lambda tx: leave(world, tx))


def leave(world: World, tx: libredb.Transaction) -> None:
    world.spoil(tx)
    raise Left


def transact_async(world: World) -> None:
    async def work() -> int:
        return await world.db.transact_async(world.increment)

    with asyncio.Runner() as runner:  # its end waits for the thread, whatever was interrupted
        number = runner.run(work())
    world.returned(number)
    world.promised(number)


def set_and_delete(world: World) -> None:
    world.db.set(b"key01", b"value")  # as it is
    world.db.delete(b"absent")


def delete_range(world: World) -> None:
    def work(tx: libredb.Transaction) -> int:
        world.spoil(tx)
        tx.delete_range(prefix=b"aborted")
        return world.increment(tx)

    number = world.db.transact(work)
    world.returned(number)
    world.promised(number)


def transaction(world: World) -> None:
    with world.db.transaction() as tx:
        number = world.increment(tx)
    world.returned(number)
    world.promised(number)


def transaction_aborted(world: World) -> None:
    with suppress(Left), world.db.transaction() as tx:
        leave(world, tx)


def read_block(world: World) -> None:
    with world.db.read() as tx:
        list(tx.scan(limit=3))


def read_function(world: World) -> None:
    cast("Any", world.db).read(lambda tx: list(tx.scan(limit=3)))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType, reportUnknownMemberType] - not in every version


def get(world: World) -> None:
    world.db.get(b"key01")


def scan(world: World) -> None:
    list(world.db.scan())


def count(world: World) -> None:
    world.db.count(prefix=b"key")


def group(world: World) -> None:
    with world.db.group():
        first = world.db.transact(world.increment)
        with world.db.transaction() as tx:
            second = world.increment(tx)
    world.returned(first)
    world.returned(second)
    world.promised(second)


def group_with_reads(world: World) -> None:
    with world.db.group():
        number = world.db.transact(world.increment)
        world.db.get(b"key01")
        world.db.sync()
        world.promised(number)
    world.returned(number)


def group_left(world: World) -> None:
    number = 0
    try:
        with world.db.group():
            number = world.db.transact(world.increment)
            raise Left
    except Left:
        world.returned(number)
        world.promised(number)


def sync(world: World) -> None:
    number = max(world.numbers)
    world.db.sync()
    world.promised(number)


def compact(world: World) -> None:
    world.db.compact()


def backup(world: World) -> None:
    b"".join(world.db.backup())


def backup_part(world: World) -> None:
    with closing(cast("Any", world.db.backup())) as pieces:
        next(pieces)


def backup_to(world: World) -> None:
    cast("Any", world.db).backup_to(world.path + ".backup")


def ask_and_end(world: World) -> None:
    end = world.db.on_commit(nothing)
    end()


def ask(world: World) -> None:
    world.ask()


def ask_and_commit_when_told(world: World) -> None:
    world.commits_when_told = 2
    world.ask()


def changes(world: World) -> None:
    list(world.db.changes(since=0))


def changes_in_part(world: World) -> None:
    with closing(world.db.changes(since=0)) as found:
        next(found)


def commit_elsewhere(world: World) -> None:
    with libredb.open(world.path) as writer:
        for _ in range(2):
            writer.transact(world.increment)


def compact_elsewhere(world: World) -> None:
    commit_elsewhere(world)
    with libredb.open(world.path) as writer:
        writer.compact()


def refresh(world: World) -> None:
    world.db.refresh()


def close(world: World) -> None:
    number = max(world.numbers, default=0)
    world.db.close()
    world.promised(number)


def leave_database(world: World) -> None:
    with world.db as db:
        number = db.transact(world.increment)
    world.returned(number)
    world.promised(number)


def leave_database_early(world: World) -> None:
    with suppress(Left), world.db:
        raise Left


def open_for_writing(world: World) -> None:
    world.opened = open_database(world)


def open_for_reading(world: World) -> None:
    world.opened = open_database(world, "r")


def open_twice(world: World) -> None:
    with suppress(libredb.DatabaseLockedError):
        open_database(world)


def verify(world: World) -> None:
    libredb.verify(world.path)


def _alone() -> Iterator[Operation]:
    yield Operation("transact", transact)
    yield Operation("transact that raises", transact_aborted)
    yield Operation("transact in a thread", transact_async)
    yield Operation("set and delete", set_and_delete)
    yield Operation("delete a range", delete_range)
    yield Operation("transaction", transaction)
    yield Operation("transaction left early", transaction_aborted)
    yield Operation("read", read_block)
    yield Operation("read function", read_function, needs="backup_to")
    yield Operation("get", get)
    yield Operation("scan", scan)
    yield Operation("count", count)
    yield Operation("scan after commits", scan, prepare=read_and_commit)
    yield Operation("group", group)
    yield Operation("group with reads and a sync", group_with_reads)
    yield Operation("group left early", group_left)
    yield Operation("sync", sync, prepare=commit_twice, window=True)
    yield Operation("transact in a window", transact, window=True)
    yield Operation("sync, shared", sync, prepare=commit_twice, shared=True)
    yield Operation("compact", compact, prepare=transact)
    yield Operation("compact in a window", compact, prepare=transact, window=True)
    yield Operation("backup", backup, prepare=transact)
    yield Operation("backup in part", backup_part)
    yield Operation("backup to a file", backup_to, needs="backup_to")
    yield Operation("close", close, prepare=transact, closes=True)
    yield Operation("close in a window", close, prepare=commit_twice, window=True, closes=True)
    yield Operation("close for reading", close, mode="r", closes=True)
    yield Operation("with database", leave_database, closes=True)
    yield Operation("with database left early", leave_database_early, closes=True)
    yield Operation("open a new file", open_for_writing, start="nothing", mode=None)
    yield Operation("open a clean file", open_for_writing, mode=None)
    yield Operation("open a torn file", open_for_writing, start="torn", mode=None)
    yield Operation("open for reading", open_for_reading, mode=None)
    yield Operation("open a torn file for reading", open_for_reading, start="torn", mode=None)
    yield Operation("open twice", open_twice)
    yield Operation("verify", verify, start="torn", mode=None)


def _shared(operation: Operation) -> Operation:
    return replace(operation, name=operation.name + ", shared", shared=True)


def _history() -> Iterator[Operation]:
    yield Operation("ask to be told", ask_and_end)
    yield Operation("transact and be told", transact, prepare=ask)
    yield Operation("transaction and be told", transaction, prepare=ask)
    yield Operation("group and be told", group, prepare=ask)
    yield Operation("be told and commit", transact, prepare=ask_and_commit_when_told)
    yield Operation("changes", changes, prepare=transact)
    yield Operation("changes in part", changes_in_part)
    yield Operation("refresh", refresh, prepare=commit_elsewhere, mode="r")
    yield Operation("refresh after a compaction", refresh, prepare=compact_elsewhere, mode="r")


def _beside(operation: Operation) -> Operation:
    return replace(operation, name=operation.name + ", two threads", beside=True)


_TWO_THREADS = (
    "transact",
    "transaction",
    "transaction left early",
    "read",
    "get",
    "scan",
    "group",
    "group left early",
    "sync",
    "compact",
    "backup",
    "transact and be told",
    "group and be told",
    "be told and commit",
    "close",
    "transact, shared",
    "transact that raises, shared",
    "transaction, shared",
    "get, shared",
    "group, shared",
    "sync, shared",
    "compact, shared",
    "close, shared",
)

_SHARED = (
    "transact",
    "transact that raises",
    "transaction",
    "transaction left early",
    "get",
    "group",
    "compact",
    "backup",
    "close",
)

_list = [
    operation
    for operation in (*_alone(), *_history())
    if not operation.needs or hasattr(Database, operation.needs)
]
_list += [_shared(operation) for operation in _list if operation.name in _SHARED]
_list += [_beside(operation) for operation in _list if operation.name in _TWO_THREADS]

OPERATIONS = {operation.name: operation for operation in _list}
