"""Mistakes in committing: what is synced when, what counts as durable, and what is shown.

Absent on purpose: counting as durable before the sync inside of `Log`. What a database tells about
itself is replaced as a whole afterwards, and so no observer can tell it from the kernel.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import ADAPTER_LIES, BIT_ROT, GROUP, SECTORS, WRITE_ERROR

_GROUPS = "tests/contract/test_group_block.py"
_APPEND = "                log.append(payload)\n"
_FILLS = "if not grouped and log.fills(self._window):"
_LEFT = "if error is None or not guard.latch.closed:"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "a commit is not synced",
        "log.py",
        "                self.file.sync()\n",
        "                pass\n",
        SECTORS,
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
        "self.end - self.durable_end >= window.size_bytes",
        "self.end < self.durable_end",
        SECTORS,
    ),
    one(
        "a window is one byte too large",
        "log.py",
        "self.end - self.durable_end >= window.size_bytes",
        "self.end - self.durable_end > window.size_bytes",
        "tests/unit/kernel/test_log.py::test_a_window_is_full_when_either_bound_is_reached",
    ),
    one(
        "leaving a group does not sync",
        "database.py",
        "                self._commits.sync()\n                self._commits.notices.due",
        "                self._commits.notices.due",
        GROUP,
    ),
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
        "if error is None or (isinstance(error, Exception) and not guard.latch.closed):",
        GROUP,
    ),
    one(
        "leaving a group hides what failed in it",
        "database.py",
        _LEFT,
        "if error is None or guard.latch.failure is not self:",
        "tests/contract/test_clause_3_the_latch.py::"
        "test_whatever_stops_a_write_at_any_call_latches_the_database",
    ),
    one(
        "only commits in a group fill the window",
        "commit.py",
        _FILLS,
        "if grouped and log.fills(self._window):",
        SECTORS,
    ),
    one(
        "commits in a group are synced one by one",
        "commit.py",
        _FILLS,
        "if log.fills(self._window):",
        f"{_GROUPS}::test_commits_inside_are_appended_at_once_and_synced_together_at_the_end",
    ),
    one(
        "a group holds the turn alone",
        "database.py",
        "guard.rights, self._commits.begin_group",
        "guard.rights[:1], self._commits.begin_group",
        "tests/contract/test_blocks.py::test_a_group_is_not_visible_before_it_is_left",
    ),
    one(
        "a commit is applied before its sync",
        "commit.py",
        _APPEND,
        _APPEND + "                self._apply(ops)\n",
        "tests/contract/test_blocks.py::"
        "test_a_commit_being_synced_is_not_visible_and_nobody_waits_for_it",
    ),
    one(
        "a version is shown before its commit is applied",
        "commit.py",
        _APPEND,
        _APPEND + "                self._show()\n",
        "tests/contract/test_blocks.py::"
        "test_a_commit_being_synced_is_not_visible_and_nobody_waits_for_it",
    ),
    one(
        "a commit is not shown",
        "commit.py",
        "0, 0)\n                self._show()\n",
        "0, 0)\n",
        SECTORS,
    ),
    one(
        "a sync is not shown",
        "commit.py",
        "                self.log.sync()\n                self._show()\n",
        "                self.log.sync()\n",
        GROUP,
    ),
    one(
        "a sync is shown before it is done",
        "commit.py",
        "                self.log.sync()\n                self._show()\n",
        "                self._show()\n                self.log.sync()\n",
        GROUP,
    ),
    one(
        "a compaction is not shown",
        "commit.py",
        "written.order)\n                self._show()\n",
        "written.order)\n",
        "tests/contract/test_compact.py::"
        "test_a_compacted_database_has_the_same_entries_and_a_shorter_log",
    ),
    one(
        "what closing made durable is not shown",
        "commit.py",
        "self.snapshot.damage is None)\n            self._show()\n",
        "self.snapshot.damage is None)\n",
        "tests/contract/test_window.py::test_sync_compact_backup_and_close_sync_what_is_pending",
    ),
    one(
        "a transaction of any size is accepted",
        "commit.py",
        "if size > record.MAX_PAYLOAD_BYTES:",
        "if size < 0:",
        "tests/contract/test_transactions.py::"
        "test_a_transaction_that_is_too_large_is_refused_before_anything_is_written",
    ),
    one(
        "a transaction without ops is a commit",
        "commit.py",
        "        if not writes:\n            return\n",
        "",
        "tests/contract/test_transactions.py::"
        "test_deleting_an_absent_key_returns_false_and_records_nothing",
    ),
    one(
        "a transaction that aborted itself returns as if it had committed",
        "commit.py",
        "            raise UsageError(INTERRUPTED)\n",
        "            return\n",
        "tests/contract/test_transactions.py::"
        "test_a_transaction_that_is_left_inside_another_commits_nothing",
    ),
)
