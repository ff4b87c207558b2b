"""Why a file was refused, in a word that counters and floors can use.

What counts is what the error carries, never its text: a message may be said better tomorrow.
Absent on purpose: whether the refusal was right. That is judged by who knows the file.
"""

from typing import Any


def reason(error: Any) -> str:
    """Return what proves that the damaged bytes had been durable, else the code of the error.

    The evidence is "mark", "snapshot" or "record"; not every `LogFileError` is about damage.
    """
    evidence: str | None = getattr(error, "evidence", None)
    return evidence or str(error.code)
