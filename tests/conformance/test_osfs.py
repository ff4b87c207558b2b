"""The adapter for the operating system keeps every promise that a running system lets us check."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from libredb_osfs import OsFileSystem

from libredb.kernel.filesystem import FileLock
from libredb.testing import filesystem as kit

pytestmark = [
    pytest.mark.cpython,
    # Python 3.12 warns about every fork of a process with threads, and a test runner may have some.
    pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning"),
]

LOCK_ELSEWHERE = """
import sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
try:
    OsFileSystem().lock(sys.argv[1])
except BlockingIOError:
    print("held")
else:
    print("free")
"""


def lock_elsewhere(path: str) -> bool:
    command = [sys.executable, "-c", LOCK_ELSEWHERE, path, *sys.path]
    return subprocess.run(command, check=True, capture_output=True).stdout == b"free\n"


def held_in_fork(lock: FileLock) -> bool:
    child = os.fork()
    if child == 0:
        os._exit(int(lock.held))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def handle_count() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_the_operating_system_keeps_the_promise(promise: kit.Promise, tmp_path: Path) -> None:
    path = str(tmp_path / "app.libredb")
    subject = kit.Subject(
        OsFileSystem(),
        path,
        handle_count=handle_count,
        lock_elsewhere=lambda: lock_elsewhere(path),
        held_in_fork=held_in_fork,
    )
    reason = kit.check(promise, subject)
    if reason is not None:
        pytest.skip(reason)
