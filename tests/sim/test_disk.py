"""The simulated disk knows less than the cache shows, and a crash leaves what the design says.

The port's promises are checked by tests/conformance; here is what the simulator adds to them.
"""

import pytest

from sim.world.disk import PAGE, SECTOR
from sim.world.filesystem import Crash, SimFileSystem, Style
from sim.world.handles import SimLogFile

PATH = "a.libredb"
STYLES: tuple[Style, ...] = ("rename", "slots")


def opened(fs: SimFileSystem) -> SimLogFile:
    return next(file for file in fs.open(PATH, writable=True) if file.size())


def with_file(data: bytes, *, style: Style = "rename", seed: int = 0) -> SimFileSystem:
    fs = SimFileSystem(style, seed)
    fs.install(PATH, data)
    return fs


@pytest.mark.parametrize("style", STYLES)
def test_what_was_synced_survives_every_power_loss(style: Style) -> None:
    for seed in range(50):
        fs = with_file(b"old", style=style, seed=seed)
        file = opened(fs)
        file.write(3, b"new" * 500)
        file.sync()
        fs.power_loss()
        assert fs.images(PATH)[0] == b"old" + b"new" * 500


def test_unsynced_sectors_are_new_old_zero_or_garbage_and_durable_bytes_stay() -> None:
    seen: set[str] = set()
    for seed in range(400):
        fs = with_file(b"d" * (SECTOR + 100), seed=seed)
        opened(fs).write(SECTOR, b"d" * 100 + b"n" * (3 * SECTOR - 100))
        fs.power_loss()
        (image,) = fs.images(PATH)
        assert image[: SECTOR + 100] == b"d" * (SECTOR + 100)
        sector = image[2 * SECTOR : 3 * SECTOR]
        if len(sector) == SECTOR:
            whole = {b"n" * SECTOR: "new", bytes(SECTOR): "zeros"}
            seen.add(whole.get(sector, "garbage"))
        seen.add("short" if len(image) < 4 * SECTOR else "long")
    assert seen == {"new", "zeros", "garbage", "short", "long"}


def test_a_failed_sync_may_leave_pages_that_look_fine_and_are_not_on_the_disk() -> None:
    lost = 0
    for seed in range(50):
        fs = with_file(b"x" * PAGE, seed=seed)
        file = opened(fs)
        file.write(PAGE, b"y" * PAGE)
        file.disk_file.lose_pages(fs.generator)
        assert file.read(PAGE, PAGE) == b"y" * PAGE
        file.sync()  # succeeds, and carries nothing that was lost
        fs.power_loss()
        lost += fs.images(PATH)[0][PAGE:] != b"y" * PAGE
        assert len(fs.images(PATH)[0]) == 2 * PAGE  # a change of size is not lost
    assert 10 < lost < 50


def test_writing_lost_pages_again_makes_the_next_sync_carry_them() -> None:
    for seed in range(50):
        fs = with_file(b"x" * PAGE, seed=seed)
        file = opened(fs)
        file.write(PAGE, b"y" * PAGE)
        file.disk_file.lose_pages(fs.generator)
        file.write(PAGE, b"y" * PAGE)
        file.sync()
        fs.power_loss()
        assert fs.images(PATH)[0][PAGE:] == b"y" * PAGE


def test_a_truncate_is_undone_by_a_power_loss_until_it_is_synced() -> None:
    lengths: set[int] = set()
    for seed in range(60):
        fs = with_file(b"x" * 100, seed=seed)
        opened(fs).truncate(10)
        fs.power_loss()
        lengths.add(len(fs.images(PATH)[0]))
    assert lengths == {10, 100}


@pytest.mark.parametrize("style", STYLES)
def test_a_new_entry_is_durable_only_when_replace_has_returned(style: Style) -> None:
    found: set[int] = set()
    for seed in range(40):
        fs = SimFileSystem(style, seed)
        file = fs.create_next(PATH, None)
        file.write(0, b"whole")
        file.sync()
        fs.copy().power_loss(entries="old")
        other = fs.copy()
        fs.replace(PATH, None, file)
        fs.power_loss()
        assert max(fs.images(PATH), key=len) == b"whole"
        other.power_loss("", entries="old")
        found.add(len(other.images(PATH)))
    assert found == {0}


def test_locks_and_handles_die_with_their_life() -> None:
    fs = with_file(b"data")
    lock, file = fs.lock(PATH), opened(fs)
    fs.process_kill()
    assert not lock.held
    assert fs.handles == 0
    with pytest.raises(OSError, match="earlier life"):
        file.read(0, 1)
    file.close()
    lock.release()
    assert fs.lock(PATH).held


def test_after_a_crash_no_call_does_anything_until_the_next_life() -> None:
    fs = with_file(b"data")
    file = opened(fs)
    fs.dead = True
    for call in (file.size, file.sync, lambda: file.write(0, b"x"), lambda: fs.lock(PATH)):
        with pytest.raises(Crash):
            call()
    file.close()
    fs.power_loss("old")
    assert fs.images(PATH) == [b"data"]


def test_a_process_kill_that_loses_no_page_keeps_what_was_written() -> None:
    fs = with_file(b"data")
    opened(fs).write(4, b"more")
    fs.process_kill(0)
    assert fs.images(PATH) == [b"datamore"]


def test_reserved_room_is_zero_bytes_that_size_counts() -> None:
    fs = SimFileSystem(reserve=4096)
    file = fs.create_next(PATH, None)
    file.write(0, b"abc")
    assert file.size() == 3  # P3: not before the first sync
    file.sync()
    file.write(3, b"def")
    assert file.size() == 4096
    assert file.read(0, 8) == b"abcdef\0\0"


def test_copies_share_nothing() -> None:
    fs = with_file(b"data")
    opened(fs).write(4, b"unsynced")
    other = fs.copy()
    other.power_loss("old")
    assert fs.images(PATH) == [b"dataunsynced"]
    assert other.images(PATH) == [b"data"]
