"""The folder of a database, held open while files in it are looked at, made, moved and removed.

A call that is given a path looks up every folder on its way anew, so whoever may rename one of them
chooses, between two calls, where the second one works. What belongs together is therefore done by
name inside one open folder. A file is made in five steps, and in this order:

    exclusively     never through a link, and never what was there before
    private         at first nobody but its owner may open it, and no more than in the end
    owner           that of the database, or at least its group
    permissions     those of the database; the group's only if it is the same group
    content         from whoever asked for the file, when it has all this

In any other order there is a moment in which somebody opens the file who may not read what comes.
Deliberately absent: access lists, extended attributes, and set-user and set-group bits.
"""

import contextlib
import errno
import os
import stat
from types import TracebackType
from typing import Self

from libredb_osfs.handle import Handle
from libredb_osfs.sync import sync_everything

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


class Folder(Handle):
    """An open folder; a context manager, which closes it. Every `name` is that of an entry."""

    def __init__(self, path: str) -> None:
        """Open the folder at `path`."""
        try:
            super().__init__(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, f"no folder exists at {path}") from None

    def status(self, name: str) -> os.stat_result | None:
        """Return what an entry is, links not followed; None where there is none."""
        try:
            return os.stat(name, dir_fd=self.descriptor(), follow_symlinks=False)
        except FileNotFoundError:
            return None

    def holds(self, handle: Handle) -> bool:
        """Whether the entry of the handle's name is the file that the handle has open."""
        status = self.status(os.path.basename(handle.path))
        opened = os.fstat(handle.descriptor())
        return status is not None and os.path.samestat(status, opened)

    def create(self, name: str, like: os.stat_result | None) -> Handle:
        """Make a file, open for reading and writing, for those who may open the file `like`.

        Raises:
            FileExistsError: There is an entry of this name, of whatever kind.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        path = os.path.join(self.path, name)
        if like is None:
            return Handle(path, flags, folder=self)
        permissions = stat.S_IMODE(like.st_mode) & 0o777
        handle = Handle(path, flags, permissions & 0o600, folder=self)
        try:
            _give(handle.descriptor(), like.st_uid, like.st_gid)
            if os.fstat(handle.descriptor()).st_gid != like.st_gid:
                permissions &= 0o707
            with contextlib.suppress(OSError):  # some file systems have no permissions to set
                os.fchmod(handle.descriptor(), permissions)
        except BaseException:
            handle.close()
            raise
        return handle

    def open(self, name: str, role: str) -> Handle:
        """Open a file that is there for reading and writing; nothing about it is changed.

        Raises:
            FileExistsError: It is no regular file; `role` says in the message what it should be.
        """
        path = os.path.join(self.path, name)
        refuse_all_but_files(self.status(name), path, role)
        # Looked at before, because to open a device may do something, and after, because it may be
        # another by then. O_NONBLOCK: a pipe must be refused, not waited for.
        handle = Handle(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, folder=self)
        try:
            refuse_all_but_files(os.fstat(handle.descriptor()), path, role)
        except BaseException:
            handle.close()
            raise
        return handle

    def remove(self, name: str, role: str) -> None:
        """Remove the file, if there is one.

        Raises:
            FileExistsError: It is no regular file; `role` says in the message what it should be.
        """
        refuse_all_but_files(self.status(name), os.path.join(self.path, name), role)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self.descriptor())

    def move(self, name: str, onto: str) -> None:
        """Rename an entry, in the place of another if there is one; not yet durable."""
        folder = self.descriptor()
        os.replace(name, onto, src_dir_fd=folder, dst_dir_fd=folder)

    def sync(self) -> None:
        """Make the entries of the folder durable."""
        sync_everything(self.descriptor())

    def __enter__(self) -> Self:
        """Return the folder itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def refuse_all_but_files(status: os.stat_result | None, path: str, role: str) -> None:
    """Raise FileExistsError if something is there that is not a regular file."""
    kind = stat.S_IFREG if status is None else stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        found = _KINDS.get(kind, "a device")
        raise FileExistsError(errno.EEXIST, f"{found} is where the {role} has to be: {path}")


def _give(descriptor: int, user: int, group: int) -> None:
    """Give the file to the user and the group, or only to the group, or to nobody."""
    for owner in (user, -1):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, owner, group)
            return
