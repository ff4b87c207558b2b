"""One run: what all of its parts share, and who is to blame for an error.

The parts are objects that work on one `Run`: `Lives` opens, closes and crashes the database,
`Application` works with it, `Observers` look at it from outside, and `Runner` hands each step of
the plan to one of them. An error has to have a fault as its cause, the very one that fired at a
call of this step, and such a fault has to have an error as its effect; that is judged here for all
of them, and what a database tells about itself. Clauses that break here: error, latch, window,
version.
Absent on purpose: steps, and what they mean.
"""

import gc
from typing import Any

from sim.judge.damage import Trials
from sim.judge.oracle import Contents, Oracle, Violation
from sim.judge.sizes import record_bytes
from sim.plans.plan import Plan
from sim.world.faults import QUIET, Injector
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator

PATH = "app.libredb"
CHANGING = {
    "write",
    "header",
    "truncate",
    "sync",
    "create_next",
    "replace.rename",
    "replace.truncate",
    "discard_next.truncate",
    "discard_next.unlink",
}
"""The calls that change something: an exception before the first of them breaks nothing."""


class Run:
    """A database, its storage, and what it promised.

    Attributes:
        kernel: libredb, or a mutant of it.
        fs: The storage.
        injector: What lets it fail.
        oracle: What the database may show.
        trials: What is known about the file, in plans that damage one.
        db: The open database, or None.
        cache_bytes: How much of the snapshot the database keeps in memory.
        block_bytes: How large a block of the snapshot may get.
        snapshot_end: Where the snapshot ends, if that is known, else 0.
        damage: The damage that a read has told of since the database was opened, or None.
        window: The bounds of the window that it was opened with, or None.
        told: How many of the faults of this step have led to an error already.
        log_bytes: Where the log ends, as the database told after its last commit.
        durable_bytes: Where it ended when nothing was pending.
        in_flight: What the database holds if the commit succeeds that is under way.
        closed: The bytes of the files since they were closed in order, None while they are in use.
        counters: What happened, and how often.
    """

    def __init__(self, plan: Plan, kernel: Any, *, trace: bool = False) -> None:
        """Prepare a run; nothing happens yet."""
        generator = Generator(plan.seed ^ 0x5EED)
        self.kernel = kernel
        self.fs = SimFileSystem(plan.style, generator=generator, reserve=plan.reserve)
        self.cache_bytes, self.block_bytes = plan.cache_bytes, plan.block_bytes
        self.oracle = Oracle(record_bytes(plan.block_bytes))
        self.injector = Injector(self.fs, trace=trace)
        self.injector.on_lie = self.oracle.lied
        self.trials: Trials | None = None
        if any(step[0] in ("damage", "foreign") for step in plan.steps):
            self.trials = Trials(kernel, plan.style)
        self.db: Any = None
        self.damage: Any = None
        self.snapshot_end = self.told = 0
        self.window: tuple[int, int] | None = None
        self.log_bytes = self.durable_bytes = 0
        self.in_flight: Contents | None = None
        self.closed: list[bytes] | None = None
        self.counters: dict[str, int] = {}

    def count(self, name: str) -> None:
        """Count something that a profile wants to have happened."""
        self.counters[name] = self.counters.get(name, 0) + 1

    # What a database tells about itself.

    def acknowledge(self, version: int) -> None:
        """Take the database at its word that everything up to `version` is durable."""
        if self.oracle.lying and not self.fs.owes:
            self.oracle.settled()
        self.oracle.acknowledged(version)
        if version == self.oracle.version:
            self.durable_bytes = self.log_bytes
            if self.trials is not None:
                self.trials.synced()

    def everything_durable(self, db: Any) -> None:
        """Judge a database that says it has synced, and take it at its word."""
        if db.durable_version != db.version:
            raise Violation("window", "commits are pending after a sync")
        self.acknowledge(db.version)

    def observe(self, db: Any) -> None:
        """Compare what the database tells about itself with what it did."""
        oracle = self.oracle
        version, durable, pending_bytes = db.version, db.durable_version, db.pending_bytes
        pending = version - durable
        if version != oracle.version or durable != oracle.acknowledged_version:
            raise Violation(
                "version",
                f"version {version}, {durable} durable, instead of {oracle.version}, "
                f"{oracle.acknowledged_version} durable",
            )
        if db.pending_commits != pending or pending_bytes != self.log_bytes - self.durable_bytes:
            raise Violation(
                "window",
                f"{pending} commits pending, told as {db.pending_commits}, and {pending_bytes} "
                f"bytes of those between {self.durable_bytes} and {self.log_bytes}",
            )
        if self.fs.handles > 1:
            gc.collect()  # an error that was judged keeps its calls, and these their files
        if self.fs.handles > 1:
            raise Violation("close", f"{self.fs.handles} handles are open, and one is needed")
        if db.log_bytes != self.log_bytes:
            raise Violation("version", f"log_bytes {db.log_bytes} instead of {self.log_bytes}")

    # Who is to blame.

    def fired(self, *kinds: str) -> bool:
        """Return whether a fault of one of these kinds fired in this step."""
        return any(fired.fault.kind in kinds for fired in self.injector.fired)

    def changed(self, since: int = 0) -> bool:
        """Return whether this step asked for a change, from its call number `since` on."""
        return not CHANGING.isdisjoint(self.injector.asked[since:])

    def must_have_fired(self, error: BaseException) -> None:
        """Judge an error: it must be what a fault of this step looks like from outside.

        An OSError of the port comes as a StorageError with the same number, whose cause it is; a
        held lock as a DatabaseLockedError. What else was raised comes as itself, a short read as an
        IncompleteReadError, and a wrong count as a StorageError that has no number. A block that
        comes short is damage, which is told from then on; if its header does too, it looks like
        another file.
        """
        kernel = self.kernel
        if any(error is raised or self._tells(error, raised) for raised in self.injector.raised):
            return
        if isinstance(error, kernel.IncompleteReadError) and self.fired("short", "shorts"):
            return
        if self._tells_of_damage(error) or self._tells_of_another_file(error):
            return
        plain = type(error) is kernel.StorageError and getattr(error, "errno", None) is None
        if plain and error.__cause__ is None and self.fired("count", "more"):
            return
        faults = [f"{fired.fault.kind} at {fired.name}" for fired in self.injector.fired]
        raise Violation("error", f"{type(error).__name__}: {error}; fired: {faults}") from error

    def _tells_of_damage(self, error: Any) -> bool:
        """Return whether `error` tells of a block that came short, now or before."""
        if not isinstance(error, self.kernel.CorruptLogError) or error.evidence != "snapshot":
            return False
        if self.damage is None and self.fired("short", "shorts"):
            self.damage = error
        return self.damage is not None

    def _tells_of_another_file(self, error: BaseException) -> bool:
        """Return whether a block came short and the header of its file, which is read next, too."""
        kinds = [fired.fault.kind for fired in self.injector.fired]
        both = "shorts" in kinds or kinds.count("short") > 1
        return type(error) is self.kernel.UsageError and both

    def _tells(self, error: BaseException, raised: BaseException) -> bool:
        """Return whether `error` is how the kernel tells of `raised`, an OSError of the port."""
        kernel = self.kernel
        if not isinstance(raised, OSError) or error.__cause__ is not raised:
            return False
        if isinstance(raised, BlockingIOError):
            return isinstance(error, kernel.DatabaseLockedError)
        return (
            isinstance(error, kernel.StorageError)
            and not isinstance(error, kernel.DatabaseFailedError)
            and getattr(error, "errno", None) == raised.errno
        )

    def must_not_have_fired(self, what: str) -> None:
        """Judge a success: no fault may have been swallowed on the way to it."""
        for fired in self.injector.fired[self.told :]:
            if fired.fault.kind not in QUIET:
                raise Violation("latch", f"{what} succeeded although {fired}")
