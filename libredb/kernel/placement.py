"""Putting a log in place: which file is the database, how it is made, recovered, and replaced.

One mechanism puts a file in place, for a new database (a compaction of nothing) and for a
compacted one. `prepare` writes everything beside the current file and syncs it, all but the header:
until then nothing has happened, and a failure leaves no trace. `put` writes the header, syncs it,
and lets the file take the place; from the first byte of the header on, a failure leaves open which
of the two states is there, whole. A crash leaves the old one until the header is whole; then, until
`replace`, the old one where files are renamed, and the new one where there are slots (`choose`).
Recovery keeps a whole commit that was never synced, writes again what it shows, and syncs it: after
a failed sync, or a kill before one, an operating system shows bytes that are not on the disk, and
the next sync does not carry them unless they are written again.
Absent on purpose: replacing a file behind the caller's back.
"""

import errno
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import ParamSpec, TypeVar

from libredb.kernel import record
from libredb.kernel.block import BlockIndex
from libredb.kernel.compaction import snapshot_records
from libredb.kernel.errors import LogFileError, StorageError, UsageError, storage_error
from libredb.kernel.filesystem import FileLock, FileSystem, LogFile, Uncopyable
from libredb.kernel.level import Order
from libredb.kernel.log import Log, ask, pieces_between, read_exactly
from libredb.kernel.reading import Reading
from libredb.kernel.record import RECORDS_OFFSET, STAMP, FileHeader
from libredb.kernel.recovery import Replay, check_file_header, choose, replay
from libredb.kernel.snapshot import CACHE_BYTES, Snapshot
from libredb.kernel.stream import RecordStream

P = ParamSpec("P")
T = TypeVar("T")


