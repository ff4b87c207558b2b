"""What an application does in one life, and how its answers are judged.

Each commit is judged at once: what it returned, which version it made, whether the window was
kept. What it raised must come from a fault, or be what the application itself raised; and if
storage was asked for a change before, its outcome is open. Clauses that break here: read, window,
version, latch.
Absent on purpose: opening and crashing; see lives.py.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sim.judge.lens.calls import call
from sim.judge.lives import Lives
from sim.judge.oracle import Contents, Violation, check_scan
from sim.judge.recorder import Recorder, Written
from sim.judge.run import PATH, Run
from sim.plans.foreign import value_from_log
from sim.world.filesystem import Crash


class Abort(Exception):  # noqa: N818 - a wish of the user, not an error
    """What a transaction raises that wants to leave no trace, or what a group is left by."""


class Wish(KeyboardInterrupt):
    """The same, as an interrupt: the user's, not a fault's."""


WISHES: dict[str, type[BaseException]] = {"abort": Abort, "raise": Abort, "interrupt": Wish}


class Failure(NamedTuple):
    """What a transaction raised for a fault, and whether it had asked for a change before."""

    error: BaseException
    changed: bool


class Script(NamedTuple):
    """The function of a transaction: does `ops` on it and on `view`, and compares the answers."""

    ops: list[Any]
    ending: str
    view: Contents
    written: Written
    run: Run

    def __call__(self, tx: Any) -> None:
        """Do all of them, and end as it is wanted."""
        recorder = Recorder(tx, self.view, self.written)
        for op in self.ops:
            _do(recorder, op, self.run)
        if self.ending in WISHES:
            raise WISHES[self.ending]


class Application:
    """Works with the database of one run."""

    def __init__(self, run: Run, lives: Lives) -> None:
        """Work on `run`, whose database `lives` opens."""
        self.run = run
        self.lives = lives

    def transaction(self, ops: list[Any], ending: str) -> None:
        """Run one transaction, which may wish to abort."""
        db = self.lives.ready()
        try:
            failure = self._commit(db, self._resolve(ops), ending)
        except (Abort, Wish):
            self.run.count("aborted")
            return
        if failure is not None:
            self.lives.failed(failure.error, latches=failure.changed)
        else:
            self._acknowledge(db)

    def _commit(self, db: Any, ops: list[Any], ending: str) -> Failure | None:
        """Run one transaction; return why it failed, if it raised for a fault."""
        run, oracle = self.run, self.run.oracle
        view = dict(oracle.current)
        written: Written = {}
        version, log_bytes, asked = oracle.version, run.log_bytes, len(run.injector.asked)
        run.in_flight = view
        try:
            db.transact(Script(ops, ending, view, written, run))
        except (Abort, Wish, Violation):
            raise
        except Crash:
            oracle.raised(list(written.items()), version + 1)
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            run.must_have_fired(error)
            run.told = len(run.injector.fired)
            changed = run.changed(asked)
            if changed:
                oracle.raised(list(written.items()), version + 1)
            return Failure(error, changed)
        finally:
            run.in_flight = None
        run.must_not_have_fired("commit")
        if written:
            self._returned(db, view, written)
        if db.version != oracle.version or (run.log_bytes > log_bytes) != bool(written):
            raise Violation(
                "version",
                f"{db.version}, {run.log_bytes} bytes after a transaction of {len(written)} ops "
                f"on {version}, {log_bytes} bytes",
            )
        return None

    def _returned(self, db: Any, view: Contents, written: Written) -> None:
        """Note a commit that returned."""
        run = self.run
        if run.damage is not None:
            raise Violation("damage", f"a commit on top of damage: {run.damage}")
        run.oracle.returned(list(written.items()), run.oracle.version + 1)
        run.log_bytes = db.log_bytes
        if run.trials is not None:
            run.trials.committed(db.log_bytes, view)

    def _acknowledge(self, db: Any) -> None:
        """Take the database at its word about what is durable, and check the window."""
        durable: int = db.durable_version
        pending: int = db.version - durable
        window = self.run.window
        if pending and (window is None or pending >= window[0] or db.pending_bytes >= window[1]):
            raise Violation("window", f"{pending} commits, {db.pending_bytes} bytes pending")
        self.run.acknowledge(durable)

    def group(self, groups: list[list[Any]], ending: str = "leave") -> None:
        """Run transactions in one group until one fails, and leave it in the way that is wanted."""
        db, failure = self.lives.ready(), None
        try:
            with db.group():
                failure = self._commit_all(db, groups)
                if failure is not None:
                    self.lives.must_refuse_everything(db, failure.error)
                    if ending in WISHES:
                        raise failure.error
                elif ending in WISHES:
                    raise WISHES[ending]
        except (Crash, Violation):
            raise
        except (Abort, Wish):
            self.run.count("a group was left by an exception")
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self._did_not_leave(error, failure)
            return
        if failure is not None:
            raise Violation("latch", "leaving a latched group did not raise")
        self.run.must_not_have_fired("group")
        self.run.everything_durable(db)
        self.run.count("group")

    def _did_not_leave(self, error: BaseException, failure: Failure | None) -> None:
        """Judge what leaving a group raised: the failure itself, the latch, or a failed sync."""
        if failure is None:
            self.run.must_have_fired(error)
        elif error is failure.error:
            self.run.count("a group was left by its failure")
        elif not isinstance(error, self.run.kernel.DatabaseFailedError):
            raise Violation("latch", f"leaving a latched group raised {error!r}") from error
        self.lives.failed(error, latches=True)

    def _commit_all(self, db: Any, groups: list[list[Any]]) -> Failure | None:
        """Commit until one fails that had asked for a change; return its failure."""
        for ops in groups:
            failure = self._commit(db, self._resolve(ops), "commit")
            if failure is not None and failure.changed:
                return failure
        return None

    def _resolve(self, ops: list[Any]) -> list[Any]:
        """Replace values that stand for bytes of the database's own file."""
        if not any(op[0] == "set" and type(op[2]) is tuple for op in ops):
            return ops
        image = max(self.run.fs.images(PATH), key=len, default=b"")
        return [
            ("set", op[1], value_from_log(image, self.run.oracle.version, *op[2]))
            if op[0] == "set" and type(op[2]) is tuple
            else op
            for op in ops
        ]

    def get(self, key: bytes) -> None:
        """Read one key."""
        db = self.lives.ready()
        self._read(lambda: self.run.oracle.check_get(key, db.get(key)))

    def scan(self, start: bytes, end: bytes | None, reverse: int, limit: int | None) -> None:
        """Read a range."""
        db, view = self.lives.ready(), self.run.oracle.current

        def look() -> None:
            found = db.scan(start, end, reverse=bool(reverse), limit=limit)
            check_scan(found, view, (start, end), reverse=bool(reverse), limit=limit)

        self._read(look)

    def _read(self, look: Callable[[], None]) -> None:
        """Look at the database; a read that fails breaks nothing."""
        try:
            look()
        except (Crash, Violation):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self.run.must_have_fired(error)
            self.run.count("a read failed")
            self.lives.failed(error, latches=False)
            return
        self.run.must_not_have_fired("a read")

    def sync(self) -> None:
        """Make everything durable."""
        db = self.lives.ready()
        try:
            db.sync()
        except (Crash, Violation):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self.run.must_have_fired(error)
            self.lives.failed(error, latches=True)
            return
        self.run.must_not_have_fired("sync")
        self.run.everything_durable(db)

    def compact(self) -> None:
        """Compact the database."""
        run, db = self.run, self.lives.ready()
        if run.trials is not None:
            run.trials.older = max(run.fs.images(PATH), key=len)
        try:
            db.compact()
        except Violation:
            raise
        except Crash:
            run.oracle.compacting()
            run.snapshot_end = 0
            run.count("crash while compacting")
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            run.must_have_fired(error)
            self._did_not_compact(error)
            return
        run.must_not_have_fired("compact")
        low, high = run.oracle.versions_of_compaction()
        if not low <= db.version <= high or db.durable_version != db.version:
            raise Violation("version", f"{db.version} after compacting {run.oracle.version}")
        run.oracle.compacted(db.version)
        run.log_bytes = run.snapshot_end = db.log_bytes
        run.acknowledge(db.version)
        run.count("compacted")
        if run.trials is not None:
            run.trials.opened(db.log_bytes, run.oracle.current)

    def _did_not_compact(self, error: BaseException) -> None:
        """Judge a failed compaction: its outcome is open once the next header was asked for.

        Before that nothing has happened; but a sync of the log that fails latches as ever.
        """
        run, asked = self.run, self.run.injector.asked
        if "header" in asked:
            run.oracle.compacting()
            run.snapshot_end = 0
            self.lives.failed(error, latches=True, compacting=True)
        elif "create_next" not in asked and run.injector.fired[-1].name == "sync":
            self.lives.failed(error, latches=True)
        else:
            run.count("a compaction failed early")
            if "sync" in asked:  # that of the log, which came first, has returned
                run.acknowledge(run.db.durable_version)
            self.lives.failed(error, latches=None)


def _do(tx: Recorder, op: Any, run: Run) -> None:
    """Do one op on the transaction, which compares what it answers."""
    name, key = op[0], op[1]
    if name == "set":
        tx.set(key, op[2])
    elif name == "delete":
        tx.delete(key)
    elif name == "get":
        tx.get(key)
    elif name == "lens":
        run.count(f"{key}: {call(run.kernel, tx, key, tuple(op[2:]))}")
    else:
        end, reverse, limit = op[2], bool(op[3]), op[4]
        found = tx.scan(key, end, reverse=reverse, limit=limit)
        for _ in found:
            pass
