"""Ids for rows that come without one: texts that rise with time, or numbers that count.

    UUIDv7    48 bits of milliseconds, 0111, 12 bits, 10, 62 bits; as text in lower case
    counter   1, 2, 3, ..; the last one is kept under P 04, in digits, and none is given twice

Those of one process rise strictly, whatever its clock does: an id begins with the time if that is
later than the last id, and is otherwise the last id and a random step. So rows that come one after
the other lie side by side. The bits behind the time are random, so that ids of several processes
differ. Absent on purpose: a random id without the time, whose keys would lie anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from os import urandom
from threading import Lock
from time import time_ns
from uuid import UUID

from libredb.kernel.errors import UsageTypeError
from libredb.kernel.transaction import Reader, Writer
from libredb.lens.errors import DamagedEntryError
from libredb.lens.keys.namespace import Namespace
from libredb.lens.rows.row import COUNTER

_TAIL_BITS = 74
_TAIL_MASK = (1 << _TAIL_BITS) - 1
_LOW_BITS = 62
_LOW_MASK = (1 << _LOW_BITS) - 1
_VERSION_AND_VARIANT = 7 << 76 | 2 << 62


def _milliseconds() -> int:
    return time_ns() // 1_000_000


class RisingIds:
    """Returns a new id at each call. Threads may share it.

    Invariant: `_last` is the last id without version and variant, and only grows.
    """

    def __init__(
        self,
        clock: Callable[[], int] = _milliseconds,
        random_bytes: Callable[[int], bytes] = urandom,
    ) -> None:
        """Take a clock of milliseconds since 1970, and what returns so many random bytes."""
        self._clock = clock
        self._random_bytes = random_bytes
        self._lock = Lock()
        self._last = 0

    def __call__(self) -> str:
        """Return the next id."""
        drawn = int.from_bytes(self._random_bytes(10))
        with self._lock:
            now = self._clock() << _TAIL_BITS
            if now > self._last:
                self._last = now | (drawn & _TAIL_MASK)
            else:  # the same millisecond, or the clock was put back
                self._last += 1 + (drawn & 0xFFFFFFFF)
            last = self._last
        high = last >> _TAIL_BITS << 80 | (last >> _LOW_BITS & 0xFFF) << 64
        return str(UUID(int=high | _VERSION_AND_VARIANT | last & _LOW_MASK))


new_id: RisingIds = RisingIds()
"""What ids come from where a lens is told nothing else."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Says that a lens counts up for its ids."""

    field: str


def counter(field: str) -> Counter:
    """Return what to pass as `key=`, for ids 1, 2, 3 in the field of that name.

    No number is given twice, also after the row with it was deleted.
    """
    if type(field) is not str:
        raise UsageTypeError(f"the name of a field is a str, not {type(field).__name__}")
    return Counter(field)


def last_count(tx: Reader, namespace: Namespace) -> int:
    """Return the last number that was given to a row, 0 before the first. Reads one key.

    Raises:
        DamagedEntryError: it is no number.
    """
    data = tx.get(namespace.keys.prefix + COUNTER)
    if data is not None and not data.isdigit():
        reason = f"the last number that a row of {namespace.name!r} had is {data!r}"
        raise DamagedEntryError(reason, namespace=namespace.name, actual=data)
    return int(data or 0)


def save_count(tx: Writer, namespace: Namespace, number: int) -> None:
    """Record the last number that was given to a row."""
    tx.set(namespace.keys.prefix + COUNTER, b"%d" % number)
