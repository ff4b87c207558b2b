"""A search of a namespace without its class, as the file itself says what it is.

    find(db, "users", {"age": {"$gte": 18}}, order_by="-age", limit=5)

For tools, which look at files that others have written. In a filter of a table, a plain value is
read by the type of its column: `{"born": {"$lt": "1990-01-01"}}`.
Absent on purpose: making a namespace, which takes to know what will be in it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from libredb.interop.lenses import recorded_lens
from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import ReadTransaction, Store
from libredb.lens.catalog import catalog
from libredb.lens.documents import Documents
from libredb.lens.kv import KV
from libredb.lens.rows.result import Result
from libredb.lens.table.naming import column_in_order, of_columns
from libredb.lens.table.recorded import Recorded
from libredb.lens.table.recording import Clause
from libredb.lens.table.row_type import row_type
from libredb.lens.table.schema import Schema
from libredb.lens.values.exchange import value_from_json
from libredb.lens.values.filter import from_filter
from libredb.lens.values.json_value import Json


def key_and_columns(store: Store, name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return which columns are the key of a table, and the types of all, as `table` takes them."""
    recorded = Recorded.from_json(name, catalog(store).describe(name)["schema"])
    return recorded.key, _columns_of(recorded)


def _columns_of(recorded: Recorded) -> dict[str, str]:
    return {name: str(column) for name, column in recorded.columns.items()}


def find(
    store: Store,
    name: str,
    filter: Mapping[str, Json] | None = None,  # noqa: A002 - it is one
    *,
    order_by: str | list[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Result[dict[str, Any]]:
    """Return the documents or rows that a filter is true of, as `Documents.find` does.

    Raises:
        MissingKeyError: there is no such namespace.
        UsageError: it is a kv; or the filter or the order is none, or is of other columns.
        InvalidValueError: a value of the filter is never in its column.
    """
    lens = recorded_lens(store, name)
    if isinstance(lens, KV):
        raise UsageValueError(f"{name!r} is a kv, whose keys are found by `scan`")
    if isinstance(store, ReadTransaction):
        lens = lens.on(store)  # and so its answer is read one by one
    paths = [order_by] if isinstance(order_by, str) else order_by or []
    if isinstance(lens, Documents):
        return lens.find(filter, order_by=[*paths], limit=limit, offset=offset)
    rows = lens.all()
    if filter:
        key, columns = key_and_columns(store, name)
        schema = Schema(name, row_type(columns), key)
        expression = of_columns(from_filter(filter), partial(_operand_of, schema))
        rows = rows.where(lambda _: cast(bool, Clause(expression)))
    if paths:
        rows = rows.order_by(*(column_in_order(path) for path in paths))
    rows = rows.offset(offset)
    return rows if limit is None else rows.limit(limit)


def _operand_of(schema: Schema[Any], name: str) -> Callable[[Json], Any]:
    column = schema.column(name)
    return lambda value: column.operand(value_from_json(column.type_name, value))
