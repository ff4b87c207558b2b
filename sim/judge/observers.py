"""Who looks at a database from outside: readers, `verify`, backups, and damage to copies of it.

Looking changes nothing, not one byte; and what is seen has to be what the oracle knows. Clauses
that break here: unchanged, read, refused, backup.
Absent on purpose: waiting for a better moment; a step looks when the plan says so.
"""

from typing import Any

from sim.judge.application import Application
from sim.judge.lives import Lives
from sim.judge.oracle import Contents, State, Violation
from sim.judge.run import PATH, Run
from sim.world.filesystem import Crash, SimFileSystem
from sim.world.generator import Generator


class Observers:
    """Look at the database of one run, open or not."""

    def __init__(self, run: Run, lives: Lives, application: Application) -> None:
        """Look at `run`, whose database `lives` opens and `application` works with."""
        self.run = run
        self.lives = lives
        self.application = application
        self._meanwhile: list[Contents] | None = None
        """What the database held since somebody began to read its file; None while nobody does."""

    def read_only(self) -> None:
        """Open the file for reading, beside the writer if there is one."""
        run = self.run
        before, self._meanwhile = run.fs.images(PATH), [dict(run.oracle.current)]
        try:
            db = run.kernel.open(PATH, fs=run.fs, mode="r", cache_bytes=run.cache_bytes)
            contents = self._scanned(db)
        except (Crash, Violation):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._did_not_read(error)
            return
        seen, self._meanwhile = self._meanwhile, None
        if len(seen) > 1:
            before = run.fs.images(PATH)
            run.count("a writer while a reader reads")
        if run.db is not None:
            if contents not in seen:
                raise Violation("read", "a reader beside the writer sees something else")
        else:
            run.oracle.shown(contents, db.version, pinned=False)
        try:
            db.close()
        except (KeyboardInterrupt, MemoryError) as error:
            run.must_have_fired(error)
        if run.fs.images(PATH) != before:
            raise Violation("unchanged", "opening for reading changed the file")
        run.count("read-only open")

    def _scanned(self, db: Any) -> Contents:
        """Read everything; a reader that cannot is closed, for the error would keep it."""
        try:
            return dict(db.scan())
        except BaseException:
            with self.run.injector.paused():
                db.close()
            raise

    def work(self, share: int) -> None:
        """Commit while somebody reads the file; with a large share, compact it."""
        if self._meanwhile is None or self.run.db is None:
            return
        with self.run.injector.paused():
            value = b"%d" % self.run.oracle.version
            self.application.transaction([("set", b"meanwhile", value)], "commit")
            if share >= 1000:
                self.application.compact()
        self._meanwhile.append(dict(self.run.oracle.current))

    def visit(self) -> None:
        """Read the file in the middle of a call of whoever writes; it is any state that may be."""
        run, kernel = self.run, self.run.kernel
        with run.injector.paused():
            before, handles = run.fs.images(PATH), run.fs.handles
            try:
                with kernel.open(PATH, fs=run.fs, mode="r", cache_bytes=run.cache_bytes) as db:
                    contents, version = dict(db.scan()), db.version
            except kernel.StorageNotFoundError as error:
                if before:
                    raise Violation("read", "a reader found no file, and there is one") from error
                return
            except kernel.LogFileError as error:
                if not run.oracle.harmed:
                    raise Violation("refused", f"to a reader, during a call: {error}") from error
                return
            if run.fs.images(PATH) != before or run.fs.handles != handles:
                raise Violation("unchanged", "a reader changed the file, or keeps it open")
        if not self._may_be(contents, version):
            raise Violation(
                "read",
                f"version {version} with {len(contents)} entries is no state that a reader may see "
                f"during a call; {len(run.oracle.current)} entries at {run.oracle.version}",
            )
        run.count("a reader during a call")

    def _may_be(self, contents: Contents, version: int) -> bool:
        """Return whether a reader may see this now."""
        run, oracle = self.run, self.run.oracle
        last = oracle.version
        if run.db is None:
            states = [*oracle.candidates(), *(oracle.excuses if oracle.harmed else [])]
        else:
            under_way = oracle.current if run.in_flight is None else run.in_flight
            states = [
                State(oracle.current, (last, oracle.versions_of_compaction()[1])),
                State(under_way, (last, last + 1)),
            ]
        return any(contents == state and low <= version <= high for state, (low, high) in states)

    def _did_not_read(self, error: BaseException) -> None:
        """Judge why an open for reading failed; after a crash there may be nothing to read yet."""
        run, kernel, seen, self._meanwhile = self.run, self.run.kernel, self._meanwhile, None
        if type(error) is kernel.UsageError and run.fs.style == "slots" and seen and len(seen) > 1:
            run.count("a reader was told that its file was replaced")
            return
        if isinstance(error, kernel.StorageNotFoundError) and run.oracle.may_be_missing:
            return
        incomplete = isinstance(error, kernel.IncompleteReadError)
        if isinstance(error, kernel.LogFileError) and run.oracle.harmed and not incomplete:
            return
        run.must_have_fired(error)

    def verify(self) -> None:
        """Let the file be judged."""
        run = self.run
        before = run.fs.images(PATH)
        try:
            report = run.kernel.verify(PATH, fs=run.fs)
        except (Crash, Violation):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._did_not_read(error)
            return
        if report.outcome == "refused" and not run.oracle.harmed:
            if not isinstance(report.error, run.kernel.IncompleteReadError):
                raise Violation("refused", f"verify: {report.error}")
            run.must_have_fired(report.error)
        if run.fs.images(PATH) != before:
            raise Violation("unchanged", "verify changed the file")

    def backup(self) -> None:
        """Back the database up while it goes on, and open the copy."""
        run, db = self.run, self.lives.ready()
        contents = dict(run.oracle.current)
        try:
            pieces = db.backup()
            run.everything_durable(db)
            image = next(pieces)
            if not run.injector.armed:
                self.application.transaction([("set", b"meanwhile", image[8:40])], "commit")
            image += b"".join(pieces)
        except (Crash, Violation):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            run.must_have_fired(error)
            at_sync = any(fired.name == "sync" for fired in run.injector.fired)
            self.lives.failed(error, latches=at_sync)
            return
        run.count("backup")
        other = SimFileSystem(generator=run.fs.generator)
        other.install(PATH, image)
        reports: list[Any] = []
        with run.kernel.open(PATH, fs=other, on_recovery=reports.append) as copy:
            if dict(copy.scan()) != contents or reports[0].outcome != "clean":
                raise Violation("backup", "a backup does not open as what was backed up")

    def damage(self, kind: str, first: int, second: int) -> None:
        """Damage a copy of the file, and open it."""
        run = self.run
        assert run.trials is not None, "a plan with this step has trials"
        if run.trials.history:
            outcome = run.trials.judge(run.fs.images(PATH), kind, first, second)
            run.count(f"{kind}: {outcome}")

    def shelve(self) -> None:
        """Put the file aside, as the other one that records are taken from, and begin anew."""
        run = self.run
        assert run.trials is not None, "a plan with this step has trials"
        run.trials.other = max(run.fs.images(PATH), key=len)
        run.fs.forget(PATH)
        run.oracle.begin_anew()
        run.trials.history = []

    def seed(self, seed: int) -> None:
        """Let what storage draws from now on begin with this seed."""
        self.run.fs.generator = Generator(seed)

    def deaf(self) -> None:
        """Let every sync do nothing from now on."""
        self.run.injector.deaf = True

    def foreign(self, kind: str, seed: int) -> None:
        """Open a file that is not ours."""
        run = self.run
        assert run.trials is not None, "a plan with this step has trials"
        run.count(f"{kind}: " + run.trials.judge_foreign(kind, seed))
