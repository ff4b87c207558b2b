"""Which port calls a step will make, so that a fault can be put at any of them, not beside them.

An open, or a look at a file, is tried on a copy of the storage. A live database cannot be copied;
for what it does, a small one in the same condition is asked once and its answer kept. A wrong
forecast does no harm: a fault that finds no call in its step waits for the next one.
Absent on purpose: the steps that make one or two calls; whoever draws them knows these.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sim.judge.run import PATH, Run
from sim.plans.plan import Step
from sim.world.faults import Fault, applies
from sim.world.filesystem import Effect, SimFileSystem, Style


def resolve(run: Run, step: Step, position: int, kind: str, share: int) -> Fault | None:
    """Return the fault that meets `step` at a call, or None if it makes no call for this kind.

    Args:
        run: The run that the step belongs to.
        step: An open, a look at the file, a compaction or a close.
        position: Which of the calls where `kind` means something, in thousandths of their count.
        kind: The kind of the fault.
        share: Its share.
    """
    names = calls_of(run, step)
    fitting = [index for index, name in enumerate(names) if applies(kind, name)]
    if not fitting:
        return None
    index = fitting[len(fitting) * position // 1000]
    return Fault(names[index], names[: index + 1].count(names[index]), kind, share)


def calls_of(run: Run, step: Step) -> tuple[str, ...]:
    """Return the names of the port calls that `step` will make, as far as that can be told."""
    if step[0] in ("compact", "close"):
        if run.db is None:
            return ()
        pending, empty = bool(run.db.pending_bytes), not run.oracle.current
        return _of_a_live_database(run.kernel, run.fs.style, step[0], pending, empty)
    fs, mode = run.fs.copy(), "r" if step[0] == "read-only" else "rwc"
    opened: list[Any] = []
    names = _names(fs, lambda: opened.append(run.kernel.open(PATH, fs=fs, mode=mode)))
    fs.hook = None
    return names


@lru_cache(maxsize=256)
def _of_a_live_database(
    kernel: Any,
    style: Style,
    call: str,
    pending: bool,  # noqa: FBT001 - a key of the cache, as the others are
    empty: bool,  # noqa: FBT001 - as above
) -> tuple[str, ...]:
    fs = SimFileSystem(style)
    db = kernel.open(PATH, fs=fs, group_commit=kernel.GroupCommit(commits=9))
    if pending or not empty:
        db.transact(_set)
    if empty and pending:
        db.transact(_delete)
    if not pending:
        db.sync()
    return _names(fs, getattr(db, call))


def _set(tx: Any) -> None:
    tx.set(b"key", b"value")


def _delete(tx: Any) -> None:
    tx.delete(b"key")


def _names(fs: SimFileSystem, call: Callable[[], object]) -> tuple[str, ...]:
    """Return the names of the port calls that `call` makes, also when it fails."""
    names: list[str] = []

    def note(name: str, where: str, effect: Effect, arguments: tuple[Any, ...]) -> Any:
        del where
        names.append(name)
        return effect(*arguments)

    fs.hook = note
    try:
        call()
    except Exception:  # noqa: BLE001 - a refusal, or a mutant: the real run judges it
        return tuple(names)
    return tuple(names)
