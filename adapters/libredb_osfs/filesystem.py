"""Databases on the operating system's file system: one path, one file, replaced by a rename.

    app.libredb        the database; the only file `open` looks at
    app.libredb.next   the file that shall take its place; a file found there is left over
    app.libredb.lock   locked by whoever writes; stays for ever

A symbolic link is followed before anything else, so that a link and its target share one lock and
a rename replaces the target. An open file remembers its absolute path: what belongs to it is
found even after the program changed its working directory, and nothing is made or moved there when
the path has come to lead to another file. Deliberately absent: access lists and extended
attributes of a replaced file, hard links (two names of one file are two databases here), and any
look inside the files.
"""

import errno
import os
import stat
from collections.abc import Sequence

from libredb.kernel.filesystem import LogFile
from libredb.room import Room
from libredb_osfs.folder import Folder
from libredb_osfs.handle import Handle
from libredb_osfs.lock import OsFileLock
from libredb_osfs.logfile import SMALL_BYTES, STEP_BYTES, OsLogFile

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
        name = os.path.basename(place)
        with Folder(os.path.dirname(place)) as folder:
            status = folder.status(name or ".")
            # Judged before the lock is made, so that a mistyped path leaves no lock file behind.
            _refuse_all_but_files(status, place)
            return OsFileLock(folder, name + _LOCK, status)

    def open(self, path: str, /, *, writable: bool) -> Sequence[OsLogFile]:
        """Open the file at `path`; return nothing when nothing is there."""
        place = _resolve(path)
        # O_NONBLOCK: a pipe without a writer must be refused, not waited for. O_NOFOLLOW: links
        # were followed already, and one that has come since may lead anywhere.
        access = os.O_RDWR if writable else os.O_RDONLY
        try:
            handle = Handle(place, access | os.O_NONBLOCK | os.O_NOFOLLOW)
        except FileNotFoundError:
            return ()
        except OSError as error:
            if error.errno == errno.ENXIO:  # a socket
                raise _not_regular(place) from None
            raise
        try:
            status = os.fstat(handle.descriptor())
            _refuse_all_but_files(status, place)
            room = Room(STEP_BYTES, SMALL_BYTES, end=status.st_size, placed=True)
        except BaseException:
            handle.close()
            raise
        file = OsLogFile(handle, room)
        file.droppable = not writable
        return (file,)

    def create_next(self, path: str, current: LogFile | None, /) -> OsLogFile:
        """Create the empty file that shall take the place of `current`.

        It gets the permissions of the file it shall replace, which may be an empty one that is no
        database yet, and its owner as far as the system permits.
        """
        place = _place(path, current)
        name = os.path.basename(place)
        with _folder_of(place, current) as folder:
            if current is None:
                status = folder.status(name)
                _refuse_all_but_files(status, place)
            else:
                status = os.fstat(_own(current).handle.descriptor())
            folder.remove(name + _NEXT, "next file")
            handle = folder.create(name + _NEXT, status)
            return OsLogFile(handle, Room(STEP_BYTES, SMALL_BYTES))

    def replace(self, path: str, current: LogFile | None, following: LogFile, /) -> None:
        """Put `following` in the place of `current`, durably, which can be read until dropped."""
        handle = _own(following).handle
        # Not from `path`: the program may have changed its directory since the file was made.
        place = handle.path.removesuffix(_NEXT)
        with _folder_of(place, current, following) as folder:
            folder.move(os.path.basename(handle.path), os.path.basename(place))
            handle.path = place
            folder.sync()
        _own(following).room.placed()
        if current is not None:
            _own(current).droppable = True

    def sync_directory(self, path: str, /) -> None:
        """Make the directory entry of the database durable."""
        with Folder(os.path.dirname(_resolve(path))) as folder:
            folder.sync()

    def discard_next(self, path: str, current: LogFile, /) -> None:
        """Remove what an unfinished `create_next` or `replace` left beside `current`.

        Nothing is synced: should the removed file come back, `open` does not look at it.
        """
        place = _place(path, current)
        with _folder_of(place, current) as folder:
            folder.remove(os.path.basename(place) + _NEXT, "next file")

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


def _folder_of(place: str, *files: LogFile | None) -> Folder:
    """Open the folder of `place`, in which each of the files still is where it was.

    Raises:
        OSError: ESTALE if one was renamed, removed or replaced, or the folder was.
    """
    handles = [_own(file).handle for file in files if file is not None]
    try:
        folder = Folder(os.path.dirname(place))
    except (FileNotFoundError, NotADirectoryError):
        if handles:
            raise _stale(handles[0].path) from None
        raise
    try:
        for handle in handles:
            if not folder.holds(handle):
                raise _stale(handle.path)
    except BaseException:
        folder.close()
        raise
    return folder


def _stale(path: str) -> OSError:
    return OSError(
        errno.ESTALE, f"the file at this path is no longer the one that was opened: {path}"
    )


def _resolve(path: str) -> str:
    """Return the absolute path without symbolic links."""
    try:
        unusable = b"\0" in os.fsencode(path)
    except UnicodeEncodeError:
        unusable = True
    if unusable:
        raise OSError(errno.EINVAL, "the system has no such file names", path)
    return os.path.realpath(path)


def _refuse_all_but_files(status: os.stat_result | None, path: str) -> None:
    """Raise if there is something, and it is not a regular file."""
    if status is None or stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if stat.S_ISLNK(status.st_mode):  # a link that leads somewhere was followed
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    raise _not_regular(path)


def _not_regular(path: str) -> OSError:
    return OSError(errno.EINVAL, "not a regular file", path)
