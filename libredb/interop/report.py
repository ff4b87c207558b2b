"""What an import has done so far: how many rows, and how far into its source.

Each row that was read is in exactly one of the four counts. They go on where an import is resumed:
the counts of the last report are those of all its runs.
"""

from dataclasses import dataclass

MOST_BAD_LINES = 10
"""How many bad lines a report holds; their number has no bound."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out.

    Attributes:
        line: Its number, from 1; of an element of a JSON file the line where it begins, and of a
            table of SQLite the number of the row.
        reason: What is wrong with it.
        raw: Its bytes.
    """

    line: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What is stored of an import.

    Attributes:
        namespace: Where it is.
        inserted: How many rows are new.
        updated: How many are in place of another one with the same key.
        skipped: How many were left out because their key was there already.
        bad: How many were left out because they cannot be stored.
        offset: How much of the source was read, in bytes; of a table of SQLite in rows.
        size: How much there is, or None where nobody knows.
        resumed_at: Where this run began; 0 unless it was resumed.
        bad_lines: The first bad lines of this run.
    """

    namespace: str
    inserted: int = 0
    updated: int = 0
    skipped: int = 0
    bad: int = 0
    offset: int = 0
    size: int | None = None
    resumed_at: int = 0
    bad_lines: tuple[BadLine, ...] = ()
