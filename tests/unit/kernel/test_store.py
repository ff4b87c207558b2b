"""The ordered store is a dict that reads in key order, and its invariant holds at every step."""

import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from libredb.kernel import store as store_module
from libredb.kernel.store import Entry, OrderedStore
from tests.support.case import case

TraceFunction = Callable[[FrameType, str, Any], Any]


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few keys make many blocks."""
    monkeypatch.setattr(store_module, "BLOCK_LENGTH", 4)


def filled(*keys: bytes) -> OrderedStore:
    store = OrderedStore()
    store.apply((key, b"value of " + key) for key in keys)
    return store


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
    store, model = OrderedStore(), dict[bytes, bytes]()
    read_often = seed % 2 == 0
    for step in range(200):
        key = draw_key(source)
        value = None if source.random() < 0.4 else b"%d" % step
        store.apply([(key, value)])
        if value is None:
            model.pop(key, None)
        else:
            model[key] = value
        store._check()
        assert (store.get(key), len(store)) == (value, len(model))
        if read_often or step % 50 == 0:
            start, end = draw_key(source), source.choice([None, draw_key(source)])
            reverse = source.random() < 0.5
            found = list(store.scan(start, end, reverse=reverse))
            assert found == expected(model, start, end, reverse=reverse)
            store._check()


@pytest.mark.parametrize("seed", range(5))
def test_it_empties_and_fills_again(seed: int) -> None:
    source = random.Random(seed)
    store = OrderedStore()
    for _ in range(3):
        keys = [b"%03d" % number for number in range(40)]
        for order in (keys[:20], keys[20:]):  # the second half meets blocks that are there
            source.shuffle(order)
            for key in order:
                store.apply([(key, b"v")])
                list(store.scan(b"", None))
                store._check()
        assert [key for key, _ in store.scan(b"", None)] == keys
        source.shuffle(keys)
        for key in keys:
            store.apply([(key, None)])
            store._check()
        assert list(store.scan(b"", None)) == []
        assert (len(store), store.size_bytes) == (0, 0)


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
    store = filled(*reversed(keys))
    assert [key for key, _ in store.scan(b"", None)] == keys
    assert [key for key, _ in store.scan(b"", None, reverse=True)] == keys[::-1]


def test_loading_does_not_pay_for_order_and_few_new_keys_do_not_sort_all() -> None:
    store = filled(*(b"%03d" % number for number in range(100)))
    assert store._key_blocks == [[]]
    list(store.scan(b"", None))
    assert len(store._key_blocks) > 1
    blocks = [id(block) for block in store._key_blocks]
    store.apply([(b"0505", b"new")])
    list(store.scan(b"", None))
    assert len({id(block) for block in store._key_blocks} & set(blocks)) >= len(blocks) - 1


def test_size_counts_the_bytes_of_keys_and_values() -> None:
    store = OrderedStore()
    store.apply([(b"key", b"12345"), (b"key", b"1"), (b"other", b""), (b"gone", b"x")])
    store.apply([(b"gone", None), (b"never there", None)])
    assert store.size_bytes == len(b"key1other")


def interrupted_placing(seed: int, fresh: int, at: int) -> tuple[OrderedStore, bool]:
    """Return a store whose `place` met an interrupt at its `at`-th line, and whether it did."""
    source = random.Random(seed)
    store = filled(*(b"%03d" % number for number in source.sample(range(200), 50)))
    store.place()
    store.apply((b"%03d new" % source.randrange(200), b"v") for _ in range(fresh))
    store.apply([(b"%03d" % source.randrange(200), None) for _ in range(10)])
    lines = 0

    def interrupt(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        nonlocal lines
        if frame.f_code.co_filename != store_module.__file__:
            return None
        lines += event == "line"
        if lines == at:
            sys.settrace(None)
            raise KeyboardInterrupt
        return interrupt

    before = sys.gettrace()
    sys.settrace(interrupt)
    try:
        store.place()
    except KeyboardInterrupt:
        return store, True
    finally:
        sys.settrace(before)
    return store, False


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
            store, interrupted = interrupted_placing(seed, fresh, at)
            store._check()
            first = min(store._values)
            for writes in ([], [(b"100 later", b"v"), (first, None)]):
                store.apply(writes)
                store._check()
                assert [key for key, _ in store.scan(b"", None)] == sorted(store._values)
                store._check()
    assert at > 20


def test_an_interrupted_placing_is_forgotten_by_what_is_written_before_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Overwriting and deleting must not look for a place in half an order."""
    keys = [b"%03d" % number for number in range(50)]
    store = filled(*keys)
    store.place()
    store.apply([(b"0005", b"v"), (b"0495", b"v")])
    insert = OrderedStore._insert

    def interrupt(self: OrderedStore, key: bytes) -> None:
        if key == b"0495":
            raise MemoryError
        insert(self, key)

    with monkeypatch.context() as patch:
        patch.setattr(OrderedStore, "_insert", interrupt)
        with pytest.raises(MemoryError):
            store.place()
    for key in keys:
        store.apply([(key, b"again")])
        store._check()
    for key in (b"0005", *keys[::2]):
        store.apply([(key, None)])
        store._check()
    assert list(store.scan(b"", None)) == sorted(
        [*((key, b"again") for key in keys[1::2]), (b"0495", b"v")]
    )


def test_placing_what_is_placed_does_nothing() -> None:
    store = filled(*(b"%03d" % number for number in range(50)))
    store.place()
    blocks = [id(block) for block in store._key_blocks]
    store.place()
    assert [id(block) for block in store._key_blocks] == blocks
