"""A condition as a function of a row, run once on a row that writes down what is done to it.

    where(lambda u: (u.age >= 18) & u.name.startswith("A"))
    ->  age $gte 18 and name $prefix "A"

For a type checker `u` is a row, and a comparison is a bool. In truth it is a Recording, each of its
columns is a RecordedValue, and comparing that makes a Clause, which holds an Expression. Python
would ask them behind the caller's back whether they are true: `and`, `or`, `not`, `if`, `in` and
`18 <= u.age < 65` raise, and say what to write instead. An operand is checked and converted by its
column. None equals None, and nothing is above or below it.
Absent on purpose: a look at bytecode or source; two columns in one comparison; arithmetic.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

from libredb.kernel.errors import UsageTypeError
from libredb.lens.errors import InvalidValueError
from libredb.lens.table.columns import Column, PlainValue, Value
from libredb.lens.table.schema import Schema
from libredb.lens.values.expression import Condition, Expression, all_of, any_of, negation_of

T = TypeVar("T")
V = TypeVar("V")

Picked: TypeAlias = str | Callable[[T], object]
"""A column, by its name or by a function of a row: `lambda u: u.age`."""

_HOW = "join conditions with & and |, each in parentheses, and negate with libredb.not_(...)"
_TEXTS = frozenset({"str", "enum_str"})


class Recorded:
    """What is not true or false yet, and has no length, text or hash to be asked for."""

    __slots__ = ()

    def __and__(self, other: object) -> "Clause":
        return Clause(all_of([_joined(self, "&"), _joined(other, "&")]))

    def __rand__(self, other: object) -> "Clause":
        return Clause(all_of([_joined(other, "&"), _joined(self, "&")]))

    def __or__(self, other: object) -> "Clause":
        return Clause(any_of([_joined(self, "|"), _joined(other, "|")]))

    def __ror__(self, other: object) -> "Clause":
        return Clause(any_of([_joined(other, "|"), _joined(self, "|")]))

    def __invert__(self) -> NoReturn:
        raise UsageTypeError("`~` of a bool is a number: write libredb.not_(...)")

    def __bool__(self) -> bool:
        raise self._refusal("`and`, `or`, `not`, `if`, `in` and a < b < c want a truth value", _HOW)

    def __contains__(self, _: object) -> bool:
        raise self._refusal(
            "`in` looks into a value", "libredb.one_of(u.column, [...]) compares one"
        )

    def __len__(self) -> int:
        raise self._refusal("`len` wants a length", _HOW)

    def __iter__(self) -> NoReturn:
        raise self._refusal("iterating wants elements", _HOW)

    def __hash__(self) -> int:
        raise self._refusal(
            "a set or a dict wants a hash", "libredb.one_of(u.column, [...]) compares"
        )

    def __str__(self) -> str:
        raise self._refusal(
            "formatting wants a text", "u.column.startswith(...) compares the beginning"
        )

    def __format__(self, _: str) -> str:
        return str(self)

    def _refusal(self, why: str, instead: str) -> UsageTypeError:
        return UsageTypeError(f"{self!r} is only written down, and {why}: {instead}")


class Clause(Recorded):
    """A condition that was written down; for a type checker it is a bool."""

    __slots__ = ("expression",)

    def __init__(self, expression: Expression) -> None:
        self.expression: Expression = expression

    def __eq__(self, other: object) -> NoReturn:
        raise self._refusal("`==` wants its value", _HOW)

    def __hash__(self) -> int:
        return super().__hash__()  # who has `__eq__` would have none

    def __repr__(self) -> str:
        return f"<condition {self.expression!r}>"


class RecordedValue(Recorded):
    """A column of a recording row; for a type checker it is the value of that column."""

    __slots__ = ("column", "table")

    def __init__(self, table: str, column: Column) -> None:
        self.table: str = table
        self.column: Column = column

    def __eq__(self, other: object) -> "Clause":  # type: ignore[override] - it is not answered yet
        return self.compared("$eq", other)

    def __ne__(self, other: object) -> "Clause":  # type: ignore[override] - it is not answered yet
        return self.compared("$ne", other)

    def __lt__(self, other: object) -> "Clause":
        return self.compared("$lt", other)

    def __le__(self, other: object) -> "Clause":
        return self.compared("$lte", other)

    def __gt__(self, other: object) -> "Clause":
        return self.compared("$gt", other)

    def __ge__(self, other: object) -> "Clause":
        return self.compared("$gte", other)

    def __hash__(self) -> int:
        return super().__hash__()  # who has `__eq__` would have none

    def startswith(self, prefix: object) -> "Clause":
        """Write down that the text in the column begins like that."""
        if self.column.kind.name not in _TEXTS or type(prefix) is not str:
            raise UsageTypeError(f"{self!r}.startswith(...) takes a str, and needs a column of str")
        return self.condition("$prefix", prefix)

    def compared(self, operator: str, other: object) -> "Clause":
        """Write down a comparison.

        Raises:
            UsageTypeError: with another column, or whether it is above or below None.
            InvalidValueError: with what is never in this column.
        """
        if isinstance(other, Recorded):
            raise UsageTypeError(f"{self!r} is compared with {other!r}, and has to be with a value")
        if other is None and operator not in {"$eq", "$ne"}:
            raise UsageTypeError("nothing is above or below None; libredb.missing(...) finds it")
        return self.condition(operator, self.operand(other))

    def operand(self, value: Value) -> PlainValue:
        """Return what a condition holds of a value."""
        try:
            return self.column.operand(value)
        except InvalidValueError as error:
            raise InvalidValueError(
                f"{self.table}, {error}",
                namespace=self.table,
                field=error.field,
                expected=error.expected,
                actual=error.actual,
            ) from None

    def condition(self, operator: str, operand: PlainValue) -> "Clause":
        """Write down what was checked."""
        return Clause(Condition((self.column.name,), operator, operand))

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UsageTypeError(
            f"{self!r}.{name} is not written down: a condition knows == != < <= > >= and startswith"
        )

    def __repr__(self) -> str:
        return f"<column {self.column.name}>"


class Recording:
    """A row whose columns write down what is done to them."""

    __slots__ = ("__schema",)

    def __init__(self, schema: Schema[Any]) -> None:
        self.__schema = schema

    def __getattr__(self, name: str) -> RecordedValue:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> RecordedValue:
        return RecordedValue(self.__schema.table, self.__schema.column(name))

    def __repr__(self) -> str:
        return f"<any row of {self.__schema.table}>"


class Descending:
    """A column of an order that goes down."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value: object = value


