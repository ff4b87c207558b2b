"""Where CPython can raise an exception that no statement asked for, told from the bytecode.

CPython looks for signals when a function starts or a generator goes on (RESUME), after a call, and
when a loop jumps back. An exception that a handler raises then belongs to the instruction that
looked. Memory can run out in every instruction that may allocate. Nothing is ever raised by those
that only move a value, and that matters: between the body of a `with` and the call of its
`__exit__` there are no others, so whoever interrupts there finds faults that cannot happen.
Absent on purpose: 3.14 before the mending of CPython's gh-148874, where the call of `__enter__`
looks for signals outside of the protected range; see test_with_lock.py.
"""

import dis
from types import CodeType
from typing import Any

_NAMES = """
CACHE CHECK_EXC_MATCH COPY COPY_FREE_VARS END_FOR END_SEND EXTENDED_ARG GEN_START IS_OP
JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD KW_NAMES LOAD_CLOSURE LOAD_CONST
LOAD_DEREF LOAD_FAST LOAD_FAST_AND_CLEAR LOAD_FAST_BORROW LOAD_FAST_BORROW_LOAD_FAST_BORROW
LOAD_FAST_LOAD_FAST LOAD_SMALL_INT MAKE_CELL NOP NOT_TAKEN POP_EXCEPT POP_ITER POP_TOP PRECALL
PUSH_EXC_INFO PUSH_NULL RERAISE RESUME RETURN_CONST RETURN_GENERATOR RETURN_VALUE STORE_DEREF
STORE_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST SWAP TO_BOOL WITH_EXCEPT_START YIELD_VALUE
"""
MOVES_ONLY = frozenset(_NAMES.split())
"""Instructions that raise nothing by themselves, in CPython 3.11 to 3.14; see also `raises`."""


class Instructions:
    """What is known of the instructions of one code object, by their offset in bytes."""

    def __init__(self, code: CodeType) -> None:
        """Take `code` apart."""
        listing = list(dis.get_instructions(code))
        self.names = {item.offset: item.opname for item in listing}
        self.leaves = _calls_of_exit(listing)
        self._goes_on = {i.offset for i in listing if i.opname == "RESUME" and (i.arg or 0) & 3}
        self._handlers: dict[int, int] = {}
        # Inner ranges come later in the table than the ranges around them were split into.
        for entry in _exception_table(code):
            for offset in range(entry.start, entry.end, 2):
                self._handlers[offset] = entry.target

    def handler(self, offset: int) -> int | None:
        """Return where an exception of the instruction at `offset` goes, None out of the frame."""
        return self._handlers.get(offset)

    def raises(self, offset: int) -> bool:
        """Whether the instruction may raise something before it has done anything."""
        name = self.names.get(offset, "CACHE")
        if offset in self._goes_on:  # with the signals that came while the generator stood still
            return True
        return not (name in MOVES_ONLY or name.startswith("POP_JUMP") or offset in self.leaves)

    def looks_for_signals(self, offset: int) -> bool:
        """Whether CPython looks for signals when the instruction at `offset` is done."""
        name = self.names.get(offset, "CACHE")
        return name == "JUMP_BACKWARD" or (name.startswith("CALL") and "INTRINSIC" not in name)

    def may_interrupt(self, before: int | None, offset: int) -> bool:
        """Whether an exception raised at `offset`, after `before`, is one that can happen there.

        Signals were looked for by the instruction before: raising at this one is the same only
        where the same handler is responsible for both.
        """
        if self.raises(offset):
            return True
        if before is None or not self.looks_for_signals(before):
            return False
        return self.handler(before) == self.handler(offset)


def _calls_of_exit(listing: list[dis.Instruction]) -> set[int]:
    """Return the offsets of the calls by which a `with` leaves its block without an exception."""
    found: set[int] = set()
    nones = 0
    for item in listing:
        if item.opname == "LOAD_CONST" and item.argval is None:
            nones += 1
        elif item.opname == "CALL" and nones >= 3:
            found.add(item.offset)
        if item.opname not in {"LOAD_CONST", "PRECALL", "CACHE"}:
            nones = 0
    return found


def _exception_table(code: CodeType) -> list[Any]:
    """Return the entries of the exception table: start, end (exclusive), target, in bytes."""
    return dis._parse_exception_table(code)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType] - there is no public reader of it
