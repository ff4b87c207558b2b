"""Where tests keep their databases: one fixture, so that the suite runs in every runtime.

`fs` runs a test three times: on the file system of the runtime (the OS; OPFS in the browser), and
in memory in both styles of replacing a file. `memory_fs` runs it in memory only, for tests that
make thousands of databases. LIBREDB_STYLES names one style alone: on other interpreters `make test`
takes the one that the file system of the runtime has not.
"""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis.strategies import none

from libredb import FileSystem
from sim.world.filesystem import SimFileSystem

STYLES = os.environ.get("LIBREDB_STYLES", "rename slots").split()
assert {"rename", "slots"}.issuperset(STYLES or ["none"]), "LIBREDB_STYLES: rename, slots, or both"


@settings(max_examples=1, database=None)
@given(none())
def _wake(_: None) -> None:
    """Let Hypothesis begin; it asks the collector who holds its generator of random numbers."""


def pytest_collection_finish() -> None:
    """Spare every garbage collection the modules and tests, which live to the end anyway."""
    _wake()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def hears_ctrl_c() -> None:
    """Hear SIGINT, and let the processes of tests hear it: a job in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def platform_fs(request: pytest.FixtureRequest) -> FileSystem:
    """Return the file system of the runtime."""
    if sys.platform == "emscripten":
        return request.getfixturevalue("opfs")
    from libredb_osfs import OsFileSystem  # it does not exist in a browser

    return OsFileSystem()


@pytest.fixture(params=["platform", *STYLES])
def fs(request: pytest.FixtureRequest) -> FileSystem:
    """Return the file system a test works on."""
    if request.param == "platform":
        return request.getfixturevalue("platform_fs")
    return SimFileSystem(style=request.param)


@pytest.fixture(params=STYLES)
def memory_fs(request: pytest.FixtureRequest) -> SimFileSystem:
    """Return a file system in memory."""
    return SimFileSystem(style=request.param)


@pytest.fixture
def db_path(tmp_path: Path) -> str:
    """Return the path of a database that does not exist yet."""
    return str(tmp_path / "test.libredb")
