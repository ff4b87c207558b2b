"""Mistakes with the history: notices, changes, earlier versions, and readers that go on.

Absent on purpose: mistakes that only an interrupt shows; tests/interrupts is their hunt.
"""

from sim.mutants.mutant import Mutant, one

_NOTICES = "tests/unit/kernel/test_notices.py"
_ON_COMMIT = "tests/contract/test_on_commit.py"
_CHANGES = "tests/contract/test_changes.py"
_VERSIONS = "tests/contract/test_versions.py"
_REFRESH = "tests/contract/test_refresh.py"
_FAILS = "tests/contract/test_refresh_fails.py"
_BESIDE = "tests/contract/test_refresh_beside_a_writer.py"
_SAME = f"{_REFRESH}::test_what_it_tells_is_what_a_new_reader_tells"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "a delivery does not look whether another one runs",
        "notices.py",
        "                if last.running.locked():\n                    return False\n",
        "",
        f"{_ON_COMMIT}::test_who_is_told_sees_the_commit_and_can_commit_itself",
    ),
    one(
        "several deliveries follow the same one",
        "notices.py",
        "last = last.next.setdefault(None, mine)",
        "last.next[None], last = mine, mine",
        f"{_NOTICES}::test_a_delivery_that_comes_first_at_any_line_is_the_only_one",
    ),
    one(
        "closing tells before it has applied what waits",
        "shared.py",
        "        try:\n            with suppress(UsageError, DatabaseFailedError):",
        "        try:\n            while False:",
        "tests/unit/kernel/test_shared.py::"
        "test_closing_tells_of_a_commit_whose_thread_was_interrupted_while_it_waited",
    ),
    one(
        "who has delivered does not look again",
        "notices.py",
        "        while self._next() and not self._guard.holds_any() and self._deliver_alone():\n"
        "            pass",
        "        if self._next() and not self._guard.holds_any() and self._deliver_alone():\n"
        "            pass",
        f"{_NOTICES}::test_another_thread_that_commits_at_any_line_waits_for_nothing",
    ),
    one(
        "a callback is called with a right held",
        "notices.py",
        " and not self._guard.holds_any()",
        "",
        f"{_NOTICES}::test_who_holds_a_right_delivers_nothing",
    ),
    one(
        "the commits of a group are due at once",
        "notices.py",
        "        if not grouped:\n            self.due = version\n",
        "        self.due = version\n",
        f"{_ON_COMMIT}::test_who_delivers_tells_nothing_of_a_group_that_is_running",
    ),
    one(
        "the commits of a group are never due",
        "database.py",
        "                self._commits.notices.due = self.version\n",
        "",
        f"{_ON_COMMIT}::test_in_a_group_it_is_told_after_the_block",
    ),
    one(
        "who has ended it is told what was queued",
        "notices.py",
        "                if notice[0] not in self.subscribers:\n"
        "                    self.queue.popleft()\n                    continue\n",
        "",
        f"{_ON_COMMIT}::test_who_has_ended_it_is_told_nothing_more_not_even_of_what_was_queued",
    ),
    one(
        "closing leaves notices in the queue",
        "database.py",
        "        self._commits.notices.deliver()\n        with guard.turn",
        "        with guard.turn",
        f"{_ON_COMMIT}::test_closing_tells_what_an_interrupt_has_put_off",
    ),
    one(
        "changes go on to what is pending",
        "history.py",
        "end = shown.log_bytes - shown.pending_bytes",
        "end = shown.log_bytes",
        f"{_CHANGES}::test_it_ends_with_what_was_durable_at_its_call",
    ),
    one(
        "changes of a pending version are promised",
        "history.py",
        "log.header.base_version if log else 0, shown.durable_version",
        "log.header.base_version if log else 0, shown.version",
        f"{_CHANGES}::test_it_ends_with_what_was_durable_at_its_call",
    ),
    one(
        "records of a snapshot are taken for commits",
        "history.py",
        "since = max(since, header.base_version + header.snapshot_records)",
        "since = max(since, header.base_version)",
        f"{_CHANGES}::test_from_the_base_version_to_the_end_of_the_snapshot_means_what_follows_it",
    ),
    one(
        "a file that was compacted away counts as damaged",
        "history.py",
        "        if ask(",
        "        if header or ask(",
        f"{_CHANGES}::test_a_compaction_ends_it_only_where_it_empties_the_file",
    ),
    one(
        "damage counts as a compaction",
        "history.py",
        "record.FILE_HEADER_LENGTH) == header.encode()",
        "record.FILE_HEADER_LENGTH) != header.encode()",
        f"{_CHANGES}::test_damage_is_met_and_nothing_behind_it_is_yielded",
    ),
    one(
        "an earlier version ends where the log ends",
        "history.py",
        "    found.end = [*found.starts, found.end][count]\n",
        "",
        f"{_VERSIONS}::test_a_backup_of_an_earlier_version_is_a_database_as_of_then",
    ),
    one(
        "the inside of a snapshot is a version",
        "history.py",
        "if version != base and not first <= version <= last:",
        "if not base <= version <= last:",
        f"{_VERSIONS}::test_a_version_that_is_not_there_is_refused_with_those_that_are",
    ),
    one(
        "a refresh does not look whether the path leads to its file",
        "refresh.py",
        'if not ask("find", log.path, log.file.in_place):  # (1)',
        "if not log.path:",
        f"{_REFRESH}::test_after_a_compaction_it_reads_anew_and_says_so",
    ),
    one(
        "a refresh does not look at the header",
        "refresh.py",
        "if not pages.startswith(log.header.encode()):  # (2)",
        "if not pages:",
        f"{_REFRESH}::test_a_log_without_a_record_is_known_by_its_header",
    ),
    one(
        "a refresh goes on in the file that it has",
        "history.py",
        "            if reached is None or mark is None:\n",
        "            if reached is None:\n",
        _BESIDE,
    ),
    one(
        "a refresh does not look at the last record",
        "refresh.py",
        "if self._start is not None and not self._has_last_record(self._start):  # (3)",
        "if self._start is None and log.version < 0:",
        f"{_REFRESH}::test_commits_that_a_crash_took_back_are_not_kept",
    ),
    one(
        "a refresh compares all of the last record but its check",
        "refresh.py",
        "return (version, end, check) == (log.version, log.end, log.last_check.to_bytes(4))",
        "return (version, end) == (log.version, log.end) and len(check) > 0",
        f"{_REFRESH}::test_commits_that_a_crash_took_back_are_not_kept",
    ),
    one(
        "what a record proves is not noted",
        "refresh.py",
        "        self.prove(below=version - unsynced)\n",
        "",
        _SAME,
    ),
    one(
        "a record proves the commit before those that were not synced",
        "refresh.py",
        "self.prove(below=version - unsynced)",
        "self.prove(below=version - unsynced + 1)",
        _SAME,
    ),
    one(
        "what a mark proves is not noted",
        "history.py",
        "self._commits.follow(partial(reached.prove, mark=mark))",
        "self._commits.follow(reached.prove)",
        _SAME,
    ),
    one(
        "a refresh runs inside a read of its own",
        "refresh.py",
        "        return any(tx is not None and",
        "        return any(tx is None and",
        f"{_FAILS}::test_inside_its_own_read_it_is_refused_and_afterwards_it_is_not",
    ),
)
