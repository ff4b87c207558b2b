"""What can go wrong at one call of the port, and the hook that lets it.

A fault names a call ("sync", "write", "replace.rename"; "replace" means any step of it; "any"),
which of them (the n-th one after it was armed), a kind, and a share in thousandths of how much of
the call still happens:

    error      OSError after that share of the effect; 0 nothing, 1000 all. A sync that fails loses
               pages, and one of a directory may lose entries
    full       the same with ENOSPC
    interrupt  KeyboardInterrupt; memory: MemoryError
    count      a write puts that share of the bytes, never all, and returns their count without an
               error
    more       a write puts all of them and returns a count larger than asked
    short      a read returns that share of what it should; shorts: and all reads after it, until
               the step is over
    held       the lock is held by somebody else
    lie        a sync returns, and nothing has reached the disk; a later one may carry it there
    drop       a sync returns, and some pages are lost for ever
    reader     somebody opens the file for reading, before the call or (1000) after it
    writer     while somebody reads the file, its owner commits, or compacts it (1000)
    power      the power goes after that share of the effect
    kill       the process dies there; nolose: the same, and the system loses no page

A fault waits for its call until it comes, or until the life it was armed in is over. Some kinds
mean something at some calls only, and wait for the next of these. Besides the calls of the port
there are places inside of the process, where only interrupt and memory happen: "apply" and "view"
of the store, "levels" where it takes other ones, "on_recovery"; "any" does not mean these.
Absent on purpose: faults that depend on what the kernel thinks.
"""

import errno
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from sim.world.disk import DiskFile
from sim.world.filesystem import Crash, Effect, SimFileSystem
from sim.world.handles import nothing

CRASHES = ("power", "kill", "nolose")
SILENT = ("lie", "drop")
QUIET = (*SILENT, "reader", "writer", "short", "shorts")
"""The kinds after which a call may succeed: a lie is one, and what was too short is read again."""
_METHODS = {"apply": "apply", "view": "view", "levels": "replace"}
"""The places inside of a store, and the methods of it that they are."""
INSIDE = (*_METHODS, "on_recovery")
RAISING = ("error", "full", "interrupt", "memory", "held")
SYNCS = (
    "sync",
    "sync_directory",
    "replace.sync",
    "replace.sync_directory",
    "discard_next.sync",
)
_ONLY_AT: dict[str, tuple[str, ...]] = {
    "count": ("write",),
    "more": ("write",),
    "short": ("read",),
    "shorts": ("read",),
    "held": ("lock",),
    "writer": ("open", "size", "read", "close"),
    "lie": SYNCS,
    "drop": SYNCS,
}


class Fault(NamedTuple):
    """One fault; see the module for the kinds."""

    call: str
    nth: int
    kind: str
    share: int = 0

    def fits(self, name: str) -> bool:
        """Return whether it may fire at the call `name`."""
        if name in INSIDE:
            return self.call == name
        called = self.call in (name, "any") or name.startswith(self.call + ".")
        return called and applies(self.kind, name)


_LIE = Fault("any", 1, "lie")


class Fired(NamedTuple):
    """A fault that fired, and the call that it met."""

    fault: Fault
    name: str
    where: str


def applies(kind: str, name: str) -> bool:
    """Return whether a fault of this kind means something at the call `name`."""
    return name in _ONLY_AT.get(kind, (name,))


