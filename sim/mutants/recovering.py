"""Mistakes in recovery: what an open writes again, cuts, syncs and discards, and in which order.

Absent on purpose: what a file is judged to be; see judging.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, CREATION, MIXED, RECOVERY, SAME_BOOT, SECTORS, SHORT_READ

_HEADER = "        log.write(0, found.header.encode())\n"
_CUT = """        if found.discarded_bytes:
            self._ask("truncate", log.file.truncate, found.end)
"""
_WRITE = "                log.write(at, data[start:end])\n"
_REWRITE = "        self._write_again(log, found)\n"
_SYNC = '        self._ask("sync", log.file.sync)\n'
_DIRECTORY = '        self._ask("sync the directory of", self.fs.sync_directory, self.path)\n'
_DISCARD = '        self._ask("clean up beside", self.fs.discard_next, self.path, log.file)\n'
_MARK = """        if found.mark != found.end or found.damaged_mark:
            log.write_mark()
"""

MUTANTS: tuple[Mutant, ...] = (
    one("no sync at open", "placement.py", _SYNC, "", SAME_BOOT),
    one(
        "no sync at an open that changes nothing",
        "placement.py",
        _SYNC,
        "        if found.discarded_bytes or found.proven < found.end:\n    " + _SYNC,
        "recoveries",
    ),
    one("the tail is not written again", "placement.py", _REWRITE, "", SAME_BOOT),
    one(
        "the last record is not written again",
        "placement.py",
        _WRITE,
        "                if at + end - start < found.end:\n    " + _WRITE,
        SAME_BOOT,
    ),
    one(
        "the first record is not written again",
        "placement.py",
        _WRITE,
        "                if at > found.proven:\n    " + _WRITE,
        SAME_BOOT,
    ),
    one(
        "what is written again need not be what was judged",
        "placement.py",
        "        if stream.last_check != found.last_check:\n",
        "        if stream.last_check < 0:\n",
        "tests/unit/kernel/judging/test_reading.py::"
        "test_recovery_writes_again_what_it_judged_and_no_other_bytes",
    ),
    one("the header is not written again", "placement.py", _HEADER, "", "calls"),
    one("the torn tail is not cut", "placement.py", _CUT, "", SECTORS),
    one(
        "the cut is not synced",
        "placement.py",
        _REWRITE + _CUT + _SYNC,
        _REWRITE + _SYNC + _CUT,
        SECTORS,
    ),
    one(
        "the torn tail is cut before everything was read",
        "placement.py",
        _REWRITE + _CUT,
        _CUT + _REWRITE,
        SHORT_READ,
    ),
    one("no directory sync at open", "placement.py", _DIRECTORY, "", CREATION),
    one(
        "the other slot is emptied first",
        "placement.py",
        _HEADER,
        _DISCARD + _HEADER,
        "recoveries",
    ),
    one("the other slot is not emptied", "placement.py", _DISCARD, "", COMPACTION),
    one(
        "the mark is written before the sync",
        "placement.py",
        _HEADER,
        _HEADER + _MARK,
        RECOVERY,
    ),
    one(
        "what was recovered counts as pending",
        "placement.py",
        "        log.durable_version, log.durable_end = log.version, log.end\n",
        "",
        MIXED,
    ),
    one(
        "a short read is accepted",
        "log.py",
        "if len(data) != length:",
        "if len(data) > length:",
        SHORT_READ,
    ),
    one(
        "a damaged mark stays",
        "placement.py",
        _MARK,
        "",
        "tests/contract/test_clause_5_refused_files.py::"
        "test_a_damaged_mark_is_reported_and_written_again",
    ),
)
