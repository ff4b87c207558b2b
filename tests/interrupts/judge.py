"""What a database is after an interrupt, told from outside: it works, is latched, or is closed.

    works       everything works, from this thread and from another; no commit is lost, no two
                transactions are inside at once; close() gives everything back
    latched     every call raises DatabaseFailedError; close() raises nothing, writes nothing, and
                gives everything back
    closed      close() was under way, and a second one gives everything back

Afterwards the file opens again in the same process, and shows the state after a number of commits
that includes every acknowledged one. Anything else is a Failure, and so is a thread that hangs.
A fourth state is only known while somebody keeps the exception: `abandoned`, when the thread that
was interrupted is still refused because of a block that it did not leave.
"""

import os
from collections.abc import Callable

import libredb
from libredb import DatabaseFailedError, DatabaseLockedError, UsageError
from tests.interrupts.helpers import Helper
from tests.interrupts.operations import Operation
from tests.interrupts.world import COUNTER, Failure, World, count_in

CALLS: dict[str, Callable[[World], object]] = {
    "get": lambda world: world.db.get(COUNTER),
    "scan": lambda world: list(world.db.scan()),
    "transact": lambda world: world.db.transact(world.increment),
    "transaction": lambda world: world.db.transaction().__enter__(),
    "read": lambda world: world.db.read().__enter__(),
    "group": lambda world: world.db.group().__enter__(),
    "sync": lambda world: world.db.sync(),
    "compact": lambda world: world.db.compact(),
    "backup": lambda world: next(iter(world.db.backup())),
}
"""Every call that a latched database has to refuse."""


def descriptors() -> dict[str, str]:
    """Return the open descriptors of this process, with what they are."""
    found: dict[str, str] = {}
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208 - one system call less for each entry
        try:
            found[number] = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - as above
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    return found


def require_descriptors(before: dict[str, str], when: str) -> None:
    """Refuse descriptors that were not there before."""
    now = descriptors()
    extra = sorted(os.path.basename(now[number]) for number in now.keys() - before.keys())  # noqa: PTH119 - it may say "(deleted)"
    if extra:
        raise Failure(f"descriptors are still open {when}: {', '.join(extra)}")


