"""Claim: whatever fails, and wherever it is killed, an upgrade leaves its file as it was.

At the target there is the whole database, or nothing, or a database without a commit, which the
next attempt replaces: never a part. Every call of the storage fails once, or is the last one. A
conversion leaves the whole file or nothing, where files are replaced by a rename.
"""

from collections.abc import Callable

import pytest

import libredb
from libredb import StorageError
from libredb.interop import convert, upgrade
from sim.world.filesystem import Crash, SimFileSystem, Style
from tests.support.faults import Fault
from tests.support.files import contents
from tests.unit.interop.typescript.old_files import MIX, file_of

pytestmark = pytest.mark.slow

STYLES: tuple[Style, ...] = ("rename", "slots")
OLD = file_of(MIX[:2], 1)
FAILURE = (5, "input/output error")


def with_old(style: Style, seed: int = 0) -> SimFileSystem:
    fs = SimFileSystem(style, seed)
    fs.install("old", OLD)
    return fs


def calls_of(fs: SimFileSystem, action: Callable[[], object]) -> int:
    """Return how many calls of the storage an action makes."""
    counting = Fault(fs, OSError(*FAILURE))
    action()
    return len(counting.names)


def is_whole(fs: SimFileSystem) -> bool:
    """Return whether the database is there; if it is not, there is nothing of it."""
    if not any(contents(fs, "new")):
        return False
    try:
        with libredb.open("new", fs=fs, mode="r") as db:
            if db.version == 0:
                assert list(db.scan()) == []
                return False
    except libredb.NotADatabaseError:
        # Slots alone: a file whose creation was killed. Opening it for writing makes it one.
        assert fs.style == "slots"
        libredb.open("new", fs=fs).close()
        return is_whole(fs)
    check(fs, "new")
    return True


def check(fs: SimFileSystem, path: str) -> None:
    """Check that all is in a database, which can be written to."""
    with libredb.open(path, fs=fs) as db:
        assert [note["id"] for note in libredb.documents(db, "notes").find()] == ["1", "a:b"]
        assert dict(libredb.kv(db).items()) == {"theme": "dark"}
        db.set(b"k", b"v")


def killed_at(style: Style, at: int, *, power: bool) -> bool:
    """Kill an upgrade at a call; check what is left, upgrade again; return whether it was whole."""
    fs = with_old(style, at)
    Fault(fs, Crash(), at)
    with pytest.raises(Crash):
        upgrade("old", "new", fs=fs)
    fs.hook = None
    if power:
        fs.power_loss()
    else:
        fs.process_kill()
    assert [data for data in contents(fs, "old") if data] == [OLD]
    whole = is_whole(fs)
    if not whole:
        upgrade("old", "new", fs=fs)
        assert is_whole(fs)
    return whole


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power lost"])
@pytest.mark.parametrize("style", STYLES)
def test_an_upgrade_that_is_killed_at_any_call_leaves_all_or_nothing(
    style: Style,
    power: bool,  # noqa: FBT001 - a datum
) -> None:
    fs = with_old(style)
    count = calls_of(fs, lambda: upgrade("old", "new", fs=fs))
    outcomes: set[bool] = set()
    for at in range(1, count + 1):
        try:
            outcomes.add(killed_at(style, at, power=power))
        except BaseException as error:
            error.add_note(f"killed at call {at} of {count}, {style}, power: {power}")
            raise
    assert outcomes == {False, True}
    assert count > 30


@pytest.mark.parametrize("style", STYLES)
def test_an_upgrade_whose_storage_fails_at_any_call_says_so_and_leaves_all_or_nothing(
    style: Style,
) -> None:
    fs = with_old(style)
    count = calls_of(fs, lambda: upgrade("old", "new", fs=fs))
    failed = 0
    for at in range(1, count + 1):
        fs = with_old(style, at)
        fault = Fault(fs, OSError(*FAILURE), at)
        try:
            upgrade("old", "new", fs=fs)
        except StorageError:
            failed += 1
        assert fault.happened
        fs.hook = None
        try:
            assert [data for data in contents(fs, "old") if data] == [OLD]
            if not is_whole(fs):
                upgrade("old", "new", fs=fs)
                assert is_whole(fs)
        except BaseException as error:
            error.add_note(f"call {at} of {count} failed, {style}")
            raise
    assert failed > count // 2


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power lost"])
def test_a_conversion_that_is_killed_at_any_call_leaves_the_whole_file_or_none(
    power: bool,  # noqa: FBT001 - a datum
) -> None:
    fs = with_old("rename")
    upgrade("old", "new", fs=fs)
    count = calls_of(fs, lambda: convert("new", "back", fs=fs))
    outcomes: set[int] = set()
    for at in range(1, count + 1):
        fs = with_old("rename", at)
        upgrade("old", "new", fs=fs)
        before = contents(fs, "new")
        Fault(fs, Crash(), at)
        with pytest.raises(Crash):
            convert("new", "back", fs=fs)
        fs.hook = None
        if power:
            fs.power_loss()
        else:
            fs.process_kill()
        found = contents(fs, "back")
        outcomes.add(len(found))
        assert contents(fs, "new") == before
        if not found:
            convert("new", "back", fs=fs)
        upgrade("back", "again", fs=fs)
        check(fs, "again")
    assert outcomes == {0, 1}
