"""A notice is told once and in order, whatever comes between two lines of a delivery.

Interrupts are in tests/interrupts, which knows the places where CPython can raise them.
"""

import sys
import threading
from collections import deque
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

import pytest

from libredb.kernel.guard import Guard
from libredb.kernel.notices import Notice, Notices
from tests.support.case import case

pytestmark = pytest.mark.cpython(reason="traces CPython, and needs threads")

FILE = Notices.deliver.__code__.co_filename


class Told:
    """Notices with a callback that notes versions, and refuses to run twice at once."""

    def __init__(self) -> None:
        self.guard = Guard()
        self.notices = Notices(self.guard)
        self.versions: list[int] = []
        self.added = 0
        self.in_call: Callable[[], object] = int
        self._running = threading.Lock()
        self.notices.subscribe(self._note)

    def add(self, number: int = 1, *, grouped: bool = False) -> None:
        for _ in range(number):
            self.added += 1
            self.notices.add(self.added, [(b"k", b"%d" % self.added)], grouped=grouped)

    def require_all(self) -> None:
        assert self.versions == list(range(1, self.added + 1))
        assert not self.notices.queue

    def _note(self, version: int, ops: object) -> None:
        assert self._running.acquire(blocking=False), "two calls at once"
        self.versions.append(version)
        assert ops == ((b"k", b"%d" % version),)
        self.in_call()
        self._running.release()


def called_at(line: int, act: Callable[[], object], call: Callable[[], object]) -> bool:
    """Call `act`, and `call` at the so-manieth line of the file, as a signal handler would.

    Return whether that many lines were reached.
    """
    reached = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal reached
        if frame.f_code.co_filename != FILE:
            return None
        if event == "line":
            reached += 1
            if reached == line:
                sys.settrace(None)
                call()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return reached >= line


def at_each_line(least: int, call: Callable[[Told], object]) -> None:
    """Deliver three notices with a call at each line, and hold what was told against the rule."""
    for line in count(1):
        with case(line=line):
            told = Told()
            told.add(3)
            reached = called_at(line, told.notices.deliver, lambda told=told: call(told))
            told.require_all()
            if not reached:
                assert line > least, "so many lines a delivery has at least"
                return


def test_a_handler_that_delivers_at_any_line_leaves_them_once_and_in_order() -> None:
    at_each_line(20, lambda told: told.notices.deliver())


def test_a_handler_that_commits_at_any_line_is_told_after_what_came_before() -> None:
    def commit(told: Told) -> None:
        told.add()
        told.notices.deliver()

    at_each_line(20, commit)


def test_another_thread_that_commits_at_any_line_waits_for_nothing() -> None:
    def commit(told: Told) -> None:
        def work() -> None:
            told.add()
            told.notices.deliver()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(60)
        assert not thread.is_alive(), "it waits for the delivery that it interrupted"

    at_each_line(20, commit)


def test_a_delivery_that_comes_first_at_any_line_is_the_only_one() -> None:
    """The other thread is in the middle of a call when the one that was interrupted goes on."""
    for line in count(1):
        with case(line=line):
            told = Told()
            told.add(3)
            met, go_on = threading.Event(), threading.Event()

            def wait(met: threading.Event = met, go_on: threading.Event = go_on) -> None:
                if threading.current_thread().name == "other":
                    met.set()
                    assert go_on.wait(60)

            def deliver(told: Told = told, met: threading.Event = met) -> None:
                told.notices.deliver()
                met.set()

            told.in_call = wait
            other = threading.Thread(target=deliver, name="other")

            def begin(other: threading.Thread = other, met: threading.Event = met) -> None:
                other.start()
                assert met.wait(60)

            reached = called_at(line, told.notices.deliver, begin)
            go_on.set()
            if not reached:
                assert line > 20
                return
            other.join()
            told.require_all()


def test_who_holds_a_right_delivers_nothing() -> None:
    told = Told()
    told.add()
    for lock in (told.guard.turn, told.guard.step, told.guard.state):
        with lock:
            told.notices.deliver()
        assert told.versions == []
    told.notices.deliver()
    told.require_all()


def test_what_is_not_due_waits_and_holds_up_what_follows() -> None:
    told = Told()
    told.add()
    told.add(2, grouped=True)
    told.notices.deliver()
    assert told.versions == [1]
    told.notices.due = 2
    told.notices.deliver()
    assert told.versions == [1, 2]
    told.add()
    told.notices.deliver()
    told.require_all()


def test_an_exception_that_is_kept_keeps_no_right_to_deliver() -> None:
    guard = Guard()
    notices = Notices(guard)
    told: list[int] = []
    kept: list[BaseException] = []

    def interrupt(version: int, _: object) -> None:
        told.append(version)
        if version == 1:
            raise KeyboardInterrupt

    notices.subscribe(interrupt)
    notices.add(1, (), grouped=False)
    notices.add(2, (), grouped=False)
    try:
        notices.deliver()
    except KeyboardInterrupt as error:
        kept.append(error)
    assert told == [1]
    thread = threading.Thread(target=notices.deliver)
    thread.start()
    thread.join()
    assert told == [1, 2]
    assert kept


def test_a_notice_that_another_delivery_takes_after_it_was_seen_is_not_told_again() -> None:
    class Taken(deque[Notice]):
        """A queue whose only notice goes between two looks at it."""

        def __len__(self) -> int:
            return 1

    told = Told()
    told.notices.queue = Taken()
    told.notices.deliver()
    assert told.versions == []
