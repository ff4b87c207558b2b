"""A path, a file behind it, and the system call that writes to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS, Calls


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "app.libredb")


@pytest.fixture
def file(path: str) -> Iterator[OsLogFile]:
    """An open file of 100 bytes that was never synced."""
    Path(path).write_bytes(b"x" * 100)
    (opened,) = FS.open(path, writable=True)
    yield opened
    opened.close()


@pytest.fixture
def pwrite(monkeypatch: pytest.MonkeyPatch) -> Calls:
    return Calls(monkeypatch, "pwrite")
