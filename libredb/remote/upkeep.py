"""What a client asks of the database as a whole: connect, sync, compact, back up, restore.

A backup crosses in pieces. The client asks for piece 0, 1, .. and gets `more` until the last; they
are those of the moment of piece 0, however much is committed meanwhile. Restoring goes the other
way, and nothing is replaced before the last piece is there and all were judged.
Absent on purpose: several backups of one client at once; the one that begins ends the other.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from libredb import Database, UsageError, UsageValueError, __version__
from libredb.remote.message import PROTOCOL
from libredb.remote.schema import Schema


@dataclass(frozen=True, slots=True)
class Host:
    """What the surroundings of a server can do.

    Attributes:
        open: Opens the database; called again after a backup was put in its place.
        restore: Puts the pieces of a backup in the place of the closed database, or raises and
            changes nothing. None where that is not possible.
        storage: Tells how much room there is, as a value that crosses.
        request_persistence: Asks for the data to be kept; returns whether it will be.
    """

    open: Callable[[], Database]
    restore: Callable[[Iterable[bytes]], None] | None = None
    storage: Callable[[], Awaitable[Any]] | None = None
    request_persistence: Callable[[], Awaitable[bool]] | None = None


class Upkeep:
    """A database that can be replaced by a backup of it, and what clients have declared.

    Invariant: `db` is open, unless opening it again has failed or `close` was called.
    """

    def __init__(self, host: Host) -> None:
        """Open the database."""
        self.host = host
        self.db: Database = host.open()
        self.schema: Schema = Schema()
        self._images: dict[str, tuple[int, Iterator[bytes]]] = {}
        self._pieces: dict[str, list[bytes]] = {}

    def connect(self, _: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make what is missing of a schema, and tell who answers."""
        self.schema.declare(self.db, schema or {})
        return {
            "protocol": PROTOCOL,
            "libredb": __version__,
            "database_id": self.db.database_id,
        }

    def sync(self, _: str) -> None:
        """Make every commit durable."""
        self.db.sync()

    def compact(self, _: str) -> dict[str, Any]:
        """Write what is live into a new log."""
        return asdict(self.db.compact())

    def stats(self, _: str) -> dict[str, Any]:
        """Return what the database tells about itself."""
        db = self.db
        return {
            "path": db.path,
            "version": db.version,
            "durable_version": db.durable_version,
            "pending_commits": db.pending_commits,
            "pending_bytes": db.pending_bytes,
            "log_bytes": db.log_bytes,
            "live_bytes": db.live_bytes,
            "compaction_due": db.compaction_due,
        }

    def backup(self, client: str, piece: int) -> dict[str, Any]:
        """Return a piece of a backup, and whether there are more; piece 0 begins one.

        Raises:
            UsageError: it is not the next piece of the backup of this client.
        """
        if piece == 0:
            self._images[client] = (0, iter(self.db.backup()))
        number, image = self._images.pop(client, (None, iter(())))
        if piece != number:
            raise UsageValueError(
                f"the next piece of this backup is {number}, not {piece}: begin at 0"
            )
        data = next(image, None)
        if data is not None:
            self._images[client] = (piece + 1, image)
        return {"bytes": data or b"", "more": data is not None}

    def restore(self, client: str, piece: int, bytes: bytes, last: bool) -> None:  # noqa: A002, FBT001 - a client names them
        """Take a piece of a backup; with the last one, put them all in the place of the database.

        Raises:
            UsageError: it is not the next piece, or this host cannot restore.
            LogFileError: they are no backup; the database is the one that it was.
        """
        if self.host.restore is None:
            raise UsageError("this database cannot be replaced by a backup: it has no file")
        if piece == 0:
            self._pieces[client] = []
        pieces = self._pieces.pop(client, None)
        if pieces is None or piece != len(pieces):
            raise UsageValueError(f"piece {piece} of a backup is not the next one: begin at 0")
        pieces.append(bytes)
        if not last:
            self._pieces[client] = pieces
            return
        self._replace(self.host.restore, pieces)

    def close(self) -> None:
        """Close the database."""
        self._images.clear()
        self.db.close()

    def _replace(self, restore: Callable[[Iterable[bytes]], None], pieces: list[bytes]) -> None:
        self._images.clear()
        try:
            self.db.close()
            restore(pieces)
        finally:
            self.schema.forget()
            self.db = self.host.open()
