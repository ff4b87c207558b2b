"""How the profiles draw their steps: lives of ordinary work, with one kind of trouble in them.

Trouble is found where it meets a state that work has made; so work comes first, then the fault,
then more work on top of what the fault left, and at last the power goes once more.
Absent on purpose: what must hold. That is the oracle's, and the same for all of them.
"""

from sim.plans import workload
from sim.plans.foreign import FOREIGN
from sim.plans.plan import Step
from sim.world.faults import applies
from sim.world.generator import POOL, Generator

MISPLACED = ("duplicate", "swap", "omit", "older")
BIG = 1 << 40


def _life(generator: Generator, count: int) -> list[Step]:
    return [
        ("open", "rwc", workload.draw_window(generator)),
        *workload.draw_work(generator, count),
    ]


def _share(generator: Generator) -> int:
    return generator.pick((0, 0, 1000, 1000, generator.below(1000)))


def _writing(generator: Generator) -> Step:
    """Return a step that is sure to write."""
    value = workload.draw_value(generator)
    if generator.chance(0.15):  # what looks like the header of a later record, if it survives alone
        value = (generator.pick(("near", "future")), generator.between(2, 9), 5)
    op = ("set", generator.pick(workload.KEYS), value)
    if generator.chance(0.7):
        return ("tx", [op], "commit")
    name, transactions, ending = workload.draw_group(generator)
    return (name, [[op], *transactions], ending)


def _crash(generator: Generator) -> Step:
    """Return the end of a life between two calls."""
    chance = generator.random()
    if chance < 0.6:
        return ("power", "")
    return ("kill", 0) if chance < 0.75 else ("kill", 300)


def _somewhere(generator: Generator, kinds: tuple[str, ...]) -> Step:
    """Return a fault at any call of the next step."""
    return ("fault-in", generator.below(1000), generator.pick(kinds), _share(generator))


def _in_flight(generator: Generator, kinds: tuple[str, ...], calls: tuple[str, ...]) -> list[Step]:
    """Return a write that a fault meets at one of `calls`."""
    kind = generator.pick(kinds)
    call = generator.pick([call for call in calls if call == "any" or applies(kind, call)])
    return [("fault", call, 1, kind, _share(generator)), _writing(generator)]


def tear(generator: Generator) -> list[Step]:
    """A write cut at any byte, and then the power gone as well."""
    steps = _life(generator, 6)
    steps += [("fault", "write", 1, "nolose", generator.below(1001)), _writing(generator)]
    steps += [("power", "tear")] if generator.chance(0.7) else []
    return [*steps, *_life(generator, 3), ("power", "tear")]


def sectors(generator: Generator) -> list[Step]:
    """The power goes before, in or after a write that is not synced."""
    steps = _life(generator, 5)
    steps += _in_flight(generator, ("power",), ("write", "sync"))
    return [*steps, *_life(generator, 4), ("power", "")]


def groups(generator: Generator) -> list[Step]:
    """Several commits are pending when the power goes."""
    steps: list[Step] = []
    for _ in range(2):
        steps += [("open", "rwc", (9, BIG)), *workload.draw_work(generator, 3)]
        if generator.chance(0.6):
            values = [workload.draw_value(generator) for _ in range(generator.between(1, 10))]
            writes = [[("set", generator.pick(workload.KEYS), value)] for value in values]
            at_sync = generator.chance(0.5)
            nth = 1 if at_sync else generator.between(1, len(writes))
            steps += [("fault", "sync" if at_sync else "write", nth, "power", 0)]
            steps += [("group", writes, workload.draw_ending(generator))]
        else:
            steps += [_writing(generator) for _ in range(generator.between(1, 7))]
        steps += [("power", "")]
    return steps


def sync_errors(generator: Generator) -> list[Step]:
    """A sync fails, and work goes on in the same boot or after a power loss."""
    steps = _life(generator, 4)
    for _ in range(2):
        steps += [*_in_flight(generator, ("error", "full"), ("sync",)), ("sync",)]
        steps += [] if generator.chance(0.5) else [("power", "")]
        steps += workload.draw_work(generator, 3)
    return [*steps, ("power", "")]


