"""Enumerations: where the space is small, every case of it is run, and no seed is needed.

    flips       every bit of a file of 100 commits flipped, one at a time
    cuts        the same file cut at every length
    survivors   every subset of the records of a group that may survive a power loss, up to 12
    splices     every run of records replaced by that of another file, or of another timeline
    calls       every port call of every public operation failing and crashing in every way
    recoveries  every port call of recovery failing, and every one of the recovery after that

Each part is cut into shares of about equal size, so that several processes can work at it. Flips
are quantified: refused, exact, or the last commit lost; anything else is a violation.
Absent on purpose: combinations of these; the profiles draw them.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import libredb
from sim.campaigns.tally import Tally
from sim.judge.damage import PATH, Allowed, Trials, flip
from sim.judge.oracle import Violation
from sim.judge.runner import Runner, run
from sim.plans.plan import Plan, Step
from sim.world.filesystem import SimFileSystem, Style
from sim.world.generator import POOL

FAILURES = ("error", "full", "interrupt", "memory", "count", "more", "short", "held")
CRASHES = ("power", "kill", "nolose")
STYLES: tuple[Style, Style] = ("rename", "slots")


def a_file(
    kernel: Any, *, closed: bool, commits: int = 100, salt: int = 0, shift: int = 0
) -> tuple[bytes, Trials]:
    """Return a file of many small commits, some of them in groups, and what is known about it.

    Files that differ in `salt` or in `shift` alone have records of the same lengths and versions.
    """
    fs = SimFileSystem(seed=salt)
    trials = Trials(kernel)
    db = kernel.open(PATH, fs=fs)
    trials.opened(db.log_bytes, {})
    for number in range(commits):
        # Keys repeat, values differ: each state is unlike every other.
        key, value = b"%c" % (97 + number % 7), POOL[shift + number :][: number % 5 + 2]
        if number % 10 == 8:
            with db.group():
                _commit(db, trials, key, value)
                _commit(db, trials, b"a", None)
        elif number % 10 != 9:
            _commit(db, trials, key, value)
        trials.synced()
    if closed:
        db.close()
        trials.closed()
    return fs.images(PATH)[0], trials


def _commit(db: Any, trials: Trials, key: bytes, value: bytes | None) -> None:
    with db.transaction() as tx:
        if value is None:
            tx.delete(key)
        else:
            tx.set(key, value)
    trials.committed(db.log_bytes, dict(db.scan()))


def flips(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Flip every bit of a closed file, and of one that was not closed."""
    for closed in (True, False):
        image, trials = a_file(kernel, closed=closed)
        last = len(trials.history) - 1
        allowed = Allowed(last if closed else trials.before_units(1), last)
        state = "closed" if closed else "not closed"
        for bit in range(share, len(image) * 8, shares):
            outcome = trials.open_damaged(flip(image, bit), allowed, f"{state}, bit {bit}")
            tally.count(f"{state}: {outcome}")


