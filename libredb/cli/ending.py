"""What ends a command from outside: Ctrl-C (SIGINT) and SIGTERM, each as an exception.

SIGTERM becomes `SystemExit(143)`, as SIGINT is `KeyboardInterrupt` already. So both leave a command
through its `with` blocks, and what those made is gone afterwards. A thing that must not be left
half made or half removed is entered and left *whole*: a signal that comes meanwhile waits.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NoReturn, TypeVar

TERMINATED = 128 + signal.SIGTERM
"""The exit code that a shell gives to a process which SIGTERM ended."""

ENDINGS = (signal.SIGINT, signal.SIGTERM)

T = TypeVar("T")


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM end the block as an exception, unless someone else has taken or ignores it.

    Only the main thread hears signals; in another one this does nothing.
    """
    is_ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if not is_ours:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(*_: object) -> NoReturn:
    raise SystemExit(TERMINATED)


@contextmanager
def whole(resource: AbstractContextManager[T]) -> Iterator[T]:
    """Enter and leave `resource` whole: signals that end a command wait meanwhile.

    What waited is raised in the block, or after it when it came while the block was left.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    try:
        with resource as value:
            try:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                yield value
            finally:
                signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hear_again() -> None:
    """Let signals reach a process again that was started while they waited: it inherits that."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)
