"""The right to write: a flock on a file of its own, beside the database.

The lock is not taken on the database itself, because compaction replaces that file and a lock
would stay behind on the old one. So `<path>.lock` is created once and never replaced or removed:
whoever removes it while a database is open lets a second writer in. A flock belongs to the
open file and not to the process, so a second open in one process is refused as well, and
the system ends it with its holder: no process numbers in files, nothing to clean up after a crash.
A lock file that was there is locked and otherwise left as it is: it may be somebody else's.
Deliberately absent: waiting, sharing, and telling apart the hard links of one file.
"""

import contextlib
import errno
import fcntl
import os

from libredb.kernel.filesystem import Uncopyable
from libredb_osfs.folder import Folder
from libredb_osfs.handle import Handle


class OsFileLock(Uncopyable):
    """An exclusive lock that is held from construction to `release`. Keeps P7 and P8."""

    def __init__(self, folder: Folder, name: str, like: os.stat_result | None = None) -> None:
        """Lock the file, which is made, for those who may open the file `like`, if there is none.

        Raises:
            BlockingIOError: Somebody holds the lock.
            FileExistsError: Something that is no regular file is in its place.
        """
        self._released = False
        self.handle = _open(folder, name, like)
        try:
            fcntl.flock(self.handle.descriptor(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.handle.close()
            raise BlockingIOError(
                errno.EWOULDBLOCK, "the database is open for writing already", self.handle.path
            ) from None
        except BaseException:
            self.handle.close()
            raise

    @property
    def held(self) -> bool:
        """Whether this process may still write."""
        return not self._released and self.handle.is_open

    @property
    def why_gone(self) -> str:
        """Why it is not held any more, for the message to whoever needs it."""
        if self._released:
            return "the lock was released"
        return "the database was opened before a fork; open it again in the child"

    def release(self) -> None:
        """Let the next one in; calling it twice is fine, and finishes what was interrupted."""
        # First of all: somebody else may hold the lock before this one is closed.
        self._released = True
        if self.handle.is_open:
            # Closing alone would leave the lock with a copy of the descriptor that another thread
            # is just carrying into a new program.
            with contextlib.suppress(OSError):
                fcntl.flock(self.handle.descriptor(), fcntl.LOCK_UN)
            self.handle.close()


def _open(folder: Folder, name: str, like: os.stat_result | None) -> Handle:
    """Make the lock file, or open the one that is there."""
    with contextlib.suppress(FileExistsError):
        return folder.create(name, like)
    return folder.open(name, "lock file")
