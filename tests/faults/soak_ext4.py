"""Real power cuts and real failing syncs: ext4 on a loop device over a small tmpfs. Root only.

`python -m tests.faults.soak_ext4 [--rounds N] [--seed S]`, for each of two sets of mount options:

(a) The first sync fails and the second lies. The blocks behind a file are taken away and the tmpfs
    is filled, so that writing them back fails. A control first shows that the kernel does it: one
    fdatasync fails, the next returns, and the bytes are gone after the caches are dropped. Then a
    database has to fail that commit, latch, open again, and show no less after the caches are
    dropped and the disk is mounted again. Opening while the disk is still broken may only fail.
(b) The power is cut. The image of the disk is copied while commits are pending, after drawn parts
    of the file were written back and the journal was, in any order; the copy is mounted, and must
    open with every durable commit and no part of one. It is copied again at once: no second power
    cut may show less than that opening did.

Everything is unmounted and detached in any case. Where loop devices or mounts are not permitted it
says so and exits with 2; a broken promise is an assertion that fails.
"""

import argparse
import ctypes
import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

import libredb
from libredb import DatabaseFailedError, GroupCommit, StorageError
from sim.world.generator import Generator
from tests.faults.commits import commit, count_of, state_after

MIB = 1 << 20
BLOCK_BYTES = 4096
IMAGE_BYTES = 16 * MIB
TMPFS_BYTES = 72 * MIB
OPTIONS = {"defaults": "defaults", "writeback": "data=writeback,nodelalloc"}

_LIBC = ctypes.CDLL(None, use_errno=True)
_SYNC_FILE_RANGE_WRITE = 1 | 2 | 4
_PUNCH_HOLE_KEEP_SIZE = 3


class NotPermittedError(Exception):
    """This machine does not let us do what the soak needs."""