class Injector:
    """The hook: performs calls, fires armed faults, keeps the trace.

    Attributes:
        armed: The faults that wait, each with the count of matching calls still to pass.
        armed_count: How many faults were ever armed.
        fired_count: How many of them fired.
        fired: The faults that fired in this step, in order.
        raised: The exceptions that they raised.
        asked: The calls of this step while something was armed; a write of a file header is called
            "header".
        on_lie: Called when a sync lies that had work to do.
        on_visit: Called when somebody is to read the file.
        on_work: Called when the owner of the file is to work with it, with the share of the fault.
        deaf: Whether every sync lies.
        total: How often each kind fired at each call.
        trace: One line a call, or None when nobody asked for it.
    """

    __slots__ = (
        "armed",
        "armed_count",
        "asked",
        "deaf",
        "fired",
        "fired_count",
        "fs",
        "on_lie",
        "on_visit",
        "on_work",
        "raised",
        "total",
        "trace",
    )

    def __init__(self, fs: SimFileSystem, *, trace: bool = False) -> None:
        """Stand before `fs`."""
        self.fs = fs
        self.armed: list[tuple[Fault, int]] = []
        self.armed_count = 0
        self.fired_count = 0
        self.fired: list[Fired] = []
        self.raised: list[BaseException] = []
        self.asked: list[str] = []
        self.on_lie: Callable[[], None] = nothing
        self.on_visit: Callable[[], None] = nothing
        self.on_work: Callable[[int], None] = ignore
        self.deaf = False
        self.total: dict[str, int] = {}
        self.trace: list[str] | None = [] if trace else None
        self._stand()

    def arm(self, faults: list[Fault]) -> None:
        """Let these faults wait for their calls, beside those that wait already."""
        self.armed += [(fault, fault.nth) for fault in faults]
        self.armed_count += len(faults)
        self._stand()

    def begin(self) -> None:
        """Begin a step: nothing fired in it yet, and what fires for a whole step has ended."""
        self.fired = []
        self.raised = []
        self.asked = []
        if self.armed:
            self.armed = [(fault, left) for fault, left in self.armed if left]
        self._stand()

    def disarm(self) -> None:
        """Let nothing wait any more."""
        self.armed = []
        self._stand()

    def note(self, line: str) -> None:
        """Add a line to the trace, when there is one."""
        if self.trace is not None:
            self.trace.append(line)

    def _stand(self) -> None:
        """Stand before the file system only while there is something to do."""
        busy = self.armed or self.deaf or self.trace is not None
        self.fs.hook = self if busy else None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let nothing fire in the block: it is the judge who looks."""
        armed, self.armed, hook, self.fs.hook = self.armed, [], self.fs.hook, None
        try:
            yield
        finally:
            self.armed, self.fs.hook = armed, hook

    # Inside of the process.

    @property
    def waits_inside(self) -> bool:
        """Whether a fault waits for something that is no call of the port."""
        return any(fault.call in INSIDE for fault, _ in self.armed)

    def step_inside(self, store: Any) -> None:
        """Stand before the methods of a store where a fault that waits can fire."""
        for name, method in _METHODS.items():
            waits = any(fault.call == name for fault, _ in self.armed)
            if waits and method not in vars(store):
                setattr(store, method, partial(self.inside, name, getattr(store, method)))

    def inside(self, name: str, effect: Effect, *arguments: Any, **options: Any) -> Any:
        """Do one thing that is no call of the port, or what an armed fault makes of it."""
        fault = self._due(name, "") if self.armed else None
        if fault is None:
            return effect(*arguments, **options)
        if fault.share >= 1000:
            effect(*arguments, **options)
        self.raised.append(_error(fault.kind))
        self.note(f"{self.fs.life} {name} -> {type(self.raised[-1]).__name__}")
        raise self.raised[-1]

    # Calls of the port.

    def __call__(self, name: str, where: str, effect: Effect, arguments: tuple[Any, ...], /) -> Any:
        """Perform one call of the port, or what an armed fault makes of it."""
        header = name == "write" and arguments[0] == 0 and arguments[1][0] != 0
        self.asked.append("header" if header else name)
        fault = self._due(name, where) if self.armed else None
        if fault is None and self.deaf and name in SYNCS:
            fault = _LIE
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

    def _due(self, name: str, where: str) -> Fault | None:
        for index, (fault, left) in enumerate(self.armed):
            if not fault.fits(name):
                continue
            if left > 1:
                self.armed[index] = (fault, left - 1)
                continue
            if left == 1:
                self.fired_count += 1
            if fault.kind == "shorts":
                self.armed[index] = (fault, 0)
            else:
                del self.armed[index]
            self.fired.append(Fired(fault, name, where))
            key = f"{fault.kind} at {name}"
            self.total[key] = self.total.get(key, 0) + 1
            return fault
        return None

    def _fire(self, fault: Fault, name: str, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        """Do what the fault makes of a call: end the process, answer wrongly, or raise."""
        if fault.kind in CRASHES:
            _partly(effect, arguments, fault.share)
            self.fs.dead = True
            raise Crash
        if fault.kind not in RAISING:
            return self._answer_wrongly(fault, effect, arguments)
        if name in SYNCS and fault.kind in ("error", "full") and fault.share < 1000:
            self._lose(effect)
        elif fault.kind != "held":
            _partly(effect, arguments, fault.share)
        self.raised.append(_error(fault.kind))
        raise self.raised[-1]  # a variable would hold it, and it the call, with its files

    def _answer_wrongly(self, fault: Fault, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        kind, share = fault.kind, fault.share
        if kind == "writer":
            self.on_work(share)
            return effect(*arguments)
        if kind == "reader":
            return self._let_visit(fault, effect, arguments)
        if kind in ("short", "shorts"):
            data = effect(*arguments)
            if not data:
                self._take_back(fault)  # there was nothing to cut
            return data[: len(data) * share // 1000]
        if kind in SILENT:
            if self.fs.lie_about(effect):
                self.on_lie()
            if kind == "drop":
                self._lose(effect)
            return None
        offset, data = arguments
        part = data if kind == "more" else data[: (len(data) - 1) * share // 1000]
        effect(offset, part)
        return len(data) + 4096 if kind == "more" else len(part)

    def _let_visit(self, fault: Fault, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        late = fault.share >= 1000
        if not late:
            self.on_visit()
        result = effect(*arguments)
        if late:
            self.on_visit()
        return result

    def _take_back(self, fault: Fault) -> None:
        """Let a fault that could not do anything wait for the next call."""
        name = self.fired.pop().name
        self.fired_count -= 1
        self.total[f"{fault.kind} at {name}"] -= 1
        self.armed = [(other, left) for other, left in self.armed if left]
        self.armed.append((fault, 1))

    def _lose(self, effect: Effect) -> None:
        """Lose pages of the file whose `sync` was asked for, or entries of the directory."""
        file = getattr(effect, "__self__", None)
        if isinstance(file, DiskFile):
            file.lose_pages(self.fs.generator)
        else:
            self.fs.lose_entries()


def ignore(share: int) -> None:
    """Do nothing, whatever the share."""
    del share


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
