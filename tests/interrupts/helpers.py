"""Where work is done that may hang, or break a process: another thread, and forked children.

A database that is right answers within milliseconds. The limits of time are there for one that is
not, and decide nothing else.
"""

import gc
import json
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import FrameType
from typing import Any, TypeVar, cast

from tests.interrupts.world import Failure

T = TypeVar("T")

Tell = Callable[[object], None]

PATIENCE_SECONDS = 5.0


class Hang(BaseException):
    """The main thread waits for ever."""


class Helper:
    """A thread that does one thing after the other."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        """Start it."""
        self.patience = patience
        self._todo: SimpleQueue[Callable[[], Any]] = SimpleQueue()
        self._done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._began: SimpleQueue[None] = SimpleQueue()
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def begin(self, work: Callable[[], object]) -> None:
        """Let it do `work`, and return when it is about to."""
        self._todo.put(work)
        self._began.get()

    def finish(self, what: str) -> Any:
        """Return what the work returned, or raise what it raised.

        Raises:
            Failure: it hangs.
        """
        try:
            result, error = self._done.get(timeout=self.patience)
        except Empty:
            frame = sys._current_frames().get(self._thread.ident or 0)
            raise Failure(f"another thread hangs: {what}: {place_of(frame)}") from None
        if error is not None:
            raise error
        return result

    def call(self, what: str, work: Callable[[], T]) -> T:
        """Do both."""
        self.begin(work)
        return cast("T", self.finish(what))

    def _work(self) -> None:
        while True:
            work = self._todo.get()
            self._began.put(None)
            try:
                self._done.put((work(), None))
            except BaseException as error:  # noqa: BLE001 - it is handed over
                self._done.put((None, error))
            del work


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Hang in the main thread, should the block take longer."""

    def expire(number: int, frame: FrameType | None) -> None:
        raise Hang(f"the main thread hangs: {place_of(frame)}")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def place_of(frame: FrameType | None) -> str:
    """Return where a thread is, innermost first."""
    places = [
        f"{entry.filename.rsplit('/', 1)[-1]}:{entry.lineno}"
        for entry in traceback.extract_stack(frame)
    ]
    return " < ".join(reversed(places[-6:]))


@contextmanager
def scratch() -> Iterator[Path]:
    """Return a folder in memory, if there is one."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="interrupts", dir=memory) as folder:
        yield Path(folder)


def in_child(work: Callable[[Tell], object]) -> Iterator[Any]:
    """Fork, do `work` there, and yield what it tells; a child that dies tells no more.

    Whoever stops listening ends the child with the next thing that it tells.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the parent may have threads
        child = os.fork()
    if child == 0:
        os.close(reading)
        _live(writing, work)
    os.close(writing)
    try:
        with os.fdopen(reading, encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)
    finally:
        os.waitpid(child, 0)


def _live(pipe: int, work: Callable[[Tell], object]) -> None:
    """Be the child, and never return."""
    try:
        # Collections are part of what is tried, so they come when the child says so; what the
        # parent left is none of their business.
        gc.collect()
        gc.freeze()
        gc.disable()
        warnings.simplefilter("ignore")
        sys.unraisablehook = lambda _: None  # what Python swallows is judged by what it leaves
        work(lambda told: _tell(pipe, told))
    except BaseException as error:  # noqa: BLE001 - there is nobody to pass it on to
        os.write(2, f"a child ended by {error!r}\n".encode())
    finally:
        os._exit(0)


def _tell(pipe: int, told: object) -> None:
    data = json.dumps(told).encode() + b"\n"
    while data:
        data = data[os.write(pipe, data) :]
