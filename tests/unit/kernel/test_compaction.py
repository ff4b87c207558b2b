"""Claim: the next snapshot holds what the old one and the ops above it say, and copies the rest."""

import random
from collections.abc import Mapping
from typing import cast

import pytest

from libredb import LogFile
from libredb.kernel import compaction
from libredb.kernel.block import BLOCK_BYTES, ENTRY_OVERHEAD, BlockIndex
from libredb.kernel.compaction import SMALL_BYTES, snapshot_records
from libredb.kernel.level import Level
from libredb.kernel.overlay import Chunk
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader
from libredb.kernel.snapshot import Snapshot
from tests.support.files import ID, SALT, BytesFile

HEADER = FileHeader(SALT, ID, 0, 1, 1)
NOTHING = Snapshot("p", cast(LogFile, BytesFile(b"")), HEADER, BlockIndex(), 0)
Writes = Mapping[bytes, bytes | None]


def compacted(snapshot: Snapshot, writes: Writes) -> Snapshot:
    """Return the next snapshot, in a file of its own; its inside is judged."""
    index = BlockIndex()
    image = HEADER.encode().ljust(RECORDS_OFFSET, b"\0")
    newer = Level(dict(writes), last_below=snapshot.index.last_key).order()
    for payload in snapshot_records(snapshot, newer, index):
        image += bytes(RECORD_HEADER_LENGTH) + payload
    assert len(image) == index.end
    following = Snapshot("p", cast(LogFile, BytesFile(image)), HEADER, index, 0)
    following.verify()
    return following


def entries(snapshot: Snapshot) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for keys, values in snapshot.order.chunks(b"", None, reverse=False):
        found.update(zip(*cast(Chunk, (keys, values)), strict=True))
    return found


def blocks(snapshot: Snapshot) -> set[tuple[int, int]]:
    return set(zip(snapshot.index.checks, snapshot.index.lengths, strict=True))


def filled(count: int, value_bytes: int = 100) -> dict[bytes, bytes]:
    source = random.Random(count)
    return {b"%06d" % (10 * number): source.randbytes(value_bytes) for number in range(count)}


def test_compacting_nothing_gives_no_record() -> None:
    assert list(snapshot_records(NOTHING, Level().order(), BlockIndex())) == []


def test_entries_without_a_snapshot_fill_their_blocks() -> None:
    contents = filled(1000)
    snapshot = compacted(NOTHING, contents)
    assert entries(snapshot) == contents
    assert (snapshot.index.entries, snapshot.index.last_key) == (1000, max(contents))
    full = BLOCK_BYTES - ENTRY_OVERHEAD - 106 - 4
    assert all(full < length <= BLOCK_BYTES + 4 for length in snapshot.index.lengths[:-2])


def test_a_record_is_closed_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", 3 * BLOCK_BYTES)
    index = BlockIndex()
    records = list(snapshot_records(NOTHING, Level(dict(filled(1000))).order(), index))
    assert len(records) > 5
    assert all(3 * BLOCK_BYTES < len(record) < 5 * BLOCK_BYTES for record in records[:-1])
    assert index.entries == 1000


def test_one_change_makes_one_block_new_and_copies_the_others() -> None:
    contents = filled(1000)
    before = compacted(NOTHING, contents)
    for change in ({b"002000": b"new"}, {b"002005": b"between"}, {b"002000": None}):
        after = compacted(before, change)
        assert len(blocks(before) - blocks(after)) == 1
        assert len(blocks(after) - blocks(before)) <= 2
        model = {**contents, **change}
        assert entries(after) == {k: v for k, v in model.items() if v is not None}


def test_what_is_new_at_both_ends_leaves_the_middle_alone() -> None:
    before = compacted(NOTHING, filled(1000))
    after = compacted(before, {b"": b"first", b"\xff": b"last"})
    assert len(blocks(before) - blocks(after)) == 2
    assert (min(entries(after)), after.index.last_key) == (b"", b"\xff")


def test_a_full_block_that_grows_becomes_two_halves() -> None:
    # Cut when it is full, it would leave a rest that joins the next block, and so on to the end.
    before = compacted(NOTHING, filled(1000))
    after = compacted(before, {b"002005": bytes(100)})
    new = [length for _, length in blocks(after) - blocks(before)]
    assert len(new) == 2
    assert all(BLOCK_BYTES // 3 < length < BLOCK_BYTES * 2 // 3 for length in new)


def test_a_block_that_has_become_small_is_joined_with_its_neighbour() -> None:
    contents = filled(1000)
    before = compacted(NOTHING, contents)
    start, end = before.index.range_of(5)
    gone = [key for key in contents if start <= key and (end is None or key < end)]
    after = compacted(before, dict.fromkeys(gone[1:]))
    assert len(after) == len(before)
    assert len(blocks(before) - blocks(after)) == 2
    assert min(after.index.lengths) >= SMALL_BYTES
    assert entries(compacted(after, dict.fromkeys(gone))).keys() == contents.keys() - set(gone)


def test_a_small_block_before_a_large_entry_is_joined_when_that_is_gone() -> None:
    contents = filled(100)
    before = compacted(NOTHING, {**contents, b"000015": bytes(3 * BLOCK_BYTES)})
    assert before.index.lengths[0] < SMALL_BYTES
    after = compacted(before, {b"000015": None})
    assert min(after.index.lengths) >= SMALL_BYTES
    assert entries(after) == contents


def test_deleting_everything_leaves_no_block() -> None:
    before = compacted(NOTHING, filled(300))
    after = compacted(before, dict.fromkeys(filled(300)))
    assert (len(after), after.index.last_key) == (0, None)


def test_an_entry_larger_than_a_block_stands_alone() -> None:
    contents = filled(100)
    large = {b"000505": bytes(3 * BLOCK_BYTES), b"000506": bytes(BLOCK_BYTES), b"\xff": bytes(9999)}
    snapshot = compacted(NOTHING, {**contents, **large})
    alone = [keys for keys, _ in map(snapshot.load, range(len(snapshot))) if len(keys) == 1]
    assert alone == [[key] for key in large]
    assert entries(compacted(snapshot, {b"000507": b""})) == {**contents, **large, b"000507": b""}


@pytest.mark.parametrize("seed", range(40))
def test_generation_after_generation_holds_what_a_dict_holds(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = random.Random(seed)
    monkeypatch.setattr(compaction, "BLOCK_BYTES", source.choice([40, 100, 400]))
    monkeypatch.setattr(compaction, "SMALL_BYTES", source.choice([0, 10, 25]))
    monkeypatch.setattr(compaction, "SNAPSHOT_RECORD_BYTES", source.choice([1, 300, 10**6]))
    snapshot, model = NOTHING, dict[bytes, bytes]()
    for _ in range(12):
        writes: dict[bytes, bytes | None] = {}
        for _ in range(source.choice([0, 1, 30])):
            key = bytes(source.choices(b"abc", k=source.randrange(5)))
            value = source.choice([None, b"", source.randbytes(source.choice([3, 30, 600]))])
            if value is not None or (snapshot.index.last_key or b"") >= key:
                writes[key] = value
        snapshot = compacted(snapshot, writes)
        model.update({key: value for key, value in writes.items() if value is not None})
        for key, value in writes.items():
            if value is None:
                model.pop(key, None)
        assert entries(snapshot) == model
        assert snapshot.index.entries == len(model)
        for key in {bytes(source.choices(b"abc", k=source.randrange(5))) for _ in range(20)}:
            assert snapshot.order.get(key, None) == model.get(key)
