"""A reader beside a writer, and what it has to show and to tell."""

import libredb
from libredb import Database, FileSystem, GroupCommit
from tests.support.work import commit


def told_by(db: Database) -> tuple[int, int, int, int, int]:
    """Return everything that a database tells about its log."""
    return (db.version, db.durable_version, db.pending_commits, db.pending_bytes, db.log_bytes)


def opened_beside(fs: FileSystem, path: str, *committed: bytes) -> tuple[Database, Database]:
    """Return a writer that has committed, and a reader of the same file."""
    writer = libredb.open(path, fs=fs, group_commit=GroupCommit(commits=4))
    commit(writer, *committed)
    return writer, libredb.open(path, fs=fs, mode="r")


def requires_the_same(fs: FileSystem, path: str, reader: Database) -> None:
    """Compare what a refreshed reader shows and tells with a reader that was opened just now."""
    with libredb.open(path, fs=fs, mode="r") as fresh:
        assert list(reader.scan()) == list(fresh.scan())
        assert told_by(reader) == told_by(fresh)
        assert reader.live_bytes == fresh.live_bytes
        assert reader.database_id == fresh.database_id
        since = reader.version - reader.pending_commits
        assert list(reader.changes(since=since)) == []
