"""What a column may hold, and as what it is compared and stored.

    value   what a row has             a datetime       Color.RED    UUID(..)
    plain   what orders and compares   microseconds     "red"        its 16 bytes
    stored  what JSON has of it        microseconds     "red"        its text

Each type has one name, which is recorded: `str int float bool bytes datetime naive_datetime date
decimal uuid enum_str enum_int dict list any`. A value has to be of exactly the type of its column,
for a subclass would come back as something else; only a float may be given as an int that it holds
exactly. `dict` and `list` hold JSON; what is inside of `list[int]` is not looked at.
Absent on purpose: NaN, which is equal to nothing; unions, of which no index knows the order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from math import isnan
from typing import Any
from uuid import UUID

from libredb.kernel.errors import UsageTypeError
from libredb.lens.errors import InvalidValueError, SchemaMismatchError
from libredb.lens.keys.encoding import utf8
from libredb.lens.values.json_value import INT_END, Json, copy_of, described, encode, type_of
from libredb.lens.values.tagged_json import (
    FORMS,
    JsonForm,
    datetime_of,
    microseconds,
    naive_datetime_of,
    read_as,
    tagged,
    untagged,
)

Value = Any
"""A value of a row, or what a caller takes for one."""
PlainValue = Any
"""What orders and compares."""


class Naive:
    """Marks a column of datetimes without a zone: `Annotated[datetime, libredb.Naive]`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of columns; whatever it does, nobody changes the result.

    Attributes:
        name: What is recorded of it.
        expected: What an error says that a value should have been.
        to_plain: From a value; raises InvalidValueError for what is none.
        from_plain: Back again; None where that is the same object.
        operand: From what a condition may compare with; None where only values are.
        form: How the plain value is stored; None where it is JSON already.
    """

    name: str
    expected: str
    to_plain: Callable[[Value], PlainValue]
    from_plain: Callable[[PlainValue], Value] | None = None
    operand: Callable[[Value], PlainValue] | None = None
    form: JsonForm | None = None


@dataclass(frozen=True, slots=True)
class Default:
    """What a column holds that was not given: a constant, unless it has to be made each time."""

    make: Callable[[], Value]
    is_constant: bool


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, its type, whether None is in it, and its default if it has one."""

    name: str
    kind: Kind
    is_optional: bool = False
    default: Default | None = None

    @property
    def type_name(self) -> str:
        """The type as a schema in a dict says it."""
        return self.kind.name + "?" * self.is_optional

    def to_plain(self, value: Value) -> PlainValue:
        """Return what orders and compares.

        Raises:
            InvalidValueError: the value does not belong here; `field` is the column.
        """
        return self._taken(self.kind.to_plain, value)

    def operand(self, value: Value) -> PlainValue:
        """Return what a condition compares with, which shares nothing with the caller.

        Raises:
            InvalidValueError: a value of this column is never like that.
        """
        return self._taken(self.kind.operand or self.kind.to_plain, value)

    def from_plain(self, plain: PlainValue) -> Value:
        """Return the value that a row has."""
        restore = self.kind.from_plain
        return plain if plain is None or restore is None else restore(plain)

    def to_json(self, plain: PlainValue) -> Json:
        """Return what is stored."""
        form = self.kind.form
        return plain if plain is None or form is None else form.write(plain)

    def from_json(self, stored: Json) -> PlainValue:
        """Return the plain value of what is stored.

        Raises:
            DamagedEntryError: no column of this type has stored it.
        """
        form = self.kind.form
        return stored if stored is None or form is None else read_as(self.kind.name, form, stored)

    def _taken(self, take: Callable[[Value], PlainValue], value: Value) -> PlainValue:
        if value is None and self.is_optional:
            return None
        try:
            return take(value)
        except InvalidValueError as error:
            inside = error.field or ""
            place = f"{self.name}{'.' * (inside[:1] not in ('', '['))}{inside}"
            expected = f"{error.expected}{' or None' * (self.is_optional and not inside)}"
            message = f"column {place}: expected {expected}, got {error.actual}"
            raise InvalidValueError(
                message, field=place, expected=expected, actual=error.actual
            ) from None


def unfit(expected: str, value: Value) -> InvalidValueError:
    """Return the error that a column makes one of its own of."""
    message = f"expected {expected}, got {described(value)}"
    return InvalidValueError(message, expected=expected, actual=described(value))


def _exactly(kind: type[Any]) -> Callable[[Value], PlainValue]:
    def taken(value: Value) -> PlainValue:
        if type(value) is not kind:
            raise unfit(kind.__name__, value)
        return value

    return taken


def _str(value: Value) -> PlainValue:
    if type(value) is not str:
        raise unfit("str", value)
    if not value.isascii():
        utf8(value)  # half of a surrogate pair is no character
    return value


def _int(value: Value) -> PlainValue:
    if type(value) is not int:
        raise unfit("int", value)
    if not -INT_END < value < INT_END:
        raise unfit("an int of at most 255 bytes", value)
    return value


def _float(value: Value) -> PlainValue:
    if type(value) is float and not isnan(value):
        return value
    if type(value) is int:
        try:
            exact = float(value)
        except OverflowError:
            exact = 0.5
        if exact == value:
            return exact
    raise unfit("float, not NaN, or an int that it holds exactly", value)


