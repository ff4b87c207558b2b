"""A cursor: the place of a row in a search, as text that goes through an address.

    base64url of 01 | digest of condition and order, 8 bytes | order keys of the columns | packed id

What goes on from it goes on strictly behind that place, whether or not the row is still there. It
names no index and no commit: it stays good when indexes come and go, when the file is compacted,
and when others write. The digest is there because a place in one order means nothing in another.
Absent on purpose: a signature; who changes a cursor reads other rows of the same search.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

from libredb.kernel.errors import UsageTypeError, UsageValueError
from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.order_key import end_of
from libredb.lens.rows.order import Order
from libredb.lens.values.expression import Expression, fingerprint

FORMAT = b"\x01"

_DIGEST_BYTES = 8


def digest(expression: Expression, order: Order, *, is_filtered: bool) -> bytes:
    """Return what tells this search from others; a function that filters is only known to be."""
    text = repr((fingerprint(expression), order.columns, order.descending, is_filtered))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def encode(mark: bytes, keys: Sequence[bytes], packed: bytes) -> str:
    """Return the cursor of the row with these order keys and this packed id; `mark` is a digest."""
    data = FORMAT + mark + b"".join(keys) + packed
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(cursor: object, mark: bytes, columns: int) -> tuple[list[bytes], bytes]:
    """Return the order keys of the columns, and the packed id, that a cursor has.

    Raises:
        UsageTypeError: it is no str.
        UsageValueError: it is no cursor, or one of another search.
    """
    if type(cursor) is not str:
        raise UsageTypeError(f"a cursor is a str, not {type(cursor).__name__}")
    try:
        data = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        offset = len(FORMAT) + len(mark)
        keys: list[bytes] = []
        for _ in range(columns if data.startswith(FORMAT + mark) else 0):
            end = end_of(data, offset)
            keys.append(data[offset:end])
            offset = end
    except (ValueError, DamagedEntryError):
        raise UsageValueError(f"{cursor[:40]!r} is no cursor") from None
    if not data.startswith(FORMAT + mark):
        raise UsageValueError("the cursor is of another search, by its filter or its order")
    return keys, data[offset:]
