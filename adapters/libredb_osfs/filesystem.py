"""Databases on the operating system's file system: one path, one file, replaced by a rename.

    app.libredb        the database; the only file `open` looks at
    app.libredb.next   the file that shall take its place; anything found there is left over
    app.libredb.lock   locked by whoever writes; stays for ever

A symbolic link is followed before anything else, so that a link and its target share one lock and
a rename replaces the target. An open file remembers its absolute path: what belongs to it is
found even after the program changed its working directory. Deliberately absent: access lists and
extended attributes of a replaced file, hard links (two names of one file are two databases here),
and any look inside the files.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Sequence

from libredb.kernel.filesystem import LogFile
from libredb_osfs.handle import Handle
from libredb_osfs.lock import OsFileLock
from libredb_osfs.logfile import OsLogFile
from libredb_osfs.sync import sync_directory_of

_NEXT = ".next"
_LOCK = ".lock"


class OsFileSystem:
    """The files of the operating system. Keeps P9 to P15.

    It has no state, so it may be copied and pickled, which what it opens may not.
    """

    def lock(self, path: str, /) -> OsFileLock:
        """Take the lock of the database, or raise BlockingIOError at once.

        Raises:
            BlockingIOError: The database is open for writing, here or in another process.
            OSError: The path cannot be that of a database, or the lock file cannot be made.
        """
        place = _resolve(path)
        if place.endswith((_NEXT, _LOCK)):
            raise OSError(errno.EINVAL, f"{_NEXT} and {_LOCK} files belong to a database", place)
        try:
            status = os.stat(place)
        except FileNotFoundError:
            return OsFileLock(place + _LOCK)
        # Judged before the lock is made, so that a mistyped path leaves no lock file behind.
        _refuse_all_but_files(status, place)
        lock = OsFileLock(place + _LOCK)
        try:
            _keep_owner(lock.handle, status)
        except BaseException:
            lock.release()
            raise
        return lock

    def open(self, path: str, /, *, writable: bool) -> Sequence[OsLogFile]:
        """Open the file at `path`; return nothing when nothing is there."""
        place = _resolve(path)
        # O_NONBLOCK: a pipe without a writer must be refused, not waited for.
        access = os.O_RDWR if writable else os.O_RDONLY
        try:
            handle = Handle(place, access | os.O_NONBLOCK)
        except FileNotFoundError:
            return ()
        try:
            status = os.fstat(handle.descriptor())
            _refuse_all_but_files(status, place)
        except BaseException:
            handle.close()
            raise
        return (OsLogFile(handle, status.st_size),)

    def create_next(self, path: str, current: LogFile | None, /) -> OsLogFile:
        """Create the empty file that shall take the place of `current`.

        It gets the permissions of `current`, and its owner as far as the system permits.
        """
        place = _place(path, current)
        status = None if current is None else os.fstat(_own(current).handle.descriptor())
        _remove(place + _NEXT)
        # Nobody may open it before it has the permissions of the file whose content it gets.
        mode = 0o666 if status is None else 0o600
        handle = Handle(place + _NEXT, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        if status is not None:
            _keep_owner(handle, status)
            with contextlib.suppress(OSError):  # some file systems have no permissions to set
                os.fchmod(handle.descriptor(), stat.S_IMODE(status.st_mode))
        return OsLogFile(handle, 0)

    def replace(self, path: str, current: LogFile | None, following: LogFile, /) -> None:
        """Put `following` in the place of `current`, durably; `current` stays open."""
        place = _place(path, current)
        handle = _own(following).handle
        handle.descriptor()  # a forked child must not rename what its parent is writing
        os.replace(handle.path, place)
        handle.path = place
        sync_directory_of(place)

    def sync_directory(self, path: str, /) -> None:
        """Make the directory entry of the database durable."""
        sync_directory_of(_resolve(path))

    def discard_next(self, path: str, current: LogFile, /) -> None:
        """Remove what an unfinished `create_next` or `replace` left beside `current`.

        Nothing is synced: should the removed file come back, `open` does not look at it.
        """
        _remove(_place(path, current) + _NEXT)

    def entropy(self, length: int, /) -> bytes:
        """Return `length` unpredictable bytes."""
        return os.urandom(length)


def _own(file: LogFile) -> OsLogFile:
    """Return the file as what this adapter handed out."""
    assert isinstance(file, OsLogFile), f"a file of another file system: {file!r}"
    return file


def _place(path: str, current: LogFile | None) -> str:
    """Return where the database is: where `current` is, if there is one."""
    return _resolve(path) if current is None else _own(current).handle.path


def _resolve(path: str) -> str:
    """Return the absolute path without symbolic links."""
    try:
        unusable = b"\0" in os.fsencode(path)
    except UnicodeEncodeError:
        unusable = True
    if unusable:
        raise OSError(errno.EINVAL, "the system has no such file names", path)
    return os.path.realpath(path)


def _refuse_all_but_files(status: os.stat_result, path: str) -> None:
    """Raise unless `status` is that of a regular file."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)


def _keep_owner(handle: Handle, status: os.stat_result) -> None:
    """Give a new file the owner of the database, or only its group, or leave it."""
    for user in (status.st_uid, -1):
        with contextlib.suppress(OSError):
            os.fchown(handle.descriptor(), user, status.st_gid)
            return


def _remove(path: str) -> None:
    """Remove the file, if there is one."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