def _number_operand(value: Value) -> PlainValue:
    if type(value) is float and not isnan(value):
        return value
    return _int(value)


def _datetime(value: Value) -> PlainValue:
    if type(value) is not datetime:
        raise unfit("datetime", value)
    if value.utcoffset() is None:
        hint = "an aware datetime (or the column as Annotated[datetime, libredb.Naive])"
        raise InvalidValueError("", expected=hint, actual="a naive datetime")
    count = microseconds(value)
    if not _FIRST <= count <= _LAST:
        raise unfit("a datetime of the years 1 to 9999 in UTC", value)
    return count


def _naive_datetime(value: Value) -> PlainValue:
    if type(value) is not datetime:
        raise unfit("datetime", value)
    if value.tzinfo is not None:
        raise InvalidValueError("", expected="a naive datetime", actual="an aware datetime")
    return microseconds(value)


def _date(value: Value) -> PlainValue:
    if type(value) is not date:
        raise unfit("date", value)
    return value.toordinal()


def _decimal(value: Value) -> PlainValue:
    if type(value) is not Decimal or value.is_nan():
        raise unfit("Decimal, not NaN", value)
    return value


def _decimal_operand(value: Value) -> PlainValue:
    return Decimal(_int(value)) if type(value) is int else _decimal(value)


def _uuid(value: Value) -> PlainValue:
    if type(value) is not UUID:
        raise unfit("UUID", value)
    return value.bytes


def _json(kind: type[Any]) -> Callable[[Value], PlainValue]:
    def taken(value: Value) -> PlainValue:
        if type(value) is not kind:
            raise unfit(kind.__name__, value)
        encode(value)
        return value

    return taken


def _json_operand(kind: type[Any]) -> Callable[[Value], PlainValue]:
    def taken(value: Value) -> PlainValue:
        if type(value) is not kind:
            raise unfit(kind.__name__, value)
        return copy_of(value)

    return taken


def _any(value: Value) -> PlainValue:
    """Return JSON with tags; bytes and a Decimal are ordered as they are, and so stay."""
    if type(value) is datetime:
        _datetime(value)
    if type(value) is Decimal:
        return _decimal(value)
    return value if type(value) is bytes else copy_of(tagged(value))


def _any_from_plain(plain: PlainValue) -> Value:
    return plain if type(plain) in _ORDERED else untagged(plain)


def _any_to_json(plain: PlainValue) -> Json:
    return tagged(plain) if type(plain) in _ORDERED else plain


def _any_from_json(stored: Json) -> PlainValue:
    is_ordered = type_of(stored) is dict and stored.keys() in _ORDERED_TAGS
    return untagged(stored) if is_ordered else stored


_ORDERED = frozenset({bytes, Decimal})
_ORDERED_TAGS = ({"$bytes"}, {"$decimal"})
_ANY = JsonForm(_any_to_json, _any_from_json)


_ANYTHING = "JSON, bytes, datetime, date, Decimal or UUID"
_DATE = JsonForm(
    lambda plain: date.fromordinal(plain).isoformat(),
    lambda text: date.fromisoformat(text).toordinal(),
)
_FIRST = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST = microseconds(datetime.max.replace(tzinfo=UTC))

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("str", "str", _str),
        Kind("int", "int", _int, operand=_number_operand),
        Kind("float", "float", _float, operand=_number_operand, form=FORMS["float"]),
        Kind("bool", "bool", _exactly(bool)),
        Kind("bytes", "bytes", _exactly(bytes), form=FORMS["bytes"]),
        Kind("datetime", "datetime", _datetime, datetime_of),
        Kind("naive_datetime", "datetime", _naive_datetime, naive_datetime_of),
        Kind("date", "date", _date, date.fromordinal, form=_DATE),
        Kind("decimal", "Decimal", _decimal, operand=_decimal_operand, form=FORMS["decimal"]),
        Kind("uuid", "UUID", _uuid, lambda plain: UUID(bytes=plain), form=FORMS["uuid"]),
        Kind("enum_str", "str", _str),
        Kind("enum_int", "int", _int),
        Kind("dict", "dict", _json(dict), operand=_json_operand(dict)),
        Kind("list", "list", _json(list), operand=_json_operand(list)),
        Kind("any", _ANYTHING, _any, _any_from_plain, form=_ANY),
    )
}
"""By name. An enum of a class is made by `enum_kind`; the two here are for who has no class."""


def enum_kind(members: type[Enum]) -> Kind:
    """Return the kind of a column of an enum, which is stored by value.

    Raises:
        UsageTypeError: its values are not all str, nor all int.
    """
    types = {type_of(member.value) for member in members}
    if types not in ({str}, {int}):
        raise UsageTypeError(f"{members.__name__}: the values of an enum are all str, or all int")

    def to_plain(value: Value) -> PlainValue:
        if type_of(value) is not members:
            raise unfit(members.__name__, value)
        return value.value

    def from_plain(plain: PlainValue) -> Value:
        try:
            return members(plain)
        except ValueError:
            reason = f"{plain!r} is stored, and no member of {members.__name__}"
            raise SchemaMismatchError(reason, expected=members.__name__, actual=plain) from None

    return Kind(f"enum_{types.pop().__name__}", members.__name__, to_plain, from_plain)
