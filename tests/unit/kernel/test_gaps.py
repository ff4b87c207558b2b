"""Claim: a gap makes a scan shorter, and never shows less than there is."""

import random
from itertools import islice

import pytest

from libredb.kernel import store as store_module
from libredb.kernel.gaps import MOST, Gaps
from libredb.kernel.level import Level, Op, Ops, Order
from libredb.kernel.overlay import Readable, entries_of
from libredb.kernel.store import OrderedStore

KEYS = [b"%03d" % number for number in range(60)]


class Counted:
    """Blocks of three keys, which counts how often one is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __getitem__(self, index: int, /) -> Ops:
        """Return a block."""
        self.asked += 1
        keys = KEYS[3 * index : 3 * index + 3]
        return keys, keys


def store_over_blocks() -> tuple[OrderedStore, Counted]:
    """Return a store of all keys, whose level is empty."""
    blocks = Counted()
    below = Order(blocks, KEYS[3::3])
    return OrderedStore(Level(last_below=KEYS[-1]), below=below), blocks


def scan(readable: Readable, start: bytes = b"", end: bytes | None = None) -> list[bytes]:
    chunks = readable.chunks(start, end, reverse=False)
    return [key for key, _ in entries_of(chunks, reverse=False)]


def first(readable: Readable, *, reverse: bool) -> bytes | None:
    chunks = readable.chunks(b"", None, reverse=reverse)
    return next((key for key, _ in entries_of(chunks, reverse=reverse)), None)


@pytest.mark.parametrize("reverse", [False, True], ids=["first", "last"])
def test_taking_the_first_entry_again_and_again_costs_the_same_each_time(*, reverse: bool) -> None:
    # Each of them passed all that was deleted before: 4 ms after 8,000 deletions.
    store, blocks = store_over_blocks()
    order = KEYS[::-1] if reverse else KEYS
    costs: list[int] = []
    for key in order:
        before = blocks.asked
        assert first(store, reverse=reverse) == key
        costs.append(blocks.asked - before)
        store.apply([(key, None)])
    assert max(costs) <= store_module.FEW_PIECES + 3
    assert first(store, reverse=reverse) is None
    assert first(store, reverse=reverse) is None
    before = blocks.asked
    assert first(store, reverse=reverse) is None
    assert blocks.asked - before <= store_module.FEW_PIECES + 1


def test_what_is_set_in_a_gap_is_found() -> None:
    for key in (b"", KEYS[0], KEYS[20], KEYS[39]):
        store, _ = store_over_blocks()
        store.apply([(key, None) for key in KEYS[:40]])
        assert scan(store) == scan(store) == KEYS[40:]
        store.apply([(key, b"back")])
        assert scan(store) == sorted({key, *KEYS[40:]})


def test_a_view_that_is_older_than_a_gap_shows_what_it_held() -> None:
    store, _ = store_over_blocks()
    old = store.view()
    store.apply([(key, None) for key in KEYS[:40]])
    assert scan(store) == scan(store) == KEYS[40:]
    assert scan(old) == KEYS


def test_a_gap_that_an_older_view_finds_is_not_one_of_today() -> None:
    store, _ = store_over_blocks()
    store.apply([(key, None) for key in KEYS[:40]])
    old = store.view()
    store.apply([(KEYS[5], b"back")])
    assert scan(old) == KEYS[40:]
    assert scan(store) == scan(store) == [KEYS[5], *KEYS[40:]]


def test_so_many_gaps_are_known_and_then_others() -> None:
    gaps = Gaps()
    for number in range(MOST + 1):
        gaps.note(0, (KEYS[number], KEYS[50]), reverse=False)
        gaps.learn(0)
    assert gaps.behind(KEYS[0], None, reverse=False) == (KEYS[0], None)
    assert gaps.behind(KEYS[MOST], None, reverse=False) == (KEYS[50], None)
    assert gaps.behind(KEYS[MOST], KEYS[20], reverse=False) == (KEYS[50], KEYS[20])


@pytest.mark.parametrize("seed", range(60))
def test_scans_show_what_a_dict_holds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = random.Random(seed)
    monkeypatch.setattr(store_module, "FEW_PIECES", source.choice([0, 1, 4]))
    store, _ = store_over_blocks()
    model = dict(zip(KEYS, KEYS, strict=True))
    kept: list[tuple[Readable, dict[bytes, bytes]]] = []
    bounds: list[bytes | None] = [None, b"", b"010", b"0205", b"040", b"\xff"]
    for _ in range(80):
        low = source.randrange(60)
        ops: list[Op] = [(k, None) for k in KEYS[low : low + source.choice([0, 1, 3, 20, 60])]]
        if source.random() < 0.15:
            ops = [(KEYS[low], b"back")]
        store.apply(ops)
        for key, value in ops:
            model.pop(key, None)
            if value is not None:
                model[key] = value
        kept = [*kept[-3:], (store.view(), dict(model))]
        for view, state in kept:
            start, end = source.choice(bounds) or b"", source.choice(bounds)
            reverse = source.random() < 0.5
            found = entries_of(view.chunks(start, end, reverse=reverse), reverse=reverse)
            expected = [k for k in sorted(state) if start <= k and (end is None or k < end)]
            taken = source.choice([1, 5, 99])
            assert [key for key, _ in islice(found, taken)] == (
                expected[::-1] if reverse else expected
            )[:taken]
