"""Room is kept ahead as on an operating system's files, whose tests say why."""

import pytest
from libredb_opfs import OpfsLogFile
from libredb_opfs.filesystem import SMALL_BYTES, STEP_BYTES

from tests.adapters.opfs.support import FakeBridge, make


def open_file(length: int) -> tuple[OpfsLogFile, FakeBridge]:
    """Return a synced file of so many bytes in its place, not written to since."""
    fs, bridge = make()
    file = fs.create_next("app", None)
    file.write(0, b"x" * length)
    file.sync()
    fs.replace("app", None, file)
    bridge.calls.clear()
    return file, bridge


@pytest.mark.parametrize("length", [1, STEP_BYTES - 100, STEP_BYTES - 1, STEP_BYTES])
def test_the_first_growth_after_a_sync_fills_room_up_to_the_next_step(length: int) -> None:
    file, bridge = open_file(length)
    file.write(length, b"y" * 100)
    room_end = ((length + 100) // STEP_BYTES + 1) * STEP_BYTES
    assert bridge.calls == ["fill", "write"]
    assert file.size() == room_end
    assert file.read(length, room_end) == (b"y" * 100).ljust(room_end - length, b"\0")
    # Within the room nothing grows, and so nothing is filled.
    file.sync()
    file.write(room_end - 100, b"z" * 100)
    assert bridge.calls == ["fill", "write", "flush", "write"]
    file.sync()
    file.write(room_end, b"z")
    assert bridge.calls[-2:] == ["fill", "write"]


def test_a_slot_that_is_not_the_database_yet_has_no_room() -> None:
    """A crash before the header was written could leave a page without one and 256 KiB of room.

    A creation that never finished does not reach the third page, so this would be judged to be a
    database that has lost its header, and refused.
    """
    fs, bridge = make()
    fs.create_next("app", None).write(0, b"left over")
    file = fs.create_next("app", None)
    for end in range(100, 1000, 100):
        file.write(end - 100, bytes(100))
        file.sync()
        assert file.size() == end
    assert "fill" not in bridge.calls
    fs.replace("app", None, file)
    file.write(900, b"y")
    assert bridge.calls[-2:] == ["fill", "write"]
    assert file.size() == STEP_BYTES


def test_growth_before_a_sync_or_after_a_truncate_or_in_big_pieces_has_no_room() -> None:
    file, bridge = open_file(1000)
    file.write(1000, bytes(SMALL_BYTES + 1))
    file.write(1000 + SMALL_BYTES + 1, b"not synced since it grew")
    file.sync()
    file.truncate(500)
    file.write(500, b"nor since it was cut")
    assert "fill" not in bridge.calls
    file.sync()
    file.write(520, b"now")
    assert bridge.calls[-2:] == ["fill", "write"]


def test_a_file_that_was_found_knows_where_it_ends() -> None:
    fs, bridge = make()
    fs.create_next("app", None).write(0, b"x" * 1000)
    (file, _) = fs.open("app", writable=True)
    file.sync()
    file.write(0, b"y")
    assert "fill" not in bridge.calls, "it did not grow"
    file.write(1000, b"y")
    assert bridge.calls[-2:] == ["fill", "write"]


@pytest.mark.parametrize("count", [-1, 0, 4_294_967_295])
def test_refused_room_is_cut_off_and_the_write_goes_on(count: int) -> None:
    file, bridge = open_file(1000)
    bridge.room = lambda _: count
    for step in range(3):
        file.write(1000 + step, b"y")
        file.sync()
    # It is asked for once, and again only behind the room that was refused.
    assert bridge.calls == ["fill", "truncate to 1000", *["write", "flush"] * 3]
    assert file.size() == 1003
    file.write(1003, bytes(STEP_BYTES - 1003))
    file.sync()
    bridge.calls.clear()
    bridge.room = lambda length: length
    file.write(STEP_BYTES, b"y")
    assert bridge.calls == ["fill", "write"]
