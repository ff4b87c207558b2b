"""Files that tests lay out and look at behind the database's back.

It is done through the port alone, so that it works on every file system.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import cast

from libredb import FileSystem, LogFile
from libredb.kernel import record, recovery
from libredb.kernel.block import encode_block, encode_snapshot_record
from libredb.kernel.level import Entry, Op
from libredb.kernel.overlay import entries_of
from libredb.kernel.record import FileHeader
from libredb.kernel.snapshot import Snapshot
from libredb.kernel.store import OrderedStore

SALT = b"saltsalt"
ID = b"database"


def replay(path: str, data: bytes, piece_bytes: int = 1 << 20) -> recovery.Replay:
    """Return the log in a file of these bytes, read in pieces of this size."""
    pieces = (data[at : at + piece_bytes] for at in range(0, len(data), piece_bytes))
    return recovery.replay(path, pieces, len(data))


class BytesFile:
    """A file of these bytes that can only be read."""

    def __init__(self, data: bytes) -> None:
        """Hold `data`."""
        self.data = data

    def read(self, offset: int, length: int, /) -> bytes:
        """Return the bytes `[offset, offset + length)`, fewer only at the end."""
        return self.data[offset : offset + length]


def entries_in(data: bytes, found: recovery.Replay) -> dict[bytes, bytes]:
    """Return the entries of the log in `data`, of which recovery has found this."""
    file = cast(LogFile, BytesFile(data))
    snapshot = Snapshot("p", file, found.header, found.index, None)
    store = OrderedStore(found.level, below=snapshot.order)
    return dict(entries_of(store.chunks(b"", None, reverse=False), reverse=False))


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
    encoded = [ops if isinstance(ops, bytes) else record.encode_ops(ops) for ops in payloads]
    for index, ops in enumerate(payloads[: header.snapshot_records]):
        if not isinstance(ops, bytes):
            encoded[index] = snapshot_payload([(key, value or b"") for key, value in ops])
    seed = check = header.check_seed
    image = header.encode().ljust(record.MARK_OFFSET, b"\0")
    image += b"" if mark is None else record.encode_mark(mark, seed)
    image = image.ljust(record.RECORDS_OFFSET, b"\0")
    for index, payload in enumerate(encoded):
        count = unsynced[index] if unsynced else 0
        version = header.base_version + index + 1
        data, check = record.encode_record(version, count, payload, seed, check)
        image += data
    return image


def snapshot_payload(entries: Sequence[Entry]) -> bytes:
    """Return a snapshot record of one block, which holds these entries; their keys ascend."""
    block = encode_block([key for key, _ in entries], [value for _, value in entries])
    return encode_snapshot_record([entries[0][0]], [block])


def flipped(data: bytes, offset: int, bit: int = 0) -> bytes:
    """Return `data` with one bit of the byte at `offset` flipped."""
    damaged = bytearray(data)
    damaged[offset] ^= 1 << bit
    return bytes(damaged)
