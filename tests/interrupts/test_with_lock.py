"""Claim: on this interpreter, `with lock:` takes and leaves a lock of C code in one step.

The guard is built on it: there is no moment when the lock is taken and its release is not yet
certain. That holds if no signal is looked for between the call of `__enter__` and what the handler
of the block protects. Up to CPython 3.13 one instruction calls `__enter__`, and looks for none. In
3.14 it is an ordinary call, which looks outside of the protected range until CPython's gh-148874 is
mended. The bytecode cannot tell whether it is, so a trial does.
"""

import _thread
import dis
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FunctionType
from typing import cast

import pytest

from tests.interrupts.bytecode import Instructions

pytestmark = pytest.mark.cpython(reason="is about the bytecode and the signals of CPython")

LOCK = threading.Lock()


def hold_lock() -> None:
    with LOCK:
        LOCK.locked()


def hold_and_return() -> bool:
    with LOCK:
        return LOCK.locked()


FUNCTIONS = [cast("FunctionType", function) for function in (hold_lock, hold_and_return)]


def names_after_enter(function: FunctionType) -> tuple[str, list[str]]:
    """Return the instruction that calls `__enter__`, and those between it and the protection."""
    listing = list(dis.get_instructions(function))
    instructions = Instructions(function.__code__)
    names = [item.opname for item in listing]
    if "BEFORE_WITH" in names:
        enters = names.index("BEFORE_WITH")
    else:
        enters = names.index("CALL", names.index("LOAD_SPECIAL"))
    between: list[str] = []
    for item in listing[enters + 1 :]:
        if instructions.handler(item.offset) is not None:
            return names[enters], between
        between.append(item.opname)
    raise AssertionError(f"nothing is protected: {names}")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_protection_begins_with_the_instruction_after_enter(function: FunctionType) -> None:
    enters, between = names_after_enter(function)
    assert between == []
    assert enters == ("BEFORE_WITH" if sys.version_info < (3, 14) else "CALL")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_between_the_body_and_the_exit_nothing_looks_for_signals(function: FunctionType) -> None:
    instructions = Instructions(function.__code__)
    (leaves,) = instructions.leaves
    protected = [o for o in instructions.names if instructions.handler(o) and o < leaves]
    between = [o for o in instructions.names if max(protected) < o < leaves]
    assert between, "the arguments of the exit are pushed before it is called"
    for offset in between:
        name = instructions.names[offset]
        assert not instructions.looks_for_signals(offset), name
        assert not instructions.raises(offset), name


def test_a_signal_that_arrives_while_enter_runs_does_not_keep_the_lock() -> None:
    """The worst moment, made certain: `__enter__` itself, in C, lets a signal arrive."""
    lock = threading.Lock()

    class Interrupting:
        __enter__ = _thread.interrupt_main
        __exit__ = lock.__exit__

    block = cast("AbstractContextManager[None]", Interrupting())

    def hold() -> None:
        with block:
            pass

    for _ in range(200):  # so that the interpreter has specialised its instructions
        lock.acquire()
        with pytest.raises(KeyboardInterrupt):
            until_signals_are_looked_for(hold)
        assert not lock.locked(), "a signal kept the lock for ever: see CPython's gh-148874"


def until_signals_are_looked_for(act: Callable[[], None]) -> None:
    act()
    for _ in range(10):
        threading.get_ident()
