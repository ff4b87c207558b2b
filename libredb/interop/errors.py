"""What an import refuses.

    LensError
      BadLineError    a line, an element or a row that cannot be stored

`__cause__` is the error of the lens, where it was a lens that refused.
"""

from typing import Any

from libredb.interop.report import ImportReport
from libredb.kernel.errors import LensError


class BadLineError(LensError, ValueError):
    """A line cannot be stored. Nothing of its portion is; `report` says what is stored of others.

    Attributes:
        source: What was read: a path, or the name of a stream.
        line: The number of the line, from 1.
        reason: What is wrong with it.
        report: What the import has stored before.
    """

    code = "bad_line"

    def __init__(
        self, source: str, line: int, reason: str, report: ImportReport, noun: str = "line"
    ) -> None:
        """Name the source, the line, and what is wrong with it."""
        super().__init__(f"{source}, {noun} {line:,}: {reason}")
        self.source = source
        self.line = line
        self.reason = reason
        self.report = report
        self.noun = noun

    def __reduce__(self) -> tuple[Any, ...]:
        """Let the error cross a process boundary with its attributes."""
        return type(self), (self.source, self.line, self.reason, self.report, self.noun)
