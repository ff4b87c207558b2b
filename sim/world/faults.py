"""What can go wrong at one call of the port, and the hook that lets it.

A fault names a call ("sync", "write", "replace.rename", or "any"), which of them (the n-th one
after it was armed), a kind, and a share in thousandths of how much of the call still happens:

    error      OSError after that share of the effect; 0 nothing, 1000 all. A sync that fails loses
    pages full       the same with ENOSPC
    interrupt  KeyboardInterrupt; memory: MemoryError
    count      a write puts that share of the bytes, never all, and returns their count without an
    error more       a write puts all of them and returns a count larger than asked
    short      a read returns that share of what it should
    held       the lock is held by somebody else
    lie        a sync returns, and nothing has reached the disk; a later one may carry it there
    drop       a sync returns, and some pages are lost for ever
    power      the power goes after that share of the effect
    kill       the process dies there; nolose: the same, and the system loses no page

Absent on purpose: faults that depend on what the kernel thinks.
"""

import errno
import zlib
from typing import Any, NamedTuple

from sim.world.disk import DiskFile
from sim.world.filesystem import Crash, Effect, SimFileSystem

CRASHES = ("power", "kill", "nolose")
WRONG_ANSWERS = ("short", "count", "more", "lie", "drop")
# Some kinds mean something at some calls only, and wait for the next of these.
_ONLY_AT = {
    "count": ("write",),
    "more": ("write",),
    "short": ("read",),
    "held": ("lock",),
    "lie": (
        "sync",
        "sync_directory",
        "replace.sync",
        "replace.sync_directory",
        "discard_next.sync",
    ),
}
_ONLY_AT["drop"] = _ONLY_AT["lie"]


class Fault(NamedTuple):
    """One fault; see the module for the kinds."""

    call: str
    nth: int
    kind: str
    share: int = 0


class Injector:
    """The hook: performs calls, fires armed faults, keeps the trace.

    Attributes:
        armed: The faults that wait, each with the count of matching calls still to pass.
        fired: The fault that fired last, since the last `arm`.
        trace: One line a call, or None when nobody asked for it.
        written: Whether a write or truncate was performed since the last `arm`.
    """

    __slots__ = ("armed", "fired", "fs", "total", "trace")

    def __init__(self, fs: SimFileSystem, *, trace: bool = False) -> None:
        """Stand before `fs`."""
        self.fs = fs
        self.armed: list[tuple[Fault, int]] = []
        self.fired: Fault | None = None
        self.total: dict[str, int] = {}
        self.trace: list[str] | None = [] if trace else None
        self.disarm()

    def arm(self, faults: list[Fault]) -> None:
        """Let these faults wait for their calls; what waited before is forgotten."""
        self.armed = [(fault, fault.nth) for fault in faults]
        self.fired = None
        self.fs.hook = self if faults or self.trace is not None else None

    def disarm(self) -> None:
        """Let nothing wait, and forget what fired."""
        self.armed = []
        self.fired = None
        self.fs.hook = self if self.trace is not None else None

    def note(self, line: str) -> None:
        """Add a line to the trace, when there is one."""
        if self.trace is not None:
            self.trace.append(line)

    def __call__(self, name: str, where: str, effect: Effect, arguments: tuple[Any, ...], /) -> Any:
        """Perform one call of the port, or what an armed fault makes of it."""
        fault = self._due(name) if self.armed else None
        if self.trace is None:
            return self._fire(fault, name, effect, arguments) if fault else effect(*arguments)
        line = f"{self.fs.life} {name} {where} {_brief(arguments)}".rstrip()
        try:
            result = self._fire(fault, name, effect, arguments) if fault else effect(*arguments)
        except BaseException as error:
            self.trace.append(f"{line} -> {type(error).__name__}")
            raise
        self.trace.append(f"{line} -> {_brief((result,))}")
        return result

    def _due(self, name: str) -> Fault | None:
        for index, (fault, left) in enumerate(self.armed):
            if fault.call in (name, "any") and name in _ONLY_AT.get(fault.kind, (name,)):
                if left <= 1:
                    del self.armed[index]
                    self.fired = fault
                    key = f"{fault.kind} at {name}"
                    self.total[key] = self.total.get(key, 0) + 1
                    return fault
                self.armed[index] = (fault, left - 1)
        return None

    def _fire(self, fault: Fault, name: str, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        """Do what the fault makes of a call: end the process, answer wrongly, or raise."""
        if fault.kind in CRASHES:
            _partly(effect, arguments, fault.share)
            self.fs.dead = True
            raise Crash
        if fault.kind in WRONG_ANSWERS:
            return self._answer_wrongly(fault, effect, arguments)
        if name.endswith("sync") and fault.kind in ("error", "full") and fault.share < 1000:
            self._lose(effect)
        elif fault.kind != "held":
            _partly(effect, arguments, fault.share)
        raise _error(fault.kind)

    def _answer_wrongly(self, fault: Fault, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        kind, share = fault.kind, fault.share
        if kind == "short":
            data = effect(*arguments)
            if not data:
                self.fired = None  # there was nothing to cut
            return data[: len(data) * share // 1000]
        if kind == "drop":
            self._lose(effect)
        if kind in ("lie", "drop"):
            return None
        offset, data = arguments
        part = data if kind == "more" else data[: (len(data) - 1) * share // 1000]
        effect(offset, part)
        return len(data) + 4096 if kind == "more" else len(part)

    def _lose(self, effect: Effect) -> None:
        """Lose pages of the file whose `sync` was asked for."""
        file = getattr(effect, "__self__", None)
        if isinstance(file, DiskFile):
            file.lose_pages(self.fs.generator)


def _error(kind: str) -> BaseException:
    """Return what a call raises."""
    if kind == "held":
        return BlockingIOError(errno.EWOULDBLOCK, "simulated: held elsewhere")
    if kind == "interrupt":
        return KeyboardInterrupt()
    if kind == "memory":
        return MemoryError()
    return OSError(errno.ENOSPC if kind == "full" else errno.EIO, "simulated")


def _partly(effect: Effect, arguments: tuple[Any, ...], share: int) -> None:
    """Let the call have that share of its effect, as far as it can be divided."""
    if share >= 1000:
        effect(*arguments)
    elif share and len(arguments) == 2 and isinstance(arguments[1], bytes):
        offset, data = arguments
        effect(offset, data[: len(data) * share // 1000])


def _brief(values: tuple[Any, ...]) -> str:
    """Return values as a trace shows them, the same in every run."""
    words: list[str] = []
    for value in values:
        if isinstance(value, bytes):
            words.append(f"{len(value)} bytes {zlib.crc32(value):08x}")
        elif isinstance(value, int | str):
            words.append(repr(value))
        elif isinstance(value, list):
            words.append(f"{len(value)} files")  # pyright: ignore[reportUnknownArgumentType] - only counted
        elif value is not None:
            words.append(type(value).__name__)
    return " ".join(words)
