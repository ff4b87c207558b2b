"""The simulator keeps every promise of the port, in both styles and whatever a power loss leaves.

A fake that promises less would prove nothing about the kernel. And the kit itself is put to the
test: a file system that breaks a promise on purpose is found out, for every promise.
"""

import itertools
import re
from collections.abc import Callable
from threading import Event, current_thread, main_thread
from typing import Any, cast

import pytest

from libredb.kernel import filesystem
from libredb.testing import filesystem as kit
from libredb.testing.subject import NO_THREADS
from sim.world.filesystem import Crash, SimFileSystem, Style

STYLES: tuple[Style, ...] = ("rename", "slots")
FATES = (
    ("new", "new", 0),
    ("old", "old", 0),
    ("old", "new", 0),
    ("new", "old", 0),
    ("zeros", "old", 1),
    ("garbage", "new", 2),
    ("tear", "old", 3),
    *(("", "", seed) for seed in range(4, 10)),
)
PATH = "folder/app.libredb"


def kill(fs: SimFileSystem, step: int, action: Callable[[], object]) -> bool:
    calls = itertools.count(1)
    before = fs.hook

    def stop(name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if next(calls) == step:
            fs.dead = True
            raise Crash
        return effect(*arguments) if before is None else before(name, where, effect, arguments)

    fs.hook = stop
    try:
        action()
    except Crash:
        return True
    finally:
        fs.hook = before
        fs.process_kill(lost=0.0)
    return False


def subject_of(
    fs: SimFileSystem, *, fate: str = "old", entries: str = "old", can_die: bool = True
) -> kit.Subject:
    return kit.Subject(
        fs,
        PATH,
        power_loss=(lambda: fs.power_loss(fate, entries=entries)) if can_die else None,
        kill=(lambda step, action: kill(fs, step, action)) if can_die else None,
        handle_count=lambda: fs.handles,
    )


@pytest.mark.parametrize("reserve", [0, 1 << 16], ids=["exact", "reserving"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_the_simulator_keeps_the_promise(promise: kit.Promise, style: Style, reserve: int) -> None:
    reasons: set[str | None] = set()
    for fate, entries, seed in FATES:
        fs = SimFileSystem(style, seed, reserve=reserve)
        reasons.add(kit.check(promise, subject_of(fs, fate=fate, entries=entries)))
    (reason,) = reasons
    if reason is not None:
        pytest.skip(reason)


@pytest.mark.parametrize("promise", kit.PROMISES, ids=lambda promise: promise.__name__)
def test_the_kit_needs_no_power_loss_to_run(promise: kit.Promise) -> None:
    subject = subject_of(SimFileSystem(), can_die=False)
    assert kit.check(promise, subject) in {
        None,
        kit.NO_POWER_LOSS,
        kit.NO_KILL,
        kit.NO_PROCESSES,
        kit.NO_FORK,
        NO_THREADS,
    }


def test_every_numbered_promise_of_the_port_has_a_check() -> None:
    ports = (filesystem.LogFile, filesystem.FileLock, filesystem.FileSystem)
    text = "\n".join(str(port.__doc__) for port in ports)
    promised = set(re.findall(r"^ *(P\d+) ", text, re.MULTILINE))
    assert {kit.number_of(promise) for promise in kit.PROMISES} == promised
    assert len(promised) == 17


# Each of these adapters breaks one promise, and the kit has to notice.

Breaker = Callable[[str, Callable[..., Any], tuple[Any, ...]], Any]


def broken_read(name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    result = effect(*arguments)
    return result[:-1] if name == "read" else result


def broken_count(name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    result = effect(*arguments)
    return max(0, result - 1) if name == "write" else result


def broken_gap(name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    if name == "write":
        offset, _ = arguments
        file = cast(Any, effect).__self__
        if offset > file.size():
            file.write(file.size(), b"!" * (offset - file.size()))
    return effect(*arguments)


def without(*skipped: str) -> Breaker:
    def broken(name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        return None if name in skipped else effect(*arguments)

    return broken


def broken_truncate(name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return effect(arguments[0] + 1) if name == "truncate" else effect(*arguments)


def constant_entropy(name: str, effect: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return bytes(arguments[0]) if name == "entropy" else effect(*arguments)


BROKEN: dict[str, tuple[str, Style, Breaker]] = {
    "short reads": ("P1", "rename", broken_read),
    "wrong counts": ("P2", "rename", broken_count),
    "no zeros in a gap": ("P3", "rename", broken_gap),
    "no sync": ("P4", "rename", without("sync")),
    "cuts elsewhere": ("P5", "rename", broken_truncate),
    "rename not synced": ("P12", "rename", without("replace.sync_directory")),
    "old slot kept": ("P12", "slots", without("replace.truncate")),
    "old slot comes back": ("P12", "slots", without("replace.sync")),
    "directory not synced": ("P13", "rename", without("sync_directory")),
    "nothing discarded": ("P14", "slots", without("discard_next.truncate")),
    "discarded slot comes back": ("P14", "slots", without("discard_next.sync")),
    "no entropy": ("P15", "rename", constant_entropy),
    "never in place": ("P16", "rename", without("in_place")),
}


def broken_promises(make: Callable[[], SimFileSystem]) -> set[str]:
    told: dict[str, str] = {}
    for promise, entries in itertools.product(kit.PROMISES, ("old", "new")):
        try:
            kit.check(promise, subject_of(make(), entries=entries))
        except AssertionError as error:
            told[kit.number_of(promise)] = str(error)
    assert all(text.startswith(number + ", ") for number, text in told.items())
    return set(told)


@pytest.mark.parametrize("story", BROKEN)
def test_the_kit_notices_a_broken_promise(story: str) -> None:
    number, style, breaker = BROKEN[story]

    def make() -> SimFileSystem:
        fs = SimFileSystem(style)
        fs.hook = lambda name, _, effect, arguments: breaker(name, effect, arguments)
        return fs

    assert number in broken_promises(make)


class Careless(SimFileSystem):
    """Locks that lock nothing, files that are left over, and creations out of nowhere."""

    def lock(self, path: str, /) -> Any:
        self.forget_lock(path)
        lock = super().lock(path)
        self.forget_lock(path)
        return lock

    def open(self, path: str, /, *, writable: bool) -> Any:
        if not self.images(path):
            self.install(path, b"made by open" * 9)
        return super().open(path, writable=writable)

    def create_next(self, path: str, current: Any, /) -> Any:
        file = super().create_next(path, current)
        file.disk_file.write(0, b"left over")
        return file


def test_the_kit_notices_locks_and_files_that_are_not_what_they_should_be() -> None:
    assert {"P7", "P8", "P9", "P10", "P11"} <= broken_promises(Careless)


class Leaking(SimFileSystem):
    """Handles that are never given back."""

    def open(self, path: str, /, *, writable: bool) -> Any:
        self.handles += 1
        return super().open(path, writable=writable)


def test_the_kit_notices_handles_that_are_not_given_back() -> None:
    assert broken_promises(Leaking) == {"P6"}


class Exclusive(SimFileSystem):
    """Files that take no bytes from other threads while one of them syncs."""

    def __init__(self) -> None:
        super().__init__()
        self.syncs = False
        self.refused = Event()
        self.hook = self._refuse

    def _refuse(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        if name == "write" and self.syncs:
            self.refused.set()
            raise OSError(16, "a sync runs")
        if name == "sync" and current_thread() is not main_thread():
            self.syncs = True
            self.refused.wait(60)
            self.syncs = False
        return effect(*arguments)


@pytest.mark.cpython(reason="runs a thread")
def test_the_kit_notices_files_that_cannot_be_written_while_a_sync_runs() -> None:
    assert broken_promises(Exclusive) == {"P17"}


class LateSync(SimFileSystem):
    """Syncs that fail as soon as another thread has written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes = 0
        self.hook = self._fail

    def _fail(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        if name == "write" and current_thread() is main_thread():
            self.writes += 1
        if name == "sync" and current_thread() is not main_thread() and self.writes > 1:
            raise OSError(16, "another thread writes")
        return effect(*arguments)


@pytest.mark.cpython(reason="runs a thread")
def test_the_kit_notices_syncs_that_fail_beside_writes() -> None:
    assert broken_promises(LateSync) == {"P17"}
