"""Text keys and their values as a dict, in the order of the keys: `kv(store, name)`.

    settings = libredb.kv(db, "settings", values="json")
    settings["theme"] = {"dark": True}
    settings.set("session:7", "ada", ttl=timedelta(minutes=20))
    for key, value in settings.scan(prefix="session:"):
        ...

Values are text, bytes or JSON, as it was opened; the namespace records which, and refuses another.
What is written has a version: `put_if` writes only if nobody else has since `get_versioned`. Keys
are in the order of their code points. Absent on purpose: a timer; what is expired is not there any
more, and takes its room until it is written to or `purge_expired()` runs.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, Generic, Literal, Self, TypeVar, cast, overload

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader, ReadTransaction, Store, Writer
from libredb.lens.dictionaries.dictionary import Change, Dictionary, Look, entries_of
from libredb.lens.dictionaries.kv_entries import (
    DATA,
    HEAD_BYTES,
    Entries,
    WritableEntries,
    damaged,
    deadline_of,
    milliseconds,
    problems_of,
)
from libredb.lens.dictionaries.kv_values import FORMS, Values
from libredb.lens.errors import (
    DamagedEntryError,
    InvalidValueError,
    MissingKeyError,
    SchemaMismatchError,
)
from libredb.lens.keys.namespace import Lens, create, find
from libredb.lens.values.json_value import INT_END

V = TypeVar("V")
T = TypeVar("T")

MAX_KEY_BYTES = 512


class KV(Dictionary[str, V], Lens, Generic[V]):
    """A dict of text keys. Each call is one read or one transaction; threads may share it."""

    kind = "kv"

    def __init__(
        self, store: Store, name: str, values: Values, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Take a store, a name, and what its values are; use `libredb.kv`."""
        if values not in FORMS:
            raise UsageValueError(f"values are one of {', '.join(FORMS)}, not {values!r}")
        Lens.__init__(self, store, name)
        self._values: Values = values
        self._schema = {"values": values}
        self._dump, self._load = FORMS[values]
        self._clock = clock
        self._reader = store if isinstance(store, ReadTransaction) else None
        self._direct: Callable[[bytes], bytes | None] | None = None
        """How a transaction reads a key, once the namespace was found there."""
        self._data = b""

    def on(self, tx: Store, /) -> Self:
        """Return the same kv inside a transaction: what it does is a part of that one.

        It looks at the clock now, and looks its namespace up once.
        """
        now = self._clock()
        return type(self)(tx, self._name, self._values, clock=lambda: now)

    # Reading

    @overload
    def get(self, key: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, key: str, default: V | T, /) -> V | T: ...
    def get(self, key: str, default: object = None, /) -> object:
        """Return the value of `key`, or `default`. Reads one key."""
        direct = self._direct
        if direct is not None and type(key) is str:
            try:
                data = direct(self._data + key.encode())
                if data is None:
                    return default
                if len(data) >= HEAD_BYTES and not data[0]:
                    return self._load(data[HEAD_BYTES:])
            except (UnicodeError, DamagedEntryError):
                pass  # the longer way says what is wrong; it also looks at deadlines
        return super().get(key, default)

    def get_versioned(self, key: str, /) -> tuple[V | None, int]:
        """Return the value of `key` and its version, or None and 0. Reads one key.

        A version that was read in a transaction that aborted means nothing.
        """
        wanted = self._key_bytes(key)
        found = self._in_read(lambda inside: inside.visible(wanted))
        return (None, 0) if found is None else (self._value_of(wanted, found.value), found.version)

    # Writing

    def set(self, key: str, value: V, /, *, ttl: timedelta | None = None) -> None:
        """Set `key` to `value`, in one transaction.

        With `ttl` it is there for so long only, to a millisecond; without, until it is deleted.

        Raises:
            InvalidValueError: it cannot be stored.
        """
        self.set_many([(key, value)], ttl=ttl)

    def set_many(
        self,
        entries: Mapping[str, V] | Iterable[tuple[str, V]],
        /,
        *,
        ttl: timedelta | None = None,
    ) -> None:
        """Set several keys in one transaction, as `set` does; nothing is written if one is refused.

        Raises:
            InvalidValueError: a key or a value cannot be stored.
        """
        written = self._written(entries_of(entries))
        ttl_milliseconds = None if ttl is None else milliseconds(ttl)

        def set_many(inside: WritableEntries, now: int) -> None:
            deadline = None if ttl_milliseconds is None else now + ttl_milliseconds
            for key, data in written:
                inside.set(key, data, deadline)

        self._in_transaction(set_many)

    def put_if(self, key: str, value: V, version: int, /) -> bool:
        """Set `key` to `value` if its version is still this one; return whether it was.

        Version 0 is that of a key that is not there. A deadline stays as it is. One transaction,
        which writes nothing if the version is another one.

        Raises:
            InvalidValueError: it cannot be stored.
        """
        _check_int(version, "version")
        wanted, data = self._entry_bytes(key, value)

        def put_if(inside: WritableEntries, _: int) -> bool:
            old = inside.visible(wanted)
            if version != (0 if old is None else old.version):
                return False
            inside.set(wanted, data, deadline_of(old))
            return True

        return self._in_transaction(put_if)

    def incr(self, key: str, /, by: int = 1) -> int:
        """Add `by` to the integer at `key`, and return the sum; it begins at 0. One transaction.

        Its value is an int as JSON, and as text or bytes its decimal digits. A deadline stays.

        Raises:
            InvalidValueError: there is something else than an integer, or the sum is too long.
        """
        _check_int(by, "by")
        wanted = self._new_key_bytes(key)

        def incr(inside: WritableEntries, _: int) -> int:
            old = inside.visible(wanted)
            total = by + (0 if old is None else self._integer(key, old.value))
            if not -INT_END < total < INT_END:
                raise self._invalid(key, "an integer of at most 255 bytes", "a longer one")
            inside.set(wanted, b"%d" % total, deadline_of(old))
            return total

        return self._in_transaction(incr)

    def purge_expired(self) -> int:
        """Delete what is expired, in one transaction; return how many entries. Reads those only."""
        return self._in_transaction(lambda inside, _: inside.purge())

    def check(self) -> list[str]:
        """Return what is wrong with its entries and deadlines; empty if nothing. Reads them all."""

        def judge(key: bytes, data: bytes) -> None:
            self._key_of(key)
            self._value_of(key, data)

        def check(tx: Reader) -> list[str]:
            prefix = self._prefix_in(tx)
            return [] if prefix is None else list(problems_of(tx, prefix, judge))

        return self._store.read(check)

    # What a dictionary asks for

    def _key_bytes(self, key: str) -> bytes:
        if type(key) is not str:
            given = type(cast(object, key)).__name__
            raise UsageTypeError(f"a key of {self._name!r} is a str, not {given}")
        try:
            return key.encode()
        except UnicodeEncodeError:
            raise self._invalid(key, "a key of well-formed text", "half of a character") from None

    def _key_of(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError:
            raise self._damaged(data, "the key is not UTF-8") from None

    def _entry_bytes(self, key: str, value: V) -> tuple[bytes, bytes]:
        wanted = self._new_key_bytes(key)
        try:
            return wanted, self._dump(value)
        except InvalidValueError as error:
            message = f"{self._name!r}, key {key!r}: {error}"
            raise InvalidValueError(
                message,
                namespace=self._name,
                id=key,
                field=error.field,
                expected=error.expected,
                actual=error.actual,
            ) from None

    def _value_of(self, key: bytes, data: bytes) -> V:
        try:
            return self._load(data)
        except (UnicodeError, DamagedEntryError) as error:
            raise self._damaged(key, str(error)) from None

    def _missing(self, key: str) -> MissingKeyError:
        message = f"there is no key {key!r} in {self._name!r}"
        return MissingKeyError(message, namespace=self._name, id=key)

    def _reading(self, work: Callable[[Look], T]) -> T:
        return self._in_read(work)

    def _changing(self, work: Callable[[Change], T]) -> T:
        return self._in_transaction(lambda inside, _: work(inside))

    def _streaming(self) -> Look | None:
        return None if self._reader is None else self._entries(self._reader, self._now())

    # Helpers

    def _now(self) -> int:
        """Return the time in milliseconds; asked for before a transaction, which may run again."""
        return round(self._clock() * 1000)

    def _in_read(self, work: Callable[[Entries], T]) -> T:
        now = self._now()
        if self._reader is not None:
            return work(self._entries(self._reader, now))
        return self._store.read(lambda tx: work(self._entries(tx, now)))

    def _in_transaction(self, work: Callable[[WritableEntries, int], T]) -> T:
        now = self._now()

        def change(tx: Writer) -> T:
            prefix = self._prefix_in(tx)
            entries = WritableEntries(tx, prefix, now, self._name, lambda: self._create(tx))
            return work(entries, now)

        self._direct = None  # the namespace of this transaction may become another one
        return self._store.transact(change)

    def _entries(self, tx: Reader, now: int) -> Entries:
        return Entries(tx, self._prefix_in(tx), now, self._name)

    def _prefix_in(self, tx: Reader) -> bytes | None:
        """Return the prefix of the namespace, None if there is none."""
        if tx is self._reader and self._direct is not None:
            return self._data[:-1]
        namespace = find(tx, self._name, self.kind)
        if namespace is None:
            return None
        if namespace.schema != self._schema:
            raise SchemaMismatchError(
                f"the kv {self._name!r} was made with {namespace.schema}, not {self._schema}",
                namespace=self._name,
                expected=self._schema,
                actual=namespace.schema,
            )
        prefix = namespace.keys.prefix
        if tx is self._reader:
            self._direct, self._data = tx.get, prefix + DATA
        return prefix

    def _create(self, tx: Writer) -> bytes:
        return create(tx, self._name, self.kind, self._schema).keys.prefix

    def _new_key_bytes(self, key: str) -> bytes:
        wanted = self._key_bytes(key)
        if len(wanted) > MAX_KEY_BYTES:
            expected = f"a key of at most {MAX_KEY_BYTES} bytes"
            raise self._invalid(key, expected, f"one of {len(wanted):,}")
        return wanted

    def _integer(self, key: str, data: bytes) -> int:
        """Return the integer that is written as `incr` writes it, and in no other way."""
        try:
            number = int(data)
        except ValueError:
            number = None
        if number is None or b"%d" % number != data:
            raise self._invalid(key, "an integer", "something else")
        return number

    def _invalid(self, key: str, expected: str, actual: str) -> InvalidValueError:
        message = f"{self._name!r}, key {key!r}: expected {expected}, got {actual}"
        return InvalidValueError(
            message, namespace=self._name, id=key, expected=expected, actual=actual
        )

    def _damaged(self, key: bytes, reason: str) -> DamagedEntryError:
        return damaged(self._name, key, reason)


@overload
def kv(
    store: Store,
    name: str = "default",
    values: Literal["str"] = "str",
    *,
    clock: Callable[[], float] = time.time,
) -> KV[str]: ...
@overload
def kv(
    store: Store,
    name: str = "default",
    *,
    values: Literal["bytes"],
    clock: Callable[[], float] = time.time,
) -> KV[bytes]: ...
@overload
def kv(
    store: Store,
    name: str = "default",
    *,
    values: Literal["json"],
    clock: Callable[[], float] = time.time,
) -> KV[Any]: ...
@overload
def kv(
    store: Store,
    name: str,
    values: Literal["bytes"],
    *,
    clock: Callable[[], float] = time.time,
) -> KV[bytes]: ...
@overload
def kv(
    store: Store,
    name: str,
    values: Literal["json"],
    *,
    clock: Callable[[], float] = time.time,
) -> KV[Any]: ...
def kv(
    store: Store,
    name: str = "default",
    values: Values = "str",
    *,
    clock: Callable[[], float] = time.time,
) -> KV[Any]:
    """Return the kv of that name, a dict of text keys. Reads and writes nothing.

    Args:
        store: a database, or a transaction.
        name: of its namespace, which the first write creates.
        values: what its values are: "str", "bytes" or "json".
        clock: tells the time in seconds since 1970, for deadlines.

    Raises:
        UsageError: an argument is none of these. What is stored of another kind or with other
            values is refused by each call: NamespaceKindError, SchemaMismatchError.
    """
    return KV(store, name, values, clock=clock)


def _check_int(value: object, what: str) -> None:
    if type(value) is not int:
        raise UsageTypeError(f"{what} must be an int, not {type(value).__name__}")
