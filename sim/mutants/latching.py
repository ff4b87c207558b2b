"""Mistakes with the latch: when it closes, and who asks it.

Absent on purpose: what closing does then; see closing.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import ADAPTER_LIES, COMPACTION, INSIDE, SYNC_ERROR, WRITE_ERROR

_LATCHED = "with self._latch.running, self._latch:\n"
_LATCH = "tests/unit/kernel/test_latch.py"
_CLAUSE_3 = "tests/contract/test_clause_3_the_latch.py"
_DISARM = "        self.failure = error\n"
_STILL_THERE = "return not self.running.locked() and self.failure is failure"

MUTANTS: tuple[Mutant, ...] = (
    one("no latch", "latch.py", _DISARM, "        self.failure = None\n", SYNC_ERROR),
    one(
        "no latch on KeyboardInterrupt",
        "latch.py",
        _DISARM,
        "        self.failure = None if isinstance(error, KeyboardInterrupt) else error\n",
        ADAPTER_LIES,
    ),
    one(
        "no latch on MemoryError",
        "latch.py",
        _DISARM,
        "        self.failure = None if isinstance(error, MemoryError) else error\n",
        ADAPTER_LIES,
    ),
    one(
        "the latch is not armed",
        "latch.py",
        '        self.failure = InterruptedWork("the work was interrupted before its outcome was '
        'known")\n',
        "        self.failure = None\n",
        f"{_LATCH}::test_the_latch_is_open_after_work_that_ended_well_and_while_work_is_done",
    ),
    one(
        "a write that died is not noticed",
        "latch.py",
        _STILL_THERE,
        "return False",
        f"{_LATCH}::test_a_latch_that_never_gets_to_its_end_is_closed",
    ),
    one(
        "a write that runs counts as failed",
        "latch.py",
        _STILL_THERE,
        "return True",
        "tests/contract/test_blocks.py::"
        "test_a_commit_being_synced_is_not_visible_and_nobody_waits_for_it",
    ),
    one(
        "a write that ended while the latch is looked at counts as failed",
        "latch.py",
        _STILL_THERE,
        "return not self.running.locked()",
        f"{_LATCH}::test_a_write_that_begins_while_the_latch_is_looked_at_does_not_close_it",
    ),
    one(
        "a commit does not latch",
        "commit.py",
        "        " + _LATCHED + "            if log:\n",
        "        if True:\n            if log:\n",
        SYNC_ERROR,
    ),
    one(
        "a sync does not latch",
        "commit.py",
        "            " + _LATCHED + "                self.log.sync()\n",
        "            if True:\n                self.log.sync()\n",
        SYNC_ERROR,
    ),
    one(
        "a compaction does not latch",
        "commit.py",
        "        " + _LATCHED + "            place.put(",
        "        if True:\n            place.put(",
        COMPACTION,
    ),
    one(
        "the latch is armed after the header of a compaction",
        "commit.py",
        "        " + _LATCHED + "            place.put(current.file, following)\n",
        "        place.put(current.file, following)\n        " + _LATCHED,
        COMPACTION,
    ),
    one(
        "a compaction latches before its header",
        "commit.py",
        "        following = place.compact(current, snapshot, newer)\n"
        "        written = place.snapshot_of(following)\n        " + _LATCHED,
        "        " + _LATCHED + "            following = place.compact(current, snapshot, newer)\n"
        "            written = place.snapshot_of(following)\n",
        "tests/contract/test_compact.py::"
        "test_a_compaction_that_fails_before_its_header_leaves_a_database_that_works",
    ),
    one(
        "the latch is armed after the append",
        "commit.py",
        "        " + _LATCHED + "            if log:\n                log.append(payload)\n",
        "        if log:\n            log.append(payload)\n        "
        + _LATCHED
        + "            if log:\n",
        WRITE_ERROR,
    ),
    one(
        "the latch is disarmed before a commit is applied",
        "commit.py",
        "            with self._state:\n                self._apply(ops)\n",
        "        with self._state:\n            if True:\n                self._apply(ops)\n",
        INSIDE,
    ),
    one(
        "a transaction does not ask the latch",
        "commit.py",
        "        self._guard.check(A_TRANSACTION)\n",
        "",
        SYNC_ERROR,
    ),
    one(
        "a transaction in a group does not ask the latch, and reopens it",
        "commit.py",
        "        self._guard.check(A_TRANSACTION)\n",
        "        if not self._guard._has_state():\n            self._guard.check(A_TRANSACTION)\n",
        "tests/contract/test_blocks.py::test_after_a_failure_in_a_group_nothing_in_it_goes_on",
    ),
    one(
        "a read transaction does not ask the latch",
        "commit.py",
        "        self._guard.check()\n",
        "",
        SYNC_ERROR,
    ),
    one(
        "a get does not ask the latch",
        "database.py",
        "            guard.check()\n            key = key if",
        "            key = key if",
        SYNC_ERROR,
    ),
    one(
        "a sync does not ask the latch",
        "database.py",
        '        with guard.turn, guard.step:\n            guard.check("a sync")\n',
        "        with guard.turn, guard.step:\n",
        SYNC_ERROR,
    ),
    one(
        "a compaction does not ask the latch",
        "database.py",
        '            guard.check("a compaction")\n',
        "",
        f"{_CLAUSE_3}::test_whatever_stops_a_write_at_any_call_latches_the_database",
    ),
    one(
        "a backup does not ask the latch",
        "database.py",
        '            guard.check("a backup")\n',
        "",
        f"{_CLAUSE_3}::test_whatever_stops_a_write_at_any_call_latches_the_database",
    ),
)