def write_errors(generator: Generator) -> list[Step]:
    """A write fails after some, all or none of its bytes, or tells a short count."""
    steps = _life(generator, 4)
    for _ in range(2):
        steps += _in_flight(generator, ("error", "full", "count"), ("write",))
        steps += [] if generator.chance(0.5) else [_crash(generator)]
        steps += workload.draw_work(generator, 3)
    return [*steps, ("power", "")]


def same_boot(generator: Generator) -> list[Step]:
    """A failed sync or a kill leaves pages that only look written."""
    steps: list[Step] = []
    for _ in range(3):
        steps += _life(generator, 3)
        if generator.chance(0.5):
            steps += [("fault", "sync", 1, "error", 0), _writing(generator)]
        else:
            steps += [("fault", "sync", 1, "kill", 0), _writing(generator)]
        # Now the pages look fine; open, perhaps go on, and let the power go.
        steps += [("open", "rwc", None), *workload.draw_work(generator, generator.below(3))]
        steps += [("power", "")]
    return steps


def lies(generator: Generator) -> list[Step]:
    """Syncs return that did nothing, or lost pages."""
    steps = _life(generator, 4)
    if generator.chance(0.3):
        # A tail of which the end survives is dropped, and its place taken by a record of the same
        # length; but the disk never heard of that, and the dropped end is back.
        same = [("tx", [("set", b"k", POOL[n : n + 600])], "commit") for n in range(3)]
        lie = ("fault", "sync", 1, "lie", 0)
        steps += [("open", "rwc", (9, BIG)), same[0], same[1], ("power", "")]
        steps += [lie, ("open", "rwc", None), lie, same[2], ("power", "")]
    for _ in range(3):
        for _ in range(generator.between(1, 3)):
            call, kind = generator.pick(("sync", "sync", "any")), generator.pick(("lie", "drop"))
            target = generator.pick(
                (_writing(generator), _writing(generator), ("open", "rwc", None), ("compact",))
            )
            steps += [("fault", call, 1, kind, 0), target]
        steps += [("sync",), *workload.draw_work(generator, generator.below(4))]
        steps += [("power", "")] if generator.chance(0.8) else []
    return steps


def at_rest(generator: Generator, kinds: tuple[str, ...], trials: int) -> list[Step]:
    """Return some work, an end with or without a close, and damage to copies of the file."""
    steps: list[Step] = []
    chance = generator.random()
    if chance < 0.25:
        steps += [*_life(generator, 4), ("compact",)]
    elif chance < 0.5:  # what the next open finds is covered by the mark that it writes
        steps += [*_life(generator, 4), ("kill", 0)]
    steps += _life(generator, 8)
    if generator.chance(0.15):  # with two slots, both of them are left as they are
        steps += [("fault", "replace", 1, "nolose", 0), ("compact",)]
    else:
        steps += [("close",) if generator.chance(0.5) else ("kill", 0)]
    for _ in range(trials):
        a, b = generator.below(1 << 30), generator.below(1 << 30)
        steps.append(("damage", generator.pick(kinds), a, b))
    return steps


def recovery(generator: Generator) -> list[Step]:
    """Faults at the calls of recovery, up to three openings deep."""
    kinds = ("power", "power", "kill", "nolose", "error", "full", "interrupt", "memory", "count")
    steps = _life(generator, 5)
    if generator.chance(0.2):
        kind = generator.pick(("power", "kill", "kill"))
        steps += [("fault", "sync", generator.between(2, 3), kind, 0), ("compact",)]
    elif generator.chance(0.7):
        steps += _in_flight(generator, ("power", "kill", "error"), ("write", "sync"))
    else:
        steps += [_crash(generator)]
    for _ in range(generator.between(1, 3)):
        steps += [_somewhere(generator, kinds), ("open", "rwc", None)]
    return [*steps, *workload.draw_work(generator, 3), _crash(generator)]


def creation(generator: Generator) -> list[Step]:
    """Faults at the calls of the very first open."""
    kinds = ("power", "power", "kill", "nolose", "error", "interrupt", "count")
    steps: list[Step] = []
    for _ in range(generator.between(1, 3)):
        steps += [_somewhere(generator, kinds), ("open", "rwc", None)]
        steps += [("read-only",), _crash(generator)]
    return [*steps, *_life(generator, 2), ("power", "")]


