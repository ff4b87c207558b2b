"""Lets something happen at the n-th place where an exception can arise while libredb works.

A place is the start of a function, or an instruction as bytecode.py tells them, in a frame of
libredb, of the adapter of the operating system, of contextlib (whose blocks are ours), or of the
operation that calls them. Finalizers are left alone: what is raised in one is swallowed by Python
together with the rest of it, so nothing written in Python withstands that.
Absent on purpose: interrupts inside the functions that a caller hands over; they are exceptions
like any other.
"""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import libredb_osfs

import libredb
from tests.interrupts.bytecode import Instructions

OURS = (
    str(Path(libredb.__file__).parent / "kernel"),
    libredb.__file__,
    str(Path(libredb_osfs.__file__).parent),
    contextlib.__file__,
    str(Path(__file__).with_name("operations.py")),
)

_codes: dict[CodeType, "Code | None"] = {}


class Code:
    """What the tracer has to know of a code object, kept from one run to the next."""

    def __init__(self, code: CodeType) -> None:
        """Take `code` apart."""
        self.is_finalizer = code.co_name == "__del__"
        self.file = Path(code.co_filename).name
        self._instructions = Instructions(code)
        self._places: dict[tuple[int | None, int], bool] = {}

    def is_suspended(self, offset: int) -> bool:
        """Whether a generator goes on from `offset`, which is not the start of a function.

        What the tracer raises then passes by the `with` blocks around the `yield`. CPython looks
        for signals inside of them, at the instruction behind; and not at all if it was closed.
        """
        return self._instructions.names.get(offset) == "YIELD_VALUE"

    def is_place(self, before: int | None, offset: int) -> bool:
        """Whether something can be raised at `offset`, when `before` was executed before it."""
        try:
            return self._places[before, offset]
        except KeyError:
            found = self._instructions.may_interrupt(before, offset)
            self._places[before, offset] = found
            return found


class Tracer:
    """Counts the places that are reached, and calls `happen` at place `number`, counted from 1.

    What it raises is raised there. With number 0 nothing happens; `places` then has the file, the
    function and the instruction of every place, in order.
    """

    def __init__(self, number: int = 0, happen: Callable[[], object] = int) -> None:
        """Prepare one run."""
        self.number = number
        self.happen = happen
        self.count = 0
        self.where = ""
        self.places: list[str] = []
        self._finalizers = 0

    def run(self, act: Callable[[], object]) -> None:
        """Call `act` and pass on whatever it raises."""
        self.begin()
        try:
            act()
        finally:
            self.end()

    def begin(self) -> None:
        """Count from here: functions that are called from now on, not those that are running."""
        sys.settrace(self._enter)

    def end(self) -> None:
        """Count no more."""
        sys.settrace(None)

    @property
    def happened(self) -> bool:
        """Whether the place was reached."""
        return bool(self.where)

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if code not in _codes:
            _codes[code] = Code(code) if code.co_filename.startswith(OURS) else None
        known = _codes[code]
        if known is None:
            return None
        frame.f_trace_lines = False
        if known.is_finalizer:
            self._finalizers += 1
            return self._finalizer_ends
        frame.f_trace_opcodes = True
        if self._finalizers:
            return None
        if not known.is_suspended(frame.f_lasti):
            self._reach(frame, known)
        return self._follow(known)

    def _finalizer_ends(self, frame: FrameType, event: str, argument: Any) -> Any:
        self._finalizers -= event == "return"
        return self._finalizer_ends

    def _follow(self, known: Code) -> Callable[[FrameType, str, Any], Any]:
        before: int | None = None

        def follow(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal before
            if event == "opcode":
                offset = frame.f_lasti
                if known.is_place(before, offset):
                    self._reach(frame, known)
                before = offset
            return follow

        return follow

    def _reach(self, frame: FrameType, known: Code) -> None:
        self.count += 1
        name, line = frame.f_code.co_qualname, frame.f_lineno
        if self.number == 0:
            self.places.append(f"{known.file}:{name}:{frame.f_lasti}")
        elif self.count == self.number:
            self.where = f"{known.file}:{line} in {name}, instruction {frame.f_lasti}"
            self.happen()
