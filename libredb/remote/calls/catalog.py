"""The catalog: which namespaces there are. Reads records; `drop` deletes what one of them keeps.

Absent on purpose: creating one, which the schema of a client and the first write do.
"""

from typing import Any

from libredb import catalog
from libredb.remote.calls.call import Calls, Scope

CALLS = Calls()


@CALLS.read("catalog.names")
def names(scope: Scope) -> list[str]:
    """Return the names of all namespaces, in their order."""
    return catalog(scope.store).names()


@CALLS.read("catalog.describe")
def describe(scope: Scope, *, namespace: str) -> dict[str, Any]:
    """Return what is recorded of a namespace."""
    return catalog(scope.store).describe(namespace)


@CALLS.read("catalog.check")
def check(scope: Scope) -> list[str]:
    """Return what is wrong with the records, and the keys of no namespace."""
    return catalog(scope.store).check()


@CALLS.write("catalog.rename")
def rename(scope: Scope, *, namespace: str, new_name: str) -> None:
    """Give a namespace another name."""
    catalog(scope.store).rename(namespace, new_name)


@CALLS.write("catalog.drop")
def drop(scope: Scope, *, namespace: str) -> int:
    """Delete a namespace and all that it keeps; return how many keys that were."""
    return catalog(scope.store).drop(namespace)
