"""Every lens works on files: on those of the runtime, and where all is read from cold blocks.

A cold store is compacted, closed and opened again without a cache between commits, so nothing that
a lens reads is in memory, and all of it is in blocks so small that a few entries make many.
"""

from collections.abc import Iterator

import pytest

import libredb
from libredb import FileSystem
from libredb.testing import lens as kit
from libredb.testing.lens.world import ADA, NOTES, ORDERS, USERS, filled, world_of
from sim.world.filesystem import SimFileSystem
from tests.support.stores import ColdStore, let_blocks_be_small

pytestmark = pytest.mark.slow

PROMISES = pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)


@PROMISES
def test_lenses_keep_the_promise_on_files(
    promise: kit.Promise, platform_fs: FileSystem, db_path: str
) -> None:
    window = libredb.GroupCommit(commits=1000)  # it is not about syncs
    with libredb.open(db_path, fs=platform_fs, group_commit=window) as db:
        assert kit.check(promise, kit.Subject(db)) in {None, kit.NO_THREADS}


@pytest.fixture(params=["platform", "slots"])
def cold(
    request: pytest.FixtureRequest, db_path: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ColdStore]:
    """Return a store that is cold after each commit, or, on real files, after some."""
    let_blocks_be_small(monkeypatch)
    if request.param == "platform":
        store = ColdStore(request.getfixturevalue("platform_fs"), db_path, commits=10)
    else:
        store = ColdStore(SimFileSystem("slots"), db_path)
    yield store
    store.close()


@PROMISES
def test_lenses_keep_the_promise_on_cold_blocks(promise: kit.Promise, cold: ColdStore) -> None:
    assert kit.check(promise, kit.Subject(cold)) in {None, kit.NO_THREADS}


@pytest.mark.parametrize("commits", [1, 4])
def test_a_cold_store_is_opened_again_and_has_many_blocks(
    memory_fs: SimFileSystem, monkeypatch: pytest.MonkeyPatch, commits: int
) -> None:
    let_blocks_be_small(monkeypatch)
    store = ColdStore(memory_fs, "p", commits=commits)
    world = filled(store)
    assert list(world.notes.find()) == NOTES
    assert store.openings == 1 + 8 // commits
    log = store.db._commits.log
    assert log is not None
    assert log.index is not None
    assert len(log.index) > 5
    store.close()


def test_what_lenses_wrote_is_there_when_the_file_is_opened_again(
    fs: FileSystem, db_path: str
) -> None:
    for compacted in (False, True):
        with libredb.open(db_path, fs=fs) as db:
            world = world_of(db) if compacted else filled(db)
            if compacted:
                db.compact()
            page = world.notes.find(order_by="-at", limit=2).page()
        for mode in ("rw", "r"):
            with libredb.open(db_path, fs=fs, mode=mode, cache_bytes=0) as db:
                again = world_of(db)
                assert list(again.users) == USERS
                assert list(again.orders) == ORDERS
                assert again.users.find(mail=ADA.mail).one() == ADA
                rest = again.notes.find(order_by="-at", after=page.next_cursor)
                assert [note["id"] for note in rest] == ["a", "c"]
                assert (again.notes.check(), again.users.check()) == ([], [])
