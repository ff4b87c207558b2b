"""Opening for reading and judging read again while a writer may be at work, and change nothing."""

from collections.abc import Callable
from typing import Any

import pytest

import libredb
from libredb import (
    CorruptLogError,
    GroupCommit,
    RecoveryReport,
    UsageError,
    UsageTypeError,
    UsageValueError,
)
from libredb.kernel import opening
from libredb.kernel.opening import open_database
from sim.world.filesystem import SimFileSystem
from tests.support.faults import Fault
from tests.support.files import flipped
from tests.support.work import commit, keys


def closed_image(*keys: bytes) -> bytes:
    fs = SimFileSystem()
    with libredb.open("p", fs=fs) as db:
        commit(db, *keys)
    (image,) = fs.images("p")
    return image


class Readings:
    """A hook that shows a file as it was at moments of a writer's work, the last one for ever."""

    def __init__(self, fs: SimFileSystem, *images: bytes) -> None:
        self.fs = fs
        self.images = list(images)
        self.count = 0
        fs.hook = self

    def __call__(
        self, name: str, where: str, effect: Callable[..., Any], arguments: tuple[Any, ...], /
    ) -> Any:
        if name == "open":
            self.fs.install("p", self.images[min(self.count, len(self.images) - 1)])
            self.count += 1
        return effect(*arguments)


WHOLE = closed_image(b"1", b"2")
# What a reader sees that comes between a write and the next: a record cut short, damage, nothing.
TORN = [WHOLE + bytes([number]) * 5 for number in range(1, 20)]
DAMAGED = [flipped(WHOLE, 8192 + number) for number in range(20)]


def reading(*images: bytes) -> tuple[SimFileSystem, Readings]:
    fs = SimFileSystem()
    fs.install("p", images[0])
    return fs, Readings(fs, *images)


@pytest.mark.parametrize("seen_first", [TORN[0], DAMAGED[0]], ids=["torn", "damaged"])
def test_what_is_clean_the_second_time_is_the_truth(seen_first: bytes) -> None:
    fs, hook = reading(seen_first, WHOLE)
    db = libredb.open("p", fs=fs, mode="r")
    assert keys(db) == [b"1", b"2"]
    assert hook.count == 2
    db.close()
    assert fs.handles == 0


def test_a_clean_log_is_read_once() -> None:
    fs, hook = reading(WHOLE)
    libredb.open("p", fs=fs, mode="r")
    assert hook.count == 1


def test_two_readings_that_agree_are_the_truth() -> None:
    fs, hook = reading(TORN[0], TORN[0])
    reports: list[RecoveryReport] = []
    libredb.open("p", fs=fs, mode="r", on_recovery=reports.append)
    assert (hook.count, reports[0].outcome, reports[0].discarded) == (2, "cut", b"\1" * 5)


def test_two_refusals_that_agree_are_raised() -> None:
    fs, hook = reading(DAMAGED[0], DAMAGED[0])
    with pytest.raises(CorruptLogError):
        libredb.open("p", fs=fs, mode="r")
    assert hook.count == 2
    assert fs.handles == 0


def test_reading_again_has_an_end() -> None:
    fs, hook = reading(*TORN)
    assert keys(libredb.open("p", fs=fs, mode="r")) == [b"1", b"2"]
    assert hook.count == opening.READINGS


def test_a_judgement_reads_again_as_well() -> None:
    fs, _ = reading(TORN[0], DAMAGED[0], WHOLE)
    assert libredb.verify("p", fs=fs).outcome == "clean"
    assert fs.handles == 0


def test_a_judgement_tells_what_is_there(memory_fs: SimFileSystem) -> None:
    with libredb.open("p", fs=memory_fs) as db:
        commit(db, b"1", b"2", b"3")
        db.compact()
        commit(db, b"4")
    report = libredb.verify("p", fs=memory_fs)
    assert (report.path, report.outcome, report.error) == ("p", "clean", None)
    assert (report.generation, report.version, report.records, report.entries) == (1, 5, 2, 4)
    assert report.size_bytes == report.offset == db.log_bytes


