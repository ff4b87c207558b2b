"""The file system in memory, in which an upgrade makes its database, keeps what it can promise."""

import pytest

from libredb.interop.typescript.memory import MemoryFileSystem
from libredb.testing import filesystem as kit

CANNOT = {kit.NO_POWER_LOSS, kit.NO_KILL, kit.NO_PROCESSES, kit.NO_FORK}


@pytest.mark.cpython(reason="one of the promises is about threads")
@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_memory_keeps_the_promise(promise: kit.Promise) -> None:
    reason = kit.check(promise, kit.Subject(MemoryFileSystem(), "app.libredb"))
    if reason is not None:
        assert reason in CANNOT or reason.startswith("nobody counts")
        pytest.skip(reason)
