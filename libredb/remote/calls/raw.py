"""Raw keys: bytes to bytes, in the order of the bytes.

    get get_many has count scan     one read each; a scan is a page, and `after` begins the next one
    set delete delete_range         one transaction each
    transact                        a list of ops in one transaction:
        {"op": "set", "key": .., "value": .., "expect": ..}
        {"op": "delete", "key": .., "expect": ..}, {"op": "check", "key": .., "expect": ..}

`expect` is what the key has to be at that moment, null for absent; earlier ops of the list count.
Where it is something else, nothing of the list happens.
"""

from typing import Any, cast

from libredb import ConflictError, Transaction, UsageTypeError, UsageValueError
from libredb.remote.calls.call import (
    Argument,
    Calls,
    Scope,
    check_arguments,
    page_rows,
)

CALLS = Calls()

PAGE_BYTES = 1 << 20
"""A page ends with the entry that makes it longer than this."""

_KEY = Argument(frozenset({bytes}), is_needed=True)
_VALUE = Argument(frozenset({bytes}), is_needed=True)
_EXPECT = Argument(frozenset({bytes, type(None)}), is_needed=False)
_OP = Argument(None, is_needed=True)
_OPS = {
    "set": {"op": _OP, "key": _KEY, "value": _VALUE, "expect": _EXPECT},
    "delete": {"op": _OP, "key": _KEY, "expect": _EXPECT},
    "check": {"op": _OP, "key": _KEY, "expect": Argument(_EXPECT.types, is_needed=True)},
}


@CALLS.read("get")
def get(scope: Scope, *, key: bytes) -> bytes | None:
    """Return the value of a key, or null."""
    return scope.tx.get(key)


@CALLS.read("get_many")
def get_many(scope: Scope, *, keys: list[Any]) -> list[bytes | None]:
    """Return the value of each key, or null."""
    return scope.tx.get_many(keys)


@CALLS.read("has")
def has(scope: Scope, *, key: bytes) -> bool:
    """Return whether a key is there."""
    return key in scope.tx


@CALLS.read("count")
def count(
    scope: Scope, *, start: bytes = b"", end: bytes | None = None, prefix: bytes | None = None
) -> int:
    """Return how many keys are in a range. Reads them all."""
    return scope.tx.count(start, end, prefix=prefix)


@CALLS.read("scan")
def scan(  # noqa: PLR0913 - they are those of Python's scan, and the place to go on from
    scope: Scope,
    *,
    start: bytes = b"",
    end: bytes | None = None,
    prefix: bytes | None = None,
    reverse: bool = False,
    limit: int | None = None,
    after: bytes | None = None,
) -> dict[str, Any]:
    """Return a page of the entries of a range, and the key behind which the next one begins."""
    if prefix is not None:
        if start or end is not None:
            raise UsageValueError("scan: a prefix is a range; take it, or start and end")
        start, end = prefix, _end_of(prefix)
    if after is not None:
        start, end = _rest(start, end, after, reverse=reverse)
    rows = page_rows(limit)
    entries: list[list[bytes]] = []
    size_bytes = 0
    for key, value in scope.tx.scan(start, end, reverse=reverse, limit=rows):
        entries.append([key, value])
        size_bytes += len(key) + len(value)
        if size_bytes > PAGE_BYTES:
            break
    is_full = len(entries) == rows or size_bytes > PAGE_BYTES
    return {"entries": entries, "next": entries[-1][0] if is_full and entries else None}


@CALLS.write("set")
def set_(scope: Scope, *, key: bytes, value: bytes) -> None:
    """Set a key."""
    scope.tx.set(key, value)


@CALLS.write("delete")
def delete(scope: Scope, *, key: bytes) -> bool:
    """Delete a key; return whether it was there."""
    return scope.tx.delete(key)


@CALLS.write("delete_range")
def delete_range(
    scope: Scope,
    *,
    start: bytes | None = None,
    end: bytes | None = None,
    prefix: bytes | None = None,
) -> int:
    """Delete the keys of a range; return how many. Reads them all."""
    return scope.tx.delete_range(start, end, prefix=prefix)


@CALLS.write("transact")
def transact(scope: Scope, *, ops: list[Any]) -> list[bool | None]:
    """Do all ops in their order, or none; return of each delete whether the key was there.

    Raises:
        ConflictError: a key is not what an op expects; `id` names it.
    """
    return [_do(scope.tx, op, f"transact, op {place}") for place, op in enumerate(ops)]


def _do(tx: Transaction, op: Any, place: str) -> bool | None:  # noqa: ANN401 - a client says it
    if not isinstance(op, dict):
        raise UsageTypeError(f"{place} is an object, not a {type(op).__name__}")
    op = cast(dict[str, Any], op)
    kind = op.get("op")
    if not isinstance(kind, str) or kind not in _OPS:
        raise UsageValueError(f"{place}: 'op' is one of {', '.join(_OPS)}, not {kind!r:.40}")
    check_arguments(place, _OPS[kind], op)
    key: bytes = op["key"]
    if "expect" in op:
        _expect(tx, key, op["expect"], place)
    if kind == "set":
        return tx.set(key, op["value"])
    return tx.delete(key) if kind == "delete" else None


def _expect(tx: Transaction, key: bytes, expected: bytes | None, place: str) -> None:
    actual = tx.get(key)
    if actual != expected:
        raise ConflictError(
            f"{place}: the key {key!r} is not what was expected; read it again, and decide again",
            id=key,
            expected=expected,
            actual=actual,
        )


def _rest(
    start: bytes, end: bytes | None, after: bytes, *, reverse: bool
) -> tuple[bytes, bytes | None]:
    """Return the part of a range that is strictly behind a key, in the direction of the scan."""
    if reverse:
        return start, after if end is None else min(end, after)
    return max(start, after + b"\0"), end


def _end_of(prefix: bytes) -> bytes | None:
    """Return the first key behind all that begin with a prefix, None where no key is."""
    shortest = prefix.rstrip(b"\xff")
    return shortest[:-1] + bytes([shortest[-1] + 1]) if shortest else None
