"""Mistakes in committing: what is synced when, what counts as durable, and when the latch closes.

Absent on purpose: a log that counts what it syncs as durable before it is. What a database tells is
noted behind the sync, and nobody asks the log of a failed one.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import (
    ADAPTER_LIES,
    BIT_ROT,
    COMPACTION,
    GROUP,
    INSIDE,
    SECTORS,
    SYNC_ERROR,
    WRITE_ERROR,
)

_TRY = "            try:  # as `ask` does, without its calls: every commit comes through here\n"
_COMMIT_SYNC = (
    _TRY
    + """                self.file.sync()
            except OSError as error:
                raise storage_error(error, f"cannot sync {self.path!r}") from error
"""
)
_DURABLE = "            self.durable_version, self.pending_bytes = self.version, 0\n"
_UNSYNCED = "unsynced = self.version - self.durable_version"
_LEFT = "if error is None or not guard.latch.closed:"
_DISARM = "        self.failure = error\n"
_APPLY = "                self.store.apply(ops)\n"
_TO_LOG = """            if log:
                log.append(payload)
"""

MUTANTS: tuple[Mutant, ...] = (
    one("a commit is not synced", "log.py", _COMMIT_SYNC + _DURABLE, _DURABLE, SECTORS),
    one(
        "an interrupted sync counts as durable",
        "log.py",
        _COMMIT_SYNC,
        _COMMIT_SYNC.replace(
            "OSError as error:",
            "KeyboardInterrupt:\n                pass\n            except OSError as error:",
        ),
        "calls",
    ),
    one(
        "a commit is visible before its sync",
        "commit.py",
        _TO_LOG,
        _TO_LOG + "                self._show()\n",
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
        _UNSYNCED,
        f"{_UNSYNCED}; unsynced -= unsynced > 0",
        GROUP,
    ),
    one(
        "unsynced is one too large",
        "log.py",
        _UNSYNCED,
        _UNSYNCED + " + (self.version > 2)",
        BIT_ROT,
    ),
    one("unsynced is always 0", "log.py", _UNSYNCED, "unsynced = 0", "survivors"),
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
        "a window is one byte too long",
        "log.py",
        "self.pending_bytes >= window.size_bytes",
        "self.pending_bytes > window.size_bytes",
        "calls",
    ),
    one(
        "a record counts for one byte less",
        "log.py",
        "self.pending_bytes += len(data)",
        "self.pending_bytes += len(data) - 1",
        GROUP,
    ),
    one("leaving a group does not sync", "database.py", _LEFT, "if error is not None:", GROUP),
    one(
        "a group that is left by an exception does not sync",
        "database.py",
        _LEFT,
        "if error is None:",
        GROUP,
    ),
    one(
        "a group that is left by KeyboardInterrupt does not sync",
        "database.py",
        _LEFT,
        "if not isinstance(error, KeyboardInterrupt) and (not error or not guard.latch.closed):",
        GROUP,
    ),
    one(
        "only commits in a group fill the window",
        "commit.py",
        "if not grouped and log.fills(self._window):",
        "if grouped and log.fills(self._window):",
        SECTORS,
    ),
    one("no latch", "guard.py", _DISARM, "        self.failure = None\n", SYNC_ERROR),
    one(
        "no latch on KeyboardInterrupt",
        "guard.py",
        _DISARM,
        "        self.failure = None if isinstance(error, KeyboardInterrupt) else error\n",
        ADAPTER_LIES,
    ),
    one(
        "no latch on MemoryError",
        "guard.py",
        _DISARM,
        "        self.failure = None if isinstance(error, MemoryError) else error\n",
        ADAPTER_LIES,
    ),
    one(
        "a later commit in the same group opens the latch again",
        "commit.py",
        "        self._guard.check(A_TRANSACTION)\n",
        "        if not self._guard._has_state():\n            self._guard.check(A_TRANSACTION)\n",
        WRITE_ERROR,
    ),
    one(
        "a read in the same group does not ask the latch",
        "database.py",
        "        with guard.moment():\n            guard.check()\n            return",
        "        with guard.moment():\n"
        "            if not guard._has_state():\n                guard.check()\n            return",
        WRITE_ERROR,
    ),
    one(
        "an interrupt while a commit is applied is swallowed",
        "commit.py",
        _APPLY,
        "                try:\n    " + _APPLY + "                except KeyboardInterrupt:\n"
        "                    pass\n",
        INSIDE,
    ),
    one(
        "a commit is applied outside of the latch",
        "commit.py",
        "            with self._state:\n" + _APPLY,
        "                self._show()\n        with self._state:\n            if True:\n" + _APPLY,
        INSIDE,
    ),
    one(
        "a compaction does not latch",
        "commit.py",
        "        with self._latch.running, self._latch:\n            place.put(",
        "        with self._latch.running:\n            place.put(",
        COMPACTION,
    ),
    one(
        "a sync does not latch",
        "commit.py",
        "            with self._latch.running, self._latch:\n                self.log.sync()",
        "            with self._latch.running:\n                self.log.sync()",
        SYNC_ERROR,
    ),
    one(
        "closing writes after a failure",
        "database.py",
        "clean = not guard.closed and not guard.latch.closed",
        "clean = not guard.closed",
        SYNC_ERROR,
    ),
    one(
        "a backup does not sync",
        "database.py",
        '            guard.check("a backup")\n            self._commits.sync()\n',
        '            guard.check("a backup")\n',
        "calls",
    ),
)
