"""A process that commits until it is killed: `python writer.py PATH SEED KINDS`.

It tells its parent what happens by single bytes on standard output:

    s   about to open the database        c   about to compact        w   about to write
    a   one more commit is acknowledged

KINDS has a letter for each thing it does by turns: "t" one transaction, "g" a group, "c" a
compaction, "r" closing and opening again; with "w" in front the database is opened with a window.
Commit `n` depends on the seed and on `n` alone (`commit`), so that the parent knows what to find.
It gives up after LIMIT turns, and when its parent is gone.
"""

import os
import sys
from itertools import cycle, islice

import libredb
from libredb import Database, GroupCommit, Transaction
from sim.generator import Generator

LIMIT = 2000
KEYS = 40


def commit(tx: Transaction, number: int, seed: int) -> None:
    """Make the writes of commit `number`."""
    generator = Generator(seed * 100_003 + number)
    tx.set(b"count", b"%d" % number)
    tx.set(b"key%02d" % generator.below(KEYS), generator.octets(generator.below(700)))
    if generator.chance(0.3):
        tx.delete(b"key%02d" % generator.below(KEYS))


def count_of(db: Database) -> int:
    """Return how many commits the database holds."""
    return int(db.get(b"count") or 0)


def tell(event: bytes) -> None:
    """Tell the parent."""
    os.write(1, event)


class Writer:
    """The database, opened again and again."""

    def __init__(self, path: str, seed: int, *, window: bool) -> None:
        """Open it for the first time."""
        self.path = path
        self.seed = seed
        self.window = GroupCommit(commits=7) if window else None
        self.open()

    def open(self) -> None:
        """Open the database, which recovers it."""
        tell(b"s")
        self.db = libredb.open(self.path, group_commit=self.window)
        self.count = count_of(self.db)

    def transact(self) -> None:
        """Commit one transaction."""
        self.count += 1
        self.db.transact(lambda tx: commit(tx, self.count, self.seed))

    def act(self, kind: str) -> None:
        """Do one thing of the list."""
        if kind == "t":
            tell(b"w")
            self.transact()
            tell(b"a")
        elif kind == "g":
            tell(b"w")
            with self.db.group():
                for _ in range(4):
                    self.transact()
            tell(b"aaaa")
        elif kind == "c":
            tell(b"c")
            self.db.compact()
        else:
            self.db.close()
            self.open()


def main() -> None:
    """Write until killed."""
    path, seed, kinds = sys.argv[1:]
    writer = Writer(path, int(seed), window=kinds.startswith("w"))
    for kind in islice(cycle(kinds.removeprefix("w")), LIMIT):
        writer.act(kind)


if __name__ == "__main__":
    main()
