"""The lives of a database: opening it, judging what it shows, crashing it, and closing it.

Whatever an open shows goes to the oracle. After a failure of storage the database must have
latched, and closing must write nothing. Clauses that break here: prefix, refused, unchanged,
latch, lock, close, cut, report, window.
Absent on purpose: work; see application.py.
"""

from collections.abc import Callable
from typing import Any

from sim.judge.oracle import Contents, Violation
from sim.judge.refusal import reason
from sim.judge.run import PATH, Run
from sim.world.filesystem import Crash


class Refused(Exception):  # noqa: N818 - an end that is allowed, not an error
    """The database refused its file, as it may after a lying sync; the run is over."""


class Lives:
    """Begins and ends the lives of the database of one run."""

    def __init__(self, run: Run) -> None:
        """Work on `run`."""
        self.run = run

    def ready(self) -> Any:
        """Return the open database; open it when it is not.

        Raises:
            Refused: it cannot be opened, and may refuse.
        """
        if self.run.db is None:
            self.open("rwc", self.run.window)
        if self.run.db is None:
            raise Refused
        return self.run.db

    def open(self, mode: str, window: tuple[int, int] | None) -> None:
        """Open the database for writing, and judge what it shows."""
        run = self.run
        if run.db is not None:
            self.close()
        run.window, run.closed = window, None
        kernel = run.kernel
        bounds = kernel.GroupCommit(commits=window[0], size_bytes=window[1]) if window else None
        reports: list[Any] = []
        before = run.fs.images(PATH)
        try:
            run.db = kernel.open(
                PATH, fs=run.fs, mode=mode, group_commit=bounds, on_recovery=reports.append
            )
        except Crash:
            run.count("crash while opening")
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._did_not_open(error, before)
        if run.db is None:
            if run.fs.handles:
                raise Violation("close", f"{run.fs.handles} handles are open after open() failed")
            return
        run.must_not_have_fired("open")
        self._opened(reports, before)

    def _did_not_open(self, error: BaseException, before: list[bytes]) -> None:
        run, kernel = self.run, self.run.kernel
        run.injector.note(f"open raised {type(error).__name__}")
        if isinstance(error, kernel.LogFileError):
            if run.fs.images(PATH) != before:
                raise Violation("unchanged", "a refused file was changed") from error
            run.count("refused: " + reason(error, run.mark))
            if isinstance(error, kernel.IncompleteReadError) and run.fired("short"):
                return
            if run.oracle.honest:
                raise Violation("refused", f"{error}") from error
            raise Refused from error
        run.must_have_fired(error)

    def _opened(self, reports: list[Any], before: list[bytes]) -> None:
        """Judge what an open for writing showed and told."""
        run, db = self.run, self.run.db
        contents: Contents = dict(db.scan())
        version: int = db.version
        if run.fs.holder(PATH) is None:
            raise Violation("lock", "the database is open for writing without the lock")
        if db.durable_version != version or len(reports) != 1:
            raise Violation("report", f"{db.durable_version} of {version} durable; {reports}")
        verdict = run.oracle.shown(contents, version, pinned=True)
        self._check_tail(db.log_bytes, cut=reports[0].outcome == "cut")
        run.mark = db.log_bytes
        run.injector.note(f"opened: version {version}, {len(contents)} entries, {verdict}")
        if run.trials is not None:
            run.trials.opened(db.log_bytes, contents)
        run.count("shown: " + verdict)
        run.count("opened: " + reports[0].outcome)
        if reports[0].durable_version < version:
            run.count("tail rewritten")
        if reports[0].damaged_mark:
            run.count("mark damaged")
        if len(before) == 2 and all(before):
            run.count("slot chosen of two")

    def _check_tail(self, end: int, *, cut: bool) -> None:
        """Check that only zero bytes follow the log, and after a cut on the disk as well."""
        shown, durable = self.run.fs.behind(PATH, end)
        if shown or (cut and durable and self.run.oracle.honest):
            raise Violation("cut", "what open() dropped is still in the file")

    def crashed(self) -> None:
        """End the life that a fault ended."""
        fault = self.run.injector.fired
        kind = fault.kind if fault else "power"
        if kind == "power":
            self.power("")
        else:
            self.kill(300 if kind == "kill" else 0)

    def power(self, fate: str) -> None:
        """End the life with a power loss; it takes nothing from a file that was closed in order."""
        run = self.run
        run.db = None
        run.injector.disarm()
        run.oracle.may_have_lost()
        run.fs.power_loss(fate)
        if run.closed is not None and run.fs.images(PATH) != run.closed:
            raise Violation("close", "a power loss after close() changed the file")

    def kill(self, lost: int) -> None:
        """End the process; of its un-synced pages, `lost` thousandths are never written back."""
        run = self.run
        run.db = None
        run.injector.disarm()
        intact = run.fs.intact and not lost
        run.fs.process_kill(lost / 1000)
        if intact and run.oracle.honest:
            run.oracle.process_died()
        else:
            run.oracle.may_have_lost()
        if not run.fs.intact:
            run.count("pages lost in a kill")

    def close(self) -> None:
        """Close the database if it is open; then everything must be durable and given back."""
        run = self.run
        db, run.db = run.db, None
        if db is None:
            return
        try:
            db.close()
        except Crash:
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            run.must_have_fired(error)
            run.count("close raised")
        else:
            self._closed()
        if run.fs.handles:
            raise Violation("close", f"{run.fs.handles} handles are open after close()")
        if run.fs.holder(PATH) is not None:
            raise Violation("close", "the lock is held after close()")

    def _closed(self) -> None:
        """Note what a close in order promises: everything is durable, and stays as it is."""
        run = self.run
        run.must_not_have_fired("close")
        run.oracle.acknowledged(1 << 62)
        if run.oracle.honest:
            run.closed = run.fs.images(PATH)
        if run.trials is not None:
            run.trials.closed()

    def must_have_latched(self, error: BaseException, *, compaction: bool = False) -> None:
        """Check that nothing works any more, and that closing writes nothing; then close."""
        run = self.run
        claimed = run.oracle.base_version or 0
        db, run.db = run.db, None
        failed = run.kernel.DatabaseFailedError
        run.injector.armed = []
        before = run.fs.images(PATH)
        if run.oracle.honest and not compaction and db.durable_version > claimed:
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
        run.count("latch")
        db.close()
        if run.fs.images(PATH) != before:
            raise Violation("latch", "closing a failed database wrote something")


def _write_late(tx: Any) -> None:
    tx.set(b"late", b"")
