"""The outcomes that were recorded from the TypeScript LibreDB, wherever they are at hand.

They are no part of the project: the environment variable LIBREDB_FIXTURES names the folder, whose
part `typescript-libredb` has them. What they cover, files made here cover as well.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from libredb import CorruptLogError, LogFileError, NotADatabaseError, UnsupportedVersionError

VARIABLE = "LIBREDB_FIXTURES"
FOLDER = Path(os.environ.get(VARIABLE, "")) / "typescript-libredb"

needs_recorded = pytest.mark.skipif(
    not os.environ.get(VARIABLE),
    reason=f"{VARIABLE} does not name the folder of recorded outcomes",
)

CODES: dict[str, type[LogFileError]] = {
    "NOT_A_DATABASE": NotADatabaseError,
    "UNSUPPORTED_VERSION": UnsupportedVersionError,
    "CORRUPT_WAL": CorruptLogError,
}
"""Which of our errors one of theirs is."""


def recorded(name: str) -> Any:
    """Return what a file of the folder says."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def recorded_file(name: str) -> bytes:
    """Return the bytes of a recorded database."""
    return (FOLDER / "files" / name).read_bytes()


def entries_of(pairs: list[list[str]]) -> dict[bytes, bytes]:
    """Return entries that are recorded in hexadecimal."""
    return {bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs}


def refusal_of(read: Callable[[], object]) -> type[LogFileError] | None:
    """Return how a file is refused, None if it is not."""
    try:
        read()
    except LogFileError as error:
        return type(error)
    return None
