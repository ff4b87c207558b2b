"""What a client declares of the namespaces that it uses; what is missing of it is made.

    {"notes":    {"indexes": ["at", ["level", "at"], {"fields": "text", "words": true}]},
     "settings": {"kind": "kv", "values": "json"},
     "people":   {"kind": "table", "columns": {"id": "str", "age": "int?"}, "key": "id",
                  "unique": ["mail"], "index": [["age", "name"]]}}

Documents are meant where no kind is named, and a table where columns are. All of it is one
transaction, which commits nothing if nothing is missing. A table that is not there yet is kept in
mind until its first write; of one that is there, what is recorded is enough.
Absent on purpose: migrations, which are functions, and dropping what is declared no more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import libredb
from libredb import Store, UsageValueError
from libredb.lens.keys.namespace import Namespace, check_name, find

if TYPE_CHECKING:
    from libredb import KV, Documents, Table

_KINDS = {
    "documents": {"kind", "ids", "indexes"},
    "kv": {"kind", "values"},
    "table": {"kind", "columns", "key", "unique", "index"},
}
_OF_AN_INDEX = {"fields", "unique", "each", "words"}
_OF_TEXT = {"ids", "values"}
_IDS = ("text", "counter")


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table without its class: its rows are dicts, whose values the columns tell."""

    table: "Table[dict[str, Any]]"
    key: tuple[str, ...]
    columns: dict[str, str]


@dataclass(slots=True)
class Schema:
    """What clients have declared, and tables as they were recorded when they were last asked for.

    Invariant: `_recorded` holds a table beside the record that it was opened by, and is good for
    that very record alone.
    """

    _declared: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    _recorded: dict[str, tuple[Namespace, OpenTable]] = field(
        default_factory=dict[str, tuple[Namespace, OpenTable]]
    )

    def declare(self, store: Store, given: Mapping[str, Any]) -> None:
        """Make what is missing, in one transaction; costs a read of each record otherwise.

        Raises:
            UsageError: it says something that no schema can.
            LensError: something else is there already; nothing was made.
        """
        checked = {name: _checked(name, each) for name, each in given.items()}

        def make(tx: Store) -> None:
            for name, each in checked.items():
                _MAKERS[each["kind"]](tx, name, each)

        store.transact(make)
        self._declared.update(checked)

    def documents(self, store: Store, name: str, ids: str | None) -> "Documents[Any]":
        """Return the documents of a namespace; `ids` is "text" or "counter" where it is said."""
        return _documents(store, name, ids or self._option(name, "ids") or "text")

    def kv(self, store: Store, name: str, values: str | None) -> "KV[Any]":
        """Return a kv as it is recorded, otherwise as it is declared; of JSON where nobody says."""
        check_name(name)
        if values is None:
            recorded = store.read(lambda tx: find(tx, name, "kv"))
            values = self._option(name, "values") if recorded is None else recorded.schema["values"]
        return cast("KV[Any]", libredb.kv(store, name, cast(Any, values or "json")))

    def table(self, store: Store, name: str) -> OpenTable:
        """Return a table as it is recorded, otherwise as it is declared.

        Raises:
            MissingKeyError: it is neither.
        """
        check_name(name)
        recorded = store.read(lambda tx: find(tx, name, "table"))
        if recorded is None:
            return self._declared_table(store, name)
        known = self._recorded.get(name)
        if known is None or known[0] is not recorded:
            known = (recorded, _table_of_record(store, recorded))
            self._recorded[name] = known
        opened = known[1]
        return OpenTable(opened.table.on(store), opened.key, opened.columns)

    def forget(self) -> None:
        """Forget what was recorded: the database has become another one."""
        self._recorded.clear()

    def _declared_table(self, store: Store, name: str) -> OpenTable:
        declared = self._declared.get(name)
        if declared is None or declared["kind"] != "table":
            raise libredb.MissingKeyError(
                f"there is no table {name!r}: declare its columns in the schema of connect(), or "
                "create it in Python",
                namespace=name,
            )
        return _open_table(store, name, declared)

    def _option(self, name: str, option: str) -> Any:  # noqa: ANN401 - what was checked when it was declared
        return self._declared.get(name, {}).get(option)


