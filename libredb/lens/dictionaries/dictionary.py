"""What a dict can do, as `kv` and `mapping` do it: in the order of the keys, one call at a time.

    get [] in get_many           one read
    scan items keys values       one read of the whole answer; inside a transaction it streams
    bool len                     one read; `len` reads every key
    [] = del pop popitem         one transaction each: what Python's own MutableMapping makes of two
    setdefault update clear      or of many, others could come between

A subclass says how its keys and values are written, and what it keeps inside of one transaction.
Python itself asks more than it needs: `dict(kv)` is a read for each key, and `list(kv)` reads all
to count them first; `dict(kv.items())` and `list(kv.scan())` are one read.
"""

from abc import abstractmethod
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    MutableMapping,
    Reversible,
    ValuesView,
)
from itertools import islice
from sys import maxsize
from typing import Any, Protocol, TypeVar, cast, overload

from libredb.kernel.errors import UsageError, UsageTypeError, UsageValueError
from libredb.lens.errors import MissingKeyError
from libredb.lens.keys.encoding import prefix_range
from libredb.lens.keys.order_key import MISSING, Missing

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")

OPEN_END = "delete_range needs both start and end, or a prefix; clear() deletes every key"
TWO_RANGES = "a prefix is a range: pass prefix=..., or start and end, not both"


class Look(Protocol):
    """What is there inside of one transaction: keys and values as bytes."""

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of a key, or None."""
        ...

    def get_many(self, keys: Iterable[bytes], /) -> list[bytes | None]:
        """Return the value of each key, or None."""
        ...

    def scan(
        self, start: bytes, end: bytes | None, /, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Return the entries of `[start, end)` as of this call."""
        ...


class Change(Look, Protocol):
    """The same in a transaction that writes."""

    def set(self, key: bytes, value: bytes, /) -> None:
        """Set a key to a value."""
        ...

    def delete(self, key: bytes, /) -> bool:
        """Delete a key; return whether it was there."""
        ...

    def delete_range(self, start: bytes, end: bytes | None, /) -> int:
        """Delete the keys of `[start, end)`; return how many there were."""
        ...


