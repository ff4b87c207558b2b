"""The simulated disk knows less than the cache shows, and a crash leaves what the design says.

The port's promises are checked by tests/conformance; here is what the simulator adds to them.
"""

from typing import Any

import pytest

from sim.world.disk import PAGE, SECTOR
from sim.world.faults import Fault, Injector
from sim.world.filesystem import Crash, SimFileSystem, Style
from sim.world.handles import Effect, SimLogFile

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
        file.write(0, b"x")
        file.sync()  # succeeds, and carries nothing that was lost but the size
        fs.power_loss()
        lost += fs.images(PATH)[0][PAGE:] != b"y" * PAGE
        assert len(fs.images(PATH)[0]) == 2 * PAGE
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


@pytest.mark.parametrize("place", [PAGE + SECTOR - 1, PAGE + 2 * SECTOR, 2 * PAGE])
def test_a_write_makes_the_whole_of_a_lost_sector_dirty_again(place: int) -> None:
    """Seed 40040419 of P7: the sync brought what was written, and left the rest of the sector lost.

    A refusal was called wrong, since everything seemed to be on the disk.
    """
    for seed in range(50):
        fs = with_file(b"x" * PAGE, seed=seed)
        file = opened(fs)
        file.write(PAGE, b"y" * (PAGE + 100))
        file.disk_file.lose_pages(fs.generator, 1)
        file.sync()
        file.write(place, b"y")
        file.sync()
        fs.power_loss()
        first = place // SECTOR * SECTOR
        found = fs.images(PATH)[0][first : first + SECTOR]
        assert found == b"y" * min(SECTOR, 2 * PAGE + 100 - first)


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


@pytest.mark.parametrize("style", STYLES)
def test_room_is_kept_only_in_a_file_that_open_found_or_replace_put_in_place(style: Style) -> None:
    """P3 asked for a sync before, and so room was kept in a file whose header was still zero."""
    fs = SimFileSystem(style, reserve=4096)
    file = fs.create_next(PATH, None)
    file.write(0, b"abc")
    file.sync()
    file.write(3, b"def")
    assert file.size() == 6
    fs.replace(PATH, None, file)
    file.write(6, b"ghi")
    assert file.size() == 4096
    assert file.read(0, 11) == b"abcdefghi\0\0"
    again = opened(fs)
    again.write(4096, b"x")
    assert again.size() == 8192
    assert fs.create_next(PATH, again).size() == 0
    fs.create_next(PATH, again).write(0, b"abc")
    assert max(len(image) for image in fs.images(PATH)) == 8192


def test_the_change_of_a_size_may_be_lost_with_a_failed_sync_until_the_file_is_written_again() -> (
    None
):
    """A size came to the disk with the next sync, whatever had become of the one before."""
    sizes: dict[bool, set[int]] = {False: set(), True: set()}
    for seed in range(100):
        for written in (False, True):
            fs = with_file(b"x" * PAGE, seed=seed)
            file = opened(fs)
            file.write(PAGE, b"y" * 100)
            file.disk_file.lose_pages(fs.generator)
            if written:
                file.write(0, b"x")
            file.sync()
            fs.power_loss()
            sizes[written].add(len(fs.images(PATH)[0]))
    assert len(sizes[False]) > 1
    assert sizes[True] == {PAGE + 100}


def test_lost_pages_are_read_again_from_the_disk_when_memory_is_short() -> None:
    """Pages that only looked written did so for as long as the process lived."""
    seen: set[bool] = set()
    for seed in range(50):
        fs = with_file(b"x" * PAGE, seed=seed)
        file = opened(fs)
        file.write(PAGE, b"y" * PAGE)
        file.disk_file.lose_pages(fs.generator, 1)
        assert fs.evict()
        seen.add(file.read(PAGE, PAGE) == b"y" * PAGE)
    assert seen == {False, True}
    assert not with_file(b"x").evict()


