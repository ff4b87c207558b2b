"""A process that does one operation on a database and tells what becomes of it.

`python worker.py PATH OPERATION` writes a line to standard output for everything its parent must
know, with one system call a line, so that a trace shows what lies between:

    begin, end    the operation begins, is over
    shows N       a database was opened and shows N commits
    try N         commit N may exist from now on
    returned N    it was handed over, and is still pending
    ack N         commit N and all before it are durable
    failed E n    the operation raised the error E with errno n
    healthy       the database has not failed with it, and goes on: commits, and compacts
    CALL E cause  what a call of a failed database raised, and because of what
    closed        close() returned

Any other exception ends the process with a traceback: none of these is expected. After the
operation, failed or not, the database is closed and opened once more for another commit.
"""

import sys
from collections.abc import Callable
from os import write

import libredb
from libredb import Database, DatabaseFailedError, GroupCommit, LibreDBError
from tests.faults.commits import commit, count_of
from tests.support.calls import REFUSABLE


def tell(line: str) -> None:
    """Tell the parent."""
    write(1, line.encode() + b"\n")


def tell_error(word: str, error: LibreDBError) -> None:
    """Tell the parent what was raised."""
    tell(f"{word} {type(error).__name__} {getattr(error, 'errno', None)}")


class Worker:
    """The database that the operation is done on."""

    def __init__(self, path: str) -> None:
        """Prepare; nothing is opened yet."""
        self.path = path
        self.db: Database | None = None
        self.count = 0

    @property
    def opened(self) -> Database:
        """The open database."""
        assert self.db is not None
        return self.db

    def open(self, *, window: int | None = None) -> None:
        """Open the database."""
        limits = None if window is None else GroupCommit(commits=window)
        self.db = libredb.open(self.path, group_commit=limits)
        self.count = count_of(self.db)
        tell(f"shows {self.count}")

    def commit(self, times: int = 1) -> None:
        """Make the next commits."""
        for _ in range(times):
            self.count += 1
            tell(f"try {self.count}")
            self.opened.transact(lambda tx: commit(tx, self.count))
            if self.opened.pending_commits:
                tell(f"returned {self.count}")
            else:
                self.acknowledge()

    def acknowledge(self) -> None:
        """Tell that every commit is durable."""
        assert self.opened.pending_commits == 0
        tell(f"ack {self.count}")

    def close(self) -> None:
        """Close the database, twice."""
        self.opened.close()
        self.opened.close()
        tell("closed")

    def go_on(self) -> None:
        """Work on after an error, or be refused everything: by a database that failed."""
        try:
            count_of(self.opened)
        except DatabaseFailedError:
            self.try_everything()
            return
        tell("healthy")
        self.acknowledge()
        try:
            self.commit()
            self.opened.compact()
            self.acknowledge()
        except LibreDBError as error:
            tell_error("failed", error)
            self.try_everything()

    def try_everything(self) -> None:
        """Call everything that a failed database must refuse."""
        for name, call in REFUSABLE.items():
            try:
                call(self.opened)
            except LibreDBError as error:
                tell(f"{name} {type(error).__name__} {type(error.__cause__).__name__}")
            else:
                tell(f"{name} worked")

    def once_more(self) -> None:
        """Open, commit, close."""
        self.open()
        self.commit()
        self.close()


def create_or_open(worker: Worker) -> None:
    """Open whatever is at the path, which may be nothing."""
    tell("begin")
    worker.open()
    tell("end")


def make_commits(worker: Worker) -> None:
    """Make enough commits for a large one and for reserved room."""
    worker.open()
    tell("begin")
    worker.commit(times=6)
    tell("end")


def make_group(worker: Worker) -> None:
    """Make a group of commits."""
    worker.open()
    tell("begin")
    with worker.opened.group():
        worker.commit(times=5)
    worker.acknowledge()
    tell("end")


def use_window(worker: Worker) -> None:
    """Fill a window twice, and sync what is pending in the third."""
    worker.open(window=3)
    tell("begin")
    worker.commit(times=7)
    worker.opened.sync()
    worker.acknowledge()
    tell("end")


def close(worker: Worker) -> None:
    """Close a database that has nothing pending."""
    worker.open()
    worker.commit(times=2)
    tell("begin")
    worker.close()
    tell("end")


def close_window(worker: Worker) -> None:
    """Close a database that has commits pending."""
    worker.open(window=10)
    worker.commit(times=3)
    tell("begin")
    worker.close()
    worker.acknowledge()
    tell("end")


def compact(worker: Worker) -> None:
    """Compact a database that has commits pending."""
    worker.open(window=10)
    worker.commit(times=3)
    tell("begin")
    worker.opened.compact()
    worker.acknowledge()
    tell("end")


OPERATIONS: dict[str, Callable[[Worker], None]] = {
    "create": create_or_open,
    "reopen": create_or_open,
    "recover": create_or_open,
    "commit": make_commits,
    "group": make_group,
    "window": use_window,
    "close": close,
    "close a window": close_window,
    "compact": compact,
}


def main() -> None:
    """Do the operation, and find out how the database behaves after it."""
    path, operation = sys.argv[1:]
    worker = Worker(path)
    try:
        OPERATIONS[operation](worker)
    except LibreDBError as error:
        tell_error("failed", error)
        if worker.db is not None and not worker.db.closed:
            worker.go_on()
    if worker.db is not None:
        worker.close()
    try:
        worker.once_more()
    except LibreDBError as error:
        tell_error("again", error)


if __name__ == "__main__":
    main()
