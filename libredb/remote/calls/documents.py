"""Documents: the methods of `libredb.documents`, one transaction each.

A client draws the ids of its documents itself and sends them, so that a call that is sent again
meets DuplicateKeyError and no second document. `ids` is "counter" where they are numbers that count
up, which only the database can draw. `find` is a page, and `next` is the cursor of the next one.
Absent on purpose: `where`, a function, which does not cross; register one that does the search.
"""

from typing import Any

from libredb import Documents
from libredb.remote.calls.call import Calls, Scope, page_rows

CALLS = Calls()

Id = str | int
Document = dict[str, Any]
Filter = dict[str, Any]
Order = str | list[Any] | None
Field = str | list[Any]


@CALLS.write("documents.insert")
def insert(scope: Scope, *, namespace: str, document: Document, ids: str | None = None) -> Id:
    """Add a document; return its id."""
    return _documents(scope, namespace, ids).insert(document)


@CALLS.write("documents.insert_many")
def insert_many(
    scope: Scope, *, namespace: str, documents: list[Any], ids: str | None = None
) -> list[Id]:
    """Add documents, all or none; return their ids."""
    return _documents(scope, namespace, ids).insert_many(documents)


@CALLS.write("documents.put")
def put(
    scope: Scope,
    *,
    namespace: str,
    document: Document,
    if_version: int | None = None,
    ids: str | None = None,
) -> Id:
    """Add a document, or replace the whole one with its id; return the id."""
    return _documents(scope, namespace, ids).put(document, if_version=if_version)


@CALLS.write("documents.put_many")
def put_many(
    scope: Scope, *, namespace: str, documents: list[Any], ids: str | None = None
) -> list[Id]:
    """Put documents, all or none; return their ids."""
    return _documents(scope, namespace, ids).put_many(documents)


@CALLS.read("documents.get")
def get(scope: Scope, *, namespace: str, id: Id, ids: str | None = None) -> Document | None:  # noqa: A002 - as documents call it
    """Return the document with an id, or null."""
    return _documents(scope, namespace, ids).get(id)


@CALLS.read("documents.get_versioned")
def get_versioned(
    scope: Scope,
    *,
    namespace: str,
    id: Id,  # noqa: A002 - as documents call it
    ids: str | None = None,
) -> dict[str, Any]:
    """Return a document and its version; null and 0 where it is not there."""
    document, version = _documents(scope, namespace, ids).get_versioned(id)
    return {"document": document, "version": version}


@CALLS.read("documents.get_many")
def get_many(
    scope: Scope, *, namespace: str, wanted: list[Any], ids: str | None = None
) -> list[Document | None]:
    """Return the document with each id, or null."""
    return _documents(scope, namespace, ids).get_many(wanted)


@CALLS.read("documents.has")
def has(scope: Scope, *, namespace: str, id: Id, ids: str | None = None) -> bool:  # noqa: A002 - as documents call it
    """Return whether there is a document with an id."""
    return id in _documents(scope, namespace, ids)


@CALLS.write("documents.update")
def update(
    scope: Scope,
    *,
    namespace: str,
    id: Id,  # noqa: A002 - as documents call it
    patch: dict[str, Any],
    if_version: int | None = None,
    ids: str | None = None,
) -> bool:
    """Apply a patch to a document; return whether it was there."""
    return _documents(scope, namespace, ids).update(id, patch, if_version=if_version)


@CALLS.write("documents.delete")
def delete(
    scope: Scope,
    *,
    namespace: str,
    id: Id,  # noqa: A002 - as documents call it
    if_version: int | None = None,
    ids: str | None = None,
) -> bool:
    """Delete a document; return whether it was there."""
    return _documents(scope, namespace, ids).delete(id, if_version=if_version)


@CALLS.write("documents.delete_many")
def delete_many(scope: Scope, *, namespace: str, wanted: list[Any], ids: str | None = None) -> int:
    """Delete the documents with these ids; return how many were there."""
    return _documents(scope, namespace, ids).delete_many(wanted)


@CALLS.write("documents.update_many")
def update_many(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter,  # noqa: A002 - it is one
    patch: dict[str, Any],
    ids: str | None = None,
) -> int:
    """Apply a patch to all documents of a filter; return how many."""
    return _documents(scope, namespace, ids).update_many(filter, patch)


