"""The columns of a table, from rows that are there: `infer_schema(rows) -> {"id": "str", ..}`.

A column has the type that all its values have. None, or a row without the column, makes it
optional. Ints among floats make it `float`, if a float holds each of them exactly. Whatever else is
mixed, and a column without any value, makes it `any`. Absent on purpose: looking into texts; "2026"
may be a year or a name, and whoever made the rows knows.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from libredb.interop.formats.csv_file import CsvRows
from libredb.interop.formats.json_file import JsonFile
from libredb.interop.formats.jsonl import JsonLines
from libredb.interop.importing import RowReader, SourceProblem
from libredb.interop.source import Source, opened
from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import InvalidValueError
from libredb.lens.values.exchange import value_from_json
from libredb.lens.values.json_value import Json, type_of, wrong_value

_NAMES: dict[type[Any], str] = {
    **{kind: kind.__name__ for kind in (str, int, float, bool, bytes, datetime, date, dict, list)},
    Decimal: "decimal",
    UUID: "uuid",
}
_MISSING = "missing"
_LARGE_INT = "large int"
"""An int that no float holds."""


def infer_schema(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the columns of rows, as `libredb.table` takes them, in the order of their coming.

    Reads every row once, and holds none.

    Raises:
        UsageTypeError: a row is no mapping, or a value is of a type that no column has.

    Example:
        >>> infer_schema([{"id": "a", "age": 36}, {"id": "b", "age": None, "score": 1.5}])
        {'id': 'str', 'age': 'int?', 'score': 'float?'}
    """
    found: dict[str, set[str]] = {}
    for count, row in enumerate(rows):
        if not isinstance(row, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may pass anything
            raise UsageTypeError(f"a row is a dict, not {type(row).__name__}")
        for name, value in row.items():
            if name not in found:
                found[name] = {_MISSING} if count else set()
            found[name].add(_name_of(name, value))
        for name in found.keys() - row.keys():
            found[name].add(_MISSING)
    return {name: _column(names) for name, names in found.items()}


def infer_schema_of(
    source: Source, form: str, *, key: str = "id", at: Sequence[str] = (), delimiter: str = ","
) -> dict[str, str]:
    """Return the columns of the rows in a file; cells of CSV are texts.

    What is tagged has the type that its tag says. A line that is no row is left out, for an import
    tells about it. Reads the whole file.

    Args:
        source: A path, or a stream of bytes.
        form: "jsonl", "json" or "csv".
        key: The column of the names, in a JSON file that is an object of rows.
        at: As for `import_json`.
        delimiter: As for `import_csv`.

    Raises:
        UsageValueError: the file is none of that format.
    """
    with opened(source) as data:
        reader: RowReader
        if form == "csv":
            reader = CsvRows(data, dict, delimiter, {})
        elif form == "jsonl":
            reader = JsonLines(data, _row)
        else:
            reader = JsonFile(data, _row, lambda name, value: {key: name, **_row(value)}, at)
        try:
            reader.begin(0)
            found = (given.value for given in reader.rows() if given.problem is None)
            return infer_schema(found)
        except SourceProblem as problem:
            raise UsageValueError(f"{data.name}, line {problem.line:,}: {problem}") from None


def _row(value: Json) -> dict[str, Any]:
    if type_of(value) is not dict:
        raise wrong_value((), "a JSON object", value)
    return {name: _told(each) for name, each in value.items()}


def _told(value: Json) -> Any:  # noqa: ANN401 - what a tag says
    try:
        return value_from_json("any", value)
    except InvalidValueError:
        return value  # somebody else's tag is an object like any other


def _name_of(column: str, value: Any) -> str:  # noqa: ANN401 - it may be anything
    if value is None:
        return _MISSING
    kind = type_of(value)
    if kind not in _NAMES:
        raise UsageTypeError(f"column {column}: no column of a table holds {kind.__name__}")
    if kind is datetime and value.tzinfo is None:
        return "naive_datetime"
    if kind is int and abs(value) > 2**53 and not _is_exact(value):
        return _LARGE_INT
    return _NAMES[kind]


def _is_exact(value: int) -> bool:
    try:
        return int(float(value)) == value
    except OverflowError:
        return False


def _column(names: set[str]) -> str:
    kinds = names - {_MISSING}
    if kinds <= {"int", _LARGE_INT}:
        kinds = {"int"} if kinds else kinds
    elif kinds == {"int", "float"}:
        kinds = {"float"}
    name = kinds.pop() if len(kinds) == 1 else "any"
    return f"{name}?" if _MISSING in names and name != "any" else name
