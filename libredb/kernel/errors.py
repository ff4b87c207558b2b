"""What can go wrong, sorted by who has to act.

    LibreDBError
      UsageError       you broke a rule; nothing happened, correct the call
      StorageError     the world failed; look at the disk, then close and open again, or, if it was
                       a read that failed, read again
      LogFileError     the file is not what a log must be; nothing in it was changed
      LensError        a lens refused a value, or found one it did not write

Every class fits Python as well: a bad argument is also a TypeError or a ValueError, a failure of
storage is also the OSError it came from. `code` is a stable name for programs and for messages that
cross into another language. Absent on purpose: retry hints. What could
not be read may be read again; nothing else here goes away by itself.
"""

import errno
from typing import Any, Literal

Evidence = Literal["mark", "snapshot", "record"]
"""What proves that bytes had been durable; "record" is the header of a later one."""


class LibreDBError(Exception):
    """The root: catch it to catch everything this package raises on purpose."""

    code = "error"


class UsageError(LibreDBError):
    """A rule of the interface was broken. Nothing happened; correct the call."""

    code = "usage"


class UsageTypeError(UsageError, TypeError):
    """An argument has the wrong type, for example a str where bytes are stored."""

    code = "usage_type"


class UsageValueError(UsageError, ValueError):
    """An argument has the right type and an impossible value."""

    code = "usage_value"


class ChangesTrimmedError(UsageError):
    """The changes that were asked for were compacted away; read everything again."""

    code = "changes_trimmed"


class StorageError(LibreDBError, OSError):
    """Storage failed; `__cause__` is the OSError, `errno` its number."""

    code = "storage"

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross a process boundary with what OSError keeps outside of its `args`."""
        return type(self), self.args, _state(self)


class StorageExistsError(StorageError, FileExistsError):
    """Something else is where a file of the database has to be."""

    code = "storage_exists"


class StorageNotFoundError(StorageError, FileNotFoundError):
    """The file, or the folder it should be in, does not exist."""

    code = "storage_not_found"


class StorageIsDirectoryError(StorageError, IsADirectoryError):
    """The path names a directory, not a file."""

    code = "storage_is_directory"


class StorageNotDirectoryError(StorageError, NotADirectoryError):
    """A part of the path that has to be a directory is a file."""

    code = "storage_not_directory"


class StoragePermissionError(StorageError, PermissionError):
    """The operating system does not permit what was asked."""

    code = "storage_permission"


class DatabaseLockedError(StorageError, BlockingIOError):
    """The database is open for writing already, here or in another process."""

    code = "locked"


class DatabaseFailedError(StorageError):
    """An earlier failure left an outcome unknown; close the database and open it again."""

    code = "failed"


class LogFileError(LibreDBError):
    """The bytes at `path` are not a log this version may open, or are damaged."""

    code = "log_file"

    def __init__(self, path: str, offset: int, reason: str) -> None:
        """Name the file, the byte offset of the trouble, and what is wrong and what to do."""
        super().__init__(f"{path}, byte {offset}: {reason}")
        self.path = path
        self.offset = offset
        self.reason = reason

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross a process boundary with its attributes."""
        return type(self), (self.path, self.offset, self.reason), _state(self)


class NotADatabaseError(LogFileError):
    """The file does not begin like a log: it belongs to something else."""

    code = "not_a_database"


class LegacyFormatError(LogFileError):
    """The file has an older format, which has to be converted first."""

    code = "legacy_format"


class UnsupportedVersionError(LogFileError):
    """The file has a newer format, or needs a feature this version does not know."""

    code = "unsupported_version"


class CorruptLogError(LogFileError):
    """Bytes that had been durable are damaged or missing; no crash explains it."""

    code = "corrupt"

    def __init__(
        self, path: str, offset: int, reason: str, evidence: Evidence | None = None
    ) -> None:
        """As for every LogFileError; `evidence` is what proves that the bytes had been durable."""
        super().__init__(path, offset, reason)
        self.evidence: Evidence | None = evidence


class IncompleteReadError(LogFileError, OSError):
    """Storage returned fewer bytes than the file has; nothing was concluded from them."""

    code = "incomplete_read"


class LensError(LibreDBError):
    """A lens refused a value, or found one that it did not write."""

    code = "lens"


def _state(error: LibreDBError) -> dict[str, Any]:
    """Return the attributes of an error, with those that an OSError keeps apart."""
    apart = {name: getattr(error, name, None) for name in ("errno", "strerror", "filename")}
    return vars(error) | {name: value for name, value in apart.items() if value is not None}


_CLASSES: dict[type[OSError], type[StorageError]] = {
    FileExistsError: StorageExistsError,
    FileNotFoundError: StorageNotFoundError,
    IsADirectoryError: StorageIsDirectoryError,
    NotADirectoryError: StorageNotDirectoryError,
    PermissionError: StoragePermissionError,
    BlockingIOError: DatabaseLockedError,
}

_HINTS = {
    errno.EACCES: "check the permissions of the file and its folder",
    errno.EAGAIN: "close it there first",
    errno.EBADF: "open the database again",
    errno.EDQUOT: "check the quota",
    errno.EEXIST: "move it out of the way",
    errno.EFBIG: "check the limit on file sizes",
    errno.EINVAL: "check the path and its file system",
    errno.EIO: "check the device before you trust it with more",
    errno.EISDIR: "name a file, not a folder",
    errno.ELOOP: "check the links in the path",
    errno.EMFILE: "check the limit on open files",
    errno.ENAMETOOLONG: "choose a shorter name; files beside the database have longer ones",
    errno.ENFILE: "check the limit on open files",
    errno.ENOENT: "check the path",
    errno.ENOSPC: "check the free space of the device",
    errno.ENOTDIR: "check the folders in the path",
    errno.ENOTSUP: "check the path and its file system",
    errno.EPERM: "check the permissions",
    errno.EROFS: "check the mount, or open with mode 'r'",
    errno.ESTALE: "check where the file or its folder went",
}
"""What to do, by number; a number without a line has a reason that says it all."""


def storage_error(cause: OSError, message: str) -> StorageError:
    """Return a StorageError with a hint, that is also of the cause's own OSError subclass."""
    hint = f" ({_HINTS[cause.errno]})" if cause.errno in _HINTS else ""
    error_class = _CLASSES.get(type(cause), StorageError)
    error = error_class(f"{message}: {cause.strerror or cause}{hint}")
    error.errno = cause.errno
    return error
