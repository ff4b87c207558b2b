"""The lives of a database: opening it, judging what it shows, crashing it, and closing it.

Whatever an open shows goes to the oracle. A failure has to have a fault as its cause; after a
failure of storage the database must have latched, and closing must write nothing. Clauses that
break here: prefix, refused, unchanged, version, latch, error, lock, close, cut, report.
Absent on purpose: work; see application.py.
"""

from collections.abc import Callable
from typing import Any

from sim.judge.damage import Trials
from sim.judge.oracle import Contents, Oracle, Violation
from sim.judge.refusal import reason
from sim.plans.plan import Plan
from sim.world.faults import Injector
from sim.world.filesystem import Crash, SimFileSystem
from sim.world.generator import Generator

PATH = "app.libredb"
SILENT = ("lie", "drop")


class Refused(Exception):  # noqa: N818 - an end that is allowed, not an error
    """The database refused its file, as it may after a lying sync; the run is over."""


class Lives:
    """A database, its storage, and what it promised."""

    def __init__(self, plan: Plan, kernel: Any, *, trace: bool = False) -> None:
        """Prepare a run; nothing happens yet."""
        generator = Generator(plan.seed ^ 0x5EED)
        self.kernel = kernel
        self.fs = SimFileSystem(plan.style, generator=generator, reserve=plan.reserve)
        self.injector = Injector(self.fs, trace=trace)
        self.injector.disarm()
        lying = any(step[0] == "fault" and step[3] in SILENT for step in plan.steps)
        self.oracle = Oracle(honest=not lying)
        self.trials: Trials | None = None
        if any(step[0] in ("damage", "foreign") for step in plan.steps):
            self.trials = Trials(kernel)
        self.db: Any = None
        self.window: tuple[int, int] | None = None
        self.mark = 0
        """Where the log ended when the durable mark was written last."""
        self.counters: dict[str, int] = {}
        self._failure: BaseException = Crash()

    def count(self, name: str) -> None:
        """Count something that a profile wants to have happened."""
        self.counters[name] = self.counters.get(name, 0) + 1

    def _ready(self) -> Any:
        if self.db is None:
            self._open("rwc", self.window)
        if self.db is None:
            raise Refused
        return self.db

    def _open(self, mode: str, window: tuple[int, int] | None) -> None:
        if self.db is not None:
            self._close()
        self.window = window
        bounds = (
            self.kernel.GroupCommit(commits=window[0], size_bytes=window[1]) if window else None
        )
        reports: list[Any] = []
        before = self.fs.images(PATH)
        try:
            self.db = self.kernel.open(
                PATH, fs=self.fs, mode=mode, group_commit=bounds, on_recovery=reports.append
            )
        except Crash:
            self.count("crash while opening")
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._did_not_open(error, before)
        if self.db is None:
            if self.fs.handles:
                raise Violation("close", f"{self.fs.handles} handles are open after open() failed")
            return
        self._must_not_have_fired("open")
        self._opened(reports, before)

    def _did_not_open(self, error: BaseException, before: list[bytes]) -> None:
        kernel = self.kernel
        self.injector.note(f"open raised {type(error).__name__}")
        if isinstance(error, kernel.LogFileError):
            if self.fs.images(PATH) != before:
                raise Violation("unchanged", "a refused file was changed") from error
            self.count("refused: " + reason(error, self.mark))
            if isinstance(error, kernel.IncompleteReadError) and self._fired("short"):
                return
            if self.oracle.honest:
                raise Violation("refused", f"{error}") from error
            raise Refused from error
        self._must_have_fired(error)

    def _opened(self, reports: list[Any], before: list[bytes]) -> None:
        """Judge what an open for writing showed and told."""
        db = self.db
        contents: Contents = dict(db.scan())
        version: int = db.version
        if self.fs.holder(PATH) is None:
            raise Violation("lock", "the database is open for writing without the lock")
        if db.durable_version != version or len(reports) != 1:
            raise Violation("report", f"{db.durable_version} of {version} durable; {reports}")
        verdict = self.oracle.shown(contents, version, pinned=True)
        self._check_tail(db.log_bytes, cut=reports[0].outcome == "cut")
        self.mark = db.log_bytes
        self.injector.note(f"opened: version {version}, {len(contents)} entries, {verdict}")
        if self.trials is not None:
            self.trials.opened(db.log_bytes, contents)
        self.count("shown: " + verdict)
        self.count("opened: " + reports[0].outcome)
        if reports[0].durable_version < version:
            self.count("tail rewritten")
        if reports[0].damaged_mark:
            self.count("mark damaged")
        if len(before) == 2 and all(before):
            self.count("slot chosen of two")

    def _check_tail(self, end: int, *, cut: bool) -> None:
        """Check that only zero bytes follow the log, and after a cut on the disk as well."""
        shown, durable = self.fs.behind(PATH, end)
        if shown or (cut and durable and self.oracle.honest):
            raise Violation("cut", "what open() dropped is still in the file")

    def _crashed(self) -> None:
        fault = self.injector.fired
        kind = fault.kind if fault else "power"
        if kind == "power":
            self._power("")
        else:
            self._kill(300 if kind == "kill" else 0)

    def _power(self, fate: str) -> None:
        self.db = None
        self.injector.disarm()
        self.oracle.may_have_lost()
        self.fs.power_loss(fate)

    def _kill(self, lost: int) -> None:
        self.db = None
        self.injector.disarm()
        intact = self.fs.intact and not lost
        self.fs.process_kill(lost / 1000)
        if intact and self.oracle.honest:
            self.oracle.process_died()
        else:
            self.oracle.may_have_lost()
        if not self.fs.intact:
            self.count("pages lost in a kill")

    def _close(self) -> None:
        db, self.db = self.db, None
        if db is None:
            return
        try:
            db.close()
        except Crash:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._must_have_fired(error)
            self.count("close raised")
        else:
            self._must_not_have_fired("close")
            self.oracle.acknowledged(1 << 62)
            if self.trials is not None:
                self.trials.closed()
        if self.fs.handles:
            raise Violation("close", f"{self.fs.handles} handles are open after close()")
        if self.fs.holder(PATH) is not None:
            raise Violation("close", "the lock is held after close()")

    def _fired(self, *kinds: str) -> bool:
        fault = self.injector.fired
        return fault is not None and (not kinds or fault.kind in kinds)

    def _must_have_fired(self, error: BaseException) -> None:
        if not self._fired() or self._fired(*SILENT):
            raise Violation("error", f"{type(error).__name__}: {error}") from error
        allowed = (
            self.kernel.StorageError,
            self.kernel.IncompleteReadError,
            KeyboardInterrupt,
            MemoryError,
        )
        if not isinstance(error, allowed):
            raise Violation("error", f"{type(error).__name__} is none of ours: {error}") from error

    def _must_not_have_fired(self, what: str) -> None:
        if self._fired() and not self._fired(*SILENT):
            raise Violation("latch", f"{what} succeeded although {self.injector.fired}")

    def _must_have_latched(self, error: BaseException, *, compaction: bool = False) -> None:
        """Check that nothing works any more, and that closing writes nothing; then close."""
        claimed = self.oracle.base_version or 0
        db, self.db = self.db, None
        failed = self.kernel.DatabaseFailedError
        self.injector.armed = []
        before = self.fs.images(PATH)
        if self.oracle.honest and not compaction and db.durable_version > claimed:
            raise Violation("window", "commits count as durable although their sync failed")
        attempts: list[Callable[[], object]] = [
            lambda: db.get(b""),
            lambda: db.transact(_write_late),
            db.sync,
        ]
        for attempt in attempts:
            try:
                attempt()
            except failed:
                continue
            raise Violation("latch", f"a call succeeded after {error!r}")
        self.count("latch")
        db.close()
        if self.fs.images(PATH) != before:
            raise Violation("latch", "closing a failed database wrote something")


def _write_late(tx: Any) -> None:
    tx.set(b"late", b"")