# What users write in such functions, typed as what it stands for


def one_of(value: V, options: Iterable[V]) -> bool:
    """Write down that a column has one of these values: `one_of(u.age, [1, 2])`."""
    recorded = _recorded(value, "one_of")
    operands = [recorded.operand(option) for option in options]
    return cast(bool, recorded.condition("$in", operands))


def missing(value: object) -> bool:
    """Write down that there is None in a column: `missing(u.mail)`."""
    return cast(bool, _recorded(value, "missing").compared("$eq", None))


def some(value: V | None) -> V:
    """Return the column as one without None, for a type checker: `some(u.mail) > "a"`."""
    return cast(V, _recorded(value, "some"))


def not_(condition: object) -> bool:
    """Write down the opposite of a condition: `not_(u.age > 3)`, which None is as well."""
    return cast(bool, Clause(negation_of(expression_of(condition, "not_ takes a condition"))))


def descending(value: V) -> V:
    """Say of a column in `order_by` that it goes down, in a function such as that of `one_of`."""
    return cast(V, Descending(_recorded(value, "descending")))


# What a table makes of a function


def recorded_condition(schema: Schema[T], fn: Callable[[T], bool]) -> Expression:
    """Return what a function says of a row. It is called once.

    Raises:
        UsageTypeError: it returns no condition, or asks what is not known before there is a row.
        InvalidValueError: it compares a column with what is never in it.
    """
    if not callable(fn):
        raise UsageTypeError(f"a condition is a function such as lambda u: u.age > 3, not {fn!r}")
    found: object = fn(cast(T, Recording(schema)))
    return expression_of(found, "the function has to return a condition")


def recorded_equalities(schema: Schema[Any], values: Mapping[str, Value]) -> Expression:
    """Return the condition that columns have these values.

    Raises:
        UsageTypeError: there is no such column.
        InvalidValueError: a value is never in its column.
    """
    row = Recording(schema)
    return all_of([row[name].compared("$eq", values[name]).expression for name in values])


def recorded_columns(schema: Schema[T], picked: Picked[T]) -> tuple[list[Column], bool]:
    """Return the columns that a name or a function picks, and whether it picks them as a tuple.

    Raises:
        UsageTypeError: there is no such column, or it returns something else.
    """
    if isinstance(picked, str):
        return [schema.column(picked)], False
    found = recorded_values(schema, picked)
    columns = [_recorded(value, "picking columns").column for value in found[0]]
    return columns, found[1]


def recorded_order(
    schema: Schema[T], picked: Iterable[Picked[T]], *, reverse: bool
) -> list[tuple[str, bool]]:
    """Return the names of the columns of an order, and whether each goes down."""
    order: list[tuple[str, bool]] = []
    for each in picked:
        values = [each] if isinstance(each, str) else recorded_values(schema, each)[0]
        for value in values:
            goes_down = isinstance(value, Descending)
            value = value.value if isinstance(value, Descending) else value
            column = value if isinstance(value, str) else _recorded(value, "an order").column.name
            order.append((schema.column(column).name, goes_down != reverse))
    return order


def recorded_values(schema: Schema[T], fn: Callable[[T], object]) -> tuple[list[object], bool]:
    """Return what a function returns of a recording row, as a list, and whether it is a tuple."""
    if not callable(fn):
        raise UsageTypeError(
            f"a column is a name, or a function such as lambda u: u.age, not {fn!r}"
        )
    found = fn(cast(T, Recording(schema)))
    if type(found) is tuple:
        return list(cast(tuple[object, ...], found)), True
    return [found], False


def expression_of(given: object, place: str) -> Expression:
    """Return the expression of what was written down; a column of bool is one by itself."""
    if isinstance(given, Clause):
        return given.expression
    if isinstance(given, RecordedValue) and given.column.kind.name == "bool":
        return given.condition("$eq", True).expression
    raise UsageTypeError(
        f"{place}, and {given!r} is none: compare columns by == != < <= > >=,"
        " and with None by libredb.missing(u.column), not by `is`"
    )


def _joined(given: object, operator: str) -> Expression:
    return expression_of(given, f"`{operator}` joins conditions, each in parentheses")


def _recorded(value: object, who: str) -> RecordedValue:
    if isinstance(value, RecordedValue):
        return value
    raise UsageTypeError(f"{who} takes a column of the row, such as u.age, not {value!r}")
