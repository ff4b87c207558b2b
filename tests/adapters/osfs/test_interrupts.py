"""An interrupt leaks no descriptor and keeps no lock, wherever it arrives.

Python looks for signals at the start of a function and after every call, so also between the call
that opened a file and the store of its number: Ctrl-C there left a descriptor open for ever, and
with that of the lock nobody could open the database again in this process. An interrupt in the
middle of `release` kept the lock as well, and the second `release` did nothing. Here every
instruction of the adapter is interrupted, one after the other, in each thing it does.
"""

import contextlib
import dis
import gc
import itertools
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

import libredb_osfs
import pytest
from libredb_osfs import OsFileSystem
from libredb_osfs.lock import OsFileLock
from libredb_osfs.logfile import OsLogFile

from tests.adapters.osfs.support import open_count

pytestmark = pytest.mark.cpython

FS = OsFileSystem()
OURS = (str(Path(libredb_osfs.__file__).parent), contextlib.__file__)


class Interrupt:
    """Raise KeyboardInterrupt before the n-th instruction of the adapter, counted from 1.

    With `after_calls`, only those are counted before which Python looks for signals: the first of
    a function, and those after a call. Finalizers are left alone: what is raised in one is
    swallowed by Python, and the rest of the finalizer with it.
    """

    def __init__(self, number: int, *, after_calls: bool = False) -> None:
        self.left = number
        self.where = ""
        self.after_calls = after_calls
        self.previous: dict[FrameType, str] = {}

    def __enter__(self) -> Self:
        self.before = sys.gettrace()
        sys.settrace(self.trace)
        return self

    def __exit__(self, *raised: object) -> None:
        sys.settrace(self.before)
        self.previous.clear()

    def trace(self, frame: FrameType, event: str, argument: object) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(OURS) or code.co_name == "__del__":
            return None
        frame.f_trace = self.trace  # first: Python 3.13 looks for it when it is asked for opcodes
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        if event in {"call", "opcode"}:
            previous = self.previous.get(frame, "CALL")
            self.previous[frame] = dis.opname[code.co_code[frame.f_lasti]]
            self.left -= not self.after_calls or previous.startswith("CALL")
            if self.left == 0:
                place = f"{Path(code.co_filename).name}:{frame.f_lineno} {code.co_qualname}"
                self.where = f"{place}, instruction {frame.f_lasti}"
                self.previous.clear()
                raise KeyboardInterrupt
        return self.trace


def attempt(act: Callable[[Any], Any], prepared: Any) -> Iterator[Any]:
    """Yield `act(prepared)`, from a frame whose handled exceptions are its own.

    Raised between the instructions that handle an exception, an interrupt leaves it handled for
    ever; a generator takes that with it when it ends.
    """
    yield act(prepared)


def at_every_instruction(
    prepare: Callable[[], Any], act: Callable[[Any], object], check: Callable[[Any], None]
) -> None:
    """Interrupt `act(prepare())` before each of its instructions, and check each time.

    By then everything that was made has been dropped, and so has the exception.
    """
    for number in itertools.count(1):
        before = open_count()
        prepared = prepare()
        interrupt = Interrupt(number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # it is dropped on purpose
            made = None
            with contextlib.suppress(KeyboardInterrupt), interrupt:
                made = next(attempt(act, prepared))
            del made
            gc.collect()
            try:
                check(prepared)
                del prepared
                gc.collect()
                assert open_count() == before, "a descriptor is still open"
            except BaseException as error:
                error.add_note(f"interrupted at {interrupt.where or 'no'} (number {number})")
                raise
        if not interrupt.where:
            assert number > 10, "nothing was interrupted"
            return


@pytest.fixture(autouse=True)
def nothing_old_to_collect() -> Iterator[None]:
    """Let a collection look at what these tests make and at nothing else: there are thousands."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def existing(path: str) -> str:
    """A database that has its lock file already."""
    Path(path).write_bytes(b"x" * 100)
    FS.lock(path).release()
    return path


def test_an_interrupted_open_leaks_nothing(existing: str) -> None:
    at_every_instruction(
        lambda: existing, lambda path: FS.open(path, writable=True), lambda _: None
    )


def test_an_interrupted_lock_is_not_held(existing: str) -> None:
    at_every_instruction(lambda: existing, FS.lock, lambda path: FS.lock(path).release())


def test_an_interrupted_lock_that_makes_its_file_is_not_held(path: str) -> None:
    def nothing_there() -> str:
        Path(path + ".lock").unlink(missing_ok=True)
        return path

    at_every_instruction(nothing_there, FS.lock, lambda path: FS.lock(path).release())


def test_an_interrupted_lock_is_not_held_even_while_the_exception_is_kept(existing: str) -> None:
    """A notebook keeps the last exception, and with it the frames it came through."""
    for number in itertools.count(1):
        interrupt = Interrupt(number, after_calls=True)
        try:
            with interrupt:
                lock = next(attempt(FS.lock, existing))
        except KeyboardInterrupt as kept:
            try:
                FS.lock(existing).release()
            except BlockingIOError as error:
                error.add_note(f"interrupted at {interrupt.where} (number {number})")
                raise error from kept
        else:
            lock.release()
            assert number > 10, "nothing was interrupted"
            return


def test_a_release_that_was_interrupted_is_finished_by_the_next(existing: str) -> None:
    def check(lock: OsFileLock) -> None:
        lock.release()
        assert not lock.held
        FS.lock(existing).release()

    at_every_instruction(lambda: FS.lock(existing), OsFileLock.release, check)


def test_a_lock_whose_release_was_interrupted_may_not_be_used_for_writing(existing: str) -> None:
    """From the first moment when somebody else can have it, it is no longer held."""

    def check(lock: OsFileLock) -> None:
        try:
            other = FS.lock(existing)
        except BlockingIOError:
            return
        assert not lock.held, "two hold the lock"
        other.release()

    at_every_instruction(lambda: FS.lock(existing), OsFileLock.release, check)


def test_a_close_that_was_interrupted_is_finished_by_the_next(existing: str) -> None:
    def check(file: OsLogFile) -> None:
        file.close()
        assert not file.handle.is_open

    def prepare() -> OsLogFile:
        return FS.open(existing, writable=True)[0]

    at_every_instruction(prepare, OsLogFile.close, check)


def test_an_interrupted_compaction_leaks_nothing(existing: str) -> None:
    def prepare() -> OsLogFile:
        return FS.open(existing, writable=True)[0]

    def act(current: OsLogFile) -> OsLogFile:
        following = FS.create_next(existing, current)
        FS.replace(existing, current, following)
        return following

    def check(current: OsLogFile) -> None:
        current.close()
        assert Path(existing).exists()

    at_every_instruction(prepare, act, check)


@pytest.mark.parametrize("name", ["fchown", "fchmod"])
def test_a_next_file_that_is_not_finished_is_closed_even_while_the_exception_is_kept(
    existing: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (current,) = FS.open(existing, writable=True)
    before = open_count()

    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, name, interrupt)
    with pytest.raises(KeyboardInterrupt) as kept:
        FS.create_next(existing, current)
    assert open_count() == before, kept
    current.close()


def test_an_interrupted_sync_of_the_directory_leaks_nothing(existing: str) -> None:
    at_every_instruction(lambda: existing, FS.sync_directory, lambda _: None)
