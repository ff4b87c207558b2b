"""A level is a dict whose entries come out sorted, however small its blocks are."""

from contextlib import suppress
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from libredb.kernel import level as level_module
from libredb.kernel.level import Level
from libredb.kernel.overlay import entries_of
from libredb.kernel.store import View
from tests.property.profile import examples
from tests.property.values import State, keys, scanned, values


class LevelMachine(RuleBasedStateMachine):
    """A level and a plain dict that see the same writes."""

    def __init__(self) -> None:
        """Begin with empty ones and with blocks of at most four keys."""
        super().__init__()
        self.level = Level()
        self.model: State = {}
        self.small_blocks = mock.patch.object(level_module, "BLOCK_LENGTH", 4)
        self.small_blocks.start()

    @rule(writes=st.lists(st.tuples(keys, st.none() | values), max_size=30))
    def apply(self, writes: list[tuple[bytes, bytes | None]]) -> None:
        self.level.apply(writes)
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
        assert self.level.get(key, None) == self.model.get(key)

    @rule(start=keys, end=st.none() | keys, reverse=st.booleans())
    def scan(self, *, start: bytes, end: bytes | None, reverse: bool) -> None:
        view = View(self.level)
        found = list(entries_of(view.chunks(start, end, reverse=reverse), reverse=reverse))
        assert found == scanned(self.model, start, end, reverse=reverse, limit=None)

    @rule()
    def be_interrupted_while_placing(self) -> None:
        for step in ("sorted", "overlaid"):
            with (
                mock.patch.object(level_module, step, side_effect=KeyboardInterrupt, create=True),
                suppress(KeyboardInterrupt),
            ):
                self.level.order()

    @invariant()
    def the_invariant_holds(self) -> None:
        self.level._check()
        assert len(self.level.ops) == len(self.model)

    def teardown(self) -> None:
        """Leave everything in order."""
        self.scan(start=b"", end=None, reverse=False)
        self.small_blocks.stop()


TestLevels = LevelMachine.TestCase
TestLevels.settings = examples(120, steps=40)
