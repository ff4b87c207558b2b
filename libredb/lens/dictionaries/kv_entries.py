"""What a kv keeps under its prefix P, inside of one transaction, with versions and deadlines.

    P 01 key              flags, version u64, deadline i64 if flagged, value
    P 02 deadline key     nothing: what expires, by when, 8 bytes with the sign bit turned
    P 03                  version u64: the greatest one of an entry that was deleted too early

    00 | 00 00 00 00 00 05 00 00 | "v"                               no deadline
    01 | 00 00 00 00 00 05 00 00 | 00 00 01 8b cf e5 68 00 | "v"     with one, UTC milliseconds

The version of a write is the greater of the commit's number times 65,536 and the one before + 1. A
key never has the same version twice: a deleted one that the same commit, or the next ones, could
give again is kept under P 03, and what is created is above it. Where commits have no numbers, each
version is random. An entry is expired if and only if now >= deadline: it is not there any more, and
goes when it is written to, or by `purge`.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from os import urandom
from struct import Struct
from typing import NamedTuple, cast

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader, Writer
from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.encoding import prefix_range

DATA, DEADLINES, MARK = b"\1", b"\2", b"\3"
HEAD = Struct(">BQ")
HEAD_WITH_DEADLINE = Struct(">BQq")
HEAD_BYTES = HEAD.size
HAS_DEADLINE = 1

_U64 = Struct(">Q")
_I64_SIGN = 1 << 63
_VERSION_END = 2**64 - 1
"""No version is so great: there is always a next one."""


class Stored(NamedTuple):
    """What the bytes of an entry say."""

    version: int
    deadline: int | None
    value: bytes


def stored_of(data: bytes) -> Stored:
    """Return what the bytes of an entry say.

    Raises:
        DamagedEntryError: no kv writes such bytes.
    """
    flags = data[0] if data else 0
    head = HEAD_WITH_DEADLINE if flags == HAS_DEADLINE else HEAD
    if flags > HAS_DEADLINE or len(data) < head.size:
        raise DamagedEntryError(f"{data[: head.size].hex(' ')} does not begin an entry")
    _, version, *deadline = head.unpack_from(data)
    if not 0 < version < _VERSION_END:
        raise DamagedEntryError(f"no entry has the version {version}")
    return Stored(version, deadline[0] if deadline else None, data[head.size :])


def bytes_of(stored: Stored) -> bytes:
    """Return the bytes of an entry."""
    version, deadline, value = stored
    if deadline is None:
        return HEAD.pack(0, version) + value
    return HEAD_WITH_DEADLINE.pack(HAS_DEADLINE, version, deadline) + value


def ordered(deadline: int) -> bytes:
    """Return 8 bytes that ascend as deadlines do."""
    return _U64.pack(deadline + _I64_SIGN)


def deadline_of(stored: Stored | None) -> int | None:
    """Return the deadline of an entry, None if it has none or is not there."""
    return None if stored is None else stored.deadline


def milliseconds(ttl: timedelta) -> int:
    """Return a positive duration in whole milliseconds, rounded up."""
    if not isinstance(cast(object, ttl), timedelta):
        raise UsageTypeError(f"ttl is a timedelta, not {type(ttl).__name__}")
    if ttl <= timedelta():
        raise UsageValueError(f"ttl must be more than nothing, not {ttl}")
    whole, rest = divmod(ttl, timedelta(milliseconds=1))
    return whole + bool(rest)


class Entries:
    """What is visible in one transaction: nothing without a prefix, for want of a namespace."""

    def __init__(self, tx: Reader, prefix: bytes | None, now: int, name: str) -> None:
        """Take a transaction, the namespace's prefix and name, and the time in milliseconds."""
        self._tx = tx
        self._now = now
        self._name = name
        self.prefix: bytes | None = prefix

    def stored(self, key: bytes) -> Stored | None:
        """Return what is stored of a key, expired or not."""
        data = None if self.prefix is None else self._tx.get(self.prefix + DATA + key)
        return None if data is None else self._placed(key, data)

    def visible(self, key: bytes) -> Stored | None:
        """Return what is stored of a key that is not expired."""
        stored = self.stored(key)
        return None if stored is None or self._is_expired(stored) else stored

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of a key, or None."""
        stored = self.stored(key)
        return None if stored is None else self._value_unless_expired(stored)

    def get_many(self, keys: Iterable[bytes], /) -> list[bytes | None]:
        """Return the value of each key, or None."""
        wanted = list(keys)
        if self.prefix is None:
            return [None] * len(wanted)
        found = self._tx.get_many([self.prefix + DATA + key for key in wanted])
        return [
            None if data is None else self._value_unless_expired(self._placed(key, data))
            for key, data in zip(wanted, found, strict=True)
        ]

    def scan(
        self, start: bytes, end: bytes | None, /, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Return the entries of `[start, end)` as of this call."""
        if self.prefix is None:
            return iter(())
        keys = self._data_range(self.prefix, start, end)
        return self._visible(self._tx.scan(*keys, reverse=reverse), len(self.prefix) + 1)

    def _visible(
        self, found: Iterator[tuple[bytes, bytes]], length: int
    ) -> Iterator[tuple[bytes, bytes]]:
        for whole, data in found:
            key = whole[length:]
            stored = self._placed(key, data)
            if not self._is_expired(stored):
                yield key, stored.value

    def _data_range(
        self, prefix: bytes, start: bytes, end: bytes | None
    ) -> tuple[bytes, bytes | None]:
        data = prefix + DATA
        return data + start, prefix_range(data)[1] if end is None else data + end

    def _placed(self, key: bytes, data: bytes) -> Stored:
        """Return what the bytes of an entry say; an error says whose they are."""
        try:
            return stored_of(data)
        except DamagedEntryError as error:
            raise damaged(self._name, key, str(error)) from None

    def _value_unless_expired(self, stored: Stored) -> bytes | None:
        return None if self._is_expired(stored) else stored.value

    def _is_expired(self, stored: Stored) -> bool:
        return stored.deadline is not None and self._now >= stored.deadline


