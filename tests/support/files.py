"""What the tests do to storage behind the database's back.

Files are laid out and looked at through the port alone, so that it works on every file system. A
`Fault` is a hook of the simulator: it lets one thing go wrong at one call of the port.
Absent on purpose: an oracle; every test says itself what it expects.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from libredb import Database, FileSystem, Transaction
from libredb.kernel import record
from libredb.kernel.record import FileHeader
from libredb.kernel.transaction import Op
from sim.world.filesystem import Crash, SimFileSystem

When = Literal["before", "after"]
SALT = b"saltsalt"


def put(fs: FileSystem, path: str, data: bytes) -> None:
    """Let a durable file of `data` be what is found at `path`."""
    lock = fs.lock(path)
    file = fs.create_next(path, None)
    file.write(0, data)
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


def log_image(
    payloads: Sequence[Sequence[Op] | bytes],
    *,
    unsynced: Sequence[int] = (),
    mark: int | None = None,
    header: FileHeader | None = None,
) -> bytes:
    """Return a log that begins with `header` and holds one record for each payload.

    `unsynced` has one count for each record, all 0 if it is left out; `mark` is the durable mark,
    left out as in a file that was never closed.
    """
    header = header or FileHeader(SALT, 0, 0, 0)
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


def setting(key: bytes, value: bytes = b"") -> Callable[[Transaction], None]:
    """Return the function of a transaction that sets one key."""
    return lambda tx: tx.set(key, value)


def commit(db: Database, *keys: bytes) -> None:
    """Set every key in a transaction of its own."""
    for key in keys:
        db.transact(setting(key))


def keys(db: Database) -> list[bytes]:
    """Return all keys in order."""
    return [key for key, _ in db.scan()]


class Fault:
    """A hook that lets `error` happen at the `at`-th call from now; 0 only counts the calls.

    It happens before or after the call takes effect. A `Crash` takes the whole process with it.
    """

    def __init__(
        self, fs: SimFileSystem, error: BaseException, at: int = 0, when: When = "before"
    ) -> None:
        self.fs = fs
        self.error = error
        self.at = at
        self.when = when
        self.names: list[str] = []
        fs.hook = self

    @property
    def happened(self) -> bool:
        """Whether the call was reached."""
        return 0 < self.at <= len(self.names)

    def __call__(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        self.names.append(name)
        if len(self.names) != self.at:
            return effect(*arguments)
        if self.when == "after":
            effect(*arguments)
        self.fs.dead = isinstance(self.error, Crash)
        raise self.error