class Dictionary(MutableMapping[K, V], Reversible[K]):
    """A dict in the order of its keys. Each call is one read or one transaction of the store."""

    # What a subclass says

    @abstractmethod
    def _key_bytes(self, key: K) -> bytes:
        """Return a key as bytes, in whose order the keys are; refuse what is none."""

    @abstractmethod
    def _key_of(self, data: bytes) -> K:
        """Return the key that is written like this."""

    @abstractmethod
    def _entry_bytes(self, key: K, value: V) -> tuple[bytes, bytes]:
        """Return a key and a value as bytes; refuse what cannot be written."""

    @abstractmethod
    def _value_of(self, key: bytes, data: bytes) -> V:
        """Return the value that is written like this."""

    @abstractmethod
    def _missing(self, key: K) -> MissingKeyError:
        """Return the error for a key that is not there."""

    @abstractmethod
    def _reading(self, work: Callable[[Look], T]) -> T:
        """Return what `work` makes of one state."""

    @abstractmethod
    def _changing(self, work: Callable[[Change], T]) -> T:
        """Return what `work` does in one transaction."""

    @abstractmethod
    def _streaming(self) -> Look | None:
        """Return a transaction, which may be read for as long as it lasts; otherwise None."""

    # One key

    @overload
    def get(self, key: K, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V | T, /) -> V | T: ...
    def get(self, key: K, default: object = None, /) -> object:
        """Return the value of `key`, or `default`. Reads one key."""
        wanted = self._key_bytes(key)
        data = self._reading(lambda inside: inside.get(wanted))
        return default if data is None else self._value_of(wanted, data)

    def get_many(self, keys: Iterable[K], /) -> list[V | None]:
        """Return the value of each key, or None, in the order of `keys`; all are of one state."""
        wanted = [self._key_bytes(key) for key in keys]
        found = self._reading(lambda inside: inside.get_many(wanted))
        return [
            None if data is None else self._value_of(key, data)
            for key, data in zip(wanted, found, strict=True)
        ]

    def __getitem__(self, key: K) -> V:
        found = self.get(key, MISSING)
        if found is MISSING:
            raise self._missing(key)
        return found

    def __contains__(self, key: object) -> bool:
        wanted = self._key_bytes(key)  # pyright: ignore[reportArgumentType] - refused if it is none
        return self._reading(lambda inside: inside.get(wanted)) is not None

    def __setitem__(self, key: K, value: V) -> None:
        wanted, data = self._entry_bytes(key, value)
        self._changing(lambda inside: inside.set(wanted, data))

    def __delitem__(self, key: K) -> None:
        if not self.delete(key):
            raise self._missing(key)

    def delete(self, key: K, /) -> bool:
        """Delete `key`, in one transaction; return whether it was there."""
        wanted = self._key_bytes(key)
        return self._changing(lambda inside: inside.delete(wanted))

    @overload
    def pop(self, key: K, /) -> V: ...
    @overload
    def pop(self, key: K, default: V | T, /) -> V | T: ...
    def pop(self, key: K, default: object = MISSING, /) -> object:
        """Delete `key` and return its value, or `default`, in one transaction.

        Raises:
            MissingKeyError: it is not there, and no default was given.
        """
        wanted = self._key_bytes(key)

        def pop(inside: Change) -> V | Missing:
            data = inside.get(wanted)
            inside.delete(wanted)
            return MISSING if data is None else self._value_of(wanted, data)

        found = self._changing(pop)
        if found is not MISSING:
            return found
        if default is MISSING:
            raise self._missing(key)
        return default

    def popitem(self) -> tuple[K, V]:
        """Delete the entry with the least key and return it, in one transaction.

        Raises:
            MissingKeyError: there is none.
        """

        def popitem(inside: Change) -> tuple[K, V] | None:
            for key, data in inside.scan(*self._range()):
                inside.delete(key)
                return self._key_of(key), self._value_of(key, data)
            return None

        entry = self._changing(popitem)
        if entry is None:
            raise MissingKeyError("popitem(): there is no entry left")
        return entry

    def setdefault(self, key: K, default: V = None, /) -> V:  # pyright: ignore[reportIncompatibleMethodOverride] - typeshed's needs a self of its own
        """Return the value of `key`; set it to `default` if it is not there. One transaction."""
        wanted = self._key_bytes(key)

        def setdefault(inside: Change) -> V:
            data = inside.get(wanted)
            if data is None:
                _, data = self._entry_bytes(key, default)
                inside.set(wanted, data)
            return self._value_of(wanted, data)

        return self._changing(setdefault)

    # Many keys

    def update(self, other: object = (), /, **named: V) -> None:
        """Set several keys in one transaction: those of a mapping, or of pairs, and by name."""
        entries = self._written({**entries_of(other), **named})
        self._changing(lambda inside: _set_all(inside, entries))

    def clear(self) -> None:
        """Delete every key, in one transaction. Reads them all."""
        self._changing(lambda inside: inside.delete_range(*self._range()))

    def delete_range(
        self, start: K | None = None, end: K | None = None, *, prefix: K | None = None
    ) -> int:
        """Delete the keys of `[start, end)` or of `prefix`; return how many. One transaction.

        It takes both ends, or a prefix: what is left out is never taken for "up to the last key".
        Reads every entry of the range.
        """
        if prefix is None and (start is None or end is None):
            raise UsageError(OPEN_END)
        keys = self._range(start, end, prefix)
        return self._changing(lambda inside: inside.delete_range(*keys))

    def scan(
        self,
        start: K | None = None,
        end: K | None = None,
        *,
        prefix: K | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[K, V]]:
        """Return the entries of `[start, end)` or of `prefix`, in the order of the keys.

        They are those of this call: later writes do not change them. Outside of a transaction all
        are read now; inside of one they are read as they are asked for. `limit` counts from where
        `reverse` lets it begin.
        """
        _check_limit(limit)
        keys = self._range(start, end, prefix)
        return self._found(
            lambda inside: (
                (self._key_of(key), self._value_of(key, data))
                for key, data in inside.scan(*keys, reverse=reverse)
            ),
            limit,
        )

    def __iter__(self) -> Iterator[K]:
        return self._keys(reverse=False)

    def __reversed__(self) -> Iterator[K]:
        return self._keys(reverse=True)

    def __len__(self) -> int:
        """Return how many keys there are. Reads every one of them."""
        return self._reading(lambda inside: sum(1 for _ in inside.scan(*self._range())))

    def __bool__(self) -> bool:
        """Whether there is a key. Reads the first one."""
        return self._reading(lambda inside: any(True for _ in inside.scan(*self._range())))

    def keys(self) -> "Keys[K]":
        """Return the keys; each iteration is one scan."""
        return Keys(self)

    def items(self) -> "Items[K, V]":
        """Return the entries; each iteration is one scan."""
        return Items(self)

    def values(self) -> "Values[V]":
        """Return the values; each iteration is one scan."""
        return Values(self)

    # Helpers

    def _range(
        self, start: K | None = None, end: K | None = None, prefix: K | None = None
    ) -> tuple[bytes, bytes | None]:
        if prefix is not None:
            if start is not None or end is not None:
                raise UsageError(TWO_RANGES)
            return prefix_range(self._key_bytes(prefix))
        first = b"" if start is None else self._key_bytes(start)
        return first, None if end is None else self._key_bytes(end)

    def _keys(self, *, reverse: bool) -> Iterator[K]:
        return self._found(
            lambda inside: (
                self._key_of(key) for key, _ in inside.scan(*self._range(), reverse=reverse)
            ),
            None,
        )

    def _found(self, find: Callable[[Look], Iterator[T]], limit: int | None) -> Iterator[T]:
        """Return what `find` finds: one by one in a transaction, otherwise what one read found."""
        inside = self._streaming()
        if inside is not None:
            return islice(find(inside), limit)
        return iter(self._reading(lambda inside: list(islice(find(inside), limit))))

    def _written(self, entries: dict[Any, V]) -> list[tuple[bytes, bytes]]:
        """Return entries as bytes, before a transaction begins: all of them, or an error."""
        return [self._entry_bytes(key, value) for key, value in entries.items()]


