"""One database under test, and what was promised to its user.

Every commit counts: number `n` sets `counter` to n and a key of its own, so the state after `n`
commits is known from `n` alone, a lost update is a number handed out twice, and what is written
tells which commits are in it. What the adapter asks of the system is listened to: a commit may be
acknowledged only after a sync of the file that it was written to. The system itself is not asked to
sync, because the machine under the test does not fail.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from libredb import Database, LibreDBError, UsageError

COUNTER = b"counter"
NUMBER = re.compile(rb"commit(\d{5})")
HEAD_BYTES = 1 << 16
"""Commits are looked for in the beginning of a write; room that is kept ahead may be behind it."""

STATIC = {b"key%02d" % number: b"value" for number in range(24)}
"""What is there before the first commit that counts."""


class Writes(Protocol):
    """What a commit needs of a transaction."""

    def get(self, key: bytes, /) -> bytes | None:
        """Return a value."""
        ...

    def set(self, key: bytes, value: bytes, /) -> None:
        """Set a key."""
        ...


class Failure(AssertionError):  # noqa: N818 - what went wrong in the database, not in the test
    """The database broke a promise."""


def nothing(version: int, ops: object) -> None:
    """Be told of a commit, and do nothing."""


def state_after(count: int) -> dict[bytes, bytes]:
    """Return everything that is in the database after `count` commits."""
    numbers = {b"commit%05d" % number: b"" for number in range(1, count + 1)}
    return {COUNTER: b"%d" % count, **numbers, **STATIC}


def count_in(state: dict[bytes, bytes]) -> int:
    """Return how many commits a state shows.

    Raises:
        Failure: no whole number of commits leads there.
    """
    count = int(state.get(COUNTER, b"0"))
    if state != state_after(count) and (count, state) not in ((0, {}), (0, STATIC)):
        raise Failure(f"the state is not the one after {count} commits: {sorted(state)}")
    return count


class System:
    """What the adapter asked of the system: which commits a file holds, and which are durable."""

    def __init__(self) -> None:
        """Begin with nothing written."""
        self.changes = 0
        self.gives_way = False
        self._written: dict[int, set[int]] = {}
        self.durable: set[int] = set()
        self._pwrite = os.pwrite

    def listen(self) -> None:
        """Stand between the adapter and the system, for as long as this process lives."""
        for name in ("ftruncate", "replace", "unlink"):
            setattr(os, name, self._counted(getattr(os, name)))
        for call in (self.pwrite, self.fdatasync, self.fsync):
            setattr(os, call.__name__, call)

    def forget(self, durable: int) -> None:
        """Begin again, with so many commits that are durable."""
        self.changes = 0
        self.gives_way = False
        self._written.clear()
        self.durable = set(range(1, durable + 1))

    def pwrite(self, descriptor: int, data: Any, offset: int) -> int:
        """Write, and note the commits in it."""
        self.changes += 1
        content = bytes(data[:HEAD_BYTES])
        count = self._pwrite(descriptor, data, offset)  # only what has returned is synced
        if b"commit" in content:
            numbers = {int(number) for number in NUMBER.findall(content)}
            self._written.setdefault(os.fstat(descriptor).st_ino, set()).update(numbers)
        return count

    def fdatasync(self, descriptor: int) -> None:
        """Make durable what was written to the file before this call."""
        numbers = set(self._written.get(os.fstat(descriptor).st_ino, ()))
        self.give_way()  # other threads run while a real sync does
        self.durable |= numbers

    def give_way(self) -> None:
        """Let another thread run, where there is one that works at the same time."""
        if self.gives_way:
            time.sleep(0)

    def fsync(self, descriptor: int) -> None:
        """Sync a directory; a file is synced by the other call."""
        self.fdatasync(descriptor)

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.changes += 1
            return call(*arguments, **options)

        return counted


@dataclass
class World:
    """A database, and what its user may rely on. Several threads may commit to it."""

    path: str
    system: System
    opened: Database | None = None
    window: bool = False
    shared: bool = False
    begun: int = 0
    """No commit has a higher number."""
    acknowledged: int = 0
    """The commits up to this number are durable: somebody was told."""
    problems: list[str] = field(default_factory=list[str])
    numbers: set[int] = field(default_factory=set[int])
    inside: int = 0
    told: list[int] | None = None
    """The version when somebody asked `on_commit`, then those that were told; None: nobody did."""
    commits_when_told: int = 0
    """How often the one who is told commits itself."""

    @property
    def db(self) -> Database:
        """The database, which is open or was."""
        assert self.opened is not None
        return self.opened

    def begin(self, count: int) -> None:
        """Start from so many commits, all of them durable."""
        self.begun = self.acknowledged = count
        self.system.forget(count)

    def increment(self, tx: Writes) -> int:
        """Commit number `n`, and return it; no other transaction may run meanwhile."""
        self.inside += 1
        try:
            self._require_alone()
            number = int(tx.get(COUNTER) or b"0") + 1
            self.system.give_way()  # whoever can come in, comes now
            self._require_alone()
            self.begun = max(self.begun, number)
            tx.set(COUNTER, b"%d" % number)
            tx.set(b"commit%05d" % number, b"")
            return number
        finally:
            self.inside -= 1

    def spoil(self, tx: Writes) -> None:
        """Write what must never be committed."""
        tx.set(b"aborted", b"")

    def returned(self, number: int) -> None:
        """Note that a commit returned; it need not be durable."""
        if number in self.numbers:
            self.problems.append(f"two transactions were told that they are commit {number}")
        self.numbers.add(number)

    def promised(self, number: int) -> None:
        """Note that the commits up to `number` were acknowledged: they have to be durable."""
        missing = set(range(1, number + 1)) - self.system.durable
        if missing:
            self.problems.append(f"acknowledged, but no sync covers commits {sorted(missing)}")
        self.acknowledged = max(self.acknowledged, number)

    def commit(self) -> None:
        """Commit once and note what was promised."""
        number = self.db.transact(self.increment)
        self.returned(number)
        if not self.window:
            self.promised(number)

    def ask(self) -> None:
        """Let `on_commit` tell of every commit from now on."""
        self.told = [self.db.version]
        self.db.on_commit(self.tell)

    def tell(self, version: int, _: object) -> None:
        """Note a commit that was told, and commit if that is wanted."""
        assert self.told is not None
        if version != self.told[-1] + 1:
            self.problems.append(f"commit {version} was told after {self.told[-1]}")
        self.told.append(version)
        if self.commits_when_told:
            self.commits_when_told -= 1
            self.commit()

    def require_told(self) -> None:
        """Refuse commits that were not told; a commit was made since, by this thread alone."""
        if self.told is not None and self.told[-1] != self.db.version:
            self.problems.append(f"{self.told[-1]} was told, and there is {self.db.version}")

    def work_beside(self) -> None:
        """Commit and read a few times in another thread, until the database is closed or fails."""
        try:
            for _ in range(3):
                self.commit()
                self.db.get(COUNTER)
        except LibreDBError as error:
            if isinstance(error, UsageError) and not self.db.closed:
                self.problems.append(f"another thread is refused: {error}")

    def _require_alone(self) -> None:
        if self.inside != 1:
            self.problems.append("two transactions ran at once")
