"""What can be asked for, by name: a file for each lens.

    call         a function whose signature says what it takes, and what checks a request by it
    raw          keys and values as bytes
    kv           text keys and their values
    documents    JSON objects
    filters      conditions and values of a table, as JSON without its class
    table        rows, by what is recorded of their table
    catalog      which namespaces there are

A call runs in one transaction: `read` in one that only reads, `write` in one that commits if it
returns. A file is loaded by the first call of it, because a page waits for every import.
"""

from importlib import import_module

from libredb.remote.calls.call import Call, Scope

__all__ = ["Call", "Scope", "all_calls", "find_call"]

_FILES = {"": "raw", **{name: name for name in ("kv", "documents", "table", "catalog")}}
"""By what a name begins with, up to its dot."""


def find_call(name: str) -> Call | None:
    """Return the call of that name, or None."""
    file = _FILES.get(name.rpartition(".")[0])
    return None if file is None else _calls_of(file).get(name)


def all_calls() -> dict[str, Call]:
    """Return every call by its name; loads every lens."""
    return {name: call for file in _FILES.values() for name, call in _calls_of(file).items()}


def _calls_of(file: str) -> dict[str, Call]:
    return import_module(f"libredb.remote.calls.{file}").CALLS
