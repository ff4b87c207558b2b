"""The ordered store is a dict whose entries come out sorted, however small its blocks are."""

import itertools
from contextlib import suppress
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from libredb.kernel import store as store_module
from libredb.kernel.store import OrderedStore
from tests.property.profile import examples
from tests.property.values import State, keys, scanned, values

LOCATE = OrderedStore._locate


class StoreMachine(RuleBasedStateMachine):
    """A store and a plain dict that see the same writes."""

    def __init__(self) -> None:
        """Begin with empty ones and with blocks of at most four keys."""
        super().__init__()
        self.store = OrderedStore()
        self.model: State = {}
        self.small_blocks = mock.patch.object(store_module, "BLOCK_LENGTH", 4)
        self.small_blocks.start()

    @rule(writes=st.lists(st.tuples(keys, st.none() | values), max_size=30))
    def apply(self, writes: list[tuple[bytes, bytes | None]]) -> None:
        self.store.apply(writes)
        for key, value in writes:
            if value is None:
                self.model.pop(key, None)
            else:
                self.model[key] = value

    @rule(key=keys, value=values)
    def set_one(self, key: bytes, value: bytes) -> None:
        self.apply([(key, value)])

    @rule(choice=st.integers(0, 1000))
    def delete_one_that_is_there(self, choice: int) -> None:
        if self.model:
            found = sorted(self.model)
            self.apply([(found[choice % len(found)], None)])

    @rule(key=keys)
    def get(self, key: bytes) -> None:
        assert self.store.get(key) == self.model.get(key)

    @rule(start=keys, end=st.none() | keys, reverse=st.booleans())
    def scan(self, *, start: bytes, end: bytes | None, reverse: bool) -> None:
        found = list(self.store.scan(start, end, reverse=reverse))
        assert found == scanned(self.model, start, end, reverse=reverse, limit=None)

    @rule()
    def be_interrupted_while_sorting(self) -> None:
        with mock.patch.object(store_module, "sorted", side_effect=KeyboardInterrupt, create=True):
            try:
                list(self.store.scan(b"", None))
            except KeyboardInterrupt:
                return

    @rule(at=st.integers(0, 40))
    def be_interrupted_while_inserting(self, at: int) -> None:
        answers = itertools.chain(itertools.repeat(None, at), [KeyboardInterrupt()])

        def locate(store: OrderedStore, key: bytes) -> tuple[int, int]:
            error = next(answers, None)
            if error is not None:
                raise error
            return LOCATE(store, key)

        with mock.patch.object(OrderedStore, "_locate", locate), suppress(KeyboardInterrupt):
            self.store.place()

    @invariant()
    def the_invariant_holds(self) -> None:
        self.store._check()
        assert len(self.store) == len(self.model)

    def teardown(self) -> None:
        """Leave everything in order."""
        self.scan(start=b"", end=None, reverse=False)
        self.small_blocks.stop()


TestOrderedStore = StoreMachine.TestCase
TestOrderedStore.settings = examples(120, steps=40)
