"""Mistakes with threads that share a sync: what it covers, who waits for it, who sees what waits.

Their killers run threads in every order of small cases, on the simulated disk.
Absent on purpose: doors that let through too many or too few. That costs time, and breaks nothing.
"""

from sim.mutants.mutant import Mutant, one

_FILE = "shared.py"
_SCHEDULES = "tests/unit/kernel/test_shared_schedules.py"
_DURABLE = f"{_SCHEDULES}::test_every_acknowledgement_is_durable_however_two_threads_take_turns"
_UNIT = "tests/unit/kernel/test_shared.py"
_CONTRACT = "tests/contract/test_shared_sync.py"
_NOTED = "                    self._log.durable_version = noted.appended\n"
_FAILED = "test_a_failed_sync_fails_everybody_who_waits_and_latches_however_two_threads_take_turns"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "a shared sync counts for what was appended while it ran",
        _FILE,
        _NOTED,
        "                    noted = self.shown\n" + _NOTED,
        f"{_DURABLE}[two commits]",
    ),
    one(
        "a commit that shares a sync returns before it",
        _FILE,
        "            finally:\n                self._wait()\n",
        "            finally:\n                pass\n",
        f"{_DURABLE}[two commits]",
    ),
    one(
        "a block that shares a sync is left before it",
        _FILE,
        "        block.around = self._shared.acknowledged\n",
        "",
        f"{_DURABLE}[a commit and a block]",
    ),
    one(
        "who writes does not see what waits",
        _FILE,
        "Transaction(Overlay(self._above, self.store), ",
        "Transaction(self.store, ",
        f"{_DURABLE}[two commits]",
    ),
    one(
        "who has seen a commit that waits returns before it",
        _FILE,
        "        self._own.version, self._own.door = self.shown.appended, self._door\n",
        "        self._own.door = self._door\n",
        f"{_DURABLE}[a commit and a look]",
    ),
    one(
        "who has aborted returns before what it has seen",
        _FILE,
        "if error is self._latch.failure:",
        "if error:",
        f"{_DURABLE}[a commit and aborted looks]",
    ),
    one(
        "a commit that waits is visible",
        _FILE,
        "        if self._has_right():\n",
        "        if self._own:\n",
        f"{_DURABLE}[a commit and reads]",
    ),
    one(
        "a sync is tried again for those whom it failed",
        _FILE,
        "        with self._right:\n            self._guard.check()\n",
        "        with self._right:\n",
        f"{_SCHEDULES}::{_FAILED}",
    ),
    one(
        "a shared sync that fails does not latch",
        _FILE,
        "            with self._syncing.running, self._syncing:\n",
        "            if self._syncing:\n",
        f"{_SCHEDULES}::{_FAILED}",
    ),
    one(
        "nobody asks the latch of the sync",
        _FILE,
        "return self.syncing.closed or super().closed",
        "return super().closed",
        f"{_UNIT}::test_a_sync_that_died_closes_the_latch_while_another_thread_appends",
    ),
    one(
        "a commit is appended after a sync of another thread has failed",
        _FILE,
        "        self._guard.check()\n        super().commit(writes, grouped=grouped)\n",
        "        super().commit(writes, grouped=grouped)\n",
        f"{_CONTRACT}::test_a_transaction_that_was_running_when_a_sync_failed_appends_nothing",
    ),
    one(
        "who syncs applies one commit alone",
        _FILE,
        "        while waiting and waiting[0][0] <= durable:\n",
        "        for durable in (durable,) if waiting and waiting[0][0] <= durable else ():\n",
        f"{_UNIT}::test_waiting_commits_are_applied_in_order_and_only_as_far_as_they_are_covered",
    ),
    one(
        "who syncs applies what it did not cover",
        _FILE,
        "        while waiting and waiting[0][0] <= durable:\n",
        "        while waiting:\n",
        f"{_UNIT}::test_waiting_commits_are_applied_in_order_and_only_as_far_as_they_are_covered",
    ),
    one(
        "what was applied still lies above the store",
        _FILE,
        "        if settled:\n            self._above",
        "        if settled is None:\n            self._above",
        f"{_DURABLE}[a commit and a group]",
    ),
    one(
        "a commit is told before it is shown",
        _FILE,
        "            self.store.apply(settled[-1][1])\n",
        "            self.store.apply(settled[-1][1])\n"
        "            self.notices.add(*settled.pop(), grouped=False)\n",
        f"{_UNIT}::test_a_commit_is_shown_before_it_is_told",
    ),
    one(
        "a group begins before what waits is durable",
        _FILE,
        "        self.sync()\n        super().begin_group()\n",
        "        super().begin_group()\n",
        f"{_UNIT}::test_what_takes_every_right_first_syncs_and_applies_what_waits",
    ),
    one(
        "a handler commits in the middle of a commit of its thread",
        _FILE,
        "if self.own.held() and not self._has_turn() and not may_read:",
        "if what is None:",
        f"{_UNIT}::test_a_thread_in_the_middle_of_a_commit_may_read_unless_it_applies_one",
    ),
    one(
        "who waited while a failed database was closed is told that it may not",
        _FILE,
        "                    if self._guard.closed:\n",
        "                    if not self._guard:\n",
        f"{_UNIT}::test_a_thread_that_waits_while_another_closes_a_failed_database_is_told_so",
    ),
)
