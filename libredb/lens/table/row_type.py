"""The class of the rows of a table: which columns it has, and the way in and out of it.

    @dataclass                            a dataclass
    class User(pydantic.BaseModel)        whatever has `model_fields`
    class User(msgspec.Struct)            whatever has `__struct_fields__`
    {"id": "str", "age": "int?"}          for tools: rows are dicts, `?` lets None in
    RowType(name, columns, build, dump)   anything else

A row is built by keyword, so that a class checks what it always checks, also when it is read.
Annotations decide about columns. Absent on purpose: an import of pydantic or msgspec.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from inspect import Parameter, signature
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin
from typing import get_type_hints as hints_of
from uuid import UUID

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import InvalidValueError
from libredb.lens.table.columns import (
    KINDS,
    Column,
    Default,
    Kind,
    Naive,
    Value,
    enum_kind,
)

T = TypeVar("T")

Row = dict[str, Value]
"""The values of a row by the names of their columns."""

_NAMES: dict[Any, str] = {
    **{kind: kind.__name__ for kind in (str, int, float, bool, bytes, datetime, date, dict, list)},
    Decimal: "decimal",
    UUID: "uuid",
    Any: "any",
}
_SUPPORTED = (
    "str int float bool bytes datetime date Decimal UUID Enum dict list Any, or None as well"
)


_REST = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class RowType(Generic[T]):
    """What a table has to know of a class, whatever class it is.

    Attributes:
        name: What messages call it.
        columns: In the order in which rows show them.
        build: From the values of all columns, to a row.
        dump: From a row, which may be anything that a caller gave, to values by column.
    """

    name: str
    columns: tuple[Column, ...]
    build: Callable[[Row], T]
    dump: Callable[[T], Row]


def row_type(given: Any) -> RowType[Any]:  # noqa: ANN401 - only its attributes tell what it is
    """Return what a table has to know of a class, or of a schema in a dict.

    Raises:
        UsageTypeError: it is none of those above, or a column has a type that none can have.
    """
    if isinstance(given, RowType):
        return cast(RowType[Any], given)
    if isinstance(given, Mapping):
        return _of_dict(cast(Mapping[Any, Any], given))
    if isinstance(given, type):
        for is_one, defaults_of in _CLASSES:
            if is_one(given):
                return _of_class(given, defaults_of(given))
    raise UsageTypeError(
        f"the rows of a table are of a dataclass, a pydantic model, a msgspec struct, or a dict of"
        f" names and types such as {{'id': 'str', 'age': 'int?'}}, not of {given!r}"
    )


def _of_dict(given: Mapping[Any, Any]) -> RowType[Row]:
    columns: list[Column] = []
    for name, type_name in given.items():
        plain_name = type_name.removesuffix("?") if isinstance(type_name, str) else None
        if plain_name not in KINDS:
            known = " ".join(sorted(KINDS))
            raise UsageTypeError(f"column {name}: {type_name!r} is none of {known}, `?` behind it")
        default = Default(lambda: None, True) if plain_name != type_name else None
        columns.append(_column(name, KINDS[plain_name], plain_name != type_name, default))
    names = frozenset(column.name for column in columns)
    nulls = {column.name: None for column in columns if column.is_optional}

    def dump(row: object) -> Row:
        if not isinstance(row, Mapping):
            raise UsageTypeError(f"a row of this table is a dict, not {type(row).__name__}")
        found = {**nulls, **cast(Mapping[Any, Any], row)}
        if found.keys() != names:
            raise _wrong_names(names, found)
        return found

    return RowType("dict", tuple(columns), dict, dump)


def _wrong_names(names: frozenset[str], found: Row) -> InvalidValueError:
    name = next((name for name in found if name not in names), None)
    if name is not None:
        expected = "columns " + ", ".join(sorted(names))
        return InvalidValueError(f"{name!r} is no column", expected=expected, actual=name)
    name = min(names - found.keys())
    return InvalidValueError(f"column {name}: no value", field=name, expected="a value")


def _of_class(cls: type[Any], defaults: dict[str, Default | None]) -> RowType[Any]:
    name = cls.__name__
    try:
        hints = hints_of(cls, include_extras=True)
    except NameError as error:
        raise UsageTypeError(f"{name}: {error}; define it at the top of the module") from error
    columns = tuple(
        _column(field, *_kind(field, hints[field]), default) for field, default in defaults.items()
    )
    get = attrgetter(*defaults)

    def dump(row: object) -> Row:
        if type(row) is not cls:
            raise UsageTypeError(f"a row of this table is a {name}, not {type(row).__name__}")
        values = get(row)
        return dict(zip(defaults, values if len(defaults) > 1 else (values,), strict=True))

    return RowType(name, columns, _builder(cls), dump)


def _builder(cls: type[Any]) -> Callable[[Row], Any]:
    """Return what makes a row; a model knows its fields by other names in JSON, and not here."""
    validate = getattr(cls, "model_validate", None)
    if validate is None:
        return lambda values: cls(**values)
    has_aliases = any(field.validation_alias is not None for field in cls.model_fields.values())
    options = {"by_alias": False, "by_name": True} if has_aliases else {}
    return lambda values: validate(values, **options)


def _column(name: object, kind: Kind, is_optional: bool, default: Default | None) -> Column:  # noqa: FBT001 - a datum
    if not isinstance(name, str) or not name:
        raise UsageValueError(f"the name of a column is a str with something in it, not {name!r}")
    is_optional = is_optional and kind.name != "any"
    return Column(name, kind, is_optional, default)


def _kind(field: str, hint: object) -> tuple[Kind, bool]:
    """Return the kind of a column from its annotation, and whether None is in it."""
    is_naive, hint = _stripped(hint)
    choices = [hint]
    if get_origin(hint) in (Union, UnionType):
        choices = [choice for choice in get_args(hint) if choice is not NoneType]
    is_optional = choices != [hint]
    if len(choices) == 1:
        is_naive_inside, plain = _stripped(choices[0])
        kind = _kind_of(plain, is_naive=is_naive or is_naive_inside)
        if kind is not None:
            return kind, is_optional
    raise UsageTypeError(f"column {field}: {hint} is no type of a column; there are {_SUPPORTED}")


def _kind_of(plain: object, *, is_naive: bool) -> Kind | None:
    plain = get_origin(plain) or plain
    if isinstance(plain, type) and issubclass(plain, Enum):
        return enum_kind(plain)
    if is_naive:
        return KINDS["naive_datetime"] if plain is datetime else None
    name = _NAMES.get(plain)
    return None if name is None else KINDS[name]


def _stripped(hint: object) -> tuple[bool, object]:
    """Return whether an annotation is marked as naive, and what is annotated."""
    if get_origin(hint) is not Annotated:
        return False, hint
    plain, *marks = get_args(hint)
    return any(mark is Naive or isinstance(mark, Naive) for mark in marks), plain


# One function per kind of class: its fields, and the default of each


def _of_dataclass(cls: type[Any]) -> dict[str, Default | None]:
    columns = {field.name for field in fields(cls)}
    for name, parameter in signature(cls).parameters.items():
        is_wanted = parameter.default is parameter.empty and parameter.kind not in _REST
        if is_wanted and name not in columns:
            raise UsageTypeError(f"{cls.__name__}: `__init__` wants {name}, which is no column")
    for field in fields(cls):
        if not field.init:
            raise UsageTypeError(f"{cls.__name__}: {field.name} is not taken by `__init__`")
    return {field.name: _default(field.default, field.default_factory) for field in fields(cls)}


def _of_model(cls: type[Any]) -> dict[str, Default | None]:
    return {
        name: None if field.is_required() else _default(field.default, field.default_factory)
        for name, field in cls.model_fields.items()
    }


def _of_struct(cls: type[Any]) -> dict[str, Default | None]:
    """Read the defaults, which are those of the last fields; each may be made, or not be there."""
    names: tuple[str, ...] = cls.__struct_fields__
    found: tuple[Any, ...] = cls.__struct_defaults__
    defaults: dict[str, Default | None] = dict.fromkeys(names)
    for name, default in zip(names[len(names) - len(found) :], found, strict=True):
        if type(default).__name__ != "NoDefaultType":
            factory = default.factory if type(default).__name__ == "Factory" else None
            defaults[name] = _default(default, factory)
    return defaults


def _default(value: Value, factory: Any) -> Default | None:  # noqa: ANN401 - a class says it
    """Return a default; of what factories make, only an empty list or dict is a constant."""
    if factory is not None and factory is not NO_DEFAULT:
        return Default(factory, factory in (list, dict))
    return None if value is NO_DEFAULT else Default(lambda: value, True)


_CLASSES: tuple[tuple[Callable[[Any], bool], Callable[[Any], dict[str, Default | None]]], ...] = (
    (lambda given: hasattr(given, "model_fields"), _of_model),
    (lambda given: hasattr(given, "__struct_fields__"), _of_struct),
    (is_dataclass, _of_dataclass),
)
