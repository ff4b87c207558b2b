"""Every port call of every public operation failing and crashing, in every way that it can.

    calls       each operation, after what led to it, with each kind of fault at each of its calls
    recoveries  each recovery with a fault at each of its calls, and then the recovery from that,
                with a fault at each of its calls

How many calls there are, and which, is found out by making them once; so each fault has a call
to fire at. Absent on purpose: three faults in a row; the profiles draw them.
"""

from collections.abc import Iterator
from typing import Any

from sim.judge.oracle import Violation
from sim.judge.runner import Runner
from sim.plans.plan import Plan, Step
from sim.world.faults import CRASHES, SILENT, applies
from sim.world.filesystem import Style
from sim.world.generator import POOL

FAILURES = ("error", "full", "interrupt", "memory", "count", "more", "short", "shorts", "held")
KINDS = (*FAILURES, *SILENT, "reader", "writer", *CRASHES)
DIVIDED = ("write", "header", "read")
"""The calls of which a part may happen."""
STYLES: tuple[Style, Style] = ("rename", "slots")
PORT_CALLS = (
    *("lock", "open", "create_next", "sync_directory", "entropy", "release"),
    *("size", "read", "write", "sync", "truncate", "close"),
    *("replace.rename", "replace.truncate", "replace.sync", "replace.sync_directory"),
    *("discard_next.unlink", "discard_next.truncate", "discard_next.sync"),
)
FLOORS = {f"{kind} at {name}": 1 for name in PORT_CALLS for kind in KINDS if applies(kind, name)}
"""Every kind of fault has to have fired at every call of the port where it means something."""

_SET: Step = ("tx", [("set", b"a", b"one"), ("set", b"b", POOL[:600])], "commit")
_MORE: Step = ("tx", [("set", b"c", b"two"), ("delete", b"a")], "commit")
_LAST: Step = ("tx", [("set", b"w", b"3")], "commit")
_GROUP: Step = (
    "group",
    [[("set", b"g", b"1")], [("set", b"h", POOL[:700])], [("delete", b"b")]],
    "leave",
)
_BYTES = 690
"""What _SET and _MORE take in the log."""
_WINDOW: list[Step] = [("open", "rwc", (9, 1 << 40)), _SET, _MORE]
_OPEN: Step = ("open", "rwc", None)


def _cut(call: str, nth: int, kind: str, step: Step) -> list[Step]:
    """Return `step`, cut off at a call."""
    return [_SET, ("fault", call, nth, kind, 0), step]


OPERATIONS: dict[str, tuple[list[Step], Step]] = {
    "create": ([], _OPEN),
    "commit": ([_SET], _MORE),
    "group": ([_SET], _GROUP),
    "window": ([*_WINDOW, _LAST], ("sync",)),
    "fill a window": ([("open", "rwc", (3, 1 << 40)), _SET, _MORE], _LAST),
    "fill a window by bytes": ([("open", "rwc", (9, _BYTES)), _SET], _MORE),
    "close": ([_SET], ("close",)),
    "close a window": (_WINDOW, ("close",)),
    "compact": ([_SET, _MORE], ("compact",)),
    "compact again": ([_SET, ("compact",), _MORE], ("compact",)),
    "compact a window": (_WINDOW, ("compact",)),
    "get from a snapshot": ([_SET, ("compact",)], ("get", b"a")),
    "scan a snapshot": ([_SET, ("compact",)], ("scan", b"", None, 1, None)),
    "commit on a snapshot": ([_SET, ("compact",)], _MORE),
    "back up": (_WINDOW, ("backup",)),
    "recover": ([_SET, _MORE, ("kill", 0)], _OPEN),
    "recover a torn group": (_cut("sync", 1, "nolose", _GROUP), _OPEN),
    "recover a compaction": (_cut("sync", 3, "nolose", ("compact",)), _OPEN),
    "recover a replace": (_cut("replace.sync_directory", 1, "nolose", ("compact",)), _OPEN),
    "recover a lost header": (_cut("sync", 3, "kill", ("compact",)), _OPEN),
    "recover lost pages": (_cut("sync", 1, "kill", _GROUP), _OPEN),
    "open again": ([_SET, ("close",)], _OPEN),
    "read": ([_SET, ("close",)], ("read-only",)),
    "read beside a writer": (_WINDOW, ("read-only",)),
    "verify": ([_SET, ("kill", 0)], ("verify",)),
}


