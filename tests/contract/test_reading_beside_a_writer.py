"""Opening for reading takes no lock, changes nothing, and works beside a writer."""

import pytest

import libredb
from libredb import FileSystem, GroupCommit
from tests.support.files import contents
from tests.support.work import commit, keys

pytestmark = pytest.mark.cpython(reason="an OPFS handle is exclusive")


def test_a_reader_sees_the_commits_up_to_its_opening(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as writer:
        commit(writer, b"1")
        with libredb.open(db_path, fs=fs, mode="r") as reader:
            commit(writer, b"2")
            assert keys(reader) == [b"1"]
            assert (reader.version, writer.version) == (1, 2)
        with libredb.open(db_path, fs=fs, mode="r") as reader:
            assert keys(reader) == [b"1", b"2"]


def test_a_reader_sees_pending_commits_and_leaves_them_pending(
    fs: FileSystem, db_path: str
) -> None:
    with libredb.open(db_path, fs=fs, group_commit=GroupCommit(commits=9)) as writer:
        commit(writer, b"1", b"2")
        with libredb.open(db_path, fs=fs, mode="r") as reader:
            assert (keys(reader), reader.pending_commits) == ([b"1", b"2"], 2)
        assert writer.pending_commits == 2


def test_readers_are_many_and_a_writer_may_come_later(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as writer:
        commit(writer, b"1")
    readers = [libredb.open(db_path, fs=fs, mode="r") for _ in range(3)]
    with libredb.open(db_path, fs=fs) as writer:
        commit(writer, b"2")
        writer.compact()
        assert all(keys(reader) == [b"1"] for reader in readers)
    for reader in readers:
        reader.close()


def test_a_judgement_changes_nothing_beside_a_writer(fs: FileSystem, db_path: str) -> None:
    with libredb.open(db_path, fs=fs) as writer:
        commit(writer, b"1")
        before = contents(fs, db_path)
        report = libredb.verify(db_path, fs=fs)
        assert (report.outcome, report.version) == ("clean", 1)
        assert contents(fs, db_path) == before
        commit(writer, b"2")
