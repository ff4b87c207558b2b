"""Mistakes with snapshots: blocks and their index, the cache, damage, and what a compaction copies.

Absent on purpose: a compaction that fills the cache. It answers as before, a little later.
"""

from sim.mutants.mutant import Mutant, one
from sim.plans.profiles import COLD_BLOCKS, MIXED

_BLOCK = "tests/unit/kernel/test_block.py"
_COMPACTION = "tests/unit/kernel/test_compaction.py"
_SNAPSHOT = "tests/unit/kernel/test_snapshot.py"
_REPLACE = "store.replace(Level(last_below=written.index.last_key), written.order)"
_DAMAGED = "        if self.damage is None:\n            self.damage = error\n"
_RANGE = "any(newer.chunks(start, end, reverse=False))"
_REST = "            yield from run.rest()\n"
_COPY = "            yield Piece(start, snapshot.bytes_of(index))\n"
_GAPS = "tests/unit/kernel/test_gaps.py"

MUTANTS: tuple[Mutant, ...] = (
    # Blocks and their index.
    one(
        "a separator is not above the key before it",
        "block.py",
        "return first[: length + 1]",
        "return first[:length]",
        COLD_BLOCKS,
    ),
    one(
        "a separator is above the first key of its block",
        "block.py",
        "return first[: length + 1]",
        'return first[: length + 1] + b"\\0"',
        COLD_BLOCKS,
    ),
    one(
        "a directory whose lengths do not add up is accepted",
        "block.py",
        "if not count or first != start + _HEAD.size + _COLUMN * len(columns) + sum(names):",
        "if not count:",
        f"{_BLOCK}::test_a_payload_that_is_cut_or_longer_than_it_says_is_refused",
    ),
    one(
        "a block whose lengths do not add up is accepted",
        "block.py",
        "if not lengths or len(data) != _COUNT.size + _COLUMN * len(lengths) + sum(lengths):",
        "if not lengths:",
        f"{_BLOCK}::test_a_block_that_is_cut_or_longer_than_it_says_is_none",
    ),
    one(
        "separators ascend in each record alone",
        "block.py",
        "above = [*self.separators[-1:], *separators]",
        "above = separators",
        f"{_BLOCK}::test_separators_ascend_from_record_to_record",
    ),
    one(
        "the last key of a snapshot is that of its first record",
        "block.py",
        "self.last_key = last\n",
        "self.last_key = last if self.last_key is None else self.last_key\n",
        COLD_BLOCKS,
    ),
    one(
        "the last key of a record is that of its first block",
        "block.py",
        "last = _last_key(data, end - lengths[-1], end)",
        "last = _last_key(data, first, first + lengths[0])",
        COLD_BLOCKS,
    ),
    one(
        "the places of blocks forget the records before",
        "block.py",
        "        self.end += RECORD_HEADER_LENGTH + end - start\n",
        "        self.end = RECORDS_OFFSET + RECORD_HEADER_LENGTH + end - start\n",
        COLD_BLOCKS,
    ),
    one(
        "only the entries of the last record are counted",
        "block.py",
        "self.entries += sum(",
        "self.entries = sum(",
        f"{_COMPACTION}::test_a_record_is_closed_when_it_is_full",
    ),
    one(
        "a record of blocks may stand behind the snapshot",
        "recovery.py",
        "log.version + 1 + log.header.snapshot_records\n",
        "log.version + 2 + log.header.snapshot_records\n",
        MIXED,
    ),
    # Reading a block.
    one(
        "the check of a block is not compared",
        "snapshot.py",
        "if len(data) == length and crc32(data) == self.index.checks[index]:",
        "if len(data) == length:",
        COLD_BLOCKS,
    ),
    one(
        "a failure of storage in a read counts as damage",
        "snapshot.py",
        'raise UsageError("the database is closed") from None\n            raise\n',
        'raise UsageError("the database is closed") from None\n'
        '            raise self._damaged(index, "cannot be read") from None\n',
        COLD_BLOCKS,
    ),
    one(
        "a file that was replaced counts as damaged",
        "snapshot.py",
        "        if replaced:\n",
        "        if replaced is None:\n",
        COLD_BLOCKS,
    ),
    one(
        "damage is taken for a file that was replaced",
        "snapshot.py",
        "        if replaced:\n",
        "        if replaced is not None:\n",
        COLD_BLOCKS,
    ),
    one(
        "the cache has no limit",
        "snapshot.py",
        "if self._half is not None and self._young_bytes + size_bytes > self._half:",
        "if self._half is not None and self._young_bytes < 0:",
        f"{_SNAPSHOT}::test_a_cache_keeps_what_was_just_used_and_never_more_than_its_limit",
    ),
    one(
        "a block that is used again does not become young again",
        "snapshot.py",
        "if index in self.young or (",
        "if self.get(index) or (",
        f"{_SNAPSHOT}::test_a_block_that_is_used_again_and_again_stays",
    ),
    one(
        "two blocks share a place in the cache",
        "snapshot.py",
        "self._cache.use(index, block, size)",
        "self._cache.use(index // 2, block, size)",
        COLD_BLOCKS,
    ),
    # Damage.
    one("damage is forgotten", "snapshot.py", _DAMAGED, "", COLD_BLOCKS),
    one(
        "the last damage is told and not the first",
        "snapshot.py",
        _DAMAGED,
        "        self.damage = error\n",
        f"{_SNAPSHOT}::test_every_flipped_bit_of_a_block_is_damage_and_is_kept",
    ),
    one(
        "damage to one block refuses all reads",
        "snapshot.py",
        "        place, length = self.index.places[index], self.index.lengths[index]\n",
        "        self.require_undamaged()\n"
        "        place, length = self.index.places[index], self.index.lengths[index]\n",
        COLD_BLOCKS,
    ),
    one(
        "a commit is built on damage",
        "commit.py",
        "        self.require_undamaged()\n        log = self.log\n",
        "        log = self.log\n",
        COLD_BLOCKS,
    ),
    one(
        "a compaction begins on top of damage",
        "commit.py",
        "        self.require_undamaged()\n        self.sync()\n",
        "        self.sync()\n",
        COLD_BLOCKS,
    ),
    one(
        "damage is backed up",
        "database.py",
        "            self._commits.require_undamaged()\n",
        "",
        COLD_BLOCKS,
    ),
    one(
        "a mark is written over damage",
        "commit.py",
        "self.log.close(marked=self.snapshot is None or self.snapshot.damage is None)",
        "self.log.close()",
        COLD_BLOCKS,
    ),
    # Levels.
    one(
        "a deletion is forgotten although the snapshot holds the key",
        "level.py",
        "elif self._last_below is None or key > self._last_below:",
        "elif ops is not None:",
        COLD_BLOCKS,
    ),
    one(
        "the deletion of the last key of a snapshot is forgotten",
        "level.py",
        "elif self._last_below is None or key > self._last_below:",
        "elif self._last_below is None or key >= self._last_below:",
        COLD_BLOCKS,
    ),
    one(
        "recovery forgets deletions of what the snapshot holds",
        "recovery.py",
        "        elif last_below is None or key > last_below:",
        "        elif key:",
        MIXED,
    ),
    # Gaps.
    one(
        "what is set in a gap is not found",
        "gaps.py",
        "if low <= key and (high is None or key < high):",
        "if low < key and (high is None or key < high):",
        f"{_GAPS}::test_what_is_set_in_a_gap_is_found",
    ),
    one(
        "a view skips what was deleted after it was made",
        "store.py",
        "if self._level.changes != self._changes:  # the gap",
        "if self._level.changes < self._changes:  # the gap",
        f"{_GAPS}::test_a_view_that_is_older_than_a_gap_shows_what_it_held",
    ),
    one(
        "a gap that an older view has found counts",
        "gaps.py",
        "if noted is not None and noted[0] == changes:",
        "if noted is not None and noted[0] <= changes:",
        f"{_GAPS}::test_a_gap_that_an_older_view_finds_is_not_one_of_today",
    ),
    one(
        "a deleted key is looked up below",
        "database.py",
        "        if value is ABSENT:\n            value = below",
        "        if value is ABSENT or value is None:\n            value = below",
        COLD_BLOCKS,
    ),
    # Compaction.
    one(
        "a block is copied although something was written in its range",
        "compaction.py",
        f"if small or 0 < run.size < SMALL_BYTES or {_RANGE}:",
        "if small or 0 < run.size < SMALL_BYTES:",
        COLD_BLOCKS,
    ),
    one(
        "a copied block comes before the run that it ends",
        "compaction.py",
        _REST + _COPY,
        _COPY + _REST,
        COLD_BLOCKS,
    ),
    one(
        "a small block is left alone",
        "compaction.py",
        "small = not snapshot.index or snapshot.index.lengths[index] < SMALL_BYTES",
        "small = not snapshot.index",
        f"{_COMPACTION}::test_a_small_block_before_a_large_entry_is_joined_when_that_is_gone",
    ),
    one(
        "a small run is left alone",
        "compaction.py",
        f"if small or 0 < run.size < SMALL_BYTES or {_RANGE}:",
        f"if small or {_RANGE}:",
        f"{_COMPACTION}::test_a_block_that_has_become_small_is_joined_with_its_neighbour",
    ),
    one(
        "a run keeps the separator of the one before",
        "compaction.py",
        "            if not run.keys:\n                run.separator = start\n",
        "",
        COLD_BLOCKS,
    ),
    one(
        "a new snapshot is not put in place of the old one",
        "commit.py",
        f"                {_REPLACE}\n",
        "",
        COLD_BLOCKS,
    ),
    one(
        "the old level is kept after a compaction",
        "commit.py",
        _REPLACE,
        "store.replace(store.level, written.order)",
        COLD_BLOCKS,
    ),
)
