"""What an application does in one life, and how its answers are judged.

Each commit is judged at once: what it returned, which version it made, whether the window was
kept. What it raised must come from a fault, and then its outcome is open. Clauses that break here:
read, window, version, latch, error.
Absent on purpose: opening and crashing; see lives.py.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sim.judge.lives import Lives
from sim.judge.oracle import Contents, Violation, Writes, check_scan
from sim.judge.run import PATH, Run
from sim.plans.foreign import value_from_log
from sim.world.filesystem import Crash


class Abort(Exception):  # noqa: N818 - a wish of the user, not an error
    """What a transaction raises that wants to leave no trace."""


class Script(NamedTuple):
    """The function of a transaction: does `ops` on it and on `view`, and compares the answers."""

    ops: list[Any]
    ending: str
    view: Contents
    written: dict[bytes, bytes | None]

    def __call__(self, tx: Any) -> None:
        """Do all of them, and end as it is wanted."""
        for op in self.ops:
            _do(tx, op, self.view, self.written)
        if self.ending == "abort":
            raise Abort


class LeftEarlyError(Exception):
    """What the application raises in a group; its commits so far are acknowledged all the same."""


class Application:
    """Works with the database of one run."""

    def __init__(self, run: Run, lives: Lives) -> None:
        """Work on `run`, whose database `lives` opens."""
        self.run = run
        self.lives = lives
        self._failure: BaseException = Crash()

    def transaction(self, ops: list[Any], ending: str) -> None:
        """Run one transaction, which may wish to abort."""
        db, oracle = self.lives.ready(), self.run.oracle
        ops = self._resolve(ops)
        try:
            writes = self._commit(db, ops, ending)
        except Abort:
            self.run.count("aborted")
            if db.version != (oracle.later[-1].version if oracle.later else oracle.base_version):
                raise Violation("version", "an aborted transaction changed the version") from None
            return
        if writes is None:
            self.lives.must_have_latched(self._failure)
        else:
            self._acknowledge(db)

    def _commit(self, db: Any, ops: list[Any], ending: str) -> Writes | None:
        """Run one transaction; return its writes, or None when it raised for a fault."""
        view = dict(self.run.oracle.current)
        written: dict[bytes, bytes | None] = {}

        version: int = db.version
        try:
            db.transact(Script(ops, ending, view, written))
        except (Abort, Violation):
            raise
        except Crash:
            self.run.oracle.raised(list(written.items()), version + 1)
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self.run.must_have_fired(error)
            self.run.oracle.raised(list(written.items()), version + 1)
            self._failure = error
            return None
        self.run.must_not_have_fired("commit")
        if written:
            version += 1
            self.run.oracle.returned(list(written.items()), version)
            if self.run.trials is not None:
                self.run.trials.committed(db.log_bytes, view)
        if db.version != version:
            raise Violation("version", f"{db.version} instead of {version} after a transaction")
        return list(written.items())

    def _acknowledge(self, db: Any) -> None:
        """Take the database at its word about what is durable, and check the window."""
        durable: int = db.durable_version
        pending: int = db.version - durable
        window = self.run.window
        if pending and (window is None or pending >= window[0] or db.pending_bytes >= window[1]):
            raise Violation("window", f"{pending} commits, {db.pending_bytes} bytes pending")
        self.run.oracle.acknowledged(durable)
        if self.run.trials is not None and not pending:
            self.run.trials.synced()

    def group(self, groups: list[list[Any]], ending: str = "leave") -> None:
        """Run transactions in one group, and leave it in this way."""
        db = self.lives.ready()
        latched = False
        try:
            with db.group():
                latched = not self._commit_all(db, groups)
                if ending == "raise" and not latched:
                    raise LeftEarlyError
        except (Crash, Violation):
            raise
        except LeftEarlyError:
            self.run.count("a group was left by an exception")
        except (Exception, KeyboardInterrupt) as error:
            if latched and not isinstance(error, self.run.kernel.DatabaseFailedError):
                raise Violation("latch", f"leaving a latched group raised {error!r}") from error
            self.run.must_have_fired(error)
            self.lives.must_have_latched(error)
            return
        if latched:
            raise Violation("latch", "leaving a latched group did not raise")
        self.run.must_not_have_fired("group")
        self.run.everything_durable(db)
        self.run.count("group")

    def _commit_all(self, db: Any, groups: list[list[Any]]) -> bool:
        """Commit until one fails; return whether none did."""
        return all(self._commit(db, self._resolve(ops), "commit") is not None for ops in groups)

    def _resolve(self, ops: list[Any]) -> list[Any]:
        """Replace values that stand for bytes of the database's own file."""
        if not any(op[0] == "set" and type(op[2]) is tuple for op in ops):
            return ops
        image = max(self.run.fs.images(PATH), key=len, default=b"")
        version: int = self.run.db.version
        return [
            ("set", op[1], value_from_log(image, version, *op[2]))
            if op[0] == "set" and type(op[2]) is tuple
            else op
            for op in ops
        ]

    def get(self, key: bytes) -> None:
        """Read one key."""
        self.run.oracle.check_get(key, self.lives.ready().get(key))

    def scan(self, start: bytes, end: bytes | None, reverse: int, limit: int | None) -> None:
        """Read a range."""
        found = list(self.lives.ready().scan(start, end, reverse=bool(reverse), limit=limit))
        current = self.run.oracle.current
        if not reverse and limit is None:
            check_scan(found, current, (start, end))
        else:
            keys = sorted(key for key in current if key >= start and (end is None or key < end))
            wanted = (keys[::-1] if reverse else keys)[:limit]
            if found != [(key, current[key]) for key in wanted]:
                raise Violation("read", "scan with reverse or limit is not what was committed")

    def sync(self) -> None:
        """Make everything durable."""
        db = self.lives.ready()
        if self._try(db.sync, "sync"):
            self.run.everything_durable(db)

    def compact(self) -> None:
        """Compact the database."""
        db = self.lives.ready()
        if self.run.trials is not None:
            self.run.trials.older = max(self.run.fs.images(PATH), key=len)
        if self._try(db.compact, "compact", compaction=True):
            if db.durable_version != db.version:
                raise Violation("version", "not everything is durable after compact()")
            self.run.oracle.compacted(db.version)
            self.run.mark = db.log_bytes
            self.run.count("compacted")
            if self.run.trials is not None:
                self.run.trials.opened(db.log_bytes, self.run.oracle.current)

    def _try(self, call: Callable[[], object], what: str, *, compaction: bool = False) -> bool:
        """Make a call that may fail for a fault; return whether it succeeded."""
        try:
            call()
        except Crash:
            if compaction:
                self.run.oracle.raised([], None)
                self.run.count("crash while compacting")
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, it is judged
            self.run.must_have_fired(error)
            if compaction:
                self.run.oracle.raised([], None)
            self.lives.must_have_latched(error, compaction=compaction)
            return False
        self.run.must_not_have_fired(what)
        return True


def _do(tx: Any, op: Any, view: Contents, written: dict[bytes, bytes | None]) -> None:
    """Do one op on the transaction and on `view`, and compare what both answer."""
    name, key = op[0], op[1]
    if name == "set":
        tx.set(key, op[2])
        view[key] = written[key] = op[2]
    elif name == "delete":
        if tx.delete(key) != (key in view):
            raise Violation("read", f"delete({key!r}) did not tell what was there")
        if view.pop(key, None) is not None:
            written[key] = None
    elif name == "get":
        if tx.get(key) != view.get(key):
            raise Violation("read", f"get({key!r}) inside a transaction")
    else:
        check_scan(tx.scan(key, op[2]), view, (key, op[2]))
