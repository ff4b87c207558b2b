"""The judge notices a database that misbehaves, and lets every fault find the call it is meant for.

The databases here are the real one behind a face that lies in one point.
"""

import errno
from types import SimpleNamespace
from typing import Any, Self

import pytest

import libredb
from sim.judge.forecast import resolve
from sim.judge.runner import Runner, run
from sim.plans.plan import Plan, Step
from sim.world.faults import CRASHES, INSIDE, RAISING
from sim.world.filesystem import Style

STYLES: tuple[Style, ...] = ("rename", "slots")
SET: Step = ("tx", [("set", b"a", b"one")], "commit")
MORE: Step = ("tx", [("set", b"b", b"two"), ("delete", b"a")], "commit")
OPEN: Step = ("open", "rwc", None)
GROUP: Step = ("group", [[("set", b"g", b"1")], [("set", b"h", b"2")]], "leave")


class Face:
    """A database that answers as the real one, but where a test says otherwise."""

    def __init__(self, db: Any, **answers: Any) -> None:
        self.db = db
        self.answers = answers

    def __getattr__(self, name: str) -> Any:
        if name in self.answers:
            return self.answers[name](self.db)
        return getattr(self.db, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()


def kernel_with(mode: str = "rwc", /, **answers: Any) -> Any:
    """Return a libredb whose databases, opened in this mode, have other answers."""

    def open_one(path: str, **options: Any) -> Any:
        db = libredb.open(path, **options)
        return Face(db, **answers) if options.get("mode", "rwc") == mode else db

    return SimpleNamespace(**{**vars(libredb), "open": open_one})


def verdict(kernel: Any, *steps: Step) -> str:
    violation = run(Plan("judge", 0, "rename", 0, list(steps)), kernel=kernel).violation
    return str(violation)


def test_the_real_kernel_passes_where_its_faces_do_not() -> None:
    fault = ("fault", "write", 2, "error", 0)
    for steps in ([SET], [SET, ("fault", "sync", 1, "error", 0), MORE], [OPEN, fault, GROUP]):
        assert verdict(libredb, *steps) == "None", steps


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        ("version", 1, "version: "),
        ("durable_version", -1, "window: "),
        ("pending_bytes", -1, "window: "),
        ("pending_commits", 1, "window: "),
        ("log_bytes", -1, "cut: "),
    ],
)
def test_what_a_database_tells_about_itself_is_compared(name: str, more: int, told: str) -> None:
    """Nobody had looked at four of these five."""

    def wrong(db: Any) -> int:
        return getattr(db, name) + (more if db.version else 0)

    assert verdict(kernel_with("rwc", **{name: wrong}), SET, ("close",), OPEN).startswith(told)


def test_a_number_that_is_wrong_only_after_a_failure_is_noticed() -> None:
    """A commit whose sync had failed was counted, although nobody could see it."""

    def counted(db: Any) -> int:
        return db.version + (db._guard.latch.failure is not None)

    fault = ("fault", "sync", 1, "error", 0)
    assert verdict(kernel_with(version=counted), SET, fault, MORE).startswith("version: ")


def test_after_a_failure_in_a_group_a_later_call_in_it_that_works_is_noticed() -> None:
    """Nothing was tried in the group, and so a latch that opened again there passed."""

    def forgetful(db: Any) -> Any:
        def transact(fn: Any) -> Any:
            try:
                return db.transact(fn)
            except libredb.DatabaseFailedError:
                return None

        return transact

    fault = ("fault", "write", 1, "error", 0)
    told = verdict(kernel_with(transact=forgetful), OPEN, fault, GROUP)
    assert told.startswith("latch: a commit succeeded after")


