"""Text keys and their values: the methods of `libredb.kv`, one transaction each.

`values` says what the values are ("json", "str" or "bytes"); without it, what is recorded counts. A
time to live is in milliseconds. A scan is a page; `after` begins the next one.
Absent on purpose: `keys`, `items` and `values`, which a scan does.
"""

from datetime import timedelta
from typing import Any, cast

from libredb import KV, UsageTypeError, UsageValueError
from libredb.remote.calls.call import Calls, Scope, page_rows

CALLS = Calls()

_LAST = 0x10FFFF
_BEFORE_SURROGATES, _BEHIND_SURROGATES = 0xD7FF, 0xE000


@CALLS.read("kv.get")
def get(scope: Scope, *, namespace: str, key: str, values: str | None = None) -> Any:  # noqa: ANN401 - whatever it keeps
    """Return the value of a key, or null."""
    return _kv(scope, namespace, values).get(key)


@CALLS.read("kv.get_versioned")
def get_versioned(
    scope: Scope, *, namespace: str, key: str, values: str | None = None
) -> dict[str, Any]:
    """Return the value of a key and its version; null and 0 where it is not there."""
    value, version = _kv(scope, namespace, values).get_versioned(key)
    return {"value": value, "version": version}


@CALLS.read("kv.get_many")
def get_many(
    scope: Scope, *, namespace: str, keys: list[Any], values: str | None = None
) -> list[Any]:
    """Return the value of each key, or null."""
    return _kv(scope, namespace, values).get_many(keys)


@CALLS.read("kv.has")
def has(scope: Scope, *, namespace: str, key: str, values: str | None = None) -> bool:
    """Return whether a key is there."""
    return key in _kv(scope, namespace, values)


@CALLS.read("kv.count")
def count(scope: Scope, *, namespace: str, values: str | None = None) -> int:
    """Return how many keys there are. Reads them all."""
    return len(_kv(scope, namespace, values))


@CALLS.read("kv.scan")
def scan(  # noqa: PLR0913 - they are those of Python's scan, and the place to go on from
    scope: Scope,
    *,
    namespace: str,
    start: str | None = None,
    end: str | None = None,
    prefix: str | None = None,
    reverse: bool = False,
    limit: int | None = None,
    after: str | None = None,
    values: str | None = None,
) -> dict[str, Any]:
    """Return a page of the entries of a range, and the key behind which the next one begins."""
    if prefix is not None:
        if start is not None or end is not None:
            raise UsageValueError("kv.scan: a prefix is a range; take it, or start and end")
        start, end = prefix, successor(prefix)
    if after is not None and reverse:
        end = after if end is None else min(end, after)
    elif after is not None:
        start = max(start or "", after + "\0")
    rows = page_rows(limit)
    found = _kv(scope, namespace, values).scan(start, end, reverse=reverse, limit=rows)
    entries = [[key, value] for key, value in found]
    return {"entries": entries, "next": entries[-1][0] if 0 < rows == len(entries) else None}


@CALLS.read("kv.check")
def check(scope: Scope, *, namespace: str, values: str | None = None) -> list[str]:
    """Return what is wrong with its entries. Reads them all."""
    return _kv(scope, namespace, values).check()


@CALLS.write("kv.set")
def set_(
    scope: Scope,
    *,
    namespace: str,
    key: str,
    value: Any,  # noqa: ANN401 - whatever it keeps
    ttl_ms: float | None = None,
    values: str | None = None,
) -> None:
    """Set a key."""
    _kv(scope, namespace, values).set(key, value, ttl=_lifetime(ttl_ms))


@CALLS.write("kv.set_many")
def set_many(
    scope: Scope,
    *,
    namespace: str,
    entries: list[Any],
    ttl_ms: float | None = None,
    values: str | None = None,
) -> None:
    """Set several keys, given as pairs, all or none."""
    if not all(isinstance(each, list) and len(cast(list[Any], each)) == 2 for each in entries):
        raise UsageTypeError("kv.set_many: 'entries' is a list of pairs of a key and a value")
    if not all(isinstance(key, str) for key, _ in entries):
        raise UsageTypeError("kv.set_many: the key of an entry is a str")
    _kv(scope, namespace, values).set_many(entries, ttl=_lifetime(ttl_ms))


@CALLS.write("kv.put_if")
def put_if(
    scope: Scope,
    *,
    namespace: str,
    key: str,
    value: Any,  # noqa: ANN401 - whatever it keeps
    version: int,
    values: str | None = None,
) -> bool:
    """Set a key if its version is still this one, 0 for absent; return whether it was."""
    return _kv(scope, namespace, values).put_if(key, value, version)


@CALLS.write("kv.incr")
def incr(scope: Scope, *, namespace: str, key: str, by: int = 1, values: str | None = None) -> int:
    """Add to the integer at a key, and return the sum."""
    return _kv(scope, namespace, values).incr(key, by)


@CALLS.write("kv.delete")
def delete(scope: Scope, *, namespace: str, key: str, values: str | None = None) -> bool:
    """Delete a key; return whether it was there."""
    return _kv(scope, namespace, values).delete(key)


@CALLS.write("kv.pop")
def pop(scope: Scope, *, namespace: str, key: str, values: str | None = None) -> Any:  # noqa: ANN401 - whatever it keeps
    """Delete a key and return its value, or null."""
    return _kv(scope, namespace, values).pop(key, None)


@CALLS.write("kv.setdefault")
def setdefault(
    scope: Scope,
    *,
    namespace: str,
    key: str,
    value: Any,  # noqa: ANN401 - whatever it keeps
    values: str | None = None,
) -> Any:  # noqa: ANN401 - as above
    """Return the value of a key; set it to this one if it is not there."""
    return _kv(scope, namespace, values).setdefault(key, value)


@CALLS.write("kv.delete_range")
def delete_range(
    scope: Scope,
    *,
    namespace: str,
    start: str | None = None,
    end: str | None = None,
    prefix: str | None = None,
    values: str | None = None,
) -> int:
    """Delete the keys of a range; return how many. Reads them all."""
    return _kv(scope, namespace, values).delete_range(start, end, prefix=prefix)


@CALLS.write("kv.clear")
def clear(scope: Scope, *, namespace: str, values: str | None = None) -> None:
    """Delete every key. Reads them all."""
    _kv(scope, namespace, values).clear()


@CALLS.write("kv.purge_expired")
def purge_expired(scope: Scope, *, namespace: str, values: str | None = None) -> int:
    """Delete what is expired; return how many entries."""
    return _kv(scope, namespace, values).purge_expired()


def successor(prefix: str) -> str | None:
    """Return the first text behind all that begin with a prefix, None where there is none.

    Texts are in the order of their code points. Nothing is above the last one, so it goes, and the
    one before it grows; half a character is no character.
    """
    shortest = prefix.rstrip(chr(_LAST))
    if not shortest:
        return None
    last = ord(shortest[-1])
    return shortest[:-1] + chr(_BEHIND_SURROGATES if last == _BEFORE_SURROGATES else last + 1)


def _kv(scope: Scope, namespace: str, values: str | None) -> KV[Any]:
    return scope.schema.kv(scope.store, namespace, values)


def _lifetime(ttl_ms: float | None) -> timedelta | None:
    if ttl_ms is None:
        return None
    try:
        return timedelta(milliseconds=ttl_ms)
    except (OverflowError, ValueError):
        raise UsageValueError(f"'ttl_ms' is a number of milliseconds, not {ttl_ms!r}") from None
