"""Interrupt something at a line of its own that was chosen."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def interrupted_at(line: int, file: str, act: Callable[[], object]) -> bool:
    """Call `act`, raise KeyboardInterrupt at the so-manieth line of `file`, and swallow it.

    Return whether that many lines were reached.
    """
    reached = 0

    def interrupt(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal reached
        if frame.f_code.co_filename != file:
            return None
        reached += event == "line"
        if reached == line:
            sys.settrace(None)
            raise KeyboardInterrupt
        return interrupt

    before = sys.gettrace()
    sys.settrace(interrupt)
    try:
        act()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return reached >= line
