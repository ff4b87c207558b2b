"""Mistakes in judging: which bytes are taken for a log, a record, a proof, or damage.

Absent on purpose: what is done about it; see recovering.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import BIT_ROT, FOREIGN, SAME_BOOT, SECTORS

_RECOVERY = "tests/unit/kernel/test_recovery.py"
_OPENING = "tests/unit/kernel/test_opening.py"
_PROVEN = "            proof = starts[version - unsynced - first] if unsynced else end\n"
_SNAPSHOT = "    log.proven = max(log.proven, *log.starts[count : count + 1] or [log.end])\n"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "the mark is not checked",
        "recovery.py",
        (("if length < log.mark:", "if length < 0:"), ("if log.end < log.mark or", "if")),
        "cuts",
    ),
    one("the mark does not catch damage", "recovery.py", "if log.end < log.mark or", "if", BIT_ROT),
    one(
        "a mark before the records is believed",
        "recovery.py",
        "if mark is not None and mark >= RECORDS_OFFSET:",
        "if mark is not None:",
        f"{_RECOVERY}::test_a_mark_before_the_records_is_damaged",
    ),
    one(
        "a mark of zeros is not reported",
        "recovery.py",
        "        log.damaged_mark = True\n",
        "        log.damaged_mark = any(page)\n",
        f"{_RECOVERY}::test_zeros_in_the_place_of_the_mark_are_damage",
    ),
    one(
        "half a snapshot is shown",
        "recovery.py",
        "in_snapshot = len(log.starts) < count",
        "in_snapshot = False",
        BIT_ROT,
    ),
    one(
        "the snapshot count proves nothing",
        "recovery.py",
        _SNAPSHOT,
        "",
        f"{_RECOVERY}::test_the_snapshot_count_proves_the_snapshot",
    ),
    one(
        "the snapshot count proves a record behind the snapshot",
        "recovery.py",
        _SNAPSHOT,
        "    log.proven = max(log.proven, *log.starts[count + 1 : count + 2] or [log.end])\n",
        SAME_BOOT,
    ),
    one(
        "a record proves itself",
        "recovery.py",
        _PROVEN,
        "            proof = end + stop - start\n",
        SAME_BOOT,
    ),
    one(
        "a record proves all before it",
        "recovery.py",
        _PROVEN,
        "            proof = end\n",
        SAME_BOOT,
    ),
    one(
        "no record proves anything",
        "recovery.py",
        _PROVEN,
        "            proof = proven\n",
        f"{_RECOVERY}::test_versions_start_after_the_base_version",
    ),
    one(
        "versions may leap",
        "stream.py",
        "                or version != last_version + 1  # (2)\n                or not",
        "                or not",
        f"{_RECOVERY}::test_a_record_that_breaks_a_rule_ends_the_log",
    ),
    one(
        "a payload may be empty",
        "stream.py",
        "or not RECORD_HEADER_LENGTH < size <= left  # (3)",
        "or not RECORD_HEADER_LENGTH <= size <= left  # (3)",
        f"{_RECOVERY}::test_a_record_that_breaks_a_rule_ends_the_log",
    ),
    one(
        "an unsynced count may reach beyond the first record",
        "stream.py",
        "                or unsynced >= version - self._base  # (4)\n",
        "",
        f"{_RECOVERY}::test_a_record_that_breaks_a_rule_ends_the_log",
    ),
    one(
        "malformed ops end the log",
        "recovery.py",
        "            if ops is None:\n                payload",
        "            if ops is None:\n                break\n"
        "            if ops is log:\n                payload",
        f"{_RECOVERY}::test_a_valid_record_of_malformed_ops_is_corruption",
    ),
    one(
        "nothing proves damage",
        "recovery.py",
        "    if tail.proof is not None:\n",
        "    if tail is None:\n",
        BIT_ROT,
    ),
    one(
        "proof has no bound",
        "stream.py",
        "self._highest = self._expected + (length - end) // record.SMALLEST_RECORD",
        "self._highest = 2**64 - 1",
        "tests/unit/kernel/judging/test_proof.py::test_too_few_bytes_or_versions_hold_no_proof",
    ),
    one(
        "the bound of proof is one too low",
        "stream.py",
        "if self._expected < version <= self._highest and",
        "if self._expected < version < self._highest and",
        "tests/unit/kernel/judging/test_proof.py::"
        "test_a_proving_header_behind_a_useless_one_is_found",
    ),
    one(
        "any later header proves damage",
        "stream.py",
        " and version - unsynced > self._expected:",
        ":",
        "survivors",
    ),
    one(
        "a header of the same group proves damage",
        "stream.py",
        " and version - unsynced > self._expected:",
        " and version - unsynced >= self._expected:",
        "survivors",
    ),
    one(
        "proof is searched only near",
        "stream.py",
        "self._looks_like_one.finditer(data)",
        "self._looks_like_one.finditer(data, 0, 4096)",
        "proofs",
    ),
    one(
        "proof is searched only in the tail without its zeros",
        "stream.py",
        "piece[: content + record.PROOF_LENGTH]",
        "piece[:content]",
        "proofs",
    ),
    one(
        "a proof that lies in two pieces is not found",
        "stream.py",
        "self._search(self._before + piece[",
        "self._search(piece[",
        "tests/unit/kernel/judging/test_proof.py::test_a_proving_header_is_found_at_any_offset",
    ),
    one(
        "a record that lies in two pieces ends the log",
        "stream.py",
        "self.stopped = left < RECORD_HEADER_LENGTH",
        "self.stopped = True",
        f"{_RECOVERY}::test_the_verdict_is_the_same_however_the_pieces_lie",
    ),
    one(
        "proof is searched with the higher prefix alone",
        "stream.py",
        "for v in (self._expected + 1, self._highest)]",
        "for v in (self._highest, self._highest)]",
        "proofs",
    ),
    one(
        "proof is searched with a prefix that is too long",
        "stream.py",
        "((self._highest - self._expected).bit_length() + 7) // 8",
        "(self._highest - self._expected).bit_length() // 8",
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
        "return crc32(self._fields()[:_SEED_LENGTH])",
        "return crc32(self._fields()[:8])",
        "splices",
    ),
    one(
        "every file has the same salt",
        "placement.py",
        'salt = self._ask("draw a salt for", self.fs.entropy, 8)',
        "salt = bytes(8)",
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
        "numbers that no database reaches are accepted",
        "recovery.py",
        "    if not header.in_range:\n",
        "    if header is None:\n",
        f"{_RECOVERY}::test_numbers_have_an_end_that_no_database_reaches",
    ),
    one(
        "a reader accepts a cut reading",
        "opening.py",
        'reading.found is not None and reading.found.outcome == "clean"',
        "reading.found is not None",
        f"{_OPENING}::test_what_is_clean_the_second_time_is_the_truth",
    ),
    one(
        "readings agree if they are as long",
        "opening.py",
        "(reading.check, reading.size_bytes) == (previous.check, previous.size_bytes)",
        "reading.size_bytes == previous.size_bytes",
        f"{_OPENING}::test_reading_again_has_an_end",
    ),
    one(
        "the check of the mark is not checked",
        "record.py",
        "return length if data[:MARK_LENGTH] == encode_mark(length, check_seed) else None",
        "return length",
        f"{_RECOVERY}::test_an_unreadable_mark_is_reported",
    ),
    one(
        "a damaged mark is not reported",
        "recovery.py",
        "        log.damaged_mark = True\n",
        "        log.damaged_mark = False\n",
        f"{_RECOVERY}::test_a_mark_before_the_records_is_damaged",
    ),
    one(
        "proof is searched with the lower prefix alone",
        "stream.py",
        "for v in (self._expected + 1, self._highest)]",
        "for v in (self._expected + 1, self._expected + 1)]",
        "tests/unit/kernel/judging/test_proof.py::"
        "test_the_search_finds_what_looking_at_every_offset_finds",
    ),
    one(
        "a reader reads once",
        "opening.py",
        "READINGS = 8",
        "READINGS = 1",
        f"{_OPENING}::test_what_is_clean_the_second_time_is_the_truth",
    ),
)
