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
from functools import partial
from weakref import WeakSet

from libredb.kernel.filesystem import Uncopyable


class Handle(Uncopyable):
    """An open descriptor of this process.

    Invariant: `_numbers` holds one number if and only if this object opened it, did not close it,
    and is still in the process that opened it. Never may somebody else be using that number.

    Python looks for signals after every call, so a number that `os.open` has returned and nobody
    has stored is lost to an interrupt, and so is one that was taken out to be closed. Forgetting it
    only after `os.close` would be worse: the next close would hit whoever got the number since.
    Therefore it travels between the system and `_numbers` inside C code alone: `extend` and
    `next` drive a `map`, and no instruction of Python's runs in between.
    """

    def __init__(
        self, path: str, flags: int, mode: int = 0o666, *, folder: "Handle | None" = None
    ) -> None:
        """Open `path`, or the entry of this name in `folder`, the open folder it is in."""
        self.path = path
        self._why_gone = "the file is closed"
        self._numbers: list[int] = []
        _handles.add(self)
        flags |= os.O_CLOEXEC | os.O_NOCTTY
        name = path if folder is None else os.path.basename(path)
        system_open = partial(os.open, dir_fd=None if folder is None else folder.descriptor())
        self._numbers.extend(map(system_open, (name,), (flags,), (mode,)))

    @property
    def is_open(self) -> bool:
        """Whether there is still a descriptor to use."""
        return bool(self._numbers)

    def descriptor(self) -> int:
        """Return the descriptor.

        Raises:
            OSError: The handle was closed, or this process was forked from its owner.
        """
        try:
            return self._numbers[0]
        except IndexError:
            raise OSError(errno.EBADF, self._why_gone, self.path) from None

    def close(self) -> None:
        """Give the descriptor back; calling it twice is fine."""
        with contextlib.suppress(IndexError):  # raised where there is none any more
            next(map(os.close, map(self._numbers.pop, (0,))))

    def give_up_after_fork(self) -> None:
        """Close the copy a forked child inherited, and say so from now on."""
        if self.is_open:
            self._why_gone = "the file was opened before this process was forked from its owner"
            with contextlib.suppress(OSError):
                self.close()

    def __del__(self) -> None:
        """Give the descriptor of a dropped handle back."""
        if hasattr(self, "_numbers"):  # __init__ may never have run
            with contextlib.suppress(OSError):
                self.close()


_handles: WeakSet[Handle] = WeakSet()


def _give_up_all() -> None:
    """Run in every forked child before any of its own code does."""
    for handle in list(_handles):
        handle.give_up_after_fork()


os.register_at_fork(after_in_child=_give_up_all)
