"""Mistakes in judging: which bytes are taken for a log, a record, a proof, or damage.

Absent on purpose: what is done about it; see recovering.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import BIT_ROT, FOREIGN, SECTORS

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the mark is not checked",
        "recovery.py",
        (
            ("if len(data) < log.mark:", "if len(data) < 0:"),
            ("if log.end < log.mark or", "if"),
        ),
        "cuts",
    ),
    one("the mark does not catch damage", "recovery.py", "if log.end < log.mark or", "if", BIT_ROT),
    one(
        "half a snapshot is shown",
        "recovery.py",
        "in_snapshot = len(log.starts) < header.snapshot_records",
        "in_snapshot = False",
        BIT_ROT,
    ),
    one("nothing vouches", "recovery.py", "if log.tail else None", "if not log else None", BIT_ROT),
    one(
        "vouching has no bound",
        "recovery.py",
        "highest = expected + (length - log.end) // record.SMALLEST_RECORD",
        "highest = 2**64 - 1",
        SECTORS,
    ),
    one(
        "any later header vouches",
        "recovery.py",
        " and version - unsynced > expected:",
        ":",
        "survivors",
    ),
    one(
        "the header check is not checked",
        "record.py",
        "if crc32(data[offset : offset + _RECORD_HEADER.size], check_seed) != check:",
        "if not data:",
        SECTORS,
    ),
    one(
        "the body check is not checked",
        "record.py",
        "return check if check == _CHECK.unpack_from(data, offset + PROOF_LENGTH)[0] else None",
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
    one(
        "the check seed is the same for every file",
        "record.py",
        "return crc32(self._fields())",
        "return crc32(self._fields()[:8])",
        "splices",
    ),
    one(
        "the file header's check is not checked",
        "record.py",
        "return header if data[:FILE_HEADER_LENGTH] == header.encode() else None",
        "return header",
        FOREIGN,
    ),
    one(
        "the format version is not checked",
        "recovery.py",
        "if len(head) >= 6 and version != record.FORMAT_VERSION:",
        "if version < 0:",
        FOREIGN,
    ),
    one(
        "feature flags are not checked",
        "recovery.py",
        "if header.flags & ~record.KNOWN_FLAGS:",
        "if header.flags < 0:",
        FOREIGN,
    ),
    one(
        "a file of zeros is new",
        "recovery.py",
        "    if len(slots) == 1:\n        return 0\n",
        "    if len(slots) == 1:\n        return 0 if any(slots[0][0]) else None\n",
        FOREIGN,
    ),
)
