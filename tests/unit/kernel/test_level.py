"""A level is a dict that reads in key order, and its invariant holds at every step."""

import random
from collections.abc import Iterator
from typing import cast

import pytest

from libredb.kernel import level as level_module
from libredb.kernel.level import Entry, Level, Op, Order, Writes, overlaid
from libredb.kernel.overlay import Chunk, Overlay, Readable, entries_of, merged
from libredb.kernel.store import View
from tests.support.case import case
from tests.support.interrupting import interrupted_at


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few keys make many blocks."""
    monkeypatch.setattr(level_module, "BLOCK_LENGTH", 4)
    monkeypatch.setattr(level_module, "PIECE_LENGTH", 3)


def filled(*keys: bytes) -> Level:
    level = Level()
    level.apply((key, b"value of " + key) for key in keys)
    return level


def scan(
    level: Level | Order, start: bytes = b"", end: bytes | None = None, *, reverse: bool = False
) -> list[Entry]:
    order = level.order() if isinstance(level, Level) else level
    chunks = cast(Iterator[Chunk], order.chunks(start, end, reverse=reverse))
    return list(entries_of(chunks, reverse=reverse))


def expected(
    model: dict[bytes, bytes], start: bytes, end: bytes | None, *, reverse: bool
) -> list[Entry]:
    entries = [(key, model[key]) for key in model if key >= start and (end is None or key < end)]
    return sorted(entries, reverse=reverse)


def draw_key(random_source: random.Random) -> bytes:
    return bytes(random_source.choice(b"\0a\xff") for _ in range(random_source.randrange(5)))


@pytest.mark.parametrize("seed", range(30))
def test_it_answers_like_a_dict_after_any_ops(seed: int) -> None:
    source = random.Random(seed)
    level, model = Level(), dict[bytes, bytes]()
    read_often = seed % 2 == 0
    for step in range(200):
        key = draw_key(source)
        value = None if source.random() < 0.4 else b"%d" % step
        level.apply([(key, value)])
        if value is None:
            model.pop(key, None)
        else:
            model[key] = value
        level._check()
        assert (level.get(key, None), len(level.ops)) == (value, len(model))
        if read_often or step % 50 == 0:
            start, end = draw_key(source), source.choice([None, draw_key(source)])
            reverse = source.random() < 0.5
            found = scan(level, start, end, reverse=reverse)
            assert found == expected(model, start, end, reverse=reverse)
            level._check()


@pytest.mark.parametrize("seed", range(5))
def test_it_empties_and_fills_again(seed: int) -> None:
    source = random.Random(seed)
    level = Level()
    for _ in range(3):
        keys = [b"%03d" % number for number in range(40)]
        for order in (keys[:20], keys[20:]):  # the second half meets blocks that are there
            source.shuffle(order)
            for key in order:
                level.apply([(key, b"v")])
                scan(level)
                level._check()
        assert [key for key, _ in scan(level)] == keys
        source.shuffle(keys)
        for key in keys:
            level.apply([(key, None)])
            level.order()
            level._check()
        assert scan(level) == []
        assert (len(level.ops), level.size_bytes) == (0, 0)


def test_order_is_by_unsigned_byte_and_a_prefix_comes_first() -> None:
    keys = [
        b"",
        b"\0",
        b"\0\0",
        b"\1",
        b"a",
        b"a\0",
        b"aa",
        b"b",
        b"\x7f",
        b"\x80",
        b"\xff",
        b"\xff\0",
    ]
    level = filled(*reversed(keys))
    assert [key for key, _ in scan(level)] == keys
    assert [key for key, _ in scan(level, reverse=True)] == keys[::-1]


def blocks_of(level: Level) -> list[int]:
    return [id(block) for block in level.order()._blocks]


def test_loading_does_not_pay_for_order_and_few_new_keys_do_not_sort_all() -> None:
    level = filled(*(b"%03d" % number for number in range(100)))
    assert level._order is None
    blocks = blocks_of(level)
    assert len(blocks) > 1
    level.apply([(b"0505", b"new")])
    assert len(set(blocks_of(level)) & set(blocks)) >= len(blocks) - 1


def test_size_counts_the_bytes_of_keys_and_values() -> None:
    level = Level()
    level.apply([(b"key", b"12345"), (b"key", b"1"), (b"other", b""), (b"gone", b"x")])
    level.apply([(b"gone", None), (b"never there", None)])
    assert level.size_bytes == len(b"key1other")


def interrupted_placing(seed: int, fresh: int, at: int) -> tuple[Level, bool]:
    """Return a level whose `place` met an interrupt at its `at`-th line, and whether it did."""
    source = random.Random(seed)
    level = filled(*(b"%03d" % number for number in source.sample(range(200), 50)))
    level.order()
    level.apply((b"%03d new" % source.randrange(200), b"v") for _ in range(fresh))
    level.apply([(b"%03d" % source.randrange(200), None) for _ in range(10)])
    return level, interrupted_at(at, level_module.__file__, level.order)


@pytest.mark.parametrize("fresh", [3, 20], ids=["inserting", "rebuilding"])
@pytest.mark.parametrize("seed", range(3))
def test_an_interrupt_at_any_line_of_placing_leaves_every_key_once(seed: int, fresh: int) -> None:
    """What an interrupted placing had inserted was inserted again by the next one.

    The handler that was to prevent it, by forgetting the order, allocated a set of all keys, and
    memory may be what was short: a second MemoryError inside it left half an order for good.
    """
    at, interrupted = 0, True
    while interrupted:
        at += 1
        with case(interrupted_at_line=at):
            level, interrupted = interrupted_placing(seed, fresh, at)
            level._check()
            first = min(level.ops)
            for writes in ([], [(b"100 later", b"v"), (first, None)]):
                level.apply(writes)
                level._check()
                assert [key for key, _ in scan(level)] == sorted(level.ops)
                level._check()
    assert at > 20


def test_placing_what_is_placed_does_nothing() -> None:
    level = filled(*(b"%03d" % number for number in range(50)))
    assert level.order() is level.order()


@pytest.mark.parametrize("at", range(4))
def test_an_interrupt_between_the_steps_of_a_write_loses_no_key(
    monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """A key that has its value, and of which the order knows nothing, is missing in every scan."""
    level = filled(*(b"%03d" % number for number in range(50)))
    level.order()
    steps = 0

    class Interrupted(set[bytes]):
        def add(self, key: bytes, /) -> None:
            nonlocal steps
            if steps == at:
                raise KeyboardInterrupt
            super().add(key)
            steps += 1

    level._unplaced = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        level.apply([(b"010", b"new"), (b"new", b"v"), (b"020", None), (b"new", None), (b"x", b"")])
    level._check()
    assert scan(level) == sorted(level.ops.items())


def test_who_reads_in_order_in_the_middle_of_a_write_hides_no_key() -> None:
    """A signal handler that scanned then made an order, and what followed was in no scan again."""
    level = filled(b"a")

    def writes() -> Iterator[Op]:
        yield b"b", b"v"
        level.order()
        yield b"c", b"v"

    level.apply(writes())
    level._check()
    assert scan(level) == sorted(level.ops.items())


# Orders


@pytest.mark.parametrize("seed", range(20))
def test_an_order_keeps_what_was_there_whatever_follows(seed: int) -> None:
    source = random.Random(seed)
    level = Level()
    kept: list[tuple[Order, list[tuple[bytes, bytes | None]], Writes]] = []
    for step in range(60):
        for _ in range(source.randrange(6)):
            value = None if source.random() < 0.4 else b"%d" % step
            level.apply([(draw_key(source), value)])
        kept.append((level.order(), sorted(level.ops.items()), dict(level.ops)))
    for order, entries, ops in kept:
        assert scan(order) == entries
        keys = {draw_key(source) for _ in range(20)} | set(ops)
        assert all(order.get(key, b"absent") == ops.get(key, b"absent") for key in keys)


# Levels on top of each other


def draw_ops(source: random.Random, most: int) -> Writes:
    ops: Writes = {}
    for number in range(source.randrange(most)):
        ops[draw_key(source)] = None if source.random() < 0.4 else b"%d" % number
    return ops


@pytest.mark.parametrize("reverse", [False, True], ids=["ascending", "descending"])
@pytest.mark.parametrize("seed", range(60))
def test_the_newest_level_counts(seed: int, *, reverse: bool) -> None:
    source = random.Random(seed)
    level = Level()
    level.apply((key, value) for key, value in draw_ops(source, 40).items())
    model: Writes = dict(level.ops)
    view: Readable = View(level)
    for _ in range(source.randrange(4)):
        ops = draw_ops(source, 60)
        upper = Level()
        for key, value in ops.items():
            upper.put(key, value)
        view = Overlay(upper, view)
        model.update(ops)
    entries = {key: value for key, value in model.items() if value is not None}
    for _ in range(20):
        start, end = draw_key(source), source.choice([None, draw_key(source)])
        chunks = list(view.chunks(start, end, reverse=reverse))
        assert all(keys and len(keys) == len(values) for keys, values in chunks)
        found = list(entries_of(iter(chunks), reverse=reverse))
        assert found == expected(entries, start, end, reverse=reverse)
    for key in {draw_key(source) for _ in range(20)}:
        assert view.get(key) == model.get(key)


@pytest.mark.parametrize("reverse", [False, True], ids=["ascending", "descending"])
def test_no_piece_of_a_scan_is_long_because_of_what_lies_on_top(*, reverse: bool) -> None:
    # One old entry before 10,000 new ones: put into one list one by one, they take for ever.
    level = filled(*(b"%03d" % number for number in range(300)))
    below = filled(b"\0", b"\xff")
    view = Overlay(level, View(below))
    lengths = [len(keys) for keys, _ in view.chunks(b"", None, reverse=reverse)]
    assert sum(lengths) == 302
    assert max(lengths) <= 3 + 2


def test_what_nothing_lies_on_passes_as_it_is() -> None:
    older = [([b"a", b"b"], [b"1", b"2"]), ([b"x"], [b"3"])]
    newer = filled(b"c").order()
    found = list(merged(iter(older), newer, b"", None, reverse=False))
    assert [found[0], found[2]] == older
    assert (found[0][0] is older[0][0], found[1][0]) == (True, [b"c"])


def test_a_key_that_is_gone_goes_and_others_stay() -> None:
    older = [b"a", b"b", b"c"], [b"1", b"2", b"3"]
    newer = [b"", b"b", b"c", b"d"], [None, None, b"new", b"4"]
    assert overlaid(older, newer) == ([b"a", b"c", b"d"], [b"1", b"new", b"4"])
    assert older == ([b"a", b"b", b"c"], [b"1", b"2", b"3"])
