"""The store holds what was committed, and its views hold what had been."""

import random
from contextlib import AbstractContextManager
from types import TracebackType

import pytest

from libredb.kernel import level as level_module
from libredb.kernel.level import Level, Op
from libredb.kernel.overlay import Readable, entries_of
from libredb.kernel.store import OrderedStore


class Held(AbstractContextManager[None]):
    """A state that counts how often it was held, and knows whether it is."""

    def __init__(self) -> None:
        self.times = 0
        self.now = False

    def __enter__(self) -> None:
        self.times += 1
        self.now = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.now = False


def contents(readable: Readable) -> dict[bytes, bytes]:
    return dict(entries_of(readable.chunks(b"", None, reverse=False), reverse=False))


def test_the_state_is_held_while_a_view_is_made_and_not_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, held = Held(), list[bool]()
    store = OrderedStore(Level({b"a": b"1", b"b": b"2"}), state)
    order = Level.order

    def watched(level: Level) -> level_module.Order:
        held.append(state.now)
        return order(level)

    monkeypatch.setattr(Level, "order", watched)
    for _ in store.chunks(b"", None, reverse=False):
        assert not state.now
    view = store.view()
    assert (view.get(b"a"), contents(view)) == (b"1", {b"a": b"1", b"b": b"2"})
    assert (held, state.times) == ([True, True], 2)


@pytest.mark.parametrize("seed", range(20))
def test_a_view_holds_what_was_there_whatever_is_committed(seed: int) -> None:
    source = random.Random(seed)
    store = OrderedStore()
    kept: list[tuple[Readable, dict[bytes, bytes]]] = []
    model: dict[bytes, bytes] = {}
    for step in range(30):
        keys = [b"%02d" % source.randrange(30) for _ in range(4)]
        ops: list[Op] = [(key, source.choice([None, b"%d" % step])) for key in keys]
        store.apply(ops)
        for key, value in ops:
            model.pop(key, None)
            if value is not None:
                model[key] = value
        kept.append((store.view(), dict(model)))
        assert (len(store.level.ops), store.level.size_bytes) == (
            len(model),
            sum(2 + len(v) for v in model.values()),
        )
        for view, state in kept:
            key = b"%02d" % source.randrange(30)
            assert view.get(key) == state.get(key)
    assert all(contents(view) == state for view, state in kept)


def test_a_get_of_a_view_that_meets_a_commit_answers_from_what_was_there() -> None:
    """The dict is asked without a lock: a commit may come between the question and its check."""
    store = OrderedStore(Level({b"k": b"old"}))
    view = store.view()
    level = store._level
    get = level.get

    def meets_a_commit(key: bytes, default: bytes | None) -> bytes | None:
        level.get = get
        store.apply([(b"k", b"new")])
        return get(key, default)

    level.get = meets_a_commit
    assert view.get(b"k") == b"old"
    assert store.get(b"k") == b"new"
