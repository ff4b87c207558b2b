"""Mistakes in choosing: which of the files at a path is the database, and which is nobody's.

Absent on purpose: what is in the file that was chosen; see judging.py.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COMPACTION, CREATION, FOREIGN, SECTORS

_SLOTS = "tests/unit/kernel/judging/test_slots.py"
_UNFINISHED = "if len(filled) == 1 and is_unfinished(*slots[filled[0]]):"
_READING = "tests/unit/kernel/judging/test_reading.py"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "the longest slot is chosen",
        "recovery.py",
        "return generations[max(generations)]",
        "return max(filled, key=lambda index: slots[index][1])",
        COMPACTION,
    ),
    one(
        "a slot of a newer format is passed over",
        "recovery.py",
        "        if valid or newer:\n",
        "        if valid:\n",
        f"{_SLOTS}::test_slots_that_must_not_be_touched_are_refused",
    ),
    one(
        "a slot without a header is chosen of two",
        "recovery.py",
        "    if len(filled) > 1:\n",
        "    if not filled:\n",
        f"{_SLOTS}::test_slots_that_must_not_be_touched_are_refused",
    ),
    one(
        "a header alone makes a slot valid",
        "recovery.py",
        " and length >= RECORDS_OFFSET\n        newer",
        "\n        newer",
        f"{_SLOTS}::test_the_slot_with_the_highest_generation_is_the_database",
    ),
    one(
        "a file of zeros is new",
        "recovery.py",
        "    if len(slots) == 1:\n        return 0\n",
        "    if len(slots) == 1:\n        return 0 if any(slots[0][0]) else None\n",
        FOREIGN,
    ),
    one("an unfinished creation is refused", "recovery.py", _UNFINISHED, "if not slots:", CREATION),
    one(
        "any slot without a header is new",
        "recovery.py",
        _UNFINISHED,
        "if len(filled) == 1 and record.decode_file_header(slots[filled[0]][0]) is None:",
        FOREIGN,
    ),
    one(
        "a short foreign slot is new",
        "recovery.py",
        "if length <= len(record.STAMP):",
        "if length <= RECORDS_OFFSET:",
        f"{_SLOTS}::test_the_slot_with_the_highest_generation_is_the_database",
    ),
    one(
        "the end of a torn header may be anything",
        "recovery.py",
        "        and not header[-1]\n",
        "",
        f"{_SLOTS}::test_a_bit_flipped_in_a_finished_file_does_not_make_it_unfinished",
    ),
    one(
        "what follows a torn header may be anything",
        "recovery.py",
        "        and not any(data[record.FILE_HEADER_LENGTH : record.MARK_OFFSET])\n",
        "",
        f"{_SLOTS}::test_one_byte_in_a_wrong_place_makes_a_file_foreign",
    ),
    one(
        "a torn header needs no mark",
        "recovery.py",
        "        and mark.startswith(RECORDS_OFFSET.to_bytes(8))\n",
        "",
        f"{_SLOTS}::test_one_byte_in_a_wrong_place_makes_a_file_foreign",
    ),
    one(
        "no stamp is written",
        "placement.py",
        'stamp = b"" if current else STAMP',
        'stamp = b""',
        CREATION,
    ),
    one(
        "the stamp is not synced alone",
        "placement.py",
        '                log.write(0, stamp)\n                self._ask("sync", file.sync)\n',
        "                log.write(0, stamp)\n",
        CREATION,
    ),
    one(
        "the stamp is erased with the pages",
        "placement.py",
        'log.write(0, stamp.ljust(RECORDS_OFFSET, b"\\0"))',
        "log.write(0, bytes(RECORDS_OFFSET))",
        CREATION,
    ),
    one(
        "the file that was not chosen stays open",
        "placement.py",
        "        self.close_files(but=reading.file)\n",
        "",
        f"{_READING}::test_a_look_reads_44_bytes_of_each_file_and_leaves_the_chosen_one_open",
    ),
    one(
        "a foreign file gets a lock file",
        "opening.py",
        "    glance.require(but=(CorruptLogError, IncompleteReadError))\n",
        "",
        "tests/contract/test_arguments.py::test_a_foreign_file_gets_no_lock_file_beside_it",
    ),
    one(
        "no lock", "opening.py", "        place.lock()\n        reading", "        reading", SECTORS
    ),
    one(
        "the lowest generation is chosen",
        "recovery.py",
        "generations[max(generations)]",
        "generations[min(generations)]",
        f"{_SLOTS}::test_the_slot_with_the_highest_generation_is_the_database",
    ),
)
