"""What commit number `n` writes: it depends on `n` alone, so that everybody knows what to find.

Processes that are made to fail write these commits, and whoever looks at the file afterwards knows
the state after any number of them, from a dict that shares no code with the kernel. Every fifth
commit is large, so that the entries take more than one record of a compacted log.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import libredb
from libredb import Database, GroupCommit

ROOT = Path(__file__).parents[2]
LARGE_BYTES = 40_000
BIG_BYTES = 3_000_000

State = dict[bytes, bytes]


class Writes(Protocol):
    """What a commit needs of a transaction."""

    def set(self, key: bytes, value: bytes, /) -> None:
        """Set a key."""
        ...

    def delete(self, key: bytes, /) -> Any:
        """Delete a key if it is there."""
        ...


class Recorder:
    """The state after commits, in a dict."""

    def __init__(self, make: "Callable[[Writes, int], None] | None" = None) -> None:
        """Begin with nothing; `make` makes a commit, if it is not `commit`."""
        self.commit = make or commit
        self.state: State = {}
        self.count = 0

    def set(self, key: bytes, value: bytes, /) -> None:
        """Set a key."""
        self.state[key] = value

    def delete(self, key: bytes, /) -> None:
        """Delete a key if it is there."""
        self.state.pop(key, None)

    def advance(self, count: int) -> State:
        """Make the commits up to number `count`, and return the state after it."""
        assert count >= self.count
        for number in range(self.count + 1, count + 1):
            self.commit(self, number)
        self.count = count
        return self.state


def commit(writes: Writes, number: int) -> None:
    """Make the writes of commit `number`; the values are full of zeros, as a log is."""
    content = number.to_bytes(4)
    writes.set(b"count", b"%d" % number)
    writes.set(b"key%02d" % (number % 40), content * (number * 37 % 170))
    if number % 5 == 0:
        writes.set(b"large%02d" % (number // 5 % 30), content * (LARGE_BYTES // 4))
    if number % 7 == 0:
        writes.delete(b"key%02d" % (number * 3 % 40))


def commit_big(writes: Writes, number: int) -> None:
    """Make a commit that takes the system a while to write."""
    commit(writes, number)
    writes.set(b"big", number.to_bytes(4) * (BIG_BYTES // 4))


def state_after(count: int) -> State:
    """Return the state after `count` commits."""
    return Recorder().advance(count)


def count_of(db: Database) -> int:
    """Return how many commits the database shows."""
    return int(db.get(b"count") or 0)


def fill(path: str, count: int) -> None:
    """Make a database with `count` commits, and close it."""
    with libredb.open(path) as db, db.group():
        for number in range(1, count + 1):
            db.transact(lambda tx, number=number: commit(tx, number))


def leave_torn(path: str, count: int) -> None:
    """Leave the file at `path` as a process does that was killed while writing `count` + 1.

    The commits before it were handed to the operating system and never synced; of the last record
    the first half is there, and behind it are the zeros of the room that was reserved.
    """
    with libredb.open(path, group_commit=GroupCommit(commits=1000)) as db:
        ends: list[int] = []
        for number in range(count_of(db) + 1, count + 2):
            db.transact(lambda tx, number=number: commit(tx, number))
            ends.append(db.log_bytes)
        image = bytearray(Path(path).read_bytes())
    half = (ends[-2] + ends[-1]) // 2
    image[half : ends[-1]] = bytes(ends[-1] - half)
    Path(path).write_bytes(image)


def environment() -> dict[str, str]:
    """Return the environment of a Python that runs this checkout and writes no bytecode."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "adapters")]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
