"""The raw keys of a store as a dict of bytes: `mapping(store)`, in the order of the keys.

    shelf = shelve.Shelf(libredb.mapping(db))       Python objects, pickled; a commit for each
    shelf["user:1"] = {"name": "Ada"}

It holds all keys of `[b"", FE)`, which no lens touches, and refuses the others. It has `sync`,
which a shelf calls, and no `close`: the store belongs to whoever opened it. Its keys are those that
`db.get` and `db.set` know as well, and nothing is stored but what is given.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Self, TypeVar, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import ReadTransaction, Store, Writer
from libredb.lens.dictionaries.dictionary import Change, Dictionary, Look
from libredb.lens.errors import MissingKeyError
from libredb.lens.keys.namespace import LENSES, check_store, delete_range

T = TypeVar("T")


class RawMapping(Dictionary[bytes, bytes]):
    """All keys below FE. Each call is one read or one transaction; threads may share it."""

    def __init__(self, store: Store) -> None:
        """Take a store: a database, or a transaction."""
        check_store(store)
        self._store = store

    def on(self, tx: Store, /) -> Self:
        """Return the same mapping inside a transaction: what it does is a part of that one."""
        return type(self)(tx)

    def sync(self) -> None:
        """Make every commit durable, if the store has a `sync` of its own; a transaction has none.

        Raises:
            StorageError: storage failed.
        """
        sync: Callable[[], None] | None = getattr(self._store, "sync", None)
        if sync is not None:
            sync()

    def __repr__(self) -> str:
        return f"<RawMapping of {self._store!r}>"

    # What a dictionary asks for

    def _key_bytes(self, key: bytes) -> bytes:
        wanted = _bytes(key, "key")
        if wanted >= LENSES:
            raise UsageValueError(f"the key {wanted!r} is not below FE, where raw keys are")
        return wanted

    def _key_of(self, data: bytes) -> bytes:
        return data

    def _entry_bytes(self, key: bytes, value: bytes) -> tuple[bytes, bytes]:
        return self._key_bytes(key), _bytes(value, "value")

    def _value_of(self, key: bytes, data: bytes) -> bytes:
        return data

    def _missing(self, key: bytes) -> MissingKeyError:
        return MissingKeyError(f"there is no key {key!r}", id=key)

    def _reading(self, work: Callable[[Look], T]) -> T:
        return self._store.read(work)

    def _changing(self, work: Callable[[Change], T]) -> T:
        return self._store.transact(lambda tx: work(RawEntries(tx)))

    def _streaming(self) -> Look | None:
        return self._store if isinstance(self._store, ReadTransaction) else None

    def _range(
        self, start: bytes | None = None, end: bytes | None = None, prefix: bytes | None = None
    ) -> tuple[bytes, bytes]:
        if end is not None and prefix is None and _bytes(end, "end") >= LENSES:
            end = None  # a range may go on, but there is nothing more of it
        first, last = super()._range(start, end, prefix)
        return first, LENSES if last is None else last


class RawEntries:
    """The keys of a transaction that writes."""

    def __init__(self, tx: Writer) -> None:
        """Take the transaction."""
        self._tx = tx

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of a key, or None."""
        return self._tx.get(key)

    def get_many(self, keys: Iterable[bytes], /) -> list[bytes | None]:
        """Return the value of each key, or None."""
        return self._tx.get_many(keys)

    def set(self, key: bytes, value: bytes, /) -> None:
        """Set a key to a value."""
        self._tx.set(key, value)

    def delete(self, key: bytes, /) -> bool:
        """Delete a key; return whether it was there."""
        return self._tx.delete(key)

    def scan(
        self, start: bytes, end: bytes | None, /, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Return the entries of `[start, end)` as of this call."""
        return self._tx.scan(start, end, reverse=reverse)

    def delete_range(self, start: bytes, end: bytes | None, /) -> int:
        """Delete the keys of `[start, end)`; return how many there were."""
        return delete_range(self._tx, (start, end))


def mapping(store: Store) -> RawMapping:
    """Return the raw keys of a store as a dict of bytes, in the order of the keys.

    Reads and writes nothing. With `@cachetools.cached(shelve.Shelf(mapping(db)), key=lambda *a:
    repr(a))` a function keeps its results in it.

    Raises:
        UsageTypeError: it is no store.
    """
    return RawMapping(store)


def _bytes(data: object, what: str) -> bytes:
    """Return what holds bytes as bytes, which cannot change later."""
    if type(data) is bytes:
        return data
    if isinstance(data, (bytes, bytearray, memoryview)):
        return bytes(cast(bytes, data))
    hint = "; encode text with .encode() first" if isinstance(data, str) else ""
    raise UsageTypeError(f"the {what} must be bytes, not {type(data).__name__}{hint}")
