"""The lives of a database: opening it, judging what it shows, crashing it, and closing it.

Whatever an open shows goes to the oracle. After a failure of storage the database must have
latched, and closing must write nothing. Clauses that break here: prefix, refused, unchanged,
latch, lock, close, cut, report, window.
Absent on purpose: work; see application.py.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from sim.judge.lens.calls import changes_indexes, migrates
from sim.judge.lens.checks import check
from sim.judge.lens.facts import PREFIX
from sim.judge.oracle import Contents, Violation, check_scan
from sim.judge.refusal import reason
from sim.judge.run import PATH, Run
from sim.plans.foreign import empty_log
from sim.world.filesystem import Crash

NEVER_SET = (b"\0never", b"an entry that was never set", b"never set", b"\xff\xff\xff\xff")


class Refused(Exception):  # noqa: N818 - an end that is allowed, not an error
    """The database refused its file, as it may after a lying sync; the run is over."""


class Lives:
    """Begins and ends the lives of the database of one run."""

    def __init__(self, run: Run) -> None:
        """Work on `run`."""
        self.run = run

    def ready(self) -> Any:
        """Return the open database.

        Raises:
            Refused: it could not be opened.
        """
        if self.run.db is None:
            raise Refused
        return self.run.db

    def born(self, version: int) -> None:
        """Lay out a closed database without entries, which got as far as `version`."""
        self.run.fs.install(PATH, empty_log(version))
        self.run.oracle.begin_anew(version)

    def open(self, mode: str, window: tuple[int, int] | None) -> None:
        """Open the database for writing, and judge what it shows."""
        run = self.run
        run.window, run.closed, run.damage = window, None, None
        kernel = run.kernel
        bounds = kernel.GroupCommit(commits=window[0], size_bytes=window[1]) if window else None
        reports: list[Any] = []
        told = partial(run.injector.inside, "on_recovery", reports.append)
        if run.fs.evict():
            run.oracle.may_have_lost()
            run.count("lost pages or entries, in the same boot")
        before = run.fs.images(PATH)
        try:
            run.db = kernel.open(
                PATH,
                fs=run.fs,
                mode=mode,
                group_commit=bounds,
                cache_bytes=run.cache_bytes,
                on_recovery=told,
            )
        except Violation:
            raise
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
        with run.injector.paused():
            self._opened(reports, before)

    def _did_not_open(self, error: BaseException, before: list[bytes]) -> None:
        run, kernel = self.run, self.run.kernel
        run.injector.note(f"open raised {type(error).__name__}")
        if isinstance(error, kernel.LogFileError):
            if run.fs.images(PATH) != before:
                raise Violation("unchanged", "a refused file was changed") from error
            run.count("refused: " + reason(error))
            if isinstance(error, kernel.IncompleteReadError) and run.fired("short", "shorts"):
                return
            if not run.oracle.harmed:
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
        run.log_bytes = db.log_bytes
        self._check_tail(db.log_bytes, cut=reports[0].outcome == "cut")
        self._check_reads(contents)
        self._check_lenses(contents)
        run.acknowledge(version)
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
        if shown or (cut and durable and not self.run.oracle.lying):
            raise Violation("cut", "what open() dropped is still in the file")

    def _check_reads(self, contents: Contents) -> None:
        """Read everything once more, in other ways."""
        db, oracle = self.run.db, self.run.oracle
        check_scan(db.scan(reverse=True), contents, (b"", None), reverse=True)
        for key in contents:
            oracle.check_get(key, db.get(key))
        for key in NEVER_SET:
            oracle.check_get(key, db.get(key))

    def _count_indexes(self) -> None:
        """Count a crash that may take index entries, or what they lead to, or a migration."""
        oracle = self.run.oracle
        later = [dict(commit.writes) for commit in oracle.later]
        if any(changes_indexes(oracle.current, writes) for writes in later):
            self.run.count("crash while indexes change")
        if any(map(migrates, later)):
            self.run.count("crash while rows are migrated")

    def _check_lenses(self, contents: Contents) -> None:
        """Compare the lenses with what their calls meant, if there were any."""
        if any(key.startswith(PREFIX) for key in contents):
            self.run.db.transact(partial(check, self.run.kernel))
            self.run.count("lenses hold what was meant")

    def crashed(self) -> None:
        """End the life that a fault ended."""
        if self.run.fired("power"):
            self.power("")
        else:
            self.kill(300 if self.run.fired("kill") else 0)

    def power(self, fate: str) -> None:
        """End the life with a power loss; it takes nothing from a file that was closed in order."""
        run = self.run
        run.db = None
        run.injector.disarm()
        self._count_indexes()
        run.oracle.may_have_lost()
        run.fs.power_loss(fate)
        if run.closed is not None and run.fs.images(PATH) != run.closed:
            raise Violation("close", "a power loss after close() changed the file")

    def kill(self, lost: int) -> None:
        """End the process; of its un-synced pages, `lost` thousandths are never written back."""
        run = self.run
        run.db = None
        run.injector.disarm()
        self._count_indexes()
        intact = run.fs.intact and not lost
        run.fs.process_kill(lost / 1000)
        if intact:
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
        except (Crash, Violation):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            run.must_have_fired(error)
            run.count("close raised")
        else:
            self._closed()
        self._check_given_back()

    def _check_given_back(self) -> None:
        """Check that closing has given everything back."""
        fs = self.run.fs
        if fs.handles:
            raise Violation("close", f"{fs.handles} handles are open after close()")
        if fs.holder(PATH) is not None:
            raise Violation("close", "the lock is held after close()")

    def _closed(self) -> None:
        """Note what a close in order promises: everything is durable, and stays as it is."""
        run = self.run
        run.must_not_have_fired("close")
        run.acknowledge(run.oracle.version)
        if not run.oracle.lying:
            run.closed = run.fs.images(PATH)
        if run.trials is not None:
            run.trials.closed()

    def failed(
        self, error: BaseException, *, latches: bool | None, compacting: bool = False
    ) -> None:
        """Judge a database after a failure: it works as before, or refuses everything.

        Args:
            error: What it raised.
            latches: Which of the two it has to be; None leaves it the choice.
            compacting: Whether the failure left open if a compaction has happened.
        """
        run, db = self.run, self.run.db
        if latches is None:
            with run.injector.paused():
                latches = _refuses(lambda: db.get(b""), run.kernel.DatabaseFailedError)
        if not latches:
            run.count("works after a failure")
            run.acknowledge(db.durable_version)
            run.observe(db)
            with run.injector.paused():
                self._check_reads(run.oracle.current)
            return
        run.count("latch")
        run.injector.disarm()
        self.must_refuse_everything(db, error)
        if not compacting:
            run.observe(db)
        before = run.fs.images(PATH)
        run.db = None
        db.close()
        if run.fs.images(PATH) != before:
            raise Violation("latch", "closing a failed database wrote something")
        self._check_given_back()

    def must_refuse_everything(self, db: Any, error: BaseException) -> None:
        """Check that nothing works any more, and that nothing more is asked of storage."""
        failed, calls = self.run.kernel.DatabaseFailedError, self.run.fs.calls
        attempts: dict[str, Callable[[], object]] = {
            "a read": lambda: db.get(b""),
            "a scan": lambda: list(db.scan()),
            "a commit": lambda: db.transact(_write_late),
            "a sync": db.sync,
        }
        for what, attempt in attempts.items():
            if not _refuses(attempt, failed):
                raise Violation("latch", f"{what} succeeded after {error!r}")
        if self.run.fs.calls != calls:
            raise Violation("latch", f"a failed database went on after {error!r}")


def _refuses(attempt: Callable[[], object], failed: type[BaseException]) -> bool:
    """Return whether a call raises that the database has failed."""
    try:
        attempt()
    except failed:
        return True
    return False


def _write_late(tx: Any) -> None:
    tx.set(b"late", b"")