class Judge:
    """Looks at one database after an interrupt; only public calls are made."""

    def __init__(self, world: World, operation: Operation, helper: Helper) -> None:
        """Prepare; nothing is touched yet."""
        self._world = world
        self._operation = operation
        self._helper = helper
        self._version = -1
        self._pending = 0

    def verdict(self, *, kept: bool) -> str:
        """Return what the database is, and close it; `kept` says that the exception is alive.

        Raises:
            Failure: it broke a promise.
        """
        if self._world.opened is None:
            return self._never_opened(kept=kept)
        self._world.commits_when_told = 0
        state = self._state()
        if state == "refused":
            return self._abandoned(kept=kept)
        {"works": self._works, "latched": self._latched, "closed": self._closed}[state]()
        self._require_no_problem()
        try:
            self._open_again()
        except DatabaseLockedError as error:
            raise Failure(f"the lock is still held after close(): {error.code}") from error
        return state

    def _state(self) -> str:
        db = self._world.db
        if db.closed:
            return "closed"
        try:
            db.get(COUNTER)
            self._pending = db.pending_commits
            with db.group():  # refused inside of everything, a group that was not left as well
                pass
        except DatabaseFailedError:
            return "latched"
        except UsageError as error:
            self._refusal = str(error)
            return "refused"
        return "works"

    # The states

    def _works(self) -> None:
        world, db = self._world, self._world.db
        if (
            world.shared
        ):  # an interrupted thread may have left a commit that waits: only writers see it
            self._require_state(dict(db.scan()))
            db.sync()
            self._require(not db.pending_commits, "commits wait after a sync")
        if db.mode == "r":
            db.refresh()
        count = self._require_state(dict(db.scan()))
        if self._operation.mode == "r" or (self._operation.mode is None and db.mode == "r"):
            self._helper.call("get", lambda: db.get(COUNTER))
        else:
            if not (world.window or world.shared) and self._pending:
                raise Failure(f"{self._pending} visible commits are not durable")
            self._commit_alternately(count)
            self._commit_against_each_other()
            self._commit_in_groups()
            world.require_told()
            db.sync()
            world.promised(max(world.numbers))
            count = self._require_state(dict(db.scan()))
            self._require(count == world.begun, f"{world.begun - count} commits are lost")
        self._version = db.version
        db.close()
        self._require(db.closed, "close() returned, and the database is not closed")
        db.close()

    def _commit_alternately(self, count: int) -> None:
        world, version = self._world, self._world.db.version
        world.begun = count
        world.numbers = {number for number in world.numbers if number <= count}
        for turn in range(1, 5):
            if turn % 2:
                world.commit()
            else:
                self._helper.call("transact", world.commit)
            self._require(world.begun == count + turn, "an update is lost")
            self._require(world.db.version == version + turn, "the version does not fit")
        seen = self._helper.call("get", lambda: world.db.get(COUNTER))
        self._require(seen == b"%d" % world.begun, "another thread sees something else")

    def _commit_against_each_other(self) -> None:
        world = self._world

        def work(tx: libredb.Transaction) -> int:
            self._helper.begin(world.commit)
            return world.increment(tx)

        world.system.gives_way = True
        number = world.db.transact(work)
        self._helper.finish("transact against a transaction")
        world.system.gives_way = False
        world.returned(number)

    def _commit_in_groups(self) -> None:
        world = self._world

        def commit_in_group() -> None:
            with world.db.group():
                number = world.db.transact(world.increment)
            world.returned(number)
            world.promised(number)

        commit_in_group()
        self._helper.call("group", commit_in_group)

    def _latched(self) -> None:
        for name, call in CALLS.items():
            self._require_refused(name, call)
        for name in ("get", "transact", "group"):
            self._helper.call(name, lambda name=name: self._require_refused(name, CALLS[name]))
        changes = self._world.system.changes
        self._world.db.close()
        self._require(self._world.db.closed, "close() returned, and the database is not closed")
        self._require(self._world.system.changes == changes, "close() wrote after a failure")
        self._world.db.close()

    def _require_refused(self, name: str, call: Callable[[World], object]) -> None:
        try:
            call(self._world)
        except DatabaseFailedError:
            return
        except libredb.LibreDBError as error:
            raise Failure(f"{name} of a latched database raises {error!r}") from error
        raise Failure(f"{name} works, and get() says that the database is latched")

    def _closed(self) -> None:
        self._require(self._operation.closes, "it is closed, and nobody closed it")
        self._world.db.close()
        self._world.db.close()

    def _abandoned(self, *, kept: bool) -> str:
        self._require(kept, f"this thread is refused for ever: {self._refusal}")
        try:
            self._helper.call("get, while a block is abandoned", lambda: CALLS["get"](self._world))
        except DatabaseFailedError:
            return "abandoned, latched for other threads"
        except UsageError as error:
            return f"abandoned, other threads are refused: {error}"
        return "abandoned, other threads work"

    def _never_opened(self, *, kept: bool) -> str:
        try:
            self._open_again()
        except DatabaseLockedError as error:
            self._require(kept, f"the lock is still held: {error}")
            return "not opened, locked as long as the exception is kept"
        return "not opened"

    # What all of them have to leave

    def _open_again(self) -> None:
        """Open the file once more in this process and compare what it shows."""
        world = self._world
        with libredb.open(world.path) as again:
            self._require_state(dict(again.scan()))
            fits = self._version in {-1, again.version}
            self._require(fits, f"version {self._version} became {again.version}")

    def _require_state(self, state: dict[bytes, bytes]) -> int:
        world = self._world
        count = count_in(state)
        if not world.acknowledged <= count <= world.begun:
            raise Failure(
                f"it shows {count} commits; {world.acknowledged} were acknowledged, and "
                f"{world.begun} were begun"
            )
        return count

    def _require_no_problem(self) -> None:
        if self._world.problems:
            raise Failure("; ".join(self._world.problems))

    def _require(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - it is what an assert takes
        if not holds:
            raise Failure(otherwise)
