"""What the tests of kv share: a clock to move, raw entries, and a store without numbers."""

from datetime import timedelta

from libredb import Store, Writer
from tests.support.stores import NaiveStore, NaiveWriter

PREFIX = "fe1501"
SECOND = timedelta(seconds=1)


class Clock:
    """A clock that stands still until it is moved, and counts who looks."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.now


class UnnumberedWriter(NaiveWriter):
    """A transaction without a number."""

    def __init__(self, entries: dict[bytes, bytes], version: int) -> None:
        super().__init__(entries, 0)


class UnnumberedStore(NaiveStore):
    """A store that does not number its commits."""

    writer = UnnumberedWriter


def below(store: Store) -> dict[str, str]:
    """Return what a kv keeps under its prefix, in hexadecimal digits."""
    start = bytes.fromhex(PREFIX)
    found = store.read(lambda tx: list(tx.scan(start, start + b"\xff")))
    return {key.hex().removeprefix(PREFIX): value.hex() for key, value in found}


def planted(store: Store, key: bytes, value: bytes | None) -> None:
    """Write a raw entry under the prefix, or delete it."""
    whole = bytes.fromhex(PREFIX) + key

    def plant(tx: Writer) -> None:
        tx.delete(whole) if value is None else tx.set(whole, value)

    store.transact(plant)


def entry(version: int, value: bytes, deadline: int | None = None) -> bytes:
    """Return the bytes of an entry, as the docstring of kv_entries draws them."""
    if deadline is None:
        return b"\0" + version.to_bytes(8) + value
    return b"\1" + version.to_bytes(8) + deadline.to_bytes(8, signed=True) + value
