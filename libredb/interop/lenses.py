"""The lenses that data goes into and comes from, and what interop has to know of their insides.

A lens does not tell what its values are, for whoever made it knows. Who moves data does not: so a
kv is asked for the form of its values here, a table for its columns, and documents for whether
their ids are numbers; and `recorded_lens` makes a lens of what the file has recorded.
"""

from typing import Any, TypeAlias, cast

from libredb.kernel.errors import UsageValueError
from libredb.kernel.transaction import Store
from libredb.lens.catalog import catalog
from libredb.lens.dictionaries.kv_values import Values
from libredb.lens.documents import Documents, documents
from libredb.lens.kv import KV
from libredb.lens.rows.ids import counter
from libredb.lens.table.opening import table
from libredb.lens.table.recorded import Recorded
from libredb.lens.table.schema import Schema
from libredb.lens.table.table import Table

AnyLens: TypeAlias = Documents[Any] | KV[Any] | Table[Any]
"""What data goes into, or comes from."""


def schema_of(lens: Table[Any]) -> Schema[Any]:
    """Return the columns of a table, and the way in and out of its class."""
    return lens._schema  # noqa: SLF001 - rows of a class are made of values here # pyright: ignore[reportPrivateUsage] - as above


def values_of(lens: KV[Any]) -> str:
    """Return what the values of a kv are: "str", "bytes" or "json"."""
    return lens._values  # noqa: SLF001 - a value is read by it # pyright: ignore[reportPrivateUsage] - as above


def is_counting(lens: Documents[Any]) -> bool:
    """Whether the ids of documents are numbers."""
    return lens._is_counting  # noqa: SLF001 - an id is read by it # pyright: ignore[reportPrivateUsage] - as above


def recorded_lens(store: Store, name: str) -> AnyLens:
    """Return the lens of a namespace as its record says; the rows of a table are dicts.

    Documents whose first id is a number count up. Reads the record, and of documents one key.

    Raises:
        MissingKeyError: there is no namespace of that name.
        UsageValueError: it is of a kind that this libredb does not know.
    """
    record = catalog(store).describe(name)
    if record["kind"] == "kv":
        values: Values = record["schema"]["values"]
        return KV[Any](store, name, values)
    if record["kind"] == "documents":
        named = documents(store, name)
        first = named.find_one()
        is_number = first is not None and type(first["id"]) is int
        return documents(store, name, key=counter("id")) if is_number else named
    if record["kind"] != "table":
        raise UsageValueError(
            f"the namespace {name!r} is one of {record['kind']}, which is no lens here"
        )
    recorded = Recorded.from_json(name, record["schema"])
    columns = {column: str(each) for column, each in recorded.columns.items()}
    return cast(Table[Any], table(store, name, columns, key=recorded.key))
