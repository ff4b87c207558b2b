"""What the database tells about the work it did on a file: opening it, judging it, compacting it.

Plain values, made once, for whoever asked. Absent on purpose: logging.
"""

from dataclasses import dataclass, field
from typing import Literal

from libredb.kernel.errors import LogFileError

DISCARDED_BYTES = 1 << 20
"""How much of a tail that was cut off a report keeps, at most."""


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What opening a database found and did.

    `created`: nothing was there. `clean`: the log ended at a record. `cut`: bytes followed that
    nothing proves to have been durable: a commit in the middle of which everything stopped, or,
    in a file that was not closed, damage to what the last sync covered, which looks the same.
    """

    path: str
    outcome: Literal["created", "clean", "cut"]
    offset: int
    """Where the log ends, in bytes."""
    version: int
    """The last commit."""
    durable_version: int
    """The last commit that the file proved to be durable before this open."""
    discarded: bytes = field(default=b"", repr=False)
    """The first mebibyte of what was cut off."""
    discarded_bytes: int = 0
    """How much was cut off, without the zero bytes at its end."""
    damaged_mark: bool = False
    """The durable mark was unreadable; a new one was written."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found; `error` is what an open would raise, None if it would succeed."""

    path: str
    outcome: Literal["empty", "clean", "cut", "refused"]
    size_bytes: int
    offset: int = 0
    """Where the log ends, or where the damage was noticed."""
    generation: int = 0
    version: int = 0
    records: int = 0
    entries: int = 0
    damaged_mark: bool = False
    error: LogFileError | None = None


@dataclass(frozen=True, slots=True)
class CompactionReport:
    """What `compact` did: bytes of the log before and after, entries kept, the new generation."""

    bytes_before: int
    bytes_after: int
    entries: int
    generation: int