@pytest.mark.parametrize(
    "error",
    [
        libredb.StorageError(errno.EIO, "of nobody's making"),
        KeyboardInterrupt(),
        MemoryError(),
        libredb.UsageError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_is_not_that_of_the_fault_is_noticed(error: BaseException) -> None:
    """Any error passed while any fault had fired in the step."""

    def failing(db: Any) -> Any:
        def sync() -> None:
            try:
                db.sync()
            except libredb.StorageError:
                raise error from None

        return sync

    steps = [("open", "rwc", (9, 1 << 20)), SET, ("fault", "sync", 1, "full", 0), ("sync",)]
    assert verdict(kernel_with(sync=failing), *steps).startswith("error: ")


def test_a_scan_that_is_wrong_backwards_or_with_a_limit_is_noticed() -> None:
    """Only whole scans forwards were judged after an open."""

    def wrong(db: Any) -> Any:
        def scan(*bounds: Any, reverse: bool = False, limit: int | None = None) -> Any:
            found = list(db.scan(*bounds, reverse=reverse, limit=limit))
            return found[:-1] if reverse else found

        return scan

    told = verdict(kernel_with(scan=wrong), SET, ("close",), OPEN)
    assert told.startswith("read: scan(b'', None, reverse=True")


@pytest.mark.parametrize("call", ["write", "sync", "entropy", "create_next", "replace"])
def test_a_reader_that_sees_something_else_during_a_call_is_noticed(call: str) -> None:
    """Readers were only let in between two calls of the writer."""

    def more(db: Any) -> Any:
        def scan() -> list[tuple[bytes, bytes]]:
            return [*db.scan(), (b"never", b"set")]

        return scan

    kernel = kernel_with("r", scan=more)
    steps = [SET, ("fault", call, 1, "reader", 0), ("compact",)]
    assert verdict(libredb, *steps) == "None"
    assert "is no state that a reader may see" in verdict(kernel, *steps)


def test_a_reader_may_see_the_commit_under_way_that_leaves_nothing() -> None:
    """The state in which everything had been deleted was taken for no state (P21, seed 7000299)."""
    emptied: Step = ("group", [[("set", b"a", b"")], [("delete", b"a")]], "leave")
    assert verdict(libredb, ("fault", "any", 2, "reader", 1000), emptied) == "None"


def test_a_backup_that_is_of_a_later_moment_than_its_call_is_noticed() -> None:
    """A backup was read in one go."""

    def lazy(db: Any) -> Any:
        def backup() -> Any:
            db.sync()
            return (piece for _ in range(1) for piece in Pieces(db))

        return backup

    class Pieces:
        """Gives one piece before it asks for the backup that the others come from."""

        def __init__(self, db: Any) -> None:
            self.db = db

        def __iter__(self) -> Any:
            yield b""
            yield from self.db.backup()

    assert verdict(libredb, SET, ("backup",)) == "None"
    told = verdict(kernel_with(backup=lazy), SET, ("backup",))
    assert told == "backup: a backup does not open as what was backed up"


# Faults and their calls.

NO_CALL = {
    ("short", ("compact",)),
    ("short", ("close",)),
    ("count", ("read-only",)),
    ("lie", ("read-only",)),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("step", [OPEN, ("compact",), ("close",), ("read-only",)], ids=str)
def test_a_fault_put_into_a_step_fires_in_that_step_at_every_position(
    step: Step, style: Style
) -> None:
    for kind in (*CRASHES, *RAISING[:4], "count", "reader", "lie", "short"):
        fired: set[str] = set()
        for position in range(0, 1000, 40):
            runner = Runner(Plan("judge", position, style), libredb)
            before = [SET, MORE, ("close",)] if step in (OPEN, ("read-only",)) else [SET, MORE]
            for earlier in before:
                runner.step(earlier)
            wanted = resolve(runner.run, step, position, kind, 0)
            runner.step(("fault-in", position, kind, 0))
            runner.step(step)
            if wanted is None:
                assert (kind, step) in NO_CALL, f"{kind} finds no call in {step}"
                continue
            assert runner.run.injector.fired_count == 1, f"{kind} at {position} of {step}"
            fired.add(wanted.call)
        assert len(fired) > 1 or kind not in (*CRASHES, *RAISING), f"{kind}: {fired}"


def test_a_fault_waits_for_its_call_and_not_longer_than_its_life() -> None:
    runner = Runner(Plan("judge", 0), libredb)
    window = ("open", "rwc", (9, 1 << 20))
    for step in (window, ("fault", "sync", 1, "lie", 0), SET, ("get", b"a")):
        runner.step(step)
    injector = runner.run.injector
    assert (injector.armed_count, injector.fired_count) == (1, 0)
    runner.step(("sync",))
    assert (injector.fired_count, injector.armed) == (1, [])
    for step in (window, ("fault", "sync", 1, "error", 0), MORE, ("power", ""), OPEN):
        runner.step(step)
    assert (injector.armed_count, injector.fired_count) == (2, 1)


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("kind", ["interrupt", "memory"])
@pytest.mark.parametrize("share", [0, 1000])
def test_an_interrupt_inside_the_process_latches_if_and_only_if_a_write_was_under_way(
    name: str, kind: str, share: int
) -> None:
    """What was raised came from calls of the port alone."""
    steps: dict[str, Step] = {
        "apply": MORE,
        "view": ("scan", b"", None, 0, None),
        "levels": ("compact",),
        "on_recovery": OPEN,
    }
    runner = Runner(Plan("judge", 0), libredb)
    for earlier in (SET, ("fault", name, 1, kind, share), steps[name]):
        runner.step(earlier)
    assert runner.run.injector.total == {f"{kind} at {name}": 1}
    assert runner.run.counters.get("latch", 0) == (name in ("apply", "levels"))
    assert runner.run.counters.get("works after a failure", 0) == (name == "view")
    runner.step(MORE)
    runner.end()