def compaction(generator: Generator) -> list[Step]:
    """Faults at the calls of compactions."""
    kinds = ("power", "power", "power", "kill", "nolose", "error", "full", "interrupt", "count")
    steps = _life(generator, 5)
    for _ in range(2):
        kind = generator.pick(kinds)
        fault = ("fault-in", generator.below(1000), kind, _share(generator))
        if kind != "count" and generator.chance(0.4):
            call, most = generator.pick((("replace", 2), ("sync", 3)))
            fault = ("fault", call, generator.between(1, most), kind, _share(generator))
        steps += [fault, ("compact",), *workload.draw_work(generator, 3)]
    return [*steps, ("power", "")]


def adapter_lies(generator: Generator) -> list[Step]:
    """Counts that are too large, interrupts, a lock that is held."""
    steps = _life(generator, 4)
    for _ in range(2):
        kind = generator.pick(("more", "more", "count", "interrupt", "memory"))
        target = generator.pick(
            (_writing(generator), ("compact",), ("close",), ("open", "rwc", None))
        )
        fault = ("fault", "any", 1, kind, _share(generator))
        if target[0] in ("compact", "close", "open"):
            fault = ("fault-in", generator.below(1000), kind, _share(generator))
        steps += [fault, target]
        steps += [("close",), ("fault", "lock", 1, "held", 0), ("open", "rwc", None)]
        steps += workload.draw_work(generator, 2)
    return [*steps, ("power", "")]


def inside(generator: Generator) -> list[Step]:
    """Interrupts between two calls of the port: in the store, and in the hands of the user."""
    steps = _life(generator, 3)
    for _ in range(3):
        name, target = generator.pick(
            (
                ("apply", _writing(generator)),
                ("apply", _writing(generator)),
                ("levels", ("compact",)),
                ("view", ("scan", *workload.draw_range(generator))),
                ("view", ("tx", [("set", b"a", b"b"), ("scan", b"", None, 0, None)], "commit")),
                ("on_recovery", ("open", "rwc", None)),
            )
        )
        kind = generator.pick(("interrupt", "memory"))
        steps += [("fault", name, 1, kind, generator.pick((0, 1000))), target]
        steps += workload.draw_work(generator, 2)
        steps += [_crash(generator)] if generator.chance(0.3) else []
    return [*steps, ("power", "")]


def no_sync(generator: Generator) -> list[Step]:
    """No sync does anything; the power goes, or only the process dies."""
    steps: list[Step] = [("deaf",)]
    for _ in range(4):
        steps += _life(generator, 4)
        steps += [("compact",)] if generator.chance(0.2) else []
        steps += [("close",)] if generator.chance(0.3) else []
        steps += [("power", "") if generator.chance(0.5) else ("kill", 0)]
    return steps


def readers(generator: Generator) -> list[Step]:
    """Somebody reads in the middle of whatever the writer does, and the other way round."""
    steps = _life(generator, 3)
    for _ in range(4):
        target = generator.pick((_writing(generator), ("compact",), ("open", "rwc", None)))
        late = generator.pick((0, 1000))
        fault: Step = ("fault-in", generator.below(1000), "reader", late)
        if target[0] in ("tx", "group"):
            fault = ("fault", "any", generator.between(1, 2), "reader", late)
        steps += [_crash(generator)] if generator.chance(0.4) else []
        steps += [fault, target, *workload.draw_work(generator, 1)]
        if generator.chance(0.5):
            steps += [("get", b"a"), ("fault-in", generator.below(1000), "writer", late)]
            steps += [("read-only",)]
    return [*steps, ("power", "")]


def foreign(generator: Generator) -> list[Step]:
    """Files that are not ours."""
    return [("foreign", kind, generator.below(1 << 30)) for kind in FOREIGN]


def short_reads(generator: Generator) -> list[Step]:
    """Reads that return too little, once or always."""
    steps: list[Step] = []
    for _ in range(2):
        steps += [*_life(generator, 4), generator.pick([("close",), ("power", ""), ("kill", 0)])]
        kind = "short" if generator.chance(0.7) else "shorts"
        steps += [("fault-in", generator.below(1000), kind, generator.below(1000))]
        steps += [generator.pick([("open", "rwc", None), ("read-only",)])]
    return [*steps, ("power", "")]


