"""What was moved, and what did not fit: reports for people, and JSON for programs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from libredb.kernel.errors import LensError

Counts = Counter[tuple[str, str]]
"""How many, by namespace and reason."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """How many entries of a namespace have no place on the other side as what they are, and why."""

    namespace: str
    reason: str
    count: int

    def __str__(self) -> str:
        return f"{self.namespace!r}: {self.count:,} with {self.reason}"


class UnfitError(LensError):
    """A database holds what the other format cannot; `unfit` lists it. Nothing was written."""

    code = "unfit"

    def __init__(self, message: str, unfit: tuple[Unfit, ...]) -> None:
        """Say what was refused, and take the list."""
        super().__init__(message)
        self.unfit = unfit

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross a process boundary with its list."""
        return type(self), (*self.args, self.unfit)


@dataclass(frozen=True, slots=True)
class UpgradeReport:
    """What became of a file of the TypeScript LibreDB.

    Attributes:
        source: Its path, or "the file" if only its bytes were given.
        target: The path of the database that was made of it.
        format: 0 or 1.
        commits: How many transactions it held.
        discarded_bytes: How many bytes at its end a crash had cut short; they are left out.
        documents: How many documents there are, by the name of their collection.
        tables: How many rows there are, by the name of their table.
        kv: The name of the kv that the other keys are in.
        kv_entries: How many these are.
        raw_entries: How many keys stayed raw, with those of `unfit`.
        unfit: Which of the raw ones belong to a collection, or to the kv, and do not fit there.
    """

    source: str
    target: str
    format: int
    commits: int
    discarded_bytes: int
    documents: Mapping[str, int]
    tables: Mapping[str, int]
    kv: str
    kv_entries: int
    raw_entries: int
    unfit: tuple[Unfit, ...]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ConvertReport:
    """What was written for the TypeScript LibreDB.

    Attributes:
        source: The path of the database.
        target: The path of the file that was made of it.
        format: 0 or 1.
        entries: How many entries it has, with those of its catalog.
        size_bytes: How long it is.
        losses: What is there in another form, or not at all; empty unless that was permitted.
    """

    source: str
    target: str
    format: int
    entries: int
    size_bytes: int
    losses: tuple[Unfit, ...]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return asdict(self)


def listed(counts: Counts) -> tuple[Unfit, ...]:
    """Return counts as a list, ordered by namespace and reason."""
    return tuple(Unfit(*place, count) for place, count in sorted(counts.items()) if count)
