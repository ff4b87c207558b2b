"""The one source of choices: everything a run decides is drawn here.

It stands on `random.Random(seed).random()` alone, because that is the one method whose sequence
Python promises to keep across versions. The methods of `random.Random` that look handier (choice,
shuffle, randbytes) are absent on purpose: their sequences have changed before.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

# Octets without any structure, the same in every run. Drawing a position in them is much cheaper
# than drawing each octet.
POOL = hashlib.shake_128(b"libredb simulator").digest(1 << 17)


class Generator:
    """A sequence of choices that one integer seed decides."""

    __slots__ = ("random",)

    def __init__(self, seed: int) -> None:
        """Start the sequence that belongs to `seed`."""
        self.random = random.Random(seed).random

    def below(self, limit: int) -> int:
        """Return an integer of `[0, limit)`."""
        return int(self.random() * limit)

    def between(self, low: int, high: int) -> int:
        """Return an integer of `[low, high]`."""
        return low + int(self.random() * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices, all equally likely."""
        return choices[int(self.random() * len(choices))]

    def octets(self, length: int) -> bytes:
        """Return `length` octets without structure; two calls seldom agree on more than a few."""
        start = int(self.random() * (len(POOL) >> 1))
        if length <= len(POOL) >> 1:
            return POOL[start : start + length]
        return (POOL * (length // len(POOL) + 2))[start : start + length]