class WritableEntries(Entries):
    """The same in a transaction that writes; the first write creates the namespace.

    Invariant: under P 02 is exactly one key for each entry that has a deadline.
    """

    prefix: bytes | None

    def __init__(
        self, tx: Writer, prefix: bytes | None, now: int, name: str, create: Callable[[], bytes]
    ) -> None:
        """Take the same, and what creates the namespace and returns its prefix."""
        super().__init__(tx, prefix, now, name)
        self._writer = tx
        self._create = create

    def set(self, key: bytes, value: bytes, /, deadline: int | None = None) -> None:
        """Set a key to a value, with a deadline or without one."""
        old = self.stored(key)
        if self.prefix is None:
            self.prefix = self._create()
        if old is not None and old.deadline is not None:
            self._writer.delete(self._deadline_key(self.prefix, old.deadline, key))
        if deadline is not None:
            self._writer.set(self._deadline_key(self.prefix, deadline, key), b"")
        stored = Stored(self._version_after(self.prefix, old), deadline, value)
        self._writer.set(self.prefix + DATA + key, bytes_of(stored))

    def delete(self, key: bytes, /) -> bool:
        """Delete a key; return whether it was visible."""
        stored = self.stored(key)
        if stored is None or self.prefix is None:
            return False
        self._remove(self.prefix, key, stored)
        self._mark(self.prefix, stored.version)
        return not self._is_expired(stored)

    def delete_range(self, start: bytes, end: bytes | None, /) -> int:
        """Delete the keys of `[start, end)`, expired or not; return how many were visible."""
        if self.prefix is None:
            return 0
        found = self._tx.scan(*self._data_range(self.prefix, start, end))
        return sum(self.delete(key[len(self.prefix) + 1 :]) for key, _ in found)

    def purge(self) -> int:
        """Delete what is expired; return how many entries. Reads nothing else."""
        if self.prefix is None:
            return 0
        first = self.prefix + DEADLINES
        count = 0
        for whole, _ in self._tx.scan(first, first + ordered(self._now + 1)):
            key = whole[len(first) + 8 :]
            stored = self.stored(key)
            if stored is not None and self._is_expired(stored):
                self.delete(key)
                count += 1
            self._writer.delete(whole)
        return count

    def _remove(self, prefix: bytes, key: bytes, stored: Stored) -> None:
        self._writer.delete(prefix + DATA + key)
        if stored.deadline is not None:
            self._writer.delete(self._deadline_key(prefix, stored.deadline, key))

    def _deadline_key(self, prefix: bytes, deadline: int, key: bytes) -> bytes:
        return prefix + DEADLINES + ordered(deadline) + key

    def _version_after(self, prefix: bytes, old: Stored | None) -> int:
        """Return the version of what is written next; its key never had it."""
        commit = self._tx.version << 16
        if not commit:
            return int.from_bytes(urandom(8)) >> 1 or 1
        return max(commit, 1 + (self._last_deleted(prefix) if old is None else old.version))

    def _mark(self, prefix: bytes, version: int) -> None:
        """Keep the version of what was deleted, if this commit or a later one could give it."""
        commit = self._tx.version << 16
        if 0 < commit <= version >= self._last_deleted(prefix):
            self._writer.set(prefix + MARK, _U64.pack(version))

    def _last_deleted(self, prefix: bytes) -> int:
        data = self._tx.get(prefix + MARK)
        if data is not None and len(data) != _U64.size:
            raise DamagedEntryError(f"the version {data.hex(' ')} is not one of 8 bytes")
        return 0 if data is None else int.from_bytes(data)


