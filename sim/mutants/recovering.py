"""Mistakes in recovery: what an open writes again, cuts, syncs and discards, and in which order.

Absent on purpose: what a file is judged to be; see judging.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, CREATION, RECOVERY, SAME_BOOT, SECTORS, SHORT_READ

_SYNC = '        self._ask("sync", self._current.sync)\n'
_RECOVER_SYNC = _SYNC + '        self._ask("sync the directory of"'
_REWRITE = """        if found.proven < found.end:
            self._write(found.proven, data[found.proven : found.end])
"""
_DISCARD = '        self._ask("clean up beside", self._fs.discard_next, self.path, self._current)\n'
_DIRECTORY = '        self._ask("sync the directory of", self._fs.sync_directory, self.path)\n'
_RECOVER_MARK = """        if found.mark != found.end or found.damaged_mark:
            self._write_mark()
"""
_HEADER_AGAIN = "        self._write(0, found.header.encode())\n"
_CUT = """        if found.tail:
            self._ask("truncate", self._current.truncate, found.end)
"""

MUTANTS: tuple[Mutant, ...] = (
    one(
        "no sync at open",
        "log.py",
        _RECOVER_SYNC,
        '        self._ask("sync the directory of"',
        SAME_BOOT,
    ),
    one(
        "no sync at an open that changes nothing",
        "log.py",
        _RECOVER_SYNC,
        "        if found.tail or found.proven < found.end:\n    " + _RECOVER_SYNC,
        "recoveries",
    ),
    one("the tail is not written again", "log.py", _REWRITE, "", SAME_BOOT),
    one(
        "the last record is not written again",
        "log.py",
        "data[found.proven : found.end])",
        "data[found.proven : (found.starts or [0])[-1]])",
        SAME_BOOT,
    ),
    one("the header is not written again", "log.py", _HEADER_AGAIN, "", COMPACTION),
    one("the torn tail is not cut", "log.py", _CUT, "", SECTORS),
    one(
        "the cut is not synced", "log.py", _CUT + _REWRITE + _SYNC, _REWRITE + _SYNC + _CUT, SECTORS
    ),
    one("no directory sync at open", "log.py", _DIRECTORY, "", CREATION),
    one(
        "the other slot is emptied first",
        "log.py",
        _HEADER_AGAIN,
        _DISCARD + _HEADER_AGAIN,
        "recoveries",
    ),
    one("the other slot is not emptied", "log.py", _DISCARD, "", COMPACTION),
    one(
        "the mark is written before the sync",
        "log.py",
        _HEADER_AGAIN,
        _HEADER_AGAIN + _RECOVER_MARK,
        RECOVERY,
    ),
    one("no lock", "opening.py", "    log.lock()\n", "", SECTORS),
    one(
        "a short read is accepted",
        "log.py",
        "if len(data) != length:",
        "if len(data) > length:",
        SHORT_READ,
    ),
)
