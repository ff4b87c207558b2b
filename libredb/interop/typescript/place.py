"""Files at a path: read whole, looked for, and put in place whole. All through the port."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import libredb
from libredb.kernel.errors import StorageError, StorageNotFoundError, UsageError
from libredb.kernel.filesystem import FileSystem, LogFile
from libredb.kernel.log import ask, read_exactly


def platform_file_system() -> FileSystem:
    """Return the file system that `libredb.open` has by default.

    Raises:
        ImportError: in a browser there is none; the message says what to pass.
    """
    from libredb_osfs import OsFileSystem  # noqa: PLC0415 - the adapter imports this package first

    return OsFileSystem()


def read_file(path: str, fs: FileSystem) -> bytes:
    """Return the bytes of the file at a path, which is opened for reading only.

    Raises:
        StorageError: it is missing, or storage failed.
    """
    with _files_at(path, fs) as files:
        is_missing = not files
        found = [data for file in files if (data := _bytes_of(path, file))]
    if is_missing:
        raise StorageNotFoundError(f"there is no file at {path!r}; check the path")
    if len(found) > 1:
        raise StorageError(f"there are two files behind {path!r}; it is not of TypeScript")
    return b"".join(found)


def require_free(path: str, fs: FileSystem) -> None:
    """Refuse a path where a database with commits is, or something else.

    Raises:
        UsageError: there is a database.
        LogFileError: there is something that libredb does not touch.
    """
    try:
        report = libredb.verify(path, fs=fs)
    except StorageNotFoundError:
        return
    if report.error is not None:
        raise report.error
    if report.version:
        raise taken(path)


def put_file(path: str, data: bytes, fs: FileSystem) -> None:
    """Put a file in place where nothing is: whole and durable, or not at all.

    The lock is not taken: its file would stay beside the new one, under the very name that the
    TypeScript library has for its own, and it would take the file for open.

    Raises:
        UsageError: something is there.
        StorageError: storage failed.
    """
    with _files_at(path, fs) as files:
        is_taken = any(_size_of(path, file) for file in files)
    if is_taken:
        raise taken(path)
    with ExitStack() as stack:
        following = ask("create the next file of", path, fs.create_next, path, None)
        stack.callback(ask, "close", path, following.close)
        ask("write", path, following.write, 0, data)
        ask("truncate", path, following.truncate, len(data))
        ask("sync", path, following.sync)
        if read_exactly(path, following, 0, len(data)) != data:
            raise StorageError(f"storage returned something else than was written to {path!r}")
        ask("replace", path, fs.replace, path, None, following)


def taken(path: str) -> UsageError:
    """Return the error for a path where something is already."""
    return UsageError(f"there is something at {path!r} already; choose another path")


@contextmanager
def _files_at(path: str, fs: FileSystem) -> Iterator[Sequence[LogFile]]:
    """Open the files behind a path for reading, and close them."""
    with ExitStack() as stack:
        files = ask("open", path, fs.open, path, writable=False)
        for file in files:
            stack.callback(ask, "close", path, file.close)
        yield files


def _bytes_of(path: str, file: LogFile) -> bytes:
    return read_exactly(path, file, 0, _size_of(path, file))


def _size_of(path: str, file: LogFile) -> int:
    return ask("measure", path, file.size)
