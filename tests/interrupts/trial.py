"""One interrupt: at one place of one operation, with one exception, kept or dropped."""

import gc
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import libredb
from libredb import GroupCommit, LibreDBError
from tests.interrupts.helpers import Hang, Helper, limited
from tests.interrupts.judge import Judge, descriptors, require_descriptors
from tests.interrupts.operations import OPERATIONS, Operation, Start, open_database
from tests.interrupts.tracer import Tracer
from tests.interrupts.world import COUNTER, STATIC, Failure, System, World


def _commit_in_group(world: World) -> None:
    with world.db.group():
        world.returned(world.db.transact(world.increment))


EXCEPTIONS: dict[str, type[BaseException]] = {
    kind.__name__: kind for kind in (KeyboardInterrupt, MemoryError, SystemExit)
}
"""What is raised."""

HANDLERS: dict[str, Callable[[World], object]] = {
    "handler: get": lambda world: world.db.get(COUNTER),
    "handler: transact": lambda world: world.returned(world.db.transact(world.increment)),
    "handler: group": _commit_in_group,
    "handler: close": lambda world: world.db.close(),
}
"""What the handler of a signal calls there, or the finalizer of an object."""

KINDS = (*EXCEPTIONS, *HANDLERS)

COMMITS = 3
"""So many commits are in the file that an operation starts from."""


@dataclass(frozen=True)
class Case:
    """What is interrupted and how; a place is added by its number."""

    operation: str
    kind: str
    kept: bool
    """Whether the exception is kept, with its frames, while the database is judged."""

    def command(self, number: int) -> str:
        """Return the command that repeats one interrupt."""
        kept = " --kept" if self.kept else ""
        return (
            f"python -m tests.interrupts --operation {self.operation!r} --kind {self.kind!r}{kept} "
            f"--point {number}"
        )


@dataclass(frozen=True)
class Result:
    """What became of one interrupt; `failure` is empty if no promise was broken."""

    number: int
    verdict: str
    where: str = ""
    failure: str = ""


def make_files(folder: Path) -> dict[Start, bytes]:
    """Return the file of each start but the one that has none; made by a real database."""
    world = World(str(folder / "made.libredb"), System())
    with libredb.open(world.path) as db:
        db.transact(lambda tx: [tx.set(key, value) for key, value in STATIC.items()])
        for _ in range(COMMITS):
            db.transact(world.increment)
    clean = Path(world.path).read_bytes()
    # As a kill leaves it: the last record is cut, nothing before it was synced, no mark.
    with libredb.open(world.path, group_commit=GroupCommit(commits=100)) as db:
        end = db.log_bytes
        db.transact(lambda tx: tx.set(b"torn", b"torn"))
        torn = Path(world.path).read_bytes()[: end + 20]
    return {"clean": clean, "torn": torn + bytes(100)}


