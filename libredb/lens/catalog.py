"""The catalog: which namespaces a store has, and what a tool needs to show each of them.

    catalog(store).names()         -> ["notes", "users"]
    catalog(store).describe(name)  -> {"name": .., "kind": .., "prefix": .., "schema": .., ..}

It is a lens on what `namespace` records, and has no namespace itself. Renaming changes one key,
because what a namespace keeps lies below its number. Absent on purpose: creating a namespace, which
is what opening a lens and writing to it does.
"""

from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from libredb.kernel.transaction import Reader, Store, Writer
from libredb.lens.errors import DamagedEntryError, DuplicateKeyError, MissingKeyError
from libredb.lens.keys.encoding import prefix_range
from libredb.lens.keys.namespace import (
    IMPORTS,
    LAST_NUMBER,
    LENSES,
    RECORDS,
    SHARING,
    SYSTEM,
    Namespace,
    check_layout,
    check_name,
    check_store,
    delete_range,
    find,
    import_of,
    keys_of,
    last_number,
    migrations_of,
    name_of,
    parsed,
    records,
    save,
)


class Catalog:
    """The namespaces of a store. Each call is one transaction; threads may share it."""

    def __init__(self, store: Store) -> None:
        """Take a store: a database, or a transaction."""
        check_store(store)
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
            tx.delete(import_of(namespace.number))
            return delete_range(tx, namespace.keys.range())

        return self._store.transact(drop)

    def to_json(self) -> list[dict[str, Any]]:
        """Return what is recorded of every namespace. Reads every record, and nothing else."""
        return self._store.read(lambda tx: [_described(namespace) for namespace in records(tx)])

    def check(self) -> list[str]:
        """Return what is wrong with the records and the keys of no namespace; empty if nothing.

        Reads every record, and one key in each gap between what is kept.
        """
        return self._store.read(lambda tx: list(_problems(tx)))

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
    """Return a record for the caller to keep: what it changes there changes no record of ours."""
    return {"name": namespace.name, **deepcopy(namespace.to_json())}


def _problems(tx: Reader) -> Iterator[str]:
    try:
        check_layout(tx)
    except DamagedEntryError as error:
        yield str(error)  # nobody knows what the rest of it means
        return
    known: list[Namespace] = []
    for key, data in tx.scan(*prefix_range(RECORDS)):
        try:
            known.append(parsed(name_of(key), data))
        except DamagedEntryError as error:
            yield str(error)
    yield from _problems_of_numbers(tx, known)
    yield from _problems_of_keys(tx, {namespace.number for namespace in known})


def _problems_of_numbers(tx: Reader, known: list[Namespace]) -> Iterator[str]:
    for number, count in Counter(namespace.number for namespace in known).items():
        if count > 1:
            yield f"{count} namespaces have the prefix {number}"
    try:
        last = last_number(tx)
    except DamagedEntryError as error:
        yield str(error)
        return
    for namespace in known:
        if namespace.number > last:
            name, number = namespace.name, namespace.number
            yield f"the namespace {name!r} has the prefix {number}, which was never given"


def _problems_of_keys(tx: Reader, numbers: set[int]) -> Iterator[str]:
    """Yield a key of each gap between what is known to be kept under FE."""
    kept = [(part, part + b"\0") for part in (SYSTEM, LAST_NUMBER)]
    kept += [prefix_range(part) for part in (RECORDS, IMPORTS, SHARING)]
    for number in numbers:
        kept += [prefix_range(migrations_of(number)), keys_of(number).range()]
    start, last = prefix_range(LENSES)
    for first, end in [*sorted(kept), (last, None)]:
        for key, _ in tx.scan(start, first, limit=1):
            yield f"the key {key.hex(' ')} is of no namespace"
        start = end or b""
