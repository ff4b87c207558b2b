"""What all that has keys can do for a command: a key is given and shown as text.

key on the command line                       value
raw        bytes                                         bytes
kv         text                                          text, bytes or JSON, as it was made
documents  an id                                         JSON, without the id or with it
table      the key; one of several columns as JSON       tagged JSON, read by its columns
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class Range:
    """Which keys are meant, as they were given; `limit` counts from where `reverse` begins."""

    start: str | None = None
    end: str | None = None
    prefix: str | None = None
    reverse: bool = False
    limit: int | None = None
    with_lenses: bool = False


class Found(NamedTuple):
    """A value: as it is printed, and as bytes."""

    shown: str
    data: bytes


class Entry(NamedTuple):
    """A key as it is printed, its bytes, and its value."""

    key: str
    key_data: bytes
    value: Found


class Keyed(Protocol):
    """One of the four."""

    def get(self, key: str) -> Found | None:
        """Return the value of a key, None where there is none."""
        ...

    def set(self, key: str, given: str | bytes) -> None:
        """Set a key to a value that was typed, or that came from stdin."""
        ...

    def delete(self, key: str) -> bool:
        """Delete a key; return whether it was there."""
        ...

    def scan(self, wanted: Range) -> Iterator[Entry]:
        """Yield entries in the order of the keys, from one state."""
        ...
