"""The history that a file tells: its commits, one by one, as far as its records are valid.

    found = history("app.libredb")
    found.outcome, found.version, found.durable_version
    for commit in found.commits():
        commit.version, commit.offset, commit.is_durable, commit.ops

It changes nothing and waits for nobody. A damaged file has a history up to the damage: `error` says
where that is and what proves it. What a snapshot tells is where its commits led, and not how.
Absent on purpose: what lies behind damage, for nothing says that it belongs to this log.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from libredb.kernel import record
from libredb.kernel.block import BlockIndex
from libredb.kernel.errors import (
    CorruptLogError,
    IncompleteReadError,
    LogFileError,
    UsageError,
)
from libredb.kernel.filesystem import FileSystem, LogFile, text_path
from libredb.kernel.level import Op
from libredb.kernel.log import ask, pieces_between
from libredb.kernel.opening import read_steadily, require_file_system
from libredb.kernel.placement import Place
from libredb.kernel.reading import Reading
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader
from libredb.kernel.refresh import ops_of
from libredb.kernel.stream import RecordStream, Whole


@dataclass(frozen=True, slots=True)
class LoggedCommit:
    """A commit: its record, from `offset` on, and whether the file proves that it was synced."""

    version: int
    offset: int
    size_bytes: int
    is_durable: bool
    ops: tuple[Op, ...]
    """(key, value) sets, (key, None) deletes."""


@dataclass(frozen=True, slots=True)
class LogHistory:
    """What a file tells of itself; `history` makes one.

    `outcome` is "empty" (no database was made in it yet), "clean", "cut" (something follows that a
    crash explains, or that a writer is writing right now) or "damaged".
    """

    path: str
    outcome: Literal["empty", "clean", "cut", "damaged"]
    size_bytes: int
    format_version: int = record.FORMAT_VERSION
    database_id: bytes = b""
    generation: int = 0
    base_version: int = 0
    """The commit that the log starts after."""
    snapshot_records: int = 0
    snapshot_end: int = RECORDS_OFFSET
    """Where the records end that hold the snapshot, and how many entries it has."""
    snapshot_entries: int = 0
    version: int = 0
    """The last whole commit."""
    durable_version: int = 0
    """The last commit that the file proves to be durable."""
    end: int = 0
    """Where the last whole record ends."""
    following_bytes: int = 0
    """How much follows it, without zero bytes at the end."""
    damaged_mark: bool = False
    error: LogFileError | None = None
    """The damage: what it is, and the byte that it begins at."""
    fs: FileSystem | None = None
    header: FileHeader | None = None

    @property
    def snapshot_version(self) -> int:
        """The version that the snapshot shows; commits follow it."""
        return self.base_version + self.snapshot_records

    def commits(self, *, since: int = 0) -> Iterator[LoggedCommit]:
        """Yield the commits after `since`, in their order. Reads the file again, in pieces.

        Raises:
            StorageError: storage failed.
            UsageError: the file was compacted or replaced meanwhile.
            CorruptLogError: a valid record holds no ops.
        """
        if self.fs is None or self.header is None:
            return
        place = Place(self.path, self.fs)
        try:
            look = place.look(writable=False)
            if look.file is None or look.header != self.header:
                raise UsageError(f"{self.path!r} was compacted or replaced; read its history again")
            for offset, whole in _records(self.path, look.file, self.header, self.end):
                if whole[0] > max(since, self.snapshot_version):
                    yield self._commit(offset, whole)
        finally:
            place.release()

    def _commit(self, offset: int, whole: Whole) -> LoggedCommit:
        version, _, _, _, start, stop = whole
        is_durable = version <= self.durable_version
        ops = tuple(ops_of(self.path, offset, whole))
        return LoggedCommit(version, offset, stop - start, is_durable, ops)


def history(path: str | os.PathLike[str], *, fs: FileSystem | None = None) -> LogHistory:
    """Return the history of the file at `path`, damaged or not. Costs what opening it costs.

    Args:
        path: The file of a database.
        fs: The file system; None for the one of the running platform.

    Raises:
        LogFileError: it has no history that could be read: it is no database, or its first page is
            damaged.
        StorageError: the file is missing, or storage failed.
    """
    place = Place(text_path(path), _platform(fs))
    try:
        reading = read_steadily(place, 0)
        if reading.header is None:
            reading.require()
            return LogHistory(place.path, "empty", reading.size_bytes)
        if reading.error is None:
            return _whole(place, reading, reading.header)
        if isinstance(reading.error, IncompleteReadError):
            reading.require()
        return _damaged(place, reading, reading.header, reading.error)
    finally:
        place.release()


def _platform(fs: FileSystem | None) -> FileSystem:
    if fs is not None:
        return require_file_system(fs)
    if sys.platform == "emscripten":
        raise UsageError("in Pyodide a path needs fs=; see libredb.open")
    from libredb_osfs import OsFileSystem  # noqa: PLC0415 - the adapter imports libredb first

    return OsFileSystem()


def _whole(place: Place, reading: Reading, header: FileHeader) -> LogHistory:
    """Return the history of a log that opening would take."""
    found = reading.found
    assert found is not None, "there is a header, and no error"
    return replace(
        _of_header(place, reading, header),
        outcome=found.outcome,
        snapshot_end=found.index.end,
        snapshot_entries=found.index.entries,
        version=found.version,
        durable_version=found.durable_version,
        end=found.end,
        following_bytes=found.discarded_bytes,
        damaged_mark=found.damaged_mark,
    )


def _damaged(place: Place, reading: Reading, header: FileHeader, error: LogFileError) -> LogHistory:
    """Return the history up to the damage; what proves damage proves all before it durable."""
    file, index = reading.file, BlockIndex()
    is_proven = isinstance(error, CorruptLogError) and error.evidence is not None
    version, end = header.base_version, RECORDS_OFFSET
    behind_snapshot = header.base_version + header.snapshot_records
    if file is not None:
        for offset, whole in _records(place.path, file, header, reading.length_bytes):
            number, _, _, data, start, stop = whole
            if number <= behind_snapshot and (
                index.add(data, start + RECORD_HEADER_LENGTH, stop) is None
            ):
                break
            version, end = number, offset + stop - start
    following = _length_of_rest(place.path, file, end, reading.length_bytes)
    return replace(
        _of_header(place, reading, header),
        snapshot_end=index.end,
        snapshot_entries=index.entries,
        version=version,
        durable_version=version if is_proven else min(version, behind_snapshot),
        end=end,
        following_bytes=following,
        error=error,
    )


def _of_header(place: Place, reading: Reading, header: FileHeader) -> LogHistory:
    """Return what is known as soon as the first page was read."""
    return LogHistory(
        place.path,
        "damaged",
        reading.size_bytes,
        header.format_version,
        header.database_id,
        header.generation,
        header.base_version,
        header.snapshot_records,
        fs=place.fs,
        header=header,
    )


def _records(path: str, file: LogFile, header: FileHeader, end: int) -> Iterator[tuple[int, Whole]]:
    """Yield each valid record before `end`, with its offset."""
    stream, offset = RecordStream(header, end), RECORDS_OFFSET
    for piece in pieces_between(path, file, RECORDS_OFFSET, end):
        for whole in stream.feed(piece):
            yield offset, whole
            offset += whole[5] - whole[4]
        if stream.stopped:
            return


def _length_of_rest(path: str, file: LogFile | None, start: int, end: int) -> int:
    """Return how much is behind the last record, without zero bytes at its end."""
    length = 0
    if file is not None and ask("measure", path, file.size) >= end:
        for number, piece in enumerate(pieces_between(path, file, start, end)):
            content = len(piece.rstrip(b"\0"))
            length = number * (1 << 20) + content if content else length
    return length
