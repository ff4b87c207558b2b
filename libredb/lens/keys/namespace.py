"""Namespaces: which lens keeps what below which prefix, as the file itself records it.

    FE 00               "lenses 1", the layout of all this; written with the first namespace
    FE 00 01 name       a record: {"kind": .., "prefix": n, "schema": .., "indexes": [..]}
    FE 00 02            the last n that was given to a namespace, in digits
    FE 00 03 (n, name)  a migration that namespace n has behind it
    FE 00 04 (n)        how far the last import into namespace n has come
    FE 00 05            kept for databases that are shared
    FE (n) ..           what namespace n keeps; round brackets stand for a packed tuple

All of the lenses lies under the byte FE; keys below it, and FF, are for those who use raw keys. An
n is never given twice, also after its namespace was dropped, so nobody finds what another one left.
A record is read anew by every operation, in its own transaction. Absent on purpose: a cache of
them, which a commit of another process would make wrong.
"""

import json
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Self, TypeVar

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Reader, Store, Writer
from libredb.lens.errors import DamagedEntryError, NamespaceKindError
from libredb.lens.keys.encoding import Range, pack, prefix_range, unpack, utf8
from libredb.lens.keys.subspace import Subspace

T = TypeVar("T")

LENSES = b"\xfe"
SYSTEM = b"\xfe\x00"
LAYOUT = b"lenses 1"
RECORDS = b"\xfe\x00\x01"
LAST_NUMBER = b"\xfe\x00\x02"
MIGRATIONS = b"\xfe\x00\x03"
IMPORTS = b"\xfe\x00\x04"
SHARING = b"\xfe\x00\x05"

USER_KEYS: Range = (b"", LENSES)
"""The range of the keys that no lens touches, to be passed to `scan`: `db.scan(*USER_KEYS)`."""

