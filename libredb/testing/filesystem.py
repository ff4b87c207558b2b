"""The conformance kit: what every adapter of the port has to prove, one function a promise.

Whoever writes an adapter writes a test like this one, with any test runner or with none:

    for promise in kit.PROMISES:
        unchecked = kit.check(promise, kit.Subject(MyFileSystem(), "a fresh path"))

`check` returns None when the promise was kept, a reason when this subject offers no way to check
it, and raises an AssertionError that begins with the number of the promise when it was broken. The
numbers are those of `libredb.kernel.filesystem`. Every check needs a path nobody used before. What
no program can do to a real disk (a power loss) or in every runtime (a second process) is an
optional part of the subject. Deliberately absent: pytest, formats, speed.
"""

import contextlib
import gc
import itertools
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


# P1 to P6: one open file.


def p01_read_returns_what_was_written(subject: Subject) -> None:
    """Compare a file with a bytearray after writes of many sizes, synced and not."""
    model = bytearray()
    with _writing(subject), _new_file(subject) as file:
        for index, length in enumerate((36, 1, 0, 4096, 133, 70_000, 3, 513, 1_100_000, 29)):
            for offset in (len(model), len(model) // 3):
                data = (bytes(range(index + 1, 256)) * (length // 200 + 1))[:length]
                file.write(offset, data)
                model[offset : offset + length] = data
                _expect_content(file, model)
            if index % 2:
                file.sync()
        for offset, length in ((0, 1), (4090, 12), (len(model) - 1, 1), (70_001, 66_000)):
            _expect(
                file.read(offset, length) == bytes(model[offset : offset + length]),
                f"read({offset}, {length}) is not what was written there",
            )


def p01_read_stops_short_only_at_the_end(subject: Subject) -> None:
    """Ask for more than there is, and for nothing."""
    with _writing(subject), _new_file(subject) as file:
        file.write(0, b"x" * 5000)
        size = file.size()
        _expect(len(file.read(0, size)) == size, "a read of the whole file was short")
        _expect(
            len(file.read(10, size + 99)) == size - 10, "a read over the end has a wrong length"
        )
        _expect(file.read(size, 10) == b"", "a read at the end gave bytes")
        _expect(file.read(size + 9, 10) == b"", "a read behind the end gave bytes")
        _expect(file.read(0, 0) == b"", "a read of nothing gave bytes")


def p02_write_returns_the_count(subject: Subject) -> None:
    """Write nothing, little and much."""
    with _writing(subject), _new_file(subject) as file:
        for length in (0, 1, 29, 4096, 100_001):
            count = file.write(file.size(), bytes(length))
            _expect(count == length, f"a write of {length} bytes returned {count}")


def p02_write_raises_what_it_cannot_do(subject: Subject) -> None:
    """Write to a file that is closed."""
    with _writing(subject), _new_file(subject) as file:
        file.close()
        try:
            file.write(0, b"lost")
        except OSError:
            return
        raise AssertionError("a closed file took bytes and raised no OSError")


def p03_write_behind_the_end_leaves_zeros(subject: Subject) -> None:
    """Leave a gap before and after a sync, also where other bytes once were."""
    with _writing(subject), _new_file(subject) as file:
        model = bytearray(b"begin")
        file.write(0, bytes(model))
        for gap, step in itertools.product((1, 5000), ("", "sync", "truncate")):
            if step == "sync":
                file.sync()
            elif step == "truncate":
                del model[len(model) // 2 :]
                file.truncate(len(model))
            model += bytes(gap) + b"end"
            file.write(len(model) - 3, b"end")
            _expect_content(file, model)


def p03_truncate_drops_reserved_zeros(subject: Subject) -> None:
    """Cut right behind the last byte, where an adapter may keep room."""
    with _writing(subject), _new_file(subject) as file:
        model = bytearray(b"x" * 100)
        file.write(0, bytes(model))
        file.sync()
        file.write(100, b"y" * 50)
        model += b"y" * 50
        _expect_content(file, model)
        file.truncate(150)
        _expect(file.size() == 150, f"cut to 150 bytes, the file has {file.size()}")
        _expect(
            file.read(0, 999) == bytes(model), "a cut behind the last byte changed bytes before it"
        )


def p04_sync_makes_writes_durable(subject: Subject) -> str | None:
    """Lose the power after a sync, with more writes under way."""
    if subject.power_loss is None:
        return NO_POWER_LOSS
    content = _image(1) + b"m" * 9000
    with _writing(subject):
        file = _put_in_place(subject, _image(1))
        file.write(len(_image(1)), b"m" * 9000)
        file.sync()
        file.write(len(content) + 5000, b"pending" * 999)
        subject.power_loss()
    with _writing(subject), _database(subject) as file:
        # What was pending may have left anything behind, but not in front of itself.
        _expect(file.read(0, len(content)) == content, "synced bytes did not survive")
    return None


def p04_sync_makes_truncate_durable(subject: Subject) -> str | None:
    """Lose the power after a file was cut and synced."""
    if subject.power_loss is None:
        return NO_POWER_LOSS
    with _writing(subject):
        file = _put_in_place(subject, _image(2) + b"x" * 20_000)
        file.truncate(PAGE_BYTES)
        file.sync()
        subject.power_loss()
    with _writing(subject), _database(subject) as file:
        _expect(file.size() == PAGE_BYTES, "a synced truncate did not survive")
        _expect(file.read(0, PAGE_BYTES) == _image(2)[:PAGE_BYTES], "a cut harmed other bytes")
    return None


def p05_the_file_ends_where_it_was_cut(subject: Subject) -> None:
    """Cut to less, to nothing, to the same and to more."""
    with _writing(subject), _new_file(subject) as file:
        model = b"z" * 10_000
        file.write(0, model)
        for length in (9999, 9999, 4096, 100, 0, 50):
            file.truncate(length)
            model = model[:length].ljust(length, b"\0")
            _expect(file.size() == length, f"cut to {length} bytes, the file has {file.size()}")
            _expect(file.read(0, 20_000) == model, f"wrong bytes after a cut to {length}")


def p06_close_may_be_called_twice(subject: Subject) -> None:
    """Close a file that is closed, and open it again."""
    with _writing(subject):
        _put_in_place(subject, _image(3)).close()
        with _database(subject) as file:
            file.close()
            file.close()
        with _database(subject) as file:
            _expect_content(file, _image(3))


def p06_a_dropped_file_gives_its_handle_back(subject: Subject) -> str | None:
    """Drop files without closing them, and count."""
    with _writing(subject):
        _put_in_place(subject, _image(4)).close()
        before = subject.handle_count() if subject.handle_count is not None else 0
        files = subject.fs.open(subject.path, writable=True)
        _expect(len(files) > 0, "the database was not found")
        del files
        gc.collect()
        after = subject.handle_count() if subject.handle_count is not None else 0
        _expect(after == before, f"{after - before} handles of dropped files stayed open")
        with _database(subject) as file:
            _expect_content(file, _image(4))
    return NO_HANDLE_COUNT if subject.handle_count is None else None


# P7 to P9: the lock.


def p07_a_lock_keeps_others_out(subject: Subject) -> None:
    """Lock twice, release, lock again."""
    first = subject.fs.lock(subject.path)
    _expect_locked(subject)
    first.release()
    first.release()
    with _writing(subject):
        first.release()  # it may be called twice, and the lock is somebody else's by now
        _expect_locked(subject)


def p07_a_lock_ends_with_its_object(subject: Subject) -> None:
    """Drop a lock without releasing it."""
    lock = subject.fs.lock(subject.path)
    _expect_locked(subject)
    del lock
    gc.collect()
    subject.fs.lock(subject.path).release()


def p07_a_lock_keeps_other_processes_out(subject: Subject) -> str | None:
    """Ask another process before, while and after the lock is held."""
    if subject.lock_elsewhere is None:
        return NO_PROCESSES
    _expect(subject.lock_elsewhere(), "another process cannot take a free lock")
    with _writing(subject):
        _expect(not subject.lock_elsewhere(), "another process took a held lock")
    _expect(subject.lock_elsewhere(), "another process cannot take a released lock")
    return None


def p08_held_until_released(subject: Subject) -> None:
    """Look at `held` before and after the release, and at that of the next lock."""
    lock = subject.fs.lock(subject.path)
    _expect(lock.held, "a lock that was just taken is not held")
    lock.release()
    _expect(not lock.held, "a released lock is held")
    with _writing(subject):
        _expect(not lock.held, "a released lock is held again because somebody else took it")


def p08_not_held_in_a_fork(subject: Subject) -> str | None:
    """Look at `held` in a forked process, and again in this one."""
    if subject.held_in_fork is None:
        return NO_FORK
    lock = subject.fs.lock(subject.path)
    _expect(not subject.held_in_fork(lock), "a forked process believes that it holds the lock")
    _expect(lock.held, "the fork took the lock away")
    _expect_locked(subject)
    lock.release()
    return None


def p09_lock_does_not_wait(subject: Subject) -> None:
    """Ask often for a held lock; a lock that waits would hang here for ever."""
    with _writing(subject):
        for _ in range(20):
            _expect_locked(subject)


# P10 to P14: the files of one database.


def p10_open_finds_nothing_and_creates_nothing(subject: Subject) -> None:
    """Open a path with nothing behind it, again and again."""
    fs, path = subject.fs, subject.path
    for _ in range(2):
        _expect(not list(fs.open(path, writable=False)), "a file was found where none is")
        with _writing(subject):
            _expect(not list(fs.open(path, writable=True)), "opening for writing made a file")


def p10_open_finds_the_same_files_in_the_same_order(subject: Subject) -> None:
    """Open a database and an unfinished next file for writing and for reading."""
    with _writing(subject):
        current = _put_in_place(subject, _image(5))
        following = subject.fs.create_next(subject.path, current)
        following.write(0, _image(6))
        following.sync()
        _close(current, following)
        seen: list[list[bytes]] = []
        for writable in (True, False, True, False):
            files = subject.fs.open(subject.path, writable=writable)
            seen.append([file.read(0, file.size()).rstrip(b"\0") for file in files])
            _close(*files)
        _expect(all(contents == seen[0] for contents in seen), "two openings differ")
        _expect(_image(5) in seen[0], "the database was not found")


def p11_create_next_gives_an_empty_file(subject: Subject) -> None:
    """Leave something behind, and look for it in the next file."""
    with _writing(subject):
        current: LogFile | None = None
        for _ in range(3):
            for _ in range(2):
                following = subject.fs.create_next(subject.path, current)
                _expect(following.size() == 0, f"a next file begins with {following.size()} bytes")
                _expect(following.read(0, 9) == b"", "a next file begins with content")
                following.write(9000, b"left over")
                _expect(not any(following.read(0, 9000)), "bytes of an older file shine through")
                following.sync()
                following.close()
            _close(current)
            current = _put_in_place(subject, _image(7))
        _close(current)


def p11_a_next_file_without_header_is_no_database(subject: Subject) -> None:
    """Stop in the middle of creating and of compacting."""
    with _writing(subject):
        following = subject.fs.create_next(subject.path, None)
        following.write(PAGE_BYTES, b"no header yet")
        following.sync()
        following.close()
        _expect(not _contents(subject), "a file without a header was taken for the database")
        current = _put_in_place(subject, _image(8))
        following = subject.fs.create_next(subject.path, current)
        following.write(PAGE_BYTES, b"no header yet")
        following.sync()
        _close(current, following)
        _expect(_contents(subject) == [_image(8)], "the database is not the only one with a header")


def p12_replace_leaves_only_the_next_file(subject: Subject) -> None:
    """Replace nothing, then again and again; the file that was put in place stays usable."""
    with _writing(subject):
        current: LogFile | None = None
        for tag in (9, 10, 11):
            file = _put_in_place(subject, _image(tag), current)
            _close(current)
            file.write(len(_image(tag)), b"and on")
            file.sync()
            file.truncate(len(_image(tag)) + 6)
            file.close()
            _expect(_contents(subject) == [_image(tag) + b"and on"], "more or less than one file")
            current = _only(subject)
        _close(current)


def p12_replace_is_durable(subject: Subject) -> str | None:
    """Lose the power right after files were put in place, one over the other."""
    if subject.power_loss is None:
        return NO_POWER_LOSS
    for tag in (12, 13, 14):
        with _writing(subject):
            current = _only(subject) if _contents(subject) else None
            _put_in_place(subject, _image(tag), current)
            subject.power_loss()
        _expect(
            _contents(subject) == [_image(tag)], "the replaced file is gone, or the old is back"
        )
    return None


def p12_a_crash_inside_replace_leaves_one_or_both(subject: Subject) -> str | None:
    """Stop `replace` before each of its steps, with and without a power loss."""
    if subject.kill is None:
        return NO_KILL
    with _writing(subject):
        _put_in_place(subject, _image(15)).close()
    losses = (None,) if subject.power_loss is None else (None, subject.power_loss)
    for loss in losses:
        for step in itertools.count(1):
            stopped = _stop_replace(subject, step)
            if loss is not None:
                loss()
            found = _contents(subject)
            _expect(len(found) in (1, 2), f"{len(found)} files after a crash before step {step}")
            _expect(set(found) <= {_image(15), _image(16)}, "a file has content nobody wrote")
            _tidy_up(subject, _image(15))
            if not stopped:
                break
    return None if subject.power_loss is not None else NO_POWER_LOSS


def p13_what_open_found_is_durable_after_sync_directory(subject: Subject) -> str | None:
    """Stop `replace` before each of its steps, open, sync the directory, lose the power."""
    if subject.kill is None or subject.power_loss is None:
        subject_is_new = not subject.fs.open(subject.path, writable=False)
        _expect(subject_is_new, "the path of this subject was used before")
        with _writing(subject):
            _put_in_place(subject, _image(15)).close()
            subject.fs.sync_directory(subject.path)
        return NO_KILL if subject.kill is None else NO_POWER_LOSS
    with _writing(subject):
        _put_in_place(subject, _image(15)).close()
    for step in itertools.count(1):
        stopped = _stop_replace(subject, step)
        with _writing(subject):
            found = _contents(subject)
            subject.fs.sync_directory(subject.path)
            subject.power_loss()
        _expect(
            set(found) <= set(_contents(subject)),
            f"what was found after a crash before step {step} did not survive the next",
        )
        _tidy_up(subject, _image(15))
        if not stopped:
            return None
    raise AssertionError("unreachable")


def p14_discard_next_leaves_only_the_current_file(subject: Subject) -> str | None:
    """Remove a finished next file, an unfinished one, and nothing."""
    with _writing(subject):
        current = _put_in_place(subject, _image(17))
        for header in (_image(18), bytes(PAGE_BYTES), None):
            if header is not None:
                following = subject.fs.create_next(subject.path, current)
                following.write(0, header + b"more")
                following.sync()
                following.close()
            subject.fs.discard_next(subject.path, current)
            current.close()
            _expect(_contents(subject) == [_image(17)], "it left a file, or removed the wrong one")
            current = _only(subject)
        following = subject.fs.create_next(subject.path, current)
        following.write(0, _image(18))
        following.sync()
        subject.fs.discard_next(subject.path, current)
        if subject.power_loss is None:
            _close(current, following)
            return NO_POWER_LOSS
        subject.power_loss()
    _expect(_contents(subject) == [_image(17)], "a power loss brought the discarded file back")
    return None


# P15: entropy.


def p15_entropy_differs(subject: Subject) -> None:
    """Draw some, and compare."""
    for length in (0, 1, 8, 100):
        drawn = subject.fs.entropy(length)
        _expect(len(drawn) == length, f"asked for {length} bytes, got {len(drawn)}")
    several = {subject.fs.entropy(8) for _ in range(20)}
    _expect(len(several) == 20, "the same eight bytes came twice")


PROMISES: tuple[Promise, ...] = tuple(
    value for name, value in sorted(globals().items()) if name[:1] == "p" and name[1:3].isdigit()
)


# Helpers. A database is, here, a file whose header is not zero.


def _expect(kept: bool, otherwise: str) -> None:  # noqa: FBT001 - the condition is the argument
    """Raise an AssertionError unless the promise was `kept`; unlike `assert`, also under -O."""
    if not kept:
        raise AssertionError(otherwise)


def _expect_locked(subject: Subject) -> None:
    """Expect BlockingIOError from a lock that is held."""
    try:
        lock = subject.fs.lock(subject.path)
    except BlockingIOError:
        return
    lock.release()
    raise AssertionError("a second lock of the same path was given")


def _expect_content(file: LogFile, content: bytes | bytearray) -> None:
    """Expect `content`, and behind it nothing but reserved zero bytes."""
    size = file.size()
    data = file.read(0, size)
    _expect(len(data) == size, f"a file of {size} bytes gave {len(data)}")
    _expect(data[: len(content)] == content, "the file has other bytes than were written")
    _expect(not any(data[len(content) :]), "there are bytes behind the last one written")


def _image(tag: int) -> bytes:
    """Return the content of a database with a header: three pages, each recognisable."""
    return b"".join(bytes([tag, page]) * (PAGE_BYTES // 2) for page in (1, 2, 3))


def _close(*files: LogFile | None) -> None:
    for file in files:
        if file is not None:
            file.close()


@contextlib.contextmanager
def _writing(subject: Subject) -> Iterator[None]:
    """Hold the lock."""
    lock = subject.fs.lock(subject.path)
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _new_file(subject: Subject) -> Iterator[LogFile]:
    """Give an empty file to write to."""
    file = subject.fs.create_next(subject.path, None)
    try:
        yield file
    finally:
        file.close()


def _put_in_place(subject: Subject, content: bytes, current: LogFile | None = None) -> LogFile:
    """Make `content` the database as the kernel does it: all but the header first."""
    following = subject.fs.create_next(subject.path, current)
    following.write(HEADER_BYTES, content[HEADER_BYTES:])
    following.sync()
    following.write(0, content[:HEADER_BYTES])
    following.sync()
    subject.fs.replace(subject.path, current, following)
    return following


def _only(subject: Subject) -> LogFile:
    """Open the file that has a header, of which there must be one, and close all others."""
    files = list(subject.fs.open(subject.path, writable=True))
    found = [file for file in files if any(file.read(0, HEADER_BYTES))]
    _close(*(file for file in files if file not in found))
    if len(found) != 1:
        _close(*found)
        raise AssertionError(f"expected one database, found {len(found)}")
    return found[0]


@contextlib.contextmanager
def _database(subject: Subject) -> Iterator[LogFile]:
    """Open the file that has a header, and close it in the end."""
    file = _only(subject)
    try:
        yield file
    finally:
        file.close()


def _contents(subject: Subject) -> list[bytes]:
    """Return the contents of every file that has a header, without zeros at their ends."""
    files = subject.fs.open(subject.path, writable=False)
    contents = [file.read(0, file.size()).rstrip(b"\0") for file in files]
    _close(*files)
    return [content for content in contents if any(content[:HEADER_BYTES])]


def _stop_replace(subject: Subject, step: int) -> bool:
    """Replace 15 by 16, stopped before the given step; return whether it was stopped."""
    assert subject.kill is not None
    fs, path = subject.fs, subject.path
    lock = fs.lock(path)
    current = _only(subject)
    following = fs.create_next(path, current)
    following.write(0, _image(16))
    following.sync()
    stopped = subject.kill(step, lambda: fs.replace(path, current, following))
    _close(current, following)
    lock.release()
    return stopped


def _tidy_up(subject: Subject, content: bytes) -> None:
    """Keep one of the files that are there, discard the rest, and put `content` in place."""
    with _writing(subject):
        files = list(subject.fs.open(subject.path, writable=True))
        current = next(file for file in files if any(file.read(0, HEADER_BYTES)))
        subject.fs.discard_next(subject.path, current)
        _close(*(file for file in files if file is not current))
        _expect(len(_contents(subject)) == 1, "discard_next left more or less than one file")
        _put_in_place(subject, content, current).close()
        current.close()
