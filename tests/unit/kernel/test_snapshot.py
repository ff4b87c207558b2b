"""Claim: a snapshot answers from bounded memory, and only with bytes that opening has judged."""

import random
from typing import cast

import pytest

from libredb import CorruptLogError, LogFile, StorageError, UsageError
from libredb.kernel.block import BLOCK_BYTES, BlockIndex, encode_block, encode_snapshot_record
from libredb.kernel.level import Ops
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader
from libredb.kernel.snapshot import Cache, Snapshot
from tests.support.files import ID, SALT, BytesFile, flipped

HEADER = FileHeader(SALT, ID, 0, 1, 1)
KEYS = [b"%02d" % number for number in range(30)]


class Watched(BytesFile):
    """A file that counts what is read, and fails when it is told to."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[tuple[int, int]] = []
        self.fails = False

    def read(self, offset: int, length: int, /) -> bytes:
        """Return bytes of the file, or fail."""
        self.reads.append((offset, length))
        if self.fails:
            raise OSError(5, "the device does not answer")
        return super().read(offset, length)


def snapshot_of(
    keys: list[bytes] = KEYS, *, cache_bytes: int | None = None, each: int = 3
) -> tuple[Snapshot, Watched]:
    """Return a snapshot of these keys, so many to a block, whose values are their keys."""
    parts = [keys[at : at + each] for at in range(0, len(keys), each)]
    payload = encode_snapshot_record([p[0] for p in parts], [encode_block(p, p) for p in parts])
    image = HEADER.encode().ljust(RECORDS_OFFSET + RECORD_HEADER_LENGTH, b"\0") + payload
    index = BlockIndex()
    assert index.add(payload, 0, len(payload)) == ()
    file = Watched(image)
    return Snapshot("p", cast(LogFile, file), HEADER, index, cache_bytes), file


def everything(snapshot: Snapshot) -> list[bytes]:
    chunks = snapshot.order.chunks(b"", None, reverse=False)
    return [key for keys, _ in chunks for key in keys]


def test_a_get_reads_one_block_and_a_scan_those_of_its_range() -> None:
    snapshot, file = snapshot_of()
    assert snapshot.order.get(b"07", None) == b"07"
    assert [place for place, _ in file.reads] == [snapshot.index.places[2]]
    assert snapshot.order.get(b"07x", None) is None
    found = list(snapshot.order.chunks(b"04", b"10", reverse=False))
    assert [key for keys, _ in found for key in keys] == KEYS[4:10]
    assert {place for place, _ in file.reads} == set(snapshot.index.places[1:4])
    assert everything(snapshot) == KEYS


@pytest.mark.parametrize("reverse", [False, True])
def test_a_range_that_ends_where_a_block_begins_does_not_read_it(*, reverse: bool) -> None:
    # It was read to find nothing in it: for every scan of a prefix that is a separator too, and
    # first of all blocks if the order was reversed.
    snapshot, file = snapshot_of()
    found = list(snapshot.order.chunks(b"03", b"06", reverse=reverse))
    assert [key for keys, _ in found for key in keys] == KEYS[3:6]
    assert {place for place, _ in file.reads} == {snapshot.index.places[1]}


def test_without_blocks_there_is_nothing_to_read() -> None:
    snapshot = Snapshot("p", cast(LogFile, Watched(b"")), HEADER, BlockIndex(), None)
    assert (len(snapshot), everything(snapshot), snapshot.order.get(b"k", None)) == (0, [], None)


# The cache


def test_a_block_that_is_kept_is_read_once() -> None:
    snapshot, file = snapshot_of()
    for _ in range(3):
        assert everything(snapshot) == KEYS
    assert len(file.reads) == len(snapshot)


def test_a_cache_of_nothing_reads_again_each_time() -> None:
    snapshot, file = snapshot_of(cache_bytes=0)
    for _ in range(3):
        assert everything(snapshot) == KEYS
    assert len(file.reads) == 3 * len(snapshot)


def test_a_look_in_passing_keeps_nothing() -> None:
    snapshot, file = snapshot_of()
    for _ in range(2):
        assert snapshot.peek(0)[0] == KEYS[:3]
    assert len(file.reads) == 2
    assert snapshot[0] == snapshot.peek(0)
    assert len(file.reads) == 3


def test_an_entry_larger_than_a_block_is_not_kept() -> None:
    snapshot, file = snapshot_of([b"k" * 5000], each=1)
    for _ in range(2):
        assert everything(snapshot) == [b"k" * 5000]
    assert len(file.reads) == 2


def test_a_block_that_is_full_to_the_last_byte_is_kept() -> None:
    """The limit of a block counts its entries; its bytes begin with a count of four more.

    So where the length of an entry divides 4,096, no block of a snapshot was ever kept.
    """
    keys = [b"%d" % number + bytes(507) for number in range(8)]
    snapshot, file = snapshot_of(keys, each=4)
    assert set(snapshot.index.lengths) == {BLOCK_BYTES + 4}
    for _ in range(2):
        assert everything(snapshot) == keys
    assert len(file.reads) == 2


@pytest.mark.parametrize("seed", range(10))
def test_a_cache_keeps_what_was_just_used_and_never_more_than_its_limit(seed: int) -> None:
    source = random.Random(seed)
    limit = source.randrange(100, 400)
    sizes = [source.randrange(1, 120) for _ in range(40)]
    blocks: list[Ops] = [([b"%d" % number], [b""]) for number in range(40)]
    cache = Cache(limit)
    for _ in range(1000):
        number = source.randrange(40)
        assert cache.get(number) in (None, blocks[number])
        cache.use(number, blocks[number], sizes[number])
        kept = [n for n in range(40) if cache.get(n) is not None]
        assert sum(sizes[n] for n in kept) <= limit
        assert number in kept or sizes[number] > limit // 2


def test_a_block_that_is_used_again_and_again_stays() -> None:
    cache = Cache(100)
    for number in range(1, 50):
        for used in (0, number):
            cache.use(used, ([], []), 10)
        assert cache.get(0) is not None
    assert cache.get(1) is None


# Bytes that are not those that were judged


def test_every_flipped_bit_of_a_block_is_damage_and_is_kept() -> None:
    for offset in range(snapshot_of()[0].index.places[4], snapshot_of()[0].index.places[5]):
        snapshot, file = snapshot_of()
        snapshot.require_undamaged()
        sound, file.data = file.data, flipped(file.data, offset)
        for _ in range(2):
            with pytest.raises(CorruptLogError, match=r"the block of the keys from b'12' to b'15'"):
                snapshot.order.get(b"13", None)
        assert snapshot.order.get(b"15", None) == b"15"
        file.data = flipped(sound, snapshot.index.places[0])
        with pytest.raises(CorruptLogError):
            snapshot.order.get(b"00", None)
        with pytest.raises(CorruptLogError) as caught:
            snapshot.require_undamaged()
        assert caught.value.offset == snapshot.index.places[4]
        assert caught.value.evidence == "snapshot"


def test_the_last_block_has_no_end_to_tell() -> None:
    snapshot, file = snapshot_of()
    file.data = file.data[:-1]
    with pytest.raises(CorruptLogError, match="from b'27' on is damaged since it was opened"):
        snapshot.order.get(b"28", None)


def test_a_failure_of_storage_is_no_damage() -> None:
    snapshot, file = snapshot_of()
    file.fails = True
    with pytest.raises(StorageError, match="the device does not answer"):
        snapshot.order.get(b"05", None)
    file.fails = False
    snapshot.require_undamaged()
    assert snapshot.order.get(b"05", None) == b"05"


def test_another_header_means_another_file() -> None:
    for data in (b"", FileHeader(SALT, ID, 1, 1, 1).encode()):
        snapshot, file = snapshot_of()
        file.data = data
        with pytest.raises(UsageError, match="a compaction has replaced 'p'"):
            snapshot.order.get(b"05", None)
        snapshot.require_undamaged()


def test_a_closed_snapshot_answers_from_the_cache_alone_and_says_why() -> None:
    snapshot, file = snapshot_of()
    assert snapshot.order.get(b"05", None) == b"05"
    snapshot.closed = True
    assert snapshot.order.get(b"05", None) == b"05"
    for damage in ("data", "fails"):  # another file may have got the number of ours
        setattr(file, damage, b"another file")
        with pytest.raises(UsageError, match="the database is closed"):
            snapshot.order.get(b"15", None)
    snapshot.require_undamaged()


# Blocks that a check covers, and that are wrong inside


def built(blocks: list[bytes], separators: list[bytes]) -> Snapshot:
    payload = encode_snapshot_record(separators, blocks)
    image = HEADER.encode().ljust(RECORDS_OFFSET + RECORD_HEADER_LENGTH, b"\0") + payload
    index = BlockIndex()
    assert index.add(payload, 0, len(payload)) == ()
    return Snapshot("p", cast(LogFile, Watched(image)), HEADER, index, 0)


def test_lengths_that_do_not_add_up_are_damage() -> None:
    good = encode_block([b"b"], [b""])
    snapshot = built([encode_block([b"a"], [b"v"])[:-1], good], [b"", b"b"])
    assert snapshot.order.get(b"b", None) == b""
    with pytest.raises(CorruptLogError, match="holds lengths that do not add up"):
        snapshot.order.get(b"a", None)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([b"b", b"a"], [b"d"]),
        ([b"a", b"a"], [b"d"]),
        ([b"a", b"c"], [b"d"]),
        ([b"a"], [b"b"]),
    ],
    ids=["descending", "twice", "above its range", "below its range"],
)
def test_verifying_finds_keys_that_are_out_of_order(
    first: list[bytes], second: list[bytes]
) -> None:
    snapshot = built([encode_block(first, first), encode_block(second, second)], [b"", b"c"])
    with pytest.raises(CorruptLogError, match="holds keys that are not in order"):
        snapshot.verify()


def test_verifying_reads_everything_and_keeps_nothing() -> None:
    snapshot, file = snapshot_of()
    snapshot.verify()
    assert len(file.reads) == len(snapshot)
    assert snapshot.order.get(b"05", None) == b"05"
    assert len(file.reads) == len(snapshot) + 1
