"""The keys of a kv, as text. Its values are text, bytes or JSON, as its record says."""

from collections.abc import Iterator
from typing import Any

from libredb import KV, Database
from libredb.cli.keyed.entry import Entry, Found, Range
from libredb.cli.notation import Notation, json_of


class TextKeys:
    """A kv."""

    def __init__(self, db: Database, lens: KV[Any], values: str, notation: Notation) -> None:
        """Take a kv, and what its values are."""
        self._db = db
        self._lens = lens
        self._values = values
        self._notation = notation

    def get(self, key: str) -> Found | None:
        """Return a value."""
        value, version = self._lens.get_versioned(self._notation.text(key))
        return self._found(value) if version else None

    def set(self, key: str, given: str | bytes) -> None:
        """Set a key."""
        self._lens.set(self._notation.text(key), self._read(given))

    def delete(self, key: str) -> bool:
        """Delete a key."""
        return self._lens.delete(self._notation.text(key))

    def scan(self, wanted: Range) -> Iterator[Entry]:
        """Yield entries."""
        start, end, prefix = (
            None if text is None else self._notation.text(text)
            for text in (wanted.start, wanted.end, wanted.prefix)
        )
        with self._db.read() as tx:
            for key, value in self._lens.on(tx).scan(
                start, end, prefix=prefix, reverse=wanted.reverse, limit=wanted.limit
            ):
                data = key.encode()
                yield Entry(self._notation.shown(data), data, self._found(value))

    def _read(self, given: str | bytes) -> Any:  # noqa: ANN401 - as the values are
        if self._values == "json":
            return json_of(given)
        return self._notation.data(given) if self._values == "bytes" else self._notation.text(given)

    def _found(self, value: Any) -> Found:  # noqa: ANN401 - as the values are
        if self._values == "json":
            text = self._notation.json(value)
            return Found(text, text.encode())
        data = value if self._values == "bytes" else value.encode()
        return Found(self._notation.shown(data), data)
