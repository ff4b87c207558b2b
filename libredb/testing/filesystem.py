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

import gc
import itertools

from libredb.kernel.filesystem import LogFile
from libredb.testing import logfile
from libredb.testing.subject import (
    NO_FORK,
    NO_KILL,
    NO_POWER_LOSS,
    NO_PROCESSES,
    PAGE_BYTES,
    Promise,
    Subject,
    check,
    close,
    contents,
    expect,
    expect_locked,
    image,
    number_of,
    only,
    put_in_place,
    stop_replace,
    tidy_up,
    writing,
)

# P7 to P9: the lock.


def p07_a_lock_keeps_others_out(subject: Subject) -> None:
    """Lock twice, release, lock again."""
    first = subject.fs.lock(subject.path)
    expect_locked(subject)
    first.release()
    first.release()
    with writing(subject):
        first.release()  # it may be called twice, and the lock is somebody else's by now
        expect_locked(subject)


def p07_a_lock_ends_with_its_object(subject: Subject) -> None:
    """Drop a lock without releasing it."""
    lock = subject.fs.lock(subject.path)
    expect_locked(subject)
    del lock
    gc.collect()
    subject.fs.lock(subject.path).release()


def p07_a_lock_keeps_other_processes_out(subject: Subject) -> str | None:
    """Ask another process before, while and after the lock is held."""
    if subject.lock_elsewhere is None:
        return NO_PROCESSES
    expect(subject.lock_elsewhere(), "another process cannot take a free lock")
    with writing(subject):
        expect(not subject.lock_elsewhere(), "another process took a held lock")
    expect(subject.lock_elsewhere(), "another process cannot take a released lock")
    return None


def p08_held_until_released(subject: Subject) -> None:
    """Look at `held` before and after the release, and at that of the next lock."""
    lock = subject.fs.lock(subject.path)
    expect(lock.held, "a lock that was just taken is not held")
    lock.release()
    expect(not lock.held, "a released lock is held")
    with writing(subject):
        expect(not lock.held, "a released lock is held again because somebody else took it")


def p08_not_held_in_a_fork(subject: Subject) -> str | None:
    """Look at `held` in a forked process, and again in this one."""
    if subject.held_in_fork is None:
        return NO_FORK
    lock = subject.fs.lock(subject.path)
    expect(not subject.held_in_fork(lock), "a forked process believes that it holds the lock")
    expect(lock.held, "the fork took the lock away")
    expect_locked(subject)
    lock.release()
    return None


def p09_lock_does_not_wait(subject: Subject) -> None:
    """Ask often for a held lock; a lock that waits would hang here for ever."""
    with writing(subject):
        for _ in range(20):
            expect_locked(subject)


# P10 to P14: the files of one database.


def p10_open_finds_nothing_and_creates_nothing(subject: Subject) -> None:
    """Open a path with nothing behind it, again and again."""
    fs, path = subject.fs, subject.path
    for _ in range(2):
        expect(not list(fs.open(path, writable=False)), "a file was found where none is")
        with writing(subject):
            expect(not list(fs.open(path, writable=True)), "opening for writing made a file")


def p10_open_finds_the_same_files_in_the_same_order(subject: Subject) -> None:
    """Open a database and an unfinished next file for writing and for reading."""
    with writing(subject):
        current = put_in_place(subject, image(5))
        following = subject.fs.create_next(subject.path, current)
        following.write(0, image(6))
        following.sync()
        close(current, following)
        seen: list[list[bytes]] = []
        for writable in (True, False, True, False):
            files = subject.fs.open(subject.path, writable=writable)
            seen.append([file.read(0, file.size()).rstrip(b"\0") for file in files])
            close(*files)
        expect(all(contents == seen[0] for contents in seen), "two openings differ")
        expect(image(5) in seen[0], "the database was not found")


def p11_create_next_gives_an_empty_file(subject: Subject) -> None:
    """Leave something behind, and look for it in the next file."""
    with writing(subject):
        current: LogFile | None = None
        for _ in range(3):
            for _ in range(2):
                following = subject.fs.create_next(subject.path, current)
                expect(following.size() == 0, f"a next file begins with {following.size()} bytes")
                expect(following.read(0, 9) == b"", "a next file begins with content")
                following.write(9000, b"left over")
                expect(not any(following.read(0, 9000)), "bytes of an older file shine through")
                following.sync()
                following.close()
            close(current)
            current = put_in_place(subject, image(7))
        close(current)


def p11_a_next_file_without_header_is_no_database(subject: Subject) -> None:
    """Stop in the middle of creating and of compacting."""
    with writing(subject):
        following = subject.fs.create_next(subject.path, None)
        following.write(PAGE_BYTES, b"no header yet")
        following.sync()
        following.close()
        expect(not contents(subject), "a file without a header was taken for the database")
        current = put_in_place(subject, image(8))
        following = subject.fs.create_next(subject.path, current)
        following.write(PAGE_BYTES, b"no header yet")
        following.sync()
        close(current, following)
        expect(contents(subject) == [image(8)], "the database is not the only one with a header")


