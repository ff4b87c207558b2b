"""Mistakes with images: backups that are not the state of a moment, restores that take anything.

Absent on purpose: mistakes in the messages.
"""

from sim.mutants.mutant import Mutant, one

_BACKUPS = "tests/contract/test_backups.py"
_RESTORE = "tests/contract/test_restore.py"
_NEW_HEADER = (
    "place.new_header(\n            generation, reader.header.snapshot_records, "
    "reader.header.base_version\n        )\n"
)
_GENERATION = "max(h.generation for h in (reader.header, current.header) if h) + 1"

MUTANTS: tuple[Mutant, ...] = (
    one(
        "a backup does not sync",
        "database.py",
        "            self._commits.sync()\n            log = self._commits.log\n",
        "            log = self._commits.log\n",
        "tests/contract/test_window.py::test_sync_compact_backup_and_close_sync_what_is_pending",
    ),
    Mutant(
        "the chain of a backup is not checked",
        "image.py",
        (
            (
                "            for _ in stream.feed(piece):\n                pass\n        except",
                "        except",
            ),
            ("        yield piece\n    stream.require_end()\n", "        yield piece\n"),
        ),
        f"{_BACKUPS}::test_damage_does_not_travel",
    ),
    one(
        "a backup reads beyond its end",
        "image.py",
        "piece = read_exactly(path, file, offset, min(PIECE_BYTES, end - offset))",
        "piece = file.read(offset, PIECE_BYTES)",
        f"{_BACKUPS}::test_a_backup_is_the_file_after_closing",
    ),
    one(
        "the end of a backup is not that of its call",
        "image.py",
        "    for offset in range(RECORDS_OFFSET, end, PIECE_BYTES):\n        if",
        "    end = file.size()\n"
        "    for offset in range(RECORDS_OFFSET, end, PIECE_BYTES):\n        if",
        f"{_BACKUPS}::test_a_backup_is_the_file_after_closing",
    ),
    one(
        "a backup goes on when the database is closed",
        "image.py",
        "        if not is_open():\n",
        "        if is_open is None:\n",
        f"{_BACKUPS}::test_a_backup_ends_with_an_error_when_the_database_is_closed",
    ),
    one(
        "a backup takes a compaction for damage",
        "image.py",
        "            if is_current():\n",
        "            if path:\n",
        f"{_BACKUPS}::test_a_compaction_ends_a_backup_only_where_it_empties_the_file",
    ),
    one(
        "a backup of any file at the path",
        "placement.py",
        "if reading.file is not None and reading.header == log.header:",
        "if reading.file is not None:",
        "tests/contract/test_arguments.py::"
        "test_a_backup_of_a_file_that_was_replaced_behind_its_back_is_refused",
    ),
    one(
        "an image may end anywhere",
        "image.py",
        "                yield data[start + RECORD_HEADER_LENGTH : end]\n"
        "        stream.require_end()\n",
        "                yield data[start + RECORD_HEADER_LENGTH : end]\n",
        f"{_RESTORE}::test_an_image_that_is_not_whole_restores_nothing",
    ),
    one(
        "an image may be followed by anything",
        "image.py",
        "if self.stopped and (self.end < self._length or self.rest):",
        "if self.stopped and self.end < self._length:",
        f"{_RESTORE}::test_an_image_that_is_not_whole_restores_nothing",
    ),
    Mutant(
        "an image of a database that was not closed is accepted",
        "image.py",
        (
            (
                "            raise CorruptLogError(name, record.MARK_OFFSET, NOT_CLOSED)\n",
                "            mark = 0\n",
            ),
            ("if self.stopped and (", "if self.stopped and self._length and ("),
        ),
        f"{_RESTORE}::test_a_damaged_image_restores_nothing",
    ),
    one(
        "a restored database has the salt of its backup",
        "image.py",
        _NEW_HEADER,
        "FileHeader(\n            reader.header.salt, generation, reader.header.snapshot_records,\n"
        "            reader.header.base_version,\n        )\n",
        f"{_RESTORE}::test_a_restored_database_has_the_contents_and_a_salt_of_its_own",
    ),
    one(
        "a restore may go below the generation of its image",
        "image.py",
        _GENERATION,
        "(current.header.generation if current.header else 0) + 1",
        f"{_RESTORE}::test_a_restored_database_has_the_contents_and_a_salt_of_its_own",
    ),
    one(
        "a restore replaces without being asked to",
        "image.py",
        "            if not current.is_empty:\n",
        "            if current is None:\n",
        f"{_RESTORE}::test_a_database_is_replaced_only_if_that_is_asked_for",
    ),
    one(
        "a damaged database counts as an empty one",
        "reading.py",
        "return self.error is None and (self.found is None or not self.found.version)",
        "return self.found is None or not self.found.version",
        f"{_RESTORE}::test_a_damaged_database_is_replaced_only_if_that_is_asked_for",
    ),
    one(
        "a foreign file is replaced",
        "image.py",
        "    current.require(but=(CorruptLogError,))\n",
        "",
        f"{_BACKUPS}::test_backup_to_replaces_nothing_that_is_no_database",
    ),
    one(
        "a copy keeps the lock",
        "image.py",
        "        image.close()\n        place.release()\n",
        "        image.close()\n",
        f"{_BACKUPS}::test_backup_to_needs_no_file_system_on_one",
    ),
    one(
        "a copy is made without the lock",
        "image.py",
        "    place.lock()\n    current = place.look(writable=True)\n",
        "    current = place.look(writable=True)\n",
        f"{_BACKUPS}::test_backup_to_needs_no_file_system_on_one",
    ),
)
