"""What a database tells about itself: plain facts, of the last commit that is visible.

They need no lock and wait for nobody: what is shown is one value that is replaced as a whole. After
a failure they still say what can be read. Absent on purpose: the count of entries, which would read
them all; ask `count()` for it.
"""

from typing import Literal

from libredb.kernel.block import ENTRY_OVERHEAD
from libredb.kernel.commit import Commits
from libredb.kernel.guard import Guard
from libredb.kernel.placement import Place
from libredb.kernel.record import RECORDS_OFFSET

Mode = Literal["rwc", "rw", "r"]

COMPACTION_BYTES = 1 << 20
"""With less than this behind the snapshot, compacting is never due."""


class Facts:
    """The properties of a database, and how it looks."""

    mode: Mode
    _commits: Commits
    _guard: Guard
    _place: Place | None

    def __repr__(self) -> str:
        where = "in memory" if self.path is None else repr(self.path)
        pending = f", {self.pending_commits} pending" if self.pending_commits else ""
        state = ", closed" if self.closed else ", failed" if self._guard.latch.closed else ""
        return f"<Database {where}, mode {self.mode!r}, version {self.version}{pending}{state}>"

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._guard.closed

    @property
    def path(self) -> str | None:
        """The path it was opened with, None in memory."""
        return self._place.path if self._place else None

    @property
    def version(self) -> int:
        """The number of the last commit that is visible."""
        return self._commits.shown.version

    @property
    def durable_version(self) -> int:
        """The last visible commit that is known to be durable."""
        return self._commits.shown.durable_version

    @property
    def pending_commits(self) -> int:
        """How many commits are not known durable; a read-only open cannot know of the last."""
        shown = self._commits.shown
        return shown.appended - shown.durable_version

    @property
    def pending_bytes(self) -> int:
        """The bytes of the log that a power loss may take."""
        return self._commits.shown.pending_bytes

    @property
    def log_bytes(self) -> int:
        """The length of the log; `compaction_due` says when a shorter one pays."""
        return self._commits.shown.log_bytes

    @property
    def live_bytes(self) -> int:
        """About what the records of a compacted log take: exact when one has just been made.

        What the snapshot has counts until the next compaction, also if it was deleted since.
        """
        level, log = self._commits.store.level, self._commits.log
        since = level.size_bytes + ENTRY_OVERHEAD * len(level.ops)
        return since + (log.index.end - RECORDS_OFFSET if log else 0)

    @property
    def compaction_due(self) -> bool:
        """Whether compacting pays: opening gets faster, and memory is given back.

        A rule of thumb: more than a mebibyte was committed since the last compaction, deletions
        too, and more than half of what the snapshot has. Nothing compacts behind your back.
        """
        log = self._commits.log
        snapshot_end = log.index.end if log else 0
        return self.log_bytes - snapshot_end > max(COMPACTION_BYTES, snapshot_end // 2)