def _checked(name: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 - a client says it
    """Return what is declared of one namespace, with its kind."""
    place = f"the schema of {name!r}"
    each = _dict(place, given)
    kind = each.get("kind", "table" if "columns" in each else "documents")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise UsageValueError(f"{place}: a kind is one of {', '.join(_KINDS)}, not {kind!r}")
    _known(place, each, _KINDS[kind])
    for option in _OF_TEXT & each.keys():
        if not isinstance(each[option], str):
            raise UsageValueError(f"{place}: {option!r} is text, not {type(each[option]).__name__}")
    if kind == "table":
        _dict(f"{place}, its columns", each.get("columns"))
    indexes = [_index(place, index) for index in _list(place, each.get("indexes", []))]
    return {**each, "kind": kind, "indexes": indexes}


def _index(place: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Return an index as its fields and options."""
    found: dict[str, Any] = (
        {"fields": given} if isinstance(given, str | list) else _dict(place, given)
    )
    _known(f"{place}, an index", found, _OF_AN_INDEX)
    fields = found.get("fields", [])
    fields = [fields] if isinstance(fields, str) else _list(f"{place}, fields of an index", fields)
    paths = [tuple(cast(list[Any], each)) if type(each) is list else each for each in fields]
    options = {flag: found.get(flag, False) is True for flag in ("unique", "each", "words")}
    return {"fields": paths, **options}


def _make_documents(store: Store, name: str, given: dict[str, Any]) -> None:
    opened = _documents(store, name, given.get("ids", "text"))
    for index in given["indexes"]:
        options = dict(index)
        opened.create_index(*options.pop("fields"), **options)


def _make_kv(store: Store, name: str, given: dict[str, Any]) -> None:
    cast("KV[Any]", libredb.kv(store, name, given.get("values", "json"))).get(
        ""
    )  # refused if it is another


def _make_table(store: Store, name: str, given: dict[str, Any]) -> None:
    _open_table(store, name, given)


_MAKERS: dict[str, Callable[[Store, str, dict[str, Any]], None]] = {
    "documents": _make_documents,
    "kv": _make_kv,
    "table": _make_table,
}


def _documents(store: Store, name: str, ids: str) -> "Documents[Any]":
    if ids not in _IDS:
        raise UsageValueError(f"the ids of documents are one of {', '.join(_IDS)}, not {ids!r}")
    return (
        libredb.documents(store, name, key=libredb.counter("id"))
        if ids == "counter"
        else libredb.documents(store, name)
    )


def _open_table(store: Store, name: str, given: Mapping[str, Any]) -> OpenTable:
    place = f"the schema of {name!r}"
    key = _columns(place, given.get("key", "id"))
    unique = [_columns(place, each) for each in _list(place, given.get("unique", []))]
    index = [_columns(place, each) for each in _list(place, given.get("index", []))]
    opened = libredb.table(store, name, given["columns"], key=key, unique=unique, index=index)
    return OpenTable(opened, tuple(key), given["columns"])


def _table_of_record(store: Store, record: Namespace) -> OpenTable:
    from libredb.lens.table.recorded import Recorded  # noqa: PLC0415 - only who has tables waits

    recorded = Recorded.from_json(record.name, record.schema)
    columns = {name: str(column) for name, column in recorded.columns.items()}
    return _open_table(store, record.name, {"columns": columns, "key": [*recorded.key]})


def _columns(place: str, given: Any) -> list[str]:  # noqa: ANN401 - as above
    names = [given] if isinstance(given, str) else _list(place, given)
    if not all(isinstance(name, str) for name in names):
        raise UsageValueError(f"{place}: the name of a column is text")
    return names


def _dict(place: str, given: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    if not isinstance(given, dict):
        raise UsageValueError(f"{place} is an object, not {type(given).__name__}")
    return cast(dict[str, Any], given)


def _list(place: str, given: Any) -> list[Any]:  # noqa: ANN401 - as above
    if not isinstance(given, list):
        raise UsageValueError(f"{place}: a list is expected, not {type(given).__name__}")
    return cast(list[Any], given)


def _known(place: str, given: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UsageValueError(
            f"{place} has no {unknown[0]!r}; there are {', '.join(sorted(known))}"
        )
