"""Claim: a write is worth room exactly when the four conditions of `Room` hold.

Each condition is broken alone; then random histories are compared with a model that knows the whole
history instead of four numbers.
"""

import random
from dataclasses import dataclass, field

import pytest

from libredb.room import Room

STEP, SMALL = 1000, 100


def ready(end: int = 500) -> Room:
    """Return room for a file of `end` bytes that is in its place and was synced."""
    room = Room(STEP, SMALL, end=end, placed=True)
    room.synced(end)
    return room


def worth(room: Room, end: int, size: int | None = None) -> int:
    """Return where room for a write up to `end` is to end, or 0; the file has `size` bytes."""
    size = room.end if size is None else size
    return room.wanted(end, size) if end > room.end and room.grows(end) else 0


@pytest.mark.parametrize(
    ("size", "end", "room_end"),
    [
        (0, 1, 1000),
        (500, 501, 1000),
        (500, 600, 1000),
        (900, 999, 1000),
        (900, 1000, 2000),
        (950, 1001, 2000),
        (1000, 1100, 2000),
        (2999, 3000, 4000),
    ],
)
def test_room_ends_at_the_first_step_behind_the_write(size: int, end: int, room_end: int) -> None:
    assert worth(ready(size), end) == room_end


@pytest.mark.parametrize(("growth", "room_end"), [(1, 1000), (100, 1000), (101, 0), (499, 0)])
def test_only_little_growth_is_worth_room(growth: int, room_end: int) -> None:
    assert worth(ready(500), 500 + growth) == room_end


def test_a_file_that_is_not_in_its_place_has_no_room() -> None:
    """Room behind a header that was not on the disk yet: a mere crash looked like damage."""
    room = Room(STEP, SMALL)
    for end in (8, 16, 24):
        assert worth(room, end) == 0, f"a write up to {end}"
        room.synced(end)
    room.placed()
    assert worth(room, 32) == STEP


def test_a_file_that_was_found_has_room_from_its_first_sync() -> None:
    room = Room(STEP, SMALL, end=500, placed=True)
    assert worth(room, 510) == 0
    room.synced(510)
    assert worth(room, 520) == STEP


def test_the_second_growth_without_a_sync_is_worth_nothing() -> None:
    room = ready(500)
    assert worth(room, 510) == STEP
    assert worth(room, 520) == 0
    room.synced(520)
    assert worth(room, 530) == STEP


def test_a_sync_says_nothing_about_growth_that_came_while_it_ran() -> None:
    """A write may run in another thread while a sync does; that sync does not cover it."""
    room = ready(500)
    began_at = room.end
    worth(room, 510)
    room.synced(began_at)
    assert worth(room, 520) == 0
    room.synced(520)
    assert worth(room, 530) == STEP


def test_room_that_was_granted_is_written_over_without_a_question() -> None:
    room = ready(500)
    assert worth(room, 510) == STEP
    room.granted(STEP)
    assert room.end == STEP
    room.synced(STEP)
    assert worth(room, STEP + 1) == 2 * STEP


def test_room_that_was_refused_is_asked_for_again_behind_it() -> None:
    room = ready(500)
    assert worth(room, 510) == STEP
    room.refused(STEP)
    for end in (520, 999, STEP):
        room.synced(room.end)
        assert worth(room, end) == 0, f"a write up to {end}"
    room.synced(room.end)
    assert worth(room, STEP + 1) == 2 * STEP


def test_a_truncate_gives_space_back_and_needs_a_sync() -> None:
    room = ready(500)
    assert worth(room, 510) == STEP
    room.refused(STEP)
    room.truncated(500)
    assert room.end == 500
    assert worth(room, 505) == 0
    room.synced(505)
    assert worth(room, 510) == STEP


@pytest.mark.parametrize("size", [510, 511, 700, 5000])
def test_a_file_that_is_longer_than_its_owner_knows_does_not_grow(size: int) -> None:
    assert worth(ready(500), 510, size) == 0


@dataclass
class Model:
    """Everything that happened, from which the invariant is told anew at every write."""

    placed: bool
    end: int
    history: list[str] = field(default_factory=lambda: [""])
    refused_end: int = 0

    def worth(self, end: int, size: int) -> int:
        if end <= self.end:
            return 0
        conditions = (
            self.placed,
            self.history[-1] == "synced",
            size < end <= size + SMALL,
            end > self.refused_end,
        )
        self.history.append("grown")
        self.end = end
        return (end // STEP + 1) * STEP if all(conditions) else 0


@pytest.mark.parametrize("seed", range(40))
def test_room_agrees_with_a_model_of_the_whole_history(seed: int) -> None:
    chance = random.Random(seed)
    size = chance.choice([0, 500, 990])
    placed = chance.random() < 0.5
    room = Room(STEP, SMALL, end=size, placed=placed)
    model = Model(placed, size)
    granted = 0
    for step in range(400):
        told = f"seed {seed}, step {step}"
        action = chance.choice(["write"] * 6 + ["sync"] * 4 + ["truncate", "place"])
        if action == "write":
            end = max(0, size + chance.choice([-50, 0, 1, 30, 100, 101, 300]))
            room_end = worth(room, end, size)
            assert room_end == model.worth(end, size), told
            size = max(size, end)
            if room_end and chance.random() < 0.6:
                granted += 1
                room.granted(room_end)
                model.end = size = room_end
            elif room_end:
                room.refused(room_end)
                model.refused_end = room_end
        elif action == "sync":
            room.synced(room.end)
            model.history.append("synced")
        elif action == "truncate":
            size = max(0, size - chance.randrange(2 * STEP))
            room.truncated(size)
            model.end, model.refused_end = size, 0
            model.history.append("truncated")
        elif chance.random() < 0.2:
            room.placed()
            model.placed = True
        assert room.end == model.end, told
    assert granted > 0, f"seed {seed} never had room"
