"""What a running database does about its snapshot when that is damaged, or replaced, under a read.

    damaged     who reads the block is told; nothing is built on top of it from then on; everything
                else is read as before; it is closed without a mark, and the next open refuses it
    replaced    a scan, and whoever opened the file for reading, goes on with what it began with;
                where a compaction empties the old file, it is told so instead. Never a mixture

Clauses that break here: damage, read, latch, refused, unchanged.
Absent on purpose: where blocks are. Any bit of the snapshot may flip, and no read may make
something else of it.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from sim.judge.application import Application
from sim.judge.lens.facts import is_of_lenses
from sim.judge.lives import NEVER_SET, Lives
from sim.judge.oracle import Contents, Violation
from sim.judge.run import PATH, Run
from sim.judge.wounds import MARK, MARK_LENGTH, PAGES

Entries = list[tuple[bytes, bytes]]


class Blocks:
    """Damages or replaces the snapshot of the database of one run."""

    def __init__(self, run: Run, lives: Lives, application: Application) -> None:
        """Work on `run`, whose database `lives` opens and `application` works with."""
        self.run = run
        self.lives = lives
        self.application = application

    # Damage.

    def rot(self, position: int, last: str) -> None:
        """Flip a bit of the snapshot, look what is noticed, and let the file be refused.

        Then the bit is put right again, as a backup would, and the run goes on.

        Args:
            position: Which bit, in millionths of the snapshot.
            last: How it ends: "sync" and a close, or a "close" alone.
        """
        run = self.run
        if run.snapshot_end <= PAGES:
            run.count("no snapshot to damage")
            return
        bit = PAGES * 8 + (run.snapshot_end - PAGES) * 8 * position // 1_000_000
        run.fs.rot(PATH, bit)
        with run.injector.paused():
            self._work_on(self.lives.ready(), last)
            self._must_be_refused()
        run.fs.rot(PATH, bit)
        run.damage = None

    def _work_on(self, db: Any, last: str) -> None:
        """Read, write, sync and close a database whose snapshot is damaged."""
        run = self.run
        run.damage = first = self._read_all(db)
        if first is not None:
            self._must_build_nothing(db, first)
            if self._read_all(db) is None:
                raise Violation("damage", f"damage is not told a second time: {first}")
        if last == "sync":
            db.sync()
            run.everything_durable(db)
        self._close(noticed=first is not None)

    def end(self, damage: Any) -> None:
        """Judge a database that has told of damage although the file is sound, and close it."""
        db = self.lives.ready()
        with self.run.injector.paused():
            self._must_build_nothing(db, damage)
            self._read_all(db)
            self._close(noticed=True)
        self.run.damage = None
        self.run.count("a short read is damage")

    def _read_all(self, db: Any) -> Any:
        """Read everything in several ways; each answer is right, or tells of the damage.

        Return the first error, None if there is none.
        """
        run, view = self.run, self.run.oracle.current
        errors: list[Any] = []
        lost: list[int] = []
        for key in (*view, *NEVER_SET):
            before = len(errors)
            self._look(lambda key=key: run.oracle.check_get(key, db.get(key)), errors)
            if key in view and len(errors) > before:
                lost.append(len(key) + len(view[key]))
        if len(lost) > 1 and sum(lost) > (run.block_bytes or 4096):
            raise Violation("damage", f"one bit took {len(lost)} entries: {errors[0]}")
        for reverse in (False, True):
            found: Entries = []
            self._look(lambda r=reverse, f=found: f.extend(db.scan(reverse=r)), errors)
            _must_begin(found, view, reverse=reverse, whole=not errors)
        return errors[0] if errors else None

    def _look(self, look: Callable[[], object], errors: list[Any]) -> None:
        kernel = self.run.kernel
        try:
            look()
        except kernel.CorruptLogError as error:
            if error.evidence != "snapshot" or not PAGES < error.offset < self.run.log_bytes:
                raise Violation("damage", f"of the snapshot, told as {error}") from error
            errors.append(error)

    def _must_build_nothing(self, db: Any, first: Any) -> None:
        """Check that nothing is built on top of damage, and that the first one is told."""
        run, kernel = self.run, self.run.kernel
        attempts: dict[str, Callable[[], object]] = {
            "a commit": lambda: db.transact(_write),
            "a commit after a read that failed": lambda: db.transact(_read_and_write),
            "a compaction": db.compact,
            "a backup": db.backup,
        }
        before, version = run.fs.images(PATH), db.version
        for what, attempt in attempts.items():
            calls = run.fs.calls
            try:
                attempt()
            except kernel.CorruptLogError as error:
                if (error.offset, error.evidence) != (first.offset, first.evidence):
                    raise Violation("damage", f"{what} tells of {error}, not {first}") from error
                if what in ("a compaction", "a backup") and run.fs.calls != calls:
                    raise Violation("damage", f"{what} began on top of damage: {first}") from error
            else:
                raise Violation("damage", f"{what} succeeded on top of damage: {first}")
        if run.fs.images(PATH) != before or db.version != version:
            raise Violation("damage", f"a refusal changed something: {first}")
        run.count("nothing is built on damage")

    def _close(self, *, noticed: bool) -> None:
        """Close the database; there is no new mark over what is known to be damaged."""
        run = self.run
        before = self._mark()
        self.lives.close()
        if noticed and self._mark() != before:
            raise Violation("damage", "a mark was written over damage")
        if not noticed:
            run.count("damage was not met")
        run.closed = None

    def _mark(self) -> bytes:
        return max(self.run.fs.images(PATH), key=len)[MARK : MARK + MARK_LENGTH]

    def _must_be_refused(self) -> None:
        """Check that no open takes the damaged file, and that none changes it."""
        run, kernel = self.run, self.run.kernel
        before = run.fs.images(PATH)
        for mode in ("r", "rwc"):
            try:
                kernel.open(PATH, fs=run.fs, mode=mode).close()
            except kernel.CorruptLogError:
                if run.fs.images(PATH) != before or run.fs.handles:
                    raise Violation("unchanged", "a damaged file was changed or is open") from None
            else:
                raise Violation("damage", f"a damaged snapshot was opened, mode {mode}")
        run.count("a damaged snapshot is refused")

    # Replacement.

    def overtaken(self, who: str, count: int) -> None:
        """Let a compaction put another file in place while somebody reads.

        Args:
            who: Whose reads: the "owner"'s, or those of a "reader" of its own.
            count: How many entries of a scan are read before.
        """
        run, db = self.run, self.lives.ready()
        view = dict(run.oracle.current)
        options = {"mode": "r", "fs": run.fs, "cache_bytes": run.cache_bytes}
        with run.injector.paused():
            other = db if who == "owner" else run.kernel.open(PATH, **options)
            with other.read() as tx:
                scan: Iterator[tuple[bytes, bytes]] = other.scan()
                found = list(islice(scan, count))
                free = [key for key in view if not is_of_lenses(key)]
                ops = [("set", key, b"after " + key[:40]) for key in free[::2]]
                ops += [("delete", key) for key in free[1::4]]
                self.application.transaction([*ops, ("set", b"overtaken", b"")], "commit")
                self.application.compact()
                told = self._go_on(scan, found, view, tx)
            if who != "owner":
                other.close()
        run.count("a reader was told of a compaction" if told else "a reader went on")

    def _go_on(self, scan: Iterator[Any], found: Entries, view: Contents, tx: Any) -> bool:
        """Read on in a file that was replaced; return whether it was told."""
        kernel, told = self.run.kernel, False
        try:
            found += scan
        except kernel.UsageError as error:
            told = self._may_be_told(error)
        _must_begin(found, view, reverse=False, whole=not told)
        for key in (*view, *NEVER_SET):
            try:
                value = tx.get(key)
            except kernel.UsageError as error:
                told = self._may_be_told(error)
                continue
            if value != view.get(key):
                raise Violation("read", f"get({key!r}) after a compaction is not what was read")
        return told

    def _may_be_told(self, error: BaseException) -> bool:
        if self.run.fs.style == "slots":
            return True
        raise Violation("read", f"the file is whole, and a reader was told {error!r}") from error


def _must_begin(found: Entries, view: Contents, *, reverse: bool, whole: bool) -> None:
    """Check that `found` is how a scan of `view` begins, or all of it."""
    right = sorted(view.items(), reverse=reverse)
    if found != (right if whole else right[: len(found)]):
        raise Violation("read", f"{len(found)} entries of a scan are not those that were there")


def _write(tx: Any) -> None:
    tx.set(b"on damage", b"")


def _read_and_write(tx: Any) -> None:
    """Read everything, pass over whatever that tells, and write."""
    for _ in range(2):
        with suppress(Exception):
            list(tx.scan())
    tx.set(b"on damage", b"")
