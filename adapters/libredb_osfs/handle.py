"""A descriptor, and the process it belongs to.

A fork copies every descriptor, and the copies share one lock and one file. Two processes that
both write to one log destroy it, so the child gives up all its copies the moment it exists: they
are closed, not unlocked, because unlocking would take the lock from the parent as well. A program
that is started anew inherits nothing (O_CLOEXEC). Deliberately absent: reopening in the child;
whoever wants the database there opens it there.
"""

import contextlib
import errno
import os
from weakref import WeakSet

from libredb.kernel.filesystem import Uncopyable


class Handle(Uncopyable):
    """An open descriptor of this process.

    Invariant: `_descriptor` is -1 if and only if the handle was closed, or this process was
    forked from the one that opened it. It is never a number that somebody else may be using.
    """

    _descriptor = -1  # of an object whose __init__ did not come so far

    def __init__(self, descriptor: int, path: str) -> None:
        """Take over `descriptor`; `path` says in messages which file it is."""
        self.path = path
        self._descriptor = descriptor
        self._why_gone = "the file is closed"
        _handles.add(self)

    @property
    def is_open(self) -> bool:
        """Whether there is still a descriptor to use."""
        return self._descriptor >= 0

    def descriptor(self) -> int:
        """Return the descriptor.

        Raises:
            OSError: The handle was closed, or this process was forked from its owner.
        """
        if self._descriptor < 0:
            raise OSError(errno.EBADF, self._why_gone, self.path)
        return self._descriptor

    def close(self) -> None:
        """Give the descriptor back; calling it twice is fine."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def give_up_after_fork(self) -> None:
        """Close the copy a forked child inherited, and say so from now on."""
        if self.is_open:
            self._why_gone = (
                "the file was opened before this process was forked from its owner; "
                "open the database again in this process"
            )
            with contextlib.suppress(OSError):
                self.close()

    def __del__(self) -> None:
        """Give the descriptor of a dropped handle back."""
        with contextlib.suppress(OSError):
            self.close()


_handles: WeakSet[Handle] = WeakSet()


def _give_up_all() -> None:
    """Run in every forked child before any of its own code does."""
    for handle in list(_handles):
        handle.give_up_after_fork()


os.register_at_fork(after_in_child=_give_up_all)
