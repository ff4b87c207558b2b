"""The database: what users call. Each call takes what it needs from the guard, and does its work.

    reads                     the state, for the moment they begin: they wait for no commit's sync,
                              but for the group of another thread to its end
    transactions              the turn and the step; the ops are then committed, see commit.py
    group()                   turn, sync and state, until the block is left: one sync for all
    sync, compact, backup     the turn and the step

Absent on purpose: background threads, timers, retries.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar, overload

from libredb.kernel.arguments import BytesLike, as_bytes
from libredb.kernel.commit import Commits
from libredb.kernel.convenience import OneShotForms, in_a_thread, require_plain
from libredb.kernel.errors import UsageError
from libredb.kernel.facts import Mode
from libredb.kernel.filesystem import FileSystem, PathLike, Uncopyable, text_path
from libredb.kernel.guard import A_GROUP, A_TRANSACTION, ELSEWHERE, Block, Guard
from libredb.kernel.history import History
from libredb.kernel.image import Image, write_image
from libredb.kernel.level import ABSENT, Entry, Level
from libredb.kernel.log import GroupCommit, Log
from libredb.kernel.placement import Place
from libredb.kernel.refresh import Refresher
from libredb.kernel.report import CompactionReport
from libredb.kernel.transaction import ReadTransaction, Transaction, run

T = TypeVar("T")
READ_ONLY = "this database is open for reading only; open it with mode 'rw' to change it"


class Database(History, OneShotForms, Uncopyable):
    """An open database; a context manager, which closes it."""

    def __init__(
        self,
        level: Level,
        place: Place | None,
        log: Log | None,
        mode: Mode,
        group_commit: GroupCommit | None,
        refresher: Refresher | None = None,
    ) -> None:
        """Put the parts together; use `libredb.open`. Without a place it is in memory."""
        self.mode: Mode = mode
        self._guard = Guard(place.why_gone) if place else Guard()
        refusal = READ_ONLY if mode == "r" else None
        self._commits = Commits(self._guard, level, place, log, group_commit, refusal=refusal)
        self._place = place
        self._refresher = refresher
        if refresher is not None:
            self._commits.note_read = refresher.note_read

    # Transactions

    def transact(self, fn: Callable[[Transaction], T], /) -> T:
        """Run `fn` in a transaction, commit, and return its result. It is never run twice.

        The commit is durable when this returns, unless a window is open or a group is running.

        Raises:
            UsageError: it is too large, or inside another, or `fn` is async or a generator.
            StorageError: the commit failed; its outcome is unknown, the database has to be
                reopened. If a read in `fn` failed, nothing was committed, and it may run again.
            CorruptLogError: a read has found a damaged block of the snapshot; nothing is committed.
        """
        grouped = self._guard.begin(A_TRANSACTION, inside_group=True)
        result = self._transact(fn, grouped=grouped)
        if self._commits.notices.queue:
            self._commits.notices.deliver()
        return result

    def _transact(self, fn: Callable[[Transaction], T], *, grouped: bool) -> T:
        with self._guard.turn, self._guard.step:
            tx = self._commits.begin()
            try:
                result = run(fn, tx)
            finally:
                writes = tx.end()
            self._commits.commit(writes, grouped=grouped)
            return result

    async def transact_async(self, fn: Callable[[Transaction], T], /) -> T:
        """Run `transact(fn)` in a thread, so that the event loop goes on; in a browser, in place.

        Cancelling does not stop it: the await ends when the transaction has, and is cancelled then.
        Raises what `transact` raises; and UsageError, before anything runs, if `fn` is async, or
        inside a transaction or group of this thread, which it would wait for.
        """
        require_plain(fn)
        self._guard.begin(ELSEWHERE)
        return await in_a_thread(lambda: self.transact(fn))

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; leaving the block commits it, an exception aborts it.

        Durability and errors are those of `transact`, the better form for code that may be
        interrupted. A KeyboardInterrupt while the block is left: before the append nothing is
        committed; after the commit it stands; in between the outcome is unknown, and the database
        has to be reopened. A block must be left by the thread that entered it.
        """
        guard, commits = self._guard, self._commits
        locks, deliver = (guard.turn, guard.step), commits.notices.deliver
        return Block(guard, A_TRANSACTION, locks, commits.begin, commits.finish, deliver)

    @overload
    def read(self, /) -> AbstractContextManager[ReadTransaction]: ...
    @overload
    def read(self, fn: Callable[[ReadTransaction], T], /) -> T: ...
    def read(
        self, fn: Callable[[ReadTransaction], T] | None = None, /
    ) -> AbstractContextManager[ReadTransaction] | T:
        """Begin a transaction that only reads, as a block, or run `fn` in one.

        It sees one state, that of its beginning with pending commits included, however long it
        lasts. It waits for no commit's sync, but for a group of another thread to its end; no
        writer waits for it.
        """
        if fn is None:
            return self._commits.reading()
        tx = self._commits.begin_read()
        try:
            return run(fn, tx)
        finally:
            tx.end()

    @overload
    def get(self, key: BytesLike) -> bytes | None: ...
    @overload
    def get(self, key: BytesLike, default: T) -> bytes | T: ...
    def get(self, key: BytesLike, default: T | None = None) -> bytes | T | None:
        """Return the value of `key`, or `default`. It waits as `read` does.

        Raises:
            CorruptLogError: the block that would hold it is damaged since the file was opened. What
                is elsewhere can be read; nothing is committed or compacted until it is closed.
        """
        guard = self._guard
        with guard.moment():
            guard.check()
            key = key if type(key) is bytes else as_bytes(key, "key")
            value, below = self._commits.store.newest(key)
        if value is ABSENT:
            value = below.get(key, None)
        return default if value is None else value

    def scan(
        self,
        start: BytesLike = b"",
        end: BytesLike | None = None,
        *,
        prefix: BytesLike | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """Return the entries of `[start, end)` or of `prefix`, ascending by byte, as of this call.

        `end` None is the last key. It is read lazily, costs what it yields, and waits as `read`
        does.
        """
        tx = self._commits.begin_reading()
        return tx.scan(start, end, prefix=prefix, reverse=reverse, limit=limit)

    # Durability

    def group(self) -> AbstractContextManager[None]:
        """Commit several transactions with one sync; leaving the block acknowledges them all.

        An exception in the block still syncs what was committed before it. Other threads wait, also
        those that only read, so that they never see a commit that is not durable. The block must be
        left by the thread and the asyncio task that entered it.
        """
        guard = self._guard

        def finish(_: None, error: BaseException | None, *__: object) -> None:
            if error is None or not guard.latch.closed:
                guard.check("a sync")
                self._commits.sync()
                self._commits.notices.due = self.version
            guard.end_group()

        deliver = self._commits.notices.deliver
        return Block(guard, A_GROUP, guard.rights, self._commits.begin_group, finish, deliver)

    def sync(self) -> None:
        """Make every commit durable before returning."""
        guard = self._guard
        guard.begin("a sync", inside_group=True)
        with guard.turn, guard.step:
            guard.check("a sync")
            self._commits.sync()

    def compact(self) -> CompactionReport:
        """Write the live entries into a new log and let it take the place of the old one.

        Syncs first. `version` rises by the number of snapshot records, all durable on return. Costs
        a pass over all entries, and disk space for both files. Once it has synced, and before the
        header of the new log is begun, a failure changes nothing; after that the outcome is
        unknown, and the entries are the same.
        """
        guard = self._guard
        guard.begin("a compaction")
        with guard.turn, guard.step:
            guard.check("a compaction")
            return self._commits.compact()

    def backup(self) -> Image:
        """Sync, and return an iterator over the bytes of a closed database file.

        They are those of the moment of this call, however slowly they are read; nobody waits for
        the reader, and any thread may read on. Write them to a new file, or use `backup_to`.

        Raises:
            UsageError: a transaction or group of this thread is running, or there is no log. While
                it is read: the database was closed, or compacted where that empties the old file
                (in a browser).
            StorageError, LogFileError: storage failed, or the path no longer leads to the file.
            CorruptLogError: while it is read: the bytes are not those that were written.
        """
        guard = self._guard
        guard.begin("a backup")
        with guard.turn, guard.step:
            guard.check("a backup")
            self._commits.require_undamaged()
            self._commits.sync()
            log = self._commits.log
            if self._place is None or log is None:
                raise UsageError("in memory or in an empty file there is no log; copy the entries")
            return Image(
                self._place.open_again(log),
                log,
                is_open=lambda: not self.closed,
                is_current=lambda: self._commits.log is log,
            )

    def backup_to(self, path: str | PathLike, *, fs: FileSystem | None = None) -> None:
        """Write a backup to `path`: whole and durable when this returns, or not there at all.

        A database there is replaced once the backup was written, read back and judged. Commits go
        on meanwhile, and are not in it. Without `fs`, `path` is one of this file system.

        Raises:
            DatabaseLockedError: the database at `path` is open; it may be this one.
            LogFileError: something else than a database is at `path`.
            UsageError, StorageError: as for `backup`, or of the other file system.
        """
        image = self.backup()
        assert self._place is not None, "`backup` refuses a database in memory"
        write_image(image, Place(text_path(path), fs or self._place.fs))

    def close(self) -> None:
        """Sync, close and unlock. After a failure nothing is written, and nothing raised.

        It may be called again: what an interrupt or an error left open is given back then.

        Raises:
            UsageError: a transaction or group of this thread is running.
            StorageError: storage failed; the database is closed, pending commits may be lost.
        """
        guard = self._guard
        if guard.why_gone() is not None:
            # A forked child, or the rest of a close: nothing is written, and nobody waited for.
            guard.closed = True
            self._commits.close(clean=False)
            return
        guard.begin("close()")
        self._commits.notices.deliver()
        with guard.turn, guard.step, guard.sync, guard.state:
            clean = not guard.closed and not guard.latch.closed
            guard.closed = True
            self._commits.close(clean=clean)
        guard.latch.failure = None  # or its traceback would keep alive what failed, and its files
