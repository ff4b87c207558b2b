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
from sim.judge.blocks import Blocks
from sim.judge.forecast import resolve
from sim.judge.lives import Lives, Refused
from sim.judge.observers import Observers
from sim.judge.oracle import Violation
from sim.judge.run import Run
from sim.judge.sizes import small_blocks
from sim.plans.plan import Plan, Step
from sim.world.faults import Fault
from sim.world.filesystem import Crash

NEED_A_DATABASE = ("tx", "group", "get", "scan", "sync", "compact", "backup", "rot", "overtaken")
OPENINGS = 8


@dataclass(slots=True)
class Result:
    """What became of a plan."""

    violation: Violation | None = None
    operations: int = 0
    lives: int = 1
    calls: int = 0
    armed: int = 0
    """How many faults were armed."""
    fired: int = 0
    """How many of them fired."""
    counters: dict[str, int] = field(default_factory=dict[str, int])
    trace: list[str] = field(default_factory=list[str])


def run(plan: Plan, *, kernel: Any = libredb, trace: bool = False) -> Result:
    """Run `plan` on `kernel` (libredb, or a mutant of it); a violation is in the result."""
    runner = Runner(plan, kernel, trace=trace)
    here = runner.run
    result = Result(counters=here.counters)
    try:
        for step in plan.steps:
            runner.step(step)
        runner.end()
    except Refused:
        here.count("the run ended with a refusal")
    except Violation as violation:
        here.injector.note(f"violation {violation}")
        result.violation = violation
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a violation of its own
        here.injector.note(f"violation {error!r}")
        result.violation = Violation("error", f"{type(error).__name__}: {error}")
        result.violation.__cause__ = error
    here.fs.hook = None
    result.lives = here.fs.life + 1
    result.calls = here.fs.calls
    result.operations = plan.count()
    result.armed, result.fired = here.injector.armed_count, here.injector.fired_count
    for name, count in here.injector.total.items():
        result.counters[name] = result.counters.get(name, 0) + count
    result.trace = here.injector.trace or []
    return result


def store_of(db: Any) -> Any:
    """Return the map that an open database keeps its entries in, where faults can be put inside."""
    return db._store if hasattr(db, "_store") else db._commits.store  # noqa: SLF001 - no public way


class Runner:
    """Hands each step of a plan to the part of the judge that does it."""

    def __init__(self, plan: Plan, kernel: Any, *, trace: bool = False) -> None:
        """Prepare a run; nothing happens yet."""
        self.run = Run(plan, kernel, trace=trace)
        self.lives = Lives(self.run)
        self.waiting: list[Step] = []
        application = Application(self.run, self.lives)
        observers = Observers(self.run, self.lives, application)
        self.blocks = blocks = Blocks(self.run, self.lives, application)
        self.run.injector.on_visit = observers.visit
        self.run.injector.on_work = observers.work
        self._handlers: dict[str, Callable[..., None]] = {
            "born": self.lives.born,
            "open": self.lives.open,
            "close": self.lives.close,
            "power": self.lives.power,
            "kill": self.lives.kill,
            "tx": application.transaction,
            "group": application.group,
            "get": application.get,
            "scan": application.scan,
            "sync": application.sync,
            "compact": application.compact,
            "read-only": observers.read_only,
            "verify": observers.verify,
            "backup": observers.backup,
            "damage": observers.damage,
            "foreign": observers.foreign,
            "rot": blocks.rot,
            "overtaken": blocks.overtaken,
            "shelve": observers.shelve,
            "seed": observers.seed,
            "deaf": observers.deaf,
        }

    def step(self, step: Step) -> None:
        """Do one step; a fault is armed before the step after it, and waits for its call."""
        with small_blocks(self.run.kernel, self.run.block_bytes):
            self._step(step)

    def _step(self, step: Step) -> None:
        run = self.run
        if step[0] in ("fault", "fault-in"):
            self.waiting.append(step)
            return
        if step[0] == "open" and run.db is not None:
            self._do(("close",))
        if step[0] in NEED_A_DATABASE:
            self._open()
        if self.waiting:
            faults = [self._fault(waiting, step) for waiting in self.waiting]
            run.injector.arm([fault for fault in faults if fault is not None])
            self.waiting = []
        if run.db is not None and run.injector.waits_inside:
            run.injector.step_inside(store_of(run.db))
        self._do(step)

    def _fault(self, waiting: Step, step: Step) -> Fault | None:
        if waiting[0] == "fault":
            return Fault(*waiting[1:])
        return resolve(self.run, step, *waiting[1:])

    def _open(self) -> None:
        """Open the database unless it is open; each fault that still waits can prevent it once."""
        for _ in range(OPENINGS):
            if self.run.db is None:
                self._do(("open", "rwc", self.run.window))

    def _do(self, step: Step) -> None:
        """Do one step, and begin the next life if it ended this one."""
        injector = self.run.injector
        injector.begin()
        self.run.told = 0
        try:
            self._handlers[step[0]](*step[1:])
        except Crash:
            self.lives.crashed()
        if self.run.db is not None:
            self.run.observe(self.run.db)
            if self.run.damage is not None:
                self.blocks.end(self.run.damage)
        if injector.trace is not None:
            injector.note(f"{step[0]}: version {getattr(self.run.db, 'version', None)}")

    def end(self) -> None:
        """Close what is open, and look at the file once more."""
        self.waiting = []
        self.run.injector.disarm()
        if self.run.trials is None:
            with small_blocks(self.run.kernel, self.run.block_bytes):
                self._do(("close",))
                self._open()
                self._do(("close",))