def p12_replace_leaves_only_the_next_file(subject: Subject) -> None:
    """Replace nothing, then again and again; the file that was put in place stays usable."""
    with writing(subject):
        current: LogFile | None = None
        for tag in (9, 10, 11):
            file = put_in_place(subject, image(tag), current)
            close(current)
            file.write(len(image(tag)), b"and on")
            file.sync()
            file.truncate(len(image(tag)) + 6)
            file.close()
            expect(contents(subject) == [image(tag) + b"and on"], "more or less than one file")
            current = only(subject)
        close(current)


def p12_replace_is_durable(subject: Subject) -> str | None:
    """Lose the power right after files were put in place, one over the other."""
    if subject.power_loss is None:
        return NO_POWER_LOSS
    for tag in (12, 13, 14):
        with writing(subject):
            current = only(subject) if contents(subject) else None
            put_in_place(subject, image(tag), current)
            subject.power_loss()
        expect(contents(subject) == [image(tag)], "the replaced file is gone, or the old is back")
    return None


def p12_a_crash_inside_replace_leaves_one_or_both(subject: Subject) -> str | None:
    """Stop `replace` before each of its steps, with and without a power loss."""
    if subject.kill is None:
        return NO_KILL
    with writing(subject):
        put_in_place(subject, image(15)).close()
    losses = (None,) if subject.power_loss is None else (None, subject.power_loss)
    for loss in losses:
        for step in itertools.count(1):
            stopped = stop_replace(subject, step)
            if loss is not None:
                loss()
            found = contents(subject)
            expect(len(found) in (1, 2), f"{len(found)} files after a crash before step {step}")
            expect(set(found) <= {image(15), image(16)}, "a file has content nobody wrote")
            tidy_up(subject, image(15))
            if not stopped:
                break
    return None if subject.power_loss is not None else NO_POWER_LOSS


def p13_what_open_found_is_durable_after_sync_directory(subject: Subject) -> str | None:
    """Stop `replace` before each of its steps, open, sync the directory, lose the power."""
    if subject.kill is None or subject.power_loss is None:
        subject_is_new = not subject.fs.open(subject.path, writable=False)
        expect(subject_is_new, "the path of this subject was used before")
        with writing(subject):
            put_in_place(subject, image(15)).close()
            subject.fs.sync_directory(subject.path)
        return NO_KILL if subject.kill is None else NO_POWER_LOSS
    with writing(subject):
        put_in_place(subject, image(15)).close()
    for step in itertools.count(1):
        stopped = stop_replace(subject, step)
        with writing(subject):
            found = contents(subject)
            subject.fs.sync_directory(subject.path)
            subject.power_loss()
        expect(
            set(found) <= set(contents(subject)),
            f"what was found after a crash before step {step} did not survive the next",
        )
        tidy_up(subject, image(15))
        if not stopped:
            return None
    raise AssertionError("unreachable")


def p14_discard_next_leaves_only_the_current_file(subject: Subject) -> str | None:
    """Remove a finished next file, an unfinished one, and nothing."""
    with writing(subject):
        current = put_in_place(subject, image(17))
        for header in (image(18), bytes(PAGE_BYTES), None):
            if header is not None:
                following = subject.fs.create_next(subject.path, current)
                following.write(0, header + b"more")
                following.sync()
                following.close()
            subject.fs.discard_next(subject.path, current)
            current.close()
            expect(contents(subject) == [image(17)], "it left a file, or removed the wrong one")
            current = only(subject)
        following = subject.fs.create_next(subject.path, current)
        following.write(0, image(18))
        following.sync()
        subject.fs.discard_next(subject.path, current)
        if subject.power_loss is None:
            close(current, following)
            return NO_POWER_LOSS
        subject.power_loss()
    expect(contents(subject) == [image(17)], "a power loss brought the discarded file back")
    return None


# P15: entropy.


def p15_entropy_differs(subject: Subject) -> None:
    """Draw some, and compare."""
    for length in (0, 1, 8, 100):
        drawn = subject.fs.entropy(length)
        expect(len(drawn) == length, f"asked for {length} bytes, got {len(drawn)}")
    several = {subject.fs.entropy(8) for _ in range(20)}
    expect(len(several) == 20, "the same eight bytes came twice")


__all__ = ["PROMISES", "Subject", "check", "number_of"]

PROMISES: tuple[Promise, ...] = tuple(
    value
    for name, value in sorted({**vars(logfile), **globals()}.items())
    if name[:1] == "p" and name[1:3].isdigit()
)