class Bench:
    """Where trials are made, one after the other, in one process that may be lost."""

    def __init__(self, folder: Path, files: dict[Start, bytes], patience: float) -> None:
        """Stand between adapter and system; this process is of no other use any more."""
        self._folder = folder
        self._files = files
        self._patience = patience
        self._helper = Helper(patience)
        self._system = System()
        self._system.listen()

    def count(self, operation: Operation) -> list[str]:
        """Return each place that the operation reaches when nothing interrupts it."""
        self._count(operation)  # the first time, things are imported
        return self._count(operation)

    def interrupt(self, case: Case, number: int) -> Result:
        """Interrupt an operation at place `number`, judge, and say what was found.

        After a failure the process has to be given up.
        """
        operation = OPERATIONS[case.operation]
        tracer = Tracer(number)
        try:
            with limited(4 * self._patience):
                if case.kind in EXCEPTIONS:
                    kind = EXCEPTIONS[case.kind]
                    verdict = self._raise(operation, tracer, kind, kept=case.kept)
                else:
                    verdict = self._handle(operation, tracer, HANDLERS[case.kind])
        except (Exception, Hang) as broken:  # noqa: BLE001 - whatever it is, it is reported
            judged = isinstance(broken, (Failure, Hang))
            failure = str(broken) if judged else f"a call afterwards raised {broken!r}"
            return Result(number, "failure", tracer.where, failure)
        return Result(number, verdict, tracer.where)

    def _count(self, operation: Operation) -> list[str]:
        world = self._prepare(operation)
        tracer = Tracer()
        tracer.run(lambda: operation.act(world))
        if world.opened is not None:
            world.opened.close()
        if world.problems:
            raise Failure(f"{operation.name}, undisturbed: {world.problems}")
        return tracer.places

    def _prepare(self, operation: Operation) -> World:
        if operation.start == "nothing":
            shutil.rmtree(self._folder)
            self._folder.mkdir()
        path = self._folder / "db.libredb"
        if operation.start != "nothing":
            path.write_bytes(self._files[operation.start])
        world = World(str(path), self._system, window=operation.window, shared=operation.shared)
        if operation.start != "nothing":
            world.begin(COMMITS)
        if operation.mode is not None:
            world.opened = open_database(world, operation.mode)
        if operation.prepare is not None:
            operation.prepare(world)
        return world

    def _raise(
        self, operation: Operation, tracer: Tracer, kind: type[BaseException], *, kept: bool
    ) -> str:
        before = descriptors()
        world = self._prepare(operation)
        injected = kind("interrupted")  # no other variable may keep it
        tracer.happen = _raising(injected)
        error = self._act(operation, world, tracer)
        _require_cause(error, injected)
        del injected
        tracer.happen = int
        if not kept:
            error = None
            gc.collect()
        self._join(operation)
        judge = Judge(world, operation, self._helper)
        verdict = judge.verdict(kept=kept)
        if kept:
            error = None
            gc.collect()
            if verdict.startswith("abandoned"):
                verdict += ", then " + judge.verdict(kept=False)
        del judge  # it keeps the refusals that it met, and they what was refused for
        gc.collect()
        self._require_nothing_left(world, before)
        return verdict if tracer.happened else "not reached"

    def _handle(self, operation: Operation, tracer: Tracer, call: Callable[[World], object]) -> str:
        before = descriptors()
        world = self._prepare(operation)
        refused = ""

        def handle() -> None:
            nonlocal refused
            try:
                call(world)
            except LibreDBError:
                refused = "refused"

        tracer.happen = handle
        error = self._act(operation, world, tracer)
        self._join(operation)
        # A handler that closes the database ends the operation; any other leaves it alone.
        closed = call is HANDLERS["handler: close"] and tracer.happened and not refused
        if error is not None and not (closed and isinstance(error, LibreDBError)):
            raise Failure(f"after the handler, the operation raised {error!r}") from error
        error = None
        if closed:
            operation = replace(operation, closes=True)
        verdict = Judge(world, operation, self._helper).verdict(kept=False)
        self._require_nothing_left(world, before)
        return f"{verdict}, handler {refused or 'served'}" if tracer.happened else "not reached"

    def _act(self, operation: Operation, world: World, tracer: Tracer) -> BaseException | None:
        """Run the operation, with another thread beside it if it says so; return what it raised."""
        if operation.beside:
            self._system.gives_way = True
            self._helper.begin(world.work_beside)
        try:
            tracer.run(lambda: operation.act(world))
        except Hang:
            raise
        except BaseException as error:  # noqa: BLE001 - it may be any kind
            return error
        return None

    def _join(self, operation: Operation) -> None:
        if operation.beside:
            self._helper.finish("beside the operation that was interrupted")
            self._system.gives_way = False

    def _require_nothing_left(self, world: World, before: dict[str, str]) -> None:
        require_descriptors(before, "after close()")
        world.opened = None
        gc.collect()
        require_descriptors(before, "after everything was dropped")


def _raising(error: BaseException) -> Callable[[], None]:
    """Return a function that raises `error` once."""
    errors = [error]

    def happen() -> None:
        raise errors.pop()

    return happen


def _require_cause(error: BaseException | None, injected: BaseException) -> None:
    """Refuse an exception that is not the injected one, nor was raised while handling it."""
    cause = error
    while cause is not None and cause is not injected:
        cause = cause.__context__
    if error is not None and cause is None:
        raise Failure(f"the operation failed by itself: {error!r}") from error
