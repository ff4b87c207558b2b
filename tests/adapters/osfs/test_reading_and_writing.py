"""Reads and writes are whole or raise, whatever the system makes of one call."""

import errno

import pytest
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import Calls, refuse

pytestmark = pytest.mark.cpython


def test_a_short_write_is_continued_where_it_stopped(file: OsLogFile, pwrite: Calls) -> None:
    def at_most_seven(descriptor: int, data: memoryview, offset: int) -> int:
        return pwrite.real(descriptor, data[:7], offset)

    pwrite.instead = at_most_seven
    assert file.write(50, bytes(range(100))) == 100
    assert file.read(50, 100) == bytes(range(100))
    assert [offset for _, _, offset in pwrite.seen] == list(range(50, 150, 7))


@pytest.mark.parametrize("name", ["pwrite", "pread"])
def test_what_a_signal_handler_raises_ends_the_call(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An InterruptedError of the program's own was swallowed, and the call made again.

    Python itself repeats a call that a signal interrupted; it raises only what the handler raised.
    """
    told = InterruptedError("raised by a handler")
    system = Calls(monkeypatch, name)

    def interrupted_at_first(*arguments: object) -> object:
        if len(system.seen) == 1:
            raise told
        return system.real(*arguments)

    system.instead = interrupted_at_first
    with pytest.raises(InterruptedError) as caught:
        file.write(0, b"y") if name == "pwrite" else file.read(0, 1)
    assert caught.value is told
    assert len(system.seen) == 1


def test_a_write_that_takes_no_bytes_raises(file: OsLogFile, pwrite: Calls) -> None:
    pwrite.instead = lambda *_: 0
    with pytest.raises(OSError, match="no more bytes") as caught:
        file.write(0, b"y")
    assert caught.value.errno == errno.ENOSPC


def test_a_failed_write_raises_what_the_system_said(file: OsLogFile, pwrite: Calls) -> None:
    pwrite.instead = refuse(errno.EIO)
    with pytest.raises(OSError, match=r"[Ii]nput/output") as caught:
        file.write(0, b"y")
    assert caught.value.errno == errno.EIO


def test_a_write_inside_the_file_is_one_call(file: OsLogFile, pwrite: Calls) -> None:
    file.write(20, b"y" * 80)
    assert len(pwrite.seen) == 1


def test_short_reads_go_on_to_the_end_of_the_file(
    file: OsLogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write(0, bytes(range(100)))
    pread = Calls(monkeypatch, "pread")

    def stuttering(descriptor: int, length: int, offset: int) -> bytes:
        return pread.real(descriptor, min(length, 30), offset)

    pread.instead = stuttering
    assert file.read(0, 100) == bytes(range(100))
    assert file.read(90, 100) == bytes(range(90, 100))
    assert file.read(100, 5) == b""