def call(*command: str) -> str:
    """Run a command and return what it prints.

    Raises:
        NotPermittedError: it failed.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except OSError as error:
        raise NotPermittedError(f"{' '.join(command)}: {error}") from error
    if done.returncode != 0:
        raise NotPermittedError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def leave(place: Path) -> None:
    """Unmount, and wait until that worked; lazily if it does not."""
    for _ in range(3):
        if subprocess.run(["umount", place], capture_output=True, check=False).returncode == 0:
            return
    subprocess.run(["umount", "--lazy", place], check=False)


@contextmanager
def backing() -> Iterator[Path]:
    """Mount the tmpfs that the images are on."""
    with tempfile.TemporaryDirectory(prefix="libredb-soak-") as folder:
        place = Path(folder) / "backing"
        place.mkdir()
        call("mount", "-t", "tmpfs", "-o", f"size={TMPFS_BYTES}", "tmpfs", str(place))
        try:
            yield place
        finally:
            leave(place)


@contextmanager
def loop_device(image: Path) -> Iterator[str]:
    """Attach an image to a loop device.

    The loop driver reports a write that was cut short as a whole one: a device that lies, which is
    outside of the contract. A request of one block is cut to nothing at most, which is an error.
    """
    device = call("losetup", "--find", "--show", str(image)).strip()
    limit = Path("/sys/block", Path(device).name, "queue/max_sectors_kb")
    before = limit.read_text()
    try:
        limit.write_text(str(BLOCK_BYTES // 1024))
        yield device
    finally:
        limit.write_text(before)
        subprocess.run(["losetup", "--detach", device], check=False)


@contextmanager
def mounted(image: Path, options: str) -> Iterator[Path]:
    """Mount the ext4 of an image; it is unmounted in any case."""
    place = image.with_suffix(".mounted")
    place.mkdir()
    try:
        with loop_device(image) as device:
            call("mount", "-t", "ext4", "-o", options, device, str(place))
            try:
                yield place
            finally:
                leave(place)
    finally:
        with suppress(OSError):
            place.rmdir()


def make_image(backing: Path, name: str) -> Path:
    """Make an ext4 whose every block has its place, and which has been written to before.

    Old content is left in its free blocks, so that a block whose data never came shows something.
    """
    image = backing / name
    image.write_bytes(b"\x55garbage" * (IMAGE_BYTES // 8))
    size = str(BLOCK_BYTES)
    call("mkfs.ext4", "-q", "-F", "-b", size, "-E", "nodiscard,lazy_itable_init=0", str(image))
    return image


def drop_caches() -> None:
    """Forget everything that is clean in the page cache, and write nothing."""
    Path("/proc/sys/vm/drop_caches").write_text("3\n")


def extents(file: Path) -> list[tuple[int, int, int]]:
    """Return (offset in the file, offset on the disk, length) of each extent, in bytes."""
    found: list[tuple[int, int, int]] = []
    for line in call("filefrag", "-v", f"-b{BLOCK_BYTES}", str(file)).splitlines():
        parts = line.replace("..", " ").replace(":", " ").split()
        if parts and parts[0].isdigit():
            logical, physical, length = int(parts[1]), int(parts[3]), int(parts[5])
            found.append((logical * BLOCK_BYTES, physical * BLOCK_BYTES, length * BLOCK_BYTES))
    return found


class BrokenDisk:
    """A disk some of whose blocks cannot be written while `repair` was not called."""

    def __init__(self, backing: Path, image: Path) -> None:
        """Prepare."""
        self.filler = backing / "filler"
        self.image = image

    def break_blocks(self, file: Path, start: int, end: int) -> None:
        """Take the blocks behind the bytes `[start, end)` of a file away from the image."""
        with self.image.open("r+b") as image:
            for offset, place, length in extents(file):
                low, high = max(start, offset), min(end, offset + length)
                if low < high:
                    _punch(image.fileno(), place + low - offset, high - low)
        with self.filler.open("ab", buffering=0) as filler, suppress(OSError):
            while True:
                filler.write(bytes(BLOCK_BYTES))

    def repair(self) -> None:
        """Give the space back."""
        self.filler.unlink(missing_ok=True)


def _punch(descriptor: int, offset: int, length: int) -> None:
    arguments = [ctypes.c_int64(offset), ctypes.c_int64(length)]
    if _LIBC.fallocate(descriptor, _PUNCH_HOLE_KEEP_SIZE, *arguments) != 0:
        raise OSError(ctypes.get_errno(), "fallocate cannot punch a hole")


def write_back(file: Path, offset: int, length: int) -> None:
    """Bring a part of a file to the disk, and neither its length nor anything else."""
    descriptor = os.open(file, os.O_RDWR)
    try:
        arguments = [ctypes.c_int64(offset), ctypes.c_int64(length)]
        if _LIBC.sync_file_range(descriptor, *arguments, _SYNC_FILE_RANGE_WRITE) != 0:
            raise OSError(ctypes.get_errno(), "sync_file_range")
    finally:
        os.close(descriptor)


def sync_file(file: Path) -> None:
    """Sync a file that is not the database, which brings the journal to the disk."""
    with file.open("ab") as other:
        other.write(b"x")
        other.flush()
        os.fsync(other.fileno())


def next_commit(db: libredb.Database) -> None:
    """Make the commit after those the database shows."""
    number = count_of(db) + 1
    db.transact(lambda tx: commit(tx, number))


def check_state(db: libredb.Database, least: int, most: int) -> int:
    """Assert that the database shows a state between two numbers of commits; return its number."""
    found = count_of(db)
    assert least <= found <= most, f"{found} commits, not {least} to {most}"
    assert dict(db.scan()) == state_after(found), f"not the state after {found} commits"
    return found


@dataclass
class Soak:
    """The rounds of one set of mount options, and what was seen in them."""

    backing: Path
    options: str
    generator: Generator
    seen: Counter[str] = field(default_factory=Counter[str])

    # (a) The first sync fails, the second lies.

    def show_that_syncs_lie(self) -> None:
        """Show on a plain file that the kernel forgets the bytes of a failed sync."""
        image = make_image(self.backing, "control")
        disk = BrokenDisk(self.backing, image)
        try:
            with mounted(image, self.options) as place:
                file = place / "file"
                file.write_bytes(b"old!" * BLOCK_BYTES)
                call("sync", "--file-system", str(file))
                disk.break_blocks(file, 0, BLOCK_BYTES)
                first, second = _overwrite_and_sync_twice(file)
                shown = file.read_bytes()[:4]
                disk.repair()
                drop_caches()
                left = file.read_bytes()[:4]
        finally:
            disk.repair()
            image.unlink()
        print(
            f"  control: first fdatasync {first}, second {second}; the cache showed {shown!r}, the "
            f"disk has {left!r}"
        )
        assert first in {"EIO", "ENOSPC"}, "the first sync was meant to fail"
        if second == "returned" and shown != left:
            self.seen["control: a sync that lied"] += 1

    def fail_a_sync(self) -> None:
        """Let the sync of a commit fail for real, and open the database again."""
        image = make_image(self.backing, "disk")
        disk = BrokenDisk(self.backing, image)
        try:
            with mounted(image, self.options) as place:
                least, most = self._fail_a_commit(place / "db", disk)
            with mounted(image, self.options) as place, libredb.open(place / "db") as db:
                check_state(db, least, most)
        finally:
            disk.repair()
            image.unlink()

    def _fail_a_commit(self, path: Path, disk: BrokenDisk) -> tuple[int, int]:
        """Return how many commits the disk must hold after that, and how many it may."""
        db = libredb.open(path)
        for _ in range(self.generator.between(1, 12)):
            next_commit(db)
        # What shares a block with durable bytes keeps its place: to lose that would be rot.
        start = -(-db.log_bytes // BLOCK_BYTES) * BLOCK_BYTES
        disk.break_blocks(path, start, start + 64 * BLOCK_BYTES)
        durable, begun = self._commit_until_a_sync_fails(db)
        if self.generator.chance(0.5):
            durable = self._open_on_a_broken_disk(path, durable, begun)
        disk.repair()
        try:
            again = libredb.open(path)
        except StorageError as error:
            if error.errno != errno.EROFS:
                raise
            self.seen["ext4 gave up until it was mounted again"] += 1
            return durable, begun
        with again:
            shown = check_state(again, durable, begun)
            self.seen["the failed commit was shown" if shown > durable else "not shown"] += 1
            self._look_at_a_copy(disk.image, shown)
        drop_caches()
        with libredb.open(path) as again:
            check_state(again, shown, shown)
        return shown, shown

    def _commit_until_a_sync_fails(self, db: libredb.Database) -> tuple[int, int]:
        """Return how many commits are durable, and how many were begun."""
        durable = begun = count_of(db)
        group = self.generator.chance(0.5)
        try:
            while True:
                with db.group() if group else nullcontext():
                    for _ in range(self.generator.between(1, 4)):
                        begun += 1
                        next_commit(db)
                        durable = durable if group else begun
                durable = begun
        except StorageError as error:
            self.seen[f"syncs that failed with {errno.errorcode[error.errno or 0]}"] += 1
        for refused in (lambda: db.get(b"count"), lambda: next_commit(db), db.sync):
            assert _is_refused(refused), "the database did not latch"
        db.close()
        return durable, begun

    def _open_on_a_broken_disk(self, path: Path, durable: int, begun: int) -> int:
        """Return how many commits are durable if that worked, which is not likely."""
        try:
            db = libredb.open(path)
        except StorageError:
            self.seen["an open failed on the broken disk"] += 1
            return durable
        self.seen["an open worked on the broken disk"] += 1
        durable = check_state(db, durable, begun)
        with suppress(StorageError):
            db.close()
        return durable

    # (b) The power is cut.

    def cut_the_power(self) -> None:
        """Copy the disk while commits are pending, and look at every copy."""
        image = make_image(self.backing, "disk")
        try:
            with mounted(image, self.options) as place:
                self._cut_while_writing(image, place / "db", place / "other")
        finally:
            image.unlink()

    def _cut_while_writing(self, image: Path, path: Path, other: Path) -> None:
        generator = self.generator
        with libredb.open(path, group_commit=GroupCommit(commits=1000)) as db:
            for _ in range(generator.between(6, 14)):
                for _ in range(generator.between(0, 4)):
                    next_commit(db)
                for _ in range(generator.below(4)):
                    self._write_back_something(path, other)
                durable = count_of(db) - db.pending_commits
                self._look_at_a_copy(image, durable, most=count_of(db))
                if generator.chance(0.3):
                    db.sync()
                elif generator.chance(0.15):
                    self._compact(db)

    def _compact(self, db: libredb.Database) -> None:
        db.compact()
        self.seen["compactions"] += 1

    def _write_back_something(self, path: Path, other: Path) -> None:
        if self.generator.chance(0.4):
            sync_file(other)
            self.seen["journal commits"] += 1
            return
        pages = path.stat().st_size // BLOCK_BYTES + 1
        page = self.generator.below(pages) if self.generator.chance(0.3) else _tail_page(path)
        page = max(0, page - self.generator.below(3))
        write_back(path, page * BLOCK_BYTES, self.generator.between(1, 2) * BLOCK_BYTES)
        self.seen["parts written back"] += 1

    def _look_at_a_copy(self, image: Path, durable: int, most: int | None = None) -> int:
        """Open a copy of the disk, and a copy of that; return how many commits were shown."""
        most = durable if most is None else most
        first, second = self.backing / "cut1", self.backing / "cut2"
        reports: list[libredb.RecoveryReport] = []
        try:
            shutil.copyfile(image, first)
            with mounted(first, self.options) as place:
                db = libredb.open(place / "db", on_recovery=reports.append)
                shown = check_state(db, durable, most)
                shutil.copyfile(first, second)
                db.close()
            with mounted(second, self.options) as place, libredb.open(place / "db") as db:
                check_state(db, shown, shown)
        finally:
            first.unlink(missing_ok=True)
            second.unlink(missing_ok=True)
        self.seen["power cuts"] += 2
        self.seen[f"opened {reports[0].outcome}"] += 1
        if shown < most:
            self.seen["pending commits lost"] += 1
        return shown


def _tail_page(path: Path) -> int:
    """Return the page the log ends in, as a reader sees it."""
    return libredb.verify(path).offset // BLOCK_BYTES


def _is_refused(do: Callable[[], object]) -> bool:
    """Whether the latch keeps us from doing something."""
    try:
        do()
    except DatabaseFailedError:
        return True
    return False


def _overwrite_and_sync_twice(file: Path) -> list[str]:
    """Overwrite the start of a file; return what two syncs of it answered."""
    answers: list[str] = []
    descriptor = os.open(file, os.O_RDWR)
    try:
        os.pwrite(descriptor, b"new!", 0)
        for _ in range(2):
            try:
                os.fdatasync(descriptor)
                answers.append("returned")
            except OSError as error:
                answers.append(errno.errorcode[error.errno or 0])
    finally:
        os.close(descriptor)
    return answers


def soak(rounds: int, seed: int) -> None:
    """Run so many rounds of everything, for each set of mount options."""
    for name, options in OPTIONS.items():
        print(f"{name} ({options}), seed {seed}", flush=True)
        with ExitStack() as stack:
            place = stack.enter_context(backing())
            run = Soak(place, options, Generator(seed))
            run.show_that_syncs_lie()
            for _ in range(rounds):
                run.fail_a_sync()
                run.cut_the_power()
        for what, count in sorted(run.seen.items()):
            print(f"  {count:6} {what}")


def main() -> int:
    """Run the soak; return 2 if this machine does not permit it."""
    parser = argparse.ArgumentParser(description="Cut the power of a real ext4.")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    arguments = parser.parse_args()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        print("this soak needs root on Linux: it mounts, and uses loop devices")
        return 2
    try:
        soak(arguments.rounds, arguments.seed)
    except NotPermittedError as error:
        print(f"this machine does not permit it: {error}")
        return 2
    print("every promise was kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
