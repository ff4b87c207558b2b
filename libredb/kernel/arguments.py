"""What callers hand over: is it what it has to be, and what to do if it is not.

Keys and values may be of any type that holds bytes, and are copied where they could change later.
Every refusal says what was expected, what came, and what would do.
"""

from libredb.kernel.errors import UsageTypeError

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


def check_count(count: object, what: str) -> None:
    """Refuse what is no int."""
    if not isinstance(count, int) or isinstance(count, bool):
        raise UsageTypeError(f"{what} must be an int, not {type(count).__name__}")
