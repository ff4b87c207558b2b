"""Where imported rows go: one face for documents, a kv and a table.

    a format reads    {"id": "a", "n": 1}    or a name and a value of an object, or cells of text
    `from_...`        makes of it what the lens takes, or refuses it, before anything is written
    `insert`, `put`   write such rows inside of a transaction, many in one call

A target made by `on(tx)` belongs to that transaction.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from libredb.interop.cells import CELL_TYPES, from_column, from_text
from libredb.interop.lenses import AnyLens, is_counting, schema_of, values_of
from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.kernel.transaction import Store
from libredb.lens.documents import Documents
from libredb.lens.errors import DuplicateKeyError, InvalidValueError
from libredb.lens.kv import KV
from libredb.lens.table.table import Table
from libredb.lens.values.exchange import value_from_json
from libredb.lens.values.json_value import Json, type_of, wrong_value

ID = "id"
KEY, VALUE = "key", "value"


class Target(Protocol):
    """What an import writes into."""

    @property
    def name(self) -> str:
        """The name of the namespace."""
        ...

    def on(self, tx: Store, /) -> "Target":
        """Return the same target inside a transaction."""
        ...

    def from_json(self, value: Json) -> Any:  # noqa: ANN401 - what the lens takes
        """Return a row from a JSON value."""
        ...

    def from_member(self, name: str, value: Json) -> Any:  # noqa: ANN401 - as above
        """Return a row from a name and its value in a JSON object."""
        ...

    def from_cells(self, cells: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - as above
        """Return a row from cells by the names of their columns; None is a cell without a value."""
        ...

    def take_types(self, types: Mapping[str, str]) -> None:
        """Settle the types of cells, by column."""
        ...

    def is_there(self, rows: Sequence[Any]) -> list[bool]:
        """Return of each row whether its key is in the store, or in a row before it."""
        ...

    def insert(self, rows: Sequence[Any]) -> None:
        """Write rows whose keys are not there."""
        ...

    def put(self, rows: Sequence[Any]) -> None:
        """Write rows, each in place of what has its key."""
        ...


def target_of(lens: AnyLens, key: str | None = None) -> Target:
    """Return a lens as a target.

    Args:
        lens: Documents, a kv or a table.
        key: Of documents the field whose value becomes the id; of a kv the field that is the key
            of the whole object. A table knows its key.

    Raises:
        UsageTypeError: it is no such lens.
        UsageValueError: it is a table, and has a key already.
    """
    if isinstance(lens, Documents):
        return DocumentsTarget(lens, ID if key is None else key)
    if isinstance(lens, KV):
        return KVTarget(lens, key)
    if not isinstance(lens, Table):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may pass anything
        given = type(lens).__name__
        raise UsageTypeError(f"data goes into documents, a kv or a table, not into {given}")
    if key is not None:
        raise UsageValueError(f"the key of the table {lens.name!r} is settled; leave `key` out")
    return TableTarget(lens)


class DocumentsTarget:
    """Documents, each from one JSON object."""

    def __init__(self, lens: Documents[Any], key: str) -> None:
        self._lens = lens
        self._key = key
        self._types: dict[str, str] = {key: "int"} if is_counting(lens) else {}
        self.name: str = lens.name

    def on(self, tx: Store, /) -> "DocumentsTarget":
        """Return it inside a transaction."""
        return DocumentsTarget(self._lens.on(tx), self._key)

    def from_json(self, value: Json) -> Json:
        """Return a document, with its id where the lens has it."""
        if type_of(value) is not dict:
            raise wrong_value((), "a JSON object", value)
        if self._key == ID:
            return value
        if self._key not in value or ID in value:
            expected = f"an object with {self._key!r}, which becomes its 'id', and without another"
            raise wrong_value((), expected, value)
        return {ID: value.pop(self._key), **value}

    def from_member(self, name: str, value: Json) -> Json:
        """Return a document whose id is the name."""
        if type_of(value) is not dict:
            raise wrong_value((name,), "a JSON object", value)
        id = from_text("int", name) if is_counting(self._lens) else name  # noqa: A001 - as documents call it
        if value.get(ID, id) != id:
            raise wrong_value((name, ID), f"the id {id!r}, as its name says", value[ID])
        return {ID: id, **value}

    def from_cells(self, cells: Mapping[str, str | None]) -> Json:
        """Return a document of cells."""
        return self.from_json(_typed(cells, self._types))

    def take_types(self, types: Mapping[str, str]) -> None:
        """Settle what cells are beside text."""
        self._types |= _checked(types)

    def is_there(self, rows: Sequence[Any]) -> list[bool]:
        """Tell which keys are there."""
        return _known((row.get(ID) for row in rows), self._is_stored)

    def insert(self, rows: Sequence[Any]) -> None:
        """Write rows whose keys are not there."""
        self._lens.insert_many(rows)

    def put(self, rows: Sequence[Any]) -> None:
        """Write rows in place of what is there."""
        self._lens.put_many(rows)

    def _is_stored(self, key: Any) -> bool:  # noqa: ANN401 - as JSON has it
        return key is not None and key in self._lens


class KVTarget:
    """A kv: its rows are pairs of a key and a value."""

    def __init__(self, lens: KV[Any], key: str | None) -> None:
        self._lens = lens
        self._key = key
        self._values = values_of(lens)
        self._types: dict[str, str] = {}
        self.name: str = lens.name
        if key is not None and self._values != "json":
            raise UsageValueError(
                f"an object without {key!r} is a value of a kv of JSON, and {lens.name!r} is one"
                f" of {self._values}"
            )

    def on(self, tx: Store, /) -> "KVTarget":
        """Return it inside a transaction."""
        return KVTarget(self._lens.on(tx), self._key)

    def from_json(self, value: Json) -> tuple[str, Any]:
        """Return a key and a value."""
        if type_of(value) is not dict:
            raise wrong_value((), "a JSON object", value)
        if self._key is not None:
            if self._key not in value:
                raise wrong_value((), f"an object with {self._key!r}", value)
            return self.from_member(value.pop(self._key), value)
        if value.keys() != {KEY, VALUE}:
            raise wrong_value((), "an object with 'key' and 'value', and nothing else", value)
        return self.from_member(value[KEY], value[VALUE])

    def from_member(self, name: Any, value: Json) -> tuple[str, Any]:  # noqa: ANN401 - JSON may have anything there
        """Return a key and a value."""
        if type(name) is not str:
            raise wrong_value((KEY,), "a key, which is a str", name)
        return name, value_from_json("bytes", value) if self._values == "bytes" else value

    def from_cells(self, cells: Mapping[str, str | None]) -> tuple[str, Any]:
        """Return a key and a value of two cells."""
        return self.from_json(_typed(cells, self._types))

    def take_types(self, types: Mapping[str, str]) -> None:
        """Settle what cells are beside text."""
        self._types |= _checked(types)

    def is_there(self, rows: Sequence[Any]) -> list[bool]:
        """Tell which keys are there."""
        return _known((key for key, _ in rows), lambda key: key in self._lens)

    def insert(self, rows: Sequence[Any]) -> None:
        """Write rows whose keys are not there."""
        for (key, _), is_there in zip(rows, self.is_there(rows), strict=True):
            if is_there:
                message = f"{key!r} is in {self.name!r} already"
                raise DuplicateKeyError(message, namespace=self.name, id=key)
        self._lens.set_many(rows)

    def put(self, rows: Sequence[Any]) -> None:
        """Write rows in place of what is there."""
        self._lens.set_many(rows)


class TableTarget:
    """A table: its rows are of its class."""

    def __init__(self, lens: Table[Any]) -> None:
        self._lens = lens
        self._schema = schema_of(lens)
        self._columns = self._schema.columns
        self.name: str = lens.name

    def on(self, tx: Store, /) -> "TableTarget":
        """Return it inside a transaction."""
        return TableTarget(self._lens.on(tx))

    def from_json(self, value: Json) -> Any:  # noqa: ANN401 - of the class of the table
        """Return a row of an object."""
        if type_of(value) is not dict:
            raise wrong_value((), "a JSON object", value)
        return self._row(value, value_from_json)

    def from_member(self, name: str, value: Json) -> Any:  # noqa: ANN401 - as above
        """Return a row whose key is the name."""
        if type_of(value) is not dict:
            raise wrong_value((name,), "a JSON object", value)
        key, *others = self._schema.key
        if others:
            raise wrong_value((name,), f"a name for all of {', '.join(self._schema.key)}", name)
        kind = self._columns[key].kind.name
        found = name if kind == "str" else from_text(kind, name)
        return self._row({key: found, **value}, value_from_json)

    def from_cells(self, cells: Mapping[str, str | None]) -> Any:  # noqa: ANN401 - as above
        """Return a row of cells."""
        return self._row(cells, from_text)

    def take_types(self, types: Mapping[str, str]) -> None:
        """Refuse types, for the columns have some."""
        if types:
            raise UsageValueError(f"the columns of {self.name!r} have types; leave `types` out")

    def is_there(self, rows: Sequence[Any]) -> list[bool]:
        """Tell which keys are there."""
        return _known(map(self._key_of, rows), lambda key: key in self._lens)

    def insert(self, rows: Sequence[Any]) -> None:
        """Write rows whose keys are not there."""
        self._lens.insert_many(rows)

    def put(self, rows: Sequence[Any]) -> None:
        """Write rows in place of what is there."""
        for row in rows:
            self._lens.put(row)

    def _row(self, given: Mapping[str, Any], read: Callable[[str, Any], Any]) -> Any:  # noqa: ANN401 - as above
        for name in given:
            if name not in self._columns:
                known = ", ".join(self._columns)
                raise wrong_value((name,), f"a column of {self.name!r}, which has {known}", name)
        for name, column in self._columns.items():
            if name not in given and column.default is None and not column.is_optional:
                raise InvalidValueError(f"column {name}: no value", field=name)
        values = {name: from_column(self._columns[name], read, given[name]) for name in given}
        try:
            return self._schema.row_type.build(values)
        except (ValueError, TypeError) as error:  # what a class refuses by itself
            raise InvalidValueError(f"no row of {self.name!r}: {error}") from error

    def _key_of(self, row: Any) -> Any:  # noqa: ANN401 - as above
        values = self._schema.row_type.dump(row)
        key = tuple(values[name] for name in self._schema.key)
        return key[0] if len(key) == 1 else key


def _known(keys: Iterable[Any], is_stored: Callable[[Any], bool]) -> list[bool]:
    """Return of each key whether it is stored, or comes again; None comes as often as it likes."""
    seen: set[Hashable] = set()
    found: list[bool] = []
    for key in keys:
        found.append(is_stored(key) or key in seen)
        if key is not None:
            seen.add(key)
    return found


def _typed(cells: Mapping[str, str | None], types: Mapping[str, str]) -> Json:
    """Return cells as a JSON object: as text, unless something else was said."""
    found: Json = dict(cells)
    for name, kind in types.items():
        text = cells.get(name)
        if text is not None:
            try:
                found[name] = from_text(kind, text)
            except InvalidValueError as error:
                message = f"column {name}: {error}"
                raise InvalidValueError(message, field=name, expected=error.expected) from None
    return found


def _checked(types: Mapping[str, str]) -> dict[str, str]:
    for name, kind in types.items():
        if kind not in CELL_TYPES:
            known = ", ".join(sorted(CELL_TYPES))
            raise UsageValueError(
                f"column {name}: {kind!r} is no type of a cell; there are {known}"
            )
    return dict(types)
