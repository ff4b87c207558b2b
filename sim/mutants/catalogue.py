"""The mutants: ways to break the kernel, each as replacements of text in its source.

A mutant is a mistake that somebody could make. `old` has to be in the file exactly once; when the
kernel changes so that it is not, loading the mutant fails loudly, and the entry has to be brought
up to date. `killer` is a profile or enumeration that finds it quickly; the suite runs that one, and
`python -m sim mutants` runs all of them against each.
Absent on purpose: mutants that no observer can tell from the kernel, such as applying a commit to
the store before its sync: the latch refuses every read that could see it.
"""

from typing import NamedTuple

from sim.plans.profiles import (
    ADAPTER_LIES,
    BIT_ROT,
    COMPACTION,
    CREATION,
    FOREIGN,
    GROUP,
    RECOVERY,
    SAME_BOOT,
    SECTORS,
    SHORT_READ,
    SYNC_ERROR,
    WRITE_ERROR,
    Profile,
)


class Mutant(NamedTuple):
    """One mistake."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    killer: str


def _one(name: str, file: str, old: str, new: str, killer: Profile | str) -> Mutant:
    return Mutant(name, file, ((old, new),), killer if isinstance(killer, str) else killer.name)


_SYNC = '        self._ask("sync", self._current.sync)\n'
_COMMIT_SYNC = """            try:
                self._current.sync()
            except OSError as error:
                raise storage_error(error, f"cannot sync {self.path!r}") from error
