"""Mistakes in judging: which bytes are taken for a log, a record, a proof, or damage.

Absent on purpose: what is done about it; see recovering.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import BIT_ROT, CREATION, FOREIGN, SECTORS

_PROVES = "if expected < version <= highest and version - unsynced > expected:"
_NEITHER = 'neither slot has a valid header; restore a backup")\n'
_EXPECTED = "expected, check_seed = log.version + 1, log.header.check_seed"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the mark is not checked",
        "recovery.py",
        (
            ("if length < log.mark:", "if length < 0:"),
            ("if log.end < log.mark or in_snapshot:", "if in_snapshot:"),
        ),
        "cuts",
    ),
    one(
        "the mark does not catch damage",
        "recovery.py",
        "if log.end < log.mark or in_snapshot:",
        "if in_snapshot:",
        BIT_ROT,
    ),
    one(
        "half a snapshot is shown",
        "recovery.py",
        "in_snapshot = len(log.starts) < header.snapshot_records",
        "in_snapshot = False",
        BIT_ROT,
    ),
    one(
        "nothing is a proof",
        "recovery.py",
        "if log.tail else None",
        "if not log else None",
        BIT_ROT,
    ),
    one(
        "proofs have no bound",
        "recovery.py",
        "highest = expected + (length - log.end) // record.SMALLEST_RECORD",
        "highest = 2**64 - 1",
        SECTORS,
    ),
    one(
        "any later header is a proof",
        "recovery.py",
        _PROVES,
        "if expected < version <= highest:",
        "survivors",
    ),
    one(
        "a header proves one commit too many",
        "recovery.py",
        _PROVES,
        _PROVES.replace("> expected:", ">= expected:"),
        "survivors",
    ),
    one(
        "a header proves one commit too few",
        "recovery.py",
        _PROVES,
        _PROVES.replace("> expected:", "> expected + 1:"),
        "proofs",
    ),
    one(
        "proofs are looked for only near the damage",
        "recovery.py",
        "looks_like_one.finditer(data, log.end):",
        "looks_like_one.finditer(data, log.end, log.end + 65_536):",
        "proofs",
    ),
    one(
        "proofs are looked for in the tail without its zeros",
        "recovery.py",
        _EXPECTED,
        _EXPECTED + '; data = data.rstrip(b"\\0")',
        "proofs",
    ),
    one(
        "proofs are looked for with the first version alone",
        "recovery.py",
        "for version in (expected + 1, highest)]",
        "for version in (expected + 1, expected + 1)]",
        "proofs",
    ),
    one(
        "proofs are looked for with the last version alone",
        "recovery.py",
        "for version in (expected + 1, highest)]",
        "for version in (highest, highest)]",
        "proofs",
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
    one(
        "an unfinished creation is refused",
        "recovery.py",
        "if len(filled) == 1 and is_unfinished(*slots[filled[0]]):",
        "if not slots and is_unfinished(*slots[filled[0]]):",
        CREATION,
    ),
    one(
        "a torn header is taken for somebody else's",
        "recovery.py",
        "for cut in range(1, len(record.STAMP) + 1)}",
        "for cut in range(1, 2)}",
        CREATION,
    ),
    one(
        "any slot without a header is new",
        "recovery.py",
        _NEITHER + "    return filled[0]\n",
        _NEITHER + "    return None\n",
        FOREIGN,
    ),
)
