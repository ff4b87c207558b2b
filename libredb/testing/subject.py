"""What a promise of the storage port is checked on, and with: the subject, and helpers.

A subject is an adapter with a fresh path, and whatever else can be done to its storage. A database
is, here, a file whose header is not zero: the kit knows no format.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from libredb.kernel.filesystem import FileLock, FileSystem, LogFile


@dataclass(frozen=True)
class Subject:
    """An adapter to check, and what else can be done to its storage.

    Attributes:
        fs: The file system.
        path: The path of a database that does not exist yet.
        power_loss: End this life of the storage as a power loss does; `fs` is then the next life.
        kill: Run an action, but end the process before its n-th step (from 1); return whether it
            was stopped. What was not synced stays visible, and is not durable.
        handle_count: Return how many files and locks are open now.
        lock_elsewhere: Return whether another process can take the lock of `path` now.
        held_in_fork: Return what `held` of a lock is in a process forked from this one.
    """

    fs: FileSystem
    path: str
    power_loss: Callable[[], None] | None = None
    kill: Callable[[int, Callable[[], object]], bool] | None = None
    handle_count: Callable[[], int] | None = None
    lock_elsewhere: Callable[[], bool] | None = None
    held_in_fork: Callable[[FileLock], bool] | None = None


Promise = Callable[[Subject], str | None]

NO_POWER_LOSS = "this storage cannot lose its power"
NO_KILL = "this storage cannot be stopped between two steps"
NO_HANDLE_COUNT = "nobody counts the open handles here"
NO_PROCESSES = "there is no second process here"
NO_FORK = "there is no fork here"
NO_THREADS = "there are no threads here"

HEADER_BYTES = 36
PAGE_BYTES = 4096


def number_of(promise: Promise) -> str:
    """Return the number of a promise, for example "P4"."""
    return f"P{int(promise.__name__[1:3])}"


def check(promise: Promise, subject: Subject) -> str | None:
    """Check one promise; return None, or why this subject gives no way to check it.

    Raises:
        AssertionError: The promise was broken; the text begins with its number.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # some checks drop files on purpose
            return promise(subject)
    except Exception as error:
        told = str(error) if isinstance(error, AssertionError) else repr(error)
        sentence = promise.__name__[4:].replace("_", " ")
        raise AssertionError(f"{number_of(promise)}, {sentence}: {told}") from error


def expect(kept: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition is the argument
    """Raise an AssertionError unless the promise was `kept`; unlike `assert`, also under -O."""
    if not kept:
        raise AssertionError(otherwise)


def expect_locked(subject: Subject) -> None:
    """Expect BlockingIOError from a lock that is held."""
    try:
        lock = subject.fs.lock(subject.path)
    except BlockingIOError:
        return
    lock.release()
    raise AssertionError("a second lock of the same path was given")


def expect_content(file: LogFile, content: bytes | bytearray) -> None:
    """Expect `content`, and behind it nothing but reserved zero bytes."""
    size = file.size()
    data = file.read(0, size)
    expect(len(data) == size, f"a file of {size} bytes gave {len(data)}")
    expect(data[: len(content)] == content, "the file has other bytes than were written")
    expect(not any(data[len(content) :]), "there are bytes behind the last one written")


def image(tag: int) -> bytes:
    """Return the content of a database with a header: three pages, each recognisable."""
    return b"".join(bytes([tag, page]) * (PAGE_BYTES // 2) for page in (1, 2, 3))


def close(*files: LogFile | None) -> None:
    """Close files, as far as there are any."""
    for file in files:
        if file is not None:
            file.close()


@contextlib.contextmanager
def writing(subject: Subject) -> Iterator[None]:
    """Hold the lock."""
    lock = subject.fs.lock(subject.path)
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def new_file(subject: Subject) -> Iterator[LogFile]:
    """Give an empty file to write to."""
    file = subject.fs.create_next(subject.path, None)
    try:
        yield file
    finally:
        file.close()


def put_in_place(subject: Subject, content: bytes, current: LogFile | None = None) -> LogFile:
    """Make `content` the database as the kernel does it: all but the header first."""
    following = subject.fs.create_next(subject.path, current)
    following.write(HEADER_BYTES, content[HEADER_BYTES:])
    following.sync()
    following.write(0, content[:HEADER_BYTES])
    following.sync()
    subject.fs.replace(subject.path, current, following)
    return following


def only(subject: Subject) -> LogFile:
    """Open the file that has a header, of which there must be one, and close all others."""
    files = list(subject.fs.open(subject.path, writable=True))
    found = [file for file in files if any(file.read(0, HEADER_BYTES))]
    close(*(file for file in files if file not in found))
    if len(found) != 1:
        close(*found)
        raise AssertionError(f"expected one database, found {len(found)}")
    return found[0]


@contextlib.contextmanager
def database(subject: Subject) -> Iterator[LogFile]:
    """Open the file that has a header, and close it in the end."""
    file = only(subject)
    try:
        yield file
    finally:
        file.close()


def contents(subject: Subject) -> list[bytes]:
    """Return the contents of every file that has a header, without zeros at their ends."""
    files = subject.fs.open(subject.path, writable=False)
    contents = [file.read(0, file.size()).rstrip(b"\0") for file in files]
    close(*files)
    return [content for content in contents if any(content[:HEADER_BYTES])]


def stop_replace(subject: Subject, step: int) -> bool:
    """Replace 15 by 16, stopped before the given step; return whether it was stopped."""
    assert subject.kill is not None
    fs, path = subject.fs, subject.path
    lock = fs.lock(path)
    current = only(subject)
    following = fs.create_next(path, current)
    following.write(0, image(16))
    following.sync()
    stopped = subject.kill(step, lambda: fs.replace(path, current, following))
    close(current, following)
    lock.release()
    return stopped


def tidy_up(subject: Subject, content: bytes) -> None:
    """Keep one of the files that are there, discard the rest, and put `content` in place."""
    with writing(subject):
        files = list(subject.fs.open(subject.path, writable=True))
        current = next(file for file in files if any(file.read(0, HEADER_BYTES)))
        subject.fs.discard_next(subject.path, current)
        close(*(file for file in files if file is not current))
        expect(len(contents(subject)) == 1, "discard_next left more or less than one file")
        put_in_place(subject, content, current).close()
        current.close()
