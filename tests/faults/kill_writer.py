"""A process that commits until it is killed: `python kill_writer.py PATH KINDS`.

It tells its parent what happens by single bytes on standard output:

    s   about to open the database        o   it is open
    w   about to write a commit           a   one more commit is acknowledged
    c   about to compact                  d   it is compacted
    x   about to close                    k   it is closed

KINDS has a letter for each thing it does by turns: "t" one transaction, "g" a group, "c" a
compaction, "r" closing and opening again, "p" transactions of many threads. With "w" in front the
database is opened with a window, and "a" then means handed over to the operating system, which is
not killed. With "s" in front threads share a sync. With "b" in front every commit is so big that a
kill can tear the write. It gives up when its parent is gone, because nobody reads what it tells.
"""

import os
import sys
from itertools import cycle
from threading import Thread

import libredb
from libredb import GroupCommit, SharedSync, Transaction
from tests.faults.commits import commit, commit_big, count_of

GROUP_LENGTH = 4
THREADS = 8
COMMITS_EACH = 5


def tell(event: bytes) -> None:
    """Tell the parent."""
    os.write(1, event)


class Writer:
    """The database, opened again and again."""

    def __init__(self, path: str, kinds: str) -> None:
        """Open it for the first time."""
        self.path = path
        options = {"w": GroupCommit(commits=7), "s": SharedSync()}
        self.option = options.get(kinds[0])
        self.commit = commit_big if kinds.startswith("b") else commit
        self.open()

    def open(self) -> None:
        """Open the database, which recovers it."""
        tell(b"s")
        self.db = libredb.open(self.path, group_commit=self.option)
        self.count = count_of(self.db)
        tell(b"o")

    def transact(self) -> None:
        """Commit one transaction."""
        tell(b"w")
        self.count += 1
        self.db.transact(lambda tx: self.commit(tx, self.count))

    def commit_in_threads(self) -> None:
        """Commit in many threads at once; which commit is which, their turns decide."""

        def count_on(tx: Transaction) -> None:
            self.commit(tx, int(tx.get(b"count") or 0) + 1)

        def work() -> None:
            for _ in range(COMMITS_EACH):
                tell(b"w")
                self.db.transact(count_on)
                tell(b"a")

        threads = [Thread(target=work) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.count = count_of(self.db)

    def act(self, kind: str) -> None:
        """Do one thing of the list."""
        if kind == "t":
            self.transact()
            tell(b"a")
        elif kind == "g":
            with self.db.group():
                for _ in range(GROUP_LENGTH):
                    self.transact()
            tell(b"a" * GROUP_LENGTH)
        elif kind == "p":
            self.commit_in_threads()
        elif kind == "c":
            tell(b"c")
            self.db.compact()
            tell(b"d")
        else:
            tell(b"x")
            self.db.close()
            tell(b"k")
            self.open()


def main() -> None:
    """Write until killed."""
    path, kinds = sys.argv[1:]
    writer = Writer(path, kinds)
    for kind in cycle(kinds.lstrip("wbs")):
        writer.act(kind)


if __name__ == "__main__":
    main()