def cold_blocks(generator: Generator) -> list[Step]:
    """Reads of a snapshot that fail, are short, are damaged, or are overtaken by a compaction."""
    steps = [*_life(generator, 4), *_filled(generator), ("compact",)]
    for _ in range(3):
        steps += workload.draw_work(generator, generator.below(3))
        steps += generator.pick((_bad_read, _rot, _overtaken, _bad_compaction))(generator)
    return [*steps, ("compact",), _crash(generator)]


def _filled(generator: Generator) -> list[Step]:
    """Return a transaction of many small entries, enough for several blocks and records."""
    count = generator.between(1, 40)
    ops = [("set", b"%03d" % (7 * n), POOL[7 * n : 7 * n + n % 30]) for n in range(count)]
    return [("tx", ops, "commit")]


def _reading(generator: Generator) -> Step:
    chance = generator.random()
    if chance < 0.4:
        return ("get", generator.pick((b"007", b"070", *workload.KEYS)))
    if chance < 0.7:
        return ("scan", b"", None, generator.below(2), None)
    key = b"%03d" % generator.below(300)
    return ("tx", [("delete", key), ("set", key, b"again"), ("scan", b"", None, 0, None)], "commit")


def _bad_read(generator: Generator) -> list[Step]:
    """A read of a block that fails, and then one that does not."""
    kind = generator.pick(("error", "error", "full", "interrupt", "memory", "short", "shorts"))
    nth = generator.pick((1, 1, 2, 4))
    step = _reading(generator)
    return [("fault", "read", nth, kind, _share(generator)), step, step]


def _rot(generator: Generator) -> list[Step]:
    """Damage on the disk while the database is open; perhaps commits are pending."""
    steps: list[Step] = [("open", "rwc", (9, BIG)), *workload.draw_work(generator, 2)]
    steps += [("compact",)] if generator.chance(0.5) else []
    return [*steps, ("rot", generator.below(1_000_000), generator.pick(("sync", "close")))]


def _overtaken(generator: Generator) -> list[Step]:
    """A compaction overtakes somebody who reads."""
    return [("overtaken", generator.pick(("owner", "reader")), generator.below(12))]


def _bad_compaction(generator: Generator) -> list[Step]:
    """A compaction that fails at one of its calls, above all at a read of the old snapshot."""
    kind = generator.pick(("error", "error", "full", "interrupt", "short"))
    call = generator.pick(("read", "read", "write", "sync", "any"))
    call = call if applies(kind, call) or call == "any" else "read"
    fault = ("fault", call, generator.between(1, 4), kind, _share(generator))
    return [*workload.draw_work(generator, 1), fault, ("compact",), *_filled(generator)]


def _trouble(generator: Generator) -> list[Step]:
    """Return any one of the storage faults, with the step it meets."""
    kinds = (
        "power",
        "power",
        "kill",
        "nolose",
        "error",
        "full",
        "interrupt",
        "memory",
        "count",
        "more",
    )
    chance = generator.random()
    if chance < 0.5:
        return _in_flight(generator, kinds, ("write", "sync", "any"))
    target: Step = ("compact",) if chance < 0.65 else ("close",)
    if chance > 0.75:
        target = ("open", "rwc", None)
    return [_somewhere(generator, kinds), target]


def mixed(generator: Generator) -> list[Step]:
    """Two lives with any of the storage faults."""
    return lives(generator, 2)


def many_lives(generator: Generator) -> list[Step]:
    """Dozens of lives."""
    return lives(generator, generator.between(12, 36))


def lives(generator: Generator, count: int) -> list[Step]:
    """Return so many lives, each with its own trouble, or none."""
    steps: list[Step] = []
    for _ in range(count):
        steps += _life(generator, generator.between(3, 6))
        if generator.chance(0.5):
            steps += _trouble(generator)
        if generator.chance(0.85):
            steps += [_crash(generator)] if generator.chance(0.8) else [("close",)]
        elif generator.chance(0.7):  # what was closed in order has nothing left to lose
            steps += [("close",), ("power", "")]
    return steps
