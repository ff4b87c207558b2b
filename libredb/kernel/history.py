"""History: what a database tells of its commits besides the state after the last one.

    on_commit     each commit as it becomes visible, told by this process
    changes       each durable commit since some version, read out of the log
    as_of         the state after an earlier commit: opening with `version=`
    refresh       a reader sees what a writer has committed since

The log has the history since its last compaction; a snapshot tells where it led, and not how.
`changes` reads a file of its own up to the end noted at the call. No right is held meanwhile. Where
a compaction empties that file, the header is no longer the one that was noted, and the reading ends
with an error: what was read of one file is never mixed with another.
Absent on purpose: versions of a single value, and a history that survives a compaction.
"""

from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial

from libredb.kernel import record
from libredb.kernel.arguments import check_count
from libredb.kernel.commit import Shown
from libredb.kernel.errors import (
    ChangesTrimmedError,
    LogFileError,
    StorageError,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel.facts import Facts
from libredb.kernel.filesystem import LogFile
from libredb.kernel.guard import Guard
from libredb.kernel.image import ImageStream
from libredb.kernel.level import Op
from libredb.kernel.log import PIECE_BYTES, Log, ask, read_exactly
from libredb.kernel.notices import Callback
from libredb.kernel.placement import Place
from libredb.kernel.record import RECORDS_OFFSET
from libredb.kernel.recovery import Replay
from libredb.kernel.refresh import Reached, Refresher, ops_of
from libredb.kernel.store import NOTHING
from libredb.kernel.stream import Whole

Change = tuple[int, tuple[Op, ...]]
"""The version of a commit and its ops: (key, value) sets, (key, None) deletes."""

IN_MEMORY = "a database in memory has no file to read changes from; see on_commit()"
NOT_REFRESHED = (
    "only a database that was opened with mode 'r', and without a version, can be refreshed"
)
TRIMMED = "what followed commit {} was compacted away; read everything again"


class History(Facts):
    """The part of `Database` that tells of commits."""

    _refresher: Refresher | None

    @property
    def database_id(self) -> bytes | None:
        """The 8 bytes that tell this database from others; None in memory, or in an empty file.

        A compaction and a copy keep it, a restore draws another. Whoever keeps a version outside of
        the database keeps this with it, and only a version that was durable when it was learnt.
        """
        log = self._commits.log
        return log.header.database_id if log else None

    def on_commit(self, callback: Callback) -> Callable[[], None]:
        """Call `callback(version, ops)` after each commit; return what ends that.

        It is called when the commit is visible (durable: see `durable_version`), in a group after
        the block, by the thread that committed, or by another that is telling of commits: one
        call at a time, in the order of versions. It may call the database; a commit it makes is
        told after it. `ops` are (key, value) or, for a deletion, (key, None). What it raises goes
        to `sys.unraisablehook`; KeyboardInterrupt and SystemExit pass on, and the commit stands.
        An interrupt may put a call off to the next commit or `close()`. A compaction tells nothing.

        Raises:
            UsageTypeError: `callback` is no function.
            UsageError: inside a transaction of this thread, or the database is closed.
        """
        if not callable(callback):
            raise UsageTypeError(f"on_commit needs a function, not {type(callback).__name__}")
        self._guard.begin("on_commit()", inside_group=True)
        self._guard.check()
        return self._commits.notices.subscribe(callback)

    def changes(self, *, since: int) -> Generator[Change, None, None]:
        """Return an iterator over the durable commits after commit `since`, as of this call.

        Each is (version, ops), as for `on_commit`. `since` is a version that was durable; one from
        the base version to the end of the snapshot means "what follows the snapshot". Any thread
        may read, nobody waits for it. Costs reading the log from its beginning, a mebibyte at a
        time; `close()` of the iterator gives its file back early.

        Raises:
            ChangesTrimmedError: a compaction told that part away: read everything again. Also while
                it is read, where compacting empties the old file (in a browser).
            UsageValueError: `since` is above the durable version, or below 0.
            UsageError: in memory, or inside a transaction of this thread. While it is read: the
                database was closed.
            StorageError: storage failed, or the path no longer leads to the file.
            LogFileError: the path leads to something that is no database.
            CorruptLogError: while it is read: the bytes are not those that were written.
            IncompleteReadError: storage returned less than the file has; try again.
        """
        check_count(since, "since")
        guard = self._guard
        while True:
            guard.begin("changes()", inside_group=True)
            with guard.moment():
                guard.check()
                log, shown = self._commits.log, self._commits.shown
            if self._place is None:
                raise UsageError(IN_MEMORY)
            first, last = log.header.base_version if log else 0, shown.durable_version
            if 0 <= since < first:
                raise ChangesTrimmedError(TRIMMED.format(since))
            if not first <= since <= last:
                raise UsageValueError(f"since must be from {first} to {last}, not {since}")
            if log is None:
                return (change for change in ())  # in an empty file
            try:
                file = self._place.open_again(log)
            except (StorageError, LogFileError):
                if self._commits.log is log:
                    raise
                continue  # a compaction came between: note what there is now
            end = shown.log_bytes - shown.pending_bytes
            changes = _read_changes(file, log, since, end, guard)
            next(changes)
            return changes

    def refresh(self) -> bool:
        """See what a writer has committed since; return whether it was enough to read what is new.

        For mode "r". True: the commits behind the last one that was seen were added, none or more,
        durable or not; costs reading them. False: the file was compacted or replaced, or a crash
        took commits back, and everything was read anew; `version` may be lower than before. What
        was handed out before, a scan for example, stays as it was.

        Raises:
            UsageError: another mode, in memory, with `version=`, inside a `read()` of this thread.
            StorageError, LogFileError: as for `open`; what was seen before is still there.
        """
        refresher, place, guard = self._refresher, self._place, self._guard
        guard.begin("a refresh")
        guard.check()
        if refresher is None or place is None:
            raise UsageError(NOT_REFRESHED)
        if refresher.has_own_read():
            raise UsageError("a refresh cannot begin inside a read() of the same thread")
        with guard.turn, guard.step:
            guard.check("a refresh")
            reached = refresher.reached
            mark = reached.mark_if_there() if reached else None
            if reached is None or mark is None:
                self._read_anew(refresher, place)
                return False
            for whole, ops in reached.following():
                self._commits.follow(partial(self._apply, reached, whole, ops))
            self._commits.follow(partial(reached.prove, mark=mark))
            return True

    def _apply(self, reached: Reached, whole: Whole, ops: list[Op]) -> None:
        self._commits.store.apply(ops)
        reached.advance(whole)

    def _read_anew(self, refresher: Refresher, place: Place) -> None:
        """Read the file that is at the path now, and let it take the place of the other."""
        commits, other = self._commits, Place(place.path, place.fs, cache_bytes=place.cache_bytes)

        def become() -> None:
            log = reached.log if reached else None
            commits.snapshot = other.snapshot_of(log) if log else None
            commits.store.replace(level, commits.snapshot.order if commits.snapshot else NOTHING)
            commits.log, commits.shown = log, Shown(0, 0, 0, 0, 0)
            refresher.reached = reached
            place.adopt(other)

        try:
            reached, level = refresher.read(other)
            commits.follow(become)
        finally:
            with suppress(StorageError):
                other.release()


def _read_changes(
    file: LogFile, log: Log, since: int, end: int, guard: Guard
) -> Generator[Change, None, None]:
    """Yield the commits after `since` out of the records that end at `end`; see `changes`.

    The first thing that it yields is none: from there on `finally` gives the file back.
    """
    path, header = log.path, log.header
    since = max(since, header.base_version + header.snapshot_records)  # those are no commits
    stream = ImageStream(path, header, end)
    try:
        yield 0, ()
        for offset in range(RECORDS_OFFSET, end, PIECE_BYTES):
            if guard.closed:
                raise UsageError("the database was closed before its changes were read")
            at = stream.end
            for whole in stream.feed(
                read_exactly(path, file, offset, min(PIECE_BYTES, end - offset))
            ):
                if whole[0] > since:
                    yield whole[0], tuple(ops_of(path, at, whole))
                at += whole[5] - whole[4]
    except LogFileError as error:
        if ask("read", path, file.read, 0, record.FILE_HEADER_LENGTH) == header.encode():
            raise
        raise ChangesTrimmedError(TRIMMED.format(since)) from error
    finally:
        ask("close", path, file.close)


def as_of(found: Replay, version: int) -> None:
    """Cut what was found to commit `version`, at which its replay stopped.

    Raises:
        UsageValueError: the log does not have that state.
    """
    base = found.header.base_version
    first, last = base + found.header.snapshot_records, found.version
    if version != base and not first <= version <= last:
        also = f"{base}, or " if base < first else ""
        raise UsageValueError(f"version must be {also}from {first} to {last}, not {version}")
    count = max(version, first) - base
    found.end = [*found.starts, found.end][count]
    found.version, found.proven = base + count, min(found.proven, found.end)
    found.last_check = found.checks[count - 1] if count else found.header.check_seed
    del found.starts[count:], found.checks[count:]