@CALLS.write("documents.delete_where")
def delete_where(scope: Scope, *, namespace: str, filter: Filter, ids: str | None = None) -> int:  # noqa: A002 - it is one
    """Delete all documents of a filter; return how many."""
    return _documents(scope, namespace, ids).delete_where(filter)


@CALLS.write("documents.upsert")
def upsert(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter,  # noqa: A002 - it is one
    patch: dict[str, Any],
    ids: str | None = None,
) -> str:
    """Update the document of a filter, or insert one; return "updated" or "inserted"."""
    return _documents(scope, namespace, ids).upsert(filter, patch)


@CALLS.write("documents.clear")
def clear(scope: Scope, *, namespace: str, ids: str | None = None) -> int:
    """Delete all documents; return how many."""
    return _documents(scope, namespace, ids).clear()


@CALLS.read("documents.find")
def find(  # noqa: PLR0913 - they are those of Python's find
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    order_by: Order = None,
    limit: int | None = None,
    offset: int = 0,
    after: str | None = None,
    ids: str | None = None,
) -> dict[str, Any]:
    """Return a page of the documents of a filter, and the cursor to go on from."""
    found = _documents(scope, namespace, ids).find(
        filter, order_by=_paths(order_by), limit=page_rows(limit), offset=offset, after=after
    )
    page = found.page()
    return {"rows": page.rows, "next": page.next_cursor}


@CALLS.read("documents.find_one")
def find_one(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    order_by: Order = None,
    ids: str | None = None,
) -> Document | None:
    """Return the first document of a filter, or null."""
    return _documents(scope, namespace, ids).find_one(filter, order_by=_paths(order_by))


@CALLS.read("documents.one")
def one(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    ids: str | None = None,
) -> Document:
    """Return the only document of a filter."""
    return _documents(scope, namespace, ids).one(filter)


@CALLS.read("documents.count")
def count(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    ids: str | None = None,
) -> int:
    """Return how many documents a filter is true of. Reads them all."""
    return _documents(scope, namespace, ids).count(filter)


@CALLS.read("documents.distinct")
def distinct(
    scope: Scope,
    *,
    namespace: str,
    path: Field,
    filter: Filter | None = None,  # noqa: A002 - it is one
    ids: str | None = None,
) -> list[Any]:
    """Return the different values at a path, in their order."""
    return _documents(scope, namespace, ids).distinct(_path(path), filter)


@CALLS.read("documents.explain")
def explain(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    order_by: Order = None,
    ids: str | None = None,
) -> str:
    """Return how a search is done, in one line."""
    return str(_documents(scope, namespace, ids).find(filter, order_by=_paths(order_by)).explain())


@CALLS.write("documents.create_index")
def create_index(  # noqa: PLR0913 - a client names them
    scope: Scope,
    *,
    namespace: str,
    fields: list[Any],
    unique: bool = False,
    each: bool = False,
    words: bool = False,
    ids: str | None = None,
) -> str:
    """Make an index, unless it is there; return its name. Reads all documents."""
    paths = [_path(field) for field in fields]
    return _documents(scope, namespace, ids).create_index(
        *paths, unique=unique, each=each, words=words
    )


@CALLS.write("documents.drop_index")
def drop_index(scope: Scope, *, namespace: str, name: str, ids: str | None = None) -> None:
    """Delete an index."""
    _documents(scope, namespace, ids).drop_index(name)


@CALLS.read("documents.indexes")
def indexes(scope: Scope, *, namespace: str, ids: str | None = None) -> list[dict[str, Any]]:
    """Return what is recorded of the indexes, the oldest first."""
    found = _documents(scope, namespace, ids).indexes()
    return [{"name": index.name, **index.to_json()} for index in found]


@CALLS.read("documents.check")
def check(scope: Scope, *, namespace: str, ids: str | None = None) -> list[str]:
    """Return where documents and indexes do not agree. Reads every key."""
    return _documents(scope, namespace, ids).check()


def _documents(scope: Scope, namespace: str, ids: str | None) -> Documents[Any]:
    return scope.schema.documents(scope.store, namespace, ids)


def _path(path: Field) -> Any:  # noqa: ANN401 - documents refuse what is no path
    """Return a path as Python writes it: a list of names is one that no dot splits."""
    return tuple(path) if isinstance(path, list) else path


def _paths(order_by: Order) -> Any:  # noqa: ANN401 - as above
    if isinstance(order_by, list):
        return [_path(each) for each in order_by]
    return order_by
