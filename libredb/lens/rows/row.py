"""One row, a document or a row of a table, as it is kept; P is the prefix of its namespace.

    P 01 (id)          00 version row      a row: version in 8 bytes, then as its lens encodes it
    P 03 (i) keys (id) nothing             an entry of index i, see `index`
    P 04               digits              the last number that a counter gave to a row

The id is in the key alone, so that a row cannot contradict it. Here a row is a dict from names to
values that `order_key` knows, its id among them; a `Form` says how a lens makes bytes of it. The 00
leaves room for other layouts. A version is the number of the commit, shifted by 16 bits so that one
commit can write a row more than once, and larger than the last one of that row; where commits are
not numbered it is random. Absent on purpose: the namespace of a row, which the prefix tells.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from secrets import randbits
from struct import Struct
from typing import Any, TypeAlias

from libredb.kernel.errors import UsageTypeError
from libredb.kernel.transaction import Reader
from libredb.lens.errors import ConflictError, DamagedEntryError, InvalidValueError
from libredb.lens.keys.encoding import Part
from libredb.lens.keys.namespace import Namespace
from libredb.lens.values.json_value import Path

Plain: TypeAlias = dict[str, Any]
"""A row as a dict of values that `order_key` knows."""

ROWS = b"\x01"
INDEXES = b"\x03"
COUNTER = b"\x04"

HEADER = Struct(">BQ")
HEADER_BYTES = HEADER.size
MAX_ID_BYTES = 512

_LAYOUT = 0


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """How one kind of lens makes bytes of its rows and of their ids. Each is equal to itself alone.

    Attributes:
        noun: What it calls its rows.
        key: The paths of the fields that are the id, in order.
        part_of: Returns what a value of the nth of these fields is in a packed id, or None where no
            row can have it. In the order of the parts the values have to be in that of `order_key`.
        pack: Returns the bytes of an id, or refuses it.
        unpack: Returns the id of these bytes.
        encode: Returns the bytes of a row, or refuses it.
        decode: Returns the row with this packed id, whose bytes these are.
    """

    noun: str
    key: tuple[Path, ...]
    part_of: "Callable[[int, Any], Part | None]"
    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], Any]
    encode: Callable[[Plain], bytes]
    decode: Callable[[bytes, bytes], Plain]


class Rows:
    """The rows of a namespace, as one reader sees them."""

    def __init__(self, tx: Reader, namespace: Namespace, form: Form) -> None:
        """Take a reader, a record that it has read, and the form of its lens."""
        self.tx: Reader = tx
        self.namespace: Namespace = namespace
        self.form: Form = form
        self.prefix: bytes = namespace.keys.prefix + ROWS

    def get(self, packed: bytes) -> Plain | None:
        """Return the row with this id, or None. Reads one key."""
        value = self.tx.get(self.prefix + packed)
        return None if value is None else self.decoded(packed, value)

    def get_many(self, ids: Iterable[bytes]) -> list[Plain | None]:
        """Return the row of each id, or None. Reads one key for each."""
        wanted = list(ids)
        values = self.tx.get_many([self.prefix + packed for packed in wanted])
        return [
            None if value is None else self.decoded(packed, value)
            for packed, value in zip(wanted, values, strict=True)
        ]

    def get_versioned(self, packed: bytes) -> tuple[Plain | None, int]:
        """Return the row with this id and its version, or None and 0. Reads one key."""
        value = self.tx.get(self.prefix + packed)
        return (None, 0) if value is None else (self.decoded(packed, value), version_of(value))

    def decoded(self, packed: bytes, value: bytes) -> Plain:
        """Return the row with this id that is kept as `value`.

        Raises:
            DamagedEntryError: no lens has written it.
        """
        if len(value) < HEADER_BYTES or value[0] != _LAYOUT:
            raise damaged_row(value)
        return self.form.decode(packed, value[HEADER_BYTES:])


def placed(error: InvalidValueError, place: str, name: str, id: object) -> InvalidValueError:  # noqa: A002 - as errors call it
    """Return an error about a value as one about a row, unless it names one already."""
    if error.namespace is not None:
        return error
    return InvalidValueError(
        f"{place}: {error}",
        namespace=name,
        id=id,
        field=error.field,
        expected=error.expected,
        actual=error.actual,
    )


def damaged_row(value: bytes) -> DamagedEntryError:
    """Return the error about a value without a header."""
    return DamagedEntryError(f"a row begins with 00 and a version, not {value[:9]!r}", actual=value)


def version_of(value: bytes | None) -> int:
    """Return the version in a stored row, 0 where there is none."""
    if value is None:
        return 0
    if len(value) < HEADER.size:
        raise damaged_row(value)
    return HEADER.unpack_from(value)[1]


def header(commit: int, old: bytes | None) -> bytes:
    """Return what a row begins with that is written in this commit in place of `old`."""
    if not commit:
        return HEADER.pack(_LAYOUT, randbits(63) | 1)
    return HEADER.pack(_LAYOUT, max(commit << 16, version_of(old) + 1))


def check_version(found: bytes | None, expected: int | None, id: object, name: str) -> None:  # noqa: A002 - as errors call it
    """Refuse to go on if the row has another version than `expected`; None expects nothing.

    Raises:
        ConflictError: it has; 0 stands for a row that is not there.
    """
    actual = version_of(found)
    if expected is not None and actual != expected:
        raise ConflictError(
            f"{id!r} has version {actual} by now, not {expected}; read it again",
            namespace=name,
            id=id,
            expected=expected,
            actual=actual,
        )


def check_version_argument(version: object) -> None:
    """Refuse what is neither a version nor None."""
    if version is not None and type(version) is not int:
        raise UsageTypeError(f"if_version is an int, not {type(version).__name__}")


def check_id_size(packed: bytes, id: object) -> bytes:  # noqa: A002 - as errors call it
    """Return the bytes of an id unless they are too many."""
    if len(packed) > MAX_ID_BYTES:
        raise InvalidValueError(
            f"an id has at most {MAX_ID_BYTES} bytes in its key, not {len(packed):,}",
            id=id,
            field="id",
            expected=f"at most {MAX_ID_BYTES} bytes",
            actual=len(packed),
        )
    return packed
