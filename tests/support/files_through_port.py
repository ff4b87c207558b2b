"""Files laid out and looked at through the port, so that a test runs on every file system."""

from hashlib import sha256

from libredb import FileSystem


def lay_out(fs: FileSystem, path: str, data: bytes) -> None:
    """Make `data` the only file that may hold the database at `path`."""
    lock = fs.lock(path)
    file = fs.create_next(path, None)
    file.write(0, data)
    file.truncate(len(data))
    file.sync()
    fs.replace(path, None, file)
    file.close()
    lock.release()


def contents(fs: FileSystem, path: str) -> bytes:
    """Return all bytes of the files that may hold the database."""
    found = b""
    for file in fs.open(path, writable=False):
        found += file.read(0, file.size())
        file.close()
    return found


def hash_of(fs: FileSystem, path: str) -> str:
    """Return the SHA-256 of `contents`."""
    return sha256(contents(fs, path)).hexdigest()
