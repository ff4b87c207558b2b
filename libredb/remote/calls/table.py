"""Tables: the methods of `libredb.table`, one transaction each.

Rows are objects; which columns there are, the file or the schema of a client says. A key is one
value, or a list of several. Filters are those of documents, with columns for paths, and `find` is a
page, as theirs is.
Absent on purpose: joins and groups, which are made of functions; register one that does them.
"""

from collections.abc import Mapping
from typing import Any, cast

from libredb import UsageTypeError
from libredb.lens.table.selection import Selection
from libredb.remote.calls.call import Calls, Scope, page_rows
from libredb.remote.calls.filters import condition_of, key_of, order_of, values_of
from libredb.remote.schema import OpenTable

CALLS = Calls()

Row = dict[str, Any]
Filter = dict[str, Any]
Order = str | list[Any] | None


@CALLS.write("table.insert")
def insert(scope: Scope, *, namespace: str, row: Row) -> None:
    """Write a row that is not there yet."""
    opened = _table(scope, namespace)
    opened.table.insert(_row(opened, row))


@CALLS.write("table.insert_many")
def insert_many(scope: Scope, *, namespace: str, rows: list[Any]) -> int:
    """Write rows that are not there yet, all or none; return how many."""
    opened = _table(scope, namespace)
    return opened.table.insert_many([_row(opened, row) for row in rows])


@CALLS.write("table.put")
def put(scope: Scope, *, namespace: str, row: Row, if_version: int | None = None) -> None:
    """Write a row in place of what has its key."""
    opened = _table(scope, namespace)
    opened.table.put(_row(opened, row), if_version=if_version)


@CALLS.write("table.upsert")
def upsert(scope: Scope, *, namespace: str, row: Row) -> str:
    """Write a row in place of what has its key; return "updated" or "inserted"."""
    opened = _table(scope, namespace)
    return opened.table.upsert(_row(opened, row))


@CALLS.write("table.update")
def update(
    scope: Scope,
    *,
    namespace: str,
    key: Any,  # noqa: ANN401 - the columns say what
    columns: Row,
    if_version: int | None = None,
) -> bool:
    """Set columns of a row; return whether it was there."""
    opened = _table(scope, namespace)
    changes = values_of(opened.columns, columns)
    return opened.table.update(_key(opened, key), changes, if_version=if_version)


@CALLS.write("table.update_where")
def update_where(scope: Scope, *, namespace: str, filter: Filter, columns: Row) -> int:  # noqa: A002 - it is one
    """Set columns of all rows of a filter; return how many."""
    opened = _table(scope, namespace)
    condition = condition_of(opened.columns, filter)
    return opened.table.update_where(condition, values_of(opened.columns, columns))


@CALLS.write("table.delete")
def delete(
    scope: Scope,
    *,
    namespace: str,
    key: Any,  # noqa: ANN401 - the columns say what
    if_version: int | None = None,
) -> bool:
    """Delete a row; return whether it was there."""
    opened = _table(scope, namespace)
    return opened.table.delete(_key(opened, key), if_version=if_version)


@CALLS.write("table.delete_where")
def delete_where(scope: Scope, *, namespace: str, filter: Filter) -> int:  # noqa: A002 - it is one
    """Delete all rows of a filter; return how many."""
    opened = _table(scope, namespace)
    return opened.table.delete_where(condition_of(opened.columns, filter))


@CALLS.write("table.clear")
def clear(scope: Scope, *, namespace: str) -> int:
    """Delete all rows; return how many."""
    return _table(scope, namespace).table.clear()


@CALLS.write("table.drop_index")
def drop_index(scope: Scope, *, namespace: str, name: str) -> None:
    """Delete an index that is declared no more."""
    _table(scope, namespace).table.drop_index(name)


@CALLS.read("table.get")
def get(scope: Scope, *, namespace: str, key: Any) -> Row | None:  # noqa: ANN401 - the columns say what
    """Return the row with a key, or null."""
    opened = _table(scope, namespace)
    return opened.table.get(_key(opened, key))


@CALLS.read("table.get_versioned")
def get_versioned(scope: Scope, *, namespace: str, key: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Return a row and its version; null and 0 where it is not there."""
    opened = _table(scope, namespace)
    row, version = opened.table.get_versioned(_key(opened, key))
    return {"row": row, "version": version}


@CALLS.read("table.get_many")
def get_many(scope: Scope, *, namespace: str, keys: list[Any]) -> list[Row | None]:
    """Return the row of each key, or null."""
    opened = _table(scope, namespace)
    return opened.table.get_many([_key(opened, key) for key in keys])


@CALLS.read("table.has")
def has(scope: Scope, *, namespace: str, key: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether there is a row with a key."""
    opened = _table(scope, namespace)
    return _key(opened, key) in opened.table


@CALLS.read("table.find")
def find(  # noqa: PLR0913 - they are those of a search of documents
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    order_by: Order = None,
    limit: int | None = None,
    offset: int = 0,
    after: str | None = None,
) -> dict[str, Any]:
    """Return a page of the rows of a filter, and the cursor to go on from."""
    found = _found(scope, namespace, filter, order_by)
    page = found.offset(offset).limit(page_rows(limit)).after(after).page()
    return {"rows": page.rows, "next": page.next_cursor}


@CALLS.read("table.find_one")
def find_one(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    order_by: Order = None,
) -> Row | None:
    """Return the first row of a filter, or null."""
    return _found(scope, namespace, filter, order_by).first()


@CALLS.read("table.count")
def count(scope: Scope, *, namespace: str, filter: Filter | None = None) -> int:  # noqa: A002 - it is one
    """Return how many rows a filter is true of. Reads them all."""
    return _found(scope, namespace, filter, None).count()


@CALLS.read("table.explain")
def explain(
    scope: Scope,
    *,
    namespace: str,
    filter: Filter | None = None,  # noqa: A002 - it is one
    order_by: Order = None,
) -> str:
    """Return how a search is done, in one line."""
    return str(_found(scope, namespace, filter, order_by).explain())


@CALLS.read("table.indexes")
def indexes(scope: Scope, *, namespace: str) -> list[str]:
    """Return the names of all indexes, the oldest first."""
    return _table(scope, namespace).table.indexes()


@CALLS.read("table.check")
def check(scope: Scope, *, namespace: str) -> list[str]:
    """Return where rows, columns and indexes do not agree. Reads every key."""
    return _table(scope, namespace).table.check()


def _table(scope: Scope, namespace: str) -> OpenTable:
    return scope.schema.table(scope.store, namespace)


def _found(
    scope: Scope, namespace: str, given: Mapping[str, Any] | None, order_by: Order
) -> Selection[Row, Row]:
    opened = _table(scope, namespace)
    rows = opened.table.all()
    if given:
        rows = rows.where(condition_of(opened.columns, given))
    order = order_of(order_by)
    return rows.order_by(*order) if order else rows


def _row(opened: OpenTable, row: Any) -> Row:  # noqa: ANN401 - a client says it
    if not isinstance(row, dict):
        raise UsageTypeError(f"a row is an object, not {type(row).__name__}")
    return values_of(opened.columns, cast(Row, row))


def _key(opened: OpenTable, key: Any) -> Any:  # noqa: ANN401 - the columns say what
    return key_of(opened.key, opened.columns, key)
