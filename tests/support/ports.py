"""What the kernel asked of the port, call by call, and a database that is open in its place."""

from collections.abc import Callable, Sequence
from typing import Any

import libredb
from libredb.kernel.log import Log
from libredb.kernel.placement import Place
from sim.world.filesystem import SimFileSystem
from tests.support.work import commit


class Calls:
    """A hook that remembers every call of the port with its numbers."""

    def __init__(self, fs: SimFileSystem) -> None:
        self.seen: list[tuple[str, int, int]] = []
        fs.hook = self

    def __call__(
        self, name: str, where: str, effect: Callable[..., Any], arguments: Sequence[Any], /
    ) -> Any:
        first = arguments[0] if arguments and isinstance(arguments[0], int) else 0
        size = {"read": lambda: arguments[1], "write": lambda: len(arguments[1])}
        self.seen.append((name, first, size.get(name, int)()))
        return effect(*arguments)

    def names(self) -> list[str]:
        """Return the names of the calls."""
        return [name for name, *_ in self.seen]

    def reads(self) -> list[tuple[int, int]]:
        """Return offset and length of each read."""
        return [(offset, length) for name, offset, length in self.seen if name == "read"]


def a_database(fs: SimFileSystem) -> tuple[Place, Log]:
    """Return a place with a database of two entries that is open there."""
    with libredb.open("p", fs=fs) as db:
        commit(db, b"1", b"2")
    place = Place("p", fs)
    place.lock()
    return place, place.recover(place.read(writable=True))
