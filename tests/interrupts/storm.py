"""Real signals, thousands of them, while one or two threads work with a database.

Another process sends a signal, waits until the handler has run, and sends the next: each is
delivered, at a moment that nobody chose. The handler raises KeyboardInterrupt now and then, where
libredb's own code runs, or calls the database itself. In another weather there are garbage cycles
whose `__del__` calls it, and the collector runs all the time.
Afterwards, and after every interrupt, the database works or is latched, and every acknowledged
commit is there when it is opened again. Absent on purpose: the place of an interrupt, which a
signal does not tell; the tracer repeats it.
"""

import gc
import mmap
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from libredb import Database, DatabaseFailedError, LibreDBError, UsageError
from tests.interrupts.helpers import Hang, Helper, limited
from tests.interrupts.judge import descriptors, require_descriptors
from tests.interrupts.operations import open_database
from tests.interrupts.tracer import OURS
from tests.interrupts.world import COUNTER, STATIC, Failure, System, World, count_in

WEATHERS = ("raise", "call", "collect")
"""What a signal does: raise, call the database, or raise while finalizers call it."""

LEAST = 100
"""So many commits, interrupts and calls out of libredb's own code every storm has at least."""

MOST_SIGNALS = 1_000_000


@dataclass
class Report:
    """What a storm did, and what it broke."""

    signals: int = 0
    raised: int = 0
    calls: int = 0
    """How often a handler or a finalizer called the database."""
    in_kernel: int = 0
    """How many of these calls came in the middle of libredb's own code."""
    refused: int = 0
    commits: int = 0
    latched: int = 0
    """How often the database had to be opened again."""
    failures: list[str] = field(default_factory=list[str])


class Sender:
    """A process that sends signals to this one, one after the other, while they are wanted."""

    def __init__(self) -> None:
        """Prepare; it ends by itself with its parent, or after MOST_SIGNALS."""
        self._shared = mmap.mmap(-1, 24)
        self._child = 0

    def start(self) -> None:
        """Let it begin; no signal is wanted yet."""
        parent = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            try:
                self._send(parent)
            finally:
                os._exit(0)

    def handled(self) -> None:
        """Say that the last signal was handled."""
        self._set(0, self._get(0) + 1)

    def want(self, wanted: bool) -> None:  # noqa: FBT001 - it is the state of a tap
        """Say whether signals are wanted; one that was sent already may still come."""
        self._set(1, int(wanted))

    def end(self) -> None:
        """Let it end, and wait for that."""
        self._set(2, 1)
        os.waitpid(self._child, 0)

    def _get(self, index: int) -> int:
        (value,) = struct.unpack_from("Q", self._shared, 8 * index)
        return value

    def _set(self, index: int, value: int) -> None:
        struct.pack_into("Q", self._shared, 8 * index, value)

    def _send(self, parent: int) -> None:
        generator = random.Random(1)
        for sent in range(1, MOST_SIGNALS):
            while not self._get(1) and not self._get(2) and os.getppid() == parent:
                os.sched_yield()
            if self._get(2) or os.getppid() != parent:
                return
            os.kill(parent, signal.SIGUSR1)
            while self._get(0) < sent and not self._get(2):
                os.sched_yield()
            for _ in range(generator.randrange(40)):
                self._get(0)  # so that the next comes at another moment


class Litter:
    """A garbage cycle that makes a call when it is collected."""

    def __init__(self, call: Callable[[FrameType | None], None]) -> None:
        """Be garbage, as soon as nobody else looks at this."""
        self.itself = self
        self._call = call

    def __del__(self) -> None:
        """Make the call, wherever this thread is just now."""
        self._call(sys._getframe(1))


