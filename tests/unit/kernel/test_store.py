"""The ordered store is a dict that reads in key order, and its invariant holds at every step."""

import random

import pytest

from libredb.kernel import store as store_module
from libredb.kernel.store import Entry, OrderedStore


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
    assert store._keys == [[]]
    list(store.scan(b"", None))
    assert len(store._keys) > 1
    blocks = [id(block) for block in store._keys]
    store.apply([(b"0505", b"new")])
    list(store.scan(b"", None))
    assert len({id(block) for block in store._keys} & set(blocks)) >= len(blocks) - 1


def test_size_counts_the_bytes_of_keys_and_values() -> None:
    store = OrderedStore()
    store.apply([(b"key", b"12345"), (b"key", b"1"), (b"other", b""), (b"gone", b"x")])
    store.apply([(b"gone", None), (b"never there", None)])
    assert store.size_bytes == len(b"key1other")


@pytest.mark.parametrize("interrupted", ["_rebuild", "_insert"])
def test_an_interrupted_ordering_loses_no_entry(
    monkeypatch: pytest.MonkeyPatch, interrupted: str
) -> None:
    store = filled(*(b"%03d" % number for number in range(50)))
    list(store.scan(b"", None))
    fresh = 20 if interrupted == "_rebuild" else 3
    store.apply((b"new%02d" % number, b"v") for number in range(fresh))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(OrderedStore, interrupted, interrupt)
        with pytest.raises(KeyboardInterrupt):
            store.scan(b"", None)
    store._check()
    assert len(list(store.scan(b"", None))) == 50 + fresh
    store._check()
