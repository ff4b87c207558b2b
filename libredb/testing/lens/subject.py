"""What the checks of lenses have in common: whom they ask, stores in between, what they expect."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from libredb.kernel.transaction import Reader, Store, Writer
from libredb.lens.catalog import catalog
from libredb.lens.documents import documents
from libredb.lens.keys.namespace import keys_of
from libredb.lens.kv import KV
from libredb.lens.rows.ids import counter
from libredb.lens.rows.row import COUNTER
from libredb.lens.table.opening import table
from libredb.testing.store.subject import Abort, Entries, entries, expect_equal, expect_raises

T = TypeVar("T")


@dataclass(frozen=True)
class Subject:
    """A store to check the lenses on, and what it says about itself.

    Attributes:
        store: The store, whose keys under FE are those of nobody yet.
        threads: Whether it says that several threads may use it.
    """

    store: Store
    threads: bool = False


Promise = Callable[[Subject], str | None]

NO_THREADS = "this store is for one thread"


class Counted:
    """A store in front of another one that notes what is asked of it."""

    def __init__(self, store: Store) -> None:
        """Take the store that answers."""
        self._store = store
        self.calls: list[str] = []

    def read(self, fn: Callable[[Reader], T], /) -> T:
        """Note a read."""
        self.calls.append("read")
        return self._store.read(fn)

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        """Note a transaction."""
        self.calls.append("transact")
        return self._store.transact(fn)


class Repeated:
    """A store in front of another one that runs every function twice; the last run counts."""

    def __init__(self, store: Store) -> None:
        """Take the store that keeps what the last run wrote."""
        self._store = store

    def read(self, fn: Callable[[Reader], T], /) -> T:
        """Read twice."""
        self._store.read(fn)
        return self._store.read(fn)

    def transact(self, fn: Callable[[Writer], T], /) -> T:
        """Write, abort that, and write again."""

        def abort(tx: Writer) -> None:
            fn(tx)
            raise Abort

        def twice(tx: Writer) -> T:
            with suppress(Abort):
                tx.transact(abort)
            return tx.transact(fn)

        return self._store.transact(twice)


def everything(store: Store) -> Entries:
    """Return every entry of a store."""
    return store.read(entries)


def aborted(store: Store, work: Callable[[Writer], object]) -> None:
    """Do something in a transaction, and abort it."""

    def abort(tx: Writer) -> None:
        work(tx)
        raise Abort

    expect_raises(Abort, lambda: store.transact(abort), "a transaction that aborts")


def expect_exactly(found: object, expected: object, what: str) -> None:
    """Expect this down to its types and signs: 1 is not True, 0.0 is not -0.0."""
    expect_equal(repr(found), repr(expected), what)


def expect_nothing_wrong(store: Store) -> None:
    """Expect that the catalog and every namespace agree with what is there, both ways."""
    found = catalog(store).check()
    for record in catalog(store).to_json():
        found += [f"{record['name']!r}: {problem}" for problem in _opened(store, record).check()]
    expect_equal(found, [], "what check() finds")


def _opened(store: Store, record: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever lens it is
    """Return the lens of a namespace, from its record alone."""
    name, schema = record["name"], record["schema"]
    if record["kind"] == "kv":
        return KV[Any](store, name, schema["values"])
    if record["kind"] == "table":
        columns: dict[str, str] = {
            column: each["type"] + "?" * each.get("optional", False)
            for column, each in schema["columns"].items()
        }
        return table(store, name, columns, key=list(map(str, schema["key"])))
    count = keys_of(record["prefix"]).prefix + COUNTER
    if store.read(lambda tx: tx.get(count)) is None:
        return documents(store, name)
    return documents(store, name, key=counter("id"))
