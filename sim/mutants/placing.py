"""Mistakes in putting a file in place: which write or sync comes when, and what a failure leaves.

Absent on purpose: what is in the file; see committing.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, MIXED

_COMPACT = "tests/contract/test_compact.py"
_PLACEMENT = "tests/unit/kernel/test_placement.py"
_MARK_SYNC = '            log.write_mark()\n            self._ask("sync", file.sync)\n'
_HEADER = "        following.write(0, following.header.encode())\n"
_HEADER_SYNC = '        self._ask("sync", following.file.sync)\n'
_NEXT_HEADER = (
    "self.new_header(\n            current.header.generation + 1, 0, current.version, "
    "current.header.database_id\n        )"
)

MUTANTS: tuple[Mutant, ...] = (
    one(
        "the header is written first",
        "placement.py",
        'log.write(0, stamp.ljust(RECORDS_OFFSET, b"\\0"))',
        'log.write(0, header.encode().ljust(RECORDS_OFFSET, b"\\0"))',
        COMPACTION,
    ),
    one(
        "the header is written while a file is prepared",
        "placement.py",
        _MARK_SYNC,
        _MARK_SYNC + "            log.write(0, header.encode())\n",
        COMPACTION,
    ),
    one(
        "no sync before the header",
        "placement.py",
        '            self._ask("sync", file.sync)\n' + _MARK_SYNC,
        "            log.write_mark()\n",
        "calls",
    ),
    one("no sync after the header", "placement.py", _HEADER + _HEADER_SYNC, _HEADER, COMPACTION),
    one(
        "the file takes its place before its header is written",
        "placement.py",
        _HEADER
        + _HEADER_SYNC
        + '        self._ask("replace", self.fs.replace, self.path, current, following.file)\n',
        '        self._ask("replace", self.fs.replace, self.path, current, following.file)\n'
        + _HEADER
        + _HEADER_SYNC,
        COMPACTION,
    ),
    one(
        "what was put in place counts as pending",
        "placement.py",
        "        following.durable_version, following.durable_end = "
        "following.version, following.end\n",
        "",
        COMPACTION,
    ),
    one(
        "a compaction does not sync first",
        "commit.py",
        "        self.sync()\n        with self._state:\n            newer",
        "        with self._state:\n            newer",
        f"{_COMPACT}::test_compaction_syncs_first_and_ends_durable",
    ),
    one(
        "what was prepared is closed and not removed",
        "placement.py",
        '                stack.callback(\n                    self._ask, "clean up beside", '
        "self.fs.discard_next, self.path, current\n                )\n",
        "                pass\n",
        f"{_PLACEMENT}::test_a_failure_while_preparing_leaves_the_old_file_and_no_other",
    ),
    one(
        "a failed cleaning up hides why preparing failed",
        "placement.py",
        "with suppress(StorageError), ExitStack() as stack:",
        "with ExitStack() as stack:",
        f"{_PLACEMENT}::test_a_failed_cleaning_up_does_not_hide_why_preparing_failed",
    ),
    one(
        "a compaction that fails has counted a record",
        "placement.py",
        f"        header = {_NEXT_HEADER}\n",
        f"        header = {_NEXT_HEADER}\n        current.version += 1\n",
        COMPACTION,
    ),
    one(
        "versions begin anew at a compaction",
        "placement.py",
        _NEXT_HEADER,
        _NEXT_HEADER.replace("current.version", "0"),
        COMPACTION,
    ),
    one(
        "the snapshot count is one too large",
        "placement.py",
        "count = log.version - header.base_version",
        "count = 1 + log.version - header.base_version",
        COMPACTION,
    ),
    one(
        "the snapshot count is always 0",
        "placement.py",
        "count = log.version - header.base_version",
        "count = 0",
        f"{_PLACEMENT}::test_a_compaction_is_a_snapshot_of_the_store_with_its_count",
    ),
    one(
        "the last record of a snapshot is lost",
        "compaction.py",
        "    if gathered:\n        yield gathered\n",
        "",
        MIXED,
    ),
    one(
        "there is always a further generation",
        "placement.py",
        "        if not header.in_range:\n",
        "        if header is None:\n",
        f"{_COMPACT}::test_a_database_without_a_further_generation_says_so_and_goes_on",
    ),
    one(
        "no mark before the header",
        "placement.py",
        _MARK_SYNC,
        "",
        f"{_PLACEMENT}::test_a_new_log_is_written_whole_and_its_header_last",
    ),
    one(
        "a preparation that fails keeps the next file",
        "placement.py",
        "            self.discard(current)\n            raise\n",
        "            raise\n",
        f"{_PLACEMENT}::test_a_failure_while_preparing_leaves_the_old_file_and_no_other",
    ),
    one(
        "a compaction keeps the generation",
        "placement.py",
        _NEXT_HEADER,
        _NEXT_HEADER.replace(" + 1", ""),
        f"{_PLACEMENT}::test_a_compaction_is_a_snapshot_of_the_store_with_its_count",
    ),
)
