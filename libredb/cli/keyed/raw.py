"""The keys of the database itself, as bytes.

What lies under FE is of the lenses: it is only scanned when somebody asks for it, and never written
to, for a lens would find there what it has not written.
"""

from collections.abc import Iterator
from itertools import chain, islice

from libredb import Database, UsageError
from libredb.cli.keyed.entry import Entry, Found, Range
from libredb.cli.notation import Notation
from libredb.kernel.arguments import range_of

LENSES = b"\xfe"
BEHIND_LENSES = b"\xff"


class RawKeys:
    """The raw keys of a database."""

    def __init__(self, db: Database, notation: Notation) -> None:
        """Take an open database, and how bytes are written."""
        self._db = db
        self._notation = notation

    def get(self, key: str) -> Found | None:
        """Return a value."""
        value = self._db.get(self._notation.data(key))
        return None if value is None else Found(self._notation.shown(value), value)

    def set(self, key: str, given: str | bytes) -> None:
        """Set a key."""
        self._db.set(self._own(key), self._notation.data(given))

    def delete(self, key: str) -> bool:
        """Delete a key."""
        return self._db.delete(self._own(key))

    def scan(self, wanted: Range) -> Iterator[Entry]:
        """Yield entries; those of lenses only with `with_lenses`, or if the range begins there."""
        start, end, prefix = (
            None if text is None else self._notation.data(text)
            for text in (wanted.start, wanted.end, wanted.prefix)
        )
        whole = range_of(start or b"", end, prefix)
        is_asked_for = wanted.with_lenses or whole[0].startswith(LENSES)
        ranges = [whole] if is_asked_for else _without_lenses(*whole)
        with self._db.read() as tx:
            scans = [tx.scan(*each, reverse=wanted.reverse) for each in ranges]
            entries = chain.from_iterable(scans[::-1] if wanted.reverse else scans)
            for key, value in islice(entries, wanted.limit):
                yield Entry(
                    self._notation.shown(key), key, Found(self._notation.shown(value), value)
                )

    def _own(self, key: str) -> bytes:
        data = self._notation.data(key)
        if data.startswith(LENSES):
            raise UsageError("keys that begin with \\xfe are those of lenses; use --namespace")
        return data


def _without_lenses(start: bytes, end: bytes | None) -> list[tuple[bytes, bytes | None]]:
    """Return the parts of a range that lie outside of FE, where it does not begin."""
    if start > LENSES or (end is not None and end <= LENSES):
        return [(start, end)]
    below, above = (start, LENSES), (BEHIND_LENSES, end)
    return [below] if end is not None and end <= BEHIND_LENSES else [below, above]
