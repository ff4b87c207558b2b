"""The adapter for OPFS keeps every promise of the port, on real files in a real worker.

Nothing here can take the power away; the simulator's slots do that, on the same kit. And every lens
works there, on a database that is compacted, closed and opened again without a cache after each
commit.
"""

import itertools
from collections.abc import Callable
from typing import Any, cast

import pytest
from libredb_opfs import OpfsFileSystem
from libredb_opfs.filesystem import STEP_BYTES

import libredb
from libredb.testing import filesystem as kit
from libredb.testing import lens as lenses
from tests.support.stores import ColdStore, let_blocks_be_small

pytestmark = pytest.mark.opfs


class Killed(BaseException):
    """The worker ended here; BaseException, because nothing may handle it."""


class StoppedBridge:
    """A bridge that ends before its n-th call. What it did is visible, synced or not."""

    def __init__(self, bridge: Any, step: int) -> None:
        self._bridge = bridge
        self._left = itertools.count(step - 1, -1)

    def __getattr__(self, name: str) -> Any:
        if name != "refusal" and next(self._left) <= 0:
            raise Killed
        return getattr(self._bridge, name)


def kill(fs: OpfsFileSystem, step: int, action: Callable[[], object]) -> bool:
    bridge = fs.bridge
    fs.bridge = cast(Any, StoppedBridge(bridge, step))
    try:
        action()
    except Killed:
        return True
    finally:
        fs.bridge = bridge
    return False


@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_opfs_keeps_the_promise(promise: kit.Promise, opfs: OpfsFileSystem) -> None:
    subject = kit.Subject(opfs, "app.libredb", kill=lambda step, action: kill(opfs, step, action))
    reason = kit.check(promise, subject)
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.slow
@pytest.mark.parametrize("promise", lenses.PROMISES, ids=lambda promise: promise.__name__)
def test_lenses_keep_the_promise_on_cold_blocks_on_opfs(
    promise: lenses.Promise, opfs: OpfsFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_blocks_be_small(monkeypatch)
    store = ColdStore(opfs, "app.libredb")
    reason = lenses.check(promise, lenses.Subject(store))
    store.close()
    if reason is not None:
        pytest.skip(reason)


def test_an_open_database_keeps_room_and_close_gives_it_back(opfs: OpfsFileSystem) -> None:
    with libredb.open("app.libredb", fs=opfs) as db:
        db.transact(lambda tx: tx.set(b"key", b"value"))
        file, other = opfs.open("app.libredb", writable=False)
        end = db.log_bytes
        assert (file.size(), other.size()) == (STEP_BYTES, 0)
        assert file.read(end, STEP_BYTES) == bytes(STEP_BYTES - end)
    file, other = opfs.open("app.libredb", writable=False)
    assert (file.size(), other.size()) == (end, 0)