class Place(Uncopyable):
    """A path on a file system, the right to write there, and the files that are open for it."""

    def __init__(self, path: str, fs: FileSystem, *, cache_bytes: int | None = CACHE_BYTES) -> None:
        """Prepare; nothing is touched yet."""
        self.path = path
        self.fs = fs
        self.cache_bytes = cache_bytes
        self._lock: FileLock | None = None
        self._files: list[LogFile] = []

    def why_gone(self) -> str | None:
        """Why this process may not use the log any more; None if it may.

        A child that was forked from the owner may not, nor who gave the file system back.
        """
        return None if self._lock is None or self._lock.held else self._lock.why_gone

    def not_found(self) -> StorageError:
        """Return the error for a place where no file is."""
        told = "there is no database file; mode 'rwc' creates one where the folder exists"
        cause = FileNotFoundError(errno.ENOENT, told)
        error = storage_error(cause, f"cannot open {self.path!r}")
        error.__cause__ = cause
        return error

    def lock(self) -> None:
        """Take the lock that writing needs."""
        self._lock = self._ask("lock", self.fs.lock, self.path)

    def release(self) -> None:
        """Give the files and then the lock back; called again, what is left of them."""
        with ExitStack() as stack:
            if self._lock is not None:
                stack.callback(self._ask, "unlock", self._lock.release)
            stack.callback(self.close_files)

    def let_go(self, *, but: LogFile) -> None:
        """Forget every open file but one; who still reads from one of them keeps it open."""
        self._files = [file for file in self._files if file is but]

    def close_files(self, *, but: LogFile | None = None) -> None:
        """Close every open file but one."""
        with ExitStack() as stack:
            for file in self._files:
                if file is not but:
                    stack.callback(self._ask, "close", file.close)
        self._files = [file for file in self._files if file is but]

    def adopt(self, other: "Place") -> None:
        """Take the files of `other`, and let the own ones go, as above."""
        self._files, other._files = other._files, []  # noqa: SLF001 - it is one of us

    def look(self, *, writable: bool) -> Reading:
        """Choose the file and judge its first bytes; no more is read, and nothing is written."""
        files = list(self._ask("open", self.fs.open, self.path, writable=writable))
        self._files += files
        sizes = [self._ask("measure", file.size) for file in files]
        reading = Reading(bool(files), sum(sizes))
        try:
            heads = [self._head(file, size) for file, size in zip(files, sizes, strict=True)]
            index = choose(self.path, list(zip(heads, sizes, strict=True)))
            if index is not None:
                reading.file, reading.length_bytes = files[index], sizes[index]
                reading.header = check_file_header(self.path, heads[index], sizes[index])
        except LogFileError as error:
            reading.error = error.with_traceback(None)  # which knows the reading
        self.close_files(but=reading.file)
        return reading

    def read(self, *, writable: bool, until: int | None = None) -> Reading:
        """Read everything and let recovery judge it; nothing is written. For `until` see there."""
        reading = self.look(writable=writable)
        try:
            if reading.file is not None and reading.error is None:
                pieces = pieces_between(self.path, reading.file, 0, reading.length_bytes)
                pieces = pieces if writable else reading.checked(pieces)
                reading.found = replay(self.path, pieces, reading.length_bytes, until)
        except LogFileError as error:
            reading.error = error.with_traceback(None)  # which knows the reading
        return reading

    def open_again(self, log: Log) -> LogFile:
        """Return a handle of its own on the file of `log`, for who reads without the turn.

        Raises:
            StorageError: storage failed, or the path no longer leads to that file.
            LogFileError: it leads to something that is no database, or could not be read.
        """
        beside = Place(self.path, self.fs)
        try:
            reading = beside.look(writable=False)
            reading.require()
            if reading.file is not None and reading.header == log.header:
                return reading.file
            raise StorageError(f"the file at {self.path!r} is no longer the one that was opened")
        except BaseException:
            with suppress(StorageError):
                beside.close_files()
            raise

    def log_of(self, reading: Reading) -> Log:
        """Return the log that was found, as it is."""
        found, file = reading.found, reading.file
        assert found is not None and file is not None, "no log was found"  # noqa: PT018 - one fact
        log = Log(self.path, file, found.header)
        log.version, log.end, log.last_check = found.version, found.end, found.last_check
        log.index = found.index
        log.durable_version, log.durable_end = found.durable_version, found.proven
        return log

    def snapshot_of(self, log: Log) -> Snapshot:
        """Return the snapshot that `log` begins with."""
        return Snapshot(self.path, log.file, log.header, log.index, self.cache_bytes)

    def recover(self, reading: Reading) -> Log:
        """Make durable what was found, in this order; what needs nothing is left out.

        What is written again is read once more, which may fail; only equal bytes have been written
        by then. The mark needs no sync: a torn one is ignored. The other slot is emptied only after
        the sync. Until then its header may be the only one that is on the disk, however whole the
        chosen slot looks.
        """
        log, found = self.log_of(reading), reading.found
        assert found is not None, "`log_of` asserts it"
        log.write(0, found.header.encode())
        self._write_again(log, found)
        if found.discarded_bytes:
            self._ask("truncate", log.file.truncate, found.end)
        self._ask("sync", log.file.sync)
        self._ask("sync the directory of", self.fs.sync_directory, self.path)
        self._ask("clean up beside", self.fs.discard_next, self.path, log.file)
        if found.mark != found.end or found.damaged_mark:
            log.write_mark()
        log.durable_version, log.durable_end = log.version, log.end
        return log

    def create(self) -> Log:
        """Put an empty log in place, where no file holds one."""
        log = self.prepare(None, self.new_header(0, 0, 0), ())
        self.put(None, log)
        return log

    def new_header(
        self,
        generation: int,
        snapshot_records: int,
        base_version: int,
        database_id: bytes | None = None,
    ) -> FileHeader:
        """Return a header with a salt that no other file has, and with the id of its database.

        Without an id it is that of a new database.

        Raises:
            UsageError: no generation is left.
        """
        salt = self._ask("draw a salt for", self.fs.entropy, 8)
        if database_id is None:
            database_id = self._ask("draw an id for", self.fs.entropy, 8)
        header = FileHeader(salt, database_id, generation, snapshot_records, base_version)
        if not header.in_range:
            raise UsageError("this file has no further generation; copy its entries into a new one")
        return header

    def compact(self, current: Log, snapshot: Snapshot, newer: Order) -> Log:
        """Prepare the next generation of `current`: a snapshot of `snapshot` and what is newer."""
        header = self.new_header(
            current.header.generation + 1, 0, current.version, current.header.database_id
        )
        index = BlockIndex()
        log = self.prepare(current.file, header, snapshot_records(snapshot, newer, index))
        count = log.version - header.base_version
        log.header, log.index = replace(header, snapshot_records=count), index
        return log

    def prepare(
        self, current: LogFile | None, header: FileHeader, payloads: Iterable[bytes]
    ) -> Log:
        """Return a log of `payloads` beside `current`, all durable but its header.

        Nothing has happened until `put`: whatever fails here leaves `current` as it is, and what
        was written goes.
        """
        file = self._ask("create the next file of", self.fs.create_next, self.path, current)
        self._files.append(file)
        log = Log(self.path, file, header)
        try:
            stamp = b"" if current else STAMP
            if stamp:  # alone: whatever else a crash leaves where nothing was stands behind it
                self._ask("sync", file.sync)  # or what was here before may come back behind it
                log.write(0, stamp)
                self._ask("sync", file.sync)
            log.write(0, stamp.ljust(RECORDS_OFFSET, b"\0"))
            log.append_all(payloads)
            self._ask("sync", file.sync)
            log.write_mark()
            self._ask("sync", file.sync)
        except BaseException:
            self.discard(current)
            raise
        return log

    def put(self, current: LogFile | None, following: Log) -> None:
        """Write the header of `following` and let it take the place of `current`.

        The handle of `current` stays open: whoever reads its snapshot goes on (`let_go`). From the
        first byte of the header on, a failure leaves open which of them is in place.
        """
        following.write(0, following.header.encode())
        self._ask("sync", following.file.sync)
        self._ask("replace", self.fs.replace, self.path, current, following.file)
        following.durable_version, following.durable_end = following.version, following.end

    def discard(self, current: LogFile | None) -> None:
        """Remove a next file without a header; should that fail, no open looks at it either."""
        with suppress(StorageError), ExitStack() as stack:
            if current is not None:
                stack.callback(
                    self._ask, "clean up beside", self.fs.discard_next, self.path, current
                )
            stack.callback(self.close_files, but=current)

    def _head(self, file: LogFile, size: int) -> bytes:
        """Return what `choose` wants of a file: its header, or all of it if it is short."""
        length = size if size <= RECORDS_OFFSET else record.FILE_HEADER_LENGTH
        return read_exactly(self.path, file, 0, length)

    def _write_again(self, log: Log, found: Replay) -> None:
        """Write again what is shown and not proven, record by record as it was judged.

        Raises:
            StorageError: storage returns something else than it did; that is not written.
        """
        stream = RecordStream(found.header, found.end)
        if before := bisect_left(found.starts, found.proven):
            stream.version += before
            stream.end, stream.last_check = found.proven, found.checks[before - 1]
        at = found.proven
        for piece in pieces_between(self.path, log.file, found.proven, found.end):
            for *_, data, start, end in stream.feed(piece):
                log.write(at, data[start:end])
                at += end - start
        if stream.last_check != found.last_check:
            raise StorageError(
                f"{self.path!r} changed at byte {stream.end} while it was opened; open it again"
            )

    def _ask(self, what: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return ask(what, self.path, call, *args, **kwargs)
