"""Logs to damage: written by the real database in memory, with the state after every commit.

`Writer` drives a database and remembers what it held after each commit and where each record
starts. `judge` is what recovery makes of bytes, without a file system: the state, or None if they
are refused. Absent on purpose: any knowledge of how a record is laid out; the damage is done to the
bytes that the kernel wrote.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from unittest import mock

import libredb
from libredb import GroupCommit, LogFileError, Transaction
from libredb.kernel import compaction, recovery
from sim.world.filesystem import SimFileSystem
from sim.world.generator import Generator
from tests.support.files import entries_in, replay

PATH = "app.libredb"
SECTOR = 512
MARK_OFFSET = 4096
RECORDS_OFFSET = 8192
RECORD_OVERHEAD = 24
SET_OVERHEAD = 9

Op = tuple[bytes, bytes | None]
"""(key, value) sets, (key, None) deletes."""
Commit = list[Op]
State = dict[bytes, bytes]


@dataclass(frozen=True)
class Written:
    """A log: record `i` starts at `starts[i]`, and before it the state was `states[i]`."""

    data: bytes
    starts: tuple[int, ...]
    states: tuple[State, ...]

    @property
    def end(self) -> int:
        """Where the last record ends."""
        return self.starts[-1]

    def records(self) -> list[bytes]:
        """Return the bytes of each record."""
        return [self.data[start:end] for start, end in pairwise(self.starts)]


class Writer:
    """A database at work, and the list of everything it ever showed."""

    def __init__(
        self, commits: Iterable[Commit] = (), *, group_commit: GroupCommit | None = None
    ) -> None:
        """Create a database in memory and commit to it."""
        self.fs = SimFileSystem()
        self.db = libredb.open(PATH, fs=self.fs, group_commit=group_commit)
        self.states: list[State] = [{}]
        self.starts = [RECORDS_OFFSET]
        self.commit(*commits)

    def commit(self, *commits: Commit) -> None:
        """Commit each one by itself."""
        for commit in commits:
            self.db.transact(applier(commit))
            state = dict(self.states[-1])
            apply(state, commit)
            self.states.append(state)
            self.starts.append(self.db.log_bytes)

    def group(self, *commits: Commit) -> None:
        """Commit all of them with one sync."""
        with self.db.group():
            self.commit(*commits)

    def compact(self, piece_bytes: int = 1 << 20) -> None:
        """Compact, with snapshot records of `piece_bytes`; the list begins with the snapshot."""
        with mock.patch.object(compaction, "SNAPSHOT_RECORD_BYTES", piece_bytes):
            self.db.compact()
        self.states, self.starts = self.states[-1:], [self.db.log_bytes]

    def reopen(self) -> None:
        """Close the database and open it again, which brings the durable mark to its end."""
        self.db.close()
        self.db = libredb.open(PATH, fs=self.fs)

    def fork(self) -> "Writer":
        """Return a writer with a copy of the file, opened after a crash that lost nothing."""
        twin = object.__new__(Writer)
        twin.fs = SimFileSystem()
        twin.fs.install(PATH, self.image().data)
        twin.db = libredb.open(PATH, fs=twin.fs)
        twin.states, twin.starts = list(self.states), list(self.starts)
        return twin

    def image(self) -> Written:
        """Return the file as a crash that loses nothing would leave it."""
        (data,) = self.fs.images(PATH)
        return Written(data, tuple(self.starts), tuple(self.states))

    def closed(self) -> Written:
        """Close the database and return its file."""
        self.db.close()
        return self.image()


def applier(commit: Commit) -> Callable[[Transaction], None]:
    """Return a function for `transact` that makes these writes."""

    def run(tx: Transaction) -> None:
        for key, value in commit:
            if value is None:
                tx.delete(key)
            else:
                tx.set(key, value)

    return run


def apply(state: State, commit: Commit) -> None:
    """Make the writes in a plain dict."""
    for key, value in commit:
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value


def make_commit(number: int, value: bytes) -> Commit:
    """Return commit `number`: one that is repeated, left out or moved changes the state."""
    commit: Commit = [(b"count", b"%d" % number), (b"key%d" % number, value)]
    if number % 4 == 0:
        commit.append((b"key%d" % (number - 1), None))
    return commit


def make_commits(
    generator: Generator, count: int, *, first: int = 1, smallest: int = 8, largest: int = 48
) -> list[Commit]:
    """Return `count` commits with values of drawn lengths."""
    return [
        make_commit(number, generator.octets(generator.between(smallest, largest)))
        for number in range(first, first + count)
    ]


def sized_commit(number: int, record_bytes: int, generator: Generator) -> Commit:
    """Return commit `number`, so that its record has exactly `record_bytes`."""
    empty = RECORD_OVERHEAD + 2 * SET_OVERHEAD + len(b"count" + b"%d" % number + b"key")
    commit: Commit = [(b"count", b"%d" % number), (b"key", generator.octets(record_bytes - empty))]
    return commit


def judge(data: bytes) -> State | None:
    """Return the state that recovery finds in a file of these bytes, None if it refuses them."""
    if recovery.choose(PATH, [(data, len(data))]) is None:
        return {}
    try:
        return entries_in(data, replay(PATH, data))
    except LogFileError:
        return None
