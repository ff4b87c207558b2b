"""Mistakes in closing, and in putting a file in place: which write or sync comes when.

Absent on purpose: a compaction that does not count its generation on. Where two slots have the same
one, they hold the same entries, and neither is wrong.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, CREATION, MIXED

_SYNC = '            self._ask("sync", file.sync)\n'
_PAGES = '            log.write(0, stamp.ljust(RECORDS_OFFSET, b"\\0"))\n'
_SNAPSHOT_SYNC = _SYNC + "            log.write_mark()\n" + _SYNC
_HEADER = "        following.write(0, following.header.encode())\n"
_HEADER_SYNC = '        self._ask("sync", following.file.sync)\n'
_REPLACE = '        self._ask("replace", self.fs.replace, self.path, current, following.file)\n'
_TRUNCATE = '            ask("truncate", self.path, self.file.truncate, self.end)\n'
_STAMP = """                log.write(0, stamp)
                self._ask("sync", file.sync)
"""

MUTANTS: tuple[Mutant, ...] = (
    one(
        "closing writes the mark before it syncs",
        "log.py",
        "            self.sync()\n            self.write_mark()\n",
        "            self.write_mark()\n            self.sync()\n",
        "calls",
    ),
    one(
        "closing does not sync at its end",
        "log.py",
        _TRUNCATE + '            ask("sync", self.path, self.file.sync)\n',
        _TRUNCATE,
        MIXED,
    ),
    one(
        "closing does not sync at all",
        "log.py",
        "            self.sync()\n            self.write_mark()\n"
        + _TRUNCATE
        + '            ask("sync", self.path, self.file.sync)\n',
        "            self.write_mark()\n" + _TRUNCATE,
        MIXED,
    ),
    one(
        "the header is written first",
        "placement.py",
        _PAGES,
        '            log.write(0, header.encode().ljust(RECORDS_OFFSET, b"\\0"))\n',
        COMPACTION,
    ),
    one(
        "no sync before the header",
        "placement.py",
        _SNAPSHOT_SYNC,
        "            log.write_mark()\n",
        COMPACTION,
    ),
    one(
        "the mark is not synced before the header",
        "placement.py",
        _SNAPSHOT_SYNC,
        _SYNC + "            log.write_mark()\n",
        "calls",
    ),
    one("no sync after the header", "placement.py", _HEADER + _HEADER_SYNC, _HEADER, COMPACTION),
    one(
        "the header is synced after the replacement",
        "placement.py",
        _HEADER_SYNC + _REPLACE,
        _REPLACE + _HEADER_SYNC,
        COMPACTION,
    ),
    one("the stamp is not synced", "placement.py", _STAMP, _STAMP.splitlines()[0] + "\n", CREATION),
    one(
        "a compaction that fails leaves its file open",
        "placement.py",
        "        except BaseException:\n            self.discard(current)\n            raise\n"
        "        return log\n",
        "        except BaseException:\n            raise\n        return log\n",
        COMPACTION,
    ),
    one(
        "every file has the same salt",
        "placement.py",
        'salt = self._ask("draw a salt for", self.fs.entropy, 8)',
        "salt = bytes(8)",
        "splices",
    ),
    one(
        "a compaction keeps the salt",
        "placement.py",
        "current.header.generation + 1, records, current.version)\n",
        "current.header.generation + 1, records, current.version)\n"
        "        header = FileHeader(\n"
        "            current.header.salt, header.generation, records, current.version\n        )\n",
        "splices",
    ),
    one(
        "the lowest generation is chosen",
        "recovery.py",
        "generations[max(generations)]",
        "generations[min(generations)]",
        "calls",
    ),
    one(
        "the longest slot is chosen",
        "recovery.py",
        "return generations[max(generations)]",
        "return max(filled, key=lambda index: slots[index][1])",
        COMPACTION,
    ),
)
