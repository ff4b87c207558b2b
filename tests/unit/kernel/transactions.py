"""Transactions for unit tests: over a store of their own, with nothing to lock."""

from collections.abc import Callable

from libredb.kernel.level import Level
from libredb.kernel.store import OrderedStore
from libredb.kernel.transaction import ReadTransaction, Transaction


def store_of(**entries: bytes) -> OrderedStore:
    return OrderedStore(Level({key.encode(): value for key, value in entries.items()}))


def writer(store: OrderedStore | None = None, refusal: str | None = None) -> Transaction:
    return Transaction(store or OrderedStore(), 7, refusal)


def reader(store: OrderedStore | None = None) -> ReadTransaction:
    return ReadTransaction((store or OrderedStore()).view(), 6)


USES: dict[str, Callable[[Transaction], object]] = {
    "get": lambda tx: tx.get(b"a"),
    "scan": lambda tx: tx.scan(),
    "read": lambda tx: tx.read(id),
    "count": lambda tx: tx.count(),
    "in": lambda tx: b"a" in tx,
    "set": lambda tx: tx.set(b"a", b""),
    "delete": lambda tx: tx.delete(b"a"),
    "delete_range": lambda tx: tx.delete_range(prefix=b"absent"),
    "transact": lambda tx: tx.transact(id),
}
READS = ("get", "scan", "read", "count", "in")
WRITES = ("set", "delete", "delete_range")