def test_a_failed_sync_of_the_directory_may_lose_what_was_renamed() -> None:
    """Entries waited for ever for the next sync, whatever had become of the one before."""
    found: set[bytes] = set()
    for seed in range(50):
        fs = with_file(b"old", seed=seed)
        injector = Injector(fs)
        injector.arm([Fault("replace.sync_directory", 1, "error")])
        file = fs.create_next(PATH, opened(fs))
        file.write(0, b"new")
        file.sync()
        with pytest.raises(OSError, match="simulated"):
            fs.replace(PATH, opened(fs), file)
        fs.evict()
        found.add(fs.images(PATH)[0])
        was = fs.images(PATH)
        fs.sync_directory(PATH)  # P13: it makes durable what is found by then
        fs.power_loss()
        assert fs.images(PATH) == was
    assert found == {b"old", b"new"}


@pytest.mark.parametrize("style", STYLES)
def test_a_file_knows_whether_its_path_still_leads_to_it(style: Style) -> None:
    fs = with_file(b"old", style=style)
    old = opened(fs)
    assert old.in_place()
    file = fs.create_next(PATH, old)
    file.write(0, b"new")
    file.sync()
    fs.replace(PATH, old, file)
    assert file.in_place()
    assert old.in_place() == (style == "slots")
    fs.forget(PATH)
    assert not file.in_place()


def test_copies_share_nothing() -> None:
    fs = with_file(b"data")
    opened(fs).write(4, b"unsynced")
    other = fs.copy()
    other.power_loss("old")
    assert fs.images(PATH) == [b"dataunsynced"]
    assert other.images(PATH) == [b"data"]


@pytest.mark.parametrize("fate", ["old", "new", "zeros", "garbage"])
def test_a_sync_covers_what_was_written_before_its_call_and_nothing_written_while_it_ran(
    fate: str,
) -> None:
    """P17, exactly: threads write while a sync runs, before its effect and after it."""
    for late in (False, True):
        fs = with_file(b"o" * 3 * SECTOR)
        file = opened(fs)
        file.write(SECTOR, b"a" * 4 * SECTOR)

        def hook(
            name: str,
            where: str,
            effect: Effect,
            arguments: tuple[Any, ...],
            late: bool = late,  # noqa: FBT001 - bound here, never passed
            file: SimLogFile = file,
        ) -> object:
            result = effect(*arguments) if name == "sync" and late else None
            if name == "sync":
                file.write(0, b"b" * 2 * SECTOR)
                file.write(5 * SECTOR, b"b" * SECTOR)
            return result if name == "sync" and late else effect(*arguments)

        fs.hook = hook
        file.sync()
        fs.hook = None
        fs.power_loss(fate)
        (image,) = fs.images(PATH)
        covered = b"o" * SECTOR + b"a" * 4 * SECTOR
        written = b"b" * 2 * SECTOR + covered[2 * SECTOR :] + b"b" * SECTOR
        assert image[2 * SECTOR : 5 * SECTOR] == covered[2 * SECTOR :], "it was covered"
        if fate == "old":
            assert image == covered
        elif fate == "new":
            assert image == written
        else:
            assert image[: 2 * SECTOR] in {covered[: 2 * SECTOR], written[: 2 * SECTOR]}


def test_what_was_written_while_a_sync_ran_is_brought_to_the_disk_by_the_next() -> None:
    fs = with_file(b"o" * SECTOR)
    file = opened(fs)
    file.write(SECTOR, b"a")

    def hook(name: str, where: str, effect: Effect, arguments: tuple[Any, ...]) -> object:
        if name == "sync":
            file.truncate(SECTOR)
            file.write(SECTOR, b"bbb")
        return effect(*arguments)

    fs.hook = hook
    file.sync()
    fs.hook = None
    file.sync()
    fs.power_loss("old")
    assert fs.images(PATH) == [b"o" * SECTOR + b"bbb"]


def test_a_sync_that_failed_leaves_nothing_to_the_next_one_but_its_own_call() -> None:
    fs = with_file(b"o")
    file = opened(fs)

    def fail(*_: object) -> object:
        raise OSError(5, "the sync failed")

    fs.hook = fail
    with pytest.raises(OSError, match="the sync failed"):
        file.sync()
    assert file.disk_file.covered is None
