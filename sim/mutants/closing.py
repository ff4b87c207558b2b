"""Mistakes in closing: what is written, what is refused, and what is given back.

Absent on purpose: closing that keeps the failure. It costs memory, and changes no outcome.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, CREATION, MIXED, SAME_BOOT, SYNC_ERROR

_CLOSING = "tests/contract/test_closing.py"
_MARK = "            if marked:\n                self.write_mark()\n"
_TRUNCATE = '            ask("truncate", self.path, self.file.truncate, self.end)\n'
_SYNC = '            ask("sync", self.path, self.file.sync)\n'
_UNLOCK = '                stack.callback(self._ask, "unlock", self._lock.release)\n'
_CLOSE_FILES = "            stack.callback(self.close_files)\n\n"
_PLACEMENT = "tests/unit/kernel/test_placement.py"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "closing writes the mark before it syncs",
        "log.py",
        "            self.sync()\n" + _MARK,
        _MARK + "            self.sync()\n",
        SAME_BOOT,
    ),
    one(
        "closing does not sync at its end",
        "log.py",
        _TRUNCATE + _SYNC,
        _TRUNCATE,
        MIXED,
    ),
    one(
        "closing writes no mark",
        "log.py",
        _MARK + _TRUNCATE,
        _TRUNCATE,
        f"{_CLOSING}::test_closing_writes_the_mark_and_gives_reserved_room_back",
    ),
    one(
        "closing keeps the room",
        "log.py",
        _TRUNCATE,
        "",
        f"{_CLOSING}::test_closing_writes_the_mark_and_gives_reserved_room_back",
    ),
    one(
        "closing does not look whether the file is in place",
        "log.py",
        'if not ask("find", self.path, self.file.in_place):',
        "if not self.path:",
        "tests/unit/kernel/test_log.py::test_closing_syncs_marks_gives_room_back_syncs_and_closes",
    ),
    one(
        "a file whose closing fails stays open",
        "log.py",
        '        finally:\n            ask("close", self.path, self.file.close)\n',
        "        except ValueError:\n            pass\n"
        '        ask("close", self.path, self.file.close)\n',
        "tests/unit/kernel/test_log.py::test_the_file_is_closed_whatever_fails_before",
    ),
    one(
        "closing writes after a failure",
        "database.py",
        "clean = not guard.closed and not guard.latch.closed",
        "clean = not guard.closed",
        SYNC_ERROR,
    ),
    one(
        "closing is allowed inside a transaction",
        "database.py",
        '        guard.begin("close()")\n',
        "",
        f"{_CLOSING}::test_closing_inside_a_transaction_is_refused_and_changes_nothing",
    ),
    one(
        "a closed database goes on",
        "guard.py",
        "        if self.closed:\n",
        "        if self.closed and not what:\n",
        f"{_CLOSING}::test_a_closed_database_refuses_everything",
    ),
    one(
        "closing a forked child closes the owner's database",
        "database.py",
        "            self._commits.close(clean=False)\n",
        "            self._commits.close(clean=True)\n",
        "tests/unit/kernel/test_database.py::test_a_failed_close_gives_lock_and_file_back",
    ),
    one("the lock is not given back", "placement.py", _UNLOCK, "                pass\n", MIXED),
    one("files are not given back", "placement.py", _CLOSE_FILES, "            pass\n\n", CREATION),
    one(
        "a file that cannot be closed keeps the lock",
        "placement.py",
        "        with ExitStack() as stack:\n            if self._lock is not None:\n"
        + _UNLOCK
        + _CLOSE_FILES,
        "        self.close_files()\n        if self._lock is not None:\n"
        '            self._ask("unlock", self._lock.release)\n\n',
        f"{_PLACEMENT}::test_releasing_gives_back_the_lock_although_a_file_fails",
    ),
    one(
        "an opening that fails gives nothing back",
        "opening.py",
        "        with suppress(StorageError):\n            place.release()\n        raise\n",
        "        raise\n",
        "tests/contract/test_on_recovery.py::"
        "test_an_exception_from_it_closes_the_file_and_leaves_recovery_done",
    ),
    one(
        "an opening that cannot give back hides why it failed",
        "opening.py",
        "        with suppress(StorageError):\n            place.release()\n        raise\n",
        "        place.release()\n        raise\n",
        "tests/unit/kernel/test_opening.py::"
        "test_a_failing_release_does_not_hide_why_opening_failed",
    ),
    one(
        "the old file of a compaction stays open",
        "commit.py",
        "            place.let_go(but=following.file)\n",
        "",
        COMPACTION,
    ),
)
