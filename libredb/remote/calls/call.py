"""A call: a function whose signature says what it takes.

    @CALLS.write("kv.delete")
    def delete(scope: Scope, namespace: str, key: str) -> bool: ...

A request names its arguments. They are held against the annotations before anything runs, so that a
wrong call never looks like a bug: `kv.delete: 'key' is a str, not an int`. True is no int here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from libredb import Store, UsageTypeError
from libredb.lens.values.json_value import type_of
from libredb.remote.schema import Schema

F = TypeVar("F", bound=Callable[..., Any])

PAGE_ROWS = 256
"""How many rows a page has where nobody says how many."""

LARGEST_PAGE = 4096
"""How many it has at most, whatever is asked for: a client goes on with the next page."""

Kind = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a call works in: a transaction, and what clients have declared."""

    tx: Any
    """A transaction, which writes if that of the call does."""

    schema: Schema

    @property
    def store(self) -> Store:
        """The transaction, as lenses ask for it."""
        return self.tx


@dataclass(frozen=True, slots=True)
class Argument:
    """What a call takes by one name; without types it takes anything."""

    types: frozenset[type[Any]] | None
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function, and what it takes."""

    name: str
    kind: Kind
    run: Callable[..., Any]
    takes: dict[str, Argument]

    def check(self, args: dict[str, Any]) -> None:
        """Refuse arguments that the function does not take.

        Raises:
            UsageTypeError: one is missing, unknown, or of another type.
        """
        check_arguments(self.name, self.takes, args)


class Calls(dict[str, Call]):
    """Calls by name, filled by decorators."""

    def read(self, name: str) -> Callable[[F], F]:
        """Let a function be called by this name, in a transaction that only reads."""
        return self._adding(name, "read")

    def write(self, name: str) -> Callable[[F], F]:
        """Let a function be called by this name, in a transaction that commits."""
        return self._adding(name, "write")

    def _adding(self, name: str, kind: Kind) -> Callable[[F], F]:
        def add(fn: F) -> F:
            self[name] = Call(name, kind, fn, arguments_of(fn))
            return fn

        return add


def arguments_of(fn: Callable[..., Any]) -> dict[str, Argument]:
    """Return what a function takes behind its first argument."""
    hints = get_type_hints(fn)
    parameters = list(signature(fn).parameters.values())[1:]
    return {
        each.name: Argument(_types_of(hints[each.name]), each.default is Parameter.empty)
        for each in parameters
    }


def check_arguments(name: str, takes: dict[str, Argument], args: dict[str, Any]) -> None:
    """Refuse arguments of a call that it does not take; see `Call.check`."""
    for given, value in args.items():
        if given not in takes:
            known = ", ".join(takes) or "nothing"
            raise UsageTypeError(f"{name} takes {known}; there is no {given!r}")
        types = takes[given].types
        if types is not None and type(value) not in types:
            expected = " or ".join(sorted(map(_name_of, types)))
            raise UsageTypeError(f"{name}: {given!r} is {expected}, not {_name_of(type_of(value))}")
    for needed, argument in takes.items():
        if argument.is_needed and needed not in args:
            raise UsageTypeError(f"{name} needs {needed!r}")


def page_rows(limit: int | None) -> int:
    """Return how many rows a page has of which so many are asked for."""
    return min(PAGE_ROWS if limit is None else limit, LARGEST_PAGE)


def _types_of(hint: Any) -> frozenset[type[Any]] | None:  # noqa: ANN401 - annotations are of no class
    """Return the types that an annotation lets in, or None if that is any."""
    if hint is Any:
        return None
    options = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    types = frozenset(get_origin(option) or option for option in options)
    return types | {int} if float in types else types


def _name_of(kind: type[Any]) -> str:
    return "null" if kind is NoneType else kind.__name__
