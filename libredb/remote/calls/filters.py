"""Values and conditions of a table for who has no class: the type of a column says what is meant.

    {"born": {"$lt": "1990-01-01"}, "price": "1.50"}    of a date and a decimal: text is read so
    {"$or": [{"age": {"$gte": 18}}, {"mail": null}]}

JavaScript has no date, Decimal or UUID, and gets text; so text is taken in their columns, in rows
as well as in filters. A filter is that of documents, with columns for paths.
Absent on purpose: a guess. What no type of a column reads is for the column to refuse.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, cast
from uuid import UUID

from libredb import InvalidValueError, UsageValueError
from libredb.lens.table.naming import column_in_order, of_columns
from libredb.lens.table.recording import Clause, Picked, Recording
from libredb.lens.values.filter import from_filter
from libredb.lens.values.json_value import Json
from libredb.lens.values.tagged_json import INFINITIES, TAGGED_TYPES
from libredb.remote.values import from_wire, to_wire

Row = dict[str, Any]
Columns = Mapping[str, str]
"""The types of columns by their names, such as "date?"."""

_JSON = frozenset({"dict", "list"})

_READERS: dict[str, Callable[[str], Any]] = {
    "datetime": datetime.fromisoformat,
    "naive_datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": lambda text: b64decode(text, validate=True),
    "float": INFINITIES.__getitem__,
}


def values_of(columns: Columns, given: Mapping[str, Any]) -> Row:
    """Return the values of a row, each read by the type of its column.

    A name without a column stays as it is, for the table to refuse.

    Raises:
        InvalidValueError: a text cannot be read as that.
    """
    return {
        name: value_of(columns[name], value, name) if name in columns else value
        for name, value in given.items()
    }


def value_of(type_name: str, value: Any, name: str) -> Any:  # noqa: ANN401 - the type says what
    """Return a value for a column of this type; text is read where the type has no text.

    Raises:
        InvalidValueError: it cannot be read as that.
    """
    read = _READERS.get(type_name.removesuffix("?"))
    if read is None or type(value) is not str:
        return value
    try:
        return read(value)
    except (ArithmeticError, LookupError, ValueError):
        expected = f"text that is a {type_name.removesuffix('?')}"
        raise InvalidValueError(
            f"column {name}: expected {expected}, got {value!r:.40}",
            field=name,
            expected=expected,
            actual=value,
        ) from None


def key_of(names: tuple[str, ...], columns: Columns, key: Any) -> Any:  # noqa: ANN401 - the columns say what
    """Return the key of a row as a table takes it: one value, or a tuple of several."""
    if len(names) == 1:
        return value_of(columns[names[0]], key, names[0])
    if not isinstance(key, list) or len(cast(list[Any], key)) != len(names):
        raise UsageValueError(f"a key of this table is a list of {', '.join(names)}")
    pairs = zip(names, cast(list[Any], key), strict=True)
    return tuple(value_of(columns[name], value, name) for name, value in pairs)


def condition_of(columns: Columns, given: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Return what `where` of a table takes, of a filter.

    Raises:
        UsageError: it is no filter.
    """
    expression = from_filter(_as_json(given))

    def condition(row: Any) -> bool:  # noqa: ANN401 - it only writes down what is asked of it
        return cast(bool, Clause(of_columns(expression, partial(_operand_of, row, columns))))

    return condition


def order_of(order_by: str | list[Any] | None) -> list[Picked[Row]]:
    """Return what `order_by` of a table takes, of what that of documents takes."""
    names = [order_by] if isinstance(order_by, str) else order_by or []
    return [_column(name) for name in names]


def _column(name: Any) -> Picked[Row]:  # noqa: ANN401 - a client says it
    if not isinstance(name, str):
        raise UsageValueError(f"an order is a column or a list of columns, not {name!r:.40}")
    return column_in_order(name)


def _as_json(given: Any) -> Json:  # noqa: ANN401 - a filter, or a part of one
    """Return a filter in which what JSON lacks is a tag, compared with by an operator.

    A filter of documents holds JSON only, and it is one of those that reads it.
    """
    if isinstance(given, dict):
        pairs = cast(dict[str, Any], given).items()
        return {
            name: _as_json(value) if name.startswith("$") or isinstance(value, dict) else _eq(value)
            for name, value in pairs
        }
    if isinstance(given, list):
        return [_as_json(each) for each in cast(list[Any], given)]
    return to_wire(given) if type(given) in TAGGED_TYPES else given


def _eq(value: Any) -> Json:  # noqa: ANN401 - as above
    return {"$eq": to_wire(value)} if type(value) in TAGGED_TYPES else value


def _operand_of(row: Recording, columns: Columns, name: str) -> Callable[[Json], Any]:
    column = row[name]  # refused if there is none

    def operand(value: Json) -> Any:  # noqa: ANN401 - the column says what
        if columns[name].removesuffix("?") not in _JSON:
            value = from_wire(value)
        return column.operand(value_of(columns[name], value, name))

    return operand
