"""The catalog: which namespaces a store has, and what a tool needs to show each of them.

    catalog(store).names()         -> ["notes", "users"]
    catalog(store).describe(name)  -> {"name": .., "kind": .., "prefix": .., "schema": .., ..}

It is a lens on what `namespace` records, and has no namespace itself. Renaming changes one key,
because what a namespace keeps lies below its number. Absent on purpose: creating a namespace, which
is what opening a lens and writing to it does.
"""

from collections import Counter
from dataclasses import replace
from typing import Any

from libredb.kernel.transaction import Reader, Store, Writer
from libredb.lens.encoding import prefix_range
from libredb.lens.errors import DamagedEntryError, DuplicateKeyError, MissingKeyError
from libredb.lens.namespace import (
    LAYOUT,
    LENSES,
    RECORDS,
    SYSTEM,
    Namespace,
    check_name,
    delete_range,
    find,
    keys_of,
    last_number,
    migrations_of,
    records,
    save,
)


class Catalog:
    """The namespaces of a store. Each call is one transaction; threads may share it."""

    def __init__(self, store: Store) -> None:
        """Take a store: a database, or a transaction."""
        self._store = store

    def on(self, tx: Store, /) -> "Catalog":
        """Return the catalog inside a transaction."""
        return Catalog(tx)

    def names(self) -> list[str]:
        """Return the names, in the order of their code points. Reads every record."""
        return self._store.read(lambda tx: [namespace.name for namespace in records(tx)])

    def describe(self, name: str) -> dict[str, Any]:
        """Return what is recorded of a namespace, as JSON. Reads one key.

        Raises:
            MissingKeyError: there is none of that name.
        """
        return self._store.read(lambda tx: _described(_existing(tx, name)))

    def rename(self, name: str, new_name: str) -> None:
        """Give a namespace another name. Changes one key, whatever it keeps.

        Raises:
            MissingKeyError: there is none of that name.
            DuplicateKeyError: the new name is taken.
        """
        check_name(new_name)

        def rename(tx: Writer) -> None:
            namespace = _existing(tx, name)
            if name != new_name and find(tx, new_name) is not None:
                message = f"there is a namespace {new_name!r} already"
                raise DuplicateKeyError(message, namespace=new_name)
            tx.delete(RECORDS + name.encode())
            save(tx, replace(namespace, name=new_name))

        self._store.transact(rename)

    def drop(self, name: str) -> int:
        """Delete a namespace and all that it keeps; return how many keys that were.

        Its number is not given to another one. Reads and deletes every key.

        Raises:
            MissingKeyError: there is none of that name.
        """

        def drop(tx: Writer) -> int:
            namespace = _existing(tx, name)
            tx.delete(RECORDS + name.encode())
            delete_range(tx, prefix_range(migrations_of(namespace.number)))
            return delete_range(tx, namespace.keys.range())

        return self._store.transact(drop)

    def to_json(self) -> list[dict[str, Any]]:
        """Return what is recorded of every namespace. Reads every record, and nothing else."""
        return self._store.read(lambda tx: [_described(namespace) for namespace in records(tx)])

    def check(self) -> list[str]:
        """Return what is wrong with the records and the keys of no namespace; empty if nothing.

        Reads every record, and one key in each gap between namespaces.
        """
        return self._store.read(_problems)

    def __repr__(self) -> str:
        return f"<Catalog of {self._store!r}>"


def catalog(store: Store) -> Catalog:
    """Return the catalog of a store."""
    return Catalog(store)


def _existing(tx: Reader, name: str) -> Namespace:
    check_name(name)
    namespace = find(tx, name)
    if namespace is None:
        raise MissingKeyError(f"there is no namespace {name!r}", namespace=name)
    return namespace


def _described(namespace: Namespace) -> dict[str, Any]:
    return {"name": namespace.name, **namespace.to_json()}


def _problems(tx: Reader) -> list[str]:
    try:
        known = list(records(tx))
        last = last_number(tx)
    except DamagedEntryError as error:
        return [str(error)]
    problems = [
        f"{count} namespaces have the prefix {number}"
        for number, count in Counter(namespace.number for namespace in known).items()
        if count > 1
    ]
    problems += [
        f"the namespace {namespace.name!r} has the prefix {namespace.number}, which was never given"
        for namespace in known
        if not 1 <= namespace.number <= last
    ]
    if known and tx.get(SYSTEM) != LAYOUT:
        problems.append("there are namespaces, and the layout is not recorded")
    start: bytes | None = prefix_range(SYSTEM)[1]
    for prefix in [*sorted({keys_of(namespace.number).prefix for namespace in known}), None]:
        end = prefix if prefix is not None else prefix_range(LENSES)[1]
        for key, _ in tx.scan(start or b"", end, limit=1):
            problems.append(f"the key {key.hex(' ')} is of no namespace")
        if prefix is not None:
            start = prefix_range(prefix)[1]
    return problems