MAX_NAME_BYTES = 512
_MAX_DIGITS = 18
"""Nobody makes so many namespaces."""


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """What is recorded of an index.

    Attributes:
        number: What its keys begin with; no other index of the namespace has it.
        fields: The path of each field.
        unique: Whether only one may have the same values in all fields.
        each: Whether the last field is an array, each element of which has an entry.
        words: Whether the field is text, each word of which has an entry.
    """

    number: int
    fields: tuple[tuple[str, ...], ...]
    unique: bool = False
    each: bool = False
    words: bool = False

    @property
    def name(self) -> str:
        """The paths of the fields, as a person writes them."""
        return ",".join(".".join(path) for path in self.fields)

    def to_json(self) -> dict[str, Any]:
        """Return what the record holds of it: flags only if they are set."""
        flags = {flag: True for flag in ("unique", "each", "words") if getattr(self, flag)}
        return {"number": self.number, "fields": [list(path) for path in self.fields], **flags}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "IndexRecord":
        """Return what `to_json` has said."""
        fields = tuple(tuple(map(str, path)) for path in found["fields"])
        flags = {flag: bool(found.get(flag)) for flag in ("unique", "each", "words")}
        return cls(int(found["number"]), fields, **flags)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A record: what a lens keeps under one name."""

    name: str
    kind: str
    number: int
    schema: Any = None
    indexes: tuple[IndexRecord, ...] = ()

    @property
    def keys(self) -> Subspace:
        """All that it keeps."""
        return keys_of(self.number)

    def to_json(self) -> dict[str, Any]:
        """Return what is stored of it; its name is in the key."""
        return {
            "kind": self.kind,
            "prefix": self.number,
            "schema": self.schema,
            "indexes": [index.to_json() for index in self.indexes],
        }


class Lens:
    """What all lenses are: a store, a name, and options. Threads may share one.

    A subclass says in `kind` what it is, and asks for its namespace in each of its transactions.
    """

    kind: ClassVar[str]

    def __init__(self, store: Store, name: str) -> None:
        """Take a store and a name, and check both."""
        check_store(store)
        check_name(name)
        self._store = store
        self._name = name

    def on(self, tx: Store, /) -> Self:
        """Return the same lens inside a transaction: what it does is a part of that one."""
        moved = copy(self)
        Lens.__init__(moved, tx, self._name)
        return moved

    @property
    def name(self) -> str:
        """The name of its namespace."""
        return self._name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"

    def _read(self, work: Callable[[Reader, Namespace], T], absent: Callable[[], T]) -> T:
        """Return what `work` makes of one state, or `absent()` where the namespace is not there."""

        def read(tx: Reader) -> T:
            namespace = find(tx, self._name, self.kind)
            return absent() if namespace is None else work(tx, namespace)

        return self._store.read(read)

    def _write(self, work: Callable[[Writer, Namespace], T]) -> T:
        """Return what `work` does in one transaction, which creates the namespace if need be."""

        def write(tx: Writer) -> T:
            return work(tx, find(tx, self._name, self.kind) or create(tx, self._name, self.kind))

        return self._store.transact(write)

    def _edit(self, work: Callable[[Writer, Namespace], T], absent: Callable[[], T]) -> T:
        """Do the same where there is something to edit, or return `absent()`."""

        def edit(tx: Writer) -> T:
            namespace = find(tx, self._name, self.kind)
            return absent() if namespace is None else work(tx, namespace)

        return self._store.transact(edit)


def check_store(store: object) -> None:
    """Refuse what is no store."""
    if not (callable(getattr(store, "transact", None)) and callable(getattr(store, "read", None))):
        given = type(store).__name__
        raise UsageTypeError(f"a lens needs a database or a transaction, not {given}")


def check_name(name: object) -> None:
    """Refuse what is no name of a namespace."""
    if type(name) is not str:
        raise UsageTypeError(f"the name of a namespace is a str, not {type(name).__name__}")
    if not name or len(utf8(name)) > MAX_NAME_BYTES:
        raise UsageValueError(f"the name of a namespace has 1 to {MAX_NAME_BYTES} bytes of UTF-8")


@lru_cache(maxsize=256)
def keys_of(number: int) -> Subspace:
    """Return the subspace of the namespace with this number."""
    return Subspace(LENSES + pack((number,)))


def find(tx: Reader, name: str, kind: str | None = None) -> Namespace | None:
    """Return the record of that name, or None.

    A record is only written beside the layout, so where it is the layout need not be read.

    Raises:
        NamespaceKindError: it is of another kind.
        DamagedEntryError: it is no record, or there are keys under FE that are not of the lenses.
    """
    data = tx.get(RECORDS + name.encode())
    if data is None:
        check_layout(tx)
        return None
    namespace = parsed(name, data)
    if kind is not None and namespace.kind != kind:
        raise NamespaceKindError(
            f"the namespace {name!r} is one of {namespace.kind}, not of {kind}",
            namespace=name,
            expected=kind,
            actual=namespace.kind,
        )
    return namespace


def records(tx: Reader) -> Iterable[Namespace]:
    """Yield every record, in the order of the names as UTF-8."""
    check_layout(tx)
    for key, data in tx.scan(*prefix_range(RECORDS)):
        yield parsed(name_of(key), data)


def name_of(key: bytes) -> str:
    """Return the name in the key of a record."""
    try:
        return key[len(RECORDS) :].decode()
    except UnicodeDecodeError:
        reason = f"the key {key.hex(' ')} of a record has no name"
        raise DamagedEntryError(reason, actual=key) from None


def create(tx: Writer, name: str, kind: str, schema: object = None) -> Namespace:
    """Record a new namespace, with a number that none ever had.

    Raises:
        DamagedEntryError: there are keys already where the namespace would keep its own.
    """
    namespace = Namespace(name, kind, last_number(tx) + 1, schema)
    for key, _ in tx.scan(*namespace.keys.range(), limit=1):
        reason = f"the key {key.hex(' ')} is of no namespace, and {name!r} would begin there"
        raise DamagedEntryError(reason, namespace=name, actual=key)
    tx.set(LAST_NUMBER, b"%d" % namespace.number)
    tx.set(SYSTEM, LAYOUT)
    save(tx, namespace)
    return namespace


def save(tx: Writer, namespace: Namespace) -> None:
    """Record what has changed of a namespace."""
    tx.set(RECORDS + namespace.name.encode(), _written(namespace))


def last_number(tx: Reader) -> int:
    """Return the last number that was given, 0 before the first."""
    data = tx.get(LAST_NUMBER)
    if data is None and tx.get(SYSTEM) is None:
        return 0
    if data is None or not (data.isdigit() and len(data) <= _MAX_DIGITS):
        raise DamagedEntryError(f"the last number of a namespace is {data!r}", actual=data)
    return int(data)


def delete_range(tx: Writer, keys: Range) -> int:
    """Delete a range of keys; return how many there were. Reads them all."""
    return sum(tx.delete(key) for key, _ in tx.scan(*keys))


def migrations_of(number: int) -> bytes:
    """Return what the keys of the migrations of a namespace begin with."""
    return MIGRATIONS + pack((number,))


def import_of(number: int) -> bytes:
    """Return the key of the record of the last import into a namespace."""
    return IMPORTS + pack((number,))


def migrations(tx: Reader, namespace: Namespace) -> list[str]:
    """Return the names of the migrations that the namespace has behind it."""
    prefix = migrations_of(namespace.number)
    return [str(*unpack(key, len(prefix))) for key, _ in tx.scan(*prefix_range(prefix))]


def add_migration(tx: Writer, namespace: Namespace, name: str) -> None:
    """Record that a migration is done."""
    tx.set(migrations_of(namespace.number) + pack((name,)), b"")


def with_index(namespace: Namespace, index: IndexRecord) -> Namespace:
    """Return the record with one more index, whose number is the next one."""
    number = 1 + max((known.number for known in namespace.indexes), default=0)
    return replace(namespace, indexes=(*namespace.indexes, replace(index, number=number)))


@lru_cache(maxsize=256)
def parsed(name: str, data: bytes) -> Namespace:
    """Return what a record says: the same one again as long as its bytes are the same.

    Bytes are a record if and only if it is written as these bytes: what a later version has added
    is not left out in silence.
    """
    try:
        found = json.loads(data.decode())
        indexes = tuple(map(IndexRecord.from_json, found["indexes"]))
        namespace = Namespace(name, found["kind"], found["prefix"], found["schema"], indexes)
        is_record = type(namespace.number) is int and namespace.number > 0 and bool(name)
        is_record = is_record and type(namespace.kind) is str and _written(namespace) == data
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        is_record, namespace = False, None
    if namespace is None or not is_record:
        reason = f"the record of the namespace {name!r} is not one"
        raise DamagedEntryError(reason, namespace=name, actual=data)
    return namespace


def _written(namespace: Namespace) -> bytes:
    return json.dumps(namespace.to_json(), ensure_ascii=False, separators=(",", ":")).encode()


def check_layout(tx: Reader) -> None:
    """Refuse to read or write where somebody else has keys under FE, or a later version has."""
    layout = tx.get(SYSTEM)
    if layout == LAYOUT:
        return
    if layout is not None:
        raise DamagedEntryError(
            f"the lenses in this file have the layout {layout!r}", actual=layout
        )
    for key, _ in tx.scan(*prefix_range(LENSES), limit=1):
        reason = f"the key {key.hex(' ')} is not of a lens, and all keys under FE have to be"
        raise DamagedEntryError(reason, actual=key)
