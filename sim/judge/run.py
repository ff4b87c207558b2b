"""One run: what all of its parts share, and who is to blame for an error.

The parts are objects that work on one `Run`: `Lives` opens, closes and crashes the database,
`Application` works with it, `Observers` look at it from outside, and `Runner` hands each step of
the plan to one of them. An error has to have a fault as its cause, and a fault has to have an error
as its effect; that is judged here for all of them. Clauses that break here: error, latch.
Absent on purpose: steps, and what they mean.
"""

from typing import Any

from sim.judge.damage import Trials
from sim.judge.oracle import Oracle, Violation
from sim.plans.plan import Plan
from sim.world.faults import Injector
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator

PATH = "app.libredb"
SILENT = ("lie", "drop")


class Run:
    """A database, its storage, and what it promised.

    Attributes:
        kernel: libredb, or a mutant of it.
        fs: The storage.
        injector: What lets it fail.
        oracle: What the database may show.
        trials: What is known about the file, in plans that damage one.
        db: The open database, or None.
        window: The bounds of the window that it was opened with, or None.
        mark: Where the log ended when the durable mark was written last.
        closed: The bytes of the files since they were closed in order, None while they are in use.
        counters: What happened, and how often.
    """

    def __init__(self, plan: Plan, kernel: Any, *, trace: bool = False) -> None:
        """Prepare a run; nothing happens yet."""
        generator = Generator(plan.seed ^ 0x5EED)
        self.kernel = kernel
        self.fs = SimFileSystem(plan.style, generator=generator, reserve=plan.reserve)
        self.injector = Injector(self.fs, trace=trace)
        lying = any(step[0] == "fault" and step[3] in SILENT for step in plan.steps)
        self.oracle = Oracle(honest=not lying)
        self.trials: Trials | None = None
        if any(step[0] in ("damage", "foreign") for step in plan.steps):
            self.trials = Trials(kernel)
        self.db: Any = None
        self.window: tuple[int, int] | None = None
        self.mark = 0
        self.closed: list[bytes] | None = None
        self.counters: dict[str, int] = {}

    def count(self, name: str) -> None:
        """Count something that a profile wants to have happened."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def everything_durable(self, db: Any) -> None:
        """Judge a database that says it has synced, and take it at its word."""
        if db.durable_version != db.version:
            raise Violation("window", "commits are pending after a sync")
        self.oracle.acknowledged(db.version)
        if self.trials is not None:
            self.trials.synced()

    def fired(self, *kinds: str) -> bool:
        """Return whether a fault fired in this step, of one of these kinds if any are given."""
        fault = self.injector.fired
        return fault is not None and (not kinds or fault.kind in kinds)

    def must_have_fired(self, error: BaseException) -> None:
        """Judge an error: a fault must have caused it, and it must be one of the public kinds."""
        if not self.fired() or self.fired(*SILENT):
            raise Violation("error", f"{type(error).__name__}: {error}") from error
        allowed = (
            self.kernel.StorageError,
            self.kernel.IncompleteReadError,
            KeyboardInterrupt,
            MemoryError,
        )
        if not isinstance(error, allowed):
            raise Violation("error", f"{type(error).__name__} is none of ours: {error}") from error

    def must_not_have_fired(self, what: str) -> None:
        """Judge a success: no fault may have been swallowed on the way to it."""
        if self.fired() and not self.fired(*SILENT):
            raise Violation("latch", f"{what} succeeded although {self.injector.fired}")