class Keys(KeysView[K], Reversible[K]):
    """The keys of a dictionary."""

    def __init__(self, dictionary: Dictionary[K, Any]) -> None:
        """Take the dictionary, and read nothing."""
        super().__init__(dictionary)
        self._dictionary = dictionary

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._dictionary)


class Items(ItemsView[K, V], Reversible[tuple[K, V]]):
    """The entries of a dictionary."""

    def __init__(self, dictionary: Dictionary[K, V]) -> None:
        """Take the dictionary, and read nothing."""
        super().__init__(dictionary)
        self._dictionary = dictionary

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return self._dictionary.scan()

    def __reversed__(self) -> Iterator[tuple[K, V]]:
        return self._dictionary.scan(reverse=True)


class Values(ValuesView[V], Reversible[V]):
    """The values of a dictionary, in the order of its keys."""

    def __init__(self, dictionary: Dictionary[Any, V]) -> None:
        """Take the dictionary, and read nothing."""
        super().__init__(dictionary)
        self._dictionary = dictionary

    def __contains__(self, value: object) -> bool:
        return any(found == value for found in self)

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._dictionary.scan())

    def __reversed__(self) -> Iterator[V]:
        return (value for _, value in self._dictionary.scan(reverse=True))


def entries_of(other: object) -> dict[Any, Any]:
    """Return a mapping or pairs as a dict; of another dictionary it is one scan."""
    if isinstance(other, Mapping):
        other = cast(Mapping[Any, Any], other).items()
    return dict(cast(Iterable[tuple[Any, Any]], other))


def _set_all(inside: Change, entries: list[tuple[bytes, bytes]]) -> None:
    for key, value in entries:
        inside.set(key, value)


def _check_limit(limit: object) -> None:
    if limit is None:
        return
    if type(limit) is not int:
        raise UsageTypeError(f"limit must be an int, not {type(limit).__name__}")
    if not 0 <= limit <= maxsize:
        raise UsageValueError(f"limit must be 0 to {maxsize}, not {limit}")