def problems_of(tx: Reader, prefix: bytes, judge: Callable[[bytes, bytes], None]) -> Iterator[str]:
    """Yield what is wrong with the keys below a prefix; `judge` refuses damaged keys and values."""
    for whole, data in tx.scan(*prefix_range(prefix)):
        part, key = whole[len(prefix) : len(prefix) + 1], whole[len(prefix) + 1 :]
        if part == DATA:
            yield from _problems_of_entry(tx, prefix, key, data, judge)
        elif part == DEADLINES:
            yield from _problems_of_deadline(tx, prefix, key, data)
        elif part != MARK or key or len(data) != _U64.size:
            yield f"the key {whole.hex(' ')} is of no entry"


def _problems_of_entry(
    tx: Reader, prefix: bytes, key: bytes, data: bytes, judge: Callable[[bytes, bytes], None]
) -> Iterator[str]:
    try:
        _, deadline, value = stored_of(data)
        judge(key, value)
    except DamagedEntryError as error:
        yield f"key {key!r}: {error}"
        return
    if deadline is not None and tx.get(prefix + DEADLINES + ordered(deadline) + key) is None:
        yield f"key {key!r}: its deadline {deadline} would not be noticed"


def _problems_of_deadline(tx: Reader, prefix: bytes, key: bytes, data: bytes) -> Iterator[str]:
    deadline, key = int.from_bytes(key[:8]) - _I64_SIGN, key[8:]
    found = tx.get(prefix + DATA + key)
    try:
        expected = None if found is None else stored_of(found).deadline
    except DamagedEntryError:
        return  # it is told where the entry is
    if deadline != expected or data:
        yield f"key {key!r}: it does not have the deadline {deadline}"


def damaged(namespace: str, key: bytes, reason: str) -> DamagedEntryError:
    """Return the error for an entry that no kv wrote."""
    name = key.decode(errors="backslashreplace")
    message = f"{namespace!r}, key {name!r}: {reason}"
    return DamagedEntryError(message, namespace=namespace, id=name)
