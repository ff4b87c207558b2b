"""A block that is left at the limit of recursion, where one call more fails, ends all the same."""

import sys
import threading
from contextlib import suppress

import pytest

from libredb.kernel.guard import A_GROUP, A_TRANSACTION, Guard
from tests.unit.kernel.rights import block, is_free

DEPTH = 200
"""So many calls may be in each other."""


@pytest.mark.cpython
@pytest.mark.parametrize("what", [A_TRANSACTION, A_GROUP])
def test_a_block_that_is_left_where_no_call_has_room_keeps_no_lock(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """A generator that was closed without room for its frame kept its locks, and nobody knew."""

    def deep(guard: Guard, calls: int) -> None:
        if calls:
            deep(guard, calls - 1)
            return
        with block(guard, what):
            pass

    kept: list[int] = []

    def sweep() -> None:
        for calls in range(DEPTH):
            guard = Guard()
            with suppress(RecursionError):
                deep(guard, calls)
            guard.begin(A_TRANSACTION)  # ends what was left
            if not is_free(guard):
                kept.append(calls)

    monkeypatch.setattr(sys, "unraisablehook", bool)  # one that needs no room itself
    limit = sys.getrecursionlimit()
    thread = threading.Thread(target=sweep)  # whose depth is its own
    sys.setrecursionlimit(DEPTH)
    try:
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
    assert kept == []
