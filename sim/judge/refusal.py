"""Why a file was refused, in a word that counters and floors can use.

What counts is what the error carries, never its text: a message may be said better tomorrow.
Absent on purpose: whether the refusal was right. That is judged by who knows the file.
"""

from typing import Any

RECORDS_OFFSET = 8192


def reason(error: Any, mark: int) -> str:
    """Return what proved that the damaged bytes had been durable, else the code of the error.

    Args:
        error: A `LogFileError` of the kernel, or of a mutant of it.
        mark: How many bytes of the file a durable mark covers, as far as anyone knows.
    """
    evidence: str | None = getattr(error, "evidence", None)
    if evidence is None and error.code == "corrupt" and error.offset >= RECORDS_OFFSET:
        return "mark" if error.offset < mark else "record"
    return evidence or str(error.code)
