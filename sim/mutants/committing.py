"""Mistakes in committing: what is synced when, what counts as durable, and when the latch closes.

Absent on purpose: applying a commit to the store before its sync. No observer can tell it from the
kernel, for the latch refuses every read that could see it.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import (
    ADAPTER_LIES,
    BIT_ROT,
    COMPACTION,
    GROUP,
    SECTORS,
    SYNC_ERROR,
    WRITE_ERROR,
)

_COMMIT_SYNC = """            try:
                self._current.sync()
            except OSError as error:
                raise storage_error(error, f"cannot sync {self.path!r}") from error
"""
_DURABLE = "            self.durable_version, self.pending_bytes = self.version, 0\n"

MUTANTS: tuple[Mutant, ...] = (
    one("a commit is not synced", "log.py", _COMMIT_SYNC + _DURABLE, _DURABLE, SECTORS),
    one(
        "durable before the sync",
        "log.py",
        _COMMIT_SYNC + _DURABLE,
        _DURABLE + _COMMIT_SYNC,
        SYNC_ERROR,
    ),
    one(
        "a short count is accepted",
        "log.py",
        "if count != len(data):",
        "if count > len(data):",
        WRITE_ERROR,
    ),
    one(
        "a larger count is accepted",
        "log.py",
        "if count != len(data):",
        "if count < len(data):",
        ADAPTER_LIES,
    ),
    one(
        "unsynced is one too small",
        "log.py",
        "unsynced = self.version - self.durable_version",
        "unsynced = max(0, self.version - self.durable_version - 1)",
        GROUP,
    ),
    one(
        "unsynced is one too large",
        "log.py",
        "unsynced = self.version - self.durable_version",
        "unsynced = self.version - self.durable_version + (self.version > 2)",
        BIT_ROT,
    ),
    one(
        "unsynced is always 0",
        "log.py",
        "unsynced = self.version - self.durable_version",
        "unsynced = 0",
        "survivors",
    ),
    one(
        "a window is one too long",
        "log.py",
        "self.version - self.durable_version >= window.commits",
        "self.version - self.durable_version > window.commits",
        SECTORS,
    ),
    one(
        "a window ignores its bytes",
        "log.py",
        "self.pending_bytes >= window.size_bytes",
        "self.pending_bytes < 0",
        SECTORS,
    ),
    one(
        "leaving a group does not sync",
        "database.py",
        "                raise\n            self._sync()\n",
        "                raise\n",
        GROUP,
    ),
    one(
        "a group that is left by an exception does not sync",
        "database.py",
        "                    self._sync()\n                raise\n",
        "                    pass\n                raise\n",
        GROUP,
    ),
    one(
        "only commits in a group fill the window",
        "database.py",
        "if self._log.fills(self._window) and not self._guard.in_group:",
        "if self._log.fills(self._window) and self._guard.in_group:",
        SECTORS,
    ),
    one(
        "no latch",
        "guard.py",
        "        self.failure = error\n",
        "        self.failure = None\n",
        SYNC_ERROR,
    ),
    one(
        "no latch on KeyboardInterrupt",
        "guard.py",
        "        self.failure = error\n",
        "        self.failure = None if isinstance(error, KeyboardInterrupt) else error\n",
        ADAPTER_LIES,
    ),
    one(
        "no latch on MemoryError",
        "guard.py",
        "        self.failure = error\n",
        "        self.failure = None if isinstance(error, MemoryError) else error\n",
        ADAPTER_LIES,
    ),
    one(
        "a compaction does not latch",
        "database.py",
        "            with self._guard.latch:\n"
        "                return self._log.compact(self._store)",
        "            return self._log.compact(self._store)",
        COMPACTION,
    ),
    one(
        "a sync does not latch",
        "database.py",
        "            with self._guard.latch:\n                self._log.sync()",
        "            self._log.sync()",
        SYNC_ERROR,
    ),
    one(
        "closing writes after a failure",
        "database.py",
        'if self.mode != "r" and self._guard.latch.failure is None:',
        'if self.mode != "r":',
        SYNC_ERROR,
    ),
)