def cuts(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Cut a closed file, and one that was not closed, at every length."""
    for closed in (True, False):
        image, trials = a_file(kernel, closed=closed)
        state = "closed" if closed else "not closed"
        for length in range(share, len(image), shares):
            if length == 0:
                continue  # an empty file is a new database, and says so
            damaged, allowed = trials.cut(image, length)
            tally.count(
                f"{state}: " + trials.open_damaged(damaged, allowed, f"{state}, cut {length}")
            )


def survivors(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Let every subset of the records of a group survive; the rest is zeros, or garbage."""
    for size in range(1, 13):
        image, trials = _a_group(kernel, size)
        edges = [state.end for state in trials.history[-size - 1 :]]
        first = len(trials.history) - 1 - size
        for mask in range(share, 1 << size, shares):
            for rubbish in (bytes(len(image)), POOL[mask : mask + len(image)]):
                damaged = bytearray(image)
                for index in range(size):
                    if not mask >> index & 1:
                        start, end = edges[index], edges[index + 1]
                        damaged[start:end] = rubbish[start:end]
                kept = next((index for index in range(size) if not mask >> index & 1), size)
                allowed = Allowed(first + kept, first + kept, False)
                trials.open_damaged(bytes(damaged), allowed, f"group of {size}, mask {mask:b}")
                tally.count("whole prefix" if kept == size else "cut prefix")


def splices(tally: Tally, kernel: Any, share: int, shares: int) -> None:
    """Put records of another file, or of another timeline of this one, in the place of ours."""
    image, trials = a_file(kernel, closed=True, commits=30)
    edges = [state.end for state in trials.history]
    last = len(edges) - 1
    for what, salt, shift in (("another file", 1, 500), ("another timeline", 0, 500)):
        other, _ = a_file(kernel, closed=True, commits=30, salt=salt, shift=shift)
        for first in range(last):
            for end in range(first + 1, last + 1):
                if (first + end) % shares != share or (not first and not salt):
                    continue  # from the first record on, another timeline is a database in order
                damaged = (
                    image[: edges[first]] + other[edges[first] : edges[end]] + image[edges[end] :]
                )
                for mark in (True, False):
                    if not mark:  # as in a file that was never closed
                        damaged = damaged[:4096] + bytes(12) + damaged[4108:]
                    where = f"records {first} to {end} of {what}"
                    tally.count(f"{what}: " + trials.open_damaged(damaged, Allowed(0, last), where))


def _a_group(kernel: Any, size: int) -> tuple[bytes, Trials]:
    fs = SimFileSystem()
    trials = Trials(kernel)
    db = kernel.open(PATH, fs=fs, group_commit=kernel.GroupCommit(commits=99))
    trials.opened(db.log_bytes, {})
    for number in range(size + 2):
        value = POOL[number : number + 3 + number % 4 * (8 if number % 2 else 1)]
        _commit(db, trials, b"k", value)
        if number == 1:
            db.sync()
    return fs.images(PATH)[0], trials


# Faults at every call.

_SET: Step = ("tx", [("set", b"a", b"one"), ("set", b"b", POOL[:600])], "commit")
_MORE: Step = ("tx", [("set", b"c", b"two"), ("delete", b"a")], "commit")
_GROUP: Step = ("group", [[("set", b"g", b"1")], [("set", b"h", POOL[:700])], [("delete", b"b")]])
_WINDOW: list[Step] = [("open", "rwc", (9, 1 << 40)), _SET, _MORE]
OPERATIONS: dict[str, tuple[list[Step], Step]] = {
    "create": ([], ("open", "rwc", None)),
    "commit": ([_SET], _MORE),
    "group": ([_SET], _GROUP),
    "window": ([*_WINDOW, ("tx", [("set", b"w", b"3")], "commit")], ("sync",)),
    "close": ([_SET], ("close",)),
    "close a window": (_WINDOW, ("close",)),
    "compact": ([_SET, _MORE], ("compact",)),
    "compact again": ([_SET, ("compact",), _MORE], ("compact",)),
    "compact a window": (_WINDOW, ("compact",)),
    "recover": ([_SET, _MORE, ("kill", 0)], ("open", "rwc", None)),
    "recover a torn group": (
        [_SET, ("fault", "sync", 1, "nolose", 0), _GROUP],
        ("open", "rwc", None),
    ),
    "recover a compaction": (
        [_SET, ("fault", "sync", 3, "nolose", 0), ("compact",)],
        ("open", "rwc", None),
    ),
    "recover a replace": (
        [_SET, ("fault", "replace.sync_directory", 1, "nolose", 0), ("compact",)],
        ("open", "rwc", None),
    ),
    "recover a lost header": (
        [_SET, ("fault", "sync", 3, "kill", 0), ("compact",)],
        ("open", "rwc", None),
    ),
    "recover lost pages": ([_SET, ("fault", "sync", 1, "kill", 0), _GROUP], ("open", "rwc", None)),
    "open again": ([_SET, ("close",)], ("open", "rwc", None)),
    "read": ([_SET, ("close",)], ("read-only",)),
}


def calls_of(kernel: Any, style: Style, before: list[Step], step: Step) -> int:
    """Return how many port calls `step` makes after the steps `before`."""
    runner = Runner(Plan("calls", 0, style), kernel)
    for earlier in before:
        runner.step(earlier)
    if step[0] not in ("open", "read-only"):
        runner.step(("get", b""))
    made = runner.run.fs.calls
    runner.step(step)
    return runner.run.fs.calls - made


def call_plans(kernel: Any) -> Iterator[Plan]:
    """Yield a plan for each way in which each call of each operation can fail."""
    for style in STYLES:
        for name, (before, step) in OPERATIONS.items():
            count = calls_of(kernel, style, before, step)
            after: list[Step] = [("read-only",), _MORE, ("power", "")]
            for nth in range(1, count + 1):
                for kind in FAILURES + CRASHES:
                    for share in (0, 500, 999 if kind == "short" else 1000):
                        fault = ("fault", "any", nth, kind, share)
                        steps = [*before, fault, step, *after]
                        yield Plan(f"calls: {name}", nth * 8 + share, style, 0, steps)
                        if kind in CRASHES:
                            steps = [*before, fault, step, ("power", "tear"), *after]
                            yield Plan(f"calls: {name}", nth * 8 + share + 1, style, 0, steps)


def recovery_plans(kernel: Any) -> Iterator[Plan]:
    """Yield a plan for each pair of calls of a recovery, and of the recovery from that."""
    step: Step = ("open", "rwc", None)
    for style in STYLES:
        for name, (before, operation) in OPERATIONS.items():
            if not name.startswith("recover") or operation != step:
                continue
            count = calls_of(kernel, style, before, step)
            for first in range(1, count + 1):
                for second in range(1, count + 1):
                    for kinds in (("power", "power"), ("kill", "power"), ("error", "kill")):
                        faults = [
                            ("fault", "any", nth, kind, 1000 if first & 1 else 0)
                            for nth, kind in zip((first, second), kinds, strict=True)
                        ]
                        steps = [*before, faults[0], step, faults[1], step, ("power", ""), step]
                        seed = first * 32 + second
                        yield Plan(f"recoveries: {name}", seed, style, 0, [*steps, _MORE])


PLANS: dict[str, Callable[[Any], Iterator[Plan]]] = {
    "calls": call_plans,
    "recoveries": recovery_plans,
}


def _plans(plans: Callable[[Any], Iterator[Plan]]) -> Callable[[Tally, Any, int, int], None]:
    def part(tally: Tally, kernel: Any, share: int, shares: int) -> None:
        for number, plan in enumerate(plans(kernel)):
            if number % shares == share:
                tally.add(plan, run(plan, kernel=kernel))

    return part


class Part(NamedTuple):
    """One enumeration.

    Attributes:
        run: Runs one share of it; takes a tally, a kernel, which share, and of how many.
        clauses: The clauses of the contract that it is evidence for, see clauses.py.
        shares: Into how many shares it is cut.
    """

    run: Callable[[Tally, Any, int, int], None]
    clauses: tuple[str, ...]
    shares: int


PARTS: dict[str, Part] = {
    "flips": Part(flips, ("5", "6"), 16),
    "cuts": Part(cuts, ("5",), 2),
    "survivors": Part(survivors, ("2",), 2),
    "splices": Part(splices, ("5",), 1),
    "calls": Part(_plans(call_plans), ("1", "3", "readers"), 4),
    "recoveries": Part(_plans(recovery_plans), ("2", "4"), 4),
}


def run_share(part: str, share: int, shares: int, kernel: Any = libredb) -> Tally:
    """Run one share of a part; a violation that has no plan of its own is in the tally as text."""
    tally = Tally(part)
    try:
        PARTS[part].run(tally, kernel, share, shares)
    except Violation as violation:
        tally.failures.append((f"{part} {share}/{shares}", str(violation), ""))
    return tally
