"""Mistakes in recovery: what an open writes again, cuts, syncs and discards, and in which order.

Absent on purpose: what a file is judged to be; see judging.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import (
    COMPACTION,
    CREATION,
    CUT_SHORT,
    INSIDE,
    READERS,
    RECOVERY,
    SAME_BOOT,
    SECTORS,
    SHORT_READ,
)

_SYNC = '        self._ask("sync", log.file.sync)\n'
_RECOVER_SYNC = _SYNC + '        self._ask("sync the directory of"'
_REWRITE = """        if found.proven < found.end:
            shown = reading.data[found.proven : found.end]
            log.write(found.proven, shown.ljust(found.end - found.proven, b"\\0"))
"""
_DISCARD = '        self._ask("clean up beside", self.fs.discard_next, self.path, log.file)\n'
_DIRECTORY = '        self._ask("sync the directory of", self.fs.sync_directory, self.path)\n'
_RECOVER_MARK = """        if found.mark != found.end or found.damaged_mark:
            log.write_mark()
"""
_HEADER_AGAIN = "        log.write(0, found.header.encode())\n"
_CUT = """        if found.tail:
            self._ask("truncate", log.file.truncate, found.end)
"""
_RELEASE = """        with suppress(StorageError):
            place.release()
        raise


def verify("""

MUTANTS: tuple[Mutant, ...] = (
    one(
        "no sync at open",
        "placement.py",
        _RECOVER_SYNC,
        '        self._ask("sync the directory of"',
        SAME_BOOT,
    ),
    one(
        "no sync at an open that changes nothing",
        "placement.py",
        _RECOVER_SYNC,
        "        if found.tail or found.proven < found.end:\n    " + _RECOVER_SYNC,
        "recoveries",
    ),
    one("the tail is not written again", "placement.py", _REWRITE, "", SAME_BOOT),
    one(
        "the last record is not written again",
        "placement.py",
        _REWRITE,
        _REWRITE.replace("found.end", "(found.starts or [0])[-1]"),
        SAME_BOOT,
    ),
    one("the header is not written again", "placement.py", _HEADER_AGAIN, "", COMPACTION),
    one("the torn tail is not cut", "placement.py", _CUT, "", SECTORS),
    one(
        "the cut is not synced",
        "placement.py",
        _CUT + _REWRITE + _SYNC,
        _REWRITE + _SYNC + _CUT,
        SECTORS,
    ),
    one("no directory sync at open", "placement.py", _DIRECTORY, "", CREATION),
    one(
        "the other slot is emptied first",
        "placement.py",
        _HEADER_AGAIN,
        _DISCARD + _HEADER_AGAIN,
        "recoveries",
    ),
    one("the other slot is not emptied", "placement.py", _DISCARD, "", COMPACTION),
    one(
        "the mark is written before the sync",
        "placement.py",
        _HEADER_AGAIN,
        _HEADER_AGAIN + _RECOVER_MARK,
        RECOVERY,
    ),
    one("the mark is not written after recovery", "placement.py", _RECOVER_MARK, "", CUT_SHORT),
    one("no lock", "opening.py", "        place.lock()\n", "", SECTORS),
    one(
        "an open that fails keeps what it holds",
        "opening.py",
        _RELEASE,
        "        raise\n\n\ndef verify(",
        INSIDE,
    ),
    one(
        "a short read is accepted",
        "log.py",
        "if len(data) != length:",
        "if len(data) > length:",
        SHORT_READ,
    ),
    one(
        "a reader believes the first reading",
        "opening.py",
        "for _ in range(READINGS - 1):",
        "for _ in range(0):",
        READERS,
    ),
)
