"""Runs a plan: the real kernel on the simulated file system, life after life, judged at every step.

A step either succeeds as the oracle expects, or fails because an armed fault made it fail;
anything else is a `Violation`, which names the clause of the contract that broke.
Absent on purpose: choices. Everything was drawn before; only the file system draws while running.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libredb
from sim.judge.application import Application
from sim.judge.lives import PATH, Refused
from sim.judge.oracle import Contents, Violation
from sim.plans.plan import Plan, Step
from sim.world.faults import Fault
from sim.world.filesystem import Crash, SimFileSystem


@dataclass(slots=True)
class Result:
    """What became of a plan."""

    violation: Violation | None = None
    operations: int = 0
    lives: int = 1
    calls: int = 0
    counters: dict[str, int] = field(default_factory=dict[str, int])
    trace: list[str] = field(default_factory=list[str])


def run(plan: Plan, *, kernel: Any = libredb, trace: bool = False) -> Result:
    """Run `plan` on `kernel` (libredb, or a mutant of it); a violation is in the result."""
    runner = Runner(plan, kernel, trace=trace)
    result = Result(counters=runner.counters)
    try:
        for step in plan.steps:
            runner.step(step)
        runner.step(("end",))
    except Refused:
        runner.count("the run ended with a refusal")
    except Violation as violation:
        runner.injector.note(f"violation {violation}")
        result.violation = violation
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a violation of its own
        runner.injector.note(f"violation {error!r}")
        result.violation = Violation("error", f"{type(error).__name__}: {error}")
        result.violation.__cause__ = error
    runner.fs.hook = None
    result.lives = runner.fs.life + 1
    result.calls = runner.fs.calls
    result.operations = plan.count()
    for name, count in runner.injector.total.items():
        result.counters[name] = result.counters.get(name, 0) + count
    result.trace = runner.injector.trace or []
    return result


class Runner(Application):
    """One run."""

    def __init__(self, plan: Plan, kernel: Any, *, trace: bool = False) -> None:
        """Prepare a run; nothing happens yet."""
        super().__init__(plan, kernel, trace=trace)
        self._waiting: list[Fault] = []
        self._handlers: dict[str, Callable[..., None]] = {
            "open": self._open,
            "tx": self._transaction,
            "group": self._group,
            "get": self._get,
            "scan": self._scan,
            "sync": self._sync,
            "compact": self._compact,
            "close": self._close,
            "read-only": self._read_only,
            "verify": self._verify,
            "backup": self._backup,
            "power": self._power,
            "kill": self._kill,
            "damage": self._damage,
            "foreign": self._foreign,
            "end": self._end,
        }

    def step(self, step: Step) -> None:
        """Do one step; a fault waits for the step after it."""
        if step[0] == "fault":
            self._waiting.append(Fault(*step[1:]))
            return
        if self._waiting:
            if step[0] == "open" and self.db is not None:
                self._close()
            if self.db is None and step[0] in ("tx", "group", "get", "scan", "sync", "compact"):
                self._open("rwc", self.window)
            self.injector.arm(self._waiting)
            self._waiting = []
        try:
            self._handlers[step[0]](*step[1:])
        except Crash:
            self._crashed()
        self.injector.disarm()
        if self.injector.trace is not None:
            self.injector.note(f"{step[0]}: version {getattr(self.db, 'version', None)}")

    def _end(self) -> None:
        """Close what is open, and look at the file once more."""
        if self.trials is not None:
            return
        if self.db is not None:
            self._close()
        self._ready()
        self._close()

    def _read_only(self) -> None:
        before = self.fs.images(PATH)
        try:
            db = self.kernel.open(PATH, fs=self.fs, mode="r")
        except Crash:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._did_not_read(error)
            return
        contents: Contents = dict(db.scan())
        if self.db is not None:
            if contents != self.oracle.current:
                raise Violation("read", "a reader beside the writer sees something else")
        else:
            self.oracle.shown(contents, db.version, pinned=False)
        try:
            db.close()
        except (KeyboardInterrupt, MemoryError) as error:
            self._must_have_fired(error)
        if self.fs.images(PATH) != before:
            raise Violation("unchanged", "opening for reading changed the file")
        self.count("read-only open")

    def _did_not_read(self, error: BaseException) -> None:
        """Judge why an open for reading failed; after a crash there may be nothing to read yet."""
        kernel = self.kernel
        if isinstance(error, kernel.StorageNotFoundError) and not self.oracle.exists:
            return
        if isinstance(error, kernel.LogFileError) and not self.oracle.honest:
            return
        if not (isinstance(error, kernel.IncompleteReadError) and self._fired("short")):
            self._must_have_fired(error)

    def _verify(self) -> None:
        before = self.fs.images(PATH)
        try:
            report = self.kernel.verify(PATH, fs=self.fs)
        except self.kernel.StorageNotFoundError:
            if self.oracle.exists:
                raise
            return
        if report.outcome == "refused" and self.oracle.honest:
            raise Violation("refused", f"verify: {report.error}")
        if self.fs.images(PATH) != before:
            raise Violation("unchanged", "verify changed the file")

    def _backup(self) -> None:
        db = self._ready()
        image = b"".join(db.backup())
        self._everything_durable(db)
        other = SimFileSystem(generator=self.fs.generator)
        other.install(PATH, image)
        reports: list[Any] = []
        with self.kernel.open(PATH, fs=other, on_recovery=reports.append) as copy:
            if dict(copy.scan()) != self.oracle.current or reports[0].outcome != "clean":
                raise Violation("backup", "a backup does not open as what was backed up")

    def _damage(self, kind: str, first: int, second: int) -> None:
        assert self.trials is not None
        if not self.trials.history:
            return
        image = max(self.fs.images(PATH), key=len, default=b"")
        self.count(f"{kind}: " + self.trials.judge(image, kind, first, second))

    def _foreign(self, kind: str, seed: int) -> None:
        assert self.trials is not None
        self.count(f"{kind}: " + self.trials.judge_foreign(kind, seed))
