"""Files that tests lay out and look at behind the database's back.

It is done through the port alone, so that it works on every file system.
"""

from collections.abc import Sequence
from hashlib import sha256

from libredb import FileSystem
from libredb.kernel import record, recovery
from libredb.kernel.level import Op
from libredb.kernel.record import FileHeader

SALT = b"saltsalt"
ID = b"database"


def replay(path: str, data: bytes, piece_bytes: int = 1 << 20) -> recovery.Replay:
    """Return the log in a file of these bytes, read in pieces of this size."""
    pieces = (data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes))
    return recovery.replay(path, pieces, len(data))


def put(fs: FileSystem, path: str, data: bytes) -> None:
    """Let a durable file of `data` be the only one that may hold the database at `path`."""
    lock = fs.lock(path)
    file = fs.create_next(path, None)
    file.write(0, data)
    file.truncate(len(data))  # without the room that an adapter may keep ahead
    file.sync()
    fs.replace(path, None, file)
    file.close()
    lock.release()


def contents(fs: FileSystem, path: str) -> list[bytes]:
    """Return the bytes of every file that may hold the database at `path`."""
    files = fs.open(path, writable=False)
    found = [file.read(0, file.size()) for file in files]
    for file in files:
        file.close()
    return found


def hash_of(fs: FileSystem, path: str) -> str:
    """Return the SHA-256 of `contents`, one after the other."""
    return sha256(b"".join(contents(fs, path))).hexdigest()


def log_image(
    payloads: Sequence[Sequence[Op] | bytes],
    *,
    unsynced: Sequence[int] = (),
    mark: int | None = record.RECORDS_OFFSET,
    header: FileHeader | None = None,
) -> bytes:
    """Return a log that begins with `header` and holds one record for each payload.

    `unsynced` has one count for each record, all 0 if it is left out. `mark` is the durable mark,
    by default that of a file that was never closed; None leaves zeros, which is damage.
    """
    header = header or FileHeader(SALT, ID, 0, 0, 0)
    seed = check = header.check_seed
    image = header.encode().ljust(record.MARK_OFFSET, b"\0")
    image += b"" if mark is None else record.encode_mark(mark, seed)
    image = image.ljust(record.RECORDS_OFFSET, b"\0")
    for index, ops in enumerate(payloads):
        payload = ops if isinstance(ops, bytes) else record.encode_ops(ops)
        count = unsynced[index] if unsynced else 0
        version = header.base_version + index + 1
        data, check = record.encode_record(version, count, payload, seed, check)
        image += data
    return image


def flipped(data: bytes, offset: int, bit: int = 0) -> bytes:
    """Return `data` with one bit of the byte at `offset` flipped."""
    damaged = bytearray(data)
    damaged[offset] ^= 1 << bit
    return bytes(damaged)
