"""Files of SQLite for tests: made by a script, and the tables in them."""

import sqlite3
from pathlib import Path


def make(path: Path, script: str) -> sqlite3.Connection:
    """Make a file of SQLite, and return the connection to it."""
    connection = sqlite3.connect(path)
    connection.executescript(script)
    return connection


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """Return the names of all tables, in order."""
    found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return sorted(name for (name,) in found)
