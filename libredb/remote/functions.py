"""A user's own functions, which clients call by name.

    @register                       @transaction
    def report(db, year): ...       def move(tx, source, target): ...

The first gets the database and does what it wants with it. The second is one transaction: all of it
happens or nothing. Both are plain functions, and take and return what crosses (values.py).
Absent on purpose: async functions, because a server answers one request after the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, TypeVar

from libredb import UsageTypeError, UsageValueError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Function:
    """A function, and whether it is one transaction."""

    call: Callable[..., Any]
    is_transaction: bool


class Functions:
    """Functions by name."""

    def __init__(self) -> None:
        """Begin with none."""
        self._by_name: dict[str, Function] = {}

    def register(self, fn: F, /, *, name: str | None = None) -> F:
        """Let clients call `fn(db, *arguments)` by its name, or by another; return `fn` itself.

        Raises:
            UsageTypeError: it is no function, or an async one.
            UsageValueError: another function has the name.
        """
        return self._add(fn, name, is_transaction=False)

    def transaction(self, fn: F, /, *, name: str | None = None) -> F:
        """Let clients call `fn(tx, *arguments)`, in a transaction of its own; see `register`."""
        return self._add(fn, name, is_transaction=True)

    def find(self, name: str) -> Function:
        """Return the function of that name.

        Raises:
            UsageValueError: there is none.
        """
        if name not in self._by_name:
            known = ", ".join(sorted(self._by_name)) or "none"
            raise UsageValueError(
                f"no function {name!r} is registered; there are: {known}. "
                "Decorate it with @libredb.remote.register in the module of the worker"
            )
        return self._by_name[name]

    def _add(self, fn: F, name: str | None, *, is_transaction: bool) -> F:
        if not callable(fn):
            raise UsageTypeError(f"a function is registered, not a {type(fn).__name__}")
        if iscoroutinefunction(fn) or isasyncgenfunction(fn):
            raise UsageTypeError(
                "an async function cannot be called by a client; make it a plain one"
            )
        name = fn.__name__ if name is None else name
        known = self._by_name.get(name)
        if known is not None and known.call is not fn:
            raise UsageValueError(f"another function is registered as {name!r}; pass another name=")
        self._by_name[name] = Function(fn, is_transaction)
        return fn


functions: Functions = Functions()
"""The functions of this process, which a server has where it is told nothing else."""


def register(fn: F, /, *, name: str | None = None) -> F:
    """Let clients of this process call `fn(db, *arguments)`; see `Functions.register`."""
    return functions.register(fn, name=name)


def transaction(fn: F, /, *, name: str | None = None) -> F:
    """Let clients of this process call `fn(tx, *arguments)`; see `Functions.transaction`."""
    return functions.transaction(fn, name=name)
