"""A log asks its file in a fixed order, counts what is pending, and trusts no count of the file."""

import errno
from collections.abc import Callable
from typing import Any

import pytest

from libredb import GroupCommit, IncompleteReadError, StorageError, UsageTypeError, UsageValueError
from libredb.kernel import log as log_module
from libredb.kernel import record
from libredb.kernel.log import Log, ask, read_exactly
from libredb.kernel.record import RECORD_HEADER_LENGTH, RECORDS_OFFSET, FileHeader
from tests.support.files import ID, SALT, replay

HEADER = FileHeader(SALT, ID, 0, 0, 0)
FAILURE = OSError(errno.EIO, "the device does not answer")


class MemoryFile:
    """A file in memory that tells what it was asked, and fails at one of the calls."""

    def __init__(self) -> None:
        self.data = bytearray(HEADER.encode().ljust(RECORDS_OFFSET, b"\0"))
        self.calls: list[tuple[str, int]] = []
        self.fails_at = 0
        self.miscounts_by = 0
        self.moved = False

    def _note(self, name: str, number: int = 0) -> None:
        self.calls.append((name, number))
        if len(self.calls) == self.fails_at:
            raise FAILURE

    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int, /) -> bytes:
        self._note("read", offset)
        return bytes(self.data[offset : offset + length])

    def write(self, offset: int, data: bytes, /) -> int:
        self._note("write", offset)
        self.data[offset : offset + len(data)] = data
        return len(data) + self.miscounts_by

    def sync(self) -> None:
        self._note("sync")

    def truncate(self, length: int, /) -> None:
        self._note("truncate", length)
        del self.data[length:]

    def in_place(self) -> bool:
        self._note("in_place")
        return not self.moved

    def close(self) -> None:
        self._note("close")


def new_log() -> tuple[Log, MemoryFile]:
    file = MemoryFile()
    return Log("p", file, HEADER), file


def payload(key: bytes, value: bytes = b"v") -> bytes:
    return record.encode_ops([(key, value)])


def test_an_append_is_one_write_at_the_end_and_a_sync_is_one_sync() -> None:
    log, file = new_log()
    log.append(payload(b"k"))
    assert (log.version, log.durable_version) == (1, 0)
    assert log.durable_end == RECORDS_OFFSET == log.end - RECORD_HEADER_LENGTH - 11
    log.sync()
    assert (log.version, log.durable_version, log.end - log.durable_end) == (1, 1, 0)
    log.sync()
    assert file.calls == [("write", RECORDS_OFFSET), ("sync", 0)]


def test_what_was_appended_is_what_recovery_reads() -> None:
    log, file = new_log()
    log.append(payload(b"1"))
    log.sync()
    log.append(payload(b"2"))
    log.append(payload(b"3"))
    found = replay("p", bytes(file.data))
    assert (found.version, found.end, found.last_check) == (log.version, log.end, log.last_check)
    assert found.durable_version == 1  # the third says that one before it was pending


@pytest.mark.parametrize(("count", "writes"), [(0, 0), (1, 1), (4, 1), (5, 2), (9, 3)])
def test_many_records_are_written_in_pieces(
    monkeypatch: pytest.MonkeyPatch, count: int, writes: int
) -> None:
    length = len(payload(b"k")) + RECORD_HEADER_LENGTH
    monkeypatch.setattr(log_module, "PIECE_BYTES", 3 * length + 1)
    log, file = new_log()
    log.append_all(payload(b"%d" % number) for number in range(count))
    step = 4 * length
    assert file.calls == [("write", RECORDS_OFFSET + step * number) for number in range(writes)]
    pending = log.version - log.durable_version, log.end - log.durable_end
    assert pending == (count, count * length)
    found = replay("p", bytes(file.data))
    assert (found.version, found.end) == (count, log.end)


@pytest.mark.parametrize("difference", [-1, 1, 1000])
def test_a_wrong_count_of_written_bytes_is_a_failure(difference: int) -> None:
    log, file = new_log()
    file.miscounts_by = difference
    with pytest.raises(StorageError, match=r"cannot write to 'p'.*at byte 8192"):
        log.append(payload(b"k"))


