"""From a path to an open database, or only to a judgement of its file.

For writing, the lock comes first, and the log is recovered before anyone sees it. For reading,
nothing is locked and nothing is changed; a writer may be at work, so what is not clean is read
again until two readings agree. Judging (`verify`) is reading that reports damage instead of
raising it.
Absent on purpose: repair. A damaged log is refused, byte for byte as it was found.
"""

import errno
from collections.abc import Callable
from contextlib import suppress

from libredb.kernel.database import Database, Mode
from libredb.kernel.errors import (
    StorageError,
    UsageError,
    UsageTypeError,
    UsageValueError,
    storage_error,
)
from libredb.kernel.filesystem import FileSystem
from libredb.kernel.log import GroupCommit, Log, Reading
from libredb.kernel.recovery import RecoveryReport, Replay, VerifyReport
from libredb.kernel.store import OrderedStore

READINGS = 8
"""How often, at most, a log that is not clean is read when it may not be locked."""

Opened = tuple[Log, OrderedStore, RecoveryReport]


def open_database(
    path: str | None,
    fs: FileSystem | None,
    *,
    mode: Mode = "rwc",
    group_commit: GroupCommit | None = None,
    on_recovery: Callable[[RecoveryReport], None] | None = None,
) -> Database:
    """Open the database at `path` of `fs`; without a path, one in memory. See `libredb.open`."""
    if mode not in {"rwc", "rw", "r"}:
        raise UsageValueError(f"mode must be 'rwc', 'rw' or 'r', not {mode!r}")
    if group_commit is not None and type(group_commit) is not GroupCommit:
        raise UsageTypeError(f"group_commit must be a GroupCommit, not {group_commit!r}")
    if path is None or fs is None:
        if mode == "r":
            raise UsageError("a database in memory is empty when it opens; mode 'r' needs a path")
        return Database(OrderedStore(), None, mode, group_commit)
    if mode == "r":
        log, store, report = _open_for_reading(path, fs)
    else:
        log, store, report = _open_for_writing(path, fs, create=mode == "rwc")
    try:
        if on_recovery is not None:
            on_recovery(report)
        return Database(store, log, mode, group_commit)
    except BaseException:
        with suppress(StorageError):
            log.release()
        raise


def verify(path: str, fs: FileSystem) -> VerifyReport:
    """Judge the log at `path` without changing a byte; damage is reported, not raised.

    Raises:
        StorageError: the file is missing, or storage failed.
    """
    log = Log(path, fs)
    _require(log)
    reading = _read_steadily(log)
    log.release()
    if reading.error is not None:
        error = reading.error
        return VerifyReport(path, "refused", reading.size_bytes, error.offset, error=error)
    found = reading.found
    if found is None:
        return VerifyReport(path, "empty", reading.size_bytes)
    return VerifyReport(
        path,
        found.outcome,
        reading.size_bytes,
        found.end,
        found.header.generation,
        found.version,
        len(found.starts),
        len(found.store),
        found.damaged_mark,
    )


def _open_for_writing(path: str, fs: FileSystem, *, create: bool) -> Opened:
    """Return the log at `path`, locked, recovered and durable, with its store.

    Raises:
        StorageError: the lock is held elsewhere, the file is missing and may not be created, or
            storage failed.
        LogFileError: the file is refused and was not changed.
    """
    log = Log(path, fs)
    if not create:
        _require(log)
    log.lock()
    try:
        reading = log.read(writable=True)
        if reading.error is not None:
            raise reading.error
        if reading.found is None:
            log.put_in_place(OrderedStore())
            return log, OrderedStore(), RecoveryReport(path, "created", log.end, 0, 0)
        log.recover(reading.found, reading.data)
        return log, reading.found.store, _report(path, reading.found)
    except BaseException:
        with suppress(StorageError):
            log.release()
        raise


def _open_for_reading(path: str, fs: FileSystem) -> Opened:
    """Return the log at `path` as it is, with its store; nothing is locked or changed.

    Raises:
        StorageError: the file is missing, or storage failed.
        LogFileError: the file is refused.
    """
    log = Log(path, fs)
    _require(log)
    reading = _read_steadily(log)
    if reading.error is not None:
        raise reading.error
    if reading.found is None:
        return log, OrderedStore(), RecoveryReport(path, "clean", 0, 0, 0)
    log.adopt(reading.found)
    return log, reading.found.store, _report(path, reading.found)


def _read_steadily(log: Log) -> Reading:
    """Read until the log is clean or two readings agree, which a writer at work prevents."""
    reading = log.read(writable=False)
    for _ in range(READINGS - 1):
        if reading.found is not None and reading.found.outcome == "clean":
            break
        log.release()
        previous, reading = reading, log.read(writable=False)
        if reading.data == previous.data and reading.size_bytes == previous.size_bytes:
            break
    return reading


def _report(path: str, found: Replay) -> RecoveryReport:
    return RecoveryReport(
        path,
        found.outcome,
        found.end,
        found.version,
        found.durable_version,
        found.tail,
        found.damaged_mark,
    )


def _require(log: Log) -> None:
    if not log.exists():
        told = "there is no database file; mode 'rwc' creates one where the folder exists"
        cause = FileNotFoundError(errno.ENOENT, told)
        raise storage_error(cause, f"cannot open {log.path!r}") from cause
