"""What is meant, as facts: kept in the database beside the lenses, and read from there again.

Each call of a lens writes what it meant in the same transaction, as JSON under raw keys:

    lens/notes/n3          the document of that id
    lens/indexes/mail      there is an index of that name
    lens/settings/k1       [value, deadline]
    lens/tasks/7           a document whose id was counted
    lens/raw/r2            a raw key, set through a mapping
    lens/people/p1         a row of a table
    lens/orders/p1 2       a row of another one, whose key has two columns
    lens/declared/name     an index that the code declares, or does not any more
    lens/names/notes       what the namespace is called; there is none without it
    lens/counts/calls      how many calls there were, which is also what the clock says

Absent on purpose: what calls do to them; the files beside this one tell, one for each lens.
"""

import json
from dataclasses import dataclass, field, fields
from typing import Any

Document = dict[str, Any]
Facts = dict[bytes, bytes]

PREFIX = b"lens/"
END = b"lens0"
RAW = b"raw/"
DOCUMENTS, INDEXES, PEOPLE = b"lens/notes/", b"lens/indexes/", b"lens/people/"
VERSION = b"lens/counts/version"
DECLARED, KEPT = "declared", "kept"
ROLES = ("notes", "settings", "tasks", "people", "orders")


def is_of_lenses(key: bytes) -> bool:
    """Return whether only calls of lenses may change a key."""
    return key.startswith((PREFIX, RAW, b"\xfe"))


class Refusal(Exception):  # noqa: N818 - what a call is expected to raise, not an error of ours
    """A call must be refused, by the error of this name."""


@dataclass
class State:
    """Everything that lenses have to hold, each part a dict from names to what is JSON."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    notes: dict[str, Document] = field(default_factory=dict[str, Document])
    indexes: dict[str, bool] = field(default_factory=dict[str, bool])
    settings: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    tasks: dict[str, Document] = field(default_factory=dict[str, Document])
    raw: dict[str, str] = field(default_factory=dict[str, str])
    people: dict[str, Document] = field(default_factory=dict[str, Document])
    orders: dict[str, Document] = field(default_factory=dict[str, Document])
    declared: dict[str, str] = field(default_factory=dict[str, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def now(self) -> int:
        """What the clock says, in seconds."""
        return self.counts.get("calls", 0)

    def facts(self) -> Facts:
        """Return the keys and values that say this."""
        return {
            PREFIX + f"{part.name}/{name}".encode(): json.dumps(value).encode()
            for part in fields(self)
            for name, value in getattr(self, part.name).items()
        }

    def begin(self, role: str) -> None:
        """Note that a namespace is there, as its first write makes it be."""
        self.names.setdefault(role, role)
