"""A file that is closed or dropped gives its descriptor back, once, and syncs nothing."""

import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import FS, Calls

pytestmark = pytest.mark.cpython


def test_close_and_the_finalizer_sync_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(path).write_bytes(b"x")
    synced = [Calls(monkeypatch, name) for name in ("fsync", "fdatasync")]
    (file,) = FS.open(path, writable=True)
    file.write(0, b"y")
    file.close()
    file.close()
    dropped = list(FS.open(path, writable=True))
    with pytest.warns(ResourceWarning, match="left open"):
        dropped.clear()
    assert [calls.seen for calls in synced] == [[], []]


def test_a_dropped_file_is_closed_and_named_in_a_warning(path: str) -> None:
    Path(path).write_bytes(b"x")
    dropped = list(FS.open(path, writable=True))
    descriptor = dropped[0].handle.descriptor()
    with pytest.warns(ResourceWarning, match=r"left open: .*app\.libredb"):
        dropped.clear()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_file_that_was_only_read_may_be_dropped_and_is_closed_too(path: str) -> None:
    Path(path).write_bytes(b"x")
    dropped = list(FS.open(path, writable=False))
    descriptor = dropped[0].handle.descriptor()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dropped.clear()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_a_dropped_file_is_closed_even_where_the_warning_is_an_error(path: str) -> None:
    program = """
import sys
sys.path[:0] = sys.argv[2:]
from libredb_osfs import OsFileSystem
import os
file = OsFileSystem().create_next(sys.argv[1], None)
descriptor = file.handle.descriptor()
del file
try:
    os.fstat(descriptor)
except OSError:
    print("closed")
"""
    command = [sys.executable, "-W", "error", "-c", program, path, *sys.path]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == "closed\n"
    assert "ResourceWarning: libredb database left open" in done.stderr


def test_a_closed_file_says_so(file: OsLogFile) -> None:
    file.close()
    for call in (
        file.size,
        file.sync,
        lambda: file.read(0, 1),
        lambda: file.write(0, b""),
        lambda: file.truncate(0),
    ):
        with pytest.raises(OSError, match=r"the file is closed.*app\.libredb") as caught:
            call()
        assert caught.value.errno == errno.EBADF


def test_a_failure_to_close_is_raised_once_and_by_no_finalizer(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(path).write_bytes(b"x")
    (file,) = FS.open(path, writable=True)
    dropped = list(FS.open(path, writable=True))
    close = Calls(monkeypatch, "close")

    def failing(descriptor: int) -> None:
        close.real(descriptor)
        raise OSError(errno.EIO, "while closing")

    close.instead = failing
    with pytest.raises(OSError, match="while closing"):
        file.close()
    file.close()
    with pytest.warns(ResourceWarning, match="left open"):
        dropped.clear()
    assert len(close.seen) == 2
