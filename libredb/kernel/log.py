"""The log: whole records, one behind the other, in a file that is in place.

It is the database; there is no other data file. A commit is one write at the end and one sync, in
this order: a record is *pending* from its write until a sync that began after it has returned, and
*durable* from then on. What is pending is always the end of the log, and each record says how much
was pending before it.
Absent on purpose: choosing, recovering and replacing files (placement.py), and retrying a failed
sync. An operating system may forget that it failed, and the next sync would succeed without the
bytes.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from libredb.kernel import record
from libredb.kernel.arguments import check_count
from libredb.kernel.block import BlockIndex
from libredb.kernel.errors import (
    IncompleteReadError,
    StorageError,
    UsageValueError,
    storage_error,
)
from libredb.kernel.filesystem import LogFile, Uncopyable
from libredb.kernel.record import RECORDS_OFFSET, FileHeader

P = ParamSpec("P")
T = TypeVar("T")

PIECE_BYTES = 1 << 20
"""What is written or read in one go where there is much of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCommit:
    """A bounded window of pending commits: a sync happens when either bound is reached.

    Pending commits are visible. Besides the commit that reaches a bound, these sync them: `sync`,
    the end of a group, `compact`, `backup` and `close`; never the passing of time.
    A crash of the process loses nothing. A crash of the operating system or a power loss may lose
    the commits since the last sync that returned: fewer than `commits` and those of a group that is
    running, always the last ones, never one in the middle.
    """

    commits: int
    size_bytes: int = 1 << 20

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing."""
        for bound in (self.commits, self.size_bytes):
            check_count(bound, "a bound of a window")
        if self.commits < 1 or self.size_bytes < 1:
            raise UsageValueError(f"the bounds of a window must be 1 or more: {self}")


class Log(Uncopyable):
    """The records of one open file.

    Invariant: everything before `end` is whole records, the last of them commit `version`. Commits
    up to `durable_version` are durable; those after it take the bytes from `durable_end` on.
    """

    def __init__(self, path: str, file: LogFile, header: FileHeader) -> None:
        """Begin with no record after the pages of `header`; `path` is for messages."""
        self.path = path
        self.file = file
        self.header = header
        self.index: BlockIndex = BlockIndex()
        """Where the blocks of the snapshot are that it begins with."""
        self.version: int = header.base_version
        self.durable_version: int = header.base_version
        self.end: int = RECORDS_OFFSET
        self.durable_end: int = RECORDS_OFFSET
        self.check_seed: int = header.check_seed
        self.last_check: int = self.check_seed
        """The body check of the last record, which the next one is chained to."""

    def append(self, payload: bytes) -> None:
        """Append one record; it is pending. Should this fail, the log is of no use any more."""
        offset = self.end
        self.write(offset, self._encode(payload))

    def append_all(self, payloads: Iterable[bytes]) -> None:
        """Append many records with a write for each PIECE_BYTES or so; all are pending."""
        piece = bytearray()
        for payload in payloads:
            piece += self._encode(payload)
            if len(piece) >= PIECE_BYTES:
                self.write(self.end - len(piece), bytes(piece))
                piece.clear()
        if piece:
            self.write(self.end - len(piece), bytes(piece))

    def _encode(self, payload: bytes) -> bytes:
        """Return the bytes of the next record, and count it."""
        unsynced = self.version - self.durable_version
        data, check = record.encode_record(
            self.version + 1, unsynced, payload, self.check_seed, self.last_check
        )
        self.version += 1
        self.end += len(data)
        self.last_check = check
        return data

    def sync(self) -> None:
        """Make every record durable; without pending ones there is nothing to do."""
        if self.durable_version < self.version:
            try:  # as `ask` does, without its calls: every commit comes through here
                self.file.sync()
            except OSError as error:
                raise storage_error(error, f"cannot sync {self.path!r}") from error
            self.durable_version, self.durable_end = self.version, self.end

    def fills(self, window: GroupCommit) -> bool:
        """Whether as much is pending as `window` allows."""
        return (
            self.version - self.durable_version >= window.commits
            or self.end - self.durable_end >= window.size_bytes
        )

    def close(self, *, marked: bool = True) -> None:
        """Sync, write the mark, give reserved space back, sync; and close the file in any case.

        It is not `marked` if something before the mark is known to be damaged.

        Raises:
            StorageError: storage failed, or the path no longer leads to this file.
        """
        try:
            self.sync()
            if marked:
                self.write_mark()
            ask("truncate", self.path, self.file.truncate, self.end)
            ask("sync", self.path, self.file.sync)
            if not ask("find", self.path, self.file.in_place):
                raise StorageError(
                    f"{self.path!r} was moved, removed or replaced while it was open; what was "
                    "committed is in the file that was opened"
                )
        finally:
            ask("close", self.path, self.file.close)

    def write_mark(self) -> None:
        """Write the durable mark, which may only be called once everything is durable."""
        self.write(record.MARK_OFFSET, record.encode_mark(self.end, self.check_seed))

    def write(self, offset: int, data: bytes) -> None:
        """Write all of `data` at `offset`, not yet durable."""
        try:  # as `ask` does, without its calls: every commit comes through here
            count = self.file.write(offset, data)
        except OSError as error:
            raise storage_error(error, f"cannot write to {self.path!r}") from error
        if count != len(data):
            raise StorageError(
                f"cannot write to {self.path!r}: {count} of {len(data)} bytes at byte {offset}"
            )


def ask(what: str, path: str, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what the port answers to `call`; its OSError becomes ours.

    Raises:
        StorageError: cannot `what` `path`; the cause is the OSError.
    """
    try:
        return call(*args, **kwargs)
    except OSError as error:
        raise storage_error(error, f"cannot {what} {path!r}") from error


def read_exactly(path: str, file: LogFile, offset: int, length: int) -> bytes:
    """Return the bytes `[offset, offset + length)` of `file`.

    Raises:
        IncompleteReadError: storage returned fewer bytes.
        StorageError: storage failed.
    """
    data = ask("read", path, file.read, offset, length)
    if len(data) != length:
        raise IncompleteReadError(
            path,
            offset + len(data),
            f"storage returned {len(data)} of {length} bytes; nothing was changed, try again",
        )
    return data


def pieces_between(path: str, file: LogFile, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes `[start, end)` of `file`, about PIECE_BYTES at a time; see `read_exactly`."""
    for offset in range(start, end, PIECE_BYTES):
        yield read_exactly(path, file, offset, min(PIECE_BYTES, end - offset))