@pytest.mark.parametrize(
    ("at", "what"), [(1, "cannot write to 'p'"), (2, "cannot sync 'p'")], ids=["write", "sync"]
)
def test_a_failure_says_what_was_tried_where_and_why(at: int, what: str) -> None:
    log, file = new_log()
    file.fails_at = at
    with pytest.raises(StorageError, match=f"^{what}: the device does not answer") as caught:
        commit(log)
    assert caught.value.__cause__ is FAILURE
    assert log.durable_version == 0


def commit(log: Log) -> None:
    log.append(payload(b"k"))
    log.sync()


def test_a_window_is_full_when_either_bound_is_reached() -> None:
    log, _ = new_log()
    assert not log.fills(GroupCommit(commits=1))
    log.append(payload(b"1"))
    log.append(payload(b"2"))
    pending = log.end - log.durable_end
    for window, full in (
        (GroupCommit(commits=2), True),
        (GroupCommit(commits=3), False),
        (GroupCommit(commits=3, size_bytes=pending), True),
        (GroupCommit(commits=3, size_bytes=pending + 1), False),
    ):
        assert log.fills(window) is full, window
    log.sync()
    assert not log.fills(GroupCommit(commits=1, size_bytes=1))


@pytest.mark.parametrize(("commits", "size_bytes"), [(0, 1), (-1, 1), (1, 0), (1, -5)])
def test_a_window_needs_bounds_of_one_or_more(commits: int, size_bytes: int) -> None:
    with pytest.raises(UsageValueError):
        GroupCommit(commits=commits, size_bytes=size_bytes)


@pytest.mark.parametrize("bound", [1.0, "1", True, None])
def test_a_bound_of_a_window_is_a_whole_number(bound: Any) -> None:
    with pytest.raises(UsageTypeError):
        GroupCommit(commits=bound)


def test_closing_syncs_marks_gives_room_back_syncs_and_closes() -> None:
    log, file = new_log()
    log.append(payload(b"k"))
    file.data += bytes(500)
    file.calls = []
    log.close()
    assert file.calls == [
        ("sync", 0),
        ("write", record.MARK_OFFSET),
        ("truncate", log.end),
        ("sync", 0),
        ("in_place", 0),
        ("close", 0),
    ]
    found = replay("p", bytes(file.data))
    assert (len(file.data), found.mark, found.end) == (log.end, log.end, log.end)


@pytest.mark.parametrize("at", range(1, 7))
def test_the_file_is_closed_whatever_fails_before(at: int) -> None:
    log, file = new_log()
    log.append(payload(b"k"))
    file.calls, file.fails_at = [], at
    with pytest.raises(StorageError, match="the device does not answer"):
        log.close()
    assert file.calls[-1] == ("close", 0)
    assert len(file.calls) == min(at + 1, 6)


def test_a_file_that_was_moved_while_it_was_open_is_closed_and_told() -> None:
    log, file = new_log()
    file.moved = True
    with pytest.raises(StorageError, match="'p' was moved"):
        log.close()
    assert file.calls[-1] == ("close", 0)


def test_what_the_port_raises_comes_out_as_ours_and_what_it_returns_as_it_is() -> None:
    def fail(error: BaseException) -> None:
        raise error

    def double(number: int, *, more: int) -> int:
        return 2 * number + more

    calls: Callable[..., Any] = double
    assert ask("count", "p", calls, 4, more=1) == 9
    with pytest.raises(StorageError, match=r"^cannot count 'p': the device") as caught:
        ask("count", "p", fail, FAILURE)
    assert (caught.value.errno, caught.value.__cause__) == (errno.EIO, FAILURE)
    with pytest.raises(ZeroDivisionError):
        ask("count", "p", fail, ZeroDivisionError())


def test_fewer_bytes_than_asked_for_are_an_incomplete_read() -> None:
    _, file = new_log()
    assert read_exactly("p", file, 0, 44) == HEADER.encode()
    with pytest.raises(IncompleteReadError, match="92 of 100 bytes") as caught:
        read_exactly("p", file, 8100, 100)
    assert caught.value.offset == RECORDS_OFFSET
    file.fails_at = len(file.calls) + 1
    with pytest.raises(StorageError, match="cannot read 'p'"):
        read_exactly("p", file, 0, 1)
