"""Databases to back up and to restore, and what to do to them behind their backs."""

import libredb
from libredb import Database, FileSystem, GroupCommit, verify
from libredb.kernel.record import FILE_HEADER_LENGTH, FileHeader, decode_file_header
from sim.world.filesystem import SimFileSystem
from tests.support.files import flipped


def filled(fs: FileSystem, path: str = "p", count: int = 40) -> Database:
    """Return a database with overwritten, deleted and pending commits."""
    db = libredb.open(path, fs=fs, group_commit=GroupCommit(commits=1000))
    for number in range(count):
        db.transact(lambda tx, n=number: tx.set(b"%d" % (n % 7), bytes([n]) * 50))
    db.transact(lambda tx: tx.delete(b"3"))
    return db


def header_of(fs: SimFileSystem, path: str) -> FileHeader:
    """Return the header of the database at a path."""
    image = max(fs.images(path), key=len)
    header = decode_file_header(image[:FILE_HEADER_LENGTH])
    assert header is not None
    return header


def is_as_good_as_nothing(fs: SimFileSystem) -> bool:
    """Whether nothing is at `copy`, or an empty database."""
    return not any(fs.images("copy")) or verify("copy", fs=fs).version == 0


def damage_old_backup(fs: SimFileSystem) -> None:
    """Flip a bit in the first record of the one database there is."""
    (file,) = (f for f in fs._files() if len(f.cache) > 8192)
    file.settle(flipped(bytes(file.cache), 8200))
