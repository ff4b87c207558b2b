"""Mistakes in closing, and in putting a file in place: which write or sync comes when.

Absent on purpose: what is in the file; see committing.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, CREATION, FOREIGN, MIXED

_SYNC = '        self._ask("sync", self._current.sync)\n'
_ZERO_PAGES = "        self._write(0, bytes(RECORDS_OFFSET))\n"
_SNAPSHOT_SYNC = _SYNC + "        self._write_mark()\n" + _SYNC
_HEADER_SYNC = "        self._write(0, self.header.encode())\n" + _SYNC

MUTANTS: tuple[Mutant, ...] = (
    one(
        "closing writes the mark before it syncs",
        "log.py",
        "            self.sync()\n            self._write_mark()\n",
        "            self._write_mark()\n            self.sync()\n",
        "calls",
    ),
    one(
        "closing does not sync at its end",
        "log.py",
        '            self._ask("truncate", self._current.truncate, self.end)\n' + "    " + _SYNC,
        '            self._ask("truncate", self._current.truncate, self.end)\n',
        MIXED,
    ),
    one(
        "the header is written first",
        "log.py",
        _ZERO_PAGES,
        "        self._write(0, self.header.encode().ljust(RECORDS_OFFSET, b'\\0'))\n",
        COMPACTION,
    ),
    one(
        "no sync before the header",
        "log.py",
        _SNAPSHOT_SYNC,
        "        self._write_mark()\n",
        COMPACTION,
    ),
    one(
        "no sync after the header",
        "log.py",
        _HEADER_SYNC,
        "        self._write(0, self.header.encode())\n",
        COMPACTION,
    ),
    one(
        "the lowest generation is chosen",
        "recovery.py",
        "generations[max(generations)]",
        "generations[min(generations)]",
        COMPACTION,
    ),
    one(
        "the longest slot is chosen",
        "recovery.py",
        "return generations[max(generations)]",
        "return max(filled, key=lambda index: slots[index][1])",
        COMPACTION,
    ),
    one(
        "an unfinished creation is refused",
        "recovery.py",
        "return filled[0] if cut_short or length > RECORDS_OFFSET else None",
        "return filled[0]",
        CREATION,
    ),
    one(
        "any slot without a header is new",
        "recovery.py",
        "return filled[0] if cut_short or length > RECORDS_OFFSET else None",
        "return filled[0] if cut_short else None",
        FOREIGN,
    ),
)
