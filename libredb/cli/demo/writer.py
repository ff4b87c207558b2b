"""The process that the demo kills: it commits flat out and acknowledges what is durable.

    key                    value
    journal/0003           17: how many commits writer 3 has made
    journal/0003/000017    the text of commit 17

Both entries of a commit are written by one transaction, so that half a commit would show. A text
has 100 bytes, and every `LARGE_EVERY`-th is so large that a kill can meet it half written. After
`transact` has returned, the number of the commit goes into the pipe. Nothing here ends the loop: a
kill does, or a broken pipe when the demo itself is gone.

Run as `python -m libredb.cli.demo.writer PATH WRITER`.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count

import libredb
from libredb import Database, ReadTransaction, Transaction
from libredb.cli.ending import hear_again

LARGE_EVERY = 200
LARGE_BYTES = 4 << 20
"""Several times the room that the OS adapter reserves: such a commit makes the file grow."""


def journal_key(writer: int, number: int) -> bytes:
    """Return the key of the text of a commit."""
    return b"journal/%04d/%06d" % (writer, number)


def counter_key(writer: int) -> bytes:
    """Return the key of the count of commits."""
    return b"journal/%04d" % writer


def journal_text(writer: int, number: int) -> bytes:
    """Return what a commit writes: known from its numbers, and different for every commit."""
    length = LARGE_BYTES if number % LARGE_EVERY == 0 else 100
    sentence = b"Transaction %d, commit %d. " % (writer, number)
    return (sentence * (length // len(sentence) + 1))[:length]


def write(db: Database, writer: int, acknowledge: Callable[[int], None]) -> None:
    """Commit and acknowledge, commit and acknowledge, until `acknowledge` raises."""
    for number in count(1):

        def commit(tx: Transaction, number: int = number) -> None:
            tx.set(journal_key(writer, number), journal_text(writer, number))
            tx.set(counter_key(writer), b"%d" % number)

        db.transact(commit)
        acknowledge(number)


def problems(tx: ReadTransaction, writer: int, acknowledged: int) -> tuple[int, list[str]]:
    """Return how many commits of a writer are there, and what is wrong with them.

    Right is: every acknowledged commit, possibly the next one, whole, and nothing else.
    """
    found = int(tx.get(counter_key(writer)) or b"0")
    wrong = [
        f"writer {writer}: commit {number} was acknowledged and is not there"
        if number <= acknowledged
        else f"writer {writer}: commit {number} is there in part"
        for number in range(1, max(found, acknowledged) + 1)
        if number > found or tx.get(journal_key(writer, number)) != journal_text(writer, number)
    ]
    texts = sum(1 for _ in tx.scan(counter_key(writer) + b"/", counter_key(writer) + b"0"))
    if not wrong and not (texts == found <= acknowledged + 1):
        wrong.append(f"writer {writer}: {texts} texts of {found} commits after {acknowledged}")
    return found, wrong


def main(path: str, writer: str) -> None:
    """Write to the database at `path` until the process is killed."""
    hear_again()
    with suppress(BrokenPipeError), libredb.open(path, mode="rw") as db:
        write(db, int(writer), lambda number: _acknowledge(b"%d\n" % number))


def _acknowledge(line: bytes) -> None:
    os.write(sys.stdout.fileno(), line)


if __name__ == "__main__":
    main(*sys.argv[1:])
