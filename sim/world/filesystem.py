"""The port in memory: with no fault armed, simply a fast file system for tests; else the simulator.

A `SimFileSystem` lives several lives. A life ends when the power goes (`power_loss`: every file
keeps what the disk knew, see disk.py) or when the process dies (`process_kill`: the cache stays,
but pages that were never synced may look clean without being on the disk). Locks die with their
life, and handles of an earlier life raise OSError. A directory entry is durable only after
`sync_directory` or `replace`.

Every call of the port, and every step inside `replace` and `discard_next`, passes `perform`, so
that traces, faults and a crash at the n-th call are one mechanism: a `hook` that performs the
call, or does not. Absent on purpose: formats, paths with a meaning, permissions, time.
"""

import errno
import weakref
from typing import Any, Literal

from sim.world.disk import DiskFile
from sim.world.generator import Generator
from sim.world.handles import Crash, Effect, Hook, SimLock, SimLogFile

__all__ = ["Crash", "Effect", "Hook", "SimFileSystem", "SimLock", "SimLogFile", "Style"]

Style = Literal["rename", "slots"]


class SimFileSystem:
    """Simulated storage (P9 to P15).

    A completed write outlives the process (P2), but not a power loss; of pages that were never
    synced, a system whose writeback fails may lose some even so, see `process_kill`.

    Attributes:
        life: How many crashes there have been.
        dead: True between a `Crash` and the `power_loss` or `process_kill` that follows it.
        calls: How many port calls were made, all lives together.
        handles: How many files of this life are open.
        hook: Performs every call when it is set.
    """

    def __init__(
        self,
        style: Style = "rename",
        seed: int = 0,
        *,
        generator: Generator | None = None,
        reserve: int = 0,
    ) -> None:
        """Begin without a file.

        Args:
            style: "rename" replaces a file as an operating system does, "slots" as OPFS does.
            seed: Decides entropy and what crashes leave.
            generator: Used instead of the one that belongs to `seed`.
            reserve: Files grow in steps of so many bytes, zero bytes at their end (P3).
        """
        self.style: Style = style
        self.generator = generator or Generator(seed)
        self.reserve = reserve
        self.life = 0
        self.dead = False
        self.calls = 0
        self.handles = 0
        self.hook: Hook | None = None
        self._entries: dict[str, DiskFile] = {}
        self._durable_entries: dict[str, DiskFile] = {}
        self._directory_changes: list[dict[str, DiskFile | None]] = []
        self._directory_owes = False
        self._directory_lost = False
        self._locks: dict[str, weakref.ref[SimLock]] = {}
        self._freed = b""  # what blocks hold that a new file gets: a file of an earlier generation

    def perform(self, name: str, where: str, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        """Let one call of the port happen, or let the hook decide what does."""
        if self.dead:
            raise Crash
        self.calls += 1
        if self.hook is None:
            return effect(*arguments)
        return self.hook(name, where, effect, arguments)

    # The port.

    def lock(self, path: str, /) -> SimLock:
        """Take the lock of the database, or raise BlockingIOError at once."""
        return self.perform("lock", path, self._lock, (path,))

    def open(self, path: str, /, *, writable: bool) -> list[SimLogFile]:
        """Open the files that may hold the database."""
        return self.perform("open", path, self._open, (path, writable))

    def create_next(self, path: str, current: Any, /) -> SimLogFile:
        """Create the empty file that shall take the place of `current`."""
        return self.perform("create_next", path, self._create_next, (path, current))

    def replace(self, path: str, current: Any, following: Any, /) -> None:
        """Put `following` in the place of `current`, durably."""
        if current is not None:
            self._freed = bytes(current.disk_file.cache)
        if self.style == "rename":
            self.perform("replace.rename", path, self._rename, (path, following.disk_file))
        else:
            self._empty_slots(path, following.disk_file, "replace")
        self.perform("replace.sync_directory", path, self._sync_directory, ())
        following.disk_file.roomy = True

    def sync_directory(self, path: str, /) -> None:
        """Make the directory entry of the database durable."""
        self.perform("sync_directory", path, self._sync_directory, ())

    def discard_next(self, path: str, current: Any, /) -> None:
        """Remove what an unfinished `create_next` or `replace` left beside `current`."""
        if self.style == "slots":
            self._empty_slots(path, current.disk_file, "discard_next")
        elif path + ".next" in self._entries:
            self.perform("discard_next.unlink", path, self._change, ({path + ".next": None},))

    def entropy(self, length: int, /) -> bytes:
        """Return `length` bytes that the seed decides."""
        return self.perform("entropy", "", self._entropy, (length,))

    # What the calls do.

    def leads_to(self, file: DiskFile) -> bool:
        """Return whether a path leads to `file`."""
        return any(found is file for found in self._entries.values())

    def holder(self, path: str) -> SimLock | None:
        """Return the lock that is held on `path`."""
        lock = self._locks.get(path)
        return lock() if lock is not None else None

    def forget_lock(self, path: str) -> None:
        """Let the lock of `path` go."""
        self._locks.pop(path, None)

    def _lock(self, path: str) -> SimLock:
        if self.holder(path) is not None:
            raise BlockingIOError(errno.EWOULDBLOCK, "the lock is held")
        lock = SimLock(self, path)
        self._locks[path] = weakref.ref(lock)
        return lock

    def _names(self, path: str) -> tuple[str, ...]:
        return (path,) if self.style == "rename" else (path + ".slot0", path + ".slot1")

    def _open(self, path: str, writable: bool) -> list[SimLogFile]:  # noqa: FBT001 - as the hook passes it
        entries = self._entries
        found = [entries[name] for name in self._names(path) if name in entries]
        for file in found:
            file.roomy = True
        return [SimLogFile(self, file, writable=writable) for file in found]

    def _create_next(self, path: str, current: SimLogFile | None) -> SimLogFile:
        held = current.disk_file if current is not None else None
        stale = self._freed
        if self.style == "rename":
            file = DiskFile(path + ".next", reserve=self.reserve, stale=stale)
            self._change({file.name: file})
            return SimLogFile(self, file, writable=True)
        slots = self._slots(path)
        file = slots[0] if slots[0] is not held else slots[1]
        file.truncate(0)
        file.stale, file.roomy = stale, False
        return SimLogFile(self, file, writable=True)

    def _slots(self, path: str) -> list[DiskFile]:
        """Return both slots, made when they are missing: there are two of them or none."""
        if self._names(path)[0] not in self._entries:
            self._change({n: DiskFile(n, reserve=self.reserve) for n in self._names(path)})
        return [self._entries[name] for name in self._names(path)]

    def _empty_slots(self, path: str, kept: DiskFile, step: str) -> None:
        for name in self._names(path):
            file = self._entries.get(name)
            if file is not None and file is not kept and not (file.durable and not file.size()):
                self.perform(step + ".truncate", name, file.truncate, (0,))
                self.perform(step + ".sync", name, file.sync, ())

    def _change(self, changes: dict[str, DiskFile | None]) -> None:
        """Change directory entries, all of `changes` or none of them, not yet durably."""
        self._directory_changes.append(changes)
        _apply(self._entries, changes)

    def _rename(self, path: str, file: DiskFile) -> None:
        self._change({path: file, path + ".next": None})
        file.name = path

    def _sync_directory(self) -> None:
        self._directory_owes = self._directory_lost = False
        if self._directory_changes:
            self._directory_changes = []
            self._durable_entries = dict(self._entries)

    def _entropy(self, length: int) -> bytes:
        octets = bytearray()
        while len(octets) < length:
            octets += self.generator.below(1 << 32).to_bytes(4, "big")
        return bytes(octets[:length])

    # The ends of a life.

    def _files(self) -> list[DiskFile]:
        """Return every file that a crash may leave, each once, in an order the run decides."""
        if not self._directory_changes and len(self._entries) == 1:
            return list(self._entries.values())
        tables = [self._entries, self._durable_entries, *self._directory_changes]
        found = [file for table in tables for file in table.values() if file is not None]
        return list({id(file): file for file in found}.values())

    def _next_life(self) -> None:
        self.life += 1
        self.dead = False
        self.handles = 0
        self._locks = {}

    def power_loss(self, fate: str = "", *, entries: str = "") -> None:
        """Keep what the disk knows, and of the rest what the seed decides; begin the next life.

        Args:
            fate: What happens to un-synced bytes, see `DiskFile.power_loss`.
            entries: "new" or "old" for un-synced directory changes, "" to draw each.
        """
        generator = self.generator
        survivors = dict(self._durable_entries)
        for changes in self._directory_changes:
            if entries == "new" or (not entries and generator.chance(0.5)):
                _apply(survivors, changes)
        for file in self._files():
            file.power_loss(generator, fate)
        for name, file in survivors.items():
            file.name = name
        self._entries = survivors
        self._durable_entries = dict(survivors)
        self._directory_changes = []
        self._directory_owes = self._directory_lost = False
        self._next_life()

    def process_kill(self, lost: float = 0.3) -> None:
        """End the process; of its un-synced pages, a share of `lost` is never written back."""
        for file in self._files():
            if lost and file.high:
                file.lose_pages(self.generator, lost)
        self.evict()
        self._next_life()

    def lose_entries(self) -> None:
        """Lose directory changes: a failed sync. The system may notice when it reads them again."""
        self._directory_lost = bool(self._directory_changes)

    def evict(self) -> bool:
        """Let the system read again what it may have lost; return whether anything was lost.

        It happens whenever memory is short; here, before a file is opened again.
        """
        lost = [file for file in self._files() if file.lost]
        for file in lost:
            file.evict(self.generator)
        if not self._directory_lost:
            return bool(lost)
        self._directory_lost = False
        if self.generator.chance(0.5):
            self._entries = dict(self._durable_entries)
            self._directory_changes = []
            for name, file in self._entries.items():
                file.name = name
        return True

    def lie_about(self, effect: Effect) -> bool:
        """Note that this sync will not do its work; return whether there was any."""
        file = getattr(effect, "__self__", None)
        if isinstance(file, DiskFile):
            lied = not file.durable
            file.owes = file.owes or lied
        else:
            lied = bool(self._directory_changes)
            self._directory_owes = self._directory_owes or lied
        return lied

    @property
    def owes(self) -> bool:
        """Whether something that a sync lied about is not on the disk."""
        return self._directory_owes or any(file.owes for file in self._files())

    @property
    def intact(self) -> bool:
        """Whether no page of any file was lost."""
        return not any(file.lost for file in self._files())

    # For tests, which look at files and lay them out without the port.

    def images(self, path: str) -> list[bytes]:
        """Return what `open` would find: the bytes of each file that may hold the database."""
        entries = self._entries
        return [bytes(entries[name].cache) for name in self._names(path) if name in entries]

    def behind(self, path: str, end: int) -> tuple[bool, bool]:
        """Return whether bytes other than zero follow `end`: as shown, and on the disk."""
        files = [self._entries[name] for name in self._names(path) if name in self._entries]
        file = max(files, key=lambda file: len(file.cache))
        return any(file.cache[end:]), any(file.disk[end:])

    def rot(self, path: str, bit: int) -> None:
        """Flip a bit of the longest file, in the cache and on the disk; bit 0 is the lowest one."""
        files = [self._entries[name] for name in self._names(path) if name in self._entries]
        file = max(files, key=lambda file: len(file.cache))
        for data in (file.cache, file.disk):
            if bit >> 3 < len(data):
                data[bit >> 3] ^= 1 << (bit & 7)

    def install(self, path: str, data: bytes, *, slot: int = 0) -> None:
        """Lay out a file of `data`, all of it durable."""
        if self.style == "slots":
            self._slots(path)
            self._sync_directory()
        name = self._names(path)[slot]
        file = DiskFile(name, reserve=self.reserve)
        file.settle(data)
        self._entries[name] = self._durable_entries[name] = file

    def forget(self, path: str) -> None:
        """Remove every file that may hold the database, durably."""
        for name in self._names(path):
            self._entries.pop(name, None)
            self._durable_entries.pop(name, None)
        self._directory_changes = []

    def copy(self, generator: Generator | None = None) -> "SimFileSystem":
        """Return a file system with the same contents, in a life of its own, without a hook."""
        other = SimFileSystem(self.style, generator=generator or Generator(0), reserve=self.reserve)
        twins = {id(file): file.copy() for file in self._files()}
        other._entries = {n: twins[id(f)] for n, f in self._entries.items()}
        other._durable_entries = {n: twins[id(f)] for n, f in self._durable_entries.items()}
        other._directory_changes = [
            {n: twins[id(f)] if f else None for n, f in changes.items()}
            for changes in self._directory_changes
        ]
        return other


def _apply(entries: dict[str, DiskFile], changes: dict[str, DiskFile | None]) -> None:
    for name, file in changes.items():
        if file is None:
            entries.pop(name, None)
        else:
            entries[name] = file