class Storm:
    """One storm over one database, in a process of its own."""

    def __init__(
        self, weather: str, signals: int, path: Path, *, threads: int, shared: bool = False
    ) -> None:
        """Prepare; so many signals are delivered, or more; threads may share a sync."""
        self._weather = weather
        self._signals = signals
        self._threads = threads
        self._generator = random.Random(f"{weather} {threads}")
        self._system = System()
        self._world = World(str(path), self._system, shared=shared)
        self._helper = Helper()
        self._quiet = True
        self._ends = False
        self._sender = Sender()
        self._works: dict[Callable[[Database], object], int] = {
            self._transact: 10,
            self._transaction: 5,
            self._group: 5,
            self._read: 5,
            Database.sync: 2,
            lambda db: b"".join(db.backup()): 1,
            lambda db: list(db.changes(since=db.durable_version)): 1,
            Database.compact: 1,
            Database.close: 1,
        }
        self.report = Report()

    def run(self, patience: float) -> dict[str, Any]:
        """Let it rain, and return the report."""
        self._system.listen()
        self._system.gives_way = self._threads > 1
        self._descriptors = descriptors()
        signal.signal(signal.SIGUSR1, self._handle)
        self._sender.start()
        if self._weather == "collect":
            gc.set_threshold(30, 2, 2)
            gc.enable()
        try:
            with limited(patience):
                self._rain()
        except (Exception, Hang) as error:  # noqa: BLE001 - it is reported
            self.report.failures.append(repr(error))
        self._quiet = True
        self._sender.end()
        gc.disable()
        self.report.failures += self._world.problems
        return asdict(self.report)

    def _rain(self) -> None:
        self._world.opened = open_database(self._world)
        self._world.db.transact(lambda tx: [tx.set(key, value) for key, value in STATIC.items()])
        self._listen(self._world.db, 0)
        if self._threads > 1:
            self._helper.begin(self._work_beside)
        while not self._is_over() and not self._world.problems:
            try:
                self._work_in_the_rain()
            except KeyboardInterrupt:
                pass
            except LibreDBError as error:
                # Only what was closed or has failed may refuse this work.
                if not (self._world.db.closed or isinstance(error, DatabaseFailedError)):
                    raise
            self._judge()
        self._ends = True
        if self._threads > 1:
            self._helper.finish("beside the storm")
        self._transact(self._world.db)  # what an interrupt has put off is told by the next commit
        if self._told[0] != self._require_state(self._world.db):
            raise Failure(f"{self._told[0]} commits were told")
        self._open_again()
        self._world.db.close()

    def _is_over(self) -> bool:
        """Whether enough was delivered, and enough of it met libredb's own code."""
        report = self.report
        return (
            report.signals >= self._signals
            and report.commits >= LEAST
            and (report.raised >= LEAST or self._weather == "call")
            and (report.in_kernel >= LEAST or self._weather == "raise")
        )

    def _work_in_the_rain(self) -> None:
        try:
            self._quiet = False
            self._sender.want(True)
            self._work()
        finally:
            self._sender.want(False)
            self._quiet = True  # before anybody asks the database why it refused

    def _work(self) -> None:
        """Do one of the things that users do, and note what they were told."""
        if self._weather == "collect":
            Litter(self._call)
        (work,) = self._generator.choices(list(self._works), list(self._works.values()))
        work(self._world.db)

    def _transact(self, db: Database) -> None:
        self._note(db.transact(self._world.increment))

    def _transaction(self, db: Database) -> None:
        with db.transaction() as tx:
            number = self._world.increment(tx)
        self._note(number)

    def _group(self, db: Database) -> None:
        with db.group():
            first = db.transact(self._world.increment)
            second = db.transact(self._world.increment)
        self._note(first, second)

    def _read(self, db: Database) -> None:
        with db.read() as tx:
            list(tx.scan(limit=20))
        list(db.scan(limit=20))

    def _note(self, *numbers: int) -> None:
        for number in numbers:
            self._world.returned(number)
        self._world.promised(max(numbers))
        self.report.commits += len(numbers)

    def _work_beside(self) -> None:
        while not self._ends:
            db = self._world.db
            try:
                number = db.transact(self._world.increment)
                self._world.returned(number)
                self._world.promised(number)
                db.get(COUNTER)
            except LibreDBError as error:
                if isinstance(error, UsageError) and not db.closed:
                    self._world.problems.append(f"another thread is refused: {error}")
                    return
                time.sleep(0)  # until the main thread has opened it again

    # What a signal or the collector does

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.report.signals += 1
        try:
            is_ours = _is_ours(frame)
        except SystemError as error:
            # CPython 3.11.2 may call a handler while the exception of the one before is on its way,
            # and complains about that in the first call that returns. It is still an interrupt.
            self._sender.handled()
            raise KeyboardInterrupt from error
        if self._quiet or not is_ours:
            self._sender.handled()
        elif self._weather == "call":
            self._call(frame)
            self._sender.handled()
        else:
            self._sender.handled()
            if self._generator.random() < 0.4 and not _in_finalizer(frame):
                self.report.raised += 1
                raise KeyboardInterrupt

    def _call(self, frame: FrameType | None) -> None:
        """Call the database; it has to answer or to refuse, whatever this thread is doing."""
        if self._quiet:
            return
        self.report.calls += 1
        self.report.in_kernel += _is_ours(frame)
        try:
            self._call_anything(self.report.calls % 12)
        except LibreDBError:
            self.report.refused += 1
        except Exception as error:  # noqa: BLE001 - it is reported
            self._world.problems.append(f"a call out of a handler raised {error!r}")

    def _call_anything(self, choice: int) -> None:
        world, db = self._world, self._world.db
        if choice < 5:
            db.get(COUNTER)
        elif choice < 9:
            # In a group of this thread it is one of its commits, and not yet acknowledged.
            world.returned(db.transact(world.increment))
        elif choice < 10:
            with db.group():
                world.returned(db.transact(world.increment))
        elif choice < 11:
            list(db.scan(limit=2))
        else:
            db.close()

    # What the database is afterwards

    def _judge(self) -> None:
        db = self._world.db
        if not db.closed:
            try:
                db.get(COUNTER)
                with db.group():
                    pass
            except DatabaseFailedError:
                self.report.latched += 1
            else:
                if self._generator.random() < 0.05:
                    self._require_state(db)
                return
        self._open_again()

    def _open_again(self) -> None:
        world = self._world
        world.db.close()
        world.db.close()
        if self._threads == 1:
            gc.collect()
            require_descriptors(self._descriptors, "after close()")
        again = open_database(world)
        count = self._require_state(again)
        # Numbers that were begun and are not there will be given out again.
        world.begun = count
        world.numbers = {number for number in world.numbers if number <= count}
        self._listen(again, count)
        world.opened = again

    def _listen(self, db: Database, count: int) -> None:
        """Ask to be told of the commits after the first `count`, and hold them against the rule.

        Another thread may still be telling those of the database before, which was closed.
        """
        self._told = told = [count]

        def tell(version: int, ops: tuple[tuple[bytes, bytes | None], ...]) -> None:
            number = int(dict(ops)[COUNTER] or b"0")
            if number != told[0] + 1:
                self._world.problems.append(f"{number} was told after {told[0]}")
            told[0] = number

        db.on_commit(tell)

    def _require_state(self, db: Database) -> int:
        acknowledged = self._world.acknowledged  # another thread may be told of more meanwhile
        count = count_in(dict(db.scan()))
        if not acknowledged <= count <= self._world.begun:
            raise Failure(
                f"it shows {count} commits; {acknowledged} were acknowledged, and "
                f"{self._world.begun} were begun"
            )
        return count


def _is_ours(frame: FrameType | None) -> bool:
    return frame is not None and frame.f_code.co_filename.startswith(OURS)


def _in_finalizer(frame: FrameType | None) -> bool:
    """Whether what is raised in `frame` would be swallowed, with the rest of a `__del__`."""
    while frame is not None and frame.f_code.co_name != "__del__":
        frame = frame.f_back
    return frame is not None