def test_a_report_keeps_the_first_mebibyte_of_what_was_cut_off() -> None:
    fs = SimFileSystem()
    tail = bytes(range(1, 256)) * 4200
    fs.install("p", WHOLE + tail + bytes(999))
    reports: list[RecoveryReport] = []
    libredb.open("p", fs=fs, on_recovery=reports.append).close()
    (report,) = reports
    assert (report.outcome, report.discarded_bytes) == ("cut", len(tail))
    assert report.discarded == tail[: 1 << 20]
    assert report.discarded_bytes > 1 << 20


def test_a_judgement_of_a_cut_or_damaged_log_is_no_exception() -> None:
    fs = SimFileSystem()
    fs.install("p", WHOLE + b"tail")
    report = libredb.verify("p", fs=fs)
    assert (report.outcome, report.offset, report.size_bytes) == ("cut", len(WHOLE), len(WHOLE) + 4)
    fs.install("p", flipped(WHOLE, 8200))
    report = libredb.verify("p", fs=fs)
    assert (report.outcome, report.offset) == ("refused", 8192)
    assert isinstance(report.error, CorruptLogError)
    fs.install("p", flipped(WHOLE, 4096))
    assert libredb.verify("p", fs=fs).damaged_mark
    fs.install("p", b"")
    report = libredb.verify("p", fs=fs)
    assert (report.outcome, report.size_bytes, report.error) == ("empty", 0, None)


@pytest.mark.parametrize("mode", ["", "w", "a", "rb", "R", "wr", "rwcr"])
def test_a_mode_is_one_of_three(mode: Any) -> None:
    for path in ("p", None):
        with pytest.raises(UsageValueError, match=f"not '{mode}'"):
            open_database(path, SimFileSystem(), mode=mode)


@pytest.mark.parametrize("options", [{"group_commit": 9}, {"on_recovery": "print"}], ids=repr)
def test_an_option_of_a_wrong_type_is_refused(options: Any) -> None:
    (name,) = options
    with pytest.raises(UsageTypeError, match=name):
        open_database("p", SimFileSystem(), **options)


def test_what_is_no_file_system_is_refused_and_a_forgotten_await_is_named() -> None:
    class Promise:
        def __await__(self) -> Any: ...

    for fs, message in (("a text", "not str$"), (Promise(), "not Promise; await it first$")):
        wrong: Any = fs
        with pytest.raises(UsageTypeError, match=message):
            open_database("p", wrong)


def test_a_database_in_memory_cannot_be_opened_for_reading_only() -> None:
    with pytest.raises(UsageError, match="mode 'r' needs a path"):
        open_database(None, None, mode="r")


def test_a_failing_release_does_not_hide_why_opening_failed(memory_fs: SimFileSystem) -> None:
    def refuse(report: RecoveryReport) -> None:
        Fault(memory_fs, OSError("no"), 1)
        raise LookupError(report.outcome)

    with pytest.raises(LookupError, match="created"):
        libredb.open("p", fs=memory_fs, on_recovery=refuse)
    memory_fs.hook = None
    libredb.open("p", fs=memory_fs).close()


def test_an_interrupted_opening_gives_everything_back(memory_fs: SimFileSystem) -> None:
    at = 0
    while True:
        at += 1
        fs = SimFileSystem(memory_fs.style)
        fault = Fault(fs, KeyboardInterrupt(), at)
        try:
            libredb.open("p", fs=fs, group_commit=GroupCommit(commits=9)).close()
        except KeyboardInterrupt:
            # What interrupts the taking of the lock itself leaves it to the collector.
            assert fs.handles == 0
            fs.hook = None
            libredb.open("p", fs=fs).close()
        if not fault.happened:
            break
