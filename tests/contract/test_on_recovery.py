"""`on_recovery` hears once per open what was found, when the file is in order and locked."""

from typing import Literal

import pytest

import libredb
from libredb import DatabaseLockedError, FileSystem, RecoveryReport
from sim.world.filesystem import SimFileSystem
from tests.support.files import contents, log_image, put
from tests.support.work import commit, keys

RECORDS = [[(b"1", b"v")], [(b"2", b"v")], [(b"3", b"v")]]
IMAGE = log_image(RECORDS)
ENDS = [len(log_image(RECORDS[:count])) for count in range(4)]


def opened_with_report(
    fs: FileSystem, path: str, mode: Literal["rwc", "r"] = "rwc"
) -> RecoveryReport:
    reports: list[RecoveryReport] = []
    with libredb.open(path, fs=fs, mode=mode, on_recovery=reports.append):
        pass
    (report,) = reports
    assert report.path == path
    return report


def test_a_new_database_is_created(fs: FileSystem, db_path: str) -> None:
    report = opened_with_report(fs, db_path)
    assert report == RecoveryReport(db_path, "created", 8192, 0, 0)


def test_a_closed_database_is_clean(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"1", b"2")
    for mode in ("r", "rwc"):
        report = opened_with_report(fs, db_path, mode)
        assert report == RecoveryReport(db_path, "clean", db.log_bytes, 2, 2)


def test_a_torn_tail_is_cut_and_travels_in_the_report(fs: FileSystem, db_path: str) -> None:
    put(fs, db_path, IMAGE[:-1] + bytes(100))
    torn = IMAGE[ENDS[2] : -1].rstrip(b"\0")
    expected = RecoveryReport(db_path, "cut", ENDS[2], 2, 1, torn, len(torn))
    assert opened_with_report(fs, db_path, "r") == expected
    assert opened_with_report(fs, db_path) == expected
    assert opened_with_report(fs, db_path) == RecoveryReport(db_path, "clean", ENDS[2], 2, 2)


def test_the_last_commit_of_an_unclosed_file_was_not_known_to_be_synced(
    memory_fs: SimFileSystem,
) -> None:
    memory_fs.install("p", IMAGE)
    assert opened_with_report(memory_fs, "p").durable_version == 2


def test_it_is_called_with_the_lock_held_and_the_file_in_order(
    fs: FileSystem, db_path: str
) -> None:
    put(fs, db_path, IMAGE + b"torn")
    locked: list[str] = []

    def look(report: RecoveryReport) -> None:
        with pytest.raises(DatabaseLockedError):
            libredb.open(db_path, fs=fs)
        locked.append(report.outcome)

    libredb.open(db_path, fs=fs, on_recovery=look).close()
    assert locked == ["cut"]


def test_the_file_is_in_order_when_it_is_called(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", IMAGE + b"torn")
    images: list[list[bytes]] = []

    def look(report: RecoveryReport) -> None:
        assert report.outcome == "cut"
        images.append(memory_fs.images("p"))

    db = libredb.open("p", fs=memory_fs, on_recovery=look)
    assert images == [memory_fs.images("p")]
    assert images[0][0][8192:] == IMAGE[8192:]
    db.close()


@pytest.mark.parametrize("error", [LookupError("mine"), KeyboardInterrupt()])
def test_an_exception_from_it_closes_the_file_and_leaves_recovery_done(
    fs: FileSystem, db_path: str, error: BaseException
) -> None:
    put(fs, db_path, IMAGE + b"torn")

    def refuse(report: RecoveryReport) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        libredb.open(db_path, fs=fs, on_recovery=refuse)
    assert caught.value is error
    assert IMAGE[8192:] in [image[8192:] for image in contents(fs, db_path)]
    report = opened_with_report(fs, db_path)
    assert (report.outcome, report.version) == ("clean", 3)


def test_an_exception_from_it_leaves_no_handle(memory_fs: SimFileSystem) -> None:
    def refuse(report: RecoveryReport) -> None:
        raise LookupError(report.outcome)

    modes: tuple[Literal["rwc", "rw", "r"], ...] = ("rwc", "rw", "r")
    for mode in modes:
        with pytest.raises(LookupError):
            libredb.open("p", fs=memory_fs, mode=mode, on_recovery=refuse)
        assert memory_fs.handles == 0
        assert memory_fs.holder("p") is None


def test_it_is_not_called_for_a_refused_file(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", b"text".ljust(9000))
    reports: list[RecoveryReport] = []
    with pytest.raises(libredb.NotADatabaseError):
        libredb.open("p", fs=memory_fs, on_recovery=reports.append)
    assert reports == []


def test_recovered_commits_can_be_built_upon(fs: FileSystem, db_path: str) -> None:
    put(fs, db_path, IMAGE[:-1])
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"4")
        assert db.version == 3
    with libredb.open(db_path, fs=fs) as db:
        assert keys(db) == [b"1", b"2", b"4"]