"""
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
_ZERO_PAGES = "        self._write(0, bytes(RECORDS_OFFSET))\n"
_SNAPSHOT_SYNC = _SYNC + "        self._write_mark()\n" + _SYNC
_HEADER_SYNC = "        self._write(0, self.header.encode())\n" + _SYNC
_DURABLE = "            self.durable_version, self.pending_bytes = self.version, 0\n"

MUTANTS: tuple[Mutant, ...] = (
    # Commits.
    _one("a commit is not synced", "log.py", _COMMIT_SYNC + _DURABLE, _DURABLE, SECTORS),
    _one(
        "durable before the sync",
        "log.py",
        _COMMIT_SYNC + _DURABLE,
        _DURABLE + _COMMIT_SYNC,
        SYNC_ERROR,
    ),
    _one(
        "a short count is accepted",
        "log.py",
        "if count != len(data):",
        "if count > len(data):",
        WRITE_ERROR,
    ),
    _one(
        "a larger count is accepted",
        "log.py",
        "if count != len(data):",
        "if count < len(data):",
        ADAPTER_LIES,
    ),
    _one(
        "unsynced is one too small",
        "log.py",
        "unsynced = self.version - self.durable_version",
        "unsynced = max(0, self.version - self.durable_version - 1)",
        GROUP,
    ),
    _one(
        "unsynced is one too large",
        "log.py",
        "unsynced = self.version - self.durable_version",
        "unsynced = self.version - self.durable_version + (self.version > 2)",
        BIT_ROT,
    ),
    _one(
        "unsynced is always 0",
        "log.py",
        "unsynced = self.version - self.durable_version",
        "unsynced = 0",
        "survivors",
    ),
    _one(
        "a window is one too long",
        "log.py",
        "self.version - self.durable_version >= window.commits",
        "self.version - self.durable_version > window.commits",
        SECTORS,
    ),
    _one(
        "a window ignores its bytes",
        "log.py",
        "self.pending_bytes >= window.size_bytes",
        "self.pending_bytes < 0",
        SECTORS,
    ),
    _one(
        "leaving a group does not sync",
        "database.py",
        "                raise\n            self._sync()\n",
        "                raise\n",
        GROUP,
    ),
    _one(
        "a group that is left by an exception does not sync",
        "database.py",
        "                    self._sync()\n                raise\n",
        "                    pass\n                raise\n",
        GROUP,
    ),
    _one(
        "only commits in a group fill the window",
        "database.py",
        "if self._log.fills(self._window) and not self._guard.in_group:",
        "if self._log.fills(self._window) and self._guard.in_group:",
        SECTORS,
    ),
    # The latch.
    _one(
        "no latch",
        "guard.py",
        "        self.failure = error\n",
        "        self.failure = None\n",
        SYNC_ERROR,
    ),
    _one(
        "no latch on KeyboardInterrupt",
        "guard.py",
        "        self.failure = error\n",
        "        self.failure = None if isinstance(error, KeyboardInterrupt) else error\n",
        ADAPTER_LIES,
    ),
    _one(
        "no latch on MemoryError",
        "guard.py",
        "        self.failure = error\n",
        "        self.failure = None if isinstance(error, MemoryError) else error\n",
        ADAPTER_LIES,
    ),
    _one(
        "a compaction does not latch",
        "database.py",
        "            with self._guard.latch:\n"
        "                return self._log.compact(self._store)",
        "            return self._log.compact(self._store)",
        COMPACTION,
    ),
    _one(
        "a sync does not latch",
        "database.py",
        "            with self._guard.latch:\n                self._log.sync()",
        "            self._log.sync()",
        SYNC_ERROR,
    ),
    _one(
        "closing writes after a failure",
        "database.py",
        'if self.mode != "r" and self._guard.latch.failure is None:',
        'if self.mode != "r":',
        SYNC_ERROR,
    ),
    # Recovery.
    _one(
        "no sync at open",
        "log.py",
        _RECOVER_SYNC,
        '        self._ask("sync the directory of"',
        SAME_BOOT,
    ),
    _one(
        "no sync at an open that changes nothing",
        "log.py",
        _RECOVER_SYNC,
        "        if found.tail or found.proven < found.end:\n    " + _RECOVER_SYNC,
        "recoveries",
    ),
    _one("the tail is not written again", "log.py", _REWRITE, "", SAME_BOOT),
    _one(
        "the last record is not written again",
        "log.py",
        "data[found.proven : found.end])",
        "data[found.proven : (found.starts or [0])[-1]])",
        SAME_BOOT,
    ),
    _one("the header is not written again", "log.py", _HEADER_AGAIN, "", COMPACTION),
    _one("the torn tail is not cut", "log.py", _CUT, "", SECTORS),
    _one(
        "the cut is not synced", "log.py", _CUT + _REWRITE + _SYNC, _REWRITE + _SYNC + _CUT, SECTORS
    ),
    _one("no directory sync at open", "log.py", _DIRECTORY, "", CREATION),
    _one(
        "the other slot is emptied first",
        "log.py",
        _HEADER_AGAIN,
        _DISCARD + _HEADER_AGAIN,
        "recoveries",
    ),
    _one("the other slot is not emptied", "log.py", _DISCARD, "", COMPACTION),
    _one(
        "the mark is written before the sync",
        "log.py",
        _HEADER_AGAIN,
        _HEADER_AGAIN + _RECOVER_MARK,
        RECOVERY,
    ),
    _one("no lock", "opening.py", "    log.lock()\n", "", SECTORS),
    _one(
        "a short read is accepted",
        "log.py",
        "if len(data) != length:",
        "if len(data) > length:",
        SHORT_READ,
    ),
    # Judging.
    Mutant(
        "the mark is not checked",
        "recovery.py",
        (
            ("if len(data) < log.mark:", "if len(data) < 0:"),
            ("if log.end < log.mark or", "if"),
        ),
        "cuts",
    ),
    _one(
        "the mark does not catch damage", "recovery.py", "if log.end < log.mark or", "if", BIT_ROT
    ),
    _one(
        "half a snapshot is shown",
        "recovery.py",
        " or len(log.starts) < header.snapshot_records:",
        ":",
        BIT_ROT,
    ),
    _one(
        "nothing vouches", "recovery.py", "if log.tail else None", "if not log else None", BIT_ROT
    ),
    _one(
        "vouching has no bound",
        "recovery.py",
        "highest = expected + len(rest) // record.SMALLEST_RECORD",
        "highest = 2**64 - 1",
        SECTORS,
    ),
    _one(
        "any later header vouches",
        "recovery.py",
        " and version - unsynced > expected:",
        ":",
        "survivors",
    ),
    _one(
        "the header check is not checked",
        "record.py",
        "    if crc32(fields[: _RECORD_HEADER.size], check_seed) != check:\n        return None\n",
        "",
        SECTORS,
    ),
    _one(
        "the body check is not checked",
        "record.py",
        "return check if check == _CHECK.unpack_from(data, offset + VOUCHER_LENGTH)[0] else None",
        "return check",
        SECTORS,
    ),
    Mutant(
        "records are not chained",
        "record.py",
        (
            ("crc32(payload, crc32(header, previous_check))", "crc32(payload, crc32(header))"),
            ("_RECORD_HEADER.size], previous_check))", "_RECORD_HEADER.size]))"),
        ),
        "splices",
    ),
    _one(
        "the check seed is the same for every file",
        "record.py",
        "return crc32(self._fields())",
        "return crc32(self._fields()[:8])",
        "splices",
    ),
    _one(
        "the file header's check is not checked",
        "record.py",
        "return header if data[:FILE_HEADER_LENGTH] == header.encode() else None",
        "return header",
        FOREIGN,
    ),
    _one(
        "the format version is not checked",
        "recovery.py",
        "if len(head) >= 6 and version != record.FORMAT_VERSION:",
        "if version < 0:",
        FOREIGN,
    ),
    _one(
        "feature flags are not checked",
        "recovery.py",
        "if header.flags & ~record.KNOWN_FLAGS:",
        "if header.flags < 0:",
        FOREIGN,
    ),
    _one(
        "a file of zeros is new",
        "recovery.py",
        "    if len(slots) == 1:\n        return 0\n",
        "    if len(slots) == 1:\n        return 0 if any(slots[0][0]) else None\n",
        FOREIGN,
    ),
    # Closing, and putting a file in place.
    _one(
        "closing writes the mark before it syncs",
        "log.py",
        "            self.sync()\n            self._write_mark()\n",
        "            self._write_mark()\n            self.sync()\n",
        "calls",
    ),
    _one(
        "the header is written first",
        "log.py",
        _ZERO_PAGES,
        "        self._write(0, self.header.encode().ljust(RECORDS_OFFSET, b'\\0'))\n",
        COMPACTION,
    ),
    _one(
        "no sync before the header",
        "log.py",
        _SNAPSHOT_SYNC,
        "        self._write_mark()\n",
        COMPACTION,
    ),
    _one(
        "no sync after the header",
        "log.py",
        _HEADER_SYNC,
        "        self._write(0, self.header.encode())\n",
        COMPACTION,
    ),
    _one(
        "the lowest generation is chosen",
        "recovery.py",
        "generations[max(generations)]",
        "generations[min(generations)]",
        COMPACTION,
    ),
    _one(
        "the longest slot is chosen",
        "recovery.py",
        "return generations[max(generations)]",
        "return max(filled, key=lambda index: slots[index][1])",
        COMPACTION,
    ),
    _one(
        "an unfinished creation is refused",
        "recovery.py",
        "return filled[0] if cut_short or length > RECORDS_OFFSET else None",
        "return filled[0]",
        CREATION,
    ),
    _one(
        "any slot without a header is new",
        "recovery.py",
        "return filled[0] if cut_short or length > RECORDS_OFFSET else None",
        "return filled[0] if cut_short else None",
        FOREIGN,
    ),
)
