"""Documents: JSON objects of one namespace, found by their ids and by filters.

    notes = documents(db, "notes")
    notes.create_index("level", "at")
    id = notes.insert({"level": "warn", "at": 7})
    notes.update(id, {"$inc": {"seen": 1}})
    notes.find({"level": "warn", "at": {"$gte": 5}}, order_by="-at", limit=50)

Each method is one transaction, or a part of the one given to `on`; all is checked before anything
is written, a unique index by what the call leaves behind, and what a call raises left no trace.
Filters are told in `filter`, updates in `patch`, what an index is for in `plan`, how a result is
read in `result`. Absent on purpose: a schema, and joins, both of which tables have.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, Literal, Self, TypeVar, overload

from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Store, Writer
from libredb.lens.keys.namespace import IndexRecord, Lens, Namespace
from libredb.lens.rows import group, ids
from libredb.lens.rows.collection import Collection, Given, has_index, index_record, problems
from libredb.lens.rows.document import (
    COUNTED,
    NAMED,
    Document,
    numbered,
    prepared,
    problems_of_counted,
    seed_of,
)
from libredb.lens.rows.order import parse_order
from libredb.lens.rows.result import Result, Search, Source, select
from libredb.lens.rows.row import Rows, check_version, check_version_argument
from libredb.lens.values.filter import from_filter
from libredb.lens.values.json_value import Path, parse_path
from libredb.lens.values.patch import ID, Patch

Id = TypeVar("Id", bound="str | int")
T = TypeVar("T")
Filter = Mapping[Any, Any]
Field = str | Path
"""A path: a str is split at its dots, a tuple is not."""
Test = Callable[[Document], object]


class Documents(Lens, Generic[Id]):
    """Documents of one namespace; made by `documents`, which says what `Id` is."""

    kind = "documents"

    def __init__(
        self, store: Store, name: str, *, new_id: Callable[[], str], key: ids.Counter | None
    ) -> None:
        """Take what gives ids: a function, or a counter, which comes first."""
        super().__init__(store, name)
        self._new_id: Callable[[], str] | None = None if key else new_id
        self._is_counting = key is not None
        self._form = COUNTED if key else NAMED
        self._tx: Store | None = None

    def on(self, tx: Store, /) -> Self:
        """Return the same documents inside a transaction, in which results are read one by one."""
        moved = super().on(tx)
        moved._tx = tx  # noqa: SLF001 - it is one of these
        return moved

    # One document

    def insert(self, document: Document) -> Id:
        """Add a document; return its id, which is a new one if the document has none.

        Reads two keys, and one for each unique index; writes one, and those of its indexes.

        Raises:
            DuplicateKeyError: there is one with this id already.
            UniqueViolationError: another one has what a unique index lets only one have.
            InvalidValueError: it cannot be stored; `field` says where.
        """
        return self.insert_many([document])[0]

    def put(self, document: Document, *, if_version: int | None = None) -> Id:
        """Add a document, or replace the whole one with its id; return the id. Costs as `insert`.

        Raises:
            ConflictError: the one that is there has another version; 0 stands for none.
            UniqueViolationError: another one has what a unique index lets only one have.
            InvalidValueError: it cannot be stored; `field` says where.
        """
        check_version_argument(if_version)
        return self._put([document], if_version)[0]

    def get(self, id: Id) -> Document | None:  # noqa: A002 - as documents call it
        """Return the document with this id, or None. Reads one key."""
        packed = self._form.pack(id)
        return self._rows(lambda rows: rows.get(packed), lambda: None)

    def get_versioned(self, id: Id) -> tuple[Document | None, int]:  # noqa: A002 - as above
        """Return the document and its version, for `if_version`; or None and 0. Reads one key."""
        packed = self._form.pack(id)
        return self._rows(lambda rows: rows.get_versioned(packed), lambda: (None, 0))

    def update(
        self,
        id: Id,  # noqa: A002 - as above
        patch: Mapping[Any, Any],
        *,
        if_version: int | None = None,
    ) -> bool:
        """Apply a patch, or a dict of fields to set; return whether the document was there.

        Reads one key; writes it, and what is different in the indexes.

        Raises:
            ConflictError: it has another version; 0 stands for none.
            UniqueViolationError: another one has what a unique index lets only one have.
            InvalidValueError: the patch does not fit the document, or makes what cannot be stored.
            UsageValueError: the patch is none, or would change the id.
        """
        packed, change = self._form.pack(id), Patch.parse(patch).apply
        check_version_argument(if_version)
        return self._edited(
            lambda collection: collection.update(packed, change, if_version),
            lambda: self._absent(id, if_version),
        )

    def delete(self, id: Id, *, if_version: int | None = None) -> bool:  # noqa: A002 - as above
        """Delete a document; return whether it was there. Reads and deletes it and its entries.

        Raises:
            ConflictError: it has another version; 0 stands for none.
        """
        packed = self._form.pack(id)
        check_version_argument(if_version)
        return self._edited(
            lambda collection: collection.delete([packed], if_version) > 0,
            lambda: self._absent(id, if_version),
        )

    def __contains__(self, id: Id) -> bool:  # noqa: A002 - as above
        """Whether there is a document with this id. Reads one key."""
        packed = self._form.pack(id)
        return self._rows(lambda rows: rows.tx.get(rows.prefix + packed) is not None, bool)

    # Many documents

    def insert_many(self, documents: Iterable[Document]) -> list[Id]:
        """Add documents, all or none; return their ids. Costs and raises what `insert` does."""
        return self._written(documents, Collection.insert)

    def put_many(self, documents: Iterable[Document]) -> list[Id]:
        """Put documents, all or none, the last of those with one id; return the ids. See `put`."""
        return self._put(documents, None)

    def get_many(self, ids: Iterable[Id]) -> list[Document | None]:
        """Return the document with each id, or None, from one state. Reads one key for each."""
        packed = list(map(self._form.pack, ids))
        return self._rows(lambda rows: rows.get_many(packed), lambda: [None for _ in packed])

    def delete_many(self, ids: Iterable[Id]) -> int:
        """Delete documents; return how many were there. Costs what `delete` does for each."""
        packed = list(map(self._form.pack, ids))
        return self._edited(lambda collection: collection.delete(packed), int)

    def update_many(self, filter: Filter, patch: Filter, *, where: Test | None = None) -> int:  # noqa: A002 - it is one
        """Apply a patch to all documents that a filter is true of; return how many.

        Reads them all, and holds them in memory. Raises what `update` raises but for conflicts.
        """
        search, change = _any_order(filter, where), Patch.parse(patch).apply
        return self._edited(lambda collection: collection.update_all(search, change), int)

    def delete_where(self, filter: Filter, *, where: Test | None = None) -> int:  # noqa: A002 - it is one
        """Delete all documents that a filter is true of; return how many. Reads them all."""
        search = _any_order(filter, where)
        return self._edited(lambda collection: collection.delete_all(search), int)

    def upsert(self, filter: Filter, patch: Filter) -> Literal["inserted", "updated"]:  # noqa: A002 - it is one
        """Update the document that a filter is true of, or insert one that it is true of.

        The filter has equalities only; a new document begins with these, and the patch is applied
        to it. Reads what finding two documents does.

        Raises:
            UsageValueError: the filter has something else, or is true of two documents.
            UniqueViolationError: another one has what a unique index lets only one have.
            InvalidValueError: the patch does not fit, or makes what cannot be stored.
        """
        expression, change = from_filter(filter), Patch.parse(patch).apply
        search = Search(expression, order=None, limit=2)
        seeds = prepared([seed_of(expression)], self._form, self._new_id, self._name)

        def work(tx: Writer, namespace: Namespace) -> Literal["inserted", "updated"]:
            collection = Collection(tx, namespace, self._form)
            found = [packed for packed, _ in select(collection, search)]
            if len(found) > 1:
                raise UsageValueError(f"there is more than one for: {expression!r}")
            if found:
                collection.update(found[0], change)
                return "updated"
            (seed,) = numbered(collection, seeds) if self._is_counting else seeds
            row = change(seed.row)
            collection.insert([Given(seed.packed, row, self._form.encode(row))])
            return "inserted"

        return self._write(work)

    def clear(self) -> int:
        """Delete all documents; return how many. Reads every key; the indexes stay."""
        return self._edited(Collection.clear, int)

    # Finding

    def find(
        self,
        filter: Filter | None = None,  # noqa: A002 - it is one
        *,
        order_by: Field | list[Field] | None = None,
        limit: int | None = None,
        offset: int = 0,
        after: str | None = None,
        where: Test | None = None,
    ) -> Result[Document]:
        """Return the documents that a filter is true of, to be read when they are asked for.

        Args:
            filter: Without one, all documents are meant.
            order_by: A path or a list of paths, each with a `-` in front if it is descending. The
                id comes last, in the direction of the last path; ascending without any.
            limit: How many at most.
            offset: How many to leave out, which are read nevertheless; cursors cost less.
            after: A cursor of a page of the same search: what comes strictly behind it.
            where: What has to be true as well, of each document that the rest of it found.

        Raises:
            UsageError: the filter, the order or the cursor is none, or of another search.
        """
        expression = from_filter({} if filter is None else filter)
        order = parse_order(order_by, self._form.key)
        search = Search(expression, order, limit, offset, after, where)
        return Result(self._source(), search, lambda row: row)

    def find_one(
        self,
        filter: Filter | None = None,  # noqa: A002 - it is one
        *,
        order_by: Field | list[Field] | None = None,
        where: Test | None = None,
    ) -> Document | None:
        """Return the first document of `find`, or None; it may have to read all that match."""
        return self.find(filter, order_by=order_by, where=where).first()

    first = find_one

    def one(self, filter: Filter | None = None, *, where: Test | None = None) -> Document:  # noqa: A002 - it is one
        """Return the only document that a filter is true of. Reads on until there are two.

        Raises:
            MissingKeyError: there is none.
            UsageValueError: there is more than one.
        """
        return self.find(filter, where=where).one()

    def count(self, filter: Filter | None = None, *, where: Test | None = None) -> int:  # noqa: A002 - it is one
        """Return how many documents a filter is true of. Reads them all."""
        return self.find(filter, where=where).count()

    def __len__(self) -> int:
        """Return how many documents there are. Reads them all."""
        return self.count()

    def __bool__(self) -> bool:
        """Whether there is a document. Reads one."""
        return self.find_one() is not None

    def distinct(self, path: Field, filter: Filter | None = None) -> list[Any]:  # noqa: A002 - it is one
        """Return the different values at a path, in their order. Reads all that match."""
        return group.distinct(self._source(), _any_order(filter, None), parse_path(path))

    def group_by(self, *paths: Field, filter: Filter | None = None) -> group.Groups:  # noqa: A002 - it is one
        """Return the documents in groups, each of equal values at all the paths."""
        return group.Groups(self._source(), _any_order(filter, None), list(map(parse_path, paths)))

    # Indexes

    def create_index(
        self, *paths: Field, unique: bool = False, each: bool = False, words: bool = False
    ) -> str:
        """Make an index, unless it is there, and return its name. Reads all documents.

        Args:
            *paths: Its fields, in order: equality on the leading ones, then a range or an order.
            unique: Only one document may have the same values; null and missing do not count.
            each: The last field is an array, each element of which can be found by `$contains`.
            words: The last field is text, each word of which can be found by `$words`.

        Raises:
            UsageValueError: there is another one of this name, or these options exclude each other.
            UniqueViolationError: two documents have what only one may have.
            InvalidValueError: a key of it would be too long.
        """
        record = index_record(paths, unique=unique, each=each, words=words)
        if not self._read(lambda _, namespace: has_index(namespace, record), bool):
            self._write(
                lambda tx, namespace: Collection(tx, namespace, self._form).create_index(record)
            )
        return record.name

    def drop_index(self, name: str) -> None:
        """Delete an index. Reads and deletes its entries.

        Raises:
            MissingKeyError: there is none of that name.
        """
        self._write(lambda tx, namespace: Collection(tx, namespace, self._form).drop_index(name))

    def indexes(self) -> list[IndexRecord]:
        """Return what is recorded of the indexes, the oldest first. Reads one key."""
        return self._read(lambda _, namespace: list(namespace.indexes), list)

    def check(self) -> list[str]:
        """Return where documents and indexes do not agree; empty if they do. Reads every key."""
        return self._rows(problems_of_counted if self._is_counting else problems, list)

    # What the others are made of

    def _source(self) -> Source:
        return Source(self._name, self.kind, self._form, self._read, self._tx)

    def _rows(self, work: Callable[[Rows], T], absent: Callable[[], T]) -> T:
        form = self._form
        return self._read(lambda tx, namespace: work(Rows(tx, namespace, form)), absent)

    def _edited(self, work: Callable[[Collection], T], absent: Callable[[], T]) -> T:
        form = self._form
        return self._edit(lambda tx, namespace: work(Collection(tx, namespace, form)), absent)

    def _absent(self, id: Id, if_version: int | None) -> bool:  # noqa: A002 - as documents call it
        """Return False, for no document is there, unless a version of it was expected."""
        check_version(None, if_version, id, self._name)
        return False

    def _put(self, documents: Iterable[Document], if_version: int | None) -> list[Id]:
        return self._written(documents, lambda collection, given: collection.put(given, if_version))

    def _written(
        self,
        documents: Iterable[Document],
        write: Callable[[Collection, Sequence[Given]], None],
    ) -> list[Id]:
        """Encode documents, then write them in one transaction; return their ids."""
        given = prepared(documents, self._form, self._new_id, self._name)

        def work(tx: Writer, namespace: Namespace) -> list[Any]:
            collection = Collection(tx, namespace, self._form)
            with_ids = numbered(collection, given) if self._is_counting else given
            write(collection, with_ids)
            return [each.row[ID] for each in with_ids]

        return self._write(work)


@overload
def documents(
    store: Store, name: str, *, new_id: Callable[[], str] = ids.new_id
) -> Documents[str]: ...
@overload
def documents(store: Store, name: str, *, key: ids.Counter) -> Documents[int]: ...
def documents(
    store: Store,
    name: str,
    *,
    new_id: Callable[[], str] = ids.new_id,
    key: ids.Counter | None = None,
) -> Documents[Any]:
    """Return the documents of a namespace. Reads and writes nothing.

    Args:
        store: A database, or a transaction.
        name: Of the namespace, which the first write creates.
        new_id: What returns an id for a document without one; ids that rise with time by default.
        key: `counter("id")` for ids that are ints and count up, none of which comes twice.

    Example:
        >>> import libredb
        >>> notes = documents(libredb.open(), "notes", key=ids.counter("id"))
        >>> notes.insert({"level": "warn", "at": 7})
        1
        >>> notes.update(1, {"$inc": {"at": 1}})
        True
        >>> notes.find({"level": "warn"}).one()
        {'id': 1, 'level': 'warn', 'at': 8}
    """
    if key is not None and key.field != ID:
        raise UsageValueError(f"the id of a document is in {ID!r}, not in {key.field!r}")
    return Documents(store, name, new_id=new_id, key=key)


def _any_order(filter: Filter | None, where: Test | None) -> Search:  # noqa: A002 - it is one
    return Search(from_filter({} if filter is None else filter), order=None, where=where)
