"""Clause 6: what no log can tell from a crash is outside the contract, and behaves as said."""

import pytest

import libredb
from libredb import CorruptLogError, FileSystem, RecoveryReport
from libredb.kernel.record import RECORDS_OFFSET
from sim.world.filesystem import SimFileSystem
from tests.support.files import flipped, log_image, put
from tests.support.work import commit, keys

RECORDS = [[(b"1", b"")], [(b"2", b"")], [(b"3", b"")]]


def test_damage_to_the_last_commit_of_an_unclosed_file_is_taken_for_a_crash_and_reported(
    fs: FileSystem, db_path: str
) -> None:
    image = flipped(log_image(RECORDS), len(log_image(RECORDS)) - 1)
    put(fs, db_path, image)
    reports: list[RecoveryReport] = []
    with libredb.open(db_path, fs=fs, on_recovery=reports.append) as db:
        assert keys(db) == [b"1", b"2"]
    (report,) = reports
    assert (report.outcome, report.version) == ("cut", 2)
    assert report.discarded == image[report.offset :]


def test_damage_to_the_last_group_of_an_unclosed_file_costs_the_group(
    memory_fs: SimFileSystem,
) -> None:
    image = log_image(RECORDS, unsynced=(0, 0, 1))
    memory_fs.install("p", flipped(image, len(log_image(RECORDS[:1]))))
    with libredb.open("p", fs=memory_fs) as db:
        assert keys(db) == [b"1"]


def test_a_file_cut_down_to_nothing_is_a_new_database(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as db:
        commit(db, b"k")
    put(fs, db_path, b"")
    with libredb.open(db_path, fs=fs) as db:
        assert (keys(db), db.version) == ([], 0)


def test_a_lying_device_is_noticed_when_later_bytes_prove_it(memory_fs: SimFileSystem) -> None:
    start, end = len(log_image(RECORDS[:1])), len(log_image(RECORDS[:2]))
    image = log_image(RECORDS)
    memory_fs.install("p", image[:start] + bytes(end - start) + image[end:])
    with pytest.raises(CorruptLogError, match=f"byte {start}: .* byte {end} proves"):
        libredb.open("p", fs=memory_fs)


def test_a_lying_device_is_not_noticed_when_nothing_proves_it(memory_fs: SimFileSystem) -> None:
    memory_fs.install("p", log_image(RECORDS)[: len(log_image(RECORDS[:2]))])
    with libredb.open("p", fs=memory_fs) as db:
        assert keys(db) == [b"1", b"2"]


def test_whoever_can_write_the_file_can_forge_it(memory_fs: SimFileSystem) -> None:
    forged = log_image([[(b"1", b"forged")]])
    memory_fs.install("p", forged)
    with libredb.open("p", fs=memory_fs) as db:
        assert db.get(b"1") == b"forged"
    assert len(forged) > RECORDS_OFFSET
