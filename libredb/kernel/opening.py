"""From a path to an open database, or only to a judgement of its file.

For writing, the lock comes first, and the log is recovered before anyone sees it; only what is
foreign is refused before that, so that no lock file is left beside it. For reading, nothing is
locked and nothing is changed; a writer may be at work, so what is not clean is read again until two
readings agree. Judging (`verify`) is reading that reports damage instead of raising it.
Absent on purpose: repair. A damaged log is refused, byte for byte as it was found.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress

from libredb.kernel import image
from libredb.kernel.arguments import check_count
from libredb.kernel.database import Database
from libredb.kernel.errors import (
    CorruptLogError,
    IncompleteReadError,
    LogFileError,
    NotADatabaseError,
    StorageError,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel.facts import Mode
from libredb.kernel.filesystem import FileSystem, PathLike, text_path
from libredb.kernel.history import as_of
from libredb.kernel.level import Level
from libredb.kernel.log import GroupCommit, Log
from libredb.kernel.placement import Place
from libredb.kernel.reading import Reading
from libredb.kernel.recovery import Replay
from libredb.kernel.refresh import Reached, Refresher
from libredb.kernel.report import RecoveryReport, VerifyReport
from libredb.kernel.shared import SharedDatabase, SharedSync
from libredb.kernel.snapshot import CACHE_BYTES
from libredb.kernel.store import OrderedStore

READINGS = 8
"""How often, at most, a log that is not clean is read when it may not be locked."""


def open_database(  # noqa: PLR0913 - the options of `libredb.open`, each by its name
    path: str | None,
    fs: FileSystem | None,
    *,
    mode: Mode = "rwc",
    group_commit: GroupCommit | SharedSync | None = None,
    on_recovery: Callable[[RecoveryReport], None] | None = None,
    cache_bytes: int | None = CACHE_BYTES,
    version: int | None = None,
) -> Database:
    """Open the database at `path` of `fs`; without a path, one in memory. See `libredb.open`."""
    _check_options(mode, group_commit, on_recovery)
    _check_numbers(mode, cache_bytes, version)
    window = None if isinstance(group_commit, SharedSync) else group_commit
    if path is None or fs is None:
        if mode == "r":
            raise UsageError("a database in memory is empty when it opens; mode 'r' needs a path")
        return Database(Level(), None, None, mode, window)
    place = Place(path, require_file_system(fs), cache_bytes=cache_bytes)
    try:
        refresher: Refresher | None = None
        if mode == "r":
            reached, level, report = _open_for_reading(place, version)
            log = reached.log if reached else None
            if version is None:
                refresher = Refresher(reached, lambda place: _open_for_reading(place)[:2])
        else:
            log, level, report = _open_for_writing(place, create=mode == "rwc")
        if on_recovery is not None:
            on_recovery(report)
        if log is not None and mode != "r" and isinstance(group_commit, SharedSync):
            return SharedDatabase(level, place, log, mode)
        return Database(level, place, log, mode, window, refresher)
    except BaseException:
        with suppress(StorageError):
            place.release()
        raise


def verify(path: str, fs: FileSystem) -> VerifyReport:
    """Judge the log at `path` without changing a byte; damage is reported, not raised.

    Raises:
        StorageError: the file is missing, or storage failed.
    """
    place = Place(path, require_file_system(fs))
    try:
        reading = read_steadily(place)
        entries = _count(place, reading)
    finally:
        place.release()
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
        entries,
        found.damaged_mark,
    )


def _count(place: Place, reading: Reading) -> int:
    """Return how many entries were found; every block is read, and its inside judged."""
    if reading.found is None:
        return 0
    snapshot = place.snapshot_of(place.log_of(reading))
    store = OrderedStore(reading.found.level, below=snapshot.order)
    try:
        snapshot.verify()
        return sum(len(keys) for keys, _ in store.chunks(b"", None, reverse=False))
    except LogFileError as error:
        reading.error = error.with_traceback(None)  # which knows the reading
        return 0


def _check_numbers(mode: Mode, cache_bytes: int | None, version: int | None) -> None:
    """Refuse numbers of a wrong type, or that mean nothing."""
    if cache_bytes is not None:
        check_count(cache_bytes, "cache_bytes")
        if cache_bytes < 0:
            raise UsageValueError(f"cache_bytes must be 0 or more, not {cache_bytes}")
    if version is not None:
        check_count(version, "version")
        if mode != "r":
            raise UsageError(f"an earlier version can only be read: mode must be 'r', not {mode!r}")


def _check_options(mode: object, group_commit: object, on_recovery: object) -> None:
    """Refuse options of a wrong type, or that mean nothing."""
    if not isinstance(mode, str) or mode not in {"rwc", "rw", "r"}:
        raise UsageValueError(f"mode must be 'rwc', 'rw' or 'r', not {mode!r}")
    if group_commit is not None and type(group_commit) not in {GroupCommit, SharedSync}:
        raise UsageTypeError(
            f"group_commit must be a GroupCommit or a SharedSync, not {group_commit!r}"
        )
    if on_recovery is not None and not callable(on_recovery):
        raise UsageTypeError(f"on_recovery must be a function, not {on_recovery!r}")


def restore(
    source: str | PathLike | bytes | Iterable[bytes], path: str, fs: FileSystem, *, replace: bool
) -> None:
    """Put the backup `source` in place at `path`. See `libredb.restore`."""
    place = Place(path, require_file_system(fs))
    if isinstance(source, bytes):
        source = [source]
    if isinstance(source, str) or hasattr(type(source), "__fspath__"):
        name = text_path(source)
        image.restore(image.pieces_of(Place(name, fs)), name, place, replace=replace)
    elif isinstance(source, Iterable):
        image.restore(source, "the image", place, replace=replace)
    else:
        raise UsageTypeError(
            f"source must be a path or the pieces of an image, not {type(source).__name__}"
        )


def require_file_system(fs: object) -> FileSystem:
    """Return `fs` if it is one.

    Raises:
        UsageTypeError: it is none; where it is awaitable, the `await` was forgotten.
    """
    if isinstance(fs, FileSystem):
        return fs
    hint = "; await it first" if hasattr(type(fs), "__await__") else ""
    raise UsageTypeError(f"fs must be a FileSystem, not {type(fs).__name__}{hint}")


def _open_for_writing(place: Place, *, create: bool) -> tuple[Log, Level, RecoveryReport]:
    """Return the log at a place, locked, recovered and durable, with what it holds.

    Raises:
        StorageError: the lock is held elsewhere, the file is missing and may not be created, or
            storage failed.
        LogFileError: the file is refused and was not changed.
    """
    glance = place.look(writable=False)
    place.close_files()
    glance.require(but=(CorruptLogError, IncompleteReadError))
    if glance.exists or create:
        place.lock()
        reading = place.read(writable=True)
    else:
        reading = glance
    reading.require()
    if not reading.exists and not create:
        raise place.not_found()
    if reading.found is None:
        log = place.create()
        return log, Level(), RecoveryReport(place.path, "created", log.end, 0, 0)
    return place.recover(reading), reading.found.level, _report(place.path, reading.found)


def _open_for_reading(
    place: Place, version: int | None = None
) -> tuple[Reached | None, Level, RecoveryReport]:
    """Return how far the log at a place goes, with what it holds; nothing is locked or changed.

    With a version, it goes to that commit. An empty file has no log. The report is about the file.

    Raises:
        StorageError: the file is missing, or storage failed.
        LogFileError: the file is refused.
        UsageValueError: the log does not have that version.
    """
    reading = read_steadily(place, version)
    reading.require()
    found = reading.found
    if found is None:
        if version:
            raise UsageValueError(f"version must be 0 in an empty file, not {version}")
        return None, Level(), RecoveryReport(place.path, "clean", 0, 0, 0)
    report = _report(place.path, found)
    if version is not None:
        as_of(found, version)
    return Reached(place.log_of(reading), found), found.level, report


def read_steadily(place: Place, until: int | None = None) -> Reading:
    """Read until the log is clean or two readings agree, which a writer at work prevents.

    What is foreign stays foreign; no writer makes it look so. For `until` see `replay`.
    """
    reading = place.read(writable=False, until=until)
    if not reading.exists:
        raise place.not_found()
    for _ in range(READINGS - 1):
        clean = reading.found is not None and reading.found.outcome == "clean"
        if clean or isinstance(reading.error, NotADatabaseError):
            break
        place.close_files()
        previous, reading = reading, place.read(writable=False, until=until)
        if (reading.check, reading.size_bytes) == (previous.check, previous.size_bytes):
            break
    return reading


def _report(path: str, found: Replay) -> RecoveryReport:
    return RecoveryReport(
        path,
        found.outcome,
        found.end,
        found.version,
        found.durable_version,
        found.discarded,
        found.discarded_bytes,
        found.damaged_mark,
    )
