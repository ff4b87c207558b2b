"""What callers hand over: is it what it has to be, and what to do if it is not.

Keys and values may be of any type that holds bytes, and are copied where they could change later.
A prefix is a range: from the prefix itself to its successor, the first key behind all that begin
with it. Every refusal says what was expected, what came, and what would do.
"""

from collections.abc import Iterable
from typing import cast

from libredb.kernel.errors import UsageError, UsageTypeError

BytesLike = bytes | bytearray | memoryview


def as_bytes(data: object, what: str) -> bytes:
    """Return `data` as immutable bytes, copied where it could change later."""
    if type(data) is bytes:
        return data
    if isinstance(data, (bytes, bytearray)):
        return bytes(data)
    if isinstance(data, memoryview):
        return data.tobytes()
    hint = "turn it into bytes first"
    if isinstance(data, str):
        hint = "encode text with .encode() first"
    elif isinstance(data, int):
        hint = "turn a number into bytes first: .to_bytes(8) keeps the order from 0 on"
    elif data is None and what == "value":
        hint = "use delete() to remove a key"
    raise UsageTypeError(
        f"{what} must be bytes, bytearray or memoryview, not {type(data).__name__}; {hint}"
    )


def as_keys(keys: object) -> list[bytes]:
    """Return several keys as immutable bytes."""
    if isinstance(keys, (bytes, bytearray, memoryview, str)) or not isinstance(keys, Iterable):
        given = type(cast(object, keys)).__name__
        raise UsageTypeError(f"several keys are expected, not {given}; for a single one use get()")
    return [as_bytes(key, "key") for key in cast(Iterable[object], keys)]


def check_count(count: object, what: str) -> None:
    """Refuse what is no int."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise UsageTypeError(f"{what} must be an int, not {type(count).__name__}")


def range_of(
    start: BytesLike, end: BytesLike | None, prefix: BytesLike | None
) -> tuple[bytes, bytes | None]:
    """Return the start and the end of a range that is asked for by both or by a prefix."""
    start = as_bytes(start, "start")
    end = None if end is None else as_bytes(end, "end")
    if prefix is None:
        return start, end
    if start or end is not None:
        raise UsageError("a prefix is a range: pass prefix=..., or start and end, not both")
    prefix = as_bytes(prefix, "prefix")
    return prefix, successor(prefix)


def successor(prefix: bytes) -> bytes | None:
    """Return the first key behind all that begin with `prefix`, None where no key is.

    Behind `a1` comes `a2`. Nothing is above the byte 0xff, so it goes, and the one before it grows.
    """
    shortest = prefix.rstrip(b"\xff")
    return shortest[:-1] + bytes([shortest[-1] + 1]) if shortest else None