def calls_of(kernel: Any, style: Style, before: list[Step], step: Step) -> tuple[list[str], str]:
    """Return the port calls of `step` after the steps `before`, and the state that these leave."""
    runner = Runner(Plan("calls", 0, style), kernel, trace=True)
    for earlier in before:
        runner.step(earlier)
    if step[0] not in ("open", "read-only", "verify"):
        runner.step(("get", b""))
    oracle = runner.run.oracle
    state = f"version {oracle.version}, {oracle.acknowledged_version} durable"
    try:
        runner.step(step)
    except Violation:  # nothing failed, and yet: the plan without a fault shows it
        runner.run.injector.asked = []
    return runner.run.injector.asked, f"{style}, {state}, {len(oracle.current)} entries before"


def call_plans(kernel: Any) -> Iterator[Plan]:
    """Yield a plan for each way in which each call of each operation can fail."""
    after: list[Step] = [("read-only",), _MORE, ("power", "")]
    for style in STYLES:
        for name, (before, step) in OPERATIONS.items():
            names, state = calls_of(kernel, style, before, step)
            for fate in ("new", "old", ""):
                steps = [*before, step, ("close",), ("power", fate)]
                yield Plan(f"calls: {name}", 0, style, 0, steps, f"nothing fails, {state}")
            for index, call in enumerate(names):
                for fault in faults_at(names, index, looking=step[0] == "read-only"):
                    about = f"call {index + 1} of {len(names)} ({call}): {fault[3:]}; {state}"
                    seed = (index + 1) * 8 + fault[4]
                    steps = [*before, fault, step, *after]
                    yield Plan(f"calls: {name}", seed, style, 0, steps, about)
                    if fault[3] in CRASHES:
                        steps = [*before, fault, step, ("power", "tear"), *after]
                        yield Plan(f"calls: {name}", seed + 1, style, 0, steps, about)


def faults_at(names: list[str], index: int, *, looking: bool) -> Iterator[Step]:
    """Yield every fault that can fire at the call `index` of `names`, those of a reader or not."""
    name, call = names[index], "write" if names[index] == "header" else names[index]
    nth = sum(
        other == name or (call == "write" and other in DIVIDED[:2]) for other in names[: index + 1]
    )
    for kind in KINDS:
        if not applies(kind, call):
            continue
        shares = (0, 500, 999) if kind in ("count", "short", "shorts") else (0, 500, 1000)
        if kind in ("more", "held", *SILENT):
            shares = (0,)
        elif kind == "writer":
            shares = (0, 1000) if looking else ()
        elif name not in DIVIDED[:2] and kind not in ("short", "shorts"):
            shares = (0, 1000)
        for share in shares:
            yield ("fault", call, nth, kind, share)


def recovery_plans(kernel: Any) -> Iterator[Plan]:
    """Yield a plan for each pair of calls of a recovery, and of the recovery from that."""
    for style in STYLES:
        for name, (before, operation) in OPERATIONS.items():
            if not name.startswith("recover"):
                continue
            names, state = calls_of(kernel, style, before, operation)
            for first in range(1, len(names) + 1):
                for second in range(1, len(names) + 1):
                    for kinds in (("power", "power"), ("kill", "power"), ("error", "kill")):
                        faults = [
                            ("fault", "any", nth, kind, 1000 if first & 1 else 0)
                            for nth, kind in zip((first, second), kinds, strict=True)
                        ]
                        steps = [*before, faults[0], _OPEN, faults[1], _OPEN, ("power", ""), _OPEN]
                        about = f"calls {first} and {second} of {len(names)}: {kinds}; {state}"
                        seed = first * 32 + second
                        yield Plan(f"recoveries: {name}", seed, style, 0, [*steps, _MORE], about)
